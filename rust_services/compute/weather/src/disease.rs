//! Local days of wetness and the Hutton criteria.
//!
//! # Source
//! The Hutton criteria of late blight on potatoes: two consecutive days, each with a least temperature
//! of 10 °C and at least six hours with a relative humidity of 90 % and more (AHDB 2017; Dancey, Skelsey
//! and Cooke 2017). The Smith period that they replaced asked for eleven hours.

use std::ops::Range;

use crate::days::{LocalDays, Timing};
use crate::days_aggregate::Completeness;
use crate::error::WeatherError;
use crate::wetness::{WET_FROM_PERCENT, Wetness};

/// Least temperature of a Hutton day, °C.
const HUTTON_FROM_C: f64 = 10.0;

/// Humid hours of a Hutton day.
const HUTTON_HUMID_HOURS: usize = 6;

/// Columns by the hour, as long as the axis that the days were cut from.
#[derive(Debug, Clone, Copy)]
pub struct DiseaseColumns<'a> {
    /// Wetness.
    pub wetness: &'a [Wetness],
    /// Relative humidity, percent, `NaN` where absent.
    pub humidity_percent: &'a [f64],
    /// Air, °C, `NaN` where absent.
    pub temperature_c: &'a [f64],
}

/// One local day. Counts are absent where too few hours are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiseaseDay {
    /// Place of the day among those that were cut.
    pub day: usize,
    /// Wet hours.
    pub wet_h: Option<usize>,
    /// Hours with a humidity of 90 % and more.
    pub humid_h: Option<usize>,
    /// Least temperature, °C.
    pub min_temperature_c: Option<f64>,
    /// Whether the day by itself meets the criteria.
    pub is_hutton_day: Option<bool>,
    /// Whether it and the day before do.
    pub is_hutton_period: Option<bool>,
}

/// Assesses local days.
///
/// A day with too few hours can still be known not to meet the criteria: one hour below 10 °C is
/// enough. The day before the first is not known.
///
/// # Errors
/// [`WeatherError::LengthMismatch`].
pub fn assess_days(
    columns: DiseaseColumns<'_>,
    days: &LocalDays,
    completeness: Completeness,
) -> Result<Vec<DiseaseDay>, WeatherError> {
    let rows = days.rows(Timing::Instant);
    for found in [
        columns.wetness.len(),
        columns.humidity_percent.len(),
        columns.temperature_c.len(),
    ] {
        rows.check_length(found)?;
    }
    let mut before = None;
    let mut assessed = Vec::with_capacity(rows.count());
    for (day, (rows, expected)) in rows.iter().enumerate() {
        // A date that the place skipped parts no two days.
        if expected == 0 {
            continue;
        }
        let found = assess(columns, rows, f64::from(expected), completeness);
        let is_hutton_period = both(before, found.is_hutton_day);
        before = found.is_hutton_day;
        assessed.push(DiseaseDay {
            day,
            is_hutton_period,
            ..found
        });
    }
    Ok(assessed)
}

fn assess(
    columns: DiseaseColumns<'_>,
    rows: Range<usize>,
    expected: f64,
    completeness: Completeness,
) -> DiseaseDay {
    let wetness = &columns.wetness[rows.clone()];
    let humidity = &columns.humidity_percent[rows.clone()];
    let temperature = &columns.temperature_c[rows];
    let enough = |known: usize| completeness.is_met(known as f64, expected);
    let known = |values: &[f64]| values.iter().filter(|value| !value.is_nan()).count();

    let wet = wetness.iter().filter(|w| **w == Wetness::Wet).count();
    let judged = wetness.iter().filter(|w| **w != Wetness::Unknown).count();
    let humid = humidity.iter().filter(|h| **h >= WET_FROM_PERCENT).count();
    let is_humidity_known = enough(known(humidity));
    // `min` passes over NaN.
    let least = temperature.iter().copied().fold(f64::NAN, f64::min);
    let is_least_known = enough(known(temperature));

    let is_warm = match least {
        least if least < HUTTON_FROM_C => Some(false),
        _ => is_least_known.then_some(true),
    };
    let is_humid = match humid {
        HUTTON_HUMID_HOURS.. => Some(true),
        _ => is_humidity_known.then_some(false),
    };
    DiseaseDay {
        day: 0,
        wet_h: enough(judged).then_some(wet),
        humid_h: is_humidity_known.then_some(humid),
        min_temperature_c: is_least_known.then_some(least),
        is_hutton_day: both(is_warm, is_humid),
        is_hutton_period: None,
    }
}

/// And, of what may be unknown.
fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DayStart, Days, Hours, time_zone};

    const GAP: f64 = f64::NAN;

    /// Three days of August in London, each given as humid hours and least temperature.
    fn assess_three(
        days: [(usize, f64); 3],
        spoil: impl Fn(&mut [f64], &mut [f64]),
    ) -> Vec<DiseaseDay> {
        let zone = time_zone("Europe/London").expect("known");
        let hours = Hours {
            // Midnight of 4 August 2026, summer time.
            start_s: 1_785_798_000,
            count: 72,
        };
        let dates = Days {
            first: jiff::civil::date(2026, 8, 4),
            count: 3,
        };
        let cut = LocalDays::cut_dates(hours, &zone, DayStart::Midnight, dates);
        let mut humidity = vec![60.0; 72];
        let mut temperature = vec![15.0; 72];
        for (day, (humid, least)) in days.into_iter().enumerate() {
            humidity[day * 24..day * 24 + humid].fill(90.0);
            temperature[day * 24 + 5] = least;
        }
        spoil(&mut humidity, &mut temperature);
        let wet = |h: &f64| match *h {
            h if h.is_nan() => Wetness::Unknown,
            h if h >= 90.0 => Wetness::Wet,
            _ => Wetness::Dry,
        };
        let wetness: Vec<Wetness> = humidity.iter().map(wet).collect();
        let columns = DiseaseColumns {
            wetness: &wetness,
            humidity_percent: &humidity,
            temperature_c: &temperature,
        };
        let share = Completeness::new(0.9).expect("allowed");
        assess_days(columns, &cut, share).expect("as long")
    }

    fn periods(days: &[DiseaseDay]) -> Vec<Option<bool>> {
        days.iter().map(|day| day.is_hutton_period).collect()
    }

    #[test]
    fn two_days_of_ten_degrees_and_six_humid_hours_are_a_period() {
        let days = assess_three([(6, 10.0), (7, 12.0), (5, 12.0)], |_, _| ());

        assert_eq!(periods(&days), [None, Some(true), Some(false)]);
        assert_eq!(days[1].humid_h, Some(7));
        assert_eq!(days[1].wet_h, Some(7));
        assert_eq!(days[0].min_temperature_c, Some(10.0));
    }

    #[test]
    fn a_hair_too_cold_or_an_hour_too_dry_is_none() {
        let days = assess_three([(6, 9.9), (6, 12.0), (11, 9.0)], |_, _| ());

        assert_eq!(periods(&days), [Some(false), Some(false), Some(false)]);
        assert_eq!(days[1].is_hutton_day, Some(true));
    }

    #[test]
    fn what_is_not_known_is_neither_unless_the_rest_decides() {
        let days = assess_three([(6, 12.0), (8, 12.0), (6, 9.0)], |humidity, temperature| {
            // Five humid hours of the second day are left, and too few hours.
            humidity[24..27].fill(GAP);
            // The cold hour of the third is left.
            temperature[60..72].fill(GAP);
        });

        assert_eq!(days[1].is_hutton_day, None);
        assert_eq!((days[1].humid_h, days[1].wet_h), (None, None));
        assert_eq!(days[2].min_temperature_c, None);
        assert_eq!(periods(&days), [None, None, Some(false)]);
    }
}
