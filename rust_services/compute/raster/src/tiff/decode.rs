//! From the bytes of a tile or strip to the values of its bands.

mod odd;

use std::cell::RefCell;

use super::TiffError;
use super::bytes::Endian;
use super::codec::{Outcome, decompress};
use super::image::{ChunkId, Image, Storage};
use super::predictor::{Predictor, Word, sum_row, unshuffle_row};
use crate::grid::Window;
use crate::samples::{DataType, Samples};

/// Largest buffer that a thread keeps between chunks, bytes.
const KEPT: usize = 4 << 20;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Image {
    /// Decodes a chunk: for each band asked for its values in [`Image::chunk_window`], row by row.
    ///
    /// The work is CPU alone. Buffers have the sizes that [`super::parse`] checked, whatever the data
    /// claim to hold.
    ///
    /// # Errors
    /// [`TiffError::Undecodable`] for damaged data or the wrong amount of them,
    /// [`TiffError::NoSuchBand`] for a band that is not in the chunk.
    pub fn decode(
        &self,
        chunk: ChunkId,
        data: &[u8],
        bands: &[u16],
    ) -> Result<Vec<Samples>, TiffError> {
        let asked = self.positions(chunk, bands)?;
        let mut buffer = BUFFER.take();
        let result = self
            .fill(chunk, data, &mut buffer)
            .and_then(|()| self.samples(chunk, &buffer, &asked));
        if buffer.capacity() <= KEPT {
            BUFFER.set(buffer);
        }
        result
    }

    /// Where the bands stand among the values of a stored pixel.
    fn positions(&self, chunk: ChunkId, bands: &[u16]) -> Result<Vec<usize>, TiffError> {
        let position = |&band: &u16| match (self.is_planar, band) {
            (true, band) if band == chunk.plane => Ok(0),
            (false, band) if band < self.bands => Ok(usize::from(band)),
            _ => Err(TiffError::NoSuchBand {
                found: band,
                allowed: self.bands,
            }),
        };
        bands.iter().map(position).collect()
    }

    /// Decompresses into the buffer and undoes what makes bytes depend on more than one value.
    fn fill(&self, chunk: ChunkId, data: &[u8], buffer: &mut Vec<u8>) -> Result<(), TiffError> {
        let row_bytes = self.row_bytes();
        let size = |rows: u32| usize::try_from(row_bytes * u64::from(rows)).unwrap_or(usize::MAX);
        let wanted = size(self.stored_rows(chunk));
        let turned: Vec<u8>;
        let data = if self.is_low_bit_first {
            turned = data.iter().map(|byte| byte.reverse_bits()).collect();
            &turned
        } else {
            data
        };
        buffer.resize(wanted, 0);
        let mut outcome = decompress(self.compression, self.shape(), data, buffer);
        let whole = size(self.stored_height);
        if outcome == Outcome::More && whole > wanted {
            // Some writers fill the last strip up; what hangs over the edge is cut off again.
            buffer.resize(whole, 0);
            outcome = decompress(self.compression, self.shape(), data, buffer);
            buffer.truncate(wanted);
        }
        let found = match outcome {
            Outcome::Full => None,
            Outcome::Short(len) if len >= wanted => None,
            Outcome::Short(len) => Some(format!("{len} bytes")),
            Outcome::More => Some(format!("more than {wanted} bytes")),
            Outcome::Damaged(why) => Some(why),
        };
        if let Some(found) = found {
            return Err(TiffError::Undecodable {
                chunk: self.chunk_name(chunk),
                found,
                allowed: format!("{wanted} bytes"),
            });
        }
        if self.predictor == Predictor::FloatingPoint {
            let bands = usize::from(self.samples_per_chunk_pixel());
            let bytes = usize::try_from(self.bits() / 8).unwrap_or(usize::MAX);
            let mut scratch = vec![0; size(1)];
            for row in buffer.chunks_exact_mut(size(1)) {
                unshuffle_row(row, bands, bytes, &mut scratch);
            }
        }
        Ok(())
    }

    fn samples(
        &self,
        chunk: ChunkId,
        bytes: &[u8],
        asked: &[usize],
    ) -> Result<Vec<Samples>, TiffError> {
        let rows = Rows {
            bytes,
            row_bytes: usize::try_from(self.row_bytes()).unwrap_or(usize::MAX),
            window: self.chunk_window(chunk),
            bands: usize::from(self.samples_per_chunk_pixel()),
            endian: match self.predictor {
                Predictor::FloatingPoint => Endian::Little,
                _ => self.endian,
            },
            is_differenced: self.predictor == Predictor::Horizontal,
        };
        match self.storage {
            Storage::Plain => Ok(rows.plain(self.data_type, asked)),
            Storage::Packed(bits) => Ok(rows.packed(bits, asked)),
            Storage::Half => Ok(rows.words(asked, |words: Vec<u16>| {
                Samples::F32(words.into_iter().map(odd::half).collect())
            })),
            Storage::Float24 => Ok(rows.floats_of_24_bits(asked)),
            Storage::U64 => rows.words(asked, odd::unsigned).into_iter().collect(),
            Storage::I64 => rows.words(asked, odd::signed).into_iter().collect(),
        }
    }
}

/// The rows of a decompressed chunk.
struct Rows<'a> {
    bytes: &'a [u8],
    row_bytes: usize,
    window: Window,
    /// Values of a pixel that are stored together.
    bands: usize,
    endian: Endian,
    is_differenced: bool,
}

impl Rows<'_> {
    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes
            .chunks_exact(self.row_bytes)
            .take(self.window.height as usize)
    }

    fn words<T: FromBytes, R>(&self, asked: &[usize], finish: impl Fn(Vec<T>) -> R) -> Vec<R> {
        let count = self.window.width as usize * self.window.height as usize;
        let used = self.window.width as usize * self.bands;
        let mut found: Vec<Vec<T>> = asked.iter().map(|_| Vec::with_capacity(count)).collect();
        if let ([values], 1) = (found.as_mut_slice(), self.bands) {
            for row in self.iter() {
                self.extend(values, row, used);
            }
        } else {
            let mut line: Vec<T> = Vec::with_capacity(used);
            for row in self.iter() {
                line.clear();
                self.extend(&mut line, row, used);
                for (values, &band) in found.iter_mut().zip(asked) {
                    values.extend(line.chunks_exact(self.bands).map(|pixel| pixel[band]));
                }
            }
        }
        found.into_iter().map(finish).collect()
    }

    /// Adds the first values of a row.
    fn extend<T: FromBytes>(&self, values: &mut Vec<T>, row: &[u8], count: usize) {
        let start = values.len();
        T::extend(values, &row[..count * size_of::<T>()], self.endian);
        if self.is_differenced {
            sum_row(&mut values[start..], self.bands);
        }
    }

    /// Values as they are stored. Words of the same width become values in place.
    fn plain(&self, data_type: DataType, asked: &[usize]) -> Vec<Samples> {
        match data_type {
            DataType::U8 => self.words::<u8, _>(asked, Samples::U8),
            DataType::I8 => self.words(asked, |words: Vec<u8>| {
                Samples::I8(words.into_iter().map(u8::cast_signed).collect())
            }),
            DataType::U16 => self.words::<u16, _>(asked, Samples::U16),
            DataType::I16 => self.words(asked, |words: Vec<u16>| {
                Samples::I16(words.into_iter().map(u16::cast_signed).collect())
            }),
            DataType::U32 => self.words::<u32, _>(asked, Samples::U32),
            DataType::I32 => self.words(asked, |words: Vec<u32>| {
                Samples::I32(words.into_iter().map(u32::cast_signed).collect())
            }),
            DataType::F32 => self.words(asked, |words| {
                Samples::F32(words.into_iter().map(f32::from_bits).collect())
            }),
            DataType::F64 => self.words(asked, |words| {
                Samples::F64(words.into_iter().map(f64::from_bits).collect())
            }),
        }
    }
}

/// A word that is made of bytes in a byte order.
trait FromBytes: Word {
    fn extend(values: &mut Vec<Self>, bytes: &[u8], endian: Endian);
}

macro_rules! from_bytes {
    ($($type:ty),*) => {$(
        impl FromBytes for $type {
            fn extend(values: &mut Vec<Self>, bytes: &[u8], endian: Endian) {
                // Loops over arrays of known length turn into vector instructions.
                let (words, _) = bytes.as_chunks();
                match endian {
                    Endian::Little => values.extend(words.iter().map(|b| Self::from_le_bytes(*b))),
                    Endian::Big => values.extend(words.iter().map(|b| Self::from_be_bytes(*b))),
                }
            }
        }
    )*};
}
from_bytes!(u8, u16, u32, u64);
