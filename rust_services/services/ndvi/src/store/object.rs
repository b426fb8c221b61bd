//! An object that was opened, and its ranges.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use furrow_service_kit::cpu;
use furrow_service_kit::metrics::{Metrics, StoreLabel};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore};

use super::http::{HttpStore, Remote};
use super::ranges::{self, Reading};
use super::store_error;
use crate::status::NdviError;

/// Files are there at once, and so are large parts of them.
const FROM_FOLDER: Reading = Reading {
    gap_bytes: 64 * 1024,
    request_bytes: u64::MAX,
    at_once: 8,
};

/// On a network a round trip costs more than bytes, and a slow line must bring each answer in time.
const FROM_NETWORK: Reading = Reading {
    gap_bytes: 64 * 1024,
    request_bytes: 8 << 20,
    at_once: 8,
};

/// An object that exists, as it was when it was opened.
#[derive(Debug, Clone)]
pub struct Object {
    /// How errors call it.
    pub name: String,
    /// Tells it from every other object.
    pub identity: String,
    /// Bytes.
    pub size: u64,
    /// Changes whenever the bytes do: entity tag, or time of change; None where nobody says.
    pub version: Option<String>,
    pub(super) source: Source,
    pub(super) metrics: Metrics,
}

/// How the bytes of an object are read.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Kept {
        label: StoreLabel,
        store: Arc<dyn ObjectStore>,
        path: Path,
        entity_tag: Option<String>,
    },
    Remote(Arc<HttpStore>, Remote),
}

impl Object {
    /// Reads ranges: near ones together, far ones at the same time, a bounded number of them.
    ///
    /// # Errors
    /// [`NdviError`] when the object vanished, changed or cannot be reached.
    pub async fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, NdviError> {
        let reading = match &self.source {
            Source::Kept { label, .. } if *label == StoreLabel::FOLDER => FROM_FOLDER,
            Source::Kept { .. } | Source::Remote(..) => FROM_NETWORK,
        };
        let requests = ranges::requests(ranges, reading);
        let answers: Vec<(Range<u64>, Bytes)> = stream::iter(requests)
            .map(|range| async move {
                let bytes = self.request(range.clone()).await?;
                Ok::<_, NdviError>((range, bytes))
            })
            .buffered(reading.at_once)
            .try_collect()
            .await?;
        Ok(ranges
            .iter()
            .map(|range| ranges::cut(range, &answers))
            .collect())
    }

    async fn request(&self, range: Range<u64>) -> Result<Bytes, NdviError> {
        match &self.source {
            Source::Remote(http, remote) => http.read(remote, &self.name, range).await,
            Source::Kept {
                label,
                store,
                path,
                entity_tag,
            } => {
                self.metrics
                    .reading
                    .store_requests
                    .get_or_create(label)
                    .inc();
                let length = range.end - range.start;
                let options = GetOptions {
                    range: Some(GetRange::Bounded(range)),
                    if_match: entity_tag.clone(),
                    ..GetOptions::default()
                };
                let read = async {
                    let found = store.get_opts(path, options).await?;
                    bytes_of(found, length).await
                };
                let failed = |error| store_error(self.name.clone(), error);
                let bytes = read.await.map_err(failed)?;
                self.metrics.reading.store_bytes.inc_by(bytes.len() as u64);
                if bytes.len() as u64 != length {
                    return Err(failed(wrong_length(bytes.len() as u64, length)));
                }
                Ok(bytes)
            }
        }
    }
}

/// What a store answers, if it is not more than was asked for: a server that sends on and on is cut
/// off.
pub(super) async fn bytes_of(found: GetResult, most: u64) -> object_store::Result<Bytes> {
    let range = found.range.clone();
    let found = match found {
        // A file is read by its range, in one go, and for the request that asks.
        GetResult {
            payload: GetResultPayload::File(file, _),
            ..
        } => return of_file(file, range).await,
        other => other,
    };
    let mut parts = found.into_stream();
    let mut bytes = BytesMut::new();
    while let Some(part) = parts.next().await {
        let part = part?;
        let length = bytes.len() as u64 + part.len() as u64;
        if length > most {
            return Err(wrong_length(length, most));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.freeze())
}

async fn of_file(file: File, range: Range<u64>) -> object_store::Result<Bytes> {
    let read = move || {
        let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    };
    let read = cpu::spawn_blocking(read).await.map_err(io::Error::other);
    read.flatten()
        .map_err(|error| object_store::Error::Generic {
            store: "folder",
            source: error.into(),
        })
}

fn wrong_length(found: u64, wanted: u64) -> object_store::Error {
    object_store::Error::Generic {
        store: "furrow",
        source: format!("{found} bytes came where {wanted} were asked for").into(),
    }
}
