//! Blocks read ahead while others are computed.

use std::sync::Arc;
use std::time::Duration;

use furrow_raster::grid::Window;
use furrow_service_kit::Stopped;
use furrow_service_kit::metrics::Metrics;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tracing::Instrument as _;

use crate::mosaic::{Computed, Fetched, Mosaic};
use crate::scenes::Admitted;
use crate::stack::IndexBlock;
use crate::status::NdviError;

/// Blocks that were read and wait: one more is being read, and one is being computed.
const BLOCKS_AHEAD: usize = 1;

/// Bytes of blocks, in order; reading stops when this is dropped.
#[derive(Debug)]
struct ReadAhead {
    blocks: mpsc::Receiver<Result<Fetched, NdviError>>,
    reader: AbortHandle,
}

impl ReadAhead {
    fn start(mosaic: Arc<Mosaic>, windows: Vec<Window>) -> Self {
        let (sender, blocks) = mpsc::channel(BLOCKS_AHEAD);
        let read = async move {
            for window in windows {
                let fetched = mosaic.fetch(window).await;
                let failed = fetched.is_err();
                if sender.send(fetched).await.is_err() || failed {
                    return;
                }
            }
        };
        Self {
            reader: tokio::spawn(read.in_current_span()).abort_handle(),
            blocks,
        }
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        self.reader.abort();
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

/// Computes the windows one after the other on the pool and gives each block with `state` to `step`
/// there; what a step answers is sent on between the blocks.
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
    let mut ahead = ReadAhead::start(Arc::clone(mosaic), windows);
    while let Some(fetched) = ahead.blocks.recv().await {
        let mut fetched = fetched?;
        blocks_left -= 1;
        let found = loop {
            let on_pool = Arc::clone(mosaic);
            let (cancel, metrics) = (call.cancel.clone(), metrics.clone());
            let (returned, outcome) = call
                .run(move || match on_pool.compute(fetched, &cancel, &metrics)? {
                    Computed::Whole(block) => {
                        let found = step(&mut state, &block)?;
                        Ok((state, Ok(found)))
                    }
                    Computed::Partly(unfinished) => Ok((state, Err(unfinished))),
                })
                .await?;
            state = returned;
            match outcome {
                Ok(found) => break found,
                Err(unfinished) => fetched = mosaic.fetch_more(unfinished).await?,
            }
        };
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
