//! What requests cost: the CPU time of threads, charged to the request that a thread works for.
//!
//! [`CpuScope`] is a request's account. [`CpuScope::time`] wraps a future and reads the thread's clock
//! around each poll, which no scheduler moves between threads; [`CpuScope::run`] does the same around a
//! closure, for work on other threads. A scope entered within itself costs nothing and counts once;
//! within another's – a thread that waits for a part of its own job takes up a stranger's – each is
//! charged with its own part.
//!
//! A timed poll takes 1.1 µs longer on a virtual machine of two cores, nearly all of it two system
//! calls for the clock (`examples/call_cost.rs` measures it). A small call is polled half a dozen
//! times: a health check over a socket takes 56 µs of CPU time, both sides together, and took 49
//! without. That is too little, beside the milliseconds of calls that compute, to leave polls out.
//!
//! What is charged to nobody: the tasks of connections (framing, TLS), files written by the store's
//! own threads, threads that look for work. It is the difference between the process'
//! CPU time and the sum over requests.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use nix::time::{ClockId, clock_gettime};
use prometheus_client::metrics::histogram::Histogram;
use tokio::task::JoinHandle;
use tracing::{Instrument as _, Span};

thread_local! {
    static RUNNING: RefCell<Option<Segment>> = const { RefCell::new(None) };
}

/// The account of a request, shared by all that works for it; or of nobody, which counts nothing.
#[derive(Debug, Clone, Default)]
pub struct CpuScope(Option<Arc<Account>>);

/// Told when the last that works for the request has let go of it, so that what goes on a little
/// after a caller left counts as well.
#[derive(Debug, Default)]
struct Account {
    nanoseconds: AtomicU64,
    histogram: OnceLock<Histogram>,
}

impl Drop for Account {
    fn drop(&mut self) {
        if let Some(histogram) = self.histogram.get() {
            histogram.observe(seconds(*self.nanoseconds.get_mut()));
        }
    }
}

impl CpuScope {
    /// An account with nothing on it.
    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// The account that this thread charges now.
    pub fn current() -> Self {
        RUNNING.with_borrow(|running| {
            let running = running.as_ref();
            running.map_or_else(Self::default, |segment| segment.scope.clone())
        })
    }

    /// Charges what a closure costs on this thread.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.enter();
        work()
    }

    /// Charges what a future costs on the threads that poll it.
    pub fn time<F: Future>(&self, future: F) -> CpuTimed<F> {
        CpuTimed {
            scope: self.clone(),
            future: Box::pin(future),
        }
    }

    /// What was charged until now; CPU seconds.
    pub fn seconds(&self) -> f64 {
        let account = self.0.as_ref();
        account.map_or(0.0, |account| {
            seconds(account.nanoseconds.load(Ordering::Relaxed))
        })
    }

    /// Where the sum goes once nobody works for the request any more. The first time counts.
    pub(crate) fn tell(&self, histogram: Histogram) {
        if let Some(account) = &self.0 {
            let _ = account.histogram.set(histogram);
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }

    fn charge(&self, nanoseconds: u64) {
        if let Some(account) = &self.0 {
            account
                .nanoseconds
                .fetch_add(nanoseconds, Ordering::Relaxed);
        }
    }

    fn enter(&self) -> Entered {
        RUNNING.with_borrow_mut(|running| {
            let is_same = match running {
                Some(segment) => segment.scope.is(self),
                None => self.0.is_none(),
            };
            if is_same {
                return Entered::Again;
            }
            let now = thread_nanoseconds();
            if let Some(outer) = running {
                outer.scope.charge(now - outer.since);
            }
            let segment = Segment {
                scope: self.clone(),
                since: now,
            };
            Entered::Anew(running.replace(segment))
        })
    }
}

/// Since when this thread works for whom.
#[derive(Debug)]
struct Segment {
    scope: CpuScope,
    /// The thread's clock then, ns.
    since: u64,
}

/// A scope that the thread is in; dropped on that thread, also by a panic.
enum Entered {
    /// The thread works for it already, and goes on.
    Again,
    /// Whom the thread worked for before.
    Anew(Option<Segment>),
}

impl Drop for Entered {
    fn drop(&mut self) {
        let Self::Anew(outer) = self else {
            return;
        };
        let outer = outer.take();
        let now = thread_nanoseconds();
        let outer = outer.map(|outer| Segment {
            since: now,
            ..outer
        });
        let inner = RUNNING.with_borrow_mut(|running| std::mem::replace(running, outer));
        if let Some(inner) = inner {
            inner.scope.charge(now - inner.since);
        }
    }
}

/// See [`CpuScope::time`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct CpuTimed<F> {
    scope: CpuScope,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for CpuTimed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = self.scope.enter();
        self.future.as_mut().poll(context)
    }
}

/// Runs a task for the request that is being answered: its CPU time and its log lines are the
/// request's.
pub fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(CpuScope::current().time(task).in_current_span())
}

/// Runs a closure that waits for files, on a thread for such, for the request that is being answered.
pub fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let (scope, span) = (CpuScope::current(), Span::current());
    tokio::task::spawn_blocking(move || span.in_scope(|| scope.run(work)))
}

/// CPU time of this thread since it began, ns.
fn thread_nanoseconds() -> u64 {
    nanoseconds(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time of this process since it began, in all its threads; seconds.
pub(crate) fn process_seconds() -> f64 {
    seconds(nanoseconds(ClockId::CLOCK_PROCESS_CPUTIME_ID))
}

fn nanoseconds(clock: ClockId) -> u64 {
    let read = clock_gettime(clock).expect("Linux has these clocks");
    let whole = u64::try_from(read.tv_sec()).unwrap_or(0);
    whole * 1_000_000_000 + u64::try_from(read.tv_nsec()).unwrap_or(0)
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

#[cfg(test)]
pub(crate) mod tests;
