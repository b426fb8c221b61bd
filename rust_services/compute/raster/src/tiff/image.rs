//! One image of a file: how its pixels are cut into tiles or strips, and where those lie.

use std::ops::Range;
use std::sync::Arc;

use super::bytes::Endian;
use super::codec::{Compression, Shape};
use super::predictor::Predictor;
use crate::grid::Window;
use crate::samples::DataType;

/// Bytes that a compressed tile or strip may have beyond what its method makes of its pixels at worst;
/// what is announced past that is not read.
const SLACK: u64 = 64 << 10;

/// A tile or strip, or the part of one that is read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId {
    /// The band, from 0, where bands are stored apart; 0 where pixels hold all bands.
    pub plane: u16,
    /// Position in the plane, row by row.
    pub index: u32,
}

/// One image of a file, full resolution or overview.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is what one tag says, and any may go with any"
)]
pub struct Image {
    /// Columns of pixels.
    pub width: u32,
    /// Rows of pixels.
    pub height: u32,
    /// Number of bands.
    pub bands: u16,
    /// Type of the values.
    pub data_type: DataType,
    /// Columns of a tile; the width for strips.
    pub chunk_width: u32,
    /// Rows of a tile or strip, or of the parts that a long uncompressed strip is read in.
    pub chunk_height: u32,
    /// Whether the image is cut into tiles rather than strips.
    pub is_tiled: bool,
    /// Whether each band is stored apart rather than pixel by pixel.
    pub is_planar: bool,
    /// How tiles and strips are compressed.
    pub compression: Compression,
    /// What was done to the pixels before.
    pub predictor: Predictor,
    pub(super) endian: Endian,
    pub(super) storage: Storage,
    /// Whether bytes begin with their low bit, so that they have to be turned first.
    pub(super) is_low_bit_first: bool,
    /// Whether JPEG holds `YCbCr`, to be made red, green and blue.
    pub(super) is_ycbcr: bool,
    /// Tables of JPEG that all chunks share; empty without.
    pub(super) jpeg_tables: Arc<[u8]>,
    /// Rows of a stored tile or strip; a multiple of none but at least `chunk_height`.
    pub(super) stored_height: u32,
    /// Offset and length of each stored tile or strip, plane after plane.
    pub(super) table: Vec<(u64, u64)>,
}

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    /// As its type.
    Plain,
    /// As an unsigned integer of 1 to 32 bits, packed without gaps in a row.
    Packed(u32),
    /// As a float of 16 bits, read as one of 32.
    Half,
    /// As a float of 24 bits, read as one of 32.
    Float24,
    /// As an unsigned integer of 64 bits, read as a float.
    U64,
    /// As a signed integer of 64 bits, read as a float.
    I64,
}

impl Image {
    /// Bits of a value as stored.
    pub(super) fn bits(&self) -> u64 {
        match self.storage {
            Storage::Plain => 8 * self.data_type.size() as u64,
            Storage::Packed(bits) => u64::from(bits),
            Storage::Half => 16,
            Storage::Float24 => 24,
            Storage::U64 | Storage::I64 => 64,
        }
    }

    /// What a chunk's data are to become.
    pub(super) fn shape(&self) -> Shape<'_> {
        Shape {
            width: self.chunk_width,
            bands: self.samples_per_chunk_pixel(),
            is_ycbcr: self.is_ycbcr,
            jpeg_tables: &self.jpeg_tables,
        }
    }

    /// The window that is the whole image.
    pub fn full_window(&self) -> Window {
        Window {
            col: 0,
            row: 0,
            width: self.width,
            height: self.height,
        }
    }

    /// The chunks that hold a band of a window, row by row; none for what lies outside the image.
    ///
    /// Where pixels hold all bands the chunks of every band are the same, so that each needs to be
    /// read once.
    pub fn chunks_covering(&self, band: u16, window: Window) -> Vec<ChunkId> {
        let inside = self.full_window().intersection(&window);
        let (Some(inside), true) = (inside, band < self.bands) else {
            return Vec::new();
        };
        let plane = if self.is_planar { band } else { 0 };
        let columns = inside.col / self.chunk_width..inside.col_end().div_ceil(self.chunk_width);
        let rows = self.chunk_row(inside.row)..=self.chunk_row(inside.row_end() - 1);
        let across = self.columns();
        rows.flat_map(|row| columns.clone().map(move |column| row * across + column))
            .map(|index| ChunkId { plane, index })
            .collect()
    }

    /// The pixels a chunk holds, without what hangs over the image's edge.
    ///
    /// # Panics
    /// For a chunk of another image.
    pub fn chunk_window(&self, chunk: ChunkId) -> Window {
        let (stored_row, part, column) = self.place(chunk);
        let stored_at = stored_row * self.stored_height;
        let row = stored_at + part * self.chunk_height;
        let col = column * self.chunk_width;
        assert!(row < self.height, "a chunk of this image");
        Window {
            col,
            row,
            width: self.chunk_width.min(self.width - col),
            height: self
                .chunk_height
                .min(self.stored_height - part * self.chunk_height)
                .min(self.height - row),
        }
    }

    /// Where a chunk lies in the file; None where the file leaves it out, so that all its pixels are
    /// nodata, or 0 without one.
    pub fn byte_range(&self, chunk: ChunkId) -> Option<Range<u64>> {
        let (stored_row, part, column) = self.place(chunk);
        let per_plane = self.table.len() / usize::from(self.planes());
        let stored = stored_row as usize * self.columns() as usize + column as usize;
        let &(offset, len) = self
            .table
            .get(usize::from(chunk.plane) * per_plane + stored)?;
        if offset == 0 || len == 0 {
            return None;
        }
        let before = u64::from(part) * u64::from(self.chunk_height) * self.row_bytes();
        let needed = u64::from(self.stored_rows(chunk)) * self.row_bytes();
        let most = match self.compression {
            Compression::None => needed,
            method => needed * method.worst_growth() + SLACK,
        };
        let start = offset + before.min(len);
        Some(start..start + most.min(len - before.min(len)))
    }

    /// A chunk, in words.
    pub fn chunk_name(&self, chunk: ChunkId) -> String {
        let kind = if self.is_tiled { "tile" } else { "strip" };
        let Window { col, row, .. } = self.chunk_window(chunk);
        if self.is_planar {
            format!(
                "the {kind} at column {col}, row {row} of band {}",
                chunk.plane
            )
        } else {
            format!("the {kind} at column {col}, row {row}")
        }
    }

    /// Values of a pixel as they are stored together.
    pub(super) fn samples_per_chunk_pixel(&self) -> u16 {
        if self.is_planar { 1 } else { self.bands }
    }

    /// Bytes of one row of a stored tile or strip.
    pub(super) fn row_bytes(&self) -> u64 {
        let values = u64::from(self.chunk_width) * u64::from(self.samples_per_chunk_pixel());
        (values * self.bits()).div_ceil(8)
    }

    /// Rows that a chunk's bytes hold: a tile is stored whole, a strip ends with the image.
    pub(super) fn stored_rows(&self, chunk: ChunkId) -> u32 {
        if self.is_tiled {
            self.chunk_height
        } else {
            self.chunk_window(chunk).height
        }
    }

    pub(super) fn planes(&self) -> u16 {
        if self.is_planar { self.bands } else { 1 }
    }

    pub(super) fn columns(&self) -> u32 {
        self.width.div_ceil(self.chunk_width)
    }

    /// Chunks that one stored tile or strip is read in.
    fn parts(&self) -> u32 {
        self.stored_height.div_ceil(self.chunk_height)
    }

    /// The row of chunks that holds a row of pixels.
    fn chunk_row(&self, row: u32) -> u32 {
        let (stored, within) = (row / self.stored_height, row % self.stored_height);
        stored * self.parts() + within / self.chunk_height
    }

    /// Row of stored tiles or strips, part of it, and column of a chunk.
    fn place(&self, chunk: ChunkId) -> (u32, u32, u32) {
        let (row, column) = (chunk.index / self.columns(), chunk.index % self.columns());
        (row / self.parts(), row % self.parts(), column)
    }
}
