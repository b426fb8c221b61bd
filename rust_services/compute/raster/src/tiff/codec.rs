//! From the bytes of a tile or strip to its decompressed bytes, never more than were asked for.

mod fax;
mod jpeg;
mod lzw;
mod packbits;

use std::cell::RefCell;

use libdeflater::Decompressor;

use super::TiffError;

/// How tiles and strips are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// LZW, TIFF's variant or the older one with its bits reversed.
    Lzw,
    /// Deflate in a zlib envelope.
    Deflate,
    /// Run lengths of bytes.
    PackBits,
    /// Zstandard.
    Zstd,
    /// CCITT group 3, one-dimensional.
    Fax3,
    /// CCITT group 4.
    Fax4,
    /// JPEG, whose tables may stand in a tag of their own.
    Jpeg,
}

impl Compression {
    /// The method of a value of the Compression tag.
    pub(super) fn from_tag(value: u64) -> Result<Self, TiffError> {
        Ok(match value {
            1 => Self::None,
            3 => Self::Fax3,
            4 => Self::Fax4,
            5 => Self::Lzw,
            7 => Self::Jpeg,
            8 | 32946 => Self::Deflate,
            32773 => Self::PackBits,
            50000 => Self::Zstd,
            _ => {
                let known = match value {
                    2 => "run lengths of CCITT",
                    6 => "JPEG of TIFF 6.0",
                    34712 => "JPEG 2000",
                    34887 => "LERC",
                    34925 => "LZMA",
                    50001 => "WebP",
                    50002 | 52546 => "JPEG XL",
                    _ => "number",
                };
                return Err(TiffError::unsupported(
                    "compression",
                    format!("{known} ({value})"),
                    "none, LZW, Deflate, PackBits, ZSTD, JPEG and fax",
                ));
            }
        })
    }

    /// The name GDAL gives the method.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Lzw => "LZW",
            Self::Deflate => "DEFLATE",
            Self::PackBits => "PACKBITS",
            Self::Zstd => "ZSTD",
            Self::Fax3 => "CCITTFAX3",
            Self::Fax4 => "CCITTFAX4",
            Self::Jpeg => "JPEG",
        }
    }

    /// Whether writers of this method may store differences; for others the tag says nothing.
    pub(super) fn has_predictor(self) -> bool {
        matches!(self, Self::Lzw | Self::Deflate | Self::Zstd)
    }

    /// Times that the data of this method may be larger than the pixels, at worst.
    pub(super) fn worst_growth(self) -> u64 {
        match self {
            // Twelve bits for two pixels of one.
            Self::Fax3 | Self::Fax4 => 8,
            _ => 2,
        }
    }
}

/// What a chunk's data are to become, for methods that know pixels and not bytes alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    /// Columns.
    pub(super) width: u32,
    /// Values of a pixel.
    pub(super) bands: u16,
    /// Whether JPEG holds brightness and two colour differences, to be made red, green and blue.
    pub(super) is_ycbcr: bool,
    /// Tables of JPEG that all chunks share; empty without.
    pub(super) jpeg_tables: &'a [u8],
}

/// What came of decompressing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The buffer is full.
    Full,
    /// The data ended after so many bytes.
    Short(usize),
    /// There is more than the buffer holds.
    More,
    /// The data are damaged, in words.
    Damaged(String),
}

// Made once a thread: their tables cost more than a small tile.
thread_local! {
    static DEFLATE: RefCell<Decompressor> = RefCell::new(Decompressor::new());
    static ZSTD: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Decompresses into a buffer of the expected size, a whole number of rows.
pub(super) fn decompress(
    compression: Compression,
    shape: Shape<'_>,
    data: &[u8],
    out: &mut [u8],
) -> Outcome {
    match compression {
        Compression::None => match data.get(..out.len()) {
            Some(data) => {
                out.copy_from_slice(data);
                Outcome::Full
            }
            None => Outcome::Short(data.len()),
        },
        Compression::Lzw => lzw::decode(data, out),
        Compression::Deflate => deflate(data, out),
        Compression::PackBits => packbits::decode(data, out),
        Compression::Zstd => zstandard(data, out),
        Compression::Fax3 => fax::decode_group_3(shape, data, out),
        Compression::Fax4 => fax::decode_group_4(shape, data, out),
        Compression::Jpeg => jpeg::decode(shape, data, out),
    }
}

fn filled(len: usize, out: &[u8]) -> Outcome {
    if len == out.len() {
        Outcome::Full
    } else {
        Outcome::Short(len)
    }
}

fn deflate(data: &[u8], out: &mut [u8]) -> Outcome {
    use libdeflater::DecompressionError::{BadData, InsufficientSpace};
    match DEFLATE.with_borrow_mut(|state| state.zlib_decompress(data, out)) {
        Ok(len) => filled(len, out),
        Err(InsufficientSpace) => Outcome::More,
        Err(BadData) => Outcome::Damaged("damaged Deflate data".to_owned()),
    }
}

fn zstandard(data: &[u8], out: &mut [u8]) -> Outcome {
    let result = ZSTD.with_borrow_mut(|state| {
        if state.is_none() {
            *state = Some(zstd::bulk::Decompressor::new()?);
        }
        let state = state.as_mut().expect("made above");
        state.decompress_to_buffer(data, out)
    });
    match result {
        Ok(len) => filled(len, out),
        // The library tells its errors apart by words only.
        Err(error) if error.to_string().contains("too small") => Outcome::More,
        Err(error) => Outcome::Damaged(format!("damaged ZSTD data ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape<'static> = Shape {
        width: 8,
        bands: 1,
        is_ycbcr: false,
        jpeg_tables: &[],
    };

    #[test]
    fn packbits_gives_the_worked_example_of_its_author() {
        // Apple technical note TN1023, as quoted in TIFF 6.0's sources.
        let packed = [
            0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7,
            0xAA,
        ];
        let mut out = [0; 24];

        assert_eq!(
            decompress(Compression::PackBits, SHAPE, &packed, &mut out),
            Outcome::Full
        );
        assert_eq!(out[..6], [0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A]);
        assert_eq!(out[23], 0xAA);
    }

    #[test]
    fn both_bit_orders_of_lzw_are_read() {
        use weezl::{BitOrder, encode::Encoder};
        let pixels: Vec<u8> = (0..5000_u32).map(|i| (i * i % 251) as u8).collect();
        let new = Encoder::with_tiff_size_switch(BitOrder::Msb, 8)
            .encode(&pixels)
            .expect("in memory");
        let old = Encoder::new(BitOrder::Lsb, 8)
            .encode(&pixels)
            .expect("in memory");

        for packed in [new, old] {
            let mut out = vec![0; pixels.len()];
            assert_eq!(
                decompress(Compression::Lzw, SHAPE, &packed, &mut out),
                Outcome::Full
            );
            assert_eq!(out, pixels);
        }
    }

    #[test]
    fn no_method_writes_past_its_buffer_or_hides_a_lack() {
        let pixels = vec![7_u8; 4096];
        let mut state = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut deflated = vec![0; state.zlib_compress_bound(pixels.len())];
        let len = state.zlib_compress(&pixels, &mut deflated).expect("room");
        deflated.truncate(len);
        let zstd = zstd::bulk::compress(&pixels, 1).expect("in memory");

        for (method, data) in [(Compression::Deflate, deflated), (Compression::Zstd, zstd)] {
            let mut small = [0; 100];
            let mut large = [0; 5000];
            assert_eq!(decompress(method, SHAPE, &data, &mut small), Outcome::More);
            assert_eq!(
                decompress(method, SHAPE, &data, &mut large),
                Outcome::Short(4096)
            );
            assert!(matches!(
                decompress(method, SHAPE, &data[..data.len() / 2], &mut large),
                Outcome::Damaged(_)
            ));
        }
    }
}
