//! What files counted that are gone: sums that can be kept.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::family::Role;
use super::{CellId, FileEntries, LabelText, Table};
use crate::cells::Cells;
use crate::file_name::FileKind;
use crate::key::Key;
use crate::number::write_number;

/// Sums by cell, which are held for as long as this is: given back by [`Table::release_totals`].
#[derive(Debug, Default)]
pub struct Totals {
    sums: HashMap<CellId, f64, foldhash::fast::RandomState>,
}

impl Totals {
    /// Cells with a sum.
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Whether nothing was summed.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }
}

/// A sum with the name of what it counts, to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSeries {
    /// Counter, summary or histogram.
    pub kind: FileKind,
    /// What it counts.
    pub key: Key<'static>,
    /// The bits of the double: JSON has no name for some of them.
    pub bits: u64,
}

impl SavedSeries {
    /// The sum.
    pub const fn value(&self) -> f64 {
        f64::from_bits(self.bits)
    }
}

impl Table {
    /// Adds the values of a file that is going away to sums that stay. Gauges do not stay.
    pub fn fold_file<C: Cells + ?Sized>(
        &mut self,
        cells: &C,
        file: &FileEntries,
        totals: &mut Totals,
    ) {
        if !file.name.kind.is_cumulative() {
            return;
        }
        for &(offset, cell) in &file.entries {
            self.add_total(totals, cell, cells.value(offset as usize));
        }
    }

    /// Adds the sums to the scrape that is being made.
    pub fn add_totals(&mut self, totals: &Totals) {
        for (&cell, &sum) in &totals.sums {
            self.add(cell, sum);
        }
    }

    /// The sums with their names, by name and labels.
    pub fn saved_totals(&self, totals: &Totals) -> Vec<SavedSeries> {
        let named = |(&cell, &sum): (&CellId, &f64)| {
            let (kind, key) = self.key_of(cell)?;
            let bits = f64::to_bits(sum);
            Some(SavedSeries { kind, key, bits })
        };
        let mut saved: Vec<SavedSeries> = totals.sums.iter().filter_map(named).collect();
        saved.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        saved
    }

    /// Adds sums that were stored. What the table does not take is counted as any other entry.
    pub fn restore_totals<'a>(
        &mut self,
        saved: impl IntoIterator<Item = &'a SavedSeries>,
        totals: &mut Totals,
    ) {
        for series in saved {
            if !series.kind.is_cumulative() {
                continue;
            }
            if let Ok(cell) = self.intern(series.kind, "", &series.key) {
                self.add_total(totals, cell, series.value());
                self.release(cell);
            }
        }
    }

    /// Forgets sums: series that no file holds are gone.
    pub fn release_totals(&mut self, totals: Totals) {
        for cell in totals.sums.into_keys() {
            self.release(cell);
        }
    }

    fn add_total(&mut self, totals: &mut Totals, cell: CellId, value: f64) {
        let owner = &mut self.owners[cell.index()];
        let sum = totals.sums.entry(cell).or_insert_with(|| {
            owner.holders += 1;
            0.0
        });
        *sum += value;
    }

    /// Kind and key of a cell, without what the table itself adds (`pid`).
    fn key_of(&self, cell: CellId) -> Option<(FileKind, Key<'static>)> {
        let owner = self.owners.get(cell.index())?;
        let family = self.families.get(owner.family as usize)?.as_ref()?;
        let labels = LabelText(family.labels(owner.group)).iter();
        let mut labels: Vec<_> = labels
            .map(|(name, value)| (name.to_owned().into(), value.into_owned().into()))
            .collect();
        if let Some(Role::Bucket(bound)) = family.role(owner.group, cell) {
            let mut text = Vec::new();
            write_number(bound, &mut text);
            let text = String::from_utf8_lossy(&text).into_owned();
            labels.push(("le".into(), text.into()));
        }
        let key = Key {
            family: family.name.to_string().into(),
            sample: family.sample_name(owner.group, cell).into(),
            labels,
            help: family.help.to_string().into(),
        };
        Some((family.kind, key))
    }
}
