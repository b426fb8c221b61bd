//! The metrics of a service, all of them: names, units and labels stand here and in the files beside,
//! one a noun.

mod caches;
mod compute;
mod process;
mod reading;
pub mod requests;
mod text;

use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use self::caches::{Cache, Caches};
pub use self::compute::Compute;
pub use self::reading::{Reading, StoreLabel};
pub use self::requests::Requests;
pub use self::text::Format;

/// What a service counts.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<RwLock<Registry>>,
    /// Requests, over gRPC and HTTP alike.
    pub requests: Requests,
    /// Compute slots and threads.
    pub compute: Compute,
    /// What is read and decoded.
    pub reading: Reading,
    /// What was found in caches.
    pub caches: Caches,
}

impl Metrics {
    /// Metrics of a service of this name and version, all zero.
    pub fn new(service: &'static str, version: &'static str) -> Self {
        let mut registry = Registry::default();
        registry.register(
            "furrow_build",
            "Service and version of this process",
            Info::new(vec![("service", service), ("version", version)]),
        );
        Self {
            requests: Requests::register(&mut registry, service),
            compute: Compute::register(&mut registry),
            reading: Reading::register(&mut registry),
            caches: Caches::register(&mut registry),
            registry: {
                process::register(&mut registry);
                Arc::new(RwLock::new(registry))
            },
        }
    }

    /// Adds a service's own metrics, or a collector that is asked at every scrape. Names are not
    /// checked against those that are there: each is added once, before the service is ready.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self
            .registry
            .write()
            .unwrap_or_else(PoisonError::into_inner));
    }

    /// All metrics in the `OpenMetrics` text format, version 1.0.0.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.read().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry).expect("a string takes whatever is written");
        text
    }

    /// All metrics in a format.
    pub fn text_in(&self, format: Format) -> String {
        format.of_openmetrics(self.text())
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::gauge::Gauge;

    use super::*;

    #[test]
    fn a_scrape_shows_the_build_and_what_is_zero() {
        let text = Metrics::new("furrow-test", "1.2.3").text();
        for line in [
            r#"furrow_build_info{service="furrow-test",version="1.2.3"} 1"#,
            r#"http_requests_in_flight{runtime="rust",service="furrow-test"} 0"#,
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
