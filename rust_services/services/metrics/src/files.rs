//! One file of a Python process: mapped, read on where it grew, and watched for what must not happen
//! to it.
//!
//! Of files whose values only grow the values of the last scrape are kept, so that a file that is cut
//! can be told from one that goes on, and nothing that was shown is lost with it.

use std::cell::RefCell;
use std::io;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use furrow_exposition::{Cells, FileEntries, FileError, FileKind, FileName, Table};

use crate::directory::{Directory, Identity};
use crate::mapping::{Mapping, Truncated, Words};
use crate::retired::went_back;

/// Most bytes of a file that are mapped.
pub const MOST_FILE_BYTES: u64 = 256 << 20;

/// Shorter files have no header yet and are empty.
const HEADER_BYTES: u64 = 8;

/// How long a file may have no header: a writer gives it one as soon as it has made it.
const MAKING: Duration = Duration::from_secs(1);

/// What became of a file that cannot go on as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Nothing has its name any more.
    Gone,
    /// Another file has its name.
    Replaced,
    /// It is shorter than it was, or begins anew.
    Cut,
}

impl From<Truncated> for Lost {
    fn from(_: Truncated) -> Self {
        Self::Cut
    }
}

/// Cells whose values are written down as they are read.
struct Noted<'a> {
    words: Words<'a>,
    values: RefCell<&'a mut Vec<f64>>,
}

impl Cells for Noted<'_> {
    fn len(&self) -> usize {
        self.words.len()
    }

    fn used(&self) -> i32 {
        self.words.used()
    }

    fn copy(&self, range: Range<usize>, into: &mut Vec<u8>) {
        self.words.copy(range, into);
    }

    #[inline]
    fn value(&self, offset: usize) -> f64 {
        let value = self.words.value(offset);
        self.values.borrow_mut().push(value);
        value
    }
}

/// A file that is being read.
#[derive(Debug)]
pub struct MetricFile {
    /// Its name.
    pub name: String,
    /// Which file it is.
    pub identity: Identity,
    /// What the table knows of it.
    pub entries: FileEntries,
    /// Its values at the last scrape that succeeded, in the order of the entries; only of files whose
    /// values grow. Entries that came later have none.
    pub seen: Vec<f64>,
    mapping: Option<Mapping>,
    /// Where it stopped making sense, with the header at that time and the file's size: looked at
    /// again when one of them changes.
    stopped: Option<(FileError, i32, usize)>,
    /// Why the system did not give it the last time.
    refused: Option<io::ErrorKind>,
    /// Its bytes from before, where those stand in for it.
    stored: Vec<u8>,
    /// Since when it has had no header.
    short_since: Option<Instant>,
    /// When somebody last wrote to it otherwise than through a mapping, seconds and nanoseconds.
    touched: (i64, i64),
    /// Values of this scrape.
    scratch: Vec<f64>,
}

impl MetricFile {
    /// A file of which nothing was read.
    pub fn new(name: String, parsed: FileName, identity: Identity) -> Self {
        Self {
            name,
            identity,
            entries: FileEntries::new(parsed),
            seen: Vec::new(),
            mapping: None,
            stopped: None,
            refused: None,
            stored: Vec::new(),
            short_since: None,
            touched: (0, 0),
            scratch: Vec::new(),
        }
    }

    /// Bytes that are mapped.
    pub fn mapped_bytes(&self) -> usize {
        self.mapping.as_ref().map_or(0, Mapping::len)
    }

    /// Whether it is not read, or not to its end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some() || self.refused.is_some()
    }

    /// Whether the system does not give it now.
    pub fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Maps the file as long as it is now, if it has a header.
    ///
    /// # Errors
    /// Whatever the system says; `FileTooLarge` beyond [`MOST_FILE_BYTES`]; `NotFound` where the name
    /// is another file's.
    pub fn map(&mut self, directory: &Directory) -> io::Result<()> {
        let (file, is) = directory.open(&self.name)?;
        if Identity::of(&is) != self.identity {
            return Err(io::ErrorKind::NotFound.into());
        }
        if is.len() < HEADER_BYTES {
            self.mapping = None;
            return Ok(());
        }
        if is.len() > MOST_FILE_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let bytes = usize::try_from(is.len()).ok().and_then(NonZeroUsize::new);
        let bytes = bytes.ok_or(io::ErrorKind::FileTooLarge)?;
        self.mapping = Some(Mapping::new(&file, bytes)?);
        Ok(())
    }

    /// Reads entries that were appended. Returns what stops it, the first time that it does.
    ///
    /// # Errors
    /// [`Lost`] when the file is no longer what it was.
    pub fn read_on(
        &mut self,
        directory: &Directory,
        table: &mut Table,
    ) -> Result<Option<Stop>, Lost> {
        if self.mapping.is_none() {
            if !self.entries.is_empty() {
                return Err(Lost::Cut);
            }
            let refused = self.try_map(directory)?;
            if self.mapping.is_none() {
                return Ok(refused.or_else(|| self.stays_short()));
            }
        }
        let Some(mapping) = &self.mapping else {
            return Ok(None);
        };
        let used = mapping.read(|words| words.used())?;
        let used_bytes = usize::try_from(used).unwrap_or(0);
        if used_bytes == self.entries.parsed_upto() {
            return Ok(None);
        }
        let at = (used, mapping.len());
        let is_known = |stopped: &(FileError, i32, usize), at| (stopped.1, stopped.2) == at;
        if used_bytes > mapping.len() {
            let is_as_long = directory
                .find(&self.name)
                .is_some_and(|is| is.len() == at.1 as u64);
            if is_as_long
                && self
                    .stopped
                    .as_ref()
                    .is_some_and(|stopped| is_known(stopped, at))
            {
                return Ok(None);
            }
            if let Some(refused) = self.try_map(directory)? {
                return Ok(Some(refused));
            }
        }
        let Some(mapping) = &self.mapping else {
            return Err(Lost::Cut);
        };
        let at = (used, mapping.len());
        if self
            .stopped
            .as_ref()
            .is_some_and(|stopped| is_known(stopped, at))
        {
            return Ok(None);
        }
        // Entries begin behind the header: less is a file that nobody has written to.
        let is_anew = used_bytes.max(8) < self.entries.parsed_upto();
        if is_anew {
            return Err(Lost::Cut);
        }
        let entries = &mut self.entries;
        let read = mapping.read(|words| table.read_file(&words, entries))?;
        let before = self.stopped.take();
        let Err(error) = read else { return Ok(None) };
        let is_known =
            before.is_some_and(|(known, ..)| known.problem.reason() == error.problem.reason());
        self.stopped = Some((error, at.0, at.1));
        Ok((!is_known).then_some(Stop::File(error)))
    }

    /// Maps the file anew; what the system says is given back the first time that it does.
    fn try_map(&mut self, directory: &Directory) -> Result<Option<Stop>, Lost> {
        match self.map(directory) {
            Ok(()) => {
                self.refused = None;
                Ok(None)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Lost::Gone),
            Err(error) => {
                let before = self.refused.replace(error.kind());
                Ok((before != Some(error.kind())).then_some(Stop::System(error)))
            }
        }
    }

    /// Says so of a file that has had no header for so long that nobody is making it.
    fn stays_short(&mut self) -> Option<Stop> {
        if self.refused.is_some() {
            return None;
        }
        let since = *self.short_since.get_or_insert_with(Instant::now);
        (since.elapsed() >= MAKING).then_some(Stop::Short)
    }

    /// Shows what is known of it from before, as long as the system does not give it. What it knew
    /// itself is given back.
    pub fn stand_in(&mut self, entries: FileEntries, seen: Vec<f64>, stored: &[u8]) -> FileEntries {
        self.mapping = None;
        self.seen = seen;
        self.stored = stored.to_vec();
        std::mem::replace(&mut self.entries, entries)
    }

    /// Reads it no more: what was last seen of it is shown until it can be begun again.
    pub fn freeze(&mut self) {
        self.mapping = None;
    }

    fn add_seen(&self, table: &mut Table) {
        for ((_, cell), value) in self.entries.iter().zip(&self.seen) {
            table.add(cell, *value);
        }
    }

    /// Adds its values to the table.
    ///
    /// # Errors
    /// [`Lost`] when the file is no longer what it was; what was added then is worth nothing.
    pub fn add(&mut self, directory: &Directory, table: &mut Table) -> Result<(), Lost> {
        let Some(mapping) = &self.mapping else {
            self.add_seen(table);
            return Ok(());
        };
        let entries = &self.entries;
        let is_cumulative = entries.name().kind.is_cumulative();
        if is_cumulative {
            let scratch = &mut self.scratch;
            scratch.clear();
            mapping.read(|words| {
                let noted = Noted {
                    words,
                    values: RefCell::new(scratch),
                };
                table.add_file(&noted, entries);
            })?;
        } else {
            mapping.read(|words| table.add_file(&words, entries))?;
        }
        // Looked at after the values: what is short now may have been so when they were read.
        let lost = match directory.find(&self.name) {
            None => Some(Lost::Gone),
            Some(is) if Identity::of(&is) != self.identity => Some(Lost::Replaced),
            Some(is) => {
                let touched = (is.mtime(), is.mtime_nsec());
                let is_touched = std::mem::replace(&mut self.touched, touched) != touched;
                let is_short = is.len() < mapping.len() as u64;
                (is_short || self.went_back(is_touched)).then_some(Lost::Cut)
            }
        };
        // A file without its name is whole, unless it was cut before: these are its last values.
        if !(lost == Some(Lost::Cut) || self.went_back(true)) {
            std::mem::swap(&mut self.seen, &mut self.scratch);
        }
        lost.map_or(Ok(()), Err)
    }

    /// Whether values were lost since the last scrape, so that the file was cut and is long again. Of
    /// sums only if somebody wrote to it otherwise than through a mapping.
    fn went_back(&self, is_touched: bool) -> bool {
        let kind = self.entries.name().kind;
        let mut pairs = self.seen.iter().zip(&self.scratch);
        (is_touched || kind == FileKind::Counter)
            && pairs.any(|(before, now)| went_back(kind, *before, *now))
    }

    /// Its bytes up to where they were read, for the state.
    ///
    /// # Errors
    /// [`Lost::Cut`].
    pub fn bytes(&self, into: &mut Vec<u8>) -> Result<(), Lost> {
        if let Some(mapping) = &self.mapping {
            mapping.read(|words| words.copy(0..self.entries.parsed_upto(), into))?;
        } else {
            into.extend_from_slice(&self.stored);
        }
        Ok(())
    }
}

/// Why a file is not read on.
#[derive(Debug)]
pub enum Stop {
    /// It makes no sense from some place on.
    File(FileError),
    /// It has no header, and nobody gives it one.
    Short,
    /// The system does not give it.
    System(io::Error),
}
