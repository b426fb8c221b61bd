//! What was found in caches.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CacheLabels {
    cache: &'static str,
    /// `hit` or `miss`.
    result: &'static str,
}

/// Caches by name.
#[derive(Debug, Clone)]
pub struct Caches {
    asked: Family<CacheLabels, Counter>,
}

impl Caches {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let asked = Family::default();
        registry.register(
            "furrow_cache_requests",
            "Values asked for in caches, by cache and whether it held them",
            asked.clone(),
        );
        Self { asked }
    }

    /// The counters of a cache, shown as zero from now on.
    pub fn named(&self, cache: &'static str) -> Cache {
        let counter = |result| {
            let labels = CacheLabels { cache, result };
            self.asked.get_or_create_owned(&labels)
        };
        Cache {
            hit: counter("hit"),
            miss: counter("miss"),
        }
    }
}

/// How often a cache held what was asked for, and how often not.
#[derive(Debug, Clone)]
pub struct Cache {
    /// It did.
    pub hit: Counter,
    /// It did not.
    pub miss: Counter,
}

impl Cache {
    /// Counts an answer, and gives it on.
    pub fn counted<T>(&self, found: Option<T>) -> Option<T> {
        match found {
            Some(_) => self.hit.inc(),
            None => self.miss.inc(),
        };
        found
    }
}
