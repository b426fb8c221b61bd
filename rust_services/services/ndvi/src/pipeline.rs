//! Blocks read and computed ahead while others are taken in.

use std::sync::Arc;
use std::time::Duration;

use furrow_raster::grid::Window;
use furrow_service_kit::metrics::Metrics;
use furrow_service_kit::{Stopped, cpu};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};

use crate::mosaic::{Computed, Fetched, Mosaic};
use crate::scenes::Admitted;
use crate::stack::IndexBlock;
use crate::status::NdviError;

/// Blocks that are being computed or wait for their turn, so that no thread of the pool idles while
/// one block is taken in; the last of them may still be read.
const BLOCKS_AHEAD: usize = 3;

/// A block that is being computed; given up when this is dropped.
#[derive(Debug)]
struct InTheMaking(JoinHandle<Result<IndexBlock, NdviError>>);

impl InTheMaking {
    async fn done(mut self) -> Result<IndexBlock, NdviError> {
        (&mut self.0).await.unwrap_or_else(|error| {
            Err(NdviError::Fault(format!("a block's task failed: {error}")))
        })
    }
}

impl Drop for InTheMaking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Blocks in order; reading and computing stop when this is dropped.
#[derive(Debug)]
struct Ahead {
    blocks: mpsc::Receiver<Result<InTheMaking, NdviError>>,
    reader: AbortHandle,
}

impl Ahead {
    fn start(mosaic: Arc<Mosaic>, windows: Vec<Window>, call: Admitted, metrics: Metrics) -> Self {
        let (sender, blocks) = mpsc::channel(BLOCKS_AHEAD);
        let read = async move {
            for window in windows {
                // Nothing is read for a block that may not be computed yet.
                let Ok(room) = sender.reserve().await else {
                    return;
                };
                let fetched = mosaic.fetch(window).await;
                let failed = fetched.is_err();
                room.send(fetched.map(|fetched| {
                    let (mosaic, call, metrics) =
                        (Arc::clone(&mosaic), call.clone(), metrics.clone());
                    let work = async move { compute(&mosaic, fetched, &call, &metrics).await };
                    InTheMaking(cpu::spawn(work))
                }));
                if failed {
                    return;
                }
            }
        };
        Self {
            reader: cpu::spawn(read).abort_handle(),
            blocks,
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Computes a block on the pool, reading more where the first scene does not show all of it.
async fn compute(
    mosaic: &Arc<Mosaic>,
    mut fetched: Fetched,
    call: &Admitted,
    metrics: &Metrics,
) -> Result<IndexBlock, NdviError> {
    loop {
        let on_pool = Arc::clone(mosaic);
        let (cancel, metrics) = (call.cancel.clone(), metrics.clone());
        let computed = call
            .run(move || on_pool.compute(fetched, &cancel, &metrics))
            .await?;
        match computed {
            Computed::Whole(block) => return Ok(block),
            Computed::Partly(unfinished) => fetched = mosaic.fetch_more(unfinished).await?,
        }
    }
}

/// Longest wait for a caller to take an answer: one that stalls must not hold a slot for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where answers go while a call computes.
pub type Answers<T> = mpsc::Sender<Result<T, NdviError>>;

/// Sends answers on; the caller's pace is the service's, within reason.
///
/// # Errors
/// [`Stopped::CallerGone`] when nobody takes them any more.
pub async fn send_all<T>(answers: &Answers<T>, found: Vec<T>) -> Result<(), NdviError> {
    for answer in found {
        let sent = answers.send_timeout(Ok(answer), PATIENCE).await;
        sent.map_err(|_| NdviError::Stopped(Stopped::CallerGone))?;
    }
    Ok(())
}

/// Computes the windows on the pool, a few at a time, and gives each block in order with `state` to
/// `step` there; what a step answers is sent on between the blocks.
///
/// # Errors
/// The first [`NdviError`] of reading, computing or `step`.
pub async fn fold_blocks<S, T>(
    mosaic: &Arc<Mosaic>,
    windows: Vec<Window>,
    call: &Admitted,
    metrics: &Metrics,
    mut state: S,
    step: fn(&mut S, &IndexBlock) -> Result<Vec<T>, NdviError>,
    answers: Option<&Answers<T>>,
) -> Result<S, NdviError>
where
    S: Send + 'static,
    T: Send + 'static,
{
    let mut blocks_left = windows.len();
    let mut ahead = Ahead::start(Arc::clone(mosaic), windows, call.clone(), metrics.clone());
    while let Some(block) = ahead.blocks.recv().await {
        let block = block?.done().await?;
        blocks_left -= 1;
        let (returned, found) = call
            .run(move || {
                let found = step(&mut state, &block)?;
                Ok((state, found))
            })
            .await?;
        state = returned;
        if let Some(answers) = answers {
            send_all(answers, found).await?;
        }
    }
    // A reader that panicked looks like one that is done; what it left out must not look like zero.
    if blocks_left > 0 {
        let reason = format!("the reader ended {blocks_left} blocks early");
        return Err(NdviError::Fault(reason));
    }
    Ok(state)
}
