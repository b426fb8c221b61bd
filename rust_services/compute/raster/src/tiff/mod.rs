//! Reading GeoTIFF: headers from byte ranges, tiles and strips to numbers.
//!
//! A reader of our own, because async-tiff reads no strips, bounds no decoder and asserts on outside
//! data, and image-tiff wants a blocking `Read + Seek` and knows no libdeflate.
//!
//! Nothing here reads files. [`parse`] says which bytes of the header it lacks; an [`Image`] says
//! which chunks hold a window ([`Image::chunks_covering`]), where they lie ([`Image::byte_range`])
//! and makes numbers of their bytes ([`Image::decode`]). Every size that a file announces is held
//! against [`Limits`] before memory is asked for.
//!
//! | read | refused, as [`TiffError::Unsupported`] |
//! |---|---|
//! | strips, tiles; pixel or band interleaved; both byte orders and bit orders; `BigTIFF` | |
//! | integers of 1 to 32 bits, and of 64 where floats hold them; floats of 16, 24, 32, 64 | odd widths with a sign, complex numbers, mixtures |
//! | none, LZW, Deflate, `PackBits`, ZSTD; predictors 1, 2, 3 | WebP, LERC, LZMA, JPEG 2000, JPEG XL |
//! | JPEG (`YCbCr` as RGB), fax of groups 3 and 4 | `YCbCr` elsewhere, fax in two dimensions |
//! | palettes, as indices; overviews, masks, nodata, scale and offset, pixel-is-point | |
//! | scale and tiepoint, or a matrix, north up | rotation, south up, ground control points |
//!
//! `docs/science.md`, "Files that are read", has the reasons.

mod bytes;
mod codec;
mod dataset;
mod decode;
mod directory;
mod error;
mod georeference;
mod image;
mod layout;
mod limits;
mod metadata;
mod predictor;
mod sample_type;
mod tags;
mod values;

pub use bytes::SparseBytes;
pub use codec::Compression;
pub use dataset::{BandInfo, Parsed, Tiff, parse};
pub use error::TiffError;
pub use image::{ChunkId, Image};
pub use limits::Limits;
pub use predictor::Predictor;

#[cfg(test)]
mod tests;
