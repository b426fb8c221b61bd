//! Tiles over HTTP, for whoever holds a signed address: no Python, no database.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use furrow_rpc::ndvi::v1 as proto;
use furrow_service_kit::http::{Answered, Asked, Pages};
use furrow_service_kit::metrics::Cache;
use furrow_service_kit::{ComputePool, Refusal};
use futures::future::BoxFuture;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tonic::Code;

use crate::scenes::{Admitted, Rasters};
use crate::status::NdviError;
use crate::store::Location;
use crate::tile::{TileOrder, render_tile};
use crate::tile_address::{Address, PREFIX, Refused, TileKey};
use crate::tile_cache::Recent;
use crate::tile_layer::Layer;

/// Largest object of a layer: an outline of the most bytes that one may have, and scenes.
const MAX_LAYER_BYTES: u64 = 2 << 20;

/// Memory for layers, and for tiles that were drawn.
const KEPT_LAYER_BYTES: usize = 16 << 20;
const KEPT_TILE_BYTES: usize = 32 << 20;

/// How many times its bytes a layer takes once it is read: points of outlines and parts of formulas.
const LAYER_GROWTH: usize = 4;

/// Tiles that wait for their turn. A map asks for a screen of them at once, and is not told to come
/// back for each.
const WAITING_TILES: usize = 128;

/// How long a tile waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Tiles over HTTP.
#[derive(Debug)]
pub struct Tiles {
    rasters: Arc<Rasters>,
    compute: Arc<ComputePool>,
    max_pixels: u64,
    key: TileKey,
    /// At most half of the slots are for tiles: a map must not stand in the way of numbers.
    turns: Semaphore,
    waiting: Semaphore,
    layers: Arc<Recent<String, Arc<Layer>>>,
    layers_asked: Cache,
    drawn: Arc<Recent<(String, TileOrder), Option<Bytes>>>,
    drawn_asked: Cache,
}

impl Tiles {
    /// Tiles over these rasters and threads, for addresses signed with this key.
    pub fn new(
        rasters: Arc<Rasters>,
        compute: Arc<ComputePool>,
        max_pixels: u64,
        key: TileKey,
    ) -> Self {
        Self {
            turns: Semaphore::new((compute.slot_count() / 2).max(1)),
            waiting: Semaphore::new(WAITING_TILES),
            layers: Recent::new(KEPT_LAYER_BYTES),
            layers_asked: rasters.metrics().caches.named("layers"),
            drawn: Recent::new(KEPT_TILE_BYTES),
            drawn_asked: rasters.metrics().caches.named("tiles"),
            rasters,
            compute,
            max_pixels,
            key,
        }
    }

    async fn answered(&self, asked: &Asked) -> Result<Answered, Refusal> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_secs());
        let address = Address::parse(&asked.path, &self.key, now).map_err(told)?;
        let tag = entity_tag(&address);
        let headers = vec![
            (
                "Cache-Control",
                // For the reader's own browser alone, until the address is good for nothing.
                format!("private, max-age={}", address.expires - now),
            ),
            ("ETag", tag.clone()),
        ];
        let answer = |code, headers, body| Answered {
            code,
            headers,
            body,
        };
        if matches(asked.if_none_match.as_deref(), &tag) {
            return Ok(answer(304, headers, Bytes::new()));
        }
        Ok(match self.tile(&address, asked).await? {
            None => answer(204, headers, Bytes::new()),
            Some(png) => {
                let headers = [("Content-Type", "image/png".to_owned())]
                    .into_iter()
                    .chain(headers);
                answer(200, headers.collect(), png)
            }
        })
    }

    /// The tile, drawn unless it was a moment ago; None where it is empty.
    async fn tile(&self, address: &Address, asked: &Asked) -> Result<Option<Bytes>, Refusal> {
        let key = (address.layer.clone(), address.order);
        // Farms share no object, so an address of one never shows what was drawn for another.
        let known = self.layers.get(&object_key(address)).is_some();
        let drawn = known.then(|| self.drawn.get(&key)).flatten();
        if let Some(drawn) = self.drawn_asked.counted(drawn) {
            return Ok(drawn);
        }
        let Ok(_waiting) = self.waiting.try_acquire() else {
            return Err(Refusal::busy());
        };
        let turn = tokio::time::timeout(LONGEST_WAIT, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Refusal::busy());
        };
        let call = Admitted {
            slot: self.compute.admit_within(LONGEST_WAIT).await?,
            cancel: asked.cancel.clone(),
        };
        let drawing = async {
            let layer = self.layer(address, &call).await?;
            let rasters = &self.rasters;
            render_tile(rasters, &call, &layer, address.order, self.max_pixels).await
        };
        let drawn = match asked.cancel.deadline() {
            Some(at) => tokio::time::timeout_at(at.into(), drawing)
                .await
                .map_err(|_| Refusal::deadline_exceeded())?,
            None => drawing.await,
        };
        let drawn = drawn.map_err(|error| {
            error.log();
            Refusal::from(error)
        })?;
        let bytes = drawn.as_ref().map_or(0, Bytes::len);
        self.drawn.keep(key, drawn.clone(), bytes);
        Ok(drawn)
    }

    /// The layer, read unless it was used lately.
    async fn layer(&self, address: &Address, call: &Admitted) -> Result<Arc<Layer>, NdviError> {
        let key = object_key(address);
        if let Some(known) = self.layers_asked.counted(self.layers.get(&key)) {
            return Ok(known);
        }
        let location = Location::key(&key).map_err(|reason| NdviError::request("layer", reason))?;
        let (object, start) = self.rasters.stores.open_object(&location).await?;
        if object.size > MAX_LAYER_BYTES {
            return Err(NdviError::TooLarge {
                what: "the size in bytes of a layer",
                found: object.size,
                allowed: MAX_LAYER_BYTES,
            });
        }
        let mut bytes = start.to_vec();
        let begun = bytes.len() as u64;
        if begun < object.size {
            let rest = begun..object.size;
            let rest = object.read(std::slice::from_ref(&rest)).await?;
            bytes.extend(rest.into_iter().flatten());
        }
        let size = bytes.len();
        let digest = address.layer.clone();
        let layer = call.run(move || checked(&bytes, &digest)).await?;
        let layer = Arc::new(layer);
        self.layers
            .keep(key, Arc::clone(&layer), LAYER_GROWTH * size);
        Ok(layer)
    }
}

impl Pages for Tiles {
    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn route(&self) -> &'static str {
        "/tiles"
    }

    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Answered> {
        Box::pin(async move {
            let answered = self.answered(&asked).await;
            answered.unwrap_or_else(|refusal| problem(&refusal, &asked))
        })
    }
}

/// A layer from its bytes, which its address names.
fn checked(bytes: &[u8], digest: &str) -> Result<Layer, NdviError> {
    use std::fmt::Write as _;
    let mut found = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        write!(found, "{byte:02x}").expect("a string grows");
    }
    if found != digest {
        return Err(NdviError::request("layer", "is not what its address names"));
    }
    let message = proto::TileLayer::decode(bytes);
    let message = message.map_err(|_| NdviError::request("layer", "cannot be read"))?;
    Layer::from_message(message)
}

fn object_key(address: &Address) -> String {
    format!("derived/{}/layers/{}.binpb", address.farm, address.layer)
}

/// A tag for everything that a tile depends on: the layer, the place, and the program.
fn entity_tag(address: &Address) -> String {
    let (zoom, column, row) = address.order.tile.numbers();
    format!(
        "\"{}-{zoom}-{column}-{row}-{}-{}\"",
        &address.layer[..32],
        address.order.size,
        env!("CARGO_PKG_VERSION")
    )
}

/// Whether `If-None-Match` names a tag, RFC 9110, 13.1.2: weak comparison.
fn matches(if_none_match: Option<&str>, tag: &str) -> bool {
    let named = if_none_match.into_iter().flat_map(|value| value.split(','));
    named
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn told(refused: Refused) -> Refusal {
    match refused {
        Refused::NotFound => Refusal::new(
            Code::NotFound,
            "TILE_NOT_FOUND",
            "There is no tile at this address.",
        ),
        Refused::Signature => Refusal::new(
            Code::PermissionDenied,
            "TILE_SIGNATURE_INVALID",
            "The address was not signed here; ask for the layer's TileJSON.",
        ),
        Refused::Expired => Refusal::new(
            Code::PermissionDenied,
            "TILE_ADDRESS_EXPIRED",
            "The address has expired; ask for the layer's TileJSON again.",
        ),
    }
}

/// A refusal as `application/problem+json` (RFC 9457), like all others of Furrow.
fn problem(refusal: &Refusal, asked: &Asked) -> Answered {
    let (code, title) = match refusal.code {
        Code::NotFound => (404, "Not Found"),
        Code::PermissionDenied => (403, "Forbidden"),
        Code::InvalidArgument | Code::FailedPrecondition => (422, "Unprocessable Content"),
        Code::ResourceExhausted | Code::Unavailable | Code::Cancelled => {
            (503, "Service Unavailable")
        }
        Code::DeadlineExceeded => (504, "Gateway Timeout"),
        _ => (500, "Internal Server Error"),
    };
    let word = refusal.reason.to_ascii_lowercase();
    let body = serde_json::json!({
        "type": format!("urn:furrow:problem:{word}"),
        "title": title,
        "status": code,
        "detail": refusal.message,
        "code": word,
        "request_id": asked.request_id,
    });
    let mut headers = vec![
        ("Content-Type", "application/problem+json".to_owned()),
        ("Cache-Control", "no-store".to_owned()),
    ];
    if code == 503 {
        let wait = refusal.retry_after.map_or(5, |wait| wait.as_secs().max(1));
        headers.push(("Retry-After", wait.to_string()));
    }
    Answered {
        code,
        headers,
        body: Bytes::from(body.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_matches_in_a_list_weakly_and_as_a_star() {
        let tag = "\"a-1\"";
        assert!(matches(Some("\"b\", W/\"a-1\""), tag));
        assert!(matches(Some("*"), tag));
        assert!(!matches(Some("\"a-10\""), tag));
        assert!(!matches(None, tag));
    }

    #[test]
    fn bytes_under_the_name_of_others_are_no_layer() {
        let refused = checked(b"", &"0".repeat(64)).expect_err("another name");
        assert!(
            refused
                .to_string()
                .contains("is not what its address names")
        );
        // The digest of nothing; an empty message lacks everything.
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(matches!(
            checked(b"", empty),
            Err(NdviError::Request { .. })
        ));
    }
}
