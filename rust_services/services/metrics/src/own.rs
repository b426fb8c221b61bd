//! What the service counts about itself: names, help and labels stand here.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;

use furrow_exposition::Format;
use furrow_exposition::limits::{ConflictKind, Counts, Refusal};
use furrow_service_kit::metrics::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::slots::Holder;

/// Roles that are shown; holders of others are counted as `other`.
const MOST_ROLES: usize = 16;

/// A format of scrapes.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FormatLabel {
    format: &'static str,
}

/// Why something was not taken.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

/// In what writers disagree.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct WhatLabel {
    what: &'static str,
}

/// What a holder of a slot does.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RoleLabel {
    role: String,
}

/// What the reading side counts.
#[derive(Debug, Clone, Default)]
pub struct Own {
    scrapes: Family<FormatLabel, Counter>,
    scrape_cpu: Family<FormatLabel, Counter<f64, AtomicU64>>,
    scrape_bytes: Family<FormatLabel, Counter>,
    /// Lines that a scrape shows.
    pub series: Gauge,
    /// Files that are read.
    pub files: Gauge,
    /// Bytes that are mapped.
    pub mapped_bytes: Gauge,
    /// Files that are read up to where they stop making sense.
    pub quarantined: Gauge,
    /// Whether the folder can be listed: 1 or 0.
    pub folder_readable: Gauge,
    bad_files: Family<ReasonLabel, Counter>,
    /// Files whose counters were taken over when they vanished or were cut.
    pub retired_files: Counter,
    /// Generations that began.
    pub resets: Counter,
    conflicts: Family<WhatLabel, Counter>,
    dropped_series: Family<ReasonLabel, Counter>,
    slots_held: Family<RoleLabel, Gauge>,
    /// Seconds since the state was last written.
    pub snapshot_age: Gauge<f64, AtomicU64>,
    /// Times that the state could not be written or read.
    pub snapshot_failures: Counter,
}

impl Own {
    /// Registers all with the kit's metrics, those with known labels at zero.
    pub fn register(metrics: &Metrics) -> Self {
        let own = Self::default();
        for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
            let format = FormatLabel {
                format: format.as_str(),
            };
            let _ = own.scrapes.get_or_create(&format);
            let _ = own.scrape_cpu.get_or_create(&format);
            let _ = own.scrape_bytes.get_or_create(&format);
        }
        for what in ConflictKind::ALL {
            let _ = own.conflicts.get_or_create(&WhatLabel {
                what: what.as_str(),
            });
        }
        for refusal in Refusal::ALL {
            let reason = refusal.reason();
            let _ = own.dropped_series.get_or_create(&ReasonLabel { reason });
        }
        metrics.register(|registry| own.register_in(registry));
        own
    }

    fn register_in(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("furrow_metrics");
        registry.register(
            "scrapes",
            "Scrapes of the Python counters",
            self.scrapes.clone(),
        );
        registry.register(
            "scrape_cpu_seconds",
            "CPU time of such scrapes",
            self.scrape_cpu.clone(),
        );
        registry.register(
            "scrape_bytes",
            "Bytes of such scrapes, before compression",
            self.scrape_bytes.clone(),
        );
        registry.register("series", "Lines that a scrape shows", self.series.clone());
        registry.register("files", "Files that are read", self.files.clone());
        registry.register(
            "mapped_bytes",
            "Bytes that are mapped",
            self.mapped_bytes.clone(),
        );
        registry.register(
            "quarantined_files",
            "Files that are read only up to where they stop making sense",
            self.quarantined.clone(),
        );
        registry.register(
            "folder_readable",
            "Whether the folder of the files can be listed",
            self.folder_readable.clone(),
        );
        registry.register(
            "bad_files",
            "Files that are not read, not to their end or not to the letter, by reason",
            self.bad_files.clone(),
        );
        registry.register(
            "retired_files",
            "Files whose counters were taken over when they vanished or were cut",
            self.retired_files.clone(),
        );
        registry.register("resets", "Generations that began", self.resets.clone());
        registry.register(
            "conflicts",
            "Metrics whose writers disagree, by what about",
            self.conflicts.clone(),
        );
        registry.register(
            "dropped_series",
            "Entries of files that became no series, by reason",
            self.dropped_series.clone(),
        );
        registry.register(
            "slots_held",
            "Slots that a process holds, by its role",
            self.slots_held.clone(),
        );
        registry.register(
            "snapshot_age_seconds",
            "Time since the state was last written",
            self.snapshot_age.clone(),
        );
        registry.register(
            "snapshot_failures",
            "Times that the state could not be written or read",
            self.snapshot_failures.clone(),
        );
    }

    /// Counts a scrape.
    pub fn scraped(&self, format: Format, cpu_seconds: f64, bytes: usize) {
        let format = FormatLabel {
            format: format.as_str(),
        };
        self.scrapes.get_or_create(&format).inc();
        self.scrape_cpu.get_or_create(&format).inc_by(cpu_seconds);
        self.scrape_bytes
            .get_or_create(&format)
            .inc_by(bytes as u64);
    }

    /// Counts a bad file.
    pub fn bad_file(&self, reason: &'static str) {
        self.bad_files.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Counts what a table did not take since `before`.
    pub fn counted(&self, before: &Counts, now: &Counts) {
        for (index, what) in ConflictKind::ALL.into_iter().enumerate() {
            let new = now.conflicts[index].saturating_sub(before.conflicts[index]);
            let what = WhatLabel {
                what: what.as_str(),
            };
            self.conflicts.get_or_create(&what).inc_by(new);
        }
        for (index, refusal) in Refusal::ALL.into_iter().enumerate() {
            let new = now.refused[index].saturating_sub(before.refused[index]);
            let reason = ReasonLabel {
                reason: refusal.reason(),
            };
            self.dropped_series.get_or_create(&reason).inc_by(new);
        }
    }

    /// Shows who holds slots; a role that nobody has any more is zero.
    pub fn held(&self, holders: &[Holder], known: &mut HashMap<String, i64>) {
        for count in known.values_mut() {
            *count = 0;
        }
        for holder in holders {
            let is_shown = known.len() < MOST_ROLES || known.contains_key(&holder.role);
            let role = if is_shown {
                holder.role.as_str()
            } else {
                "other"
            };
            *known.entry(role.to_owned()).or_default() += 1;
        }
        for (role, count) in known {
            let role = RoleLabel { role: role.clone() };
            self.slots_held.get_or_create(&role).set(*count);
        }
    }
}
