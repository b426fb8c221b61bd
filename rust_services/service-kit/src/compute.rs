//! Computing apart from waiting: a pool of threads, slots that admit calls, and a flag that stops
//! what nobody waits for.
//!
//! A call takes a [`Slot`] before it reads anything; when none is free it is refused at once. A slot
//! holds few jobs in the pool at a time, so the queue is bounded by the number of slots.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::Span;

use crate::cpu::CpuScope;
use crate::metrics::Metrics;
use crate::refusal::Refusal;

/// Calls admitted per thread: one computes while another reads.
const SLOTS_PER_THREAD: usize = 2;

/// Threads that compute, and the slots that admit calls to them.
#[derive(Debug)]
pub struct ComputePool {
    threads: ThreadPool,
    slots: Arc<Semaphore>,
    slot_count: usize,
    metrics: Metrics,
}

impl ComputePool {
    /// A pool of this many threads and twice as many slots.
    ///
    /// # Panics
    /// When the system gives no threads.
    pub fn new(threads: usize, metrics: Metrics) -> Arc<Self> {
        let slots = threads * SLOTS_PER_THREAD;
        metrics
            .compute
            .slots
            .set(i64::try_from(slots).unwrap_or(i64::MAX));
        let threads = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|number| format!("compute-{number}"))
            .build()
            .expect("the system gives threads to a service that starts");
        Arc::new(Self {
            threads,
            slots: Arc::new(Semaphore::new(slots)),
            slot_count: slots,
            metrics,
        })
    }

    /// Slots, taken or free.
    pub fn slot_count(&self) -> usize {
        self.slot_count
    }

    /// Takes a slot, or says at once that none is free.
    ///
    /// # Errors
    /// [`Refusal::busy`].
    pub fn admit(self: &Arc<Self>) -> Result<Arc<Slot>, Refusal> {
        let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() else {
            self.metrics.compute.refused.inc();
            return Err(Refusal::busy());
        };
        self.metrics.compute.slots_taken.inc();
        Ok(Arc::new(Slot {
            pool: Arc::clone(self),
            _permit: permit,
        }))
    }

    /// Takes a slot, waiting for one in the order of coming, but not for long. While somebody waits,
    /// [`ComputePool::admit`] refuses.
    ///
    /// # Errors
    /// [`Refusal::busy`].
    pub async fn admit_within(self: &Arc<Self>, wait: Duration) -> Result<Arc<Slot>, Refusal> {
        let waiting = tokio::time::timeout(wait, Arc::clone(&self.slots).acquire_owned());
        let Ok(Ok(permit)) = waiting.await else {
            self.metrics.compute.refused.inc();
            return Err(Refusal::busy());
        };
        self.metrics.compute.slots_taken.inc();
        Ok(Arc::new(Slot {
            pool: Arc::clone(self),
            _permit: permit,
        }))
    }
}

/// The right of one call to compute; given back when the call and its last job are over.
#[derive(Debug)]
pub struct Slot {
    pool: Arc<ComputePool>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pool.metrics.compute.slots_taken.dec();
    }
}

impl Slot {
    /// Runs a job on the pool, charged to the request that is being answered; within it, rayon's
    /// parallel iterators use the pool's threads, and each of their parts is charged where it is run
    /// within the job's [`CpuScope::current`].
    /// A job that starts after `cancel` was set is not run. A panic stays in its job; the hook that
    /// [`crate::telemetry`] sets logs it.
    ///
    /// # Errors
    /// [`Stopped`] when the call was cancelled or the job panicked.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        cancel: &Cancel,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (sender, receiver) = oneshot::channel();
        let (slot, cancel, span) = (Arc::clone(self), cancel.clone(), Span::current());
        let cpu = CpuScope::current();
        let queued = Instant::now();
        self.pool.metrics.compute.queue.inc();
        self.pool.threads.spawn(move || {
            slot.pool.metrics.compute.queue.dec();
            slot.pool
                .metrics
                .compute
                .wait
                .observe(queued.elapsed().as_secs_f64());
            let _entered = span.entered();
            let done = cpu.run(|| {
                let job = || catch_unwind(AssertUnwindSafe(job)).map_err(|_| Stopped::Panicked);
                cancel.check().and_then(|()| job())
            });
            // The slot is free before the caller hears of it, and nobody may be waiting any more.
            drop(slot);
            let _ = sender.send(done);
        });
        receiver.await.unwrap_or(Err(Stopped::Panicked))
    }
}

/// Why work ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The caller has gone.
    #[error("the caller has gone")]
    CallerGone,
    /// The caller's deadline passed.
    #[error("the deadline passed")]
    DeadlineExceeded,
    /// A job panicked.
    #[error("a compute job panicked")]
    Panicked,
}

impl From<Stopped> for Refusal {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::CallerGone => Self::cancelled(),
            Stopped::DeadlineExceeded => Self::deadline_exceeded(),
            Stopped::Panicked => Self::fault(),
        }
    }
}

/// Asked by long work, block by block, whether anybody still waits.
#[derive(Debug, Clone)]
pub struct Cancel {
    gone: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Cancel {
    /// For a call with this deadline.
    pub fn new(deadline: Option<Instant>) -> Self {
        Self {
            gone: Arc::default(),
            deadline,
        }
    }

    /// Says that the caller has gone.
    pub fn set(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// When the caller stops waiting, if it said so.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// A guard that says so when dropped: the handler's future holds it.
    pub fn set_on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }

    /// Goes on, or not.
    ///
    /// # Errors
    /// [`Stopped`] when the caller has gone or its deadline passed.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.gone.load(Ordering::Relaxed) {
            Err(Stopped::CallerGone)
        } else if self.deadline.is_some_and(|at| Instant::now() >= at) {
            Err(Stopped::DeadlineExceeded)
        } else {
            Ok(())
        }
    }
}

/// See [`Cancel::set_on_drop`].
#[derive(Debug)]
pub struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.set();
    }
}

#[cfg(test)]
mod tests;
