//! The series of all files: known once, added up at every scrape.

mod cache;
mod family;
mod intern;
mod labels;
mod plan;
mod totals;
mod visit;

use std::collections::BTreeMap;

use crate::cells::Cells;
use crate::entries::{FileError, HEADER_BYTES, read_entries};
use crate::file_name::{FileKind, FileName, GaugeMode};
use crate::format::Format;
use crate::key::Key;
use crate::limits::{Conflict, Counts, Limits, Refusal};
use cache::KeyCache;
use family::Family;
pub use labels::LabelText;
pub(crate) use plan::{Plan, ProtoMetric, ProtoPlan, Source};
pub use totals::{SavedSeries, Totals};
pub use visit::{Part, Sample};

/// A double of the table: a counter, a gauge, a bucket, a sum. Stays the same while it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(u32);

impl CellId {
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a table knows of one file; kept by whoever has the file.
///
/// Given back by [`Table::remove_file`]; dropped without it, its series stay for ever.
#[derive(Debug)]
pub struct FileEntries {
    name: FileName,
    /// Offset of each value, and what it counts towards.
    entries: Vec<(u32, CellId)>,
    parsed_upto: usize,
}

impl FileEntries {
    /// A file of which nothing was read.
    pub const fn new(name: FileName) -> Self {
        Self {
            name,
            entries: Vec::new(),
            parsed_upto: HEADER_BYTES,
        }
    }

    /// Its name.
    pub const fn name(&self) -> &FileName {
        &self.name
    }

    /// Up to where it was read.
    pub const fn parsed_upto(&self) -> usize {
        self.parsed_upto
    }

    /// Entries that count towards something.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no entry counts.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries that count towards something, in the order of the file: where the value lies, and what
    /// it counts towards.
    pub fn iter(&self) -> impl Iterator<Item = (usize, CellId)> + '_ {
        let entries = self.entries.iter();
        entries.map(|&(offset, cell)| (offset as usize, cell))
    }
}

/// Every metric and series of a directory.
///
/// A scrape is [`Table::reset`], then [`Table::add_file`] for each file in [`FileName::order`],
/// [`Table::add_totals`] and [`Table::add`] for what comes from elsewhere, then [`Table::encode`].
#[derive(Debug)]
pub struct Table {
    limits: Limits,
    /// By exposed name of the metric; the order of the output.
    names: BTreeMap<Box<str>, u32>,
    /// Metrics by the names of their samples, so that no two write the same line.
    claims: hashbrown::HashMap<Box<str>, u32, foldhash::fast::RandomState>,
    families: Vec<Option<Family>>,
    free_families: Vec<u32>,
    /// What was added up since the last reset.
    values: Vec<f64>,
    /// Values at a reset.
    zeros: Vec<f64>,
    /// Of gauges that keep the newest value: its time.
    stamps: Vec<f64>,
    owners: Vec<Owner>,
    free_cells: Vec<CellId>,
    cache: KeyCache,
    text_bytes: usize,
    counts: Counts,
    conflicts: Vec<Conflict>,
}

/// Whose a cell is, and how many hold it.
#[derive(Debug, Clone, Copy)]
struct Owner {
    family: u32,
    group: u32,
    holders: u32,
    /// Changes when the cell is given to another series, so that a cached key is known to be old.
    epoch: u32,
    rule: Rule,
}

/// How a value is added to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Sum,
    Min,
    Max,
    MostRecent,
    Set,
}

impl Rule {
    const fn of(kind: FileKind) -> Self {
        match kind {
            FileKind::Gauge(GaugeMode::Min | GaugeMode::LiveMin) => Self::Min,
            FileKind::Gauge(GaugeMode::Max | GaugeMode::LiveMax) => Self::Max,
            FileKind::Gauge(GaugeMode::MostRecent | GaugeMode::LiveMostRecent) => Self::MostRecent,
            FileKind::Gauge(GaugeMode::All | GaugeMode::LiveAll) => Self::Set,
            _ => Self::Sum,
        }
    }

    /// What a cell holds before anything was added.
    const fn zero(self) -> f64 {
        match self {
            Self::Min | Self::Max => f64::NAN,
            _ => 0.0,
        }
    }
}

impl Table {
    /// A table without series.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            names: BTreeMap::new(),
            claims: hashbrown::HashMap::default(),
            families: Vec::new(),
            free_families: Vec::new(),
            values: Vec::new(),
            zeros: Vec::new(),
            stamps: Vec::new(),
            owners: Vec::new(),
            free_cells: Vec::new(),
            cache: KeyCache::default(),
            text_bytes: 0,
            counts: Counts::default(),
            conflicts: Vec::new(),
        }
    }

    /// Reads the entries that were appended since the last time.
    ///
    /// What the table cannot take (limits, conflicts) is counted and left out.
    ///
    /// # Errors
    /// [`FileError`] where the file makes no sense; what was read before stays.
    pub fn read_file<C: Cells + ?Sized>(
        &mut self,
        cells: &C,
        file: &mut FileEntries,
    ) -> Result<(), FileError> {
        let FileEntries {
            name,
            entries,
            parsed_upto,
        } = file;
        let read = read_entries(cells, *parsed_upto, |offset, key| {
            if let Some(cell) = self.cell_of_key(name, key)? {
                // A header counts in 31 bits, so that every offset has room in 32.
                entries.push((u32::try_from(offset).unwrap_or(0), cell));
            }
            Ok(())
        });
        *parsed_upto = match &read {
            Ok(end) => *end,
            Err(error) => error.offset.max(*parsed_upto),
        };
        read.map(|_| ())
    }

    /// Forgets a file: series that no other holds are gone.
    pub fn remove_file(&mut self, file: FileEntries) {
        for (_, cell) in file.entries {
            self.release(cell);
        }
    }

    /// The cell of a series, made if it is new; held until [`Table::release`].
    ///
    /// `ident` becomes the label `pid` of gauges that keep a sample a process, and is ignored
    /// otherwise.
    ///
    /// # Errors
    /// [`Refusal`], which is counted.
    pub fn intern(
        &mut self,
        kind: FileKind,
        ident: &str,
        key: &Key<'_>,
    ) -> Result<CellId, Refusal> {
        let found = self.intern_key(kind, ident, key);
        match found {
            Ok(cell) => self.owners[cell.index()].holders += 1,
            Err(refusal) => self.count_refusal(refusal),
        }
        found
    }

    /// Gives back what [`Table::intern`] gave; the last one to do so ends the series.
    pub fn release(&mut self, cell: CellId) {
        let Some(owner) = self.owners.get_mut(cell.index()) else {
            return;
        };
        owner.holders = owner.holders.saturating_sub(1);
        if owner.holders == 0 {
            self.remove_cell(cell);
        }
    }

    /// Begins a scrape: nothing is added up yet.
    pub fn reset(&mut self) {
        self.values.copy_from_slice(&self.zeros);
        self.stamps.fill(0.0);
    }

    /// Adds the values of a file as its kind says. Reads doubles and nothing else.
    pub fn add_file<C: Cells + ?Sized>(&mut self, cells: &C, file: &FileEntries) {
        let values = self.values.as_mut_slice();
        let entries = file.entries.iter();
        let entries = entries.map(|&(offset, cell)| (offset as usize, cell.index()));
        match Rule::of(file.name.kind) {
            Rule::Sum => entries.for_each(|(at, cell)| values[cell] += cells.value(at)),
            Rule::Min => entries.for_each(|(at, cell)| add_min(&mut values[cell], cells.value(at))),
            Rule::Max => entries.for_each(|(at, cell)| add_max(&mut values[cell], cells.value(at))),
            Rule::Set => entries.for_each(|(at, cell)| values[cell] = cells.value(at)),
            Rule::MostRecent => entries.for_each(|(at, cell)| {
                let (value, stamp) = cells.stamped(at);
                add_newest(&mut values[cell], &mut self.stamps[cell], value, stamp);
            }),
        }
    }

    /// Adds a value to a cell, as the kind it was interned with says. Gauges that keep the newest
    /// value need [`Table::add_stamped`].
    pub fn add(&mut self, cell: CellId, value: f64) {
        self.add_stamped(cell, value, 0.0);
    }

    /// Adds a value that was set at a time (Unix seconds, above 0); other kinds ignore the time.
    pub fn add_stamped(&mut self, cell: CellId, value: f64, timestamp: f64) {
        let index = cell.index();
        let Some(owner) = self.owners.get(index) else {
            return;
        };
        let sum = &mut self.values[index];
        match owner.rule {
            Rule::Sum => *sum += value,
            Rule::Min => add_min(sum, value),
            Rule::Max => add_max(sum, value),
            Rule::Set => *sum = value,
            Rule::MostRecent => add_newest(sum, &mut self.stamps[index], value, timestamp),
        }
    }

    /// Appends all samples to `out`: metrics by name, their series by labels, histograms' buckets
    /// by bound. Metrics without a sample are left out.
    pub fn encode(&mut self, format: Format, out: &mut Vec<u8>) {
        self.refresh_plans();
        let values = (self.values.as_slice(), self.stamps.as_slice());
        for &index in self.names.values() {
            let Some(family) = &mut self.families[index as usize] else {
                continue;
            };
            match format {
                Format::Text => crate::text::encode(family.plan(), false, values, out),
                Format::OpenMetrics => crate::text::encode(family.plan(), true, values, out),
                Format::Protobuf => crate::protobuf::encode(family.proto_plan(), values, out),
            }
        }
        if format == Format::OpenMetrics {
            out.extend_from_slice(b"# EOF\n");
        }
    }

    /// What the table holds and has seen.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Lines that a scrape writes at most, besides HELP and TYPE.
    pub fn series(&mut self) -> usize {
        self.refresh_plans();
        let families = self.families.iter().flatten();
        families.map(|family| family.plan().lines()).sum()
    }

    /// Disagreements since the last call, at most 64 of them: for the log.
    pub fn take_conflicts(&mut self) -> Vec<Conflict> {
        std::mem::take(&mut self.conflicts)
    }
}

/// NaN counts only if there is nothing else.
fn add_min(sum: &mut f64, value: f64) {
    if value < *sum || sum.is_nan() {
        *sum = value;
    }
}

fn add_max(sum: &mut f64, value: f64) {
    if value > *sum || sum.is_nan() {
        *sum = value;
    }
}

fn add_newest(newest: &mut f64, stamp: &mut f64, value: f64, timestamp: f64) {
    if timestamp > *stamp {
        *newest = value;
        *stamp = timestamp;
    }
}
