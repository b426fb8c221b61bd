//! The reader against what GDAL says of real files: `shared/data/geotiff/expected.json`.
#![expect(
    clippy::disallowed_methods,
    reason = "the purity of compute does not bind its tests, which read files"
)]

#[path = "support/expected.rs"]
mod expected;
mod support;

use std::collections::BTreeMap;
use std::path::Path;

use expected::{Nearness, agrees, digest, expected, pixels};
use furrow_raster::tiff::TiffError;
use support::{open, read_band, shared_data};

/// Files whose pixels are not GDAL's to the bit, and why.
const NOT_TO_THE_BIT: [(&str, Nearness); 4] = [
    // 8-bit inks stay four bands here; the 16-bit ones GDAL keeps as well.
    ("image-tiff/cmyk-3c-8b.tiff", Nearness::Unconverted),
    // Another JPEG decoder: by one at most.
    ("image-tiff/tiled-jpeg-rgb-u8.tif", Nearness::Near(0.01)),
    // Colours stored at half the resolution: interpolated here, repeated by GDAL.
    ("image-tiff/quad-tile.jpg.tiff", Nearness::Near(0.2)),
    ("rasterio/cogeo.tif", Nearness::Near(0.2)),
];

/// Files that are read and have no grid to measure a field on: the reason that answers carry, and the
/// words that name the cause. Files that say nothing of their place are not listed.
const NO_GRID: [(&str, &str, &str); 9] = [
    ("rasterio/float.tif", "RASTER_UNSUPPORTED", "rows run north"),
    (
        "rasterio/float32.tif",
        "RASTER_UNSUPPORTED",
        "rows run north",
    ),
    (
        "rasterio/float_nan.tif",
        "RASTER_UNSUPPORTED",
        "rows run north",
    ),
    (
        "rasterio/float_raster_with_nodata.tif",
        "RASTER_CRS_UNSUPPORTED",
        "unknown",
    ),
    (
        "rasterio/rgb-byte-tenth.tif",
        "RASTER_CRS_UNSUPPORTED",
        "UTM Zone 18",
    ),
    ("rasterio/rotated.tif", "RASTER_UNSUPPORTED", "turned"),
    (
        "rasterio/test_esri_wkt.tif",
        "RASTER_CRS_UNSUPPORTED",
        "ESRI PE",
    ),
    (
        "rio-tiler/cog_gcps_ovr.tif",
        "RASTER_UNSUPPORTED",
        "210 ground control points",
    ),
    (
        "rio-tiler/cog_scale.tif",
        "RASTER_CRS_UNSUPPORTED",
        "unnamed",
    ),
];

#[test]
fn every_good_file_reads_as_gdal_reads_it() {
    let Some(folder) = shared_data("geotiff") else {
        return;
    };
    let nearness: BTreeMap<_, _> = NOT_TO_THE_BIT.into();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, entry) in expected(&folder) {
        if name.starts_with("corrupt/") {
            continue;
        }
        count += 1;
        let nearness = *nearness.get(name.as_str()).unwrap_or(&Nearness::Equal);
        if let Err(difference) = agrees(&folder.join(&name), &entry, nearness) {
            wrong.push(format!("{name}: {difference}"));
        }
    }
    assert_eq!(count, 129, "the number of good files");
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn files_without_a_grid_say_what_is_missing() {
    let Some(folder) = shared_data("geotiff") else {
        return;
    };
    let mut found = Vec::new();
    for (name, _) in expected(&folder) {
        if name.starts_with("corrupt/") {
            continue;
        }
        let (tiff, _) = open(&std::fs::read(folder.join(&name)).expect("readable")).expect(&name);
        match tiff.grid() {
            Ok(_) | Err(TiffError::NotGeoreferenced { .. }) => {}
            Err(error) => found.push((name, error)),
        }
    }

    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, NO_GRID.map(|(name, ..)| name));
    for ((name, error), (_, reason, words)) in found.iter().zip(NO_GRID) {
        assert_eq!(error.reason(), reason, "{name}");
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
}

/// The family of a file of imageio-ext: its name without what says how it is stored.
fn family(name: &str) -> Option<String> {
    let name = name.strip_prefix("imageio-ext/")?.strip_suffix(".tif")?;
    Some(match name {
        "deflatetest" | "lzwtest" | "zstd" => "X16".to_owned(),
        "deflate32_p2" | "lzw32_p2" | "zstd_p2" => "X32".to_owned(),
        "deflate32f_p2" | "deflate_predictor_3" | "lzw32f_p2" | "lzw32f_p3" => "X32f".to_owned(),
        _ => name.split('_').next().unwrap_or(name).to_owned(),
    })
}

#[test]
fn files_of_a_family_hold_the_same_pixels_however_they_are_stored() {
    let Some(folder) = shared_data("geotiff") else {
        return;
    };
    let mut families: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (name, entry) in expected(&folder) {
        // The names of image-tiff's end in a hash of the pixels.
        let of_image_tiff = name
            .strip_prefix("image-tiff/seq/")
            .and_then(|name| name.strip_suffix(".tiff")?.rsplit('-').next())
            // Two conventions differ from GDAL's, which inverts neither.
            .filter(|_| !name.contains("miniswhite"))
            .map(str::to_owned);
        if let Some(family) = family(&name).or(of_image_tiff) {
            let digest = digest_of(&folder.join(&name), entry["dtypes"][0].as_str());
            families.entry(family).or_default().push((name, digest));
        }
    }

    families.retain(|_, members| members.len() > 1);
    assert_eq!(families.len(), 11, "{families:#?}");
    for (family, members) in families {
        let first = &members[0].1;
        assert!(
            members.iter().all(|(_, digest)| digest == first),
            "{family}: {members:#?}"
        );
    }
}

fn digest_of(path: &Path, stored: Option<&str>) -> String {
    let file = std::fs::read(path).expect("readable");
    let (tiff, _) = open(&file).expect("sound");
    let pixels = pixels(&file, &tiff).expect("sound");
    digest(&pixels, stored.unwrap_or_default())
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
