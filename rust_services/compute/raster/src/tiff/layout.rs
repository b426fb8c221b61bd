//! From the tags of a directory to an image whose sizes are known to be sound.

use super::bytes::Gap;
use super::codec::Compression;
use super::directory::{Directory, Reader};
use super::error::at_most;
use super::image::Image;
use super::predictor::Predictor;
use super::{TiffError, tags};
use crate::samples::DataType;

/// Bytes that a long uncompressed strip is read at a time, so that a small window costs little.
const PART_BYTES: u64 = 1 << 20;

/// The image of a directory; `is_mask` allows values of 1 bit.
///
/// # Errors
/// As [`super::parse`].
pub(super) fn read(
    reader: &Reader<'_>,
    directory: &Directory,
    is_mask: bool,
) -> Result<Image, Gap> {
    let limits = reader.limits();
    let width = side(reader, directory, tags::IMAGE_WIDTH)?;
    let height = side(reader, directory, tags::IMAGE_LENGTH)?;
    at_most(
        "the number of pixels",
        u64::from(width) * u64::from(height),
        limits.max_pixels,
    )?;
    let bands = number(reader, directory, tags::SAMPLES_PER_PIXEL, 1)?;
    at_most("the number of bands", bands, limits.max_bands)?;
    let bands = u16::try_from(bands)
        .ok()
        .filter(|bands| *bands > 0)
        .ok_or_else(|| TiffError::corrupt("SamplesPerPixel", bands, "1 to 65535"))?;
    let (data_type, bits) = sample_type(reader, directory, is_mask)?;
    let compression = Compression::from_tag(number(reader, directory, tags::COMPRESSION, 1)?)?;
    let is_planar = is_planar(reader, directory)? && bands > 1;
    refuse_rest(reader, directory)?;
    let mut image = Image {
        width,
        height,
        bands,
        data_type,
        chunk_width: width,
        chunk_height: height,
        is_tiled: false,
        is_planar,
        compression,
        predictor: predictor(reader, directory, compression, data_type)?,
        endian: reader.endian(),
        bits,
        stored_height: height,
        table: Vec::new(),
    };
    cut(reader, directory, &mut image)?;
    image.table = table(reader, directory, &image)?;
    Ok(image)
}

fn number(reader: &Reader<'_>, directory: &Directory, tag: u16, default: u64) -> Result<u64, Gap> {
    Ok(reader.number(directory, tag)?.unwrap_or(default))
}

/// A size in pixels, 1 or more.
fn side(reader: &Reader<'_>, directory: &Directory, tag: u16) -> Result<u32, Gap> {
    let found = number(reader, directory, tag, 0)?;
    match u32::try_from(found) {
        Ok(side @ 1..=0x7FFF_FFFF) => Ok(side),
        _ => Err(TiffError::corrupt(tags::name(tag), found, "1 to 2147483647").into()),
    }
}

fn sample_type(
    reader: &Reader<'_>,
    directory: &Directory,
    is_mask: bool,
) -> Result<(DataType, u32), Gap> {
    let same = |tag, default| -> Result<u64, Gap> {
        let values = reader
            .unsigned(directory, tag, reader.limits().max_bands)?
            .unwrap_or_default();
        let first = values.first().copied().unwrap_or(default);
        if values.iter().all(|value| *value == first) {
            Ok(first)
        } else {
            let what = "a mixture of sample types";
            Err(
                TiffError::unsupported(what, format!("{values:?}"), "one type for all bands")
                    .into(),
            )
        }
    };
    let bits = same(tags::BITS_PER_SAMPLE, 1)?;
    let format = same(tags::SAMPLE_FORMAT, 1)?;
    let data_type = match (format, bits) {
        (1 | 4, 1) if is_mask => return Ok((DataType::U8, 1)),
        (1 | 4, 8) => DataType::U8,
        (1 | 4, 16) => DataType::U16,
        (1 | 4, 32) => DataType::U32,
        (2, 8) => DataType::I8,
        (2, 16) => DataType::I16,
        (2, 32) => DataType::I32,
        (3, 32) => DataType::F32,
        (3, 64) => DataType::F64,
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
                "integers of 8, 16 and 32 bits and floats of 32 and 64",
            )
            .into());
        }
    };
    Ok((data_type, u32::try_from(bits).unwrap_or(u32::MAX)))
}

fn is_planar(reader: &Reader<'_>, directory: &Directory) -> Result<bool, Gap> {
    match number(reader, directory, tags::PLANAR_CONFIGURATION, 1)? {
        1 => Ok(false),
        2 => Ok(true),
        other => Err(TiffError::corrupt("PlanarConfiguration", other, "1 or 2").into()),
    }
}

/// Refuses what would change the meaning of the bytes.
fn refuse_rest(reader: &Reader<'_>, directory: &Directory) -> Result<(), Gap> {
    if number(reader, directory, tags::FILL_ORDER, 1)? == 2 {
        return Err(
            TiffError::unsupported("bit order", "low bits first", "high bits first").into(),
        );
    }
    if number(reader, directory, tags::PHOTOMETRIC, 1)? == 6 {
        return Err(
            TiffError::unsupported("colour space", "YCbCr", "grey, RGB and the like").into(),
        );
    }
    Ok(())
}

fn predictor(
    reader: &Reader<'_>,
    directory: &Directory,
    compression: Compression,
    data_type: DataType,
) -> Result<Predictor, Gap> {
    if !compression.has_predictor() {
        return Ok(Predictor::None);
    }
    let found = Predictor::from_tag(number(reader, directory, tags::PREDICTOR, 1)?)?;
    if found == Predictor::FloatingPoint && !data_type.is_float() {
        let allowed = "1 or 2 for integers";
        return Err(TiffError::corrupt("Predictor", 3, allowed).into());
    }
    Ok(found)
}

/// Sets how the image is cut, within the limits.
fn cut(reader: &Reader<'_>, directory: &Directory, image: &mut Image) -> Result<(), Gap> {
    let limits = reader.limits();
    if reader.number(directory, tags::TILE_WIDTH)?.is_some() {
        image.is_tiled = true;
        image.chunk_width = side(reader, directory, tags::TILE_WIDTH)?;
        image.chunk_height = side(reader, directory, tags::TILE_LENGTH)?;
        image.stored_height = image.chunk_height;
    } else {
        let rows = number(reader, directory, tags::ROWS_PER_STRIP, u64::from(u32::MAX))?;
        if rows == 0 {
            return Err(TiffError::corrupt("RowsPerStrip", 0, "1 or more").into());
        }
        image.stored_height = u32::try_from(rows).unwrap_or(u32::MAX).min(image.height);
        image.chunk_height = image.stored_height;
        if image.compression == Compression::None {
            let rows = (PART_BYTES / image.row_bytes().max(1)).max(1);
            image.chunk_height = u32::try_from(rows)
                .unwrap_or(u32::MAX)
                .min(image.stored_height);
        }
    }
    at_most(
        "the length of a tile or strip in bytes",
        image
            .row_bytes()
            .saturating_mul(u64::from(image.chunk_height)),
        limits.max_chunk_bytes,
    )?;
    Ok(())
}

/// Offset and length of each stored tile or strip, every one inside the file.
fn table(
    reader: &Reader<'_>,
    directory: &Directory,
    image: &Image,
) -> Result<Vec<(u64, u64)>, Gap> {
    let most = reader.limits().max_chunks;
    let rows = image.height.div_ceil(image.stored_height);
    let count = u64::from(image.columns())
        .saturating_mul(u64::from(rows))
        .saturating_mul(u64::from(image.planes()));
    at_most("the number of tiles or strips", count, most)?;
    let numbers = |tiles, strips| -> Result<Option<Vec<u64>>, Gap> {
        match reader.unsigned(directory, tiles, most)? {
            Some(found) if image.is_tiled => Ok(Some(found)),
            _ => reader.unsigned(directory, strips, most),
        }
    };
    let needed = |what, found: usize| {
        if found as u64 >= count {
            Ok(())
        } else {
            Err(TiffError::corrupt(
                what,
                found,
                format!("{count}, one for each"),
            ))
        }
    };
    let offsets = numbers(tags::TILE_OFFSETS, tags::STRIP_OFFSETS)?.unwrap_or_default();
    needed("the number of offsets of tiles or strips", offsets.len())?;
    let lens = match numbers(tags::TILE_BYTE_COUNTS, tags::STRIP_BYTE_COUNTS)? {
        Some(lens) => lens,
        // Old writers leave the lengths out where they follow from the sizes.
        None if image.compression == Compression::None => {
            let len = image
                .row_bytes()
                .saturating_mul(u64::from(image.stored_height));
            offsets
                .iter()
                .map(|&offset| len.min(reader.file_size().saturating_sub(offset)))
                .collect()
        }
        None => Vec::new(),
    };
    needed("the number of lengths of tiles or strips", lens.len())?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let table: Vec<(u64, u64)> = offsets.into_iter().zip(lens).take(count).collect();
    inside_file(reader, image, &table)?;
    Ok(table)
}

fn inside_file(reader: &Reader<'_>, image: &Image, table: &[(u64, u64)]) -> Result<(), TiffError> {
    let file_size = reader.file_size();
    let whole = image
        .row_bytes()
        .saturating_mul(u64::from(image.stored_height));
    for (index, &(offset, len)) in table.iter().enumerate() {
        // Lengths beyond the pixels' own are not read, so they need not be true.
        let read = match image.compression {
            Compression::None => len.min(whole),
            _ => len,
        };
        let end = offset.saturating_add(read);
        if offset != 0 && end > file_size {
            let kind = if image.is_tiled { "tile" } else { "strip" };
            let size = format!("{} x {}", image.width, image.height);
            return Err(TiffError::Truncated {
                what: format!("{kind} {index} of the image of {size} pixels"),
                end,
                file_size,
            });
        }
    }
    Ok(())
}
