//! All files as one table: what is new is read, what is gone is kept, and a scrape is added up.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use furrow_exposition::{Counts, FileName, Format, Limits, Table, Totals};
use tracing::{info, warn};

use crate::config::MetricsConfig;
use crate::directory::{Directory, Generation, Listing, Look};
use crate::files::{Lost, MetricFile, Stop};
use crate::own::Own;
use crate::persist::StateFolder;
use crate::processes::Processes;
use crate::retired::{
    FILES, Folded, RETIRED, SavedFile, SavedFiles, SavedRetired, fold, read_stored, sums, went_back,
};
use crate::slots::Slots;

/// Between two readings of the files that nobody asked for.
const IDLE_COLLECT: Duration = Duration::from_secs(5);

/// Between two readings of /proc.
const PROCESSES: Duration = Duration::from_millis(200);

/// Between two writings of the counting files.
const SNAPSHOT: Duration = Duration::from_secs(10);

/// Bytes a second that writing them takes of the disk at most: many series are written less often.
const SNAPSHOT_BYTES_PER_S: usize = 2 << 20;

/// Bytes of counting files that are written; the rest is left out.
const MOST_SNAPSHOT_BYTES: usize = 256 << 20;

/// Times that a scrape begins again because a file was lost under it.
const MOST_PASSES: usize = 4;

/// Bad names that are remembered, so that each is named in the log once.
const MOST_NAMED: usize = 1024;

/// Series that come from elsewhere than files.
pub trait Contribution: fmt::Debug + Send {
    /// Adds its values to a scrape that is being made: the table was reset, and is encoded next.
    /// Cells that it interned stay its own until it releases them.
    fn contribute(&mut self, table: &mut Table);
}

/// The files of a folder, and what became of those that are gone.
#[derive(Debug)]
pub struct Collector {
    directory: Directory,
    table: Table,
    /// In the order in which values are added.
    files: Vec<MetricFile>,
    totals: Totals,
    generation: Option<Generation>,
    is_readable: Option<bool>,
    slots: Slots,
    slot_numbers: Vec<u8>,
    processes: Processes,
    processes_at: Option<Instant>,
    roles: HashMap<String, i64>,
    contributions: Vec<Box<dyn Contribution>>,
    state: Option<State>,
    own: Own,
    counts: Counts,
    /// Bad files by name: the reason that was logged.
    named: BTreeMap<String, &'static str>,
    collected_at: Option<Instant>,
}

/// What is kept in the state folder, and how far that is.
#[derive(Debug)]
struct State {
    folder: StateFolder,
    folded: Vec<Folded>,
    /// Whether `folded` or the sums have something that is not written.
    is_unsaved: bool,
    /// What a life before this one left, until the folder is seen.
    left: Left,
    /// Number of the last `files` that was begun, and of the last that was written.
    epoch: u64,
    written_epoch: u64,
    due: Option<Instant>,
    written_at: Instant,
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
    /// Of the configured folder, taking up what is in the state folder.
    pub fn new(config: &MetricsConfig, own: Own) -> Self {
        let mut collector = Self::without_state(&config.folder, config.most_series, own);
        collector.state = Some(collector.open_state(&config.state_folder));
        collector
    }

    /// Of a folder, remembering nothing.
    pub fn without_state(folder: &Path, most_series: usize, own: Own) -> Self {
        let limits = Limits {
            max_cells: most_series,
            ..Limits::default()
        };
        Self {
            directory: Directory::new(folder),
            table: Table::new(limits),
            files: Vec::new(),
            totals: Totals::default(),
            generation: None,
            is_readable: None,
            slots: Slots::new(folder, Path::new("/proc")),
            slot_numbers: Vec::new(),
            processes: Processes::default(),
            processes_at: None,
            roles: HashMap::new(),
            contributions: Vec::new(),
            state: None,
            own,
            counts: Counts::default(),
            named: BTreeMap::new(),
            collected_at: None,
        }
    }

    /// Adds series from elsewhere to every scrape.
    pub fn contribute(&mut self, contribution: Box<dyn Contribution>) {
        self.contributions.push(contribution);
    }

    /// The table; after [`Collector::collect`] it holds a scrape.
    pub fn table(&mut self) -> &mut Table {
        &mut self.table
    }

    /// Whether the folder could be listed the last time.
    pub fn is_readable(&self) -> bool {
        self.is_readable == Some(true)
    }

    /// Writes the scrape that was collected.
    pub fn encode(&mut self, format: Format, out: &mut Vec<u8>) {
        self.table.encode(format, out);
    }

    /// Reads the files, and adds up a scrape.
    pub fn collect(&mut self, now: Instant) {
        self.look(now);
        if self.is_readable() {
            self.read_on();
            self.add_files();
            self.write_retired();
            self.table.add_totals(&self.totals);
            self.look_at_processes(now);
            self.processes.add(&mut self.table);
        } else {
            self.table.reset();
        }
        for contribution in &mut self.contributions {
            contribution.contribute(&mut self.table);
        }
        self.collected_at = Some(now);
        self.show();
    }

    fn look(&mut self, now: Instant) {
        match self.directory.look(now) {
            Look::Same => {}
            Look::Missing(error) => {
                if self.is_readable != Some(false) {
                    let folder = self.directory.path();
                    warn!(folder = %folder.display(), %error, "The folder cannot be listed; nothing is shown of it.");
                    self.own.bad_file("folder");
                    self.put_by();
                }
                self.is_readable = Some(false);
            }
            Look::Listed(listing) => {
                if self.is_readable == Some(false) {
                    let folder = self.directory.path();
                    info!(folder = %folder.display(), "The folder can be listed again.");
                }
                self.is_readable = Some(true);
                self.listed(listing);
            }
        }
    }

    fn listed(&mut self, listing: Listing) {
        let is_new = self
            .generation
            .as_ref()
            .is_some_and(|known| !known.is_same(&listing.generation));
        if is_new {
            self.begin_anew();
        }
        self.generation = Some(listing.generation);
        self.slot_numbers = listing.slots;
        for (name, reason) in listing.ignored {
            self.name_once(&name, reason, &"it is not read");
        }
        let known: HashMap<String, _> = self
            .files
            .iter()
            .map(|file| (file.name.clone(), file.identity))
            .collect();
        for (name, identity) in listing.files {
            let Some(parsed) = FileName::parse(&name) else {
                self.name_once(&name, "foreign", &"it is not read");
                continue;
            };
            // One that took another's name is taken up when the other was given up.
            if !known.contains_key(&name) {
                self.files.push(MetricFile::new(name, parsed, identity));
            } else if known.get(&name) != Some(&identity) {
                self.directory.look_again();
            }
        }
        self.files
            .sort_by(|a, b| a.entries.name().order().cmp(&b.entries.name().order()));
        self.take_up_what_was_left();
    }

    /// The folder is gone. What was counted is taken from the table, so that nothing is shown, and
    /// put by as if the service had ended: the folder may come again.
    fn put_by(&mut self) {
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

    /// Takes everything from the table that was read.
    fn forget(&mut self) {
        for file in std::mem::take(&mut self.files) {
            self.table.remove_file(file.entries);
        }
        let totals = std::mem::take(&mut self.totals);
        self.table.release_totals(totals);
        self.slots.reset();
        self.processes.release(&mut self.table);
        self.processes_at = None;
    }

    /// Another generation: nothing of the old one counts.
    fn begin_anew(&mut self) {
        info!("A new generation began; counters start again.");
        self.forget();
        self.own.resets.inc();
        if let Some(state) = &mut self.state {
            state.folded.clear();
            state.is_unsaved = true;
            state.due = None;
        }
    }

    /// Reads what was appended to files.
    fn read_on(&mut self) {
        for mut file in std::mem::take(&mut self.files) {
            match file.read_on(&self.directory, &mut self.table) {
                Ok(stop) => {
                    self.name_stop(&file.name, stop);
                    self.files.push(file);
                }
                Err(lost) => self.lose(file, lost),
            }
        }
        let before = std::mem::replace(&mut self.counts, self.table.counts());
        self.own.counted(&before, &self.counts);
        for conflict in self.table.take_conflicts() {
            let what = conflict.what.as_str();
            warn!(
                metric = conflict.family,
                what, "The writers of a metric disagree; the first counts."
            );
        }
    }

    /// Adds all files up; where one was lost meanwhile, again from the start.
    fn add_files(&mut self) {
        // After a few passes files are no longer begun again, so that each pass has fewer to lose.
        for pass in 0..MOST_PASSES + self.files.len() {
            self.table.reset();
            let mut lost = Vec::new();
            for (index, file) in self.files.iter_mut().enumerate() {
                if let Err(how) = file.add(&self.directory, &mut self.table) {
                    lost.push((index, how));
                }
            }
            if lost.is_empty() {
                return;
            }
            if pass >= MOST_PASSES {
                for (index, _) in lost {
                    self.files[index].freeze();
                }
                continue;
            }
            // From the back, so that the numbers of the others stay right.
            let lost: Vec<_> = lost
                .into_iter()
                .rev()
                .map(|(index, how)| (self.files.remove(index), how))
                .collect();
            for (file, how) in lost {
                self.lose(file, how);
            }
            self.files
                .sort_by(|a, b| a.entries.name().order().cmp(&b.entries.name().order()));
        }
    }

    /// Keeps what a file counted that cannot go on as it was.
    fn lose(&mut self, mut file: MetricFile, mut how: Lost) {
        let is_cumulative = file.entries.name().kind.is_cumulative();
        let mut goes_on = None;
        if how == Lost::Cut {
            let again = MetricFile::new(
                file.name.clone(),
                file.entries.name().clone(),
                file.identity,
            );
            match self.begin_again(again) {
                Ok(again) => {
                    goes_on = Some(sums(&again.entries, &again.seen));
                    self.name_once(
                        &file.name,
                        "truncated",
                        &"it was cut; what it counted stays",
                    );
                    self.files.push(again);
                }
                Err(failed) => {
                    let (again, then) = *failed;
                    self.table.remove_file(again.entries);
                    if then == Lost::Cut {
                        // It changes as fast as it is read; the next scrape tries again.
                        file.freeze();
                        self.files.push(file);
                        return;
                    }
                    how = then;
                }
            }
        }
        if how != Lost::Cut {
            self.named.remove(&file.name);
            self.directory.look_again();
        }
        if is_cumulative && !file.entries.is_empty() {
            let old = (&file.entries, file.seen.as_slice());
            fold(&mut self.table, &mut self.totals, old, goes_on.as_ref());
            self.own.retired_files.inc();
            if let Some(state) = &mut self.state {
                state.folded.push(Folded {
                    name: file.name,
                    identity: file.identity,
                    epoch: state.epoch,
                });
                state.is_unsaved = true;
            }
        }
        self.table.remove_file(file.entries);
    }

    /// Reads a file that was cut from its start. Its values are in `seen` afterwards; what it adds to
    /// the scrape is worth nothing, which begins again.
    fn begin_again(
        &mut self,
        mut again: MetricFile,
    ) -> Result<MetricFile, Box<(MetricFile, Lost)>> {
        let read = again.read_on(&self.directory, &mut self.table);
        let read = read.and_then(|stop| {
            again.add(&self.directory, &mut self.table)?;
            Ok(stop)
        });
        match read {
            Ok(stop) => {
                self.name_stop(&again.name, stop);
                Ok(again)
            }
            Err(then) => Err(Box::new((again, then))),
        }
    }

    fn name_stop(&mut self, name: &str, stop: Option<Stop>) {
        match stop {
            None => {}
            Some(Stop::File(error)) => {
                let reason = error.problem.reason();
                self.name_once(name, reason, &error);
            }
            Some(Stop::System(error)) => {
                let reason = match error.kind() {
                    io::ErrorKind::FileTooLarge => "too_large",
                    _ => "unreadable",
                };
                self.name_once(name, reason, &error);
            }
        }
    }

    /// Counts a bad file, and names it in the log the first time.
    fn name_once(&mut self, name: &str, reason: &'static str, error: &dyn fmt::Display) {
        if self.named.get(name) == Some(&reason) {
            return;
        }
        if self.named.len() < MOST_NAMED {
            self.named.insert(name.to_owned(), reason);
            let name: String = name.chars().take(128).collect();
            warn!(name, reason, %error, "A file of the folder is left out, or a part of it.");
        } else if self.named.contains_key(name) {
            self.named.insert(name.to_owned(), reason);
        } else {
            // So many are bad that they are no longer told apart.
            return;
        }
        self.own.bad_file(reason);
    }

    fn look_at_processes(&mut self, now: Instant) {
        let is_fresh = |at: Instant| now.saturating_duration_since(at) < PROCESSES;
        if self.processes_at.is_some_and(is_fresh) {
            return;
        }
        self.processes_at = Some(now);
        let holders = self.slots.holders(&self.slot_numbers);
        self.own.held(&holders, &mut self.roles);
        self.processes
            .update(&mut self.table, &holders, self.slots.accounts());
    }

    fn show(&mut self) {
        let own = &self.own;
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let files = if self.is_readable() {
            self.files.len()
        } else {
            0
        };
        own.folder_readable.set(i64::from(self.is_readable()));
        own.files.set(count(files));
        own.mapped_bytes
            .set(count(self.files.iter().map(MetricFile::mapped_bytes).sum()));
        let quarantined = self.files.iter().filter(|file| file.is_stopped()).count();
        own.quarantined.set(count(quarantined));
        own.series.set(count(self.table.series()));
    }
}

/// What outlives the service.
impl Collector {
    fn open_state(&self, path: &Path) -> State {
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
    fn take_up_what_was_left(&mut self) {
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
        let mut is_other = false;
        let mut folded = Vec::new();
        if let Some(retired) = retired {
            if retired.generation.is_same(&generation) {
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
            let goes_on = live.map(|live| {
                // What cannot be read now is lost to it; the next scrape looks again.
                let _ = live.read_on(&self.directory, &mut self.table);
                let _ = live.add(&self.directory, &mut self.table);
                sums(&live.entries, &live.seen)
            });
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
    fn write_retired(&mut self) {
        let (Some(state), Some(generation)) = (&mut self.state, &self.generation) else {
            return;
        };
        if !state.is_unsaved {
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
        // If not, it is tried again with the next scrape.
        state.is_unsaved = written.is_err();
        state.wrote(&self.own, written);
    }

    /// What is due between scrapes.
    pub fn tick(&mut self, now: Instant) {
        let is_fresh = |at: Instant| now.saturating_duration_since(at) < IDLE_COLLECT;
        if !self.collected_at.is_some_and(is_fresh) {
            self.collect(now);
        }
        self.snapshot(now);
        if let Some(state) = &self.state {
            let age = state.written_at.elapsed().as_secs_f64();
            self.own.snapshot_age.set(age);
        }
    }

    /// Begins to write the counting files if it is time, on a thread of its own.
    fn snapshot(&mut self, now: Instant) {
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
