//! Addresses of tiles, signed by Django:
//! `/tiles/<farm>/<layer>/<expires>/<signature>/<zoom>/<column>/<row>[@2x].png`.
//!
//! The signature is the base64url, without padding, of the HMAC-SHA256 of `<farm>/<layer>/<expires>`.
//! Who holds an address may read the tiles of that one layer until it expires, and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use furrow_raster::mercator::Tile;
use furrow_service_kit::config::{ConfigError, Environment};
use ring::hmac;

use crate::tile::TileOrder;

/// What every address begins with.
pub const PREFIX: &str = "/tiles/";

/// Fewest and most bytes of a key, RFC 2104: at least as many as the hash has, and more than its block
/// add nothing.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 32..=64;

/// Pixels of a side of a usual tile, and of one for finer screens.
const SIZE: u32 = 256;
const FINE_SIZE: u32 = 512;

/// Ending of the addresses of finer tiles.
const FINE: &str = "@2x";

/// The key that addresses are signed with.
#[derive(Debug, Clone)]
pub struct TileKey(hmac::Key);

impl TileKey {
    /// Reads `FURROW_TILE_KEY`; None where it is not set, which means that no tiles are served.
    ///
    /// # Errors
    /// [`ConfigError`] for what is no key. The value is not shown.
    pub fn from_environment(environment: &dyn Environment) -> Result<Option<Self>, ConfigError> {
        const NAME: &str = "FURROW_TILE_KEY";
        let Some(text) = environment.variable(NAME) else {
            return Ok(None);
        };
        let key = bytes_of_hex(&text).filter(|bytes| KEY_BYTES.contains(&bytes.len()));
        match key {
            Some(bytes) => Ok(Some(Self::new(&bytes))),
            None => Err(ConfigError::new(
                NAME,
                "…",
                "it must be 64 to 128 hexadecimal digits",
            )),
        }
    }

    /// A key of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Signs a layer of a farm until a time, seconds since 1970.
    pub fn sign(&self, farm: &str, layer: &str, expires: u64) -> String {
        let signed = hmac::sign(&self.0, format!("{farm}/{layer}/{expires}").as_bytes());
        URL_SAFE_NO_PAD.encode(signed)
    }
}

/// An address whose signature is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The farm's id.
    pub farm: String,
    /// SHA-256 of the layer's message, hexadecimal.
    pub layer: String,
    /// When it stops to be good, seconds since 1970.
    pub expires: u64,
    /// The tile.
    pub order: TileOrder,
}

/// Why an address shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It has not the form of one, or names a tile that does not exist.
    NotFound,
    /// Its signature is not ours.
    Signature,
    /// It was ours, for a time.
    Expired,
}

impl Address {
    /// Reads a path, at a time in seconds since 1970. Nothing but the signature is told about an
    /// address that was not signed here.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn parse(path: &str, key: &TileKey, now: u64) -> Result<Self, Refused> {
        let parts: Vec<&str> = path
            .strip_prefix(PREFIX)
            .ok_or(Refused::NotFound)?
            .splitn(8, '/')
            .collect();
        let [farm, layer, expires, signature, zoom, column, name] = parts[..] else {
            return Err(Refused::NotFound);
        };
        let is_digest = layer.len() == 64 && layer.bytes().all(is_lower_hex);
        let is_number = |text: &str| {
            (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_digest || !is_number(farm) || !is_number(expires) {
            return Err(Refused::NotFound);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature);
        let signature = signature.map_err(|_| Refused::Signature)?;
        let signed = format!("{farm}/{layer}/{expires}");
        // Takes the same time wherever the first wrong byte stands.
        hmac::verify(&key.0, signed.as_bytes(), &signature).map_err(|_| Refused::Signature)?;
        let expires: u64 = expires.parse().map_err(|_| Refused::NotFound)?;
        if expires <= now {
            return Err(Refused::Expired);
        }
        let order = order(zoom, column, name).ok_or(Refused::NotFound)?;
        Ok(Self {
            farm: farm.to_owned(),
            layer: layer.to_owned(),
            expires,
            order,
        })
    }
}

fn order(zoom: &str, column: &str, name: &str) -> Option<TileOrder> {
    let row = name.strip_suffix(".png")?;
    // Some clients write the sign as RFC 3986 allows them to.
    let fine = row.strip_suffix(FINE).or(row.strip_suffix("%402x"));
    let number = |text: &str| -> Option<u32> {
        let is_plain = text == "0" || !text.starts_with(['0', '+']);
        is_plain.then(|| text.parse().ok()).flatten()
    };
    Some(TileOrder {
        tile: Tile::new(number(zoom)?, number(column)?, number(fine.unwrap_or(row))?)?,
        size: if fine.is_some() { FINE_SIZE } else { SIZE },
    })
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const NOW: u64 = 1_800_000_000;
    const LAYER: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn key() -> TileKey {
        TileKey::new(&[7; 32])
    }

    fn path(farm: &str, layer: &str, expires: u64, tile: &str) -> String {
        let signature = key().sign(farm, layer, expires);
        format!("/tiles/{farm}/{layer}/{expires}/{signature}/{tile}")
    }

    #[test]
    fn a_signed_address_is_read_to_its_last_part() {
        let usual = path("12", LAYER, NOW + 60, "14/8329/5498.png");
        let fine = path("12", LAYER, NOW + 60, "14/8329/5498@2x.png");
        let escaped = fine.replace('@', "%40");

        let found = Address::parse(&usual, &key(), NOW).expect("signed");
        assert_eq!((found.farm.as_str(), found.layer.as_str()), ("12", LAYER));
        assert_eq!(found.order.tile.numbers(), (14, 8329, 5498));
        assert_eq!((found.expires, found.order.size), (NOW + 60, 256));
        for fine in [fine, escaped] {
            let found = Address::parse(&fine, &key(), NOW).expect("signed");
            assert_eq!(found.order.size, 512);
        }
    }

    /// The same as `hmac.new(bytes([7] * 32), …, "sha256")` in Python, base64url.
    #[test]
    fn a_signature_is_what_another_library_makes_of_it() {
        assert_eq!(
            key().sign("12", LAYER, NOW),
            "x1-Ic-epeMkZpO5GoVC4iLwRG0hJ1TDBncd97XgkVIA"
        );
    }

    #[test]
    fn whatever_is_signed_cannot_be_changed() {
        let good = path("12", LAYER, NOW + 60, "14/8329/5498.png");
        let signature = key().sign("12", LAYER, NOW + 60);
        let other_layer = LAYER.replace('9', "8");
        for changed in [
            good.replace("/12/", "/13/"),
            good.replace(LAYER, &other_layer),
            good.replace(&(NOW + 60).to_string(), &(NOW + 61).to_string()),
            good.replace(&signature, &signature[..42]),
            good.replace(&signature, &format!("{signature}A")),
            good.replace(&signature, "a"),
            good.replace(&signature, ""),
            good.replace(
                &signature,
                &TileKey::new(&[8; 32]).sign("12", LAYER, NOW + 60),
            ),
        ] {
            assert_ne!(changed, good);
            let refused = Address::parse(&changed, &key(), NOW);
            assert_eq!(refused, Err(Refused::Signature), "{changed}");
        }
    }

    #[test]
    fn an_address_ends_with_its_time() {
        let good = path("12", LAYER, NOW + 60, "0/0/0.png");
        assert!(Address::parse(&good, &key(), NOW + 59).is_ok());
        let late = Address::parse(&good, &key(), NOW + 60);
        assert_eq!(late, Err(Refused::Expired));
    }

    #[test]
    fn what_has_not_the_form_is_not_found() {
        for tile in [
            "14/16384/0.png",
            "25/0/0.png",
            "3/8/0.png",
            "3/-1/0.png",
            "3/+1/0.png",
            "3/01/0.png",
            "3/0/0.jpg",
            "3/0/0@3x.png",
            "3/0/.png",
            "3/0/0.png/",
            "3/0",
        ] {
            let refused = Address::parse(&path("12", LAYER, NOW + 60, tile), &key(), NOW);
            assert_eq!(refused, Err(Refused::NotFound), "{tile}");
        }
        for (farm, layer) in [("x", LAYER), ("", LAYER), ("12", "abc"), ("12", "..")] {
            let refused = Address::parse(&path(farm, layer, NOW + 60, "0/0/0.png"), &key(), NOW);
            assert_eq!(refused, Err(Refused::NotFound), "{farm}/{layer}");
        }
    }

    #[test]
    fn a_key_is_hexadecimal_and_never_shown() {
        let read = |text: &'static str| {
            let environment = HashMap::from([("FURROW_TILE_KEY", text)]);
            TileKey::from_environment(&environment)
        };
        assert!(read("").expect("none").is_none());
        let hex = "07".repeat(32).leak();
        let key = read(hex).expect("a key").expect("set");
        assert_eq!(
            key.sign("12", LAYER, NOW),
            self::key().sign("12", LAYER, NOW)
        );
        for bad in [
            "07",
            "secret",
            "0707070707070707070707070707070707070707070707070707070707070ä7",
        ] {
            let refused = read(bad).expect_err("no key").to_string();
            assert!(refused.contains("64 to 128 hexadecimal digits") && !refused.contains(bad));
        }
    }
}
