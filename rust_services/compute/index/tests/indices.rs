//! The catalogue's indices against values worked by hand, and the catalogue file itself.

use std::collections::BTreeMap;
use std::path::Path;

use furrow_index::{Bands, Formula, ValidRange};

/// Reflectance of a green field as Sentinel-2 sees it; round numbers, so that a reader can check.
const BLUE: f64 = 0.03;
const GREEN: f64 = 0.08;
const RED: f64 = 0.05;
const REDEDGE1: f64 = 0.10;
const NIR: f64 = 0.45;
const SWIR16: f64 = 0.15;
const SWIR22: f64 = 0.09;

fn value_of(formula: &str, constants: &[(&str, f64)]) -> f64 {
    let pixel = [
        ("blue", [BLUE]),
        ("green", [GREEN]),
        ("red", [RED]),
        ("rededge1", [REDEDGE1]),
        ("nir", [NIR]),
        ("nir08", [NIR]),
        ("swir16", [SWIR16]),
        ("swir22", [SWIR22]),
    ];
    let constants: BTreeMap<String, f64> = constants
        .iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect();
    let mut names: Vec<&str> = pixel.iter().map(|(name, _)| *name).collect();
    names.extend(constants.keys().map(String::as_str));
    let formula = Formula::parse(formula, &names).expect("the formula is in the grammar");
    let bands = Bands::new(
        pixel
            .iter()
            .map(|(name, pixels)| (*name, pixels.as_slice())),
    );
    let mut out = [0.0];
    formula
        .evaluate(&bands, &constants, ValidRange::default(), &mut out)
        .expect("all names are bound");
    f64::from(out[0])
}

fn assert_worked(found: f64, worked: f64) {
    // Results are 32-bit floats: 24 bits of mantissa.
    assert!(
        (found - worked).abs() <= 1e-7 * worked.abs().max(1.0),
        "found {found}, worked {worked}"
    );
}

#[test]
fn ndvi_is_0_40_over_0_50() {
    assert_worked(value_of("(nir - red) / (nir + red)", &[]), 0.8);
}

#[test]
fn evi_is_1_00_over_1_525() {
    // 2.5 × 0.40 = 1.00 over 0.45 + 0.30 − 0.225 + 1 = 1.525.
    let constants = [("g", 2.5), ("c1", 6.0), ("c2", 7.5), ("l", 1.0)];
    let evi = "g * (nir - red) / (nir + c1 * red - c2 * blue + l)";
    assert_worked(value_of(evi, &constants), 1.0 / 1.525);
}

#[test]
fn evi2_is_1_00_over_1_57() {
    assert_worked(
        value_of("2.5 * (nir - red) / (nir + 2.4 * red + 1)", &[]),
        1.0 / 1.57,
    );
}

#[test]
fn savi_is_0_60_over_1_00() {
    let savi = "(1 + l) * (nir - red) / (nir + red + l)";
    assert_worked(value_of(savi, &[("l", 0.5)]), 0.6);
}

#[test]
fn osavi_is_0_40_over_0_66() {
    assert_worked(
        value_of("(nir - red) / (nir + red + 0.16)", &[]),
        0.4 / 0.66,
    );
}

#[test]
fn msavi_is_the_smaller_root_of_its_quadratic() {
    // (1.9 − √(1.9² − 8 × 0.40)) / 2 = (1.9 − √0.41) / 2.
    let msavi = "(2 * nir + 1 - sqrt((2 * nir + 1) * (2 * nir + 1) - 8 * (nir - red))) / 2";
    assert_worked(value_of(msavi, &[]), (1.9 - 0.640_312_423_743_285) / 2.0);
}

#[test]
fn the_other_normalized_differences_match_their_fractions() {
    for (a, b, worked) in [
        ("nir", "green", 0.37 / 0.53),
        ("nir", "rededge1", 0.35 / 0.55),
        ("nir08", "swir16", 0.30 / 0.60),
        ("green", "nir", -0.37 / 0.53),
        ("nir08", "swir22", 0.36 / 0.54),
    ] {
        let formula = format!("({a} - {b}) / ({a} + {b})");
        assert_worked(value_of(&formula, &[]), worked);
    }
}

#[test]
fn the_red_edge_chlorophyll_index_is_three_and_a_half() {
    assert_worked(value_of("nir / rededge1 - 1", &[]), 3.5);
}

#[test]
fn every_formula_of_the_catalogue_parses_and_has_a_value_over_a_green_field() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../farm/imagery/catalogue.json");
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may read the file it checks"
    )]
    let text = std::fs::read(&path).expect("the catalogue is part of the repository");
    let catalogue: serde_json::Value = serde_json::from_slice(&text).expect("it is JSON");
    let indices = catalogue["indices"].as_array().expect("it lists indices");

    assert!(indices.len() >= 12, "{} indices", indices.len());
    for index in indices {
        let constants: Vec<(&str, f64)> = index["constants"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value.as_f64().expect("a number")))
            .collect();
        let formula = index["formula"].as_str().expect("a formula");
        let value = value_of(formula, &constants);
        let (min, max) = (index["valid_min"].as_f64(), index["valid_max"].as_f64());
        assert!(
            min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max),
            "{formula} gives {value}"
        );
    }
}
