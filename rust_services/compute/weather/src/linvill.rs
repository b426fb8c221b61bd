//! Hours of a day from its extremes: a sine by day, a logarithmic decay by night.
//!
//! # Source
//! Linvill (1990), HortScience 25, 14–16, as chillR 0.77 takes it: Spencer's (1971) series for the
//! sun's declination, sunrise with refraction at -0.8333°, the day's sine stretched by four hours, the
//! decay of the morning from the temperature at the last sunset. That is reckoned with the length of
//! the day that dawns, and the morning's logarithm ends at the night's length without the hour that is
//! added elsewhere, so an hour just before sunrise may be a little below the minimum.

use std::f64::consts::{PI, TAU};

use crate::axis::Days;
use crate::error::WeatherError;
use crate::heat_methods::Extremes;

/// The sun rises when its centre is so far below the horizon, degrees.
const SUNRISE_DEG: f64 = -0.8333;

/// Hours by which the sine of a day is longer than the day.
const STRETCH_H: f64 = 4.0;

/// Shorter nights, which end no winter, have no decay to speak of, hours.
const SHORTEST_NIGHT_H: f64 = 3.0;

/// Hours of a day.
const HOURS: usize = 24;

/// Temperatures of the hours 0 to 23 of each day, °C, by the sun's clock: noon is when it stands
/// highest. `NaN` where an extreme that an hour hangs on is absent: the hours before sunrise hang on
/// the day before too, those after sunset on the next day's minimum.
///
/// Latitude in degrees, -66 to 66.
///
/// # Errors
/// [`WeatherError::LengthMismatch`], [`WeatherError::ExtremesReversed`], and
/// [`WeatherError::SettingRefused`] for the latitude.
pub fn hours_of_days(
    days: Days,
    extremes: Extremes<'_>,
    latitude_deg: f64,
) -> Result<Vec<f64>, WeatherError> {
    extremes.check()?;
    if extremes.min_c.len() != days.count {
        return Err(WeatherError::LengthMismatch {
            column: "temperature_min_c",
            found: extremes.min_c.len(),
            expected: days.count,
        });
    }
    if !(-66.0..=66.0).contains(&latitude_deg) {
        return Err(WeatherError::SettingRefused {
            setting: "latitude_deg",
            found: latitude_deg.to_string(),
            allowed: "-66 to 66 is allowed",
        });
    }
    // One day before and after, for the suns of the neighbours.
    let mut date = days
        .first
        .yesterday()
        .expect("dates are far from the calendar's end");
    let mut suns = Vec::with_capacity(days.count + 2);
    for _ in 0..days.count + 2 {
        suns.push(Sun::of(date.day_of_year(), latitude_deg));
        date = date
            .tomorrow()
            .expect("dates are far from the calendar's end");
    }
    let at = |column: &[f64], row: Option<usize>| {
        row.and_then(|row| column.get(row))
            .copied()
            .unwrap_or(f64::NAN)
    };
    let mut temperatures_c = Vec::with_capacity(days.count * HOURS);
    for row in 0..days.count {
        let before = row.checked_sub(1);
        let day = Day {
            min_c: extremes.min_c[row],
            max_c: extremes.max_c[row],
            last_min_c: at(extremes.min_c, before),
            last_max_c: at(extremes.max_c, before),
            next_min_c: at(extremes.min_c, Some(row + 1)),
            last_sunset_h: suns[row].sunset_h,
            sun: suns[row + 1],
            next_sunrise_h: suns[row + 2].sunrise_h,
        };
        let hours = (0..HOURS).map(|hour| day.temperature_c(hour as f64));
        temperatures_c.extend(hours);
    }
    Ok(temperatures_c)
}

/// When the sun is up, hours of its own clock.
#[derive(Debug, Clone, Copy)]
struct Sun {
    sunrise_h: f64,
    sunset_h: f64,
}

impl Sun {
    fn of(day_of_year: i16, latitude_deg: f64) -> Self {
        let angle = TAU / 365.0 * f64::from(day_of_year - 1);
        let declination = 0.006_918 - 0.399_912 * angle.cos() + 0.070_257 * angle.sin()
            - 0.006_758 * (2.0 * angle).cos()
            + 0.000_907 * (2.0 * angle).sin()
            - 0.002_697 * (3.0 * angle).cos()
            + 0.001_48 * (3.0 * angle).sin();
        let latitude = latitude_deg.to_radians();
        let cosine = (SUNRISE_DEG.to_radians().sin() - latitude.sin() * declination.sin())
            / (latitude.cos() * declination.cos());
        let half_day_h = cosine.clamp(-1.0, 1.0).acos() / (PI / 12.0);
        Self {
            sunrise_h: 12.0 - half_day_h,
            sunset_h: 12.0 + half_day_h,
        }
    }

    fn length_h(self) -> f64 {
        self.sunset_h - self.sunrise_h
    }
}

/// A day and what it takes from its neighbours, °C and hours.
struct Day {
    min_c: f64,
    max_c: f64,
    last_min_c: f64,
    last_max_c: f64,
    next_min_c: f64,
    last_sunset_h: f64,
    sun: Sun,
    next_sunrise_h: f64,
}

impl Day {
    fn temperature_c(&self, hour: f64) -> f64 {
        let Sun {
            sunrise_h,
            sunset_h,
        } = self.sun;
        if hour <= sunrise_h {
            let night_h = 24.0 - (self.last_sunset_h - sunrise_h);
            let dusk_c = self.by_day_c(self.last_min_c, self.last_max_c, self.sun.length_h());
            let passed = (hour + 24.0 - self.last_sunset_h + 1.0).ln() / night_h.ln();
            or_absent(night_h, dusk_c - (dusk_c - self.min_c) * passed)
        } else if hour <= sunset_h {
            self.by_day_c(self.min_c, self.max_c, hour - sunrise_h)
        } else {
            let night_h = 24.0 - (sunset_h - self.next_sunrise_h);
            let dusk_c = self.by_day_c(self.min_c, self.max_c, self.sun.length_h());
            let passed = (hour - sunset_h + 1.0).ln() / (night_h + 1.0).ln();
            // Without its maximum a day has no dusk, and NaN goes through.
            or_absent(night_h, dusk_c - (dusk_c - self.next_min_c) * passed)
        }
    }

    /// Temperature so many hours after sunrise between two extremes.
    fn by_day_c(&self, min_c: f64, max_c: f64, after_sunrise_h: f64) -> f64 {
        let angle = PI * after_sunrise_h / (self.sun.length_h() + STRETCH_H);
        min_c + (max_c - min_c) * angle.sin()
    }
}

fn or_absent(night_h: f64, temperature_c: f64) -> f64 {
    if night_h < SHORTEST_NIGHT_H {
        f64::NAN
    } else {
        temperature_c
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn curve(min_c: &[f64], max_c: &[f64], latitude_deg: f64) -> Vec<f64> {
        let days = Days {
            first: date(2026, 1, 10),
            count: min_c.len(),
        };
        hours_of_days(days, Extremes { min_c, max_c }, latitude_deg).expect("right")
    }

    #[test]
    fn the_greatest_is_two_hours_after_noon() {
        let hours = curve(&[2.0; 3], &[11.0; 3], 50.4);

        let middle = &hours[24..48];
        let greatest = middle.iter().copied().fold(f64::MIN, f64::max);
        assert!((middle[14] - 11.0).abs() < 1e-12);
        assert!((greatest - middle[14]).abs() < 1e-12);
    }

    #[test]
    fn nights_at_the_ends_hang_on_days_that_are_not_there() {
        let hours = curve(&[2.0], &[11.0], 50.4);

        assert!(hours[0].is_nan() && hours[23].is_nan());
        assert!(hours[9..=16].iter().all(|value| !value.is_nan()));
    }

    #[test]
    fn an_absent_day_takes_the_nights_around_it_along() {
        let hours = curve(&[2.0, f64::NAN, 2.0], &[11.0, 9.0, 11.0], 50.4);

        assert!(hours[24..48].iter().all(|value| value.is_nan()));
        assert!(hours[23].is_nan() && hours[48].is_nan());
        assert!(!hours[14].is_nan() && !hours[62].is_nan());
    }

    #[test]
    fn seasons_are_turned_round_beyond_the_equator() {
        let length_h = |latitude| Sun::of(355, latitude).length_h();

        assert!(length_h(-50.0) > 16.0 && length_h(50.0) < 8.5);
        assert!((length_h(0.0) - 12.12).abs() < 0.01);
    }

    #[test]
    fn beyond_the_polar_circle_nothing_is_said() {
        let days = Days {
            first: date(2026, 1, 10),
            count: 1,
        };
        let extremes = Extremes {
            min_c: &[0.0],
            max_c: &[1.0],
        };

        assert!(hours_of_days(days, extremes, 66.1).is_err());
        assert!(hours_of_days(days, extremes, f64::NAN).is_err());
    }
}
