//! The reader against what GDAL says of real files: `shared/data/geotiff/expected.json`.
#![expect(
    clippy::disallowed_methods,
    reason = "the purity of compute does not bind its tests, which read files"
)]

mod support;

use std::path::Path;

use furrow_raster::samples::DataType;
use furrow_raster::tiff::{Tiff, TiffError};
use serde_json::Value;
use sha2::{Digest, Sha256};
use support::{open, read_band, shared_data};

/// Requests that a header may take: what lies at the start, at the end, and their values apart.
const MOST_REQUESTS: usize = 6;

/// GDAL turns 8-bit CMYK into RGBA; here bands are what was stored.
const CONVERTED_BY_GDAL: &str = "cmyk-3c-8b.tiff";

#[test]
fn every_supported_file_reads_as_gdal_reads_it() {
    let Some(folder) = shared_data("geotiff") else {
        return;
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, expected) in expected(&folder) {
        if name.starts_with("corrupt/") || refused(&expected).is_some() {
            continue;
        }
        count += 1;
        if let Err(difference) = agrees(&folder.join(&name), &expected) {
            wrong.push(format!("{name}: {difference}"));
        }
    }
    assert!(count > 80, "only {count} files");
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_other_file_is_refused_as_unsupported() {
    let Some(folder) = shared_data("geotiff") else {
        return;
    };
    for (name, expected) in expected(&folder) {
        let (false, Some(why)) = (name.starts_with("corrupt/"), refused(&expected)) else {
            continue;
        };
        let file = std::fs::read(folder.join(&name)).expect("readable");

        let error = open(&file).expect_err(&name);

        assert!(
            matches!(error, TiffError::Unsupported { .. }),
            "{name} ({why}): {error}"
        );
        assert_eq!(error.reason(), "RASTER_UNSUPPORTED");
    }
}

#[test]
fn corrupt_files_end_in_an_error_or_in_pixels() {
    let Some(folder) = shared_data("geotiff") else {
        return;
    };
    for (name, _) in expected(&folder) {
        if name.starts_with("corrupt/") {
            let file = std::fs::read(folder.join(&name)).expect("readable");
            let Ok((tiff, _)) = open(&file) else { continue };
            for band in 0..tiff.full().bands {
                let _ = read_band(&file, tiff.full(), band, 0.0);
            }
        }
    }
}

fn expected(folder: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json");
    let all: serde_json::Map<String, Value> = serde_json::from_str(&text).expect("JSON");
    all.into_iter()
        .filter(|(_, value)| value.get("status").is_some())
        .collect()
}

/// What about a sound file is not read here.
fn refused(expected: &Value) -> Option<String> {
    let compression = expected["compress"]
        .as_str()
        .unwrap_or("none")
        .to_lowercase();
    if !["none", "lzw", "deflate", "packbits", "zstd"].contains(&compression.as_str()) {
        return Some(compression);
    }
    let data_type = expected["dtypes"][0].as_str().unwrap_or_default();
    if let Some(bits) = expected["nbits"].as_str() {
        return Some(format!("{bits} bits"));
    }
    let known = [
        "uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64",
    ];
    (!known.contains(&data_type)).then(|| data_type.to_owned())
}

fn agrees(path: &Path, expected: &Value) -> Result<(), String> {
    let file = std::fs::read(path).expect("readable");
    let (tiff, requests) = open(&file).map_err(|error| error.to_string())?;
    let image = tiff.full();
    let same = |what: &str, found: Value, expected: &Value| {
        if found == *expected {
            Ok(())
        } else {
            Err(format!("{what} is {found}, GDAL says {expected}"))
        }
    };
    same("width", image.width.into(), &expected["width"])?;
    same("height", image.height.into(), &expected["height"])?;
    same(
        "the number of bands",
        image.bands.into(),
        &expected["count"],
    )?;
    same(
        "the type",
        image.data_type.name().into(),
        &expected["dtypes"][0],
    )?;
    nodata_agrees(&tiff, &expected["nodata"][0])?;
    if !expected["crs_epsg"].is_null() {
        same("the EPSG code", tiff.epsg.into(), &expected["crs_epsg"])?;
    }
    same(
        "scale",
        tiff.bands[0].scale.unwrap_or(1.0).into(),
        &expected["scales"][0],
    )?;
    same(
        "offset",
        tiff.bands[0].offset.unwrap_or(0.0).into(),
        &expected["offsets"][0],
    )?;
    transform_agrees(&tiff, &expected["transform"])?;
    let digest = digest(&file, &tiff).map_err(|error| error.to_string())?;
    if !path.ends_with(CONVERTED_BY_GDAL) {
        let key = "decoded_sha256_band_sequential_little_endian";
        same("the sha256 of the pixels", digest.into(), &expected[key])?;
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

fn nodata_agrees(tiff: &Tiff, expected: &Value) -> Result<(), String> {
    let found = tiff.bands[0].nodata;
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
        Err(format!(
            "the transform is {:?}, GDAL says {expected}",
            tiff.transform
        ))
    }
}

/// The sha256 of all pixels, band after band, little-endian.
fn digest(file: &[u8], tiff: &Tiff) -> Result<String, TiffError> {
    let mut hash = Sha256::new();
    for (band, info) in (0..).zip(&tiff.bands) {
        let absent = info.nodata.unwrap_or(0.0);
        for value in read_band(file, tiff.full(), band, absent)? {
            hash_value(&mut hash, info.data_type, value);
        }
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value came from that type"
)]
fn hash_value(hash: &mut Sha256, data_type: DataType, value: f64) {
    match data_type {
        DataType::U8 => hash.update((value as u8).to_le_bytes()),
        DataType::I8 => hash.update((value as i8).to_le_bytes()),
        DataType::U16 => hash.update((value as u16).to_le_bytes()),
        DataType::I16 => hash.update((value as i16).to_le_bytes()),
        DataType::U32 => hash.update((value as u32).to_le_bytes()),
        DataType::I32 => hash.update((value as i32).to_le_bytes()),
        DataType::F32 => hash.update((value as f32).to_le_bytes()),
        DataType::F64 => hash.update(value.to_le_bytes()),
    }
}
