//! Parts of a raster: the tiles or strips that hold them, read and decoded.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use furrow_raster::grid::Window;
use furrow_raster::samples::Samples;
use furrow_raster::tiff::{ChunkId, Image};
use furrow_service_kit::metrics::Metrics;
use furrow_service_kit::{Cancel, CpuScope};
use rayon::prelude::*;

use crate::scenes::Raster;
use crate::status::NdviError;

/// Most bytes that are read for one block, over all its rasters.
pub const MAX_READ_BYTES: u64 = 256 << 20;

/// A part of a raster that is to be read.
#[derive(Debug, Clone)]
pub struct Part {
    /// The raster.
    pub raster: Arc<Raster>,
    /// Bands, from 0.
    pub bands: Vec<u16>,
    /// Pixels, inside the raster.
    pub window: Window,
}

/// Bytes of the tiles or strips that hold a part.
#[derive(Debug)]
pub struct FetchedPart {
    part: Part,
    chunks: Vec<FetchedChunk>,
}

#[derive(Debug)]
struct FetchedChunk {
    /// Whether it is of the file's own mask, not of its bands.
    is_of_mask: bool,
    chunk: ChunkId,
    /// None where the file leaves the chunk out.
    bytes: Option<Bytes>,
}

impl Part {
    /// Reads the bytes, near ranges together; takes them from what the block may still read.
    ///
    /// # Errors
    /// [`NdviError`] when there are too many or the store fails.
    pub async fn fetch(self, left: &AtomicU64) -> Result<FetchedPart, NdviError> {
        let chunks = self.chunks();
        let image_of = |is_of_mask: bool| self.image(is_of_mask);
        let ranges: Vec<Option<Range<u64>>> = chunks
            .iter()
            .map(|&(is_of_mask, chunk)| image_of(is_of_mask)?.byte_range(chunk))
            .collect();
        let wanted: Vec<Range<u64>> = ranges.iter().flatten().cloned().collect();
        let found: u64 = wanted.iter().map(|range| range.end - range.start).sum();
        let take = |left: u64| left.checked_sub(found);
        if left.fetch_update(Relaxed, Relaxed, take).is_err() {
            return Err(NdviError::TooLarge {
                what: "the size in bytes of the tiles or strips of one block",
                found,
                allowed: MAX_READ_BYTES,
            });
        }
        let mut read = self.raster.object.read(&wanted).await?.into_iter();
        let chunks = chunks
            .into_iter()
            .zip(ranges)
            .map(|((is_of_mask, chunk), range)| FetchedChunk {
                is_of_mask,
                chunk,
                bytes: range.and_then(|_| read.next()),
            })
            .collect();
        Ok(FetchedPart { part: self, chunks })
    }

    fn image(&self, is_of_mask: bool) -> Option<&Image> {
        if is_of_mask {
            self.raster.tiff.mask()
        } else {
            Some(self.raster.tiff.full())
        }
    }

    /// Chunks of the bands and of the file's own mask, each once.
    fn chunks(&self) -> Vec<(bool, ChunkId)> {
        let image = self.raster.tiff.full();
        let bands = self.bands.iter();
        let mut of_bands: Vec<ChunkId> = bands
            .flat_map(|&band| image.chunks_covering(band, self.window))
            .collect();
        of_bands.sort_unstable();
        of_bands.dedup();
        let mask = self.raster.tiff.mask().into_iter();
        let of_mask = mask.flat_map(|mask| mask.chunks_covering(0, self.window));
        of_bands
            .into_iter()
            .map(|chunk| (false, chunk))
            .chain(of_mask.map(|chunk| (true, chunk)))
            .collect()
    }
}

/// Pixels of a part.
#[derive(Debug)]
pub struct Pixels {
    /// Where they lie in their raster.
    pub window: Window,
    /// A plane a band, in the order of [`Part::bands`], row by row.
    pub bands: Vec<Samples>,
    /// For each plane, whether the file leaves each pixel out; empty where it leaves out none.
    pub left_out: Vec<Vec<bool>>,
    /// The file's own mask: 0 where a pixel holds no value.
    pub mask: Option<Samples>,
}

impl FetchedPart {
    /// Decodes the chunks, on all threads of the pool, and puts the pixels together.
    ///
    /// # Errors
    /// [`NdviError::Raster`] for damaged data; [`NdviError::Stopped`] when nobody waits any more.
    pub fn decode(self, cancel: &Cancel, metrics: &Metrics) -> Result<Pixels, NdviError> {
        let window = self.part.window;
        let cpu = CpuScope::current();
        let decoded: Vec<Vec<(Option<usize>, Samples)>> = self
            .chunks
            .par_iter()
            .map(|fetched| {
                cancel.check()?;
                cpu.run(|| self.decode_chunk(fetched))
            })
            .collect::<Result<_, NdviError>>()?;

        let count = usize::try_from(window.pixel_count()).unwrap_or(usize::MAX);
        let data_type = self.part.raster.tiff.full().data_type;
        let bands = self.part.bands.iter();
        let mut planes: Vec<Samples> = bands.map(|_| Samples::zeros(data_type, count)).collect();
        let mask = self.part.raster.tiff.mask();
        let mut mask = mask.map(|mask| Samples::zeros(mask.data_type, count));
        let mut left_out = vec![Vec::new(); planes.len()];
        for (fetched, bands) in self.chunks.iter().zip(decoded) {
            let image = self.part.image(fetched.is_of_mask);
            let Some(from) = image.map(|image| image.chunk_window(fetched.chunk)) else {
                continue;
            };
            for (place, samples) in bands {
                metrics.reading.decoded_pixels.inc_by(samples.len() as u64);
                metrics
                    .reading
                    .decoded_bytes
                    .inc_by(samples.byte_len() as u64);
                if let Some(place) = place.filter(|_| fetched.bytes.is_none()) {
                    let flags: &mut Vec<bool> = &mut left_out[place];
                    flags.resize(count, false);
                    paste_rows(&vec![true; samples.len()], from, flags, window);
                }
                let plane = match place {
                    Some(place) => Some(&mut planes[place]),
                    None => mask.as_mut(),
                };
                if let Some(plane) = plane {
                    paste(&samples, from, plane, window);
                }
            }
        }
        Ok(Pixels {
            window,
            bands: planes,
            left_out,
            mask,
        })
    }

    /// Samples of a chunk with the place of their plane; None is the file's mask.
    fn decode_chunk(
        &self,
        fetched: &FetchedChunk,
    ) -> Result<Vec<(Option<usize>, Samples)>, NdviError> {
        let Some(image) = self.part.image(fetched.is_of_mask) else {
            return Ok(Vec::new());
        };
        let held = |band: u16| !image.is_planar || band == fetched.chunk.plane;
        let (places, bands): (Vec<Option<usize>>, Vec<u16>) = if fetched.is_of_mask {
            (vec![None], vec![0])
        } else {
            let bands = self.part.bands.iter().enumerate();
            bands
                .filter(|(_, band)| held(**band))
                .map(|(place, band)| (Some(place), *band))
                .unzip()
        };
        let samples = match &fetched.bytes {
            Some(bytes) => image
                .decode(fetched.chunk, bytes, &bands)
                .map_err(|source| NdviError::Raster {
                    object: self.part.raster.object.name.clone(),
                    source,
                })?,
            None => bands
                .iter()
                .map(|&band| self.left_out(image, fetched, band))
                .collect(),
        };
        Ok(places.into_iter().zip(samples).collect())
    }

    /// What a chunk holds that the file leaves out: nodata, or 0 without one.
    fn left_out(&self, image: &Image, fetched: &FetchedChunk, band: u16) -> Samples {
        let pixels = image.chunk_window(fetched.chunk).pixel_count();
        let count = usize::try_from(pixels).unwrap_or(usize::MAX);
        let info = self.part.raster.tiff.bands.get(usize::from(band));
        let nodata = info
            .filter(|_| !fetched.is_of_mask)
            .and_then(|info| info.nodata);
        filled(image.data_type, count, nodata.unwrap_or(0.0))
    }
}

/// Samples of one value. A value that the type cannot hold was never nodata in this file.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts of floats saturate"
)]
fn filled(data_type: furrow_raster::samples::DataType, count: usize, value: f64) -> Samples {
    use furrow_raster::samples::DataType as D;
    match data_type {
        D::U8 => Samples::U8(vec![value as u8; count]),
        D::I8 => Samples::I8(vec![value as i8; count]),
        D::U16 => Samples::U16(vec![value as u16; count]),
        D::I16 => Samples::I16(vec![value as i16; count]),
        D::U32 => Samples::U32(vec![value as u32; count]),
        D::I32 => Samples::I32(vec![value as i32; count]),
        D::F32 => Samples::F32(vec![value as f32; count]),
        D::F64 => Samples::F64(vec![value; count]),
    }
}

/// Copies what two windows share from one plane to another.
fn paste(from: &Samples, from_window: Window, onto: &mut Samples, onto_window: Window) {
    macro_rules! same_type {
        ($($kind:ident),*) => {
            match (from, onto) {
                $((Samples::$kind(from), Samples::$kind(onto)) => {
                    paste_rows(from, from_window, onto, onto_window);
                })*
                _ => debug_assert!(false, "a chunk has the type of its image"),
            }
        };
    }
    same_type!(U8, I8, U16, I16, U32, I32, F32, F64);
}

fn paste_rows<T: Copy>(from: &[T], from_window: Window, onto: &mut [T], onto_window: Window) {
    let Some(shared) = from_window.intersection(&onto_window) else {
        return;
    };
    let len = shared.width as usize;
    let start = |window: Window, row: u32| {
        (row - window.row) as usize * window.width as usize + (shared.col - window.col) as usize
    };
    for row in shared.row..shared.row_end() {
        let (source, target) = (start(from_window, row), start(onto_window, row));
        onto[target..target + len].copy_from_slice(&from[source..source + len]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasting_keeps_every_pixel_in_its_place() {
        let window = |col, row, width, height| Window {
            col,
            row,
            width,
            height,
        };
        // A chunk at (2, 1) of 3 × 2 over a window at (3, 0) of 3 × 3.
        let chunk = Samples::U8(vec![1, 2, 3, 4, 5, 6]);
        let mut plane = Samples::U8(vec![0; 9]);

        paste(&chunk, window(2, 1, 3, 2), &mut plane, window(3, 0, 3, 3));

        assert_eq!(plane, Samples::U8(vec![0, 0, 0, 2, 3, 0, 5, 6, 0]));
    }
}
