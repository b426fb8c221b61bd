//! Out of all samples of a source those that the ring keeps.

use std::collections::{BTreeMap, BTreeSet};

use furrow_exposition::parse::ParsedFamily;
use furrow_exposition::table::{Part, Sample};

use crate::ring::{MOST_LABEL_SETS, Measured, Reading};

/// Counters that are kept: family and what it measures.
pub(super) const COUNTERS: [(&str, Measured); 5] = [
    ("http_requests", Measured::Requests),
    ("process_cpu_seconds", Measured::ProcessCpu),
    ("furrow_metrics_scrapes", Measured::Scrapes),
    ("furrow_metrics_scrape_cpu_seconds", Measured::ScrapeCpu),
    ("furrow_metrics_scrape_bytes", Measured::ScrapeBytes),
];

/// Histograms that are kept.
pub(super) const HISTOGRAMS: [(&str, Measured); 2] = [
    ("http_request_duration_seconds", Measured::Duration),
    ("http_request_cpu_seconds", Measured::RequestCpu),
];

/// The gauge of which the newest value is known.
pub(super) const RESIDENT: &str = "process_resident_memory_bytes";

/// Label sets of a source that are looked at; the ring keeps fewer.
const MOST_GATHERED: usize = 4 * MOST_LABEL_SETS;

type Labels = Vec<(String, String)>;

#[derive(Debug, Default)]
struct Buckets {
    /// Bits of bound and cumulative count.
    counts: BTreeMap<u64, (f64, f64)>,
    sum: f64,
}

impl Buckets {
    fn add(&mut self, part: Part, value: f64) {
        match part {
            Part::Bucket(bound) => {
                let counts = self.counts.entry(bound.to_bits());
                counts.or_insert((bound, 0.0)).1 += value;
            }
            Part::Sum => self.sum += value,
            Part::Value | Part::Count => {}
        }
    }
}

/// A histogram whose samples are being shown.
#[derive(Debug)]
struct Open {
    measured: Measured,
    /// Its labels as the table has them.
    text: String,
    labels: Labels,
    buckets: Buckets,
}

/// What is kept of a source.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    counters: BTreeMap<(Measured, Labels), f64>,
    histograms: BTreeMap<(Measured, Labels), Buckets>,
    open: Option<Open>,
    /// By role, which is empty where there is none.
    pub(super) resident: BTreeMap<String, u64>,
    /// Processes that live, by role: their slots.
    pub(super) processes: BTreeMap<String, BTreeSet<String>>,
    /// Roles that are known by their CPU time, whether or not a process lives.
    pub(super) roles: BTreeSet<String>,
}

impl Gathered {
    /// Takes a sample of a family, which for counters is without `_total`.
    pub(super) fn sample(&mut self, family: &str, part: Part, mut labels: Labels, value: f64) {
        labels.sort();
        if family == RESIDENT {
            let label = |name: &str| {
                let found = labels.iter().find(|(label, _)| label == name);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            };
            let role = label("role");
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it saturates"
            )]
            let bytes = value as u64;
            let sum = self.resident.entry(role.clone()).or_default();
            *sum = sum.saturating_add(bytes);
            self.processes
                .entry(role)
                .or_default()
                .insert(label("slot"));
            return;
        }
        if self.is_full() {
            return;
        }
        if let Some((_, measured)) = COUNTERS.iter().find(|(name, _)| *name == family) {
            if *measured == Measured::ProcessCpu {
                let role = labels.iter().find(|(name, _)| name == "role");
                self.roles
                    .insert(role.map(|(_, role)| role.clone()).unwrap_or_default());
            }
            *self.counters.entry((*measured, labels)).or_default() += value;
            return;
        }
        let Some((_, measured)) = HISTOGRAMS.iter().find(|(name, _)| *name == family) else {
            return;
        };
        let buckets = self.histograms.entry((*measured, labels)).or_default();
        buckets.add(part, value);
    }

    /// Takes a sample of a table. There the samples of one set of labels stand together, so that the
    /// labels of a histogram, which has many, are taken apart once. [`Gathered::close`] ends it.
    pub(super) fn visited(&mut self, sample: &Sample<'_>) {
        let labels = || {
            let labels = sample.labels.iter();
            labels.map(|(name, value)| (name.to_owned(), value.into_owned()))
        };
        let histogram = HISTOGRAMS.iter().find(|(name, _)| *name == sample.family);
        let Some(&(_, measured)) = histogram else {
            return self.sample(sample.family, sample.part, labels().collect(), sample.value);
        };
        let text = sample.labels.as_str();
        let is_same = |open: &Open| open.measured == measured && open.text == text;
        if !self.open.as_ref().is_some_and(is_same) {
            self.close();
            if self.is_full() {
                return;
            }
            let mut labels: Labels = labels().collect();
            labels.sort();
            self.open = Some(Open {
                measured,
                text: text.to_owned(),
                labels,
                buckets: Buckets::default(),
            });
        }
        if let Some(open) = &mut self.open {
            open.buckets.add(sample.part, sample.value);
        }
    }

    /// Nothing comes any more.
    pub(super) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            let key = (open.measured, open.labels);
            self.histograms.insert(key, open.buckets);
        }
    }

    fn is_full(&self) -> bool {
        self.counters.len() + self.histograms.len() >= MOST_GATHERED
    }

    /// Takes what was parsed of an answer.
    pub(super) fn families(&mut self, families: Vec<ParsedFamily>) {
        for sample in families.into_iter().flat_map(|family| family.samples) {
            let name = sample.name.as_str();
            let suffixes = [
                ("_total", Part::Value),
                ("_bucket", Part::Bucket(f64::NAN)),
                ("_sum", Part::Sum),
            ];
            let found = suffixes
                .into_iter()
                .find_map(|(suffix, part)| Some((name.strip_suffix(suffix)?, part)));
            let (family, mut part) = found.unwrap_or((name, Part::Value));
            let is_kept = family == RESIDENT
                || COUNTERS
                    .iter()
                    .chain(&HISTOGRAMS)
                    .any(|(kept, _)| *kept == family);
            if !is_kept {
                continue;
            }
            let mut labels = sample.labels;
            if matches!(part, Part::Bucket(_)) {
                let bound = labels.iter().position(|(name, _)| name == "le");
                let bound = bound.map(|place| labels.remove(place).1);
                match bound.and_then(|bound| bound.parse().ok()) {
                    Some(bound) => part = Part::Bucket(bound),
                    None => continue,
                }
            }
            self.sample(family, part, labels, sample.value);
        }
    }

    /// What the ring takes.
    pub(super) fn readings(&self) -> Vec<Reading> {
        let counters = self
            .counters
            .iter()
            .map(|((measured, labels), value)| Reading {
                measured: *measured,
                labels: labels.clone(),
                bounds: vec![],
                values: vec![*value],
            });
        let histograms = self.histograms.iter().map(|((measured, labels), buckets)| {
            let mut sorted: Vec<(f64, f64)> = buckets.counts.values().copied().collect();
            sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            let mut below = 0.0;
            let mut values: Vec<f64> = Vec::with_capacity(sorted.len() + 1);
            for (_, count) in &sorted {
                // A count that falls makes no sense; none is below zero.
                values.push((count - below).max(0.0));
                below = *count;
            }
            values.push(buckets.sum);
            let finite = sorted.iter().map(|(bound, _)| *bound);
            Reading {
                measured: *measured,
                labels: labels.clone(),
                bounds: finite.filter(|bound| bound.is_finite()).collect(),
                values,
            }
        });
        // Without a bucket up to infinity the numbers would not fit their bounds.
        let histograms =
            histograms.filter(|reading| reading.values.len() == reading.bounds.len() + 2);
        counters.chain(histograms).collect()
    }
}
