//! Degree days: how much warmth each day had above a threshold, and their sum.
//!
//! ```text
//! extremes ──▶ daily_heat (heat_methods)  ┐
//!                                         ├─▶ degree days ──▶ HeatSum: short gaps filled, summed
//! hours ─────▶ hourly_heat                ┘
//! ```

use crate::days::DayRows;
use crate::days_aggregate::Completeness;
use crate::error::WeatherError;

/// Temperatures between which warmth counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeatThresholds {
    lower_c: f64,
    upper_c: f64,
}

impl HeatThresholds {
    /// Lower threshold, °C, -20 to 40, and the upper one above it, at most 60, if there is one.
    ///
    /// # Errors
    /// [`WeatherError::SettingRefused`].
    pub fn new(lower_c: f64, upper_c: Option<f64>) -> Result<Self, WeatherError> {
        if !(-20.0..=40.0).contains(&lower_c) {
            return Err(WeatherError::SettingRefused {
                setting: "lower_c",
                found: lower_c.to_string(),
                allowed: "-20 to 40 is allowed",
            });
        }
        let upper_c = upper_c.unwrap_or(f64::INFINITY);
        if upper_c.is_nan() || upper_c <= lower_c || (upper_c.is_finite() && upper_c > 60.0) {
            return Err(WeatherError::SettingRefused {
                setting: "upper_c",
                found: upper_c.to_string(),
                allowed: "above lower_c and at most 60 is allowed",
            });
        }
        Ok(Self { lower_c, upper_c })
    }

    /// The lower one, °C.
    pub fn lower_c(self) -> f64 {
        self.lower_c
    }

    /// The upper one, °C; infinite where there is none.
    pub fn upper_c(self) -> f64 {
        self.upper_c
    }

    /// What a temperature counts, K: cut off horizontally at the upper threshold.
    pub(crate) fn excess(self, temperature_c: f64) -> f64 {
        temperature_c.clamp(self.lower_c, self.upper_c) - self.lower_c
    }
}

/// Degree days of each local day as the mean over its hours, K d. `NaN` where too few hours have a
/// temperature.
///
/// Temperatures are instants, °C, along the axis that `rows` was cut from.
///
/// # Errors
/// [`WeatherError::LengthMismatch`].
pub fn hourly_heat(
    temperatures_c: &[f64],
    rows: &DayRows,
    thresholds: HeatThresholds,
    completeness: Completeness,
) -> Result<Vec<f64>, WeatherError> {
    rows.check_length(temperatures_c.len())?;
    let day = |(rows, expected): (std::ops::Range<usize>, u32)| {
        let (mut sum, mut count) = (0.0, 0.0);
        for temperature_c in &temperatures_c[rows] {
            if !temperature_c.is_nan() {
                sum += thresholds.excess(*temperature_c);
                count += 1.0;
            }
        }
        if completeness.is_met(count, f64::from(expected)) {
            sum / count
        } else {
            f64::NAN
        }
    };
    Ok(rows.iter().map(day).collect())
}

/// Degree days and their sum, one value a day in each.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatSum {
    /// Degree days, K d; `NaN` where missing.
    pub degree_days: Vec<f64>,
    /// Their sum up to each day, K d. Missing days add nothing; they are counted.
    pub total: Vec<f64>,
    /// Days without a value, interpolated or own.
    pub days_missing: usize,
    /// Which days are the mean of their neighbours.
    pub is_interpolated: Vec<bool>,
}

impl HeatSum {
    /// Sums degree days. Gaps of at most so many days become the mean of the days beside them; a gap
    /// that is longer, or lies at an end, stays.
    pub fn of(mut degree_days: Vec<f64>, most_interpolated_days: usize) -> Self {
        let is_interpolated = fill_short_gaps(&mut degree_days, most_interpolated_days);
        let mut sum = 0.0;
        let add = |value: &f64| {
            if !value.is_nan() {
                sum += value;
            }
            sum
        };
        let total = degree_days.iter().map(add).collect();
        Self {
            days_missing: degree_days.iter().filter(|value| value.is_nan()).count(),
            degree_days,
            total,
            is_interpolated,
        }
    }
}

fn fill_short_gaps(values: &mut [f64], most: usize) -> Vec<bool> {
    let mut is_filled = vec![false; values.len()];
    let mut last_known: Option<usize> = None;
    for row in 0..values.len() {
        if values[row].is_nan() {
            continue;
        }
        if let Some(before) = last_known
            && (1..=most).contains(&(row - before - 1))
        {
            let mean = f64::midpoint(values[before], values[row]);
            values[before + 1..row].fill(mean);
            is_filled[before + 1..row].fill(true);
        }
        last_known = Some(row);
    }
    is_filled
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{DayStart, Days, Hours, LocalDays, time_zone};

    const GAP: f64 = f64::NAN;

    #[test]
    fn a_gap_adds_nothing_and_is_counted() {
        let sum = HeatSum::of(vec![3.0, GAP, 4.0], 0);

        assert_eq!(sum.total, [3.0, 3.0, 7.0]);
        assert!(sum.degree_days[1].is_nan());
        assert_eq!(sum.days_missing, 1);
        assert_eq!(sum.is_interpolated, [false; 3]);
    }

    #[test]
    fn two_days_may_be_the_mean_of_their_neighbours_and_say_so() {
        let sum = HeatSum::of(vec![2.0, GAP, GAP, 4.0], 2);

        assert_eq!(sum.degree_days, [2.0, 3.0, 3.0, 4.0]);
        assert_eq!(sum.is_interpolated, [false, true, true, false]);
        assert_eq!(sum.days_missing, 0);
    }

    #[test]
    fn longer_gaps_and_ends_stay_missing() {
        let sum = HeatSum::of(vec![GAP, 2.0, GAP, GAP, GAP, 4.0, GAP], 2);

        assert_eq!(sum.days_missing, 5);
        assert_eq!(sum.is_interpolated, [false; 7]);
        assert_eq!(sum.total, [0.0, 2.0, 2.0, 2.0, 2.0, 6.0, 6.0]);
    }

    #[test]
    fn hours_count_between_the_thresholds_and_too_few_of_them_make_no_day() {
        // 29 March 2026 has 23 hours in Brussels.
        let zone = time_zone("Europe/Brussels").expect("known");
        let hours = Hours {
            start_s: 1_774_738_800,
            count: 23,
        };
        let dates = Days {
            first: date(2026, 3, 29),
            count: 1,
        };
        let days = LocalDays::cut_dates(hours, &zone, DayStart::Midnight, dates);
        let rows = days.rows(crate::Timing::Instant);
        let thresholds = HeatThresholds::new(10.0, Some(30.0)).expect("allowed");
        let share = Completeness::new(0.9).expect("allowed");
        // 0, 5 and 20 K above 10 °C, the last cut off at 30 °C.
        let mut temperatures_c = vec![4.0; 23];
        temperatures_c[10] = 15.0;
        temperatures_c[11] = 45.0;
        let heat = |t: &[f64]| hourly_heat(t, rows, thresholds, share).expect("as long")[0];

        assert_eq!(rows.expected(0), 23);
        assert!((heat(&temperatures_c) - 25.0 / 23.0).abs() < 1e-12);
        temperatures_c[..2].fill(GAP);
        assert!((heat(&temperatures_c) - 25.0 / 21.0).abs() < 1e-12);
        temperatures_c[2] = GAP;
        assert!(heat(&temperatures_c).is_nan());
    }

    #[test]
    fn thresholds_have_an_order() {
        assert!(HeatThresholds::new(10.0, None).is_ok());
        assert!(HeatThresholds::new(10.0, Some(10.0)).is_err());
        assert!(HeatThresholds::new(f64::NAN, None).is_err());
        assert!(HeatThresholds::new(10.0, Some(f64::NAN)).is_err());
    }
}
