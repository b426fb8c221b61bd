//! What all reports come to. Cheap to copy: a report is tried on a copy, which becomes the state when
//! the report is kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use furrow_rpc::metrics::v1 as proto;

use super::record::ProducerRecord;
use super::{Limits, Report};
use crate::status::MetricsError;

/// Labels of a series, sorted by name.
pub type Labels = Vec<(String, String)>;

/// What a series holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// All increments.
    Counter(f64),
    /// The newest value, and whose it is.
    Gauge {
        /// The value.
        value: f64,
        /// The producer.
        producer: u128,
    },
    /// All increments.
    Histogram {
        /// Per bucket, not cumulative; the last is that up to infinity.
        counts: Vec<u64>,
        /// Of what was observed.
        sum: f64,
    },
}

/// A metric that was reported.
#[derive(Debug, Clone)]
pub struct Family {
    /// What the first report said.
    pub help: String,
    /// The same.
    pub kind: proto::Kind,
    /// The same, of a histogram.
    pub bounds: Vec<f64>,
    /// By program and labels.
    pub series: BTreeMap<Arc<(String, Labels)>, Value>,
}

impl Family {
    /// Lines that a series of it takes.
    fn lines(&self) -> usize {
        match self.kind {
            proto::Kind::Histogram => self.bounds.len() + 3,
            _ => 1,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Producer {
    sequence: u64,
    seen_ms: u64,
    expires_ms: u64,
}

/// What all reports come to.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub(super) families: BTreeMap<String, Arc<Family>>,
    producers: Arc<HashMap<u128, Producer>>,
    /// Lines of each program.
    programs: Arc<BTreeMap<String, usize>>,
    lines: usize,
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    /// Whether it had been taken before.
    pub(super) is_repetition: bool,
    /// Families that were not taken: name and reason.
    pub(super) refused: Vec<(String, String)>,
    /// What is to be kept; nothing of a repetition.
    pub(super) kept: Option<proto::ReportRequest>,
}

/// Why a family is not taken.
enum NotTaken {
    /// It contradicts what was taken before.
    Conflict(String),
    /// There is no room.
    Room(String),
}

impl State {
    /// Lines of all series.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Producers that are remembered.
    #[cfg(test)]
    pub(super) fn producers(&self) -> usize {
        self.producers.len()
    }

    /// Whether a gauge of this producer is there.
    pub fn is_alive(&self, producer: u128, now_ms: u64) -> bool {
        let known = self.producers.get(&producer);
        known.is_some_and(|known| known.expires_ms > now_ms)
    }

    /// Takes a report. On an error nothing but gauges that had vanished is changed.
    pub(super) fn take(
        &mut self,
        report: &Report,
        now_ms: u64,
        limits: &Limits,
    ) -> Result<Outcome, MetricsError> {
        let request = &report.request;
        let last = self.producers.get(&report.producer);
        if last.is_some_and(|last| request.sequence <= last.sequence) {
            return Ok(Outcome {
                is_repetition: true,
                refused: Vec::new(),
                kept: None,
            });
        }
        let is_known = |state: &Self| state.programs.contains_key(&request.program);
        if !is_known(self) && self.programs.len() >= limits.programs {
            self.drop_vanished(now_ms);
            if self.programs.len() >= limits.programs {
                return Err(MetricsError::TooManyPrograms {
                    allowed: limits.programs,
                });
            }
        }
        let mut refused = Vec::new();
        let mut room = Vec::new();
        let mut kept = Vec::new();
        for family in &request.families {
            let mut taken = self.add(report, family, limits);
            if taken.is_err() && self.drop_vanished(now_ms) {
                taken = self.add(report, family, limits);
            }
            match taken {
                Ok(()) => kept.push(family.clone()),
                Err(NotTaken::Conflict(reason)) => refused.push((family.name.clone(), reason)),
                Err(NotTaken::Room(reason)) => {
                    room.push(reason.clone());
                    refused.push((family.name.clone(), reason));
                }
            }
        }
        // One that was kept may have no families: all of them were conflicts.
        if room.len() == request.families.len()
            && let Some(reason) = room.into_iter().next()
        {
            return Err(MetricsError::NoRoom { reason });
        }
        let producer = ProducerRecord {
            id: report.producer,
            sequence: request.sequence,
            seen_ms: now_ms,
            expires_ms: now_ms + u64::from(request.ttl_seconds) * 1000,
        };
        self.remember(producer, limits);
        let kept = proto::ReportRequest {
            families: kept,
            ..request.clone()
        };
        Ok(Outcome {
            is_repetition: false,
            refused,
            kept: Some(kept),
        })
    }

    /// Remembers a producer; beyond the limit the one is forgotten that was heard of least recently.
    pub(super) fn remember(&mut self, producer: ProducerRecord, limits: &Limits) {
        let producers = Arc::make_mut(&mut self.producers);
        let known = Producer {
            sequence: producer.sequence,
            seen_ms: producer.seen_ms,
            expires_ms: producer.expires_ms,
        };
        producers.insert(producer.id, known);
        if producers.len() > limits.producers {
            let oldest = producers
                .iter()
                .min_by_key(|(id, known)| (known.seen_ms, **id));
            if let Some(oldest) = oldest.map(|(id, _)| *id) {
                producers.remove(&oldest);
            }
        }
    }

    /// All producers, for a snapshot.
    pub(super) fn producer_records(&self) -> impl Iterator<Item = ProducerRecord> {
        self.producers.iter().map(|(id, known)| ProducerRecord {
            id: *id,
            sequence: known.sequence,
            seen_ms: known.seen_ms,
            expires_ms: known.expires_ms,
        })
    }

    /// Adds a family whole, or nothing of it.
    fn add(
        &mut self,
        report: &Report,
        family: &proto::Family,
        limits: &Limits,
    ) -> Result<(), NotTaken> {
        let known = self.families.get(&family.name);
        match known {
            Some(known) => agree(known, family)?,
            None => self.check_name(family, limits)?,
        }
        let program = &report.request.program;
        let keyed = family.series.iter().map(|series| {
            let labels = series.labels.iter();
            let labels = labels.map(|l| (l.name.clone(), l.value.clone())).collect();
            (Arc::new((program.clone(), labels)), series)
        });
        let keyed: Vec<_> = keyed.collect();
        let mut new = 0;
        for (key, series) in &keyed {
            match known.and_then(|known| known.series.get(key)) {
                None => new += 1,
                Some(value) if added(value, series, report.producer).is_none() => {
                    return Err(NotTaken::Conflict("its sums would overflow".to_owned()));
                }
                Some(_) => {}
            }
        }
        let empty = || {
            Arc::new(Family {
                help: family.help.clone(),
                kind: family.kind(),
                bounds: family.bounds.clone(),
                series: BTreeMap::new(),
            })
        };
        let lines = new * known.map_or_else(|| empty().lines(), |known| known.lines());
        let of_program = self.programs.get(program).copied().unwrap_or(0) + lines;
        if lines > 0 && of_program > limits.program_lines {
            let most = limits.program_lines;
            let reason = format!("the program would have {of_program} series; {most} are allowed");
            return Err(NotTaken::Room(reason));
        }
        if lines > 0 && self.lines + lines > limits.lines {
            let most = limits.lines;
            return Err(NotTaken::Room(format!(
                "all programs together have {} series; {most} are allowed",
                self.lines
            )));
        }

        self.lines += lines;
        Arc::make_mut(&mut self.programs).insert(program.clone(), of_program);
        let known = self
            .families
            .entry(family.name.clone())
            .or_insert_with(empty);
        let known = Arc::make_mut(known);
        let buckets = known.bounds.len() + 1;
        for (key, series) in keyed {
            let value = known.series.entry(key).or_insert_with(|| match known.kind {
                proto::Kind::Histogram => Value::Histogram {
                    counts: vec![0; buckets],
                    sum: 0.0,
                },
                proto::Kind::Gauge => Value::Gauge {
                    value: 0.0,
                    producer: report.producer,
                },
                _ => Value::Counter(0.0),
            });
            if let Some(sum) = added(value, series, report.producer) {
                *value = sum;
            }
        }
        Ok(())
    }

    /// Whether a new family's samples have names that no other family's have.
    fn check_name(&self, family: &proto::Family, limits: &Limits) -> Result<(), NotTaken> {
        if self.families.len() >= limits.families {
            let most = limits.families;
            return Err(NotTaken::Room(format!(
                "{most} families are known; no other one is taken"
            )));
        }
        let names = |name: &str, kind| -> BTreeSet<String> {
            let suffixes = sample_suffixes(kind).iter().chain(&[""]);
            suffixes.map(|suffix| format!("{name}{suffix}")).collect()
        };
        let own = names(&family.name, family.kind());
        // A family whose samples are called alike begins alike.
        let bases = own.iter().flat_map(|name| {
            let cut = ["_total", "_bucket", "_sum", "_count"].into_iter();
            let cut = cut.filter_map(|suffix| name.strip_suffix(suffix));
            cut.chain([name.as_str()]).collect::<Vec<_>>()
        });
        for base in bases {
            let Some(other) = self.families.get(base) else {
                continue;
            };
            if !own.is_disjoint(&names(base, other.kind)) {
                let reason = format!("its samples would be called like those of {base}");
                return Err(NotTaken::Conflict(reason));
            }
        }
        Ok(())
    }

    /// Adds what a snapshot holds.
    pub(super) fn restore(&mut self, report: &Report) -> Result<(), &'static str> {
        for family in &report.request.families {
            self.add(report, family, &Limits::NONE)
                .map_err(|_| "the snapshot contradicts itself")?;
        }
        Ok(())
    }

    /// Drops gauges that have vanished; says whether there were some.
    pub(super) fn drop_vanished(&mut self, now_ms: u64) -> bool {
        let producers = Arc::clone(&self.producers);
        let is_gone = |value: &Value| match value {
            Value::Gauge { producer, .. } => producers
                .get(producer)
                .is_none_or(|known| known.expires_ms <= now_ms),
            _ => false,
        };
        let mut dropped = 0;
        for family in self.families.values_mut() {
            if !family.series.values().any(is_gone) {
                continue;
            }
            let programs = Arc::make_mut(&mut self.programs);
            Arc::make_mut(family).series.retain(|key, value| {
                let gone = is_gone(value);
                if gone && let Some(lines) = programs.get_mut(&key.0) {
                    *lines -= 1;
                    dropped += 1;
                }
                !gone
            });
        }
        self.lines -= dropped;
        if dropped > 0 {
            self.families.retain(|_, family| !family.series.is_empty());
            Arc::make_mut(&mut self.programs).retain(|_, lines| *lines > 0);
        }
        dropped > 0
    }
}

/// What the names of a family's samples end with.
pub(super) fn sample_suffixes(kind: proto::Kind) -> &'static [&'static str] {
    match kind {
        proto::Kind::Counter => &["_total"],
        proto::Kind::Histogram => &["_bucket", "_sum", "_count"],
        _ => &[""],
    }
}

fn agree(known: &Family, family: &proto::Family) -> Result<(), NotTaken> {
    let name = |kind: proto::Kind| match kind {
        proto::Kind::Counter => "counter",
        proto::Kind::Gauge => "gauge",
        proto::Kind::Histogram => "histogram",
        proto::Kind::Unspecified => "nothing",
    };
    if known.kind != family.kind() {
        return Err(NotTaken::Conflict(format!(
            "it is a {}, not a {}",
            name(known.kind),
            name(family.kind())
        )));
    }
    let bits = |bounds: &[f64]| -> Vec<u64> { bounds.iter().map(|b| b.to_bits()).collect() };
    if bits(&known.bounds) != bits(&family.bounds) {
        let reason = format!("its bounds are {:?}", known.bounds);
        return Err(NotTaken::Conflict(reason));
    }
    Ok(())
}

/// A value with a report's increment; None where it would be no number any more.
fn added(value: &Value, series: &proto::Series, producer: u128) -> Option<Value> {
    match value {
        Value::Counter(sum) => {
            let sum = sum + series.value;
            sum.is_finite().then_some(Value::Counter(sum))
        }
        Value::Gauge { .. } => Some(Value::Gauge {
            value: series.value,
            producer,
        }),
        Value::Histogram { counts, sum } => {
            let pairs = counts.iter().zip(&series.bucket_counts);
            let counts: Option<Vec<u64>> = pairs.map(|(a, b)| a.checked_add(*b)).collect();
            let sum = sum + series.sum;
            let counts = counts.filter(|_| sum.is_finite())?;
            Some(Value::Histogram { counts, sum })
        }
    }
}
