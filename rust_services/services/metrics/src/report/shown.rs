//! What scrapes show of reports, sample by sample, in the form of a Python process's file.

use furrow_rpc::metrics::v1 as proto;

use super::state::{State, Value};

/// What a family measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownKind {
    /// Goes up alone.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts per bucket, not cumulative; there is no sample for their number.
    Histogram,
}

/// A sample.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownSample<'a> {
    /// Name of the family, without a suffix.
    pub family: &'a str,
    /// What the family means.
    pub help: &'a str,
    /// What it measures.
    pub kind: ShownKind,
    /// Name of the sample: with `_total`, `_bucket` or `_sum`.
    pub name: String,
    /// Sorted by name; `program` and `le` are among them.
    pub labels: Vec<(&'a str, &'a str)>,
    /// The value.
    pub value: f64,
}

impl State {
    /// Calls `each` with every sample that is shown at a time (Unix, milliseconds), by family.
    pub fn samples(&self, now_ms: u64, each: &mut dyn FnMut(ShownSample<'_>)) {
        for (name, family) in &self.families {
            let kind = match family.kind {
                proto::Kind::Gauge => ShownKind::Gauge,
                proto::Kind::Histogram => ShownKind::Histogram,
                _ => ShownKind::Counter,
            };
            let bounds = family.bounds.iter().copied().chain([f64::INFINITY]);
            let bounds: Vec<String> = bounds.map(bound_text).collect();
            for (key, value) in &family.series {
                let (program, labels) = &**key;
                let labels = labels
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()));
                let mut labels: Vec<_> = labels.chain([("program", program.as_str())]).collect();
                labels.sort_unstable();
                let sample = |suffix: &str, labels, value| ShownSample {
                    family: name,
                    help: &family.help,
                    kind,
                    name: format!("{name}{suffix}"),
                    labels,
                    value,
                };
                match value {
                    Value::Counter(value) => each(sample("_total", labels, *value)),
                    Value::Gauge { value, producer } => {
                        if self.is_alive(*producer, now_ms) {
                            each(sample("", labels, *value));
                        }
                    }
                    Value::Histogram { counts, sum } => {
                        for (bound, count) in bounds.iter().zip(counts) {
                            let mut labels = labels.clone();
                            labels.push(("le", bound));
                            labels.sort_unstable();
                            each(sample("_bucket", labels, *count as f64));
                        }
                        each(sample("_sum", labels, *sum));
                    }
                }
            }
        }
    }
}

/// A bound as the Python client writes it.
fn bound_text(bound: f64) -> String {
    if bound.is_finite() {
        format!("{bound:?}")
    } else {
        "+Inf".to_owned()
    }
}
