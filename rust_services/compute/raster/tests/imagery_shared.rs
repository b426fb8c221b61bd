//! Every raster of `shared/data/imagery` opens, lies somewhere and reads to its last pixel.
#![expect(
    clippy::disallowed_methods,
    reason = "the purity of compute does not bind its tests, which read files"
)]

mod support;

use std::path::{Path, PathBuf};

use furrow_raster::crs::Crs;
use serde_json::Value;
use support::{open, read_band, shared_data};

#[test]
fn all_satellite_files_read() {
    let Some(folder) = shared_data("imagery") else {
        return;
    };
    let mut files = Vec::new();
    collect(&folder, &mut files);
    assert!(files.len() > 500, "only {} files", files.len());

    for path in files {
        let file = std::fs::read(&path).expect("readable");
        let name = path.display();

        let (tiff, requests) = open(&file).unwrap_or_else(|error| panic!("{name}: {error}"));

        assert!(requests <= 3, "{name} took {requests} requests");
        for band in 0..tiff.full().bands {
            read_band(&file, tiff.full(), band, 0.0)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        if name.to_string().contains("s2_l2a_flanders_a") {
            let grid = tiff
                .grid()
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(grid.epsg, 32631);
            assert!(Crs::from_epsg(grid.epsg).is_ok());
            assert_eq!(
                (grid.transform.origin_x, grid.transform.origin_y),
                (501_360.0, 5_629_680.0)
            );
        }
    }
}

#[test]
fn the_mean_ndvi_of_each_flemish_date_is_the_reference_one() {
    let Some(folder) = shared_data("imagery/s2_l2a_flanders_a") else {
        return;
    };
    let text = std::fs::read_to_string(folder.join("reference.json")).expect("reference.json");
    let reference: Value = serde_json::from_str(&text).expect("JSON");
    let dates = reference["dates"].as_array().expect("dates");
    assert_eq!(dates.len(), 118);

    for date in dates {
        let time = date["time"].as_str().expect("time");
        let stem: String = time.chars().filter(char::is_ascii_alphanumeric).collect();
        let path = folder
            .join("10m")
            .join(format!("{}.tif", stem.trim_end_matches('Z')));
        let file = std::fs::read(path).expect("readable");
        let (tiff, _) = open(&file).expect("a TIFF");
        let red = read_band(&file, tiff.full(), 2, 0.0).expect("B04");
        let near_infrared = read_band(&file, tiff.full(), 3, 0.0).expect("B08");

        let ndvi: Vec<f64> = std::iter::zip(near_infrared, red)
            .filter(|(nir, red)| *nir > 0.0 && *red > 0.0)
            .map(|(nir, red)| (nir - red) / (nir + red))
            .collect();

        let all = &date["ndvi_all"];
        let mean = ndvi.iter().sum::<f64>() / ndvi.len() as f64;
        assert_eq!(all["n"].as_u64(), Some(ndvi.len() as u64), "{time}");
        if let Some(expected) = all["mean"].as_f64() {
            assert!(
                (mean - expected).abs() < 1e-12,
                "{time}: {mean}, not {expected}"
            );
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "tif") {
            files.push(path);
        }
    }
}
