//! The end of a process: who works beside the calls is told of it, and waited for.

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tracing::{Instrument as _, error, warn};

/// Whether the process is stopping: set once, when it takes no new calls any more. `.await` waits for
/// it.
#[derive(Debug, Clone)]
pub struct Stopping(watch::Receiver<bool>);

/// Says that the process is stopping; so does its end.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

/// What says that the process is stopping, and what hears it.
pub fn stopping() -> (Stop, Stopping) {
    let (sender, receiver) = watch::channel(false);
    (Stop(sender), Stopping(receiver))
}

impl Stop {
    /// Says so from now on.
    pub fn set(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Whether the process is stopping.
    pub fn is_set(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

impl IntoFuture for Stopping {
    type Output = ();
    type IntoFuture = BoxFuture<'static, ()>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            // A sender that went away without a word has ended with the process.
            let _ = self.0.wait_for(|stopping| *stopping).await;
        })
    }
}

/// Tasks beside the calls. Each ends by itself soon after [`Stopping`] was set, and the process waits
/// for it: what it writes last is written.
#[derive(Debug, Clone, Default)]
pub struct Background {
    tasks: Arc<Tasks>,
}

#[derive(Debug, Default)]
struct Tasks {
    running: Mutex<Running>,
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Running {
    last: u64,
    tasks: BTreeMap<u64, (&'static str, Option<AbortHandle>)>,
}

impl Background {
    /// Runs a task until it ends. One that panics is gone; the log names it.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let number = {
            let mut running = self.tasks.lock();
            running.last += 1;
            let number = running.last;
            running.tasks.insert(number, (name, None));
            number
        };
        self.tasks.count.send_modify(|count| *count += 1);
        let ended = Ended {
            tasks: Arc::clone(&self.tasks),
            number,
        };
        let watched = async move {
            let _ended = ended;
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                error!(task = name, "A task beside the calls panicked.");
            }
        };
        let task = tokio::spawn(watched.instrument(tracing::info_span!("task", name)));
        if let Some(running) = self.tasks.lock().tasks.get_mut(&number) {
            running.1 = Some(task.abort_handle());
        }
    }

    /// Waits until all have ended, but not longer than this; whatever runs then is given up. Returns
    /// whether all ended by themselves.
    pub(crate) async fn finish(&self, within: Duration) -> bool {
        let mut count = self.tasks.count.subscribe();
        let all_ended = count.wait_for(|count| *count == 0);
        if tokio::time::timeout(within, all_ended).await.is_ok() {
            return true;
        }
        for (name, task) in self.tasks.lock().tasks.values() {
            warn!(task = name, "A task beside the calls did not end in time.");
            if let Some(task) = task {
                task.abort();
            }
        }
        false
    }
}

impl Tasks {
    fn lock(&self) -> MutexGuard<'_, Running> {
        // Nothing between lock and unlock panics half way.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a task out, however it ends.
struct Ended {
    tasks: Arc<Tasks>,
    number: u64,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.tasks.lock().tasks.remove(&self.number);
        self.tasks.count.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn every_clone_hears_of_the_end_and_hears_it_late_as_well() {
        let (stop, stopping) = stopping();
        let early = tokio::spawn(stopping.clone().into_future());
        assert!(!stopping.is_set());

        stop.set();

        early.await.expect("no panic");
        assert!(stopping.is_set());
        stopping.await;
    }

    #[tokio::test]
    async fn what_is_left_to_write_is_written_before_the_end() {
        let (stop, stopping) = stopping();
        let background = Background::default();
        let (sender, mut written) = tokio::sync::mpsc::channel(1);
        background.spawn("snapshot", async move {
            stopping.await;
            tokio::task::yield_now().await;
            sender.send("all of it").await.expect("somebody reads");
        });

        stop.set();

        assert!(background.finish(PATIENCE).await);
        assert_eq!(written.try_recv(), Ok("all of it"));
    }

    #[tokio::test]
    async fn a_task_that_does_not_end_is_given_up_and_one_that_panicked_is_not_waited_for() {
        let background = Background::default();
        background.spawn("broken", async { panic!("as planned") });
        assert!(background.finish(PATIENCE).await);

        background.spawn("stuck", std::future::pending());
        assert!(!background.finish(Duration::from_millis(10)).await);
        assert!(background.finish(PATIENCE).await, "it was given up");
    }
}
