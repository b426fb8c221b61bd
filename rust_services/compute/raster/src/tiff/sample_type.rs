//! Of which type a band's values are, and how they are stored.

use super::TiffError;
use super::bytes::Gap;
use super::codec::Compression;
use super::directory::{Directory, Reader};
use super::image::Storage;
use super::predictor::Predictor;
use super::tags;
use crate::samples::DataType;

/// The type of all bands of a directory.
///
/// # Errors
/// [`TiffError::Unsupported`] for a mixture and for types that no number here holds.
pub(super) fn read(reader: &Reader<'_>, directory: &Directory) -> Result<(DataType, Storage), Gap> {
    let same = |tag, default| -> Result<u64, Gap> {
        let values = reader
            .unsigned(directory, tag, reader.limits().max_bands)?
            .unwrap_or_default();
        let first = values.first().copied().unwrap_or(default);
        if values.iter().all(|value| *value == first) {
            Ok(first)
        } else {
            let (what, allowed) = ("a mixture of sample types", "one type for all bands");
            let found = format!("{:?}", &values[..values.len().min(8)]);
            Err(TiffError::unsupported(what, found, allowed).into())
        }
    };
    let bits = same(tags::BITS_PER_SAMPLE, 1)?;
    let format = same(tags::SAMPLE_FORMAT, 1)?;
    Ok(stored(format, bits)?)
}

fn stored(format: u64, bits: u64) -> Result<(DataType, Storage), TiffError> {
    let packed = u32::try_from(bits).map_or(Storage::Plain, Storage::Packed);
    Ok(match (format, bits) {
        (1 | 4, 8) => (DataType::U8, Storage::Plain),
        (1 | 4, 16) => (DataType::U16, Storage::Plain),
        (1 | 4, 32) => (DataType::U32, Storage::Plain),
        (1 | 4, 1..8) => (DataType::U8, packed),
        (1 | 4, 9..16) => (DataType::U16, packed),
        (1 | 4, 17..32) => (DataType::U32, packed),
        (1 | 4, 64) => (DataType::F64, Storage::U64),
        (2, 8) => (DataType::I8, Storage::Plain),
        (2, 16) => (DataType::I16, Storage::Plain),
        (2, 32) => (DataType::I32, Storage::Plain),
        (2, 64) => (DataType::F64, Storage::I64),
        (3, 16) => (DataType::F32, Storage::Half),
        (3, 24) => (DataType::F32, Storage::Float24),
        (3, 32) => (DataType::F32, Storage::Plain),
        (3, 64) => (DataType::F64, Storage::Plain),
        _ => {
            let kind = match format {
                1 | 4 => "unsigned integers",
                2 => "signed integers",
                3 => "floats",
                5 | 6 => "complex numbers",
                _ => "an unknown sample format",
            };
            return Err(TiffError::unsupported(
                "a sample type of",
                format!("{bits}-bit {kind}"),
                "unsigned integers of 1 to 32 and 64 bits, signed ones of 8, 16, 32 and 64 and \
                 floats of 16, 24, 32 and 64",
            ));
        }
    })
}

/// Refuses values that a method of compression cannot hold.
pub(super) fn fits(
    compression: Compression,
    (data_type, storage): (DataType, Storage),
    bands_together: u16,
) -> Result<(), TiffError> {
    let is_byte = (data_type, storage) == (DataType::U8, Storage::Plain);
    let (is_fine, allowed) = match compression {
        Compression::Fax3 | Compression::Fax4 => (
            storage == Storage::Packed(1) && bands_together == 1,
            "one band of 1 bit",
        ),
        Compression::Jpeg => (
            is_byte && matches!(bands_together, 1 | 3 | 4),
            "one, three or four bands of 8 bits",
        ),
        _ => return Ok(()),
    };
    if is_fine {
        return Ok(());
    }
    let bits = match storage {
        Storage::Packed(bits) => u64::from(bits),
        _ => 8 * data_type.size() as u64,
    };
    Err(TiffError::unsupported(
        "such compression of",
        format!(
            "{bands_together} bands of {bits} bits ({})",
            compression.name()
        ),
        allowed,
    ))
}

/// Refuses differences of values that writers do not take differences of.
pub(super) fn check_predictor(
    predictor: Predictor,
    (data_type, storage): (DataType, Storage),
) -> Result<(), TiffError> {
    let is_float = match storage {
        Storage::Plain => data_type.is_float(),
        Storage::Half | Storage::Float24 => true,
        Storage::Packed(_) | Storage::U64 | Storage::I64 => false,
    };
    let is_whole = !matches!(storage, Storage::Packed(_) | Storage::Float24);
    match predictor {
        Predictor::FloatingPoint if !is_float => {
            Err(TiffError::corrupt("Predictor", 3, "1 or 2 for integers"))
        }
        Predictor::Horizontal if !is_whole => Err(TiffError::corrupt(
            "Predictor",
            2,
            "1 for values that are not of 8, 16, 32 or 64 bits",
        )),
        _ => Ok(()),
    }
}
