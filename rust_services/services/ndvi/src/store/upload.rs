//! Objects in the making.

use bytes::Bytes;
use object_store::{MultipartUpload, PutPayload};
use tokio::runtime::Handle;

use super::store_error;
use crate::status::NdviError;

/// An object in the making: it appears whole when it is finished, and nothing of it stays when it is
/// dropped before.
#[derive(Debug)]
pub struct Upload {
    name: String,
    /// None once it is finished.
    parts: Option<Box<dyn MultipartUpload>>,
    /// Bytes of each part but the last; none: parts go as they come.
    part_bytes: Option<usize>,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
}

impl Upload {
    pub(super) fn new(
        name: String,
        parts: Box<dyn MultipartUpload>,
        part_bytes: Option<usize>,
    ) -> Self {
        Self {
            name,
            parts: Some(parts),
            part_bytes,
            waiting: Vec::new(),
            waiting_bytes: 0,
        }
    }

    /// Adds the next bytes.
    ///
    /// # Errors
    /// [`NdviError`] when the store fails.
    pub async fn add(&mut self, bytes: Bytes) -> Result<(), NdviError> {
        self.waiting_bytes += bytes.len();
        self.waiting.push(bytes);
        match self.part_bytes {
            None => self.send(self.waiting_bytes).await,
            Some(part_bytes) => {
                while self.waiting_bytes >= part_bytes {
                    self.send(part_bytes).await?;
                }
                Ok(())
            }
        }
    }

    /// Makes the object visible, in place of one that was there before.
    ///
    /// # Errors
    /// [`NdviError`] when the store fails.
    pub async fn finish(mut self) -> Result<(), NdviError> {
        if self.waiting_bytes > 0 {
            self.send(self.waiting_bytes).await?;
        }
        let parts = self.parts.as_mut().expect("it is finished once");
        let done = parts.complete().await;
        done.map_err(|error| store_error(self.name.clone(), error))?;
        self.parts = None;
        Ok(())
    }

    /// Sends the first of the bytes that wait.
    async fn send(&mut self, bytes: usize) -> Result<(), NdviError> {
        let mut part = Vec::new();
        let mut left = bytes;
        for piece in std::mem::take(&mut self.waiting) {
            let split = left.min(piece.len());
            if split > 0 {
                part.push(piece.slice(..split));
            }
            if split < piece.len() {
                self.waiting.push(piece.slice(split..));
            }
            left -= split;
        }
        self.waiting_bytes -= bytes;
        let parts = self.parts.as_mut().expect("it is not finished");
        let sent = parts.put_part(PutPayload::from_iter(part)).await;
        sent.map_err(|error| store_error(self.name.clone(), error))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let (Some(mut parts), Ok(runtime)) = (self.parts.take(), Handle::try_current()) else {
            return;
        };
        let name = std::mem::take(&mut self.name);
        // Nobody waits for it: the call is over.
        runtime.spawn(async move {
            if let Err(error) = parts.abort().await {
                let error = error.to_string();
                tracing::warn!(
                    object = name,
                    error,
                    "Parts of an object may be left behind."
                );
            }
        });
    }
}
