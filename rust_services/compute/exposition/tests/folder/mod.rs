//! Files in memory, and what a table makes of them.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeMap;

use furrow_exposition::entries::file_bytes;
use furrow_exposition::{FileEntries, FileError, FileName, Format, Limits, Table};

/// The key of an entry, as the Python client writes it.
pub fn key(family: &str, sample: &str, labels: &[(&str, &str)], help: &str) -> Vec<u8> {
    let labels: BTreeMap<&str, &str> = labels.iter().copied().collect();
    serde_json::to_vec(&(family, sample, labels, help)).expect("text")
}

/// An entry: key, value, time.
pub type Entry = (Vec<u8>, f64, f64);

/// An entry of a counter or gauge, without help; samples of counters end in `_total`.
pub fn plain(sample: &str, labels: &[(&str, &str)], value: f64) -> Entry {
    let family = sample.strip_suffix("_total").unwrap_or(sample);
    (key(family, sample, labels, "Help."), value, 0.0)
}

/// Entries of a histogram: its sum, and counts by bound that do not add up yet.
pub fn histogram(
    name: &str,
    labels: &[(&str, &str)],
    sum: f64,
    counts: &[(&str, f64)],
) -> Vec<Entry> {
    let mut entries = vec![(key(name, &format!("{name}_sum"), labels, "Help."), sum, 0.0)];
    for &(bound, count) in counts {
        let mut labels = labels.to_vec();
        labels.push(("le", bound));
        entries.push((
            key(name, &format!("{name}_bucket"), &labels, "Help."),
            count,
            0.0,
        ));
    }
    entries
}

/// The bytes of a file with these entries.
pub fn bytes(entries: &[Entry]) -> Vec<u8> {
    file_bytes(
        entries
            .iter()
            .map(|(key, value, time)| (key.as_slice(), *value, *time)),
    )
}

/// A table and the files it knows.
pub struct Folder {
    pub table: Table,
    pub files: Vec<(FileEntries, Vec<u8>)>,
}

impl Folder {
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub fn with_limits(limits: Limits) -> Self {
        Self {
            table: Table::new(limits),
            files: Vec::new(),
        }
    }

    /// A folder with these files, each of which makes sense.
    pub fn of(files: &[(&str, &[Entry])]) -> Self {
        let mut folder = Self::new();
        for (name, entries) in files {
            folder
                .put(name, bytes(entries))
                .expect("a file that makes sense");
        }
        folder
    }

    /// Gives a file new bytes, or adds it.
    pub fn put(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), FileError> {
        let name = FileName::parse(name).expect("a name of the client");
        let known = self.files.iter().position(|(file, _)| *file.name() == name);
        let place = known.unwrap_or_else(|| {
            self.files.push((FileEntries::new(name), Vec::new()));
            self.files.len() - 1
        });
        let (file, old) = &mut self.files[place];
        *old = bytes;
        let read = self.table.read_file(old, file);
        self.files
            .sort_by(|(a, _), (b, _)| a.name().order().cmp(&b.name().order()));
        read
    }

    pub fn remove(&mut self, name: &str) -> Vec<u8> {
        let place = self
            .files
            .iter()
            .position(|(file, _)| file.name().to_string() == name);
        let (file, bytes) = self.files.remove(place.expect("a file of this folder"));
        self.table.remove_file(file);
        bytes
    }

    pub fn add_up(&mut self) {
        self.table.reset();
        for (file, bytes) in &self.files {
            self.table.add_file(bytes, file);
        }
    }

    pub fn scrape(&mut self, format: Format) -> Vec<u8> {
        self.add_up();
        let mut out = Vec::new();
        self.table.encode(format, &mut out);
        out
    }

    pub fn text(&mut self) -> String {
        String::from_utf8(self.scrape(Format::Text)).expect("UTF-8")
    }

    /// Lines of samples.
    pub fn samples(&mut self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    }
}
