//! What outlives the service: written while it runs, taken up when the folder is seen again.

use std::fmt;
use std::io;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use furrow_exposition::FileName;
use tracing::{info, warn};

use super::Collector;
use crate::own::Own;
use crate::persist::StateFolder;
use crate::retired::{
    FILES, Folded, RETIRED, SavedFile, SavedFiles, SavedRetired, fold, read_stored, sums, went_back,
};

/// Between two writings of the counting files.
const SNAPSHOT: Duration = Duration::from_secs(10);

/// Between two tries to write the sums where that fails: making their form costs as much as a scrape.
const RETRY: Duration = Duration::from_secs(1);

/// Bytes a second that writing them takes of the disk at most: many series are written less often.
const SNAPSHOT_BYTES_PER_S: usize = 2 << 20;

/// Bytes of counting files that are written; the rest is left out.
const MOST_SNAPSHOT_BYTES: usize = 256 << 20;

/// What is kept in the state folder, and how far that is.
#[derive(Debug)]
pub(super) struct State {
    folder: StateFolder,
    pub(super) folded: Vec<Folded>,
    /// Whether `folded` or the sums have something that is not written.
    pub(super) is_unsaved: bool,
    /// When it is tried again, after it failed.
    retry_at: Option<Instant>,
    /// What a life before this one left, until the folder is seen.
    left: Left,
    /// Number of the last `files` that was begun, and of the last that was written.
    pub(super) epoch: u64,
    written_epoch: u64,
    pub(super) due: Option<Instant>,
    pub(super) written_at: Instant,
    writing: Option<(u64, JoinHandle<io::Result<()>>)>,
    has_complained: bool,
}

#[derive(Debug, Default)]
struct Left {
    retired: Option<SavedRetired>,
    files: Option<Vec<u8>>,
    /// Whether `files` is what the state folder holds.
    is_written: bool,
}

impl Collector {
    /// The folder is gone. What was counted is taken from the table, so that nothing is shown, and
    /// put by as if the service had ended: the folder may come again.
    pub(super) fn put_by(&mut self) {
        let stored = self.stored_files();
        if let (Some(state), Some(generation)) = (&mut self.state, &self.generation)
            && let Some((_, parts)) = stored
        {
            let retired = SavedRetired {
                generation: generation.clone(),
                series: self.table.saved_totals(&self.totals),
                folded: state.folded.clone(),
            };
            state.left = Left {
                retired: Some(retired),
                files: Some(parts.concat()),
                is_written: false,
            };
            self.forget();
            self.generation = None;
        }
    }

    pub(super) fn open_state(&self, path: &Path) -> State {
        let folder = StateFolder::new(path);
        let mut left = Left::default();
        match folder.read(RETIRED) {
            Ok(Some(bytes)) => match serde_json::from_slice(&bytes) {
                Ok(retired) => left.retired = Some(retired),
                Err(error) => {
                    folder.set_aside(RETIRED);
                    self.unusable(RETIRED, &error);
                }
            },
            Ok(None) => {}
            Err(error) => self.unusable(RETIRED, &error),
        }
        match folder.read(FILES) {
            Ok(files) => (left.files, left.is_written) = (files, true),
            Err(error) => self.unusable(FILES, &error),
        }
        State {
            folder,
            folded: Vec::new(),
            is_unsaved: false,
            retry_at: None,
            left,
            epoch: 0,
            written_epoch: 0,
            due: None,
            written_at: Instant::now(),
            writing: None,
            has_complained: false,
        }
    }

    fn unusable(&self, name: &str, error: &dyn fmt::Display) {
        warn!(name, %error, "What was kept of earlier cannot be used.");
        self.own.snapshot_failures.inc();
    }

    /// When the folder is seen first or again: what an earlier life of the service kept, or what was
    /// put by, is added if it is of this generation.
    pub(super) fn take_up_what_was_left(&mut self) {
        let (Some(state), Some(generation)) = (&mut self.state, &self.generation) else {
            return;
        };
        let Left {
            retired,
            files,
            is_written,
        } = std::mem::take(&mut state.left);
        if retired.is_none() && files.is_none() {
            return;
        }
        let generation = generation.clone();
        let mut named = generation.clone();
        let mut is_other = false;
        let mut folded = Vec::new();
        if let Some(retired) = retired {
            if retired.generation.is_same(&generation) {
                named.keep_name(&retired.generation);
                self.table.restore_totals(&retired.series, &mut self.totals);
                folded = retired.folded;
            } else {
                is_other = true;
            }
        }
        let stored = files.as_deref().map(SavedFiles::parse);
        match stored {
            None => {}
            Some(None) => {
                state.folder.set_aside(FILES);
                self.unusable(FILES, &"it makes no sense");
            }
            Some(Some((saved, bytes))) if saved.generation.is_same(&generation) => {
                named.keep_name(&saved.generation);
                state.epoch = state.epoch.max(saved.epoch);
                if is_written {
                    state.written_epoch = saved.epoch;
                }
                state.folded.clone_from(&folded);
                self.slots.restore(saved.accounts);
                self.take_up_files(saved.epoch, &saved.files, &bytes, &folded);
            }
            Some(Some(_)) => is_other = true,
        }
        self.generation = Some(named);
        if is_other {
            info!("A new generation began meanwhile; counters start again.");
            self.own.resets.inc();
        }
        if let Some(state) = &mut self.state {
            // The numbers go on, whatever could be read: no old `folded` may fit a new `files`.
            let last = folded.iter().map(|folded| folded.epoch).max().unwrap_or(0);
            state.epoch = state.epoch.max(last);
            state.is_unsaved |= is_other;
        }
    }

    fn take_up_files(
        &mut self,
        epoch: u64,
        saved: &[SavedFile],
        bytes: &[&[u8]],
        folded: &[Folded],
    ) {
        for (file, bytes) in saved.iter().zip(bytes) {
            let was_folded = folded.iter().any(|folded| {
                folded.name == file.name
                    && folded.identity == file.identity
                    && folded.epoch >= epoch
            });
            let Some(name) = FileName::parse(&file.name) else {
                continue;
            };
            if was_folded {
                continue;
            }
            let kind = name.kind;
            let (entries, values) = read_stored(&mut self.table, name, bytes);
            let live = self
                .files
                .iter_mut()
                .find(|live| live.name == file.name && live.identity == file.identity);
            let mut goes_on = None;
            if let Some(live) = live {
                // What cannot be read of it is lost to it.
                let _ = live.read_on(&self.directory, &mut self.table);
                if live.is_refused() {
                    let none = live.stand_in(entries, values, bytes);
                    self.table.remove_file(none);
                    continue;
                }
                let _ = live.add(&self.directory, &mut self.table);
                goes_on = Some(sums(&live.entries, &live.seen));
            }
            let before = sums(&entries, &values);
            let is_whole = goes_on.as_ref().is_some_and(|now| {
                before.iter().all(|(cell, before)| {
                    now.get(cell)
                        .is_some_and(|now| !went_back(kind, *before, *now))
                })
            });
            if !is_whole {
                let old = (&entries, values.as_slice());
                fold(&mut self.table, &mut self.totals, old, goes_on.as_ref());
                self.own.retired_files.inc();
                if let Some(state) = &mut self.state {
                    state.folded.push(Folded {
                        name: file.name.clone(),
                        identity: file.identity,
                        epoch,
                    });
                    state.is_unsaved = true;
                }
            }
            self.table.remove_file(entries);
        }
    }

    /// Writes the sums if there is something new, before anybody sees it.
    pub(super) fn write_retired(&mut self) {
        let (Some(state), Some(generation)) = (&mut self.state, &self.generation) else {
            return;
        };
        if !state.is_unsaved || state.retry_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        // What is in a later `files` than the one it was folded from is not in there any more.
        let written = state.written_epoch;
        state.folded.retain(|folded| folded.epoch >= written);
        let saved = SavedRetired {
            generation: generation.clone(),
            series: self.table.saved_totals(&self.totals),
            folded: state.folded.clone(),
        };
        let json = serde_json::to_vec(&saved).map_err(io::Error::from);
        let written = json.and_then(|json| state.folder.write(RETIRED, &[&json]));
        state.is_unsaved = written.is_err();
        state.retry_at = written.is_err().then(|| Instant::now() + RETRY);
        state.wrote(&self.own, written);
    }

    /// Begins to write the counting files if it is time, on a thread of its own.
    pub(super) fn snapshot(&mut self, now: Instant) {
        let Some(state) = &mut self.state else { return };
        state.finish_writing(&self.own, false);
        if state.writing.is_some() || state.due.is_some_and(|due| now < due) {
            return;
        }
        let Some((epoch, parts)) = self.stored_files() else {
            return;
        };
        let Some(state) = &mut self.state else { return };
        let bytes: usize = parts.iter().map(Vec::len).sum();
        let seconds = (bytes / SNAPSHOT_BYTES_PER_S) as u64;
        state.due = Some(now + SNAPSHOT.max(Duration::from_secs(seconds)));
        let folder = state.folder.clone();
        let written = std::thread::Builder::new()
            .name("snapshot".to_owned())
            .spawn(move || write_files(&folder, &parts));
        match written {
            Ok(writing) => state.writing = Some((epoch, writing)),
            Err(error) => state.wrote(&self.own, Err(error)),
        }
    }

    /// The counting files as they are stored, and their number.
    fn stored_files(&mut self) -> Option<(u64, Vec<Vec<u8>>)> {
        if !self.is_readable() {
            return None;
        }
        let (Some(state), Some(generation)) = (&mut self.state, &self.generation) else {
            return None;
        };
        state.epoch += 1;
        let mut bytes = Vec::new();
        let mut files = Vec::new();
        for file in &self.files {
            if !file.entries.name().kind.is_cumulative() || file.entries.is_empty() {
                continue;
            }
            let start = bytes.len();
            let is_there = file.bytes(&mut bytes).is_ok();
            if !is_there || bytes.len() > MOST_SNAPSHOT_BYTES {
                bytes.truncate(start);
                continue;
            }
            files.push(SavedFile {
                name: file.name.clone(),
                identity: file.identity,
                bytes: bytes.len() - start,
            });
        }
        let saved = SavedFiles {
            generation: generation.clone(),
            epoch: state.epoch,
            accounts: self.slots.accounts().cloned().collect(),
            files,
        };
        Some((state.epoch, vec![saved.head(), bytes]))
    }

    /// Writes everything a last time.
    pub fn stop(&mut self) {
        if let Some(state) = &mut self.state {
            state.retry_at = None;
        }
        self.collect(Instant::now());
        let stored = self.stored_files();
        let Some(state) = &mut self.state else { return };
        state.finish_writing(&self.own, true);
        if let Some((epoch, parts)) = stored {
            let written = write_files(&state.folder, &parts);
            if written.is_ok() {
                state.written_epoch = epoch;
            }
            state.wrote(&self.own, written);
        }
    }
}

fn write_files(folder: &StateFolder, parts: &[Vec<u8>]) -> io::Result<()> {
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    folder.write(FILES, &parts)
}

impl State {
    /// Takes note of a writing that ended; waits for it if told to.
    fn finish_writing(&mut self, own: &Own, wait: bool) {
        let is_over = |(_, writing): &mut (u64, JoinHandle<_>)| wait || writing.is_finished();
        let Some((epoch, writing)) = self.writing.take_if(is_over) else {
            return;
        };
        let written = writing
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("it panicked")));
        if written.is_ok() {
            self.written_epoch = epoch;
        }
        self.wrote(own, written);
    }

    fn wrote(&mut self, own: &Own, written: io::Result<()>) {
        match written {
            Ok(()) => {
                if std::mem::take(&mut self.has_complained) {
                    info!("The state can be written again.");
                }
                self.written_at = Instant::now();
            }
            Err(error) => {
                own.snapshot_failures.inc();
                if !std::mem::replace(&mut self.has_complained, true) {
                    warn!(%error, "The state cannot be written; counters will not outlive the service.");
                }
            }
        }
    }
}
