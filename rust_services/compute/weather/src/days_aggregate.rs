//! Columns by the hour into columns by the day.

use crate::WeatherError;
use crate::days::DayRows;

/// Values added side by side; a day of 24 hours is six rounds of them.
const LANES: usize = 4;

/// Share of a day's or hour's values that must be there for a value of the whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Completeness(f64);

impl Completeness {
    /// Above 0, at most 1.
    ///
    /// # Errors
    /// [`WeatherError::SettingRefused`].
    pub fn new(share: f64) -> Result<Self, WeatherError> {
        if share > 0.0 && share <= 1.0 {
            Ok(Self(share))
        } else {
            Err(WeatherError::SettingRefused {
                setting: "completeness_share",
                found: share.to_string(),
                allowed: "above 0 and at most 1 is allowed",
            })
        }
    }

    /// Whether so many of those expected are enough.
    pub fn is_met(self, found: f64, expected: f64) -> bool {
        // 0.9 × 10 is a hair above 9 in binary.
        found > 0.0 && found >= self.0 * expected - 1e-9
    }
}

/// What the days make of a column; one value a day in each, `NaN` where too few hours have one.
#[derive(Debug, Clone, PartialEq)]
pub struct DayValues {
    /// Share of the day's hours that have a value, 0 to 1; `NaN` for a date without hours.
    pub coverage: Vec<f64>,
    /// Mean.
    pub mean: Vec<f64>,
    /// Least.
    pub min: Vec<f64>,
    /// Greatest.
    pub max: Vec<f64>,
    /// Sum of the values that are there.
    pub sum: Vec<f64>,
}

impl DayValues {
    fn with_capacity(days: usize) -> Self {
        Self {
            coverage: Vec::with_capacity(days),
            mean: Vec::with_capacity(days),
            min: Vec::with_capacity(days),
            max: Vec::with_capacity(days),
            sum: Vec::with_capacity(days),
        }
    }
}

/// Makes days of a column.
///
/// A sum adds in four lanes, so that its rounding error stays below `count / 4 + 2` units in the last
/// place of the sum of magnitudes.
///
/// # Errors
/// [`WeatherError::LengthMismatch`] when the column ends before the rows do.
pub fn aggregate_days(
    column: &[f64],
    rows: &DayRows,
    completeness: Completeness,
) -> Result<DayValues, WeatherError> {
    rows.check_length(column.len())?;
    let mut days = DayValues::with_capacity(rows.count());
    for (rows, expected) in rows.iter() {
        let fold = fold(&column[rows]);
        let expected = f64::from(expected);
        let or_absent = |value: f64| {
            if completeness.is_met(fold.count, expected) {
                value
            } else {
                f64::NAN
            }
        };
        // 0 / 0 is NaN, as it should be.
        days.coverage.push(fold.count / expected);
        days.mean.push(or_absent(fold.sum / fold.count));
        days.min.push(or_absent(fold.min));
        days.max.push(or_absent(fold.max));
        days.sum.push(or_absent(fold.sum));
    }
    Ok(days)
}

/// What is known of the values of a day.
#[derive(Debug, Clone, Copy)]
struct Fold {
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
}

/// Folds a day. Most days are whole: their sum is a number, and nothing has to be counted.
fn fold(values: &[f64]) -> Fold {
    let whole = fold_lanes(values, |value| value);
    if !whole.sum.is_nan() {
        return Fold {
            count: values.len() as f64,
            ..whole
        };
    }
    let there = values.iter().filter(|value| !value.is_nan());
    Fold {
        count: there.count() as f64,
        ..fold_lanes(values, |value| if value.is_nan() { 0.0 } else { value })
    }
}

/// Folds without a branch; what is absent adds what `addend` makes of it, and is neither less nor
/// more.
fn fold_lanes(values: &[f64], addend: impl Fn(f64) -> f64) -> Fold {
    let (rounds, rest) = values.as_chunks::<LANES>();
    let mut sum = [0.0; LANES];
    let mut min = [f64::INFINITY; LANES];
    let mut max = [f64::NEG_INFINITY; LANES];
    let mut take = |lane: usize, value: f64| {
        sum[lane] += addend(value);
        min[lane] = if value < min[lane] { value } else { min[lane] };
        max[lane] = if value > max[lane] { value } else { max[lane] };
    };
    for round in rounds {
        for (lane, value) in round.iter().enumerate() {
            take(lane, *value);
        }
    }
    for (lane, value) in rest.iter().enumerate() {
        take(lane, *value);
    }
    let less = |one: f64, other: f64| if one < other { one } else { other };
    let more = |one: f64, other: f64| if one > other { one } else { other };
    Fold {
        count: 0.0,
        sum: (sum[0] + sum[2]) + (sum[1] + sum[3]),
        min: less(less(min[0], min[2]), less(min[1], min[3])),
        max: more(more(max[0], max[2]), more(max[1], max[3])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_adds_nothing_and_is_neither_least_nor_greatest() {
        let mut values = vec![f64::NAN; 25];
        values[3] = -2.0;
        values[24] = 5.0;

        let fold = fold(&values);

        let found = [fold.count, fold.sum, fold.min, fold.max].map(f64::to_bits);
        assert_eq!(found, [2.0, 3.0, -2.0, 5.0].map(f64::to_bits));
    }

    #[test]
    fn a_share_is_met_by_exactly_as_many_as_it_says() {
        let nine_tenths = Completeness::new(0.9).expect("allowed");

        assert!(nine_tenths.is_met(9.0, 10.0));
        assert!(!nine_tenths.is_met(21.0, 24.0));
        assert!(!nine_tenths.is_met(0.0, 0.0));
        for refused in [0.0, -0.1, 1.01, f64::NAN] {
            assert!(Completeness::new(refused).is_err(), "{refused}");
        }
    }
}
