//! Counters of files that are gone, so that sums over files never go down.
//!
//! When a file vanishes, is replaced or is cut, what it counted is added to sums that stay for the
//! generation. They outlive the service as well, by two files in the state folder:
//!
//! * `retired`: the sums, written before the first scrape that needs them, with the names of the files
//!   that went into them since the last `files`;
//! * `files`: the counting files themselves, up to where they were read, every ten seconds and at the
//!   end. A file that vanished while the service did not run is added from there, unless `retired` says
//!   that it was already.
//!
//! Each `files` has a number, and `retired` names that number with each file: so a file is added
//! exactly once, wherever between the two the service is killed. What cannot be known is what a file
//! counted in the seconds between the last `files` and its end, if both happened to it while nobody
//! looked.

use std::collections::HashMap;
use std::ops::Range;

use furrow_exposition::{
    CellId, Cells, FileEntries, FileKind, FileName, SavedSeries, Table, Totals,
};
use serde::{Deserialize, Serialize};

use crate::directory::{Generation, Identity};
use crate::slots::CpuAccount;

/// Name of the sums in the state folder.
pub const RETIRED: &str = "retired";

/// Name of the counting files in the state folder.
pub const FILES: &str = "files";

/// A file that went into the sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    /// Its name.
    pub name: String,
    /// Which file it was.
    pub identity: Identity,
    /// Number of the last `files` that may hold it as it was before.
    pub epoch: u64,
}

/// The sums as they are stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedRetired {
    /// Whose they are.
    pub generation: Generation,
    /// The sums.
    pub series: Vec<SavedSeries>,
    /// What went into them lately.
    pub folded: Vec<Folded>,
}

/// What is stored of the counting files, before their bytes.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedFiles {
    /// Whose they are.
    pub generation: Generation,
    /// Number of this writing.
    pub epoch: u64,
    /// CPU of slots.
    pub accounts: Vec<CpuAccount>,
    /// The files, in the order of their bytes.
    pub files: Vec<SavedFile>,
}

/// A counting file that is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SavedFile {
    /// Its name.
    pub name: String,
    /// Which file it was.
    pub identity: Identity,
    /// Its bytes.
    pub bytes: usize,
}

impl SavedFiles {
    /// The head of the stored form: its length, then JSON. The bytes of the files follow.
    pub fn head(&self) -> Vec<u8> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let mut head = (json.len() as u64).to_le_bytes().to_vec();
        head.extend(json);
        head
    }

    /// Takes the stored form apart; None where it makes no sense.
    pub fn parse(stored: &[u8]) -> Option<(Self, Vec<&[u8]>)> {
        let (length, rest) = stored.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (json, mut rest) = rest.split_at_checked(length)?;
        let saved: Self = serde_json::from_slice(json).ok()?;
        let mut bytes = Vec::with_capacity(saved.files.len());
        for file in &saved.files {
            let (own, others) = rest.split_at_checked(file.bytes)?;
            bytes.push(own);
            rest = others;
        }
        Some((saved, bytes))
    }
}

/// Values by where they lie, as a file's cells.
struct Replay(Vec<(usize, f64)>);

impl Cells for Replay {
    fn len(&self) -> usize {
        self.0.last().map_or(0, |(offset, _)| offset + 16)
    }

    fn used(&self) -> i32 {
        i32::try_from(self.len()).unwrap_or(i32::MAX)
    }

    fn copy(&self, range: Range<usize>, into: &mut Vec<u8>) {
        // Keys are known by the time a value is folded.
        into.resize(into.len() + range.len(), 0);
    }

    fn value(&self, offset: usize) -> f64 {
        let found = self.0.binary_search_by_key(&offset, |(at, _)| *at);
        found
            .ok()
            .and_then(|index| self.0.get(index))
            .map_or(0.0, |(_, value)| *value)
    }
}

/// Sums of a file's values by cell: two entries may count towards the same.
pub type Sums = HashMap<CellId, f64>;

/// Adds to the sums what a file counted and what no longer counts it: all, or, where the file goes on
/// in another shape, the series that it lost or that began again.
pub fn fold(
    table: &mut Table,
    totals: &mut Totals,
    (old, seen): (&FileEntries, &[f64]),
    goes_on: Option<&Sums>,
) {
    let entries = || old.iter().zip(seen.iter().copied());
    let mut before = Sums::new();
    if goes_on.is_some() {
        for ((_, cell), value) in entries() {
            *before.entry(cell).or_default() += value;
        }
    }
    let counts_on = |cell: &CellId| {
        let now = goes_on.and_then(|now| now.get(cell));
        now.is_some_and(|now| before.get(cell).is_none_or(|before| now >= before))
    };
    let lost = entries().map(|((offset, cell), value)| {
        let value = if counts_on(&cell) { 0.0 } else { value };
        (offset, value)
    });
    let lost = Replay(lost.collect());
    if lost.0.iter().any(|(_, value)| *value != 0.0) {
        table.fold_file(&lost, old, totals);
    }
}

/// Sums of a file's values by cell.
pub fn sums(entries: &FileEntries, values: &[f64]) -> Sums {
    let mut sums = Sums::new();
    for ((_, cell), value) in entries.iter().zip(values) {
        *sums.entry(cell).or_default() += value;
    }
    sums
}

/// Whether a value shows that its file was cut meanwhile. Counters never go down; a sum of what was
/// observed may, and is only suspected where it is zero.
pub fn went_back(kind: FileKind, before: f64, now: f64) -> bool {
    match kind {
        FileKind::Counter => now < before,
        FileKind::Gauge(_) => false,
        _ => now == 0.0 && before != 0.0,
    }
}

/// A stored file, read as if it were there.
pub fn read_stored(table: &mut Table, name: FileName, bytes: &[u8]) -> (FileEntries, Vec<f64>) {
    let mut entries = FileEntries::new(name);
    // What makes no sense made none when it was stored.
    let _ = table.read_file(bytes, &mut entries);
    let values = entries
        .iter()
        .map(|(offset, _)| bytes.value(offset))
        .collect();
    (entries, values)
}

#[cfg(test)]
mod tests {
    use furrow_exposition::entries::file_bytes;
    use furrow_exposition::{Format, Limits};

    use super::*;

    fn file(values: &[(&str, f64)]) -> Vec<u8> {
        let keys: Vec<String> = values
            .iter()
            .map(|(label, _)| format!(r#"["hits", "hits_total", {{"at": "{label}"}}, "Hits"]"#))
            .collect();
        file_bytes(
            keys.iter()
                .zip(values)
                .map(|(key, (_, value))| (key.as_bytes(), *value, 0.0)),
        )
    }

    fn name() -> FileName {
        FileName::parse("counter_0.db").expect("a name")
    }

    fn text(table: &mut Table, totals: &Totals) -> Vec<String> {
        table.reset();
        table.add_totals(totals);
        let mut out = Vec::new();
        table.encode(Format::Text, &mut out);
        let text = String::from_utf8(out).expect("text");
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn a_file_that_is_gone_counts_on_in_full() {
        let mut table = Table::new(Limits::default());
        let mut totals = Totals::default();
        let (entries, values) = read_stored(&mut table, name(), &file(&[("a", 3.0), ("b", 4.0)]));

        fold(&mut table, &mut totals, (&entries, &values), None);
        table.remove_file(entries);

        let lines = text(&mut table, &totals);
        assert_eq!(
            lines,
            ["hits_total{at=\"a\"} 3.0", "hits_total{at=\"b\"} 4.0"]
        );
    }

    #[test]
    fn of_a_file_that_was_cut_only_what_it_lost_is_kept_apart() {
        let mut table = Table::new(Limits::default());
        let mut totals = Totals::default();
        let old = file(&[("on", 3.0), ("anew", 4.0), ("lost", 5.0)]);
        let (old, seen) = read_stored(&mut table, name(), &old);
        let new = file(&[("on", 3.0), ("anew", 1.0)]);
        let (new, now) = read_stored(&mut table, name(), &new);

        let goes_on = sums(&new, &now);
        fold(&mut table, &mut totals, (&old, &seen), Some(&goes_on));

        let lines = text(&mut table, &totals);
        assert_eq!(
            lines,
            [
                "hits_total{at=\"anew\"} 4.0",
                "hits_total{at=\"lost\"} 5.0",
                "hits_total{at=\"on\"} 0.0"
            ]
        );
    }

    #[test]
    fn stored_files_are_taken_apart_and_whatever_is_cut_is_nothing() {
        let identity = Identity {
            inode: 2,
            born_ns: 3,
        };
        let saved = SavedFiles {
            generation: Generation {
                name: None,
                device: 1,
                inode: 1,
            },
            epoch: 7,
            accounts: Vec::new(),
            files: vec![SavedFile {
                name: "counter_0.db".to_owned(),
                identity,
                bytes: 4,
            }],
        };
        let mut stored = saved.head();
        stored.extend(b"four");

        let (found, bytes) = SavedFiles::parse(&stored).expect("sound");
        assert_eq!((found.epoch, bytes), (7, vec![b"four".as_slice()]));
        for end in 0..stored.len() {
            assert!(SavedFiles::parse(&stored[..end]).is_none(), "{end}");
        }
    }
}
