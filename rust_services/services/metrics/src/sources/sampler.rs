//! The task that reads all sources every ten seconds, and sooner when somebody asks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use furrow_exposition::parse::{ParseLimits, Syntax, parse};
use furrow_service_kit::metrics::Metrics;
use futures::future::{BoxFuture, join_all};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

use super::Source;
use super::gather::{COUNTERS, Gathered, HISTOGRAMS, RESIDENT};
use super::http::fetch;
use crate::persist::StateFolder;
use crate::report::now_ms;
use crate::ring::{Reading, Ring};
use crate::scraper::Scraper;
use crate::slo::{Known, OWN_SERVICE, ServiceState, service_of_role};

/// Between two readings.
const PERIOD: Duration = Duration::from_secs(10);

/// Who asks for a reading younger than this takes what there is.
const YOUNG_MS: u64 = 1000;

/// How long one who asks waits for a reading.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two writings of the ring.
const SAVE: Duration = Duration::from_secs(300);

/// Name of the ring in the state folder.
const RING: &str = "ring";

/// Name of the Python processes among the ring's sources.
const PYTHON: &str = "python";

/// The Python processes: every sample of the families that are asked for.
pub trait Python: Send + Sync + 'static {
    /// Reads them; None where that is not possible now.
    fn read(&self, families: Vec<&'static str>) -> BoxFuture<'_, Option<Gathering>>;
}

/// What [`Python::read`] gives.
#[derive(Debug, Default)]
pub struct Gathering {
    gathered: Gathered,
    series: u64,
}

impl Python for Scraper {
    fn read(&self, families: Vec<&'static str>) -> BoxFuture<'_, Option<Gathering>> {
        Box::pin(async move {
            let sampled = self.sample(move |table| {
                let mut gathered = Gathered::default();
                for family in families {
                    table.visit(family, |sample| gathered.visited(&sample));
                }
                gathered.close();
                let series = table.series() as u64;
                Gathering { gathered, series }
            });
            sampled.await.ok()
        })
    }
}

/// What the sampler reads and where it keeps it.
pub struct SamplerParts {
    /// Other services.
    pub sources: Vec<Source>,
    /// The Python processes.
    pub python: Box<dyn Python>,
    /// This service.
    pub metrics: Metrics,
    /// Where the ring is kept.
    pub folder: StateFolder,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SourceLabel {
    source: String,
}

#[derive(Debug, Clone, Default)]
struct Figures {
    source_up: Family<SourceLabel, Gauge>,
    ring_bytes: Gauge,
    ring_label_sets: Gauge,
    ring_refused: Counter<u64, AtomicU64>,
}

/// What was read, for whoever answers questions.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    pub(crate) ring: Ring,
    pub(crate) known: Known,
}

/// Asks the task.
#[derive(Debug, Clone)]
pub struct Sampler {
    asks: mpsc::Sender<oneshot::Sender<()>>,
    samples: Arc<RwLock<Samples>>,
    /// When something was read last; apart, so that whoever asks need not wait for an answer that is
    /// being worked out.
    read_ms: Arc<AtomicU64>,
}

impl Sampler {
    /// A sampler and its task, which reads until `stop` completes and then writes the ring.
    pub fn new<S>(parts: SamplerParts, stop: S) -> (Self, impl Future<Output = ()> + Send + 'static)
    where
        S: Future<Output = ()> + Send + 'static,
    {
        let (asks, asked) = mpsc::channel(16);
        let ring = restored(&parts.folder);
        let read_ms = Arc::new(AtomicU64::new(ring.last_ms()));
        let figures = Figures::default();
        parts.metrics.register(|registry| {
            let registry = registry.sub_registry_with_prefix("furrow_metrics");
            let up = figures.source_up.clone();
            registry.register("source_up", "Whether a source was read at the last try", up);
            let bytes = figures.ring_bytes.clone();
            registry.register("ring_bytes", "Memory of what is kept for questions", bytes);
            let sets = figures.ring_label_sets.clone();
            registry.register(
                "ring_label_sets",
                "Label sets that are kept for questions",
                sets,
            );
            let refused = figures.ring_refused.clone();
            registry.register("ring_refused", "Readings that found no room there", refused);
        });
        let began_ms = now_ms();
        let mut known = Known::default();
        for source in &parts.sources {
            let state = ServiceState {
                runtime: "rust",
                is_up: false,
                read_ms: began_ms,
                resident_bytes: None,
                processes: 0,
            };
            known.services.insert(source.name.clone(), state);
            let label = SourceLabel {
                source: source.name.clone(),
            };
            let _ = figures.source_up.get_or_create(&label);
        }
        let samples = Arc::new(RwLock::new(Samples {
            ring,
            known: known.clone(),
        }));
        let task = Task {
            parts,
            known,
            samples: Arc::clone(&samples),
            read_ms: Arc::clone(&read_ms),
            figures,
        };
        let asking = Self {
            asks,
            samples,
            read_ms,
        };
        (asking, task.run(asked, stop))
    }

    /// Waits for a reading that is young, but not for long.
    pub(crate) async fn refresh(&self) {
        let read_ms = self.read_ms.load(Ordering::Relaxed);
        if now_ms().saturating_sub(read_ms) < YOUNG_MS {
            return;
        }
        let (sender, done) = oneshot::channel();
        if self.asks.try_send(sender).is_ok() {
            let _ = tokio::time::timeout(PATIENCE, done).await;
        }
    }

    /// What was read. Not for tasks: a reading that is being taken is waited for.
    pub(crate) fn samples(&self) -> RwLockReadGuard<'_, Samples> {
        self.samples.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ring of an earlier life, or a new one.
fn restored(folder: &StateFolder) -> Ring {
    let bytes = match folder.read(RING) {
        Ok(bytes) => bytes,
        Err(error) => {
            warn!(%error, "What requests cost before cannot be read.");
            None
        }
    };
    let Some(bytes) = bytes else {
        return Ring::default();
    };
    Ring::of_bytes(&bytes).unwrap_or_else(|| {
        warn!("What requests cost before makes no sense and is set aside.");
        folder.set_aside(RING);
        Ring::default()
    })
}

struct Task {
    parts: SamplerParts,
    /// What is known beside the ring; the samples have a copy.
    known: Known,
    samples: Arc<RwLock<Samples>>,
    read_ms: Arc<AtomicU64>,
    figures: Figures,
}

impl Task {
    async fn run(
        mut self,
        mut asked: mpsc::Receiver<oneshot::Sender<()>>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut saved = Instant::now();
        tokio::pin!(stop);
        loop {
            let waiting = tokio::select! {
                () = &mut stop => break,
                _ = ticks.tick() => None,
                Some(waiting) = asked.recv() => Some(waiting),
            };
            tokio::select! {
                () = &mut stop => break,
                () = self.read() => {}
            }
            // Whoever asked meanwhile is answered by the same reading.
            let others = std::iter::from_fn(|| asked.try_recv().ok());
            for waiting in waiting.into_iter().chain(others) {
                let _ = waiting.send(());
            }
            if saved.elapsed() >= SAVE {
                saved = Instant::now();
                self.save().await;
            }
        }
        self.save().await;
    }

    /// Reads everybody at the same time, and puts it into the ring.
    async fn read(&mut self) {
        let fetched = join_all(self.parts.sources.iter().map(read_source));
        let families = COUNTERS.iter().chain(&HISTOGRAMS).map(|(name, _)| *name);
        let families = families.chain([RESIDENT]).collect();
        let (fetched, python) = tokio::join!(fetched, self.parts.python.read(families));
        let at_ms = now_ms();
        let mut readings: BTreeMap<String, Vec<Reading>> = BTreeMap::new();

        for (source, found) in self.parts.sources.iter().zip(fetched) {
            let label = SourceLabel {
                source: source.name.clone(),
            };
            let up = self.figures.source_up.get_or_create(&label);
            let was_up = up.set(i64::from(found.is_ok())) == 1;
            let Some(state) = self.known.services.get_mut(&source.name) else {
                continue;
            };
            state.is_up = found.is_ok();
            state.processes = u32::from(found.is_ok());
            match found {
                Ok(gathered) => {
                    if !was_up {
                        info!(source = source.name, "The metrics of a service are read.");
                    }
                    state.read_ms = at_ms;
                    state.resident_bytes = gathered.resident.get("").copied();
                    readings.insert(source.name.clone(), gathered.readings());
                }
                Err(reason) => {
                    state.resident_bytes = None;
                    if was_up {
                        warn!(
                            source = source.name,
                            reason, "The metrics of a service are not read."
                        );
                    }
                }
            }
        }
        if let Ok(own) = gathered(self.parts.metrics.text().as_bytes(), Syntax::OpenMetrics) {
            let state = ServiceState {
                runtime: "rust",
                is_up: true,
                read_ms: at_ms,
                resident_bytes: own.resident.get("").copied(),
                processes: 1,
            };
            self.known.services.insert(OWN_SERVICE.to_owned(), state);
            readings.insert(OWN_SERVICE.to_owned(), own.readings());
        }
        if let Some(Gathering { gathered, series }) = python {
            self.known.series = series;
            python_services(&mut self.known, &gathered, at_ms);
            readings.insert(PYTHON.to_owned(), gathered.readings());
        }

        let (samples, known) = (Arc::clone(&self.samples), self.known.clone());
        let figures = self.figures.clone();
        // An answer that is being worked out holds the samples; tasks must not wait for it.
        let taken = tokio::task::spawn_blocking(move || {
            let mut samples = samples.write().unwrap_or_else(PoisonError::into_inner);
            let refused = samples.ring.refused();
            samples.ring.take(at_ms, &readings);
            samples.known = known;
            let ring = &samples.ring;
            figures.ring_refused.inc_by(ring.refused() - refused);
            figures.ring_bytes.set(saturated(ring.bytes()));
            figures.ring_label_sets.set(saturated(ring.label_sets()));
            ring.last_ms()
        });
        if let Ok(read_ms) = taken.await {
            self.read_ms.store(read_ms, Ordering::Relaxed);
        }
    }

    async fn save(&self) {
        let (samples, folder) = (Arc::clone(&self.samples), self.parts.folder.clone());
        let written = tokio::task::spawn_blocking(move || {
            let samples = samples.read().unwrap_or_else(PoisonError::into_inner);
            let bytes = samples.ring.to_bytes();
            drop(samples);
            folder.write(RING, &[&bytes])
        });
        if let Ok(Err(error)) = written.await {
            warn!(%error, "What requests cost cannot be written.");
        }
    }
}

fn saturated(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

async fn read_source(source: &Source) -> Result<Gathered, String> {
    let page = fetch(source).await.map_err(|error| error.to_string())?;
    let parsed = tokio::task::spawn_blocking(move || gathered(&page.body, page.syntax));
    parsed.await.map_err(|error| error.to_string())?
}

fn gathered(body: &[u8], syntax: Syntax) -> Result<Gathered, String> {
    let families = parse(body, syntax, &ParseLimits::default());
    let mut gathered = Gathered::default();
    gathered.families(families.map_err(|error| error.to_string())?);
    Ok(gathered)
}

/// The services that Python processes make up, one a role. One whose processes are gone is known
/// still, also when a new generation has forgotten it.
pub(super) fn python_services(known: &mut Known, gathered: &Gathered, at_ms: u64) {
    let of_python = known.services.values_mut();
    for state in of_python.filter(|state| state.runtime == "python") {
        state.is_up = false;
        state.read_ms = at_ms;
        state.resident_bytes = None;
        state.processes = 0;
    }
    for role in gathered.roles.iter().chain(gathered.processes.keys()) {
        let processes = gathered
            .processes
            .get(role)
            .map_or(0, std::collections::BTreeSet::len);
        let state = ServiceState {
            runtime: "python",
            is_up: processes > 0,
            read_ms: at_ms,
            resident_bytes: gathered.resident.get(role).copied(),
            processes: u32::try_from(processes).unwrap_or(u32::MAX),
        };
        known.services.insert(service_of_role(role), state);
    }
}
