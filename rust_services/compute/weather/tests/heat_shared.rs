//! Degree days of reanalysed days against numbers made without this project: `shared/data/weather`.
#![expect(
    clippy::disallowed_methods,
    reason = "the purity of compute does not bind its tests, which read files"
)]

use std::path::Path;

use furrow_agromet::{Extremes, HeatMethod, HeatThresholds, daily_heat};

/// Columns of a file with a heading, by name; what is no number becomes NaN. None where shared data
/// are absent and need not be there.
fn columns<const N: usize>(file: &str, names: [&str; N]) -> Option<[Vec<f64>; N]> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/weather");
    if !folder.is_dir() {
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "shared/data/weather is absent");
        eprintln!("skipped: shared/data/weather is absent");
        return None;
    }
    let text = std::fs::read_to_string(folder.join(file)).expect("readable");
    let mut lines = text.lines();
    let heading: Vec<&str> = lines.next().expect("a heading").split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    Some(names.map(|name| {
        let at = heading
            .iter()
            .position(|column| *column == name)
            .expect(name);
        rows.iter()
            .map(|row| row[at].parse().unwrap_or(f64::NAN))
            .collect()
    }))
}

#[test]
fn a_season_by_the_average_is_the_reference() {
    let names = ["temperature_min", "temperature_max"];
    let Some([min_k, max_k]) = columns("agera5_flanders_a.csv", names) else {
        return;
    };
    let name = ["gdd_base10_mean"];
    let [reference] = columns("agera5_flanders_a_reference.csv", name).expect("seen before");
    let celsius = |kelvin: &[f64]| -> Vec<f64> { kelvin.iter().map(|k| k - 273.15).collect() };
    let (min_c, max_c) = (celsius(&min_k), celsius(&max_k));
    let extremes = Extremes {
        min_c: &min_c,
        max_c: &max_c,
    };
    let thresholds = HeatThresholds::new(10.0, None).expect("allowed");

    let found = daily_heat(extremes, HeatMethod::Average, thresholds).expect("right");

    assert_eq!(found.len(), reference.len());
    let mut compared = 0;
    for (row, (found, expected)) in found.iter().zip(&reference).enumerate() {
        assert_eq!(found.is_nan(), expected.is_nan(), "row {row}");
        if !found.is_nan() {
            // Five decimals are printed.
            assert!(
                (found - expected).abs() < 1e-5,
                "row {row}: {found}, {expected}"
            );
            compared += 1;
        }
    }
    assert!(compared > 400, "{compared} days");
}
