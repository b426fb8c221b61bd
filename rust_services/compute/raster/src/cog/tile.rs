//! Packing a tile: sample format, predictor, codec.

use libdeflater::{CompressionLvl, Compressor};

use super::{CogError, CogSpec, Compression, Encoding, INT16_NODATA, INT16_SCALE};

/// Deflate level 6 and Zstandard level 9: GDAL's defaults for its COG driver.
const DEFLATE_LEVEL: i32 = 6;
const ZSTD_LEVEL: i32 = 9;

/// Packs the values of a tile, row by row, NaN where there is none. Knows nothing of other tiles,
/// so tiles may be packed on any thread in any order.
///
/// # Errors
/// [`CogError::OutOfInt16`], [`CogError::Codec`].
pub fn compress_tile(spec: &CogSpec, values: &[f32]) -> Result<Vec<u8>, CogError> {
    let width = spec.tile_size.pixels() as usize;
    let bytes = match spec.encoding {
        Encoding::Float32 => predict_floats(values, width),
        Encoding::Int16 => predict_integers(values, width)?,
    };
    match spec.compression {
        Compression::Deflate => deflate(&bytes),
        Compression::Zstd => zstd::bulk::compress(&bytes, ZSTD_LEVEL).map_err(codec_error),
    }
}

fn deflate(bytes: &[u8]) -> Result<Vec<u8>, CogError> {
    let level = CompressionLvl::new(DEFLATE_LEVEL).expect("libdeflate has levels 1 to 12");
    let mut compressor = Compressor::new(level);
    let mut packed = vec![0; compressor.zlib_compress_bound(bytes.len())];
    let len = compressor
        .zlib_compress(bytes, &mut packed)
        .map_err(codec_error)?;
    packed.truncate(len);
    packed.shrink_to_fit();
    Ok(packed)
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
fn predict_floats(values: &[f32], width: usize) -> Vec<u8> {
    let mut bytes = vec![0; values.len() * 4];
    for (line, row) in bytes
        .chunks_exact_mut(width * 4)
        .zip(values.chunks_exact(width))
    {
        for (col, &value) in row.iter().enumerate() {
            // All NaN are stored as one, so that equal rasters make equal bytes.
            let value = if value.is_nan() { f32::NAN } else { value };
            for (plane, byte) in value.to_be_bytes().into_iter().enumerate() {
                line[plane * width + col] = byte;
            }
        }
        for index in (1..line.len()).rev() {
            line[index] = line[index].wrapping_sub(line[index - 1]);
        }
    }
    bytes
}

/// TIFF's predictor 2: each integer as its difference to the one left of it.
fn predict_integers(values: &[f32], width: usize) -> Result<Vec<u8>, CogError> {
    let mut bytes = Vec::with_capacity(values.len() * 2);
    for row in values.chunks_exact(width) {
        let mut before = 0;
        for &value in row {
            let integer = to_int16(value)?;
            bytes.extend(integer.wrapping_sub(before).to_le_bytes());
            before = integer;
        }
    }
    Ok(bytes)
}

/// A value in ten-thousandths, half away from zero.
fn to_int16(value: f32) -> Result<i16, CogError> {
    if value.is_nan() {
        return Ok(INT16_NODATA);
    }
    let scaled = (f64::from(value) * INT16_SCALE).round();
    if scaled.abs() > f64::from(i16::MAX) {
        return Err(CogError::OutOfInt16 { value });
    }
    #[allow(clippy::cast_possible_truncation)] // a whole number within the type
    Ok(scaled as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_ten_thousandths_rounded() {
        assert_eq!(to_int16(0.12346), Ok(1235));
        assert_eq!(to_int16(-1.0), Ok(-10_000));
        assert_eq!(to_int16(f32::NAN), Ok(INT16_NODATA));
    }

    #[test]
    fn a_value_too_large_for_an_integer_is_refused_not_cut() {
        assert_eq!(to_int16(3.5), Err(CogError::OutOfInt16 { value: 3.5 }));
        assert_eq!(
            to_int16(f32::NEG_INFINITY),
            Err(CogError::OutOfInt16 {
                value: f32::NEG_INFINITY
            })
        );
    }

    #[test]
    fn nan_of_any_payload_is_stored_alike() {
        let odd = f32::from_bits(0xffc0_1234);

        assert_eq!(
            predict_floats(&[odd, 1.0], 2),
            predict_floats(&[f32::NAN, 1.0], 2)
        );
    }
}
