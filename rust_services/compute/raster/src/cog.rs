//! Writing cloud-optimized GeoTIFF files, so that a reader finds any part of the picture, at any
//! size, with two short reads.
//!
//! ```text
//! header │ GDAL's structural metadata │ IFD full │ IFD ½ │ IFD ¼ │ tiles ¼ │ tiles ½ │ tiles full
//! ```
//!
//! Each tile stands between its size and a copy of its last four bytes, as GDAL's COG driver has
//! it, <https://gdal.org/en/stable/drivers/raster/cog.html>. The same values give the same bytes.
//!
//! [`write()`] does it all at once. For rasters that do not fit into memory, cut rows into tiles with
//! [`crate::overview::Pyramid`], pack each with [`compress_tile`] on any thread, and put the packed
//! tiles behind [`Layout::header`] in the order of [`Layout::order`].

mod ifd;
mod layout;
mod tile;

use std::collections::BTreeMap;

use thiserror::Error;

use crate::{
    grid::Grid,
    overview::{Pyramid, level_sizes},
};
pub use layout::{Layout, TilePlace, append_tile};
pub use tile::compress_tile;

/// How values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// 32-bit floats, NaN where there is no value.
    Float32,
    /// Value × 10,000, rounded to 16-bit integers; −32768 where there is no value.
    Int16,
}

/// How tiles are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Deflate.
    Deflate,
    /// Zstandard.
    Zstd,
}

/// Side of a tile, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TileSize {
    /// 256: less to read for a small field.
    Px256,
    /// 512: what GDAL's COG driver takes.
    #[default]
    Px512,
}

impl TileSize {
    /// Pixels.
    pub fn pixels(self) -> u32 {
        match self {
            Self::Px256 => 256,
            Self::Px512 => 512,
        }
    }
}

/// Integers of [`Encoding::Int16`] a unit of the value.
pub const INT16_SCALE: f64 = 10_000.0;
/// Integer of [`Encoding::Int16`] that means "no value".
pub const INT16_NODATA: i16 = i16::MIN;

/// What a file is to hold beside its values.
#[derive(Debug, Clone, PartialEq)]
pub struct CogSpec {
    /// Size, place and reference system.
    pub grid: Grid,
    /// Whether the reference system is geographic, as [`crate::crs::Crs::is_geographic`] says.
    pub is_geographic: bool,
    /// Side of a tile.
    pub tile_size: TileSize,
    /// Sample format.
    pub encoding: Encoding,
    /// Codec.
    pub compression: Compression,
    /// Name of the band, such as `ndvi`.
    pub description: String,
    /// Entries of the GDAL metadata, such as where the values come from.
    pub tags: BTreeMap<String, String>,
}

impl CogSpec {
    /// Width and height of all levels, full resolution first.
    pub fn levels(&self) -> Vec<(u32, u32)> {
        level_sizes(self.grid.width, self.grid.height, self.tile_size.pixels())
    }
}

/// Why a file is not written.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CogError {
    /// No pixel.
    #[error("a raster of {width} by {height} pixels cannot be written")]
    Empty {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Not one value a pixel.
    #[error("{found} values were given for {expected} pixels")]
    WrongLength {
        /// Values given.
        found: usize,
        /// Pixels of the grid.
        expected: u64,
    },
    /// The file's keys hold 16 bits.
    #[error("EPSG:{epsg} cannot be written into a GeoTIFF; codes reach to 65535")]
    EpsgTooLarge {
        /// The code.
        epsg: u32,
    },
    /// A value that 16-bit integers of a ten-thousandth cannot hold.
    #[error("the value {value} does not fit into 16-bit integers of 0.0001; store 32-bit floats")]
    OutOfInt16 {
        /// The value.
        value: f32,
    },
    /// The codec failed, which it does for want of memory only.
    #[error("a tile could not be compressed: {reason}")]
    Codec {
        /// What the codec says.
        reason: String,
    },
    /// Tiles are missing, or there are too many.
    #[error("level {level} has {found} tiles; its size asks for {expected}")]
    WrongTileCount {
        /// Level, 0 at full resolution.
        level: usize,
        /// Tiles given.
        found: usize,
        /// Tiles expected.
        expected: usize,
    },
}

/// A whole file from all values, row by row, NaN where there is none.
///
/// # Errors
/// [`CogError`].
pub fn write(spec: &CogSpec, values: &[f32]) -> Result<Vec<u8>, CogError> {
    let Grid { width, height, .. } = spec.grid;
    if width == 0 || height == 0 {
        return Err(CogError::Empty { width, height });
    }
    let expected = spec.grid.full_window().pixel_count();
    if values.len() as u64 != expected {
        return Err(CogError::WrongLength {
            found: values.len(),
            expected,
        });
    }
    let mut pyramid = Pyramid::new(width, height, spec.tile_size.pixels());
    let mut packed: Vec<Vec<Vec<u8>>> = vec![Vec::new(); spec.levels().len()];
    let rows_at_once = spec.tile_size.pixels() as usize * width as usize;
    for rows in values.chunks(rows_at_once) {
        for tile in pyramid.push_rows(rows) {
            packed[tile.level].push(compress_tile(spec, &tile.values)?);
        }
    }
    let sizes = packed
        .iter()
        .map(|level| level.iter().map(Vec::len).collect())
        .collect::<Vec<Vec<usize>>>();
    let layout = Layout::new(spec, &sizes)?;
    let mut file = layout.header().to_vec();
    for place in layout.order() {
        append_tile(&mut file, &packed[place.level][place.index]);
    }
    Ok(file)
}
