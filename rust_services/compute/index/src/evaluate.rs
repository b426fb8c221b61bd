//! Formulas over pixels, a lane at a time.

use std::collections::BTreeMap;

use crate::formula::{Binary, Formula, Step, Unary};

/// Pixels computed together: long enough to amortize the walk over the steps, short enough that a
/// few lanes of 64-bit floats stay in the first-level cache.
const LANE: usize = 1024;

/// Bands by name: reflectance of each pixel, `NaN` where there is none, all of one length.
#[derive(Debug, Clone, Default)]
pub struct Bands<'a> {
    by_name: BTreeMap<&'a str, &'a [f64]>,
}

impl<'a> Bands<'a> {
    /// Bands from name and pixels.
    pub fn new(bands: impl IntoIterator<Item = (&'a str, &'a [f64])>) -> Self {
        Self {
            by_name: bands.into_iter().collect(),
        }
    }
}

/// The values that an index can take as a measurement; others count as undefined and are never
/// clipped, because a clipped value would look like one that was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ValidRange {
    /// Smallest measurement; None: unlimited.
    pub min: Option<f64>,
    /// Largest measurement; None: unlimited.
    pub max: Option<f64>,
}

impl ValidRange {
    /// The value as 32-bit float, or `NaN` when that is infinite or the value out of range.
    fn checked(self, value: f64) -> f32 {
        let min = self.min.unwrap_or(f64::NEG_INFINITY);
        let max = self.max.unwrap_or(f64::INFINITY);
        #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
        let rounded = value as f32;
        // NaN is in no range.
        #[expect(clippy::needless_bitwise_bool, reason = "without a branch a pixel")]
        let is_measured = rounded.is_finite() & (value >= min) & (value <= max);
        if is_measured { rounded } else { f32::NAN }
    }
}

/// Why a formula could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// A name of the formula is neither a band nor a constant.
    #[error("no band and no constant is called '{name}'")]
    Unbound {
        /// The name.
        name: String,
    },
    /// A band has more or fewer pixels than the output.
    #[error("band '{name}' has {found} pixels where {expected} are needed")]
    ShapeMismatch {
        /// The band.
        name: String,
        /// Its pixels.
        found: usize,
        /// Pixels of the output.
        expected: usize,
    },
}

/// Where a name's values come from.
enum Source<'a> {
    Pixels(&'a [f64]),
    Constant(f64),
}

impl Formula {
    /// Computes the formula for every pixel, in 64-bit floats, rounded to 32 bits at the end.
    ///
    /// A pixel is `NaN` where a band that the formula names is `NaN`, a denominator is zero or
    /// negative, a root is of a negative number, or the result is infinite or outside `valid`.
    /// A name that is both band and constant is the band.
    ///
    /// # Errors
    /// [`EvaluateError`] when a name has no values or a band is not as long as `out`.
    pub fn evaluate(
        &self,
        bands: &Bands<'_>,
        constants: &BTreeMap<String, f64>,
        valid: ValidRange,
        out: &mut [f32],
    ) -> Result<(), EvaluateError> {
        let sources = self.sources(bands, constants, out.len())?;
        let mut stack = vec![[0.0; LANE]; self.stack_depth()];
        for (lane_number, values) in out.chunks_mut(LANE).enumerate() {
            let first = lane_number * LANE;
            self.evaluate_lane(&sources, first, values.len(), &mut stack);
            for (value, computed) in values.iter_mut().zip(&stack[0]) {
                *value = valid.checked(*computed);
            }
        }
        Ok(())
    }

    fn sources<'a>(
        &self,
        bands: &Bands<'a>,
        constants: &BTreeMap<String, f64>,
        expected: usize,
    ) -> Result<Vec<Source<'a>>, EvaluateError> {
        let source = |name: &String| {
            if let Some(pixels) = bands.by_name.get(name.as_str()) {
                return if pixels.len() == expected {
                    Ok(Source::Pixels(pixels))
                } else {
                    Err(EvaluateError::ShapeMismatch {
                        name: name.clone(),
                        found: pixels.len(),
                        expected,
                    })
                };
            }
            match constants.get(name) {
                Some(constant) => Ok(Source::Constant(*constant)),
                None => Err(EvaluateError::Unbound { name: name.clone() }),
            }
        };
        self.names().iter().map(source).collect()
    }

    /// Leaves the lane's results in `stack[0]`.
    fn evaluate_lane(
        &self,
        sources: &[Source<'_>],
        first: usize,
        length: usize,
        stack: &mut [[f64; LANE]],
    ) {
        let mut top = 0;
        for step in self.steps() {
            match *step {
                Step::Number(number) => {
                    stack[top][..length].fill(number);
                    top += 1;
                }
                Step::Name(place) => {
                    let lane = &mut stack[top][..length];
                    match sources[place] {
                        Source::Pixels(pixels) => {
                            lane.copy_from_slice(&pixels[first..first + length]);
                        }
                        Source::Constant(constant) => lane.fill(constant),
                    }
                    top += 1;
                }
                Step::Unary(operation) => unary(operation, &mut stack[top - 1][..length]),
                Step::Binary(operation) => {
                    let (below, above) = stack.split_at_mut(top - 1);
                    binary(
                        operation,
                        &mut below[top - 2][..length],
                        &above[0][..length],
                    );
                    top -= 1;
                }
            }
        }
    }
}

fn unary(operation: Unary, lane: &mut [f64]) {
    let each = |lane: &mut [f64], f: fn(f64) -> f64| lane.iter_mut().for_each(|x| *x = f(*x));
    match operation {
        Unary::Negate => each(lane, |x| -x),
        // NaN for negative numbers by IEEE 754.
        Unary::SquareRoot => each(lane, f64::sqrt),
        Unary::Absolute => each(lane, f64::abs),
    }
}

fn binary(operation: Binary, left: &mut [f64], right: &[f64]) {
    fn each(left: &mut [f64], right: &[f64], f: impl Fn(f64, f64) -> f64) {
        for (l, r) in left.iter_mut().zip(right) {
            *l = f(*l, *r);
        }
    }
    match operation {
        Binary::Add => each(left, right, |l, r| l + r),
        Binary::Subtract => each(left, right, |l, r| l - r),
        Binary::Multiply => each(left, right, |l, r| l * r),
        // A ratio over zero or less says nothing about the ground; it is missing, not 0.
        Binary::Divide => each(left, right, |l, r| if r > 0.0 { l / r } else { f64::NAN }),
        // `f64::min` and `max` drop NaN; a missing band must stay missing.
        Binary::Minimum => each(left, right, |l, r| if l.is_nan() || l < r { l } else { r }),
        Binary::Maximum => each(left, right, |l, r| if l.is_nan() || l > r { l } else { r }),
    }
}
