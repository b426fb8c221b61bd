//! Degree days from the extremes of a day.
//!
//! # Source
//! McMaster and Wilhelm (1997), doi 10.1016/S0168-1923(97)00027-0, methods 1 and 2; Baskerville and
//! Emin (1969), doi 10.2307/1933912, single sine; Allen (1976), doi 10.1093/ee/5.3.388, double sine.
//! The cut-off is horizontal: above the upper threshold warmth counts as at it.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::error::WeatherError;
use crate::heat::HeatThresholds;

/// How a day's warmth is counted from its extremes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeatMethod {
    /// The mean of the extremes, clamped to the thresholds.
    Average,
    /// The mean of the extremes, each clamped to the thresholds first.
    Clamped,
    /// The area below a sine through the extremes.
    SingleSine,
    /// The same by halves of the day: the second one falls to the minimum of the next day. Of the last
    /// day there is none.
    DoubleSine,
}

/// Extremes of each day, °C, `NaN` where absent.
#[derive(Debug, Clone, Copy)]
pub struct Extremes<'a> {
    /// Least.
    pub min_c: &'a [f64],
    /// Greatest.
    pub max_c: &'a [f64],
}

impl Extremes<'_> {
    /// Whether the columns go together, and no least is above its greatest.
    ///
    /// # Errors
    /// [`WeatherError::LengthMismatch`], [`WeatherError::ExtremesReversed`].
    pub(crate) fn check(self) -> Result<(), WeatherError> {
        if self.min_c.len() != self.max_c.len() {
            return Err(WeatherError::LengthMismatch {
                column: "temperature_max_c",
                found: self.max_c.len(),
                expected: self.min_c.len(),
            });
        }
        let mut pairs = self.min_c.iter().zip(self.max_c);
        match pairs.position(|(min, max)| min > max) {
            None => Ok(()),
            Some(row) => Err(WeatherError::ExtremesReversed {
                row,
                min_c: self.min_c[row],
                max_c: self.max_c[row],
            }),
        }
    }
}

/// Degree days of each day, K d, not negative; `NaN` where an extreme that is needed is absent.
///
/// # Errors
/// [`WeatherError::LengthMismatch`], [`WeatherError::ExtremesReversed`].
pub fn daily_heat(
    extremes: Extremes<'_>,
    method: HeatMethod,
    thresholds: HeatThresholds,
) -> Result<Vec<f64>, WeatherError> {
    extremes.check()?;
    let Extremes { min_c, max_c } = extremes;
    let day = |row: usize| {
        let (min, max) = (min_c[row], max_c[row]);
        if min.is_nan() || max.is_nan() {
            return f64::NAN;
        }
        match method {
            HeatMethod::Average => thresholds.excess(f64::midpoint(min, max)),
            HeatMethod::Clamped => f64::midpoint(thresholds.excess(min), thresholds.excess(max)),
            HeatMethod::SingleSine => sine(min, max, thresholds),
            HeatMethod::DoubleSine => match min_c.get(row + 1) {
                // The day may be colder throughout than the next night: then the second half rises.
                Some(next) if !next.is_nan() => f64::midpoint(
                    sine(min, max, thresholds),
                    sine(next.min(max), next.max(max), thresholds),
                ),
                _ => f64::NAN,
            },
        }
    };
    Ok((0..min_c.len()).map(day).collect())
}

fn sine(min_c: f64, max_c: f64, thresholds: HeatThresholds) -> f64 {
    let above = |threshold_c| area_above(threshold_c, min_c, max_c);
    // Rounding may leave a hair below zero where both are nearly equal.
    (above(thresholds.lower_c()) - above(thresholds.upper_c())).max(0.0)
}

/// Mean excess over a threshold of a sine between two extremes, K.
fn area_above(threshold_c: f64, min_c: f64, max_c: f64) -> f64 {
    let mean_c = f64::midpoint(min_c, max_c);
    if threshold_c >= max_c {
        0.0
    } else if threshold_c <= min_c {
        mean_c - threshold_c
    } else {
        let amplitude_k = (max_c - min_c) / 2.0;
        let crossing = ((threshold_c - mean_c) / amplitude_k).asin();
        ((mean_c - threshold_c) * (FRAC_PI_2 - crossing) + amplitude_k * crossing.cos()) / PI
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn heat(max: f64, min: f64, method: HeatMethod, upper_c: Option<f64>) -> f64 {
        let thresholds = HeatThresholds::new(10.0, upper_c).expect("allowed");
        let extremes = Extremes {
            min_c: &[min, min],
            max_c: &[max, max],
        };
        daily_heat(extremes, method, thresholds).expect("right")[0]
    }

    /// Base 10 °C, worked by hand from the papers' formulae; printed with two decimals.
    #[test]
    fn the_methods_give_their_papers_numbers() {
        const METHODS: [HeatMethod; 3] = [
            HeatMethod::Average,
            HeatMethod::Clamped,
            HeatMethod::SingleSine,
        ];
        for (max, min, upper_c, expected) in [
            (22.0, 4.0, Some(30.0), [3.00, 6.00, 4.53]),
            (12.0, -2.0, None, [0.0, 1.0, 0.33]),
            (36.0, 18.0, Some(30.0), [17.0, 14.0, 15.47]),
            (28.0, 12.0, None, [10.0, 10.0, 10.0]),
        ] {
            for (method, expected) in METHODS.into_iter().zip(expected) {
                let found = heat(max, min, method, upper_c);
                assert!(
                    (found - expected).abs() <= 0.005,
                    "{max}/{min} {method:?}: {found}, {expected} is published"
                );
            }
        }
    }

    #[test]
    fn a_double_sine_falls_to_the_next_night() {
        let thresholds = HeatThresholds::new(10.0, None).expect("allowed");
        let extremes = Extremes {
            min_c: &[4.0, -2.0],
            max_c: &[22.0, 12.0],
        };

        let found = daily_heat(extremes, HeatMethod::DoubleSine, thresholds).expect("right");

        // Half of 22/4 and half of 22/-2: θ = 0, so the second is 12/π.
        let second = 12.0 / PI;
        assert!(
            (found[0] - f64::midpoint(4.5255, second)).abs() < 1e-4,
            "{found:?}"
        );
        assert!(found[1].is_nan(), "no night follows the last day");
    }

    #[test]
    fn an_absent_extreme_is_an_absent_day() {
        let thresholds = HeatThresholds::new(10.0, None).expect("allowed");
        let extremes = Extremes {
            min_c: &[f64::NAN, 5.0],
            max_c: &[20.0, f64::NAN],
        };

        let found = daily_heat(extremes, HeatMethod::Average, thresholds).expect("right");

        assert!(found.iter().all(|value| value.is_nan()));
    }

    #[test]
    fn extremes_the_wrong_way_round_are_refused_by_row() {
        let thresholds = HeatThresholds::new(10.0, None).expect("allowed");
        let extremes = Extremes {
            min_c: &[5.0, 21.0],
            max_c: &[20.0, 20.0],
        };

        let refused = daily_heat(extremes, HeatMethod::Clamped, thresholds).expect_err("wrong");

        assert!(refused.to_string().contains("[1]"), "{refused}");
    }

    proptest! {
        #[test]
        fn no_method_leaves_the_span_of_the_thresholds(
            min in -40.0..45.0_f64,
            spread in 0.0..30.0_f64,
            upper in proptest::option::of(11.0..40.0_f64),
        ) {
            let max = min + spread;
            let most = upper.unwrap_or(100.0) - 10.0;
            for method in [
                HeatMethod::Average,
                HeatMethod::Clamped,
                HeatMethod::SingleSine,
                HeatMethod::DoubleSine,
            ] {
                let found = heat(max, min, method, upper);
                prop_assert!((0.0..=most + 1e-12).contains(&found), "{:?}: {}", method, found);
            }
        }

        #[test]
        fn a_sine_is_the_mean_of_many_instants(
            min in -10.0..25.0_f64,
            spread in 0.0..25.0_f64,
        ) {
            let max = min + spread;
            let thresholds = HeatThresholds::new(10.0, Some(30.0)).expect("allowed");
            let instants = 20_000;
            let excess = |at: i32| {
                let angle = 2.0 * PI * (f64::from(at) + 0.5) / f64::from(instants);
                thresholds.excess(f64::midpoint(min, max) + spread / 2.0 * angle.sin())
            };
            let mean = (0..instants).map(excess).sum::<f64>() / f64::from(instants);

            prop_assert!((sine(min, max, thresholds) - mean).abs() < 1e-5);
        }
    }
}
