//! What is written of a metric at every scrape, but for the numbers.

use super::family::{Family, Group};
use super::labels::{LabelText, escape};
use super::{CellId, Rule};
use crate::file_name::FileKind;
use crate::number::write_number;

/// Where the number of a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A cell.
    Cell,
    /// A cell that counts, so that `OpenMetrics` knows no NaN or negative value of it.
    Counter,
    /// A cell, if it was ever set.
    Newest,
    /// A cell that begins a running total.
    FirstBucket,
    /// A cell that is added to the running total.
    NextBucket,
    /// The running total.
    Total,
    /// As `Cell`; `OpenMetrics` has no sums where a bound is negative.
    NegativeSum,
    /// As `Total`; `OpenMetrics` has no counts without sums.
    NegativeTotal,
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// Where its text ends; it begins where that of the line before ends.
    pub end: u32,
    pub cell: u32,
    pub source: Source,
}

/// A metric as text.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// `# HELP` and `# TYPE` of text 0.0.4.
    pub text_head: String,
    /// The same of `OpenMetrics`.
    pub open_head: String,
    /// `name{labels} ` of all lines.
    pub text: String,
    pub lines: Vec<Line>,
}

impl Plan {
    /// Lines that are written at most.
    pub const fn lines(&self) -> usize {
        self.lines.len()
    }

    /// Makes it that of a metric. Returns whether bounds of buckets differ between groups.
    pub(super) fn rewrite(&mut self, family: &Family) -> bool {
        self.text.clear();
        self.lines.clear();
        self.text_head = head(family, if_counter(family, "_total"), false);
        self.open_head = head(family, "", true);
        let mut first: Option<&Group> = None;
        let mut has_mixed_bounds = false;
        for group in family.ordered_groups() {
            match family.kind {
                FileKind::Counter => {
                    self.value(family, "_total", group, group.value, Source::Counter);
                }
                FileKind::Gauge(_) if Rule::of(family.kind) == Rule::MostRecent => {
                    self.value(family, "", group, group.value, Source::Newest);
                }
                FileKind::Gauge(_) => self.value(family, "", group, group.value, Source::Cell),
                FileKind::Summary => {
                    self.value(family, "_count", group, group.count, Source::Counter);
                    self.value(family, "_sum", group, group.value, Source::Cell);
                }
                FileKind::Histogram if group.is_complete() => {
                    let first = first.get_or_insert(group);
                    let bounds = |group: &Group| -> Vec<u64> {
                        group
                            .buckets
                            .iter()
                            .map(|(bound, _)| bound.to_bits())
                            .collect()
                    };
                    has_mixed_bounds |= first.buckets.len() != group.buckets.len()
                        || bounds(first) != bounds(group);
                    self.histogram(family, group);
                }
                FileKind::Histogram => {}
            }
        }
        self.text.shrink_to_fit();
        self.lines.shrink_to_fit();
        has_mixed_bounds
    }

    fn value(
        &mut self,
        family: &Family,
        suffix: &str,
        group: &Group,
        cell: Option<CellId>,
        source: Source,
    ) {
        if let Some(cell) = cell {
            self.name(family, suffix);
            if !group.labels.is_empty() {
                self.text.push('{');
                self.text.push_str(&group.labels);
                self.text.push('}');
            }
            self.end(cell, source);
        }
    }

    fn histogram(&mut self, family: &Family, group: &Group) {
        let has_negative = group.buckets.first().is_some_and(|&(bound, _)| bound < 0.0);
        let (sum, total) = if has_negative {
            (Source::NegativeSum, Source::NegativeTotal)
        } else {
            (Source::Cell, Source::Total)
        };
        self.value(family, "_sum", group, group.value, sum);
        let (before, after) = group.labels.split_at(group.le_at as usize);
        let mut number = Vec::new();
        let mut source = Source::FirstBucket;
        for &(bound, cell) in &group.buckets {
            number.clear();
            write_number(bound, &mut number);
            self.name(family, "_bucket");
            self.text.push('{');
            if !before.is_empty() {
                self.text.push_str(before);
                self.text.push(',');
            }
            self.text.push_str("le=\"");
            self.text
                .extend(number.iter().map(|&byte| char::from(byte)));
            self.text.push('"');
            if before.is_empty() && !after.is_empty() {
                self.text.push(',');
            }
            self.text.push_str(after);
            self.text.push('}');
            self.end(cell, source);
            source = Source::NextBucket;
        }
        let any = group.buckets.last().map(|&(_, cell)| cell);
        self.value(family, "_count", group, any, total);
    }

    fn name(&mut self, family: &Family, suffix: &str) {
        self.text.push_str(&family.name);
        self.text.push_str(suffix);
    }

    fn end(&mut self, cell: CellId, source: Source) {
        self.text.push(' ');
        self.lines.push(Line {
            // The table's bound on text lies below.
            end: u32::try_from(self.text.len()).unwrap_or(u32::MAX),
            cell: cell.0,
            source,
        });
    }
}

fn if_counter(family: &Family, suffix: &'static str) -> &'static str {
    if family.kind == FileKind::Counter {
        suffix
    } else {
        ""
    }
}

/// `# HELP` and `# TYPE`; `OpenMetrics` escapes quotes in the former.
fn head(family: &Family, suffix: &str, is_open: bool) -> String {
    let Family { name, kind, .. } = family;
    let mut out = format!("# HELP {name}{suffix} ");
    escape(&family.help, is_open, &mut out);
    out.push_str("\n# TYPE ");
    out.push_str(name);
    out.push_str(suffix);
    out.push(' ');
    out.push_str(kind.type_word());
    out.push('\n');
    out
}

/// A metric as Protobuf.
#[derive(Debug, Default)]
pub(crate) struct ProtoPlan {
    pub kind: Option<FileKind>,
    /// Fields `name`, `help` and `type` of the message `MetricFamily`.
    pub head: Vec<u8>,
    /// Fields `label` of the messages `Metric`, one after the other.
    pub labels: Vec<u8>,
    pub metrics: Vec<ProtoMetric>,
    /// Cells and bounds of the histograms' buckets, one metric after the other.
    pub buckets: Vec<(f64, u32)>,
}

/// One message `Metric`.
#[derive(Debug)]
pub(crate) struct ProtoMetric {
    /// Where its labels and buckets end; they begin where those of the metric before end.
    pub labels_end: usize,
    pub buckets_end: usize,
    /// Value of a counter or gauge, sum of others.
    pub value: Option<u32>,
    /// Count of a summary.
    pub count: Option<u32>,
}

impl ProtoPlan {
    pub(super) fn of(family: &Family) -> Self {
        use crate::protobuf::{put_bytes, put_varint};
        let mut plan = Self {
            kind: Some(family.kind),
            ..Self::default()
        };
        let name = format!("{}{}", family.name, if_counter(family, "_total"));
        put_bytes(1, name.as_bytes(), &mut plan.head);
        put_bytes(2, family.help.as_bytes(), &mut plan.head);
        plan.head.push(3 << 3);
        let kind = match family.kind {
            FileKind::Counter => 0,
            FileKind::Gauge(_) => 1,
            FileKind::Summary => 2,
            FileKind::Histogram => 4,
        };
        put_varint(kind, &mut plan.head);
        let mut label = Vec::new();
        for group in family.ordered_groups() {
            if family.kind == FileKind::Histogram && !group.is_complete() {
                continue;
            }
            for (name, value) in LabelText(&group.labels).iter() {
                label.clear();
                put_bytes(1, name.as_bytes(), &mut label);
                put_bytes(2, value.as_bytes(), &mut label);
                put_bytes(1, &label, &mut plan.labels);
            }
            let buckets = group.buckets.iter().map(|&(bound, cell)| (bound, cell.0));
            plan.buckets.extend(buckets);
            plan.metrics.push(ProtoMetric {
                labels_end: plan.labels.len(),
                buckets_end: plan.buckets.len(),
                value: group.value.map(|cell| cell.0),
                count: group.count.map(|cell| cell.0),
            });
        }
        plan
    }
}
