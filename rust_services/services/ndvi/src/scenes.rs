//! Rasters of a scene, opened by their headers.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use furrow_raster::crs::Crs;
use furrow_raster::grid::Grid;
use furrow_raster::tiff::{self, Limits, Parsed, SparseBytes, Tiff};
use furrow_service_kit::metrics::{Cache, Metrics};
use furrow_service_kit::{Cancel, Slot};
use futures::future::try_join_all;

use crate::status::NdviError;
use crate::store::{Location, Object, Stores};

/// Requests that a header may take; a cloud-optimized file takes one.
const MAX_HEADER_READS: usize = 256;

/// Memory that headers may take which are kept for the next call.
const KEPT_HEADER_BYTES: u64 = 64 << 20;

/// What one tile or strip costs in a kept header: its offset and length.
const BYTES_PER_CHUNK: u64 = 16;

/// A call that was admitted: where it computes, and whether somebody still waits for it.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Its slot.
    pub slot: Arc<Slot>,
    /// Its flag.
    pub cancel: Cancel,
}

impl Admitted {
    /// Runs a job on the compute pool.
    ///
    /// # Errors
    /// What the job says, or [`NdviError::Stopped`].
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, NdviError> + Send + 'static,
    ) -> Result<T, NdviError> {
        self.slot.run(&self.cancel, job).await?
    }
}

/// A raster whose header was read: it lies somewhere on Earth and within the limits.
#[derive(Debug)]
pub struct Raster {
    /// Its bytes.
    pub object: Object,
    /// Its header.
    pub tiff: Arc<Tiff>,
    /// Its grid at full resolution.
    pub grid: Grid,
    /// Reference system of the grid.
    pub crs: Crs,
}

/// Opens rasters and keeps the headers that were used last.
#[derive(Debug)]
pub struct Rasters {
    /// Where objects are.
    pub stores: Stores,
    limits: Limits,
    kept: Mutex<Kept>,
    headers: Cache,
    metrics: Metrics,
}

impl Rasters {
    /// Over these stores, for rasters of at most so many pixels.
    pub fn new(stores: Stores, max_pixels: u64, metrics: Metrics) -> Self {
        Self {
            stores,
            limits: Limits {
                max_pixels,
                ..Limits::default()
            },
            kept: Mutex::default(),
            headers: metrics.caches.named("headers"),
            metrics,
        }
    }

    /// Opens rasters, each once, all at the same time.
    ///
    /// # Errors
    /// The first [`NdviError`] of any.
    pub async fn open_all<'a>(
        &self,
        locations: impl IntoIterator<Item = &'a Location>,
        call: &Admitted,
    ) -> Result<HashMap<Location, Arc<Raster>>, NdviError> {
        let mut different: Vec<&Location> = Vec::new();
        for location in locations {
            if !different.contains(&location) {
                different.push(location);
            }
        }
        let opened = different.into_iter().map(async |location| {
            let raster = self.open(location, call).await?;
            Ok::<_, NdviError>((location.clone(), raster))
        });
        Ok(try_join_all(opened).await?.into_iter().collect())
    }

    /// Opens a raster.
    ///
    /// # Errors
    /// [`NdviError`] when it cannot be found, read or placed.
    pub async fn open(
        &self,
        location: &Location,
        call: &Admitted,
    ) -> Result<Arc<Raster>, NdviError> {
        let (object, start) = self.stores.open_object(location).await?;
        // An object whose changes nobody tells is read anew.
        let version = object.version.clone();
        let key = version.map(|version| (object.identity.clone(), version, object.size));
        let known = key.as_ref().and_then(|key| self.kept().take(key));
        if let Some(known) = self.headers.counted(known) {
            return Ok(Arc::new(Raster {
                object,
                tiff: Arc::clone(&known.tiff),
                grid: known.grid,
                crs: known.crs.clone(),
            }));
        }
        let tiff = self.read_header(&object, start, call).await?;
        let raster_error = |source| NdviError::Raster {
            object: object.name.clone(),
            source,
        };
        let grid = tiff.grid().map_err(raster_error)?;
        let crs = Crs::from_epsg(grid.epsg).map_err(|source| NdviError::Crs {
            object: object.name.clone(),
            source,
        })?;
        let raster = Arc::new(Raster {
            object,
            tiff: Arc::new(tiff),
            grid,
            crs,
        });
        if let Some(key) = key {
            self.kept().keep(key, Arc::clone(&raster));
        }
        Ok(raster)
    }

    async fn read_header(
        &self,
        object: &Object,
        start: Bytes,
        call: &Admitted,
    ) -> Result<Tiff, NdviError> {
        let mut bytes = SparseBytes::new(object.size);
        bytes.insert(0, start.to_vec());
        for _ in 0..MAX_HEADER_READS {
            let limits = self.limits;
            let name = object.name.clone();
            let (parsed, returned) = call
                .run(move || {
                    let parsed = tiff::parse(&bytes, &limits);
                    let source = |source| NdviError::Raster {
                        object: name,
                        source,
                    };
                    Ok((parsed.map_err(source)?, bytes))
                })
                .await?;
            bytes = returned;
            match parsed {
                Parsed::Ready(tiff) => return Ok(tiff),
                Parsed::NeedMore(range) => {
                    let more = object.read(std::slice::from_ref(&range)).await?;
                    for part in more {
                        bytes.insert(range.start, part.to_vec());
                    }
                }
            }
        }
        Err(NdviError::TooLarge {
            what: "the number of reads that the header takes",
            found: MAX_HEADER_READS as u64 + 1,
            allowed: MAX_HEADER_READS as u64,
        })
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // A panic while the lock is held leaves whole entries behind.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// Identity, version and size of an object.
type HeaderKey = (String, String, u64);

/// Headers by last use, the oldest in front.
#[derive(Debug, Default)]
struct Kept {
    headers: VecDeque<(HeaderKey, Arc<Raster>)>,
    bytes: u64,
}

impl Kept {
    fn take(&mut self, key: &HeaderKey) -> Option<Arc<Raster>> {
        let place = self.headers.iter().position(|(kept, _)| kept == key)?;
        let entry = self.headers.remove(place)?;
        let raster = Arc::clone(&entry.1);
        self.headers.push_back(entry);
        Some(raster)
    }

    fn keep(&mut self, key: HeaderKey, raster: Arc<Raster>) {
        // Two calls may have read it at the same time.
        if self.take(&key).is_some() {
            return;
        }
        self.bytes += header_bytes(&raster.tiff);
        self.headers.push_back((key, raster));
        while self.bytes > KEPT_HEADER_BYTES {
            let Some((_, oldest)) = self.headers.pop_front() else {
                break;
            };
            self.bytes -= header_bytes(&oldest.tiff);
        }
    }
}

/// About what a header takes in memory; every header takes something.
fn header_bytes(tiff: &Tiff) -> u64 {
    let images = tiff.images.iter().chain(&tiff.masks);
    let chunks: u64 = images
        .map(|image| {
            let across = u64::from(image.width.div_ceil(image.chunk_width));
            let down = u64::from(image.height.div_ceil(image.chunk_height));
            across
                * down
                * if image.is_planar {
                    u64::from(image.bands)
                } else {
                    1
                }
        })
        .sum();
    let tags: usize = tiff
        .tags
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    let bands = tiff
        .bands
        .iter()
        .map(|band| size_of_val(band) + band.description.as_ref().map_or(0, String::len));
    let words = tags + bands.sum::<usize>();
    4096 + words as u64 + chunks * BYTES_PER_CHUNK
}
