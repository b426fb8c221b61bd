//! The samples of one set of labels of an `OpenMetrics` family, checked as they come.

use std::collections::HashSet;

use super::scan::{Labels, Reason, number};
use super::{ParsedFamily, ParsedKind};

/// What one set of labels has shown of one moment.
#[derive(Debug)]
pub(super) struct Group {
    /// The labels, without a bound, sorted.
    pub(super) labels: Labels,
    kind: ParsedKind,
    is_empty: bool,
    timestamp: Option<f64>,
    seen: HashSet<(String, String)>,
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: Option<f64>,
}

/// The label that tells the samples of a group apart, of this suffix.
fn bound_label<'a>(family_name: &'a str, kind: ParsedKind, suffix: &str) -> Option<&'a str> {
    match (kind, suffix) {
        (ParsedKind::Histogram | ParsedKind::GaugeHistogram, "_bucket") => Some("le"),
        (ParsedKind::Summary, "") => Some("quantile"),
        (ParsedKind::StateSet, "") => Some(family_name),
        _ => None,
    }
}

impl Group {
    pub(super) fn new(kind: ParsedKind, labels: Labels) -> Self {
        Self {
            labels,
            kind,
            is_empty: true,
            timestamp: None,
            seen: HashSet::new(),
            buckets: Vec::new(),
            count: None,
            sum: None,
        }
    }

    /// The labels of the group that a sample belongs to.
    pub(super) fn key(
        family: &ParsedFamily,
        suffix: &str,
        labels: &Labels,
    ) -> Result<Labels, Reason> {
        let bound = bound_label(&family.name, family.kind, suffix);
        let mut key = labels.clone();
        if let Some(bound) = bound {
            key.retain(|(name, _)| name != bound);
            if key.len() == labels.len() {
                return Err("a sample lacks the label that its type asks for");
            }
        }
        key.sort();
        Ok(key)
    }

    pub(super) fn take(
        &mut self,
        suffix: &str,
        labels: &Labels,
        value: f64,
        timestamp: Option<f64>,
    ) -> Result<(), Reason> {
        self.advance(timestamp)?;
        let bound = labels.iter().find(|label| !self.labels.contains(label));
        let bound = bound.map(|(_, bound)| bound.clone()).unwrap_or_default();
        let is_new = self.seen.insert((suffix.to_owned(), bound.clone()));
        if !is_new && timestamp.is_none() {
            return Err("a sample is there twice");
        }
        self.check(suffix, &bound, value)
    }

    /// Goes on to a moment: not backwards, and not from having one to having none.
    fn advance(&mut self, timestamp: Option<f64>) -> Result<(), Reason> {
        if self.is_empty {
            self.is_empty = false;
            self.timestamp = timestamp;
            return Ok(());
        }
        match (self.timestamp, timestamp) {
            (Some(past), Some(now)) if now < past => Err("timestamps go backwards"),
            (Some(past), Some(now)) if now > past => {
                self.check_whole()?;
                let labels = std::mem::take(&mut self.labels);
                *self = Self::new(self.kind, labels);
                self.is_empty = false;
                self.timestamp = timestamp;
                Ok(())
            }
            (None, None) | (Some(_), Some(_)) => Ok(()),
            _ => Err("only some samples of a set of labels have a timestamp"),
        }
    }

    fn check(&mut self, suffix: &str, bound: &str, value: f64) -> Result<(), Reason> {
        let is_count = value >= 0.0;
        match (self.kind, suffix) {
            (ParsedKind::Counter, "_total") | (ParsedKind::Summary, "_count") if !is_count => {
                Err("a count is negative or none")
            }
            (ParsedKind::Summary, "") => {
                let quantile = number(bound).filter(|share| (0.0..=1.0).contains(share));
                quantile.ok_or("a quantile is not between 0 and 1")?;
                if value < 0.0 {
                    return Err("a quantile has a negative value");
                }
                Ok(())
            }
            (ParsedKind::Histogram | ParsedKind::GaugeHistogram, "_bucket") => {
                let upper = number(bound).filter(|upper| !upper.is_nan());
                let upper = upper.ok_or("a bound is no number")?;
                if !is_count {
                    return Err("a count is negative or none");
                }
                if let Some((lower, below)) = self.buckets.last() {
                    if upper <= *lower {
                        return Err("bounds do not ascend");
                    }
                    if value < *below {
                        return Err("counts of buckets fall");
                    }
                }
                self.buckets.push((upper, value));
                Ok(())
            }
            (ParsedKind::Histogram | ParsedKind::GaugeHistogram, "_count" | "_gcount") => {
                self.count = Some(value);
                Ok(())
            }
            (ParsedKind::Histogram | ParsedKind::GaugeHistogram, "_sum" | "_gsum") => {
                self.sum = Some(value);
                Ok(())
            }
            (ParsedKind::Info, _) if (value - 1.0).abs() > 0.0 || value.is_nan() => {
                Err("an info is not 1")
            }
            (ParsedKind::StateSet, _) if !(value == 0.0 || (value - 1.0).abs() == 0.0) => {
                Err("a state is neither 0 nor 1")
            }
            _ => Ok(()),
        }
    }

    /// Whether a histogram has all that one must have.
    #[expect(clippy::float_cmp, reason = "both count the same things")]
    pub(super) fn check_whole(&self) -> Result<(), Reason> {
        if !matches!(
            self.kind,
            ParsedKind::Histogram | ParsedKind::GaugeHistogram
        ) {
            return Ok(());
        }
        let last = self
            .buckets
            .last()
            .filter(|(upper, _)| *upper == f64::INFINITY);
        let (_, all) = last.ok_or("a histogram has no bucket up to +Inf")?;
        if self.count.is_some_and(|count| count != *all) {
            return Err("a histogram's count is not its last bucket");
        }
        let Some(sum) = self.sum else {
            return Ok(());
        };
        if self.count.is_none() {
            return Err("a histogram has a sum and no count");
        }
        let has_negative = self.buckets.iter().any(|(upper, _)| *upper < 0.0);
        match (self.kind, has_negative) {
            (ParsedKind::Histogram, true) => Err("a sum of negative values is no counter"),
            (_, false) if sum < 0.0 || sum.is_nan() => Err("a sum is negative or none"),
            _ => Ok(()),
        }
    }
}
