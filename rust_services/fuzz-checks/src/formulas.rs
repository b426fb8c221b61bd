//! Formulas: refused with a place inside the text, or computed as the grammar says.

use std::collections::{BTreeMap, HashSet};

use furrow_index::{Bands, Formula, FormulaError, MAX_FORMULA_BYTES, ValidRange};

const NAMES: [&str; 4] = ["nir", "red", "blue", "L"];

/// The constant `L`, as of SAVI.
const L: f64 = 0.5;

/// Red, near infrared and blue of a few pixels: measurements, edges of the range, and none.
const NIR: [f64; 8] = [0.5, 0.3, 0.0, -0.1, 1.0, 1e300, f64::NAN, 0.25];
const RED: [f64; 8] = [0.1, 0.3, 0.0, 0.2, -1.0, 1e300, 0.2, f64::NAN];
const BLUE: [f64; 8] = [0.05, -0.0, 0.0, 0.1, 1e-300, -1e300, 0.1, f64::MIN_POSITIVE];

/// Parses a text and, where it is a formula, computes a few pixels in two ways.
///
/// # Panics
/// Where a promise of `furrow_index::Formula` is broken.
pub fn formulas(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let formula = match Formula::parse(text, &NAMES) {
        Ok(formula) => formula,
        Err(error) => return check_refusal(text, &error),
    };
    assert!(text.len() <= MAX_FORMULA_BYTES);
    assert_eq!(formula.to_string(), text);
    assert_eq!(
        Formula::parse(&formula.to_string(), &NAMES),
        Ok(formula.clone())
    );
    let names: HashSet<&str> = formula.names().iter().map(String::as_str).collect();
    assert_eq!(names.len(), formula.names().len(), "a name is listed twice");
    assert!(names.iter().all(|name| NAMES.contains(name)));

    let unlimited = evaluate(&formula, ValidRange::default(), 0..8);
    let narrow = ValidRange {
        min: Some(-1.0),
        max: Some(1.0),
    };
    let limited = evaluate(&formula, narrow, 0..8);
    for pixel in 0..8 {
        let value = unlimited[pixel];
        assert!(!value.is_infinite(), "{text} is infinite");
        let alone = evaluate(&formula, ValidRange::default(), pixel..pixel + 1)[0];
        assert_eq!(
            alone.to_bits(),
            value.to_bits(),
            "{text} depends on neighbours"
        );
        if names.iter().any(|name| band(name)[pixel].is_nan()) {
            assert!(value.is_nan(), "{text} has a value without its bands");
        }
        let inside = (-1.0..=1.0).contains(&f64::from(value));
        // Rounding to 32 bits can carry a value onto the border that lies beside it in 64.
        let at_border = (f64::from(value).abs() - 1.0).abs() < 1e-6;
        assert!(
            at_border || limited[pixel].is_nan() != inside,
            "{text} leaves its range"
        );
        check_value(text, pixel, value);
    }
}

fn band(name: &str) -> [f64; 8] {
    match name {
        "nir" => NIR,
        "red" => RED,
        "blue" => BLUE,
        _ => [L; 8],
    }
}

fn evaluate(formula: &Formula, valid: ValidRange, pixels: std::ops::Range<usize>) -> Vec<f32> {
    let mut out = vec![0.0; pixels.len()];
    let bands = Bands::new([
        ("nir", &NIR[pixels.clone()]),
        ("red", &RED[pixels.clone()]),
        ("blue", &BLUE[pixels]),
    ]);
    let constants = BTreeMap::from([("L".to_owned(), L)]);
    formula
        .evaluate(&bands, &constants, valid, &mut out)
        .expect("every name is a band or a constant");
    out
}

/// A refusal names a place inside the text and can be printed.
fn check_refusal(text: &str, error: &FormulaError) {
    assert!(!error.to_string().is_empty());
    let position = match error {
        FormulaError::TooLong { bytes } => {
            assert!(*bytes > MAX_FORMULA_BYTES);
            return;
        }
        FormulaError::TooDeep { position }
        | FormulaError::UnexpectedCharacter { position, .. }
        | FormulaError::BadNumber { position, .. }
        | FormulaError::UnknownName { position, .. }
        | FormulaError::UnknownFunction { position, .. }
        | FormulaError::ArgumentCount { position, .. }
        | FormulaError::Expected { position, .. } => *position,
        _ => return,
    };
    assert!(position <= text.len() && text.is_char_boundary(position));
}

/// The value against the grammar's own words, walked through anew for one pixel.
fn check_value(text: &str, pixel: usize, found: f32) {
    let mut walk = Walk { rest: text, pixel };
    let value = walk.sum();
    assert!(walk.rest.trim_start().is_empty(), "{text} has a rest");
    #[expect(clippy::cast_possible_truncation, reason = "as the crate rounds")]
    let rounded = value as f32;
    let wanted = if rounded.is_finite() {
        rounded
    } else {
        f32::NAN
    };
    let same = wanted.to_bits() == found.to_bits() || (wanted.is_nan() && found.is_nan());
    assert!(same, "{text} is {wanted} at pixel {pixel}, not {found}");
}

/// A reader of accepted formulas that computes as it reads. Short, slow and written apart from the
/// crate's own parser, so that both would have to be wrong alike.
struct Walk<'a> {
    rest: &'a str,
    pixel: usize,
}

impl<'a> Walk<'a> {
    fn sum(&mut self) -> f64 {
        let mut value = self.product();
        loop {
            if self.takes('+') {
                value += self.product();
            } else if self.takes('-') {
                value -= self.product();
            } else {
                return value;
            }
        }
    }

    fn product(&mut self) -> f64 {
        let mut value = self.factor();
        loop {
            if self.takes('*') {
                value *= self.factor();
            } else if self.takes('/') {
                let below = self.factor();
                value = if below > 0.0 { value / below } else { f64::NAN };
            } else {
                return value;
            }
        }
    }

    fn factor(&mut self) -> f64 {
        if self.takes('-') {
            return -self.factor();
        }
        if self.takes('(') {
            let value = self.sum();
            assert!(self.takes(')'));
            return value;
        }
        let word = self.word();
        if let Ok(number) = word.parse::<f64>() {
            return number;
        }
        if !self.takes('(') {
            return band(word)[self.pixel];
        }
        let first = self.sum();
        let value = match word {
            "sqrt" => first.sqrt(),
            "abs" => first.abs(),
            _ => {
                assert!(self.takes(','));
                let second = self.sum();
                let is_first = if word == "min" {
                    first < second
                } else {
                    first > second
                };
                match (first.is_nan(), is_first) {
                    (true, _) => f64::NAN,
                    (false, true) => first,
                    (false, false) => second,
                }
            }
        };
        assert!(self.takes(')'));
        value
    }

    fn takes(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start();
        let found = self.rest.strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// A number, whose exponent may have a sign, or a name.
    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let is_number = self
            .rest
            .starts_with(|c: char| c.is_ascii_digit() || c == '.');
        let mut previous = ' ';
        let end = self.rest.find(|c: char| {
            let belongs = c.is_ascii_alphanumeric()
                || matches!(c, '.' | '_')
                || (is_number && matches!(c, '+' | '-') && matches!(previous, 'e' | 'E'));
            previous = c;
            !belongs
        });
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }
}
