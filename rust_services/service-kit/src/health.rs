//! Readiness as a latch: whatever must come up holds a [`Latch`], and when the last one is dropped
//! the process is ready. There is no way back; a process that drains says so separately.

use std::sync::Arc;

use tokio::sync::watch;

/// Held by a part that is still coming up.
#[derive(Debug, Clone)]
pub struct Latch {
    _last_one: Arc<Opener>,
}

#[derive(Debug)]
struct Opener(watch::Sender<bool>);

impl Drop for Opener {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

/// Whether all latches were dropped.
#[derive(Debug, Clone)]
pub struct Readiness(watch::Receiver<bool>);

/// A latch, to be cloned for each part, and what it opens.
pub fn latch() -> (Latch, Readiness) {
    let (sender, receiver) = watch::channel(false);
    let latch = Latch {
        _last_one: Arc::new(Opener(sender)),
    };
    (latch, Readiness(receiver))
}

impl Readiness {
    /// Whether the process is ready.
    pub fn is_ready(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is.
    pub async fn ready(&mut self) {
        // The sender sends before it goes away.
        let _ = self.0.wait_for(|ready| *ready).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ready_when_the_last_latch_is_dropped() {
        let (first, mut readiness) = latch();
        let second = first.clone();
        drop(first);
        assert!(!readiness.is_ready());
        drop(second);
        assert!(readiness.is_ready());
        readiness.ready().await;
    }
}
