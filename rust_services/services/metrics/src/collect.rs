//! All files as one table: what is new is read, what is gone is kept, and a scrape is added up.

mod reading;
mod state;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use furrow_exposition::{Counts, FileName, Format, Limits, Table, Totals};
use tracing::{info, warn};

use crate::config::MetricsConfig;
use crate::directory::{Directory, Generation, Listing, Look, MOST_FILES};
use crate::files::MetricFile;
use crate::own::Own;
use crate::processes::Processes;
use crate::slots::Slots;
use state::State;

/// Between two readings of the files that nobody asked for.
const IDLE_COLLECT: Duration = Duration::from_secs(5);

/// Between two readings of /proc.
const PROCESSES: Duration = Duration::from_millis(200);

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
        let mut generation = listing.generation;
        if !is_new && let Some(known) = self.generation.take() {
            generation.keep_name(&known);
        }
        self.generation = Some(generation);
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
                if self.files.len() >= MOST_FILES {
                    // Which of too many are listed is the kernel's choice, and may change.
                    self.name_once(&name, "too_many", &"it is not read");
                    continue;
                }
                self.files.push(MetricFile::new(name, parsed, identity));
            } else if known.get(&name) != Some(&identity) {
                self.directory.look_again();
            }
        }
        self.files
            .sort_by(|a, b| a.entries.name().order().cmp(&b.entries.name().order()));
        self.take_up_what_was_left();
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
}
