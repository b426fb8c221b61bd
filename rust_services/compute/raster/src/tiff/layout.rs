//! From the tags of a directory to an image whose sizes are known to be sound.

use super::bytes::Gap;
use super::codec::Compression;
use super::directory::{Directory, Reader};
use super::error::at_most;
use super::image::Image;
use super::predictor::Predictor;
use super::{TiffError, sample_type, tags};

/// Bytes that a long uncompressed strip is read at a time, so that a small window costs little.
const PART_BYTES: u64 = 1 << 20;
/// Most bytes of tables that pictures of JPEG share. All that a picture can use are below 4 KiB.
const MAX_JPEG_TABLES: u64 = 16 << 10;

/// The image of a directory.
///
/// # Errors
/// As [`super::parse`].
pub(super) fn read(reader: &Reader<'_>, directory: &Directory) -> Result<Image, Gap> {
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
    let stored @ (data_type, storage) = sample_type::read(reader, directory)?;
    let compression = Compression::from_tag(number(reader, directory, tags::COMPRESSION, 1)?)?;
    let is_planar = is_planar(reader, directory)? && bands > 1;
    let bands_together = if is_planar { 1 } else { bands };
    sample_type::fits(compression, stored, bands_together)?;
    refuse_two_dimensions(reader, directory, compression)?;
    let predictor = predictor(reader, directory, compression)?;
    sample_type::check_predictor(predictor, stored)?;
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
        predictor,
        endian: reader.endian(),
        storage,
        is_low_bit_first: is_low_bit_first(reader, directory, compression)?,
        is_ycbcr: is_ycbcr(reader, directory, compression, bands_together)?,
        jpeg_tables: jpeg_tables(reader, directory, compression)?.into(),
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

fn is_planar(reader: &Reader<'_>, directory: &Directory) -> Result<bool, Gap> {
    match number(reader, directory, tags::PLANAR_CONFIGURATION, 1)? {
        1 => Ok(false),
        2 => Ok(true),
        other => Err(TiffError::corrupt("PlanarConfiguration", other, "1 or 2").into()),
    }
}

/// Whether bytes begin with their low bit. Pictures of JPEG are always stored the other way.
fn is_low_bit_first(
    reader: &Reader<'_>,
    directory: &Directory,
    compression: Compression,
) -> Result<bool, Gap> {
    let is_low = number(reader, directory, tags::FILL_ORDER, 1)? == 2;
    Ok(is_low && compression != Compression::Jpeg)
}

/// Whether JPEG holds `YCbCr`. Elsewhere colours share their differences, which no band has alone.
fn is_ycbcr(
    reader: &Reader<'_>,
    directory: &Directory,
    compression: Compression,
    bands_together: u16,
) -> Result<bool, Gap> {
    const YCBCR: u64 = 6;
    if number(reader, directory, tags::PHOTOMETRIC, 1)? != YCBCR {
        return Ok(false);
    }
    if (compression, bands_together) == (Compression::Jpeg, 3) {
        return Ok(true);
    }
    let allowed = "grey, RGB and the like, and YCbCr of three bands in JPEG";
    Err(TiffError::unsupported("colour space", "YCbCr", allowed).into())
}

/// Tables that all pictures of JPEG share, which are read anew for each of them.
fn jpeg_tables<'a>(
    reader: &Reader<'a>,
    directory: &Directory,
    compression: Compression,
) -> Result<&'a [u8], Gap> {
    if compression != Compression::Jpeg {
        return Ok(&[]);
    }
    let tables = reader.raw(directory, tags::JPEG_TABLES)?;
    let what = "the length of JPEG's tables in bytes";
    at_most(what, tables.len() as u64, MAX_JPEG_TABLES)?;
    Ok(tables)
}

/// Group 3 knows rows that depend on the one above, and stretches without runs.
fn refuse_two_dimensions(
    reader: &Reader<'_>,
    directory: &Directory,
    compression: Compression,
) -> Result<(), Gap> {
    let options = number(reader, directory, tags::T4_OPTIONS, 0)?;
    if compression == Compression::Fax3 && options & 3 != 0 {
        let found = format!("of options {options}");
        return Err(TiffError::unsupported("fax", found, "rows of runs (options 0 and 4)").into());
    }
    Ok(())
}

fn predictor(
    reader: &Reader<'_>,
    directory: &Directory,
    compression: Compression,
) -> Result<Predictor, Gap> {
    if compression.has_predictor() {
        let found = number(reader, directory, tags::PREDICTOR, 1)?;
        Ok(Predictor::from_tag(found)?)
    } else {
        Ok(Predictor::None)
    }
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
    // As stored and as numbers, which are longer where bits are packed.
    let rows = u64::from(image.chunk_height);
    let values = u64::from(image.chunk_width) * u64::from(image.samples_per_chunk_pixel());
    let numbers = values.saturating_mul(image.data_type.size() as u64);
    let mut len = image.row_bytes().max(numbers).saturating_mul(rows);
    if image.compression == Compression::Jpeg {
        // A decoder of JPEG may keep the coefficients of all pixels beside them.
        len = len.saturating_mul(4);
    }
    let what = "the length of a tile or strip in bytes";
    at_most(what, len, limits.max_chunk_bytes)?;
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
    reader.spend_chunks(count)?;
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
