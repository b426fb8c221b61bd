//! Packing a tile: sample format, predictor, codec.

use std::cell::RefCell;

use libdeflater::{CompressionLvl, Compressor};

use super::{CogError, CogSpec, Compression, Encoding, INT16_NODATA, INT16_SCALE};

/// Differences of noisy measurements repeat nowhere: searching longer finds nothing, and by choosing
/// distant matches even makes files of integers larger (by 3 to 5 % at GDAL's level 6). Files of
/// floats become larger by 1 %.
const DEFLATE_LEVEL: i32 = 1;
/// Likewise; GDAL's level 9 takes five times as long for 3 % fewer bytes.
const ZSTD_LEVEL: i32 = 1;

// Made once a thread: tables of a codec and buffers cost more than what they do for a tile.
thread_local! {
    static DEFLATE: RefCell<Compressor> = RefCell::new(Compressor::new(
        CompressionLvl::new(DEFLATE_LEVEL).expect("libdeflate has levels 1 to 12"),
    ));
    static ZSTD: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static PACKED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Packs the values of a tile, row by row, NaN where there is none. Knows nothing of other tiles,
/// so tiles may be packed on any thread in any order.
///
/// # Errors
/// [`CogError::OutOfInt16`], [`CogError::Codec`].
pub fn compress_tile(spec: &CogSpec, values: &[f32]) -> Result<Vec<u8>, CogError> {
    let width = spec.tile_size.pixels() as usize;
    BYTES.with_borrow_mut(|bytes| {
        match spec.encoding {
            Encoding::Float32 => predict_floats(values, width, bytes),
            Encoding::Int16 => predict_integers(values, width, bytes)?,
        }
        PACKED.with_borrow_mut(|packed| {
            let len = match spec.compression {
                Compression::Deflate => deflate(bytes, packed)?,
                Compression::Zstd => zstandard(bytes, packed)?,
            };
            Ok(packed[..len].to_vec())
        })
    })
}

fn deflate(bytes: &[u8], packed: &mut Vec<u8>) -> Result<usize, CogError> {
    DEFLATE.with_borrow_mut(|state| {
        let most = state.zlib_compress_bound(bytes.len());
        packed.resize(packed.len().max(most), 0);
        state.zlib_compress(bytes, packed).map_err(codec_error)
    })
}

fn zstandard(bytes: &[u8], packed: &mut Vec<u8>) -> Result<usize, CogError> {
    ZSTD.with_borrow_mut(|state| {
        let most = zstd::zstd_safe::compress_bound(bytes.len());
        packed.resize(packed.len().max(most), 0);
        let state = match state {
            Some(state) => state,
            None => state.insert(zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(codec_error)?),
        };
        state
            .compress_to_buffer(bytes, packed.as_mut_slice())
            .map_err(codec_error)
    })
}

fn codec_error(error: impl std::fmt::Display) -> CogError {
    CogError::Codec {
        reason: error.to_string(),
    }
}

/// TIFF's predictor 3: of each row, first all highest bytes, then all second ones and so on, each
/// byte as its difference to the one before.
///
/// # Source
/// Adobe Photoshop TIFF Technical Note 3 (2005).
fn predict_floats(values: &[f32], width: usize, bytes: &mut Vec<u8>) {
    bytes.resize(values.len() * 4, 0);
    let mut planes = vec![0; width * 4];
    for (line, row) in bytes
        .chunks_exact_mut(width * 4)
        .zip(values.chunks_exact(width))
    {
        for (shift, of_plane) in [24, 16, 8, 0]
            .into_iter()
            .zip(planes.chunks_exact_mut(width))
        {
            for (byte, &value) in of_plane.iter_mut().zip(row) {
                // All NaN are stored as one, so that equal rasters make equal bytes.
                let value = if value.is_nan() { f32::NAN } else { value };
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "one byte of four is wanted"
                )]
                let part = (value.to_bits() >> shift) as u8;
                *byte = part;
            }
        }
        line[0] = planes[0];
        for (byte, pair) in line[1..].iter_mut().zip(planes.windows(2)) {
            *byte = pair[1].wrapping_sub(pair[0]);
        }
    }
}

/// TIFF's predictor 2: each integer as its difference to the one left of it.
fn predict_integers(values: &[f32], width: usize, bytes: &mut Vec<u8>) -> Result<(), CogError> {
    bytes.resize(values.len() * 2, 0);
    let mut integers = vec![0_i16; width];
    for (line, row) in bytes
        .chunks_exact_mut(width * 2)
        .zip(values.chunks_exact(width))
    {
        to_int16(row, &mut integers)?;
        let (pairs, _) = line.as_chunks_mut::<2>();
        pairs[0] = integers[0].to_le_bytes();
        for (bytes, pair) in pairs[1..].iter_mut().zip(integers.windows(2)) {
            *bytes = pair[1].wrapping_sub(pair[0]).to_le_bytes();
        }
    }
    Ok(())
}

/// 2⁵²: a double of this size has no bits behind the point.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// Values in ten-thousandths, half away from zero; in steps that compilers do for several at once.
fn to_int16(values: &[f32], integers: &mut [i16]) -> Result<(), CogError> {
    let mut largest = 0.0_f64;
    for (&value, integer) in values.iter().zip(integers) {
        // A product of 24 and 14 bits, and its sum with a half, are exact in a double.
        let size = (f64::from(value) * INT16_SCALE).abs() + 0.5;
        let nearest = (size + WHOLE) - WHOLE;
        let whole = if nearest > size {
            nearest - 1.0
        } else {
            nearest
        };
        largest = if whole > largest { whole } else { largest };
        #[allow(clippy::cast_possible_truncation)] // the low bits are the whole number
        let bits = (whole + WHOLE).to_bits() as u16;
        let bits = if value < 0.0 {
            bits.wrapping_neg()
        } else {
            bits
        };
        *integer = if value.is_nan() {
            INT16_NODATA
        } else {
            bits.cast_signed()
        };
    }
    if largest > f64::from(i16::MAX) {
        let fits = |value: f32| (f64::from(value) * INT16_SCALE).round().abs() <= 32_767.0;
        let value = values.iter().copied().find(|&v| !v.is_nan() && !fits(v));
        return Err(CogError::OutOfInt16 {
            value: value.unwrap_or(f32::INFINITY),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: f32) -> Result<i16, CogError> {
        let mut integers = [0];
        to_int16(&[value], &mut integers).map(|()| integers[0])
    }

    #[test]
    fn integers_are_ten_thousandths_rounded() {
        assert_eq!(one(0.12346), Ok(1235));
        assert_eq!(one(-1.0), Ok(-10_000));
        assert_eq!(one(f32::NAN), Ok(INT16_NODATA));
        assert_eq!(one(3.2767), Ok(i16::MAX));
    }

    #[test]
    fn halves_and_all_else_are_rounded_as_the_standard_library_does() {
        // Odd multiples of 1/32 are halves of a ten-thousandth, exactly.
        let halves = (-104..=104_i16).map(|k| f32::from(k) / 32.0);
        let others = (0..200_000_u32).map(|k| (k as f32).mul_add(3.27e-5, -3.27));
        let tiny = [
            f32::MIN_POSITIVE,
            -1e-30,
            0.0,
            -0.0,
            4.999_999e-5,
            5e-5,
            -5e-5,
        ];
        for value in halves.chain(others).chain(tiny) {
            #[allow(clippy::cast_possible_truncation)] // within the type
            let expected = (f64::from(value) * INT16_SCALE).round() as i16;
            assert_eq!(one(value), Ok(expected), "{value}");
        }
    }

    #[test]
    fn a_value_too_large_for_an_integer_is_refused_not_cut() {
        assert_eq!(one(3.5), Err(CogError::OutOfInt16 { value: 3.5 }));
        assert_eq!(
            one(f32::NEG_INFINITY),
            Err(CogError::OutOfInt16 {
                value: f32::NEG_INFINITY
            })
        );
    }

    #[test]
    fn nan_of_any_payload_is_stored_alike() {
        let odd = f32::from_bits(0xffc0_1234);

        let predicted = |values: &[f32]| {
            let mut bytes = Vec::new();
            predict_floats(values, 2, &mut bytes);
            bytes
        };
        assert_eq!(predicted(&[odd, 1.0]), predicted(&[f32::NAN, 1.0]));
    }
}
