//! Samples one by one, for whoever wants numbers and no text.

use super::family::Family;
use super::{CellId, LabelText, Table};
use crate::file_name::FileKind;

/// What a sample is to its metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part {
    /// The value of a counter or gauge.
    Value,
    /// A sum of a histogram or summary.
    Sum,
    /// A count of a histogram or summary.
    Count,
    /// A count of all up to this bound; the last is infinite.
    Bucket(f64),
}

/// A sample as it was added up.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// The metric; of a counter without `_total`.
    pub family: &'a str,
    /// Its kind.
    pub kind: FileKind,
    /// What this is to it.
    pub part: Part,
    /// Labels, without `le`.
    pub labels: LabelText<'a>,
    /// The value.
    pub value: f64,
}

impl Table {
    /// Shows every sample of a metric (a counter's name is without `_total`), in the order in which
    /// they are written. Nothing for a metric that is not there.
    pub fn visit(&mut self, family: &str, mut show: impl FnMut(Sample<'_>)) {
        self.refresh_plans();
        let Some(&index) = self.names.get(family) else {
            return;
        };
        if let Some(family) = &self.families[index as usize] {
            self.visit_family(family, &mut show);
        }
    }

    /// Shows every sample of every metric.
    pub fn visit_all(&mut self, mut show: impl FnMut(Sample<'_>)) {
        self.refresh_plans();
        for &index in self.names.values() {
            if let Some(family) = &self.families[index as usize] {
                self.visit_family(family, &mut show);
            }
        }
    }

    fn visit_family(&self, family: &Family, show: &mut impl FnMut(Sample<'_>)) {
        let value = |cell: CellId| self.values[cell.index()];
        for group in family.ordered_groups() {
            let mut tell = |part, value| {
                show(Sample {
                    family: &family.name,
                    kind: family.kind,
                    part,
                    labels: LabelText(&group.labels),
                    value,
                });
            };
            match (family.kind, group.value) {
                (FileKind::Histogram, sum) if group.is_complete() => {
                    if let Some(sum) = sum {
                        tell(Part::Sum, value(sum));
                    }
                    let mut count = 0.0;
                    for &(bound, cell) in &group.buckets {
                        count += value(cell);
                        tell(Part::Bucket(bound), count);
                    }
                    tell(Part::Count, count);
                }
                (FileKind::Histogram, _) => {}
                (FileKind::Summary, sum) => {
                    if let Some(count) = group.count {
                        tell(Part::Count, value(count));
                    }
                    if let Some(sum) = sum {
                        tell(Part::Sum, value(sum));
                    }
                }
                (FileKind::Gauge(mode), Some(cell)) => {
                    let is_newest = matches!(
                        mode,
                        crate::GaugeMode::MostRecent | crate::GaugeMode::LiveMostRecent
                    );
                    if !is_newest || self.stamps[cell.index()] > 0.0 {
                        tell(Part::Value, value(cell));
                    }
                }
                (_, Some(cell)) => tell(Part::Value, value(cell)),
                (_, None) => {}
            }
        }
    }
}
