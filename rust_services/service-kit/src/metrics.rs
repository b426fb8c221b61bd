//! The metrics of a service, all of them: names, units and labels stand here.

use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// A method, from the list of the service's own; whatever else is called counts as `other`.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct MethodLabel {
    /// Short name, such as `SummarizeFields`.
    pub method: &'static str,
}

/// A method and how a call of it ended.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct CallLabels {
    /// As in [`MethodLabel`].
    pub method: &'static str,
    /// gRPC code in capitals, such as `NOT_FOUND`.
    pub code: &'static str,
}

/// Paths that a service answers over HTTP itself.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct RouteLabel {
    /// Name of the paths, such as `tiles`.
    pub route: &'static str,
}

/// Such paths and how they were answered.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct HttpLabels {
    /// As in [`RouteLabel`].
    pub route: &'static str,
    /// Status code; 499 where the caller left before the answer.
    pub code: u16,
}

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

/// Seconds, from a header read to the longest call that a caller waits for.
fn duration_buckets() -> Histogram {
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    ])
}

/// What a service counts.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<RwLock<Registry>>,
    /// Calls that ended.
    pub calls: Family<CallLabels, Counter>,
    /// Calls that are going on.
    pub calls_in_flight: Family<MethodLabel, Gauge>,
    /// Seconds from a call's head to its end, streams included.
    pub call_duration: Family<MethodLabel, Histogram, fn() -> Histogram>,
    /// Requests over HTTP that ended; those of the port's own paths are not counted.
    pub http_requests: Family<HttpLabels, Counter>,
    /// Seconds from a request's head to its answer.
    pub http_duration: Family<RouteLabel, Histogram, fn() -> Histogram>,
    /// Pixels decoded from files.
    pub decoded_pixels: Counter,
    /// Bytes that decoding gave.
    pub decoded_bytes: Counter,
    /// Bytes read from stores.
    pub store_read_bytes: Counter,
    /// Requests for objects and ranges of them; over HTTP also redirects and repetitions.
    pub store_requests: Family<StoreLabel, Counter>,
    /// Compute slots that are taken.
    pub compute_slots_taken: Gauge,
    /// Compute slots there are.
    pub compute_slots: Gauge,
    /// Jobs that wait for a compute thread.
    pub compute_queue: Gauge,
    /// Seconds that jobs waited for a compute thread.
    pub compute_wait: Histogram,
    /// Calls turned away because no slot was free.
    pub compute_refused: Counter,
}

impl Metrics {
    /// Metrics of a service of this name and version, all zero.
    pub fn new(service: &'static str, version: &'static str) -> Self {
        let mut registry = Registry::default();
        let metrics = Self {
            calls: Family::default(),
            calls_in_flight: Family::default(),
            call_duration: Family::new_with_constructor(duration_buckets),
            http_requests: Family::default(),
            http_duration: Family::new_with_constructor(duration_buckets),
            decoded_pixels: Counter::default(),
            decoded_bytes: Counter::default(),
            store_read_bytes: Counter::default(),
            store_requests: Family::default(),
            compute_slots_taken: Gauge::default(),
            compute_slots: Gauge::default(),
            compute_queue: Gauge::default(),
            compute_wait: duration_buckets(),
            compute_refused: Counter::default(),
            registry: Arc::default(),
        };
        registry.register(
            "furrow_build",
            "Service and version of this process",
            Info::new(vec![("service", service), ("version", version)]),
        );
        registry.register(
            "grpc_server_requests",
            "Calls that ended, by method and gRPC code",
            metrics.calls.clone(),
        );
        registry.register(
            "grpc_server_in_flight_requests",
            "Calls that are going on, by method",
            metrics.calls_in_flight.clone(),
        );
        registry.register_with_unit(
            "grpc_server_duration",
            "Time from a call's head to its end, streams included",
            Unit::Seconds,
            metrics.call_duration.clone(),
        );
        metrics.register_http(&mut registry);
        registry.register(
            "furrow_decoded_pixels",
            "Pixels decoded from raster files",
            metrics.decoded_pixels.clone(),
        );
        registry.register_with_unit(
            "furrow_decoded",
            "Bytes of decoded pixels",
            Unit::Bytes,
            metrics.decoded_bytes.clone(),
        );
        registry.register_with_unit(
            "furrow_store_read",
            "Bytes read from object stores",
            Unit::Bytes,
            metrics.store_read_bytes.clone(),
        );
        registry.register(
            "furrow_store_requests",
            "Requests for objects and ranges of them, by kind of store",
            metrics.store_requests.clone(),
        );
        registry.register(
            "furrow_compute_slots_taken",
            "Compute slots that are taken",
            metrics.compute_slots_taken.clone(),
        );
        registry.register(
            "furrow_compute_slots",
            "Compute slots there are",
            metrics.compute_slots.clone(),
        );
        registry.register(
            "furrow_compute_queue_jobs",
            "Jobs that wait for a compute thread",
            metrics.compute_queue.clone(),
        );
        registry.register_with_unit(
            "furrow_compute_wait",
            "Time that jobs waited for a compute thread",
            Unit::Seconds,
            metrics.compute_wait.clone(),
        );
        registry.register(
            "furrow_compute_refused_calls",
            "Calls turned away because no compute slot was free",
            metrics.compute_refused.clone(),
        );
        Self {
            registry: Arc::new(RwLock::new(registry)),
            ..metrics
        }
    }

    fn register_http(&self, registry: &mut Registry) {
        registry.register(
            "http_server_requests",
            "Requests over HTTP that ended, by route and status code",
            self.http_requests.clone(),
        );
        registry.register_with_unit(
            "http_server_duration",
            "Time from a request's head to its answer",
            Unit::Seconds,
            self.http_duration.clone(),
        );
    }

    /// Adds a service's own metrics, or a collector that is asked at every scrape. Names are not
    /// checked against those that are there: each is added once, before the service is ready.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self
            .registry
            .write()
            .unwrap_or_else(PoisonError::into_inner));
    }

    /// All metrics in the `OpenMetrics` text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.read().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry).expect("a string takes whatever is written");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_shows_the_build_and_each_call_by_code() {
        let metrics = Metrics::new("furrow-test", "1.2.3");
        let labels = CallLabels {
            method: "DescribeRaster",
            code: "NOT_FOUND",
        };
        metrics.calls.get_or_create(&labels).inc();

        let text = metrics.text();

        for line in [
            r#"furrow_build_info{service="furrow-test",version="1.2.3"} 1"#,
            r#"grpc_server_requests_total{method="DescribeRaster",code="NOT_FOUND"} 1"#,
            "furrow_store_read_bytes_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn a_service_adds_metrics_of_its_own() {
        let metrics = Metrics::new("furrow-test", "1.2.3");
        let files = Gauge::<i64>::default();
        files.set(3);

        let seen_elsewhere = metrics.clone();
        metrics.register(|registry| registry.register("furrow_test_files", "Files", files));

        let text = seen_elsewhere.text();
        assert!(text.contains("furrow_test_files 3\n"), "{text}");
    }
}
