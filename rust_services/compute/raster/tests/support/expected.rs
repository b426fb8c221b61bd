//! What GDAL says of a file, as `shared/data/geotiff/expected.json` has it, and how a file differs.

use std::path::Path;

use furrow_raster::samples::DataType;
use furrow_raster::tiff::{Tiff, TiffError};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{open, read_band};

/// Requests that a header may take: what lies at the start, at the end, and their values apart.
const MOST_REQUESTS: usize = 6;

/// How near pixels come to GDAL's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Nearness {
    /// Every bit alike.
    Equal,
    /// As stored, where GDAL makes red, green, blue and alpha of cyan, magenta, yellow and black.
    Unconverted,
    /// Decoded by another decoder: means differ by at most so much, extremes by three times as much.
    Near(f64),
}

/// Name and entry of each file, in the order of names.
pub fn expected(folder: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json");
    let all: serde_json::Map<String, Value> = serde_json::from_str(&text).expect("JSON");
    all.into_iter()
        .filter(|(_, value)| value.get("status").is_some())
        .collect()
}

/// Compares a file with its entry.
///
/// # Errors
/// The first difference, in words.
pub fn agrees(path: &Path, expected: &Value, nearness: Nearness) -> Result<(), String> {
    let file = std::fs::read(path).expect("readable");
    let (tiff, requests) = open(&file).map_err(|error| error.to_string())?;
    let image = tiff.full();
    same("width", image.width, &expected["width"])?;
    same("height", image.height, &expected["height"])?;
    same("the number of bands", image.bands, &expected["count"])?;
    if !expected["crs_epsg"].is_null() {
        same("the EPSG code", tiff.epsg, &expected["crs_epsg"])?;
    }
    transform_agrees(&tiff, &expected["transform"])?;
    bands_agree(&tiff, expected)?;
    let pixels = pixels(&file, &tiff).map_err(|error| error.to_string())?;
    match nearness {
        Nearness::Equal => hash_agrees(&pixels, expected)?,
        Nearness::Unconverted => hash_agrees(&converted(&pixels), expected)?,
        Nearness::Near(tolerance) => means_agree(&pixels, expected, tolerance)?,
    }
    // Overviews in a file of their own are not looked for.
    let is_inside = !path.with_extension("tif.ovr").exists();
    let overviews = expected["overviews"].as_array().map_or(0, Vec::len);
    if is_inside && tiff.images.len() != overviews + 1 {
        return Err(format!(
            "{} overviews, GDAL says {overviews}",
            tiff.images.len() - 1
        ));
    }
    for image in tiff.images.iter().skip(1).chain(&tiff.masks) {
        read_band(&file, image, 0, 0.0).map_err(|error| error.to_string())?;
    }
    if requests > MOST_REQUESTS {
        return Err(format!("{requests} requests for the header"));
    }
    Ok(())
}

fn same(what: &str, found: impl Into<Value>, expected: &Value) -> Result<(), String> {
    let found = found.into();
    if found == *expected {
        Ok(())
    } else {
        Err(format!("{what} is {found}, GDAL says {expected}"))
    }
}

fn bands_agree(tiff: &Tiff, expected: &Value) -> Result<(), String> {
    for (index, band) in tiff.bands.iter().enumerate() {
        let dtype = expected["dtypes"][index].as_str().unwrap_or_default();
        // Integers of 64 bits are read as floats, which hold them or are refused.
        let dtype = dtype
            .replace("uint64", "float64")
            .replace("int64", "float64");
        same("the type", band.data_type.name(), &dtype.into())?;
        nodata_agrees(band.nodata, &expected["nodata"][index])?;
        let scale = band.scale.unwrap_or(1.0);
        same("the scale", scale, &expected["scales"][index])?;
        let offset = band.offset.unwrap_or(0.0);
        same("the offset", offset, &expected["offsets"][index])?;
    }
    Ok(())
}

fn nodata_agrees(found: Option<f64>, expected: &Value) -> Result<(), String> {
    let is_same = match (found, expected) {
        (None, Value::Null) => true,
        (Some(found), Value::String(name)) => found.is_nan() && name == "nan",
        // The JSON reader may miss the last bit.
        (Some(found), Value::Number(number)) => number
            .as_f64()
            .is_some_and(|number| (found - number).abs() <= 1e-15 * number.abs()),
        _ => false,
    };
    if is_same {
        Ok(())
    } else {
        Err(format!("nodata is {found:?}, GDAL says {expected}"))
    }
}

/// Compares with rasterio's order of the six coefficients; without a transform GDAL gives the identity.
fn transform_agrees(tiff: &Tiff, expected: &Value) -> Result<(), String> {
    let found = tiff.transform.unwrap_or([0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    let is_same = [1, 2, 0, 4, 5, 3].iter().enumerate().all(|(index, at)| {
        let expected = expected[index].as_f64().unwrap_or(f64::NAN);
        (found[*at] - expected).abs() <= 1e-12 * expected.abs().max(1.0)
    });
    if is_same {
        Ok(())
    } else {
        let found = tiff.transform;
        Err(format!("the transform is {found:?}, GDAL says {expected}"))
    }
}

/// All pixels, band after band.
pub fn pixels(file: &[u8], tiff: &Tiff) -> Result<Vec<(DataType, Vec<f64>)>, TiffError> {
    let band = |(band, info): (u16, &furrow_raster::tiff::BandInfo)| {
        let absent = info.nodata.unwrap_or(0.0);
        Ok((info.data_type, read_band(file, tiff.full(), band, absent)?))
    };
    (0..).zip(&tiff.bands).map(band).collect()
}

/// Red, green, blue and alpha of cyan, magenta, yellow and black, as GDAL calculates them.
fn converted(inks: &[(DataType, Vec<f64>)]) -> Vec<(DataType, Vec<f64>)> {
    let black = &inks[3].1;
    let colour = |(data_type, ink): &(DataType, Vec<f64>)| {
        let values = ink.iter().zip(black);
        let light = values.map(|(ink, black)| ((255.0 - ink) * (255.0 - black) / 255.0).floor());
        (*data_type, light.collect())
    };
    let opaque = (DataType::U8, vec![255.0; black.len()]);
    inks[..3].iter().map(colour).chain([opaque]).collect()
}

fn hash_agrees(pixels: &[(DataType, Vec<f64>)], expected: &Value) -> Result<(), String> {
    let dtype = expected["dtypes"][0].as_str().unwrap_or_default();
    same(
        "the sha256 of the pixels",
        digest(pixels, dtype),
        &expected["decoded_sha256_band_sequential_little_endian"],
    )
}

fn means_agree(
    pixels: &[(DataType, Vec<f64>)],
    expected: &Value,
    tolerance: f64,
) -> Result<(), String> {
    for ((_, band), expected) in pixels
        .iter()
        .zip(expected["bands"].as_array().expect("bands"))
    {
        let mean = band.iter().sum::<f64>() / band.len() as f64;
        let least = band.iter().copied().fold(f64::INFINITY, f64::min);
        let most = band.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for (what, found, tolerance) in [
            ("mean", mean, tolerance),
            ("min", least, 3.0 * tolerance.ceil()),
            ("max", most, 3.0 * tolerance.ceil()),
        ] {
            let expected = expected[what].as_f64().unwrap_or(f64::NAN);
            if (found - expected).abs() > tolerance {
                return Err(format!("{what} is {found}, GDAL says {expected}"));
            }
        }
    }
    Ok(())
}

/// The sha256 of all pixels, band after band, little-endian, in the type that the file stores.
pub fn digest(pixels: &[(DataType, Vec<f64>)], stored: &str) -> String {
    let mut hash = Sha256::new();
    for (data_type, values) in pixels {
        for &value in values {
            hash_value(&mut hash, *data_type, stored, value);
        }
    }
    let bytes = hash.finalize();
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value came from that type"
)]
fn hash_value(hash: &mut Sha256, data_type: DataType, stored: &str, value: f64) {
    match data_type {
        DataType::U8 => hash.update((value as u8).to_le_bytes()),
        DataType::I8 => hash.update((value as i8).to_le_bytes()),
        DataType::U16 => hash.update((value as u16).to_le_bytes()),
        DataType::I16 => hash.update((value as i16).to_le_bytes()),
        DataType::U32 => hash.update((value as u32).to_le_bytes()),
        DataType::I32 => hash.update((value as i32).to_le_bytes()),
        DataType::F32 => hash.update((value as f32).to_le_bytes()),
        DataType::F64 if stored == "uint64" => hash.update((value as u64).to_le_bytes()),
        DataType::F64 if stored == "int64" => hash.update((value as i64).to_le_bytes()),
        DataType::F64 => hash.update(value.to_le_bytes()),
    }
}
