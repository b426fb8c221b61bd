//! The thread that scrapes: it has the files, the table and the totals, and nobody else touches them.
//!
//! Requests wait in a short queue. All that wait when a scrape begins are answered from one reading of
//! the files, each format written once. Between requests the thread looks after the folder and the
//! state every second, so that nothing waits for the next scrape to be noticed.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use furrow_exposition::{Format, Table};
use furrow_service_kit::cpu::CpuScope;
use libdeflater::{CompressionLvl, Compressor};
use nix::time::{ClockId, clock_gettime};
use tokio::sync::oneshot;
use tracing::error;

use crate::collect::Collector;
use crate::own::Own;

/// Requests that wait; a scraper beyond them is told to come again.
const MOST_WAITING: usize = 64;

/// How long whoever stops the thread waits for a place in a full queue.
const FULL: Duration = Duration::from_millis(5);

/// Between two looks at folder and state.
const TICK: Duration = Duration::from_secs(1);

/// Level of gzip: the fastest, which makes a scrape about a tenth as long.
const GZIP_LEVEL: i32 = 1;

/// A scrape, as it is sent.
#[derive(Debug, Clone)]
pub struct Scraped {
    /// The body.
    pub body: Bytes,
    /// Whether it is compressed with gzip.
    pub is_gzip: bool,
}

/// What is asked of the thread.
enum Job {
    Scrape {
        format: Format,
        gzip: bool,
        cpu: CpuScope,
        answer: oneshot::Sender<Scraped>,
    },
    Sample(Box<dyn FnOnce(&mut Table) + Send>),
    Stop(oneshot::Sender<()>),
}

/// Asks the thread.
#[derive(Clone)]
pub struct Scraper {
    jobs: SyncSender<Job>,
}

impl fmt::Debug for Scraper {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Scraper")
    }
}

/// The thread has too much to do, or is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many scrapes wait")]
pub struct Busy;

impl Scraper {
    /// Starts the thread.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn start(collector: Collector, own: Own) -> std::io::Result<Self> {
        let (jobs, queue) = sync_channel(MOST_WAITING);
        thread::Builder::new()
            .name("scrape".to_owned())
            .spawn(move || {
                let work = AssertUnwindSafe(|| work(collector, &own, &queue));
                if catch_unwind(work).is_err() {
                    // Whoever started the service starts it again; the state is on the disk.
                    error!("The thread that scrapes panicked; the service ends.");
                    std::process::exit(1);
                }
            })?;
        Ok(Self { jobs })
    }

    /// Scrapes.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn scrape(&self, format: Format, gzip: bool) -> Result<Scraped, Busy> {
        let (answer, answered) = oneshot::channel();
        self.ask(Job::Scrape {
            format,
            gzip,
            cpu: CpuScope::current(),
            answer,
        })?;
        answered.await.map_err(|_| Busy)
    }

    /// Reads all series, and hands the table to a closure: [`Table::visit`] there shows every one.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn sample<T: Send + 'static>(
        &self,
        take: impl FnOnce(&mut Table) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (answer, answered) = oneshot::channel();
        self.ask(Job::Sample(Box::new(move |table| {
            let _ = answer.send(take(table));
        })))?;
        answered.await.map_err(|_| Busy)
    }

    /// Writes the state a last time, and ends the thread.
    pub async fn stop(&self) {
        let (answer, answered) = oneshot::channel();
        let mut job = Job::Stop(answer);
        loop {
            match self.jobs.try_send(job) {
                Ok(()) => break,
                Err(TrySendError::Disconnected(_)) => return,
                // The thread empties the queue, whatever it is asked meanwhile.
                Err(TrySendError::Full(back)) => job = back,
            }
            tokio::time::sleep(FULL).await;
        }
        let _ = answered.await;
    }

    fn ask(&self, job: Job) -> Result<(), Busy> {
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Busy,
        })
    }
}

fn work(mut collector: Collector, own: &Own, queue: &Receiver<Job>) {
    let mut last_bytes = 0;
    let mut last_tick = Instant::now();
    collector.tick(last_tick);
    loop {
        let wait = TICK.saturating_sub(last_tick.elapsed());
        let first = match queue.recv_timeout(wait) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return collector.stop(),
        };
        let jobs: Vec<Job> = first
            .into_iter()
            .chain(queue.try_iter().take(MOST_WAITING))
            .collect();
        let mut batch = Batch {
            last_bytes,
            ..Batch::default()
        };
        for job in jobs {
            match job {
                Job::Scrape {
                    format,
                    gzip,
                    cpu,
                    answer,
                } => {
                    let scraped = cpu.run(|| batch.scraped(&mut collector, own, format, gzip));
                    let _ = answer.send(scraped);
                }
                Job::Sample(take) => {
                    batch.collect(&mut collector);
                    take(collector.table());
                }
                Job::Stop(answer) => {
                    collector.stop();
                    let _ = answer.send(());
                    return;
                }
            }
        }
        last_bytes = batch.last_bytes;
        if last_tick.elapsed() >= TICK {
            last_tick = Instant::now();
            collector.tick(last_tick);
        }
    }
}

/// One reading of the files, and what was written of it.
#[derive(Default)]
struct Batch {
    is_collected: bool,
    /// By format: plain, and compressed.
    plain: [Option<Bytes>; 3],
    gzip: [Option<Bytes>; 3],
    last_bytes: usize,
}

impl Batch {
    fn collect(&mut self, collector: &mut Collector) {
        if !self.is_collected {
            collector.collect(Instant::now());
            self.is_collected = true;
        }
    }

    fn scraped(
        &mut self,
        collector: &mut Collector,
        own: &Own,
        format: Format,
        gzip: bool,
    ) -> Scraped {
        let began = cpu_seconds();
        let index = format as usize;
        self.collect(collector);
        let last_bytes = &mut self.last_bytes;
        let plain = self.plain[index].get_or_insert_with(|| {
            // Room as the last one took, and a little for what is new.
            let mut out = Vec::with_capacity(*last_bytes + *last_bytes / 16 + 4096);
            collector.encode(format, &mut out);
            *last_bytes = out.len();
            Bytes::from(out)
        });
        let bytes = plain.len();
        let body = if gzip {
            let packed = self.gzip[index].get_or_insert_with(|| compress(plain));
            packed.clone()
        } else {
            plain.clone()
        };
        own.scraped(format, cpu_seconds() - began, bytes);
        Scraped {
            body,
            is_gzip: gzip,
        }
    }
}

fn compress(plain: &[u8]) -> Bytes {
    let level = CompressionLvl::new(GZIP_LEVEL).unwrap_or_default();
    let mut compressor = Compressor::new(level);
    let mut packed = vec![0; compressor.gzip_compress_bound(plain.len())];
    let length = compressor
        .gzip_compress(plain, &mut packed)
        .expect("the bound is what the longest output takes");
    packed.truncate(length);
    Bytes::from(packed)
}

/// CPU time of this thread, seconds.
fn cpu_seconds() -> f64 {
    let clock = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
    clock.map_or(0.0, |time| Duration::from(time).as_secs_f64())
}
