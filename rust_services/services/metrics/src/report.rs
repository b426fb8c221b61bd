//! Reports of short-lived programs: taken once, kept before they are answered, shown for ever.
//!
//! ```text
//! take ── queue ── writer: tries a batch on a copy of the state (state)
//!                     │ appends what was taken to the journal, fsync (journal, record)
//!                     ▼
//!                  the copy is the state: shown to scrapes, and the answers go out
//! ```
//!
//! A report that was answered stands in the journal; one that was not may stand there too, and its
//! repetition is known by its sequence. So nothing is lost and nothing is counted twice, whenever the
//! process ends.

mod contribution;
mod journal;
mod record;
mod state;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use furrow_rpc::metrics::v1 as proto;
use tokio::sync::oneshot;

use crate::status::MetricsError;
pub use contribution::Pushed;
use journal::Journal;
use record::Record;
pub use state::{Family, Labels, State, Value};

/// Reports that wait to be kept.
const QUEUE: usize = 256;

/// Reports that are kept by one fsync.
const BATCH: usize = 64;

/// What may be remembered.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Programs with series.
    pub programs: usize,
    /// Series of a program, as lines of a scrape: a histogram takes one a bucket, and two.
    pub program_lines: usize,
    /// The same of all programs.
    pub lines: usize,
    /// Families.
    pub families: usize,
    /// Producers; beyond them the oldest is forgotten, and a repetition of its last report is no
    /// longer known as one.
    pub producers: usize,
}

impl Limits {
    /// For what was within the limits when it was taken.
    const NONE: Self = Self {
        programs: usize::MAX,
        program_lines: usize::MAX,
        lines: usize::MAX,
        families: usize::MAX,
        producers: usize::MAX,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            programs: 100,
            program_lines: 10_000,
            lines: 50_000,
            families: 2_000,
            producers: 10_000,
        }
    }
}

/// A report within the contract; the labels of its series are sorted.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its producer's UUID.
    pub(crate) producer: u128,
    /// All of it.
    pub(crate) request: proto::ReportRequest,
}

/// What became of a report.
type Answer = Result<proto::ReportResponse, MetricsError>;

type Waiting = (Report, oneshot::Sender<Answer>);

/// All that programs reported. The state is read from its folder by the first report or the first
/// scrape; a folder that cannot be written refuses reports and hinders nothing else.
#[derive(Debug)]
pub struct Reports {
    queue: Option<SyncSender<Waiting>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    shown: Arc<RwLock<Shown>>,
}

#[derive(Debug, Default, Clone)]
struct Shown {
    state: Arc<State>,
    version: u64,
}

impl Reports {
    /// Reads what was kept in a folder, and takes reports from now on.
    pub fn open(folder: PathBuf, limits: Limits) -> Self {
        let (queue, waiting) = sync_channel(QUEUE);
        let shown = Arc::new(RwLock::new(Shown::default()));
        let mut writer = Writer {
            folder,
            limits,
            journal: None,
            state: State::default(),
            shown: Arc::clone(&shown),
        };
        if let Err(error) = writer.ready() {
            tracing::warn!(%error, "Reports cannot be kept.");
        }
        let thread = std::thread::Builder::new()
            .name("reports".to_owned())
            .spawn(move || writer.run(&waiting))
            .expect("the system gives a thread to a service that starts");
        Self {
            queue: Some(queue),
            writer: Mutex::new(Some(thread)),
            shown,
        }
    }

    /// Takes a report; answers when it is kept.
    ///
    /// # Errors
    /// [`MetricsError`] where nothing of it is taken.
    pub(crate) async fn take(&self, report: Report) -> Answer {
        let (sender, answer) = oneshot::channel();
        let gone = || MetricsError::Unkept("the writer has ended".to_owned());
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue
            .try_send((report, sender))
            .map_err(|error| match error {
                TrySendError::Full(_) => MetricsError::Busy,
                TrySendError::Disconnected(_) => gone(),
            })?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// What is shown, and a number that changes when it does. Gauges that have vanished are still in
    /// it; [`State::is_alive`] tells.
    pub fn shown(&self) -> (Arc<State>, u64) {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&shown.state), shown.version)
    }
}

impl Drop for Reports {
    /// Waits until what was taken is kept.
    fn drop(&mut self) {
        self.queue = None;
        let writer = self
            .writer
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = writer.take() {
            let _ = writer.join();
        }
    }
}

struct Writer {
    folder: PathBuf,
    limits: Limits,
    /// None until the folder could be read.
    journal: Option<Journal>,
    state: State,
    shown: Arc<RwLock<Shown>>,
}

impl Writer {
    /// Reads the folder if that was not done yet.
    fn ready(&mut self) -> Result<(), String> {
        if self.journal.is_none() {
            let opened = Journal::open(&self.folder, &self.limits);
            let (journal, state) = opened.map_err(|error| error.to_string())?;
            self.journal = Some(journal);
            self.show(state);
        }
        Ok(())
    }

    fn run(mut self, waiting: &Receiver<Waiting>) {
        while let Ok(first) = waiting.recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = waiting.try_recv()
            {
                batch.push(next);
            }
            self.take(batch);
        }
    }

    /// Tries reports in the order of coming on a copy, and keeps what was taken with one fsync.
    fn take(&mut self, batch: Vec<Waiting>) {
        let now_ms = now_ms();
        let readied = self.ready();
        let mut next = self.state.clone();
        let mut bytes = Vec::new();
        let mut answers = Vec::new();
        for (report, sender) in batch {
            let taken = match &readied {
                Err(reason) => Err(MetricsError::Unkept(reason.clone())),
                Ok(()) => next.take(&report, now_ms, &self.limits),
            };
            let answer = taken.map(|outcome| {
                if let Some(report) = outcome.kept {
                    let at_ms = now_ms;
                    Record::Taken { at_ms, report }.write(&mut bytes);
                }
                answer_of(outcome.is_repetition, outcome.refused)
            });
            answers.push((sender, answer));
        }
        let kept = match &mut self.journal {
            Some(journal) if !bytes.is_empty() => journal.append(&bytes),
            _ => Ok(()),
        };
        match &kept {
            Ok(()) if !bytes.is_empty() => self.show(next),
            Ok(()) => {}
            // What of it stands in the file is cut off when the folder is read again.
            Err(_) => self.journal = None,
        }
        for (sender, answer) in answers {
            let answer = match &kept {
                Err(error) if answer.is_ok() => Err(MetricsError::Unkept(error.to_string())),
                _ => answer,
            };
            // Who does not wait any more asks again, with the same sequence.
            let _ = sender.send(answer);
        }
        self.compact(now_ms);
    }

    fn show(&mut self, state: State) {
        self.state = state;
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        shown.state = Arc::new(self.state.clone());
        shown.version += 1;
    }

    /// Writes a snapshot when the journal has grown long.
    fn compact(&mut self, now_ms: u64) {
        let Some(journal) = self.journal.as_mut().filter(|journal| journal.is_long()) else {
            return;
        };
        let mut state = self.state.clone();
        state.drop_vanished(now_ms);
        match journal.compact(&state) {
            Ok(()) => self.show(state),
            Err(error) => tracing::warn!(%error, "No snapshot of reports could be written."),
        }
    }
}

fn answer_of(is_repetition: bool, refused: Vec<(String, String)>) -> proto::ReportResponse {
    let refused = refused
        .into_iter()
        .map(|(name, reason)| proto::RefusedFamily {
            name,
            reason: format!("{reason}.")
                .replacen("it ", "It ", 1)
                .replacen("its ", "Its ", 1),
        });
    proto::ReportResponse {
        is_repetition,
        refused: refused.collect(),
    }
}

/// Unix time, milliseconds.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}
