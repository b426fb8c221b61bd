//! Tiles and tile numbers against those of another tile server's library.
#![expect(
    clippy::disallowed_methods,
    reason = "the purity of compute does not bind its tests, which read files"
)]

mod support;

use std::path::Path;

use furrow_raster::crs::Crs;
use furrow_raster::mercator::{Bounds, Tile};
use furrow_raster::warp::{Lookup, Resampling, Squares};
use serde_json::Value;
use support::{open, read_band, shared_data};

const SIZE: usize = 256;

/// A raster's grid with some of its bands, NaN where there is no data.
struct Source {
    crs: Crs,
    grid: furrow_raster::grid::Grid,
    bands: Vec<Vec<f32>>,
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("readable");
    serde_json::from_str(&text).expect("JSON")
}

/// Bands of a file, from 1; a value equal to nodata is NaN.
fn source(path: &Path, bands: &[u16]) -> Source {
    let file = std::fs::read(path).expect("readable");
    let (tiff, _) = open(&file).expect("a TIFF");
    let grid = tiff.grid().expect("a grid");
    let nodata = tiff.bands[0].nodata;
    let read = |band: &u16| -> Vec<f32> {
        let values = read_band(&file, tiff.full(), band - 1, 0.0).expect("pixels");
        #[expect(clippy::cast_possible_truncation, reason = "16 bits at most")]
        let held = |value: f64| {
            if Some(value) == nodata {
                f32::NAN
            } else {
                value as f32
            }
        };
        values.into_iter().map(held).collect()
    };
    Source {
        crs: Crs::from_epsg(grid.epsg).expect("a known system"),
        grid,
        bands: bands.iter().map(read).collect(),
    }
}

/// A reference tile: its bands, and whether each pixel is valid.
fn reference(path: &Path) -> (Vec<Vec<f64>>, Vec<bool>) {
    let file = std::fs::read(path).expect("readable");
    let (tiff, _) = open(&file).expect("a TIFF");
    let read = |band| read_band(&file, tiff.full(), band, 0.0).expect("pixels");
    let mut bands: Vec<Vec<f64>> = (0..tiff.full().bands).map(read).collect();
    let valid = bands.pop().expect("a band of validity");
    (bands, valid.into_iter().map(|value| value > 0.0).collect())
}

#[test]
fn tile_numbers_and_bounds_are_the_reference_ones() {
    let Some(folder) = shared_data("imagery/tiles_reference") else {
        return;
    };
    let cases = json(&folder.join("tile_math.json"));
    let cases = cases.as_array().expect("a list");
    assert!(cases.len() >= 20, "only {} cases", cases.len());

    for case in cases {
        let number = |name: &str| {
            let number = case[name].as_u64().expect("a number");
            u32::try_from(number).expect("small")
        };
        let bounds = |name: &str| -> [f64; 4] {
            std::array::from_fn(|place| case[name][place].as_f64().expect("a number"))
        };
        let lon = case["lon"].as_f64().expect("degrees");
        let lat = case["lat"].as_f64().expect("degrees");
        let (z, x, y) = (number("z"), number("x"), number("y"));

        let tile = Tile::holding(lon, lat, z);

        assert_eq!(tile.numbers(), (z, x, y), "{lon}, {lat}");
        // A tenth of a micrometre; ten decimals of a degree.
        for (found, expected, allowed) in [
            (tile.bounds(), bounds("bounds_3857"), 1e-7),
            (tile.bounds_wgs84(), bounds("bounds_lonlat"), 1e-10),
        ] {
            let Bounds {
                west,
                south,
                east,
                north,
            } = found;
            for (found, expected) in [west, south, east, north].into_iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= allowed,
                    "{z}/{x}/{y}: {found}, {expected}"
                );
            }
        }
    }
}

/// How a tile of ours agrees with a reference one.
#[derive(Debug)]
struct Agreement {
    /// Pixels inside both, away from the raster's edge.
    interior: usize,
    /// Of these, those with the same value.
    same: usize,
    /// Of these, those whose value lies among the 3 × 3 around it.
    near: usize,
    /// Valid pixels: ours, the reference's.
    valid: [usize; 2],
    /// Means over them.
    means: [f64; 2],
}

impl Agreement {
    fn means_differ_by(&self) -> f64 {
        (self.means[0] / self.means[1] - 1.0).abs()
    }
}

fn agreement(ours: &[f32], reference: &[f64], valid: &[bool]) -> Agreement {
    let around = |place: usize| {
        let (col, row) = (place % SIZE, place / SIZE);
        let inside = (1..SIZE - 1).contains(&col) && (1..SIZE - 1).contains(&row);
        inside.then(|| {
            (row - 1..=row + 1)
                .flat_map(move |row| (col - 1..=col + 1).map(move |col| row * SIZE + col))
        })
    };
    let mut found = Agreement {
        interior: 0,
        same: 0,
        near: 0,
        valid: [
            ours.iter().filter(|value| !value.is_nan()).count(),
            valid.iter().filter(|valid| **valid).count(),
        ],
        means: [0.0; 2],
    };
    for place in 0..SIZE * SIZE {
        let Some(mut around_it) = around(place) else {
            continue;
        };
        let is_interior = around_it
            .clone()
            .all(|place| valid[place] && !ours[place].is_nan());
        if !is_interior {
            continue;
        }
        let same = |at: usize| (f64::from(ours[place]) - reference[at]).abs() < 1e-6;
        found.interior += 1;
        found.same += usize::from(same(place));
        found.near += usize::from(around_it.any(same));
    }
    let ours: Vec<f64> = ours
        .iter()
        .filter(|value| !value.is_nan())
        .map(|value| f64::from(*value))
        .collect();
    let reference: Vec<f64> = reference
        .iter()
        .zip(valid)
        .filter(|(_, valid)| **valid)
        .map(|(value, _)| *value)
        .collect();
    found.means =
        [&ours, &reference].map(|values| values.iter().sum::<f64>() / values.len() as f64);
    found
}

#[test]
fn tiles_agree_with_the_reference_ones() {
    let Some(folder) = shared_data("imagery") else {
        return;
    };
    let landsat = source(&folder.join("l7_etm_olinda/L7_ETMs.tif"), &[4, 3, 2]);
    let sentinel = source(
        &folder.join("s2_l2a_flanders_a/10m/20180703T105938.tif"),
        &[1, 2, 3, 4],
    );
    let list = json(&folder.join("tiles_reference/reference.json"));
    let tiles = list["tiles"].as_array().expect("a list");
    assert_eq!(tiles.len(), 10);

    for case in tiles {
        let number =
            |name: &str| u32::try_from(case[name].as_u64().expect("a number")).expect("small");
        let name = case["file"].as_str().expect("a name");
        let source = if name.contains("L7_") {
            &landsat
        } else {
            &sentinel
        };
        let tile = Tile::new(number("z"), number("x"), number("y")).expect("a tile");
        let (bands, valid) = reference(&folder.join(name));
        let grid = &source.grid;
        let lookup =
            Lookup::new(tile, 256, grid, &source.crs, grid.full_window()).expect("they meet");
        for (band, expected) in source.bands.iter().zip(&bands) {
            let squares = squares_of(&lookup, grid.width, band);
            for resampling in [Resampling::Nearest, Resampling::Bilinear] {
                let ours = lookup.sample(&squares, resampling);
                let found = agreement(&ours, expected, &valid);
                let at = format!("{name} {resampling:?}: {found:?}");
                if number("z") >= 13 {
                    check_where_pixels_are_enlarged(&found, resampling, &at);
                } else {
                    check_where_pixels_are_reduced(&found, &at);
                }
            }
        }
    }
}

/// The reference picks pixels of the raster at these zooms, whatever it is called.
fn check_where_pixels_are_enlarged(found: &Agreement, resampling: Resampling, at: &str) {
    assert_eq!(found.valid[0], found.valid[1], "{at}");
    if resampling == Resampling::Nearest {
        // Both places are off by up to an eighth of a pixel, so those beside a border may differ.
        assert!(found.same as f64 >= 0.993 * found.interior as f64, "{at}");
        assert_eq!(found.near, found.interior, "{at}");
        assert!(found.means_differ_by() < 4e-4, "{at}");
    } else {
        assert!(found.means_differ_by() < 1e-3, "{at}");
    }
}

/// The reference picks, or reduces a picked picture, where ours averages: alike as a whole only.
fn check_where_pixels_are_reduced(found: &Agreement, at: &str) {
    let border = 4.0 * (found.valid[1] as f64).sqrt();
    assert!(
        found.valid[0].abs_diff(found.valid[1]) as f64 <= border,
        "{at}"
    );
    assert!(found.means_differ_by() < 1e-2, "{at}");
}

/// The values that a lookup needs of a band.
fn squares_of(lookup: &Lookup, width: u32, band: &[f32]) -> Squares {
    let window = lookup.window();
    let values: Vec<f32> = (window.row..window.row_end())
        .flat_map(|row| {
            let start = (row * width + window.col) as usize;
            band[start..start + window.width as usize].iter().copied()
        })
        .collect();
    let mut squares = lookup.squares();
    squares.add(window, &values);
    squares
}
