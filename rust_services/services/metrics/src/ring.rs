//! What counters rose by, over thirty days: fine for the last hour, coarse for the last month.
//!
//! Each reading of a counter becomes an increment since the one before. A counter that fell was reset,
//! and its value is the increment, as Prometheus takes it; a histogram is one thing, reset if any of
//! its parts fell. A label set that is new at a source that was read before has risen from zero.
//!
//! | bins of | for |
//! |---|---|
//! | 10 s | 1 h |
//! | 1 min | 1 day |
//! | 5 min | 3 days |
//! | 1 h | 30 days |
//!
//! A bin holds only what rose, so idle routes take nothing. Every reading goes into one bin of each
//! row. The bytes of a row are bounded: beyond, its oldest bins are dropped, and the next row answers
//! for what it no longer covers.

mod bins;
mod saved;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bins::Tier;

/// Most label sets that are kept.
pub const MOST_LABEL_SETS: usize = 2_000;

/// Most bytes of the labels of one set.
const MOST_LABEL_BYTES: usize = 1024;

/// Most numbers of one reading: buckets and a sum.
const MOST_NUMBERS: usize = 130;

/// How far a clock may go back before what it said is given up, milliseconds.
const CLOCK_SLACK_MS: u64 = 60_000;

/// What a reading measures.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum Measured {
    /// `http_requests_total`.
    Requests,
    /// `http_request_duration_seconds`.
    Duration,
    /// `http_request_cpu_seconds`.
    RequestCpu,
    /// `process_cpu_seconds_total`.
    ProcessCpu,
    /// `furrow_metrics_scrapes_total`.
    Scrapes,
    /// `furrow_metrics_scrape_cpu_seconds_total`.
    ScrapeCpu,
    /// `furrow_metrics_scrape_bytes_total`.
    ScrapeBytes,
}

/// A label set of a metric at a source.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Key {
    /// Who was read.
    pub source: String,
    /// What.
    pub measured: Measured,
    /// Sorted by name.
    pub labels: Vec<(String, String)>,
    /// Bits of the finite bounds of a histogram; others have none.
    bounds: Vec<u64>,
}

impl Key {
    /// A label's value; empty where there is none.
    pub fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(label, _)| label == name);
        found.map_or("", |(_, value)| value)
    }

    /// Finite bounds of a histogram, ascending.
    pub fn bounds(&self) -> impl Iterator<Item = f64> {
        self.bounds.iter().copied().map(f64::from_bits)
    }
}

/// A counter or histogram as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What.
    pub measured: Measured,
    /// Sorted by name.
    pub labels: Vec<(String, String)>,
    /// Finite bounds of a histogram, ascending.
    pub bounds: Vec<f64>,
    /// Of a counter its value. Of a histogram the count of each bucket, not cumulative, that up to
    /// infinity, and the sum.
    pub values: Vec<f64>,
}

#[derive(Debug)]
struct Entry {
    key: Arc<Key>,
    last: Vec<f64>,
    seen_ms: u64,
}

/// What rose within a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Seconds that it covers; those asked for, give or take half a bin, or fewer.
    pub covered_s: f64,
    /// What rose, in the form of [`Reading::values`]; nothing that did not.
    pub rises: Vec<(Arc<Key>, Vec<f64>)>,
}

/// See the module.
#[derive(Debug)]
pub struct Ring {
    entries: HashMap<u32, Entry>,
    ids: HashMap<Arc<Key>, u32>,
    next_id: u32,
    tiers: [Tier; 4],
    sources: BTreeSet<String>,
    first_ms: Option<u64>,
    last_ms: u64,
    refused: u64,
    /// Whether a label set ever found no room: one that is new since may have risen before.
    was_full: bool,
}

impl Default for Ring {
    fn default() -> Self {
        const MIB: usize = 1 << 20;
        Self {
            entries: HashMap::new(),
            ids: HashMap::new(),
            next_id: 0,
            tiers: [
                Tier::new(10, 3600, 12 * MIB),
                Tier::new(60, 86_400, 22 * MIB),
                Tier::new(300, 3 * 86_400, 12 * MIB),
                Tier::new(3600, 30 * 86_400, 12 * MIB),
            ],
            sources: BTreeSet::new(),
            first_ms: None,
            last_ms: 0,
            refused: 0,
            was_full: false,
        }
    }
}

impl Ring {
    /// Takes what sources said at a moment (Unix time, milliseconds). Each key stands there once.
    pub fn take(&mut self, at_ms: u64, read: &BTreeMap<String, Vec<Reading>>) {
        if at_ms.saturating_add(CLOCK_SLACK_MS) < self.last_ms {
            // The clock was set back; what it said before fits nothing that comes.
            self.tiers.iter_mut().for_each(Tier::clear);
            self.first_ms = None;
            self.last_ms = at_ms;
        }
        let from_ms = self.last_ms;
        let at_ms = at_ms.max(self.last_ms);
        let is_first = self.first_ms.is_none();
        self.first_ms.get_or_insert(at_ms);
        self.last_ms = at_ms;
        let from_ms = if is_first { at_ms } else { from_ms };
        for tier in &mut self.tiers {
            tier.advance(from_ms, at_ms);
        }
        for (source, readings) in read {
            let is_known = self.sources.contains(source) && !self.was_full;
            for reading in readings {
                self.take_one(source, reading, at_ms, is_known);
            }
            if self.sources.len() < MOST_LABEL_SETS {
                self.sources.insert(source.clone());
            }
        }
    }

    fn take_one(&mut self, source: &str, reading: &Reading, at_ms: u64, is_known: bool) {
        let label_bytes: usize = reading.labels.iter().map(|(a, b)| a.len() + b.len()).sum();
        let is_sound = reading.values.iter().all(|value| value.is_finite())
            && label_bytes <= MOST_LABEL_BYTES
            && reading.values.len() <= MOST_NUMBERS;
        if !is_sound {
            self.refused += 1;
            return;
        }
        let key = Key {
            source: source.to_owned(),
            measured: reading.measured,
            labels: reading.labels.clone(),
            bounds: reading.bounds.iter().map(|bound| bound.to_bits()).collect(),
        };
        let Some(&id) = self.ids.get(&key) else {
            let Some(id) = self.add(key, reading, at_ms) else {
                self.refused += 1;
                self.was_full = true;
                return;
            };
            if is_known {
                self.rose(id, &reading.values);
            }
            return;
        };
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.seen_ms = at_ms;
        let is_reset = entry.last.len() != reading.values.len() || {
            // The sum may fall by itself, where what is observed is negative.
            let counts = if reading.values.len() > 1 {
                reading.values.len() - 1
            } else {
                1
            };
            let pairs = entry.last.iter().zip(&reading.values).take(counts);
            pairs.into_iter().any(|(last, now)| now < last)
        };
        let rise: Vec<f64> = if is_reset {
            reading.values.clone()
        } else {
            let pairs = reading.values.iter().zip(&entry.last);
            pairs.map(|(now, last)| now - last).collect()
        };
        entry.last.clone_from(&reading.values);
        self.rose(id, &rise);
    }

    fn rose(&mut self, id: u32, rise: &[f64]) {
        if rise.iter().any(|part| part.abs() > 0.0) {
            for tier in &mut self.tiers {
                tier.add(id, rise);
            }
        }
    }

    /// A number for a new key; None where there is no room.
    fn add(&mut self, key: Key, reading: &Reading, at_ms: u64) -> Option<u32> {
        if self.entries.len() >= MOST_LABEL_SETS {
            self.drop_forgotten(at_ms);
        }
        if self.entries.len() >= MOST_LABEL_SETS {
            return None;
        }
        let id = self.next_id;
        self.next_id = self.next_id.checked_add(1)?;
        let key = Arc::new(key);
        self.ids.insert(Arc::clone(&key), id);
        let entry = Entry {
            key,
            last: reading.values.clone(),
            seen_ms: at_ms,
        };
        self.entries.insert(id, entry);
        Some(id)
    }

    /// Drops label sets that no source has shown for as long as the ring reaches back.
    fn drop_forgotten(&mut self, at_ms: u64) {
        let span_ms = self.tiers[3].span_s() * 1000;
        let ids = &mut self.ids;
        self.entries.retain(|_, entry| {
            let is_kept = entry.seen_ms + span_ms >= at_ms;
            if !is_kept {
                ids.remove(&entry.key);
            }
            is_kept
        });
    }

    /// What rose in the last seconds before the last reading. Bins are whole: the window begins with
    /// the first that lies within it, give or take half of one.
    pub fn window(&self, window_s: u64) -> Window {
        let since = self.last_ms.saturating_sub(window_s * 1000);
        let mut tiers = self.tiers.iter();
        let tier = tiers.find(|tier| tier.span_s() >= window_s && tier.reaches(since));
        let tier = tier.unwrap_or(&self.tiers[3]);
        let mut sums: HashMap<u32, Vec<f64>> = HashMap::new();
        let from_ms = tier.sum(self.last_ms, window_s, &mut sums);
        let covered_s = from_ms.map_or(0.0, |from| {
            (self.last_ms.saturating_sub(from)) as f64 / 1000.0
        });
        let mut rises: Vec<_> = sums
            .into_iter()
            .filter_map(|(id, sum)| Some((Arc::clone(&self.entries.get(&id)?.key), sum)))
            .collect();
        rises.sort_by(|(a, _), (b, _)| a.cmp(b));
        Window { covered_s, rises }
    }

    /// When something was read last, Unix time, milliseconds; 0 if never.
    pub fn last_ms(&self) -> u64 {
        self.last_ms
    }

    /// All label sets that are kept.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.entries.values().map(|entry| &*entry.key)
    }

    /// How many they are.
    pub fn label_sets(&self) -> usize {
        self.entries.len()
    }

    /// Readings that were not taken, for want of room or of sense.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Bytes that bins take.
    pub fn bytes(&self) -> usize {
        self.tiers.iter().map(Tier::bytes).sum()
    }
}
