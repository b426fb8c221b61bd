//! Points against PROJ: `tests/golden/projections.json` holds a point of every system that is
//! supported, as PROJ has it, where our own was farthest off; its head tells how it was made.
//! `tests/contract/test_projections.py` draws more of them.

use std::collections::BTreeSet;

use furrow_raster::crs::Crs;
use serde_json::Value;

const GOLDEN: &str = include_str!("../../../../tests/golden/projections.json");

/// Agreement with PROJ, metres.
const AGREEMENT_M: f64 = 1e-3;

/// Length of a degree of a great circle, metres.
const DEGREE_M: f64 = 111_320.0;

/// Code, longitude and latitude, east and north.
fn points() -> Vec<(u32, [f64; 4])> {
    let golden: Value = serde_json::from_str(GOLDEN).expect("golden file");
    let points = golden["points"].as_array().expect("points").iter();
    points
        .map(|point| {
            let epsg = u32::try_from(point[0].as_u64().expect("code")).expect("a code");
            let numbers = std::array::from_fn(|i| point[i + 1].as_f64().expect("number"));
            (epsg, numbers)
        })
        .collect()
}

#[test]
fn every_supported_system_agrees_with_proj_to_a_millimetre() {
    for (epsg, [lon, lat, x, y]) in points() {
        let crs = Crs::from_epsg(epsg).expect("a supported system");
        let mut there = [(lon, lat)];

        crs.project(&mut there)
            .unwrap_or_else(|error| panic!("EPSG:{epsg}: {error}"));

        let (mut east, north) = (there[0].0 - x, there[0].1 - y);
        if crs.is_geographic() {
            // Degrees of longitude come together towards the poles, and ±180° are one.
            east = (east + 180.0).rem_euclid(360.0) - 180.0;
            east *= lat.to_radians().cos();
        }
        let unit = if crs.is_geographic() {
            DEGREE_M
        } else {
            crs.metres_per_unit()
        };
        let distance = east.hypot(north) * unit;
        assert!(
            distance < AGREEMENT_M,
            "EPSG:{epsg} at {lon} {lat}: {distance:.4} m"
        );
    }
}

/// A slip in the dataset, as of a unit, is PROJ's too, so that agreement does not show it.
#[test]
fn a_step_on_the_ground_is_a_step_on_the_plane() {
    const STEP: f64 = 1e-3;
    for (epsg, [lon, lat, ..]) in points() {
        let crs = Crs::from_epsg(epsg).expect("a supported system");
        if crs.is_geographic() {
            continue;
        }
        let east = lon - STEP.copysign(lon);
        let north = lat - STEP.copysign(lat);
        let mut corners = [(lon, lat), (east, lat), (lon, north)];
        crs.project(&mut corners).expect("near the point");

        let [from, east, north] = corners;
        let (a, b) = (
            (east.0 - from.0, east.1 - from.1),
            (north.0 - from.0, north.1 - from.1),
        );
        let plane = (a.0 * b.1 - a.1 * b.0).abs() * crs.metres_per_unit().powi(2);
        let ground = (STEP * DEGREE_M).powi(2) * lat.to_radians().cos();
        let scale = (plane / ground).sqrt();
        // Mercator's is 5 at 78 degrees.
        assert!(
            (0.5..5.0).contains(&scale),
            "EPSG:{epsg} at {lon} {lat}: {scale}"
        );
    }
}

#[test]
fn what_was_not_held_against_proj_is_refused() {
    let supported: BTreeSet<u32> = points().into_iter().map(|(epsg, _)| epsg).collect();
    assert!(supported.len() > 5_000);

    for epsg in 1..70_000 {
        // Codes of systems with heights stand for the plane below.
        let is_held = supported.contains(&epsg) || Crs::plane_of(epsg).is_some();
        assert_eq!(Crs::from_epsg(epsg).is_ok(), is_held, "EPSG:{epsg}");
    }
}
