//! Compute slots and threads.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::requests::duration_buckets;

/// See [`crate::compute`].
#[derive(Debug, Clone)]
pub struct Compute {
    /// Slots that are taken.
    pub slots_taken: Gauge,
    /// Slots there are.
    pub slots: Gauge,
    /// Jobs that wait for a thread.
    pub queue: Gauge,
    /// Seconds that jobs waited for a thread.
    pub wait: Histogram,
    /// Calls turned away because no slot was free.
    pub refused: Counter,
}

impl Compute {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let compute = Self {
            slots_taken: Gauge::default(),
            slots: Gauge::default(),
            queue: Gauge::default(),
            wait: duration_buckets(),
            refused: Counter::default(),
        };
        registry.register(
            "furrow_compute_slots_taken",
            "Compute slots that are taken",
            compute.slots_taken.clone(),
        );
        registry.register(
            "furrow_compute_slots",
            "Compute slots there are",
            compute.slots.clone(),
        );
        registry.register(
            "furrow_compute_queue_jobs",
            "Jobs that wait for a compute thread",
            compute.queue.clone(),
        );
        registry.register_with_unit(
            "furrow_compute_wait",
            "Time that jobs waited for a compute thread",
            Unit::Seconds,
            compute.wait.clone(),
        );
        registry.register(
            "furrow_compute_refused_calls",
            "Calls turned away because no compute slot was free",
            compute.refused.clone(),
        );
        compute
    }
}
