//! What a formula may be, what it may not, and that evaluation keeps to the arithmetic.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use furrow_index::{Bands, EvaluateError, Formula, FormulaError, ValidRange};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["nir", "red", "blue"];

fn refusal(text: &str) -> FormulaError {
    Formula::parse(text, &NAMES).expect_err("the text is refused")
}

fn evaluate(text: &str, nir: &[f64], red: &[f64], valid: ValidRange) -> Vec<f32> {
    let blue = vec![0.02; nir.len()];
    let bands = Bands::new([("nir", nir), ("red", red), ("blue", blue.as_slice())]);
    let mut out = vec![0.0; nir.len()];
    Formula::parse(text, &NAMES)
        .expect("the text is a formula")
        .evaluate(&bands, &BTreeMap::new(), valid, &mut out)
        .expect("all names are bound");
    out
}

fn one(text: &str, nir: f64, red: f64) -> f32 {
    evaluate(text, &[nir], &[red], ValidRange::default())[0]
}

#[test]
fn products_bind_tighter_than_sums_and_both_run_from_the_left() {
    assert!((one("nir - red - blue * 2", 0.5, 0.1) - 0.36).abs() < 1e-7);
    assert!((one("nir / red / 2", 0.5, 0.1) - 2.5).abs() < 1e-6);
    assert!((one("-nir * -2 + 1", 0.5, 0.1) - 2.0).abs() < 1e-7);
    assert!((one("2 - -nir", 0.5, 0.1) - 2.5).abs() < 1e-7);
}

#[test]
fn the_names_are_listed_once_in_the_order_of_the_text() {
    let formula = Formula::parse("(red - nir) / (red + nir)", &NAMES).expect("a formula");
    assert_eq!(formula.names(), ["red", "nir"]);
}

#[test]
fn whatever_is_no_arithmetic_over_known_names_is_refused_with_its_place() {
    let unexpected = |character, position| FormulaError::UnexpectedCharacter {
        character,
        position,
    };
    assert_eq!(refusal("nir; red"), unexpected(';', 3));
    assert_eq!(
        refusal("nir ** red[0]"),
        FormulaError::Expected {
            expected: "a number, a name or '('",
            found: "'*'".to_owned(),
            position: 5,
        }
    );
    assert_eq!(refusal("'nir'"), unexpected('\'', 0));
    assert_eq!(refusal("nir × red"), unexpected('×', 4));
    assert!(matches!(
        refusal("__import__('os')"),
        FormulaError::UnknownFunction { position: 0, .. }
    ));
    assert!(matches!(
        refusal("nir.real"),
        FormulaError::Expected { position: 3, .. } | FormulaError::BadNumber { position: 3, .. }
    ));
    assert!(matches!(
        refusal("nir + swir16"),
        FormulaError::UnknownName { position: 6, .. }
    ));
    assert!(matches!(
        refusal("exec(nir)"),
        FormulaError::UnknownFunction { .. }
    ));
}

#[test]
fn numbers_are_finite_decimals_only() {
    for text in [
        "1e999",
        "0x10",
        "1_000",
        "1.2.3",
        "1e",
        ".",
        "infinity1",
        "1inf",
    ] {
        let refused = Formula::parse(text, &NAMES);
        assert!(refused.is_err(), "{text} was accepted");
    }
    assert!((one("1.5e-1 + .5 + 2.", 0.0, 0.0) - 2.65).abs() < 1e-6);
}

#[test]
fn a_text_that_stops_early_says_what_was_expected() {
    assert_eq!(
        refusal("(nir - red").to_string(),
        "')' expected at position 10, found the end"
    );
    assert_eq!(
        refusal("").to_string(),
        "a number, a name or '(' expected at position 0, found the end"
    );
}

#[test]
fn functions_say_how_many_arguments_they_take() {
    assert_eq!(
        refusal("min(nir)").to_string(),
        "min at position 0 takes 2 argument(s), not 1"
    );
    assert_eq!(
        refusal("sqrt(nir, red)").to_string(),
        "sqrt at position 0 takes 1 argument(s), not 2"
    );
}

#[test]
fn deep_and_long_texts_are_refused_before_they_cost_anything() {
    let nested = format!("{}nir{}", "(".repeat(200), ")".repeat(200));
    assert!(matches!(refusal(&nested), FormulaError::TooDeep { .. }));
    let minus = format!("{}nir", "-".repeat(100));
    assert!(matches!(refusal(&minus), FormulaError::TooDeep { .. }));
    let chain = vec!["nir"; 100].join("+");
    assert!(matches!(refusal(&chain), FormulaError::TooDeep { .. }));
    let wide = vec!["(1+1+1+1+1+1+1)"; 30].join("+");
    assert_eq!(refusal(&wide), FormulaError::TooManyNodes);
    assert_eq!(
        refusal(&" ".repeat(513)),
        FormulaError::TooLong { bytes: 513 }
    );
}

#[test]
fn a_denominator_that_is_not_positive_leaves_no_value() {
    assert!(one("(nir - red) / (nir + red)", 0.1, -0.1).is_nan());
    assert!(one("(nir - red) / (nir + red)", -0.1, -0.1).is_nan());
    assert!(one("nir / 0", 0.5, 0.1).is_nan());
}

#[test]
fn a_result_too_large_for_32_bits_is_no_value() {
    assert!(one("nir / 0.000001 * 1e30 * 1e30", 0.5, 0.1).is_nan());
}

#[test]
fn a_root_of_a_negative_number_is_no_value() {
    assert!(one("sqrt(red - nir)", 0.5, 0.1).is_nan());
}

#[test]
fn a_missing_band_stays_missing_through_min_and_max() {
    for text in [
        "min(nir, red)",
        "max(nir, red)",
        "min(red, nir)",
        "max(red, nir)",
    ] {
        assert!(one(text, f64::NAN, 0.1).is_nan(), "{text}");
    }
    assert!((one("max(nir, red) - min(nir, red)", 0.1, 0.5) - 0.4).abs() < 1e-7);
}

#[test]
fn values_out_of_the_valid_range_are_undefined_and_never_clipped() {
    let valid = ValidRange {
        min: Some(-1.0),
        max: Some(1.0),
    };
    let found = evaluate("nir / red", &[0.1, 0.2, 0.1], &[0.1, 0.1, -0.1], valid);
    assert!((found[0] - 1.0).abs() < 1e-6);
    assert!(found[1].is_nan());
    assert!(found[2].is_nan());
}

#[test]
fn bands_of_another_length_and_names_without_values_are_errors() {
    let formula = Formula::parse("nir - red", &NAMES).expect("a formula");
    let bands = Bands::new([("nir", [0.1, 0.2].as_slice())]);
    let evaluated =
        |out: &mut [f32]| formula.evaluate(&bands, &BTreeMap::new(), ValidRange::default(), out);
    assert_eq!(
        evaluated(&mut [0.0; 3]),
        Err(EvaluateError::ShapeMismatch {
            name: "nir".to_owned(),
            found: 2,
            expected: 3
        })
    );
    assert_eq!(
        evaluated(&mut [0.0; 2]),
        Err(EvaluateError::Unbound {
            name: "red".to_owned()
        })
    );
}

/// A random tree with the value that plain 64-bit arithmetic gives it, pixel by pixel: the oracle.
#[derive(Debug, Clone)]
enum Tree {
    Number(u16),
    Name(usize),
    Negate(Box<Tree>),
    Call(&'static str, Box<Tree>, Box<Tree>),
    Binary(char, Box<Tree>, Box<Tree>),
}

impl Tree {
    fn write(&self, text: &mut String) {
        match self {
            Self::Number(hundredths) => {
                write!(text, "{}", f64::from(*hundredths) / 100.0).expect("a string grows");
            }
            Self::Name(place) => text.push_str(NAMES[*place]),
            Self::Negate(inner) => {
                text.push_str("-(");
                inner.write(text);
                text.push(')');
            }
            Self::Call(name, a, b) => {
                text.push_str(name);
                text.push('(');
                a.write(text);
                text.push(',');
                b.write(text);
                text.push(')');
            }
            Self::Binary(sign, a, b) => {
                text.push('(');
                a.write(text);
                text.push(*sign);
                b.write(text);
                text.push(')');
            }
        }
    }

    fn value(&self, pixel: &[f64; 3]) -> f64 {
        match self {
            Self::Number(hundredths) => f64::from(*hundredths) / 100.0,
            Self::Name(place) => pixel[*place],
            Self::Negate(inner) => -inner.value(pixel),
            Self::Call(name, a, b) => {
                let (a, b) = (a.value(pixel), b.value(pixel));
                if a.is_nan() || b.is_nan() {
                    return f64::NAN;
                }
                if *name == "min" { a.min(b) } else { a.max(b) }
            }
            Self::Binary(sign, a, b) => {
                let (a, b) = (a.value(pixel), b.value(pixel));
                match sign {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    _ if b > 0.0 => a / b,
                    _ => f64::NAN,
                }
            }
        }
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        (0..1000_u16).prop_map(Tree::Number),
        (0..3_usize).prop_map(Tree::Name)
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            inner.prop_map(|a| Tree::Negate(Box::new(a))),
            (prop::sample::select(vec!["min", "max"]), pair.clone())
                .prop_map(|(name, (a, b))| Tree::Call(name, Box::new(a), Box::new(b))),
            (prop::sample::select(vec!['+', '-', '*', '/']), pair)
                .prop_map(|(sign, (a, b))| Tree::Binary(sign, Box::new(a), Box::new(b))),
        ]
    })
}

fn reflectance() -> impl Strategy<Value = f64> {
    prop_oneof![9 => -0.2..1.6_f64, 1 => Just(f64::NAN)]
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
        let _ = Formula::parse(&text, &NAMES);
    }

    #[test]
    fn no_sequence_of_words_makes_the_parser_panic(
        words in prop::collection::vec(
            prop::sample::select(vec!["nir", "red", "sqrt", "min", "(", ")", ",", "+", "-", "*", "/", "1", "2.5e1", " "]),
            0..120,
        )
    ) {
        let _ = Formula::parse(&words.concat(), &NAMES);
    }

    #[test]
    fn lanes_give_what_pixel_by_pixel_arithmetic_gives(
        tree in tree(),
        // Over one lane, so that the seam between lanes is part of the claim.
        pixels in prop::collection::vec([reflectance(), reflectance(), reflectance()], 1020..1030),
    ) {
        let mut text = String::new();
        tree.write(&mut text);
        prop_assume!(text.len() <= 512);
        let band = |place: usize| pixels.iter().map(|pixel| pixel[place]).collect::<Vec<f64>>();
        let (nir, red, blue) = (band(0), band(1), band(2));
        let bands = Bands::new([("nir", nir.as_slice()), ("red", red.as_slice()), ("blue", blue.as_slice())]);
        let mut out = vec![0.0; pixels.len()];

        Formula::parse(&text, &NAMES)
            .expect("a written tree is a formula")
            .evaluate(&bands, &BTreeMap::new(), ValidRange::default(), &mut out)
            .expect("all names are bound");

        for (found, pixel) in out.iter().zip(&pixels) {
            #[expect(clippy::cast_possible_truncation, reason = "results are 32-bit")]
            let wanted = tree.value(pixel) as f32;
            let wanted = if wanted.is_finite() { wanted } else { f32::NAN };
            prop_assert!(
                found.to_bits() == wanted.to_bits() || (found.is_nan() && wanted.is_nan()) || (found - wanted).abs() <= f32::EPSILON * wanted.abs(),
                "{text} at {pixel:?}: {found}, not {wanted}"
            );
        }
    }

    #[test]
    fn a_pixel_without_data_has_no_index(red in reflectance()) {
        prop_assert!(one("(nir - red) / (nir + red + 0.16)", f64::NAN, red).is_nan());
    }
}
