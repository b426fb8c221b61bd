//! Image file directories: the tags of each level, as bytes.

use std::fmt::Write as _;

use super::{CogError, CogSpec, Compression, Encoding, INT16_NODATA};

/// Widths of offsets in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offsets {
    /// TIFF: 32 bits.
    Classic,
    /// BigTIFF: 64 bits.
    Big,
}

/// A tag's values.
pub(super) enum Values {
    Shorts(Vec<u16>),
    Longs(Vec<u32>),
    Doubles(Vec<f64>),
    /// NUL-terminated when written.
    Text(String),
    /// 32 or 64 bits, by the file.
    Offsets(Vec<u64>),
}

/// Tags of a directory, ascending by number.
pub(super) type Directory = Vec<(u16, Values)>;

/// The directory of a level. `offsets` and `sizes` are those of its tiles.
pub(super) fn directory(
    spec: &CogSpec,
    level: usize,
    (width, height): (u32, u32),
    offsets: Vec<u64>,
    sizes: Vec<u32>,
) -> Result<Directory, CogError> {
    let tile = spec.tile_size.pixels();
    let (bits, format, predictor) = match spec.encoding {
        Encoding::Float32 => (32, 3, 3),
        Encoding::Int16 => (16, 2, 2),
    };
    let compression = match spec.compression {
        Compression::Deflate => 8,
        Compression::Zstd => 50_000,
    };
    let mut tags = vec![
        // NewSubfileType: 1 is a reduced image of another in the file.
        (254, Values::Longs(vec![u32::from(level > 0)])),
        (256, Values::Longs(vec![width])),
        (257, Values::Longs(vec![height])),
        (258, Values::Shorts(vec![bits])),
        (259, Values::Shorts(vec![compression])),
        // PhotometricInterpretation: black is zero.
        (262, Values::Shorts(vec![1])),
        (277, Values::Shorts(vec![1])),
        (284, Values::Shorts(vec![1])),
        (317, Values::Shorts(vec![predictor])),
        (322, Values::Longs(vec![tile])),
        (323, Values::Longs(vec![tile])),
        (324, Values::Offsets(offsets)),
        (325, Values::Longs(sizes)),
        (339, Values::Shorts(vec![format])),
    ];
    if level == 0 {
        let transform = &spec.grid.transform;
        let scale = vec![transform.pixel_width, transform.pixel_height, 0.0];
        let corner = vec![0.0, 0.0, 0.0, transform.origin_x, transform.origin_y, 0.0];
        tags.push((33_550, Values::Doubles(scale)));
        tags.push((33_922, Values::Doubles(corner)));
        tags.push((34_735, Values::Shorts(geo_keys(spec)?)));
        tags.push((42_112, Values::Text(gdal_metadata(spec))));
    }
    let nodata = match spec.encoding {
        Encoding::Float32 => "nan".to_owned(),
        Encoding::Int16 => INT16_NODATA.to_string(),
    };
    tags.push((42_113, Values::Text(nodata)));
    Ok(tags)
}

/// OGC GeoTIFF 1.1 (19-008r4): model type, pixel is area, and the EPSG code.
fn geo_keys(spec: &CogSpec) -> Result<Vec<u16>, CogError> {
    let epsg = spec.grid.epsg;
    let code = u16::try_from(epsg).map_err(|_| CogError::EpsgTooLarge { epsg })?;
    // 1 projected with ProjectedCRSGeoKey; 2 geographic with GeodeticCRSGeoKey.
    let (model, key) = if spec.is_geographic {
        (2, 2048)
    } else {
        (1, 3072)
    };
    Ok(vec![
        1, 1, 1, 3, //
        1024, 0, 1, model, //
        1025, 0, 1, 1, //
        key, 0, 1, code,
    ])
}

/// GDAL's own tag: scale and offset, the band's name, and what else is to be known.
fn gdal_metadata(spec: &CogSpec) -> String {
    let mut xml = String::from("<GDALMetadata>\n");
    let mut item = |attributes: &str, value: &str| {
        // GDAL escapes values twice and reads them so; what is escaped once loses its ampersands.
        writeln!(
            xml,
            "  <Item {attributes}>{}</Item>",
            escape(&escape(value))
        )
        .expect("a String takes any text");
    };
    for (name, value) in &spec.tags {
        item(&format!("name=\"{}\"", escape(name)), value);
    }
    item(
        "name=\"DESCRIPTION\" sample=\"0\" role=\"description\"",
        &spec.description,
    );
    if spec.encoding == Encoding::Int16 {
        item("name=\"OFFSET\" sample=\"0\" role=\"offset\"", "0");
        item("name=\"SCALE\" sample=\"0\" role=\"scale\"", "0.0001");
    }
    xml.push_str("</GDALMetadata>\n");
    xml
}

/// Text as it stands in XML; characters that XML cannot hold become spaces.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A directory with the values that do not fit into its entries behind it, as it stands at `start`
/// of a file. `next` is where the next directory starts, 0 where there is none.
///
/// The length depends on the number of values only, not on the values.
pub(super) fn serialize(directory: &Directory, offsets: Offsets, start: u64, next: u64) -> Vec<u8> {
    let (count_bytes, entry_bytes, pointer_bytes) = match offsets {
        Offsets::Classic => (2, 12, 4),
        Offsets::Big => (8, 20, 8),
    };
    let head = count_bytes + directory.len() * entry_bytes + pointer_bytes;
    let mut entries = Vec::with_capacity(head);
    let mut behind = Vec::new();
    push_count(&mut entries, directory.len(), offsets);
    for (tag, values) in directory {
        let (kind, count, mut bytes) = encode(values, offsets);
        entries.extend(tag.to_le_bytes());
        entries.extend(kind.to_le_bytes());
        push_pointer(&mut entries, count as u64, offsets);
        if bytes.len() <= pointer_bytes {
            bytes.resize(pointer_bytes, 0);
            entries.extend(bytes);
        } else {
            push_pointer(&mut entries, start + (head + behind.len()) as u64, offsets);
            behind.extend(bytes);
            // Values begin at even offsets, directories at multiples of eight.
            behind.resize(behind.len().next_multiple_of(2), 0);
        }
    }
    push_pointer(&mut entries, next, offsets);
    entries.extend(behind);
    entries.resize(entries.len().next_multiple_of(8), 0);
    entries
}

fn push_count(bytes: &mut Vec<u8>, count: usize, offsets: Offsets) {
    match offsets {
        Offsets::Classic => {
            let count = u16::try_from(count).expect("a directory has about twenty tags");
            bytes.extend(count.to_le_bytes());
        }
        Offsets::Big => bytes.extend((count as u64).to_le_bytes()),
    }
}

pub(super) fn push_pointer(bytes: &mut Vec<u8>, pointer: u64, offsets: Offsets) {
    match offsets {
        // The caller turns to BigTIFF where a file passes 4 GiB.
        Offsets::Classic => bytes.extend(u32::try_from(pointer).unwrap_or(u32::MAX).to_le_bytes()),
        Offsets::Big => bytes.extend(pointer.to_le_bytes()),
    }
}

/// TIFF's type code, number of values, and bytes.
fn encode(values: &Values, offsets: Offsets) -> (u16, usize, Vec<u8>) {
    match values {
        Values::Shorts(values) => (3, values.len(), flatten(values, u16::to_le_bytes)),
        Values::Longs(values) => (4, values.len(), flatten(values, u32::to_le_bytes)),
        Values::Doubles(values) => (12, values.len(), flatten(values, f64::to_le_bytes)),
        Values::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            bytes.push(0);
            (2, bytes.len(), bytes)
        }
        Values::Offsets(values) => {
            let mut bytes = Vec::with_capacity(values.len() * 8);
            for &value in values {
                push_pointer(&mut bytes, value, offsets);
            }
            let kind = if offsets == Offsets::Big { 16 } else { 4 };
            (kind, values.len(), bytes)
        }
    }
}

fn flatten<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&value| bytes(value)).collect()
}
