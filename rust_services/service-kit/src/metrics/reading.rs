//! What is read from stores, and decoded.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};

/// A kind of object store.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct StoreLabel {
    store: &'static str,
}

impl StoreLabel {
    /// Files below a folder.
    pub const FOLDER: Self = Self { store: "folder" };
    /// A bucket.
    pub const S3: Self = Self { store: "s3" };
    /// A web server.
    pub const HTTP: Self = Self { store: "http" };
}

/// Bytes and pixels.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Pixels decoded from files.
    pub decoded_pixels: Counter,
    /// Bytes that decoding gave.
    pub decoded_bytes: Counter,
    /// Bytes read from stores.
    pub store_bytes: Counter,
    /// Requests for objects and ranges of them; over HTTP also redirects and repetitions.
    pub store_requests: Family<StoreLabel, Counter>,
}

impl Reading {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let reading = Self::default();
        registry.register(
            "furrow_decoded_pixels",
            "Pixels decoded from raster files",
            reading.decoded_pixels.clone(),
        );
        registry.register_with_unit(
            "furrow_decoded",
            "Bytes of decoded pixels",
            Unit::Bytes,
            reading.decoded_bytes.clone(),
        );
        registry.register_with_unit(
            "furrow_store_read",
            "Bytes read from object stores",
            Unit::Bytes,
            reading.store_bytes.clone(),
        );
        registry.register(
            "furrow_store_requests",
            "Requests for objects and ranges of them, by kind of store",
            reading.store_requests.clone(),
        );
        reading
    }
}
