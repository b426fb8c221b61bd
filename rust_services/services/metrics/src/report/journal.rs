//! The files of reports: a snapshot, and a journal of what came since.
//!
//! `reports.snapshot` names its journal by a number, `reports.<number>.journal`. A new snapshot begins
//! a new journal; until its rename is on the disk, the old pair stands. A journal that ends in the
//! middle of a record was cut there before anybody was answered: the rest is cut off.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use furrow_rpc::metrics::v1 as proto;

use super::record::Record;
use super::state::{State, Value};
use super::{Limits, Report};

/// Length of a journal at which a snapshot is written.
const LONG_BYTES: u64 = 8 << 20;

/// Largest files that are read.
const MAX_FILE_BYTES: u64 = 256 << 20;

#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    epoch: u64,
    file: File,
    length: u64,
    long_at: u64,
}

impl Journal {
    /// Reads a folder; it is made if it is not there.
    pub(super) fn open(folder: &Path, limits: &Limits) -> io::Result<(Self, State)> {
        std::fs::create_dir_all(folder)?;
        let snapshot = folder.join("reports.snapshot");
        let kept = read(&snapshot)?;
        let found = kept.as_deref().map(|bytes| restored(bytes, limits));
        if matches!(found, Some(None)) {
            set_aside(&snapshot)?;
        }
        let (mut state, epoch) = found.flatten().unwrap_or_default();
        let path = journal_path(folder, epoch);
        let bytes = read(&path)?.unwrap_or_default();
        let mut length = 0;
        // What was taken once stays, also where there was room only because something had vanished.
        let within = Limits {
            producers: limits.producers,
            ..Limits::NONE
        };
        while let Some((record, taken)) = Record::read(&bytes[length..]) {
            if let Record::Taken { at_ms, report } = record
                && let Some(report) = of_message(report)
            {
                let _ = state.take(&report, at_ms, &within);
            }
            length += taken;
        }
        if length < bytes.len() {
            let lost = bytes.len() - length;
            tracing::warn!(
                lost,
                "The journal of reports ends in the middle; the rest is cut off."
            );
            // Kept for whoever wonders: a torn end alone was never answered.
            let mut rest = File::create(path.with_extension("rest"))?;
            rest.write_all(&bytes[length..])?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.set_len(length as u64)?;
        file.sync_all()?;
        sync_folder(folder)?;
        let journal = Self {
            folder: folder.to_owned(),
            epoch,
            file,
            length: length as u64,
            long_at: LONG_BYTES,
        };
        Ok((journal, state))
    }

    /// Appends records; when it returns they are on the disk.
    pub(super) fn append(&mut self, records: &[u8]) -> io::Result<()> {
        self.file.write_all(records)?;
        self.file.sync_data()?;
        self.length += records.len() as u64;
        Ok(())
    }

    pub(super) fn is_long(&self) -> bool {
        self.length > self.long_at
    }

    /// Writes a snapshot of a state that holds all of the journal, and begins a new journal. On an
    /// error before that is in place the old pair goes on.
    pub(super) fn compact(&mut self, state: &State) -> io::Result<()> {
        // If it fails, it is tried again when as much has come anew.
        self.long_at = self.length + LONG_BYTES;
        let epoch = self.epoch + 1;
        let next = journal_path(&self.folder, epoch);
        let file = File::create(&next)?;
        file.sync_all()?;
        drop(file);
        let path = self.folder.join("reports.snapshot");
        let draft = path.with_extension("draft");
        let mut file = File::create(&draft)?;
        file.write_all(&snapshot(state, epoch))?;
        file.sync_all()?;
        let appended = OpenOptions::new().append(true).open(&next)?;
        std::fs::rename(&draft, &path)?;
        // From here on the new pair is what a start reads, whatever comes of making that last.
        let old = journal_path(&self.folder, self.epoch);
        *self = Self {
            folder: self.folder.clone(),
            epoch,
            file: appended,
            length: 0,
            long_at: LONG_BYTES,
        };
        sync_folder(&self.folder)?;
        let _ = std::fs::remove_file(old);
        Ok(())
    }
}

fn journal_path(folder: &Path, epoch: u64) -> PathBuf {
    folder.join(format!("reports.{epoch}.journal"))
}

/// A file's bytes; None where there is none.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Renames a file that makes no sense, so that it can be looked at and is not read again.
fn set_aside(path: &Path) -> io::Result<()> {
    let file = path.display();
    tracing::error!(%file, "A file of the state makes no sense and is set aside.");
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".bad");
    std::fs::rename(path, path.with_file_name(name))
}

/// Makes renames and new files of a folder last.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A report as it was kept; its labels are sorted already.
fn of_message(request: proto::ReportRequest) -> Option<Report> {
    let producer = u128::from_str_radix(&request.producer_id.replace('-', ""), 16).ok()?;
    Some(Report { producer, request })
}

/// A snapshot's state and its journal's number; None unless all of it is whole.
fn restored(mut bytes: &[u8], limits: &Limits) -> Option<(State, u64)> {
    let mut next = || {
        let (record, length) = Record::read(bytes)?;
        bytes = &bytes[length..];
        Some(record)
    };
    let Some(Record::Snapshot { epoch }) = next() else {
        return None;
    };
    let mut state = State::default();
    loop {
        match next()? {
            Record::Producer(producer) => state.remember(producer, limits),
            Record::Held { report } => state.restore(&of_message(report)?).ok()?,
            Record::End => return Some((state, epoch)),
            Record::Snapshot { .. } | Record::Taken { .. } => return None,
        }
    }
}

fn snapshot(state: &State, epoch: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    Record::Snapshot { epoch }.write(&mut bytes);
    for producer in state.producer_records() {
        Record::Producer(producer).write(&mut bytes);
    }
    for (name, family) in &state.families {
        // A record a series: short ones, whatever the family has grown to.
        for (key, value) in &family.series {
            let (program, labels) = &**key;
            let labels = labels.iter().map(|(name, value)| proto::Label {
                name: name.clone(),
                value: value.clone(),
            });
            let mut series = proto::Series {
                labels: labels.collect(),
                ..proto::Series::default()
            };
            let mut producer = 0;
            match value {
                Value::Counter(value) => series.value = *value,
                Value::Gauge {
                    value,
                    producer: owner,
                } => {
                    series.value = *value;
                    producer = *owner;
                }
                Value::Histogram { counts, sum } => {
                    series.bucket_counts.clone_from(counts);
                    series.sum = *sum;
                }
            }
            let family = proto::Family {
                name: name.clone(),
                help: family.help.clone(),
                kind: family.kind.into(),
                bounds: family.bounds.clone(),
                series: vec![series],
            };
            let report = proto::ReportRequest {
                producer_id: format!("{producer:032x}"),
                program: program.clone(),
                families: vec![family],
                ..proto::ReportRequest::default()
            };
            Record::Held { report }.write(&mut bytes);
        }
    }
    Record::End.write(&mut bytes);
    bytes
}
