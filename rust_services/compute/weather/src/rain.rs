//! Rain up to an instant: trailing sums, spells of dry days.

use jiff::civil::Date;

use crate::axis::{HOUR_S, Hours};
use crate::days::{LocalDays, Timing};
use crate::days_aggregate::Completeness;
use crate::error::WeatherError;

/// Rain by the hour.
#[derive(Debug, Clone, Copy)]
pub struct HourlyRain<'a> {
    /// The axis.
    pub hours: Hours,
    /// Rain over the hour that ends at the stamp, mm; `NaN` where absent.
    pub precipitation_mm: &'a [f64],
    /// Share of hours that must be there.
    pub completeness: Completeness,
}

/// A trailing sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RainSum {
    /// Hours back.
    pub hours: u32,
    /// Sum of what is there, mm; absent where that is too little.
    pub rain_mm: Option<f64>,
    /// Share of the hours that have a value, 0 to 1.
    pub coverage: f64,
}

/// A run of dry days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrySpell {
    /// The first.
    pub first: Date,
    /// How many.
    pub days: usize,
}

/// Dry days up to an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryDays {
    /// Runs of them, ascending. A day that is not known ends a run as a wet one does.
    pub spells: Vec<DrySpell>,
    /// How many days in a row up to the last whole one were dry, back to a wet one or to the first
    /// that is known. Absent where one in between is not known.
    pub current: Option<usize>,
}

impl HourlyRain<'_> {
    fn check(&self) -> Result<(), WeatherError> {
        let (found, expected) = (self.precipitation_mm.len(), self.hours.count);
        if found == expected {
            Ok(())
        } else {
            Err(WeatherError::LengthMismatch {
                column: "precipitation_mm",
                found,
                expected,
            })
        }
    }

    /// The number of hours that end at or before an instant, on the axis or before it.
    fn ended_by(&self, until_s: i64) -> usize {
        let ended = (until_s - self.hours.start_s).div_euclid(HOUR_S) + 1;
        usize::try_from(ended.max(0)).expect("not negative")
    }

    /// Sums over the last so many hours that end at or before an instant, Unix seconds.
    ///
    /// # Errors
    /// [`WeatherError::LengthMismatch`].
    pub fn sums(&self, until_s: i64, spans_h: &[u32]) -> Result<Vec<RainSum>, WeatherError> {
        self.check()?;
        let end = self.ended_by(until_s);
        let sum = |hours: &u32| {
            let span = usize::try_from(*hours).expect("32 bits fit");
            let count = self.hours.count;
            let rows = end.saturating_sub(span).min(count)..end.min(count);
            let known = self.precipitation_mm[rows].iter().filter(|mm| !mm.is_nan());
            let (count, rain_mm) = known.fold((0.0, 0.0), |(n, sum), mm| (n + 1.0, sum + mm));
            let expected = f64::from(*hours);
            RainSum {
                hours: *hours,
                rain_mm: self.completeness.is_met(count, expected).then_some(rain_mm),
                coverage: count / expected,
            }
        };
        Ok(spans_h.iter().map(sum).collect())
    }

    /// Spells of local days with less rain than a day that is not dry has, mm. Days count that have
    /// ended by an instant, Unix seconds.
    ///
    /// A day with too few hours is wet if those already brought enough, else it is not known.
    ///
    /// # Errors
    /// [`WeatherError::LengthMismatch`].
    pub fn dry_days(
        &self,
        days: &LocalDays,
        until_s: i64,
        dry_below_mm: f64,
    ) -> Result<DryDays, WeatherError> {
        self.check()?;
        let rows = days.rows(Timing::Preceding);
        rows.check_length(self.precipitation_mm.len().min(self.hours.count))?;
        // Dry, wet or not known; dates that the place skipped are left out.
        let mut judged: Vec<(usize, Option<bool>)> = Vec::with_capacity(rows.count());
        for (day, (rows, expected)) in rows.iter().enumerate() {
            if days.bounds_s()[day + 1] > until_s {
                break;
            }
            if expected == 0 {
                continue;
            }
            let known = self.precipitation_mm[rows].iter().filter(|mm| !mm.is_nan());
            let (count, rain_mm) = known.fold((0.0, 0.0), |(n, sum), mm| (n + 1.0, sum + mm));
            let is_dry = if rain_mm >= dry_below_mm {
                Some(false)
            } else {
                let is_known = self.completeness.is_met(count, f64::from(expected));
                is_known.then_some(true)
            };
            judged.push((day, is_dry));
        }
        // After the axis nothing is known.
        let is_beyond = days
            .bounds_s()
            .last()
            .is_none_or(|end| *end + 86_400 <= until_s);
        let current = if is_beyond { None } else { current(&judged) };
        Ok(DryDays {
            spells: spells(&judged, days),
            current,
        })
    }
}

fn spells(judged: &[(usize, Option<bool>)], days: &LocalDays) -> Vec<DrySpell> {
    let mut spells = Vec::new();
    let mut open: Option<DrySpell> = None;
    for (day, is_dry) in judged {
        match is_dry {
            Some(true) => {
                let spell = open.get_or_insert_with(|| DrySpell {
                    first: days.date(*day),
                    days: 0,
                });
                spell.days += 1;
            }
            Some(false) | None => spells.extend(open.take()),
        }
    }
    spells.extend(open);
    spells
}

fn current(judged: &[(usize, Option<bool>)]) -> Option<usize> {
    // Before the first day that is known nothing lies in between.
    let first_known = judged.iter().position(|(_, is_dry)| is_dry.is_some())?;
    let mut dry = 0;
    for (_, is_dry) in judged[first_known..].iter().rev() {
        match is_dry {
            Some(true) => dry += 1,
            Some(false) => return Some(dry),
            None => return None,
        }
    }
    Some(dry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DayStart, Days, time_zone};

    const GAP: f64 = f64::NAN;

    /// 1 June 2026 begins in Kathmandu at 18:15 UTC; its first hour ends at 19:15.
    const FIRST_STAMP_S: i64 = 1_780_254_900;

    fn rain(precipitation_mm: &[f64]) -> HourlyRain<'_> {
        HourlyRain {
            hours: Hours {
                start_s: FIRST_STAMP_S,
                count: precipitation_mm.len(),
            },
            precipitation_mm,
            completeness: Completeness::new(0.9).expect("allowed"),
        }
    }

    #[test]
    fn sums_look_back_from_the_instant_and_take_no_later_hour() {
        let millimetres = [1.0, 2.0, 4.0, 8.0];
        let rain = rain(&millimetres);
        let at = |row: usize, after_s: i64| {
            let until_s = rain.hours.stamp_s(row) + after_s;
            let sums = rain.sums(until_s, &[1, 3, 6]).expect("right");
            sums.iter().map(|sum| sum.rain_mm).collect::<Vec<_>>()
        };

        assert_eq!(at(2, 0), [Some(4.0), Some(7.0), None]);
        assert_eq!(at(2, 3_599), [Some(4.0), Some(7.0), None]);
        assert_eq!(at(3, 0), [Some(8.0), Some(14.0), None]);
        assert_eq!(at(4, 0), [None, None, None]);
    }

    #[test]
    fn a_sum_of_too_few_hours_is_absent_and_says_how_few() {
        let mut millimetres = vec![0.5; 24];
        millimetres[..3].fill(GAP);
        let rain = rain(&millimetres);

        let sums = rain.sums(rain.hours.stamp_s(23), &[12, 24]).expect("right");

        assert_eq!(sums[0].rain_mm, Some(6.0));
        assert_eq!(sums[1].rain_mm, None);
        assert!((sums[1].coverage - 0.875).abs() < 1e-12);
    }

    /// Whole days from 1 June on: `d` dry, `w` wet, `?` without values, `r` wet with few of them.
    fn dry(pattern: &str, until_day: usize) -> DryDays {
        let mut millimetres = Vec::new();
        for day in pattern.chars() {
            let mut hours = match day {
                'd' => vec![0.04; 24],
                'w' => vec![0.05; 24],
                _ => vec![GAP; 24],
            };
            if day == 'r' {
                hours[3] = 1.0;
            }
            millimetres.append(&mut hours);
        }
        let zone = time_zone("Asia/Kathmandu").expect("known");
        let rain = rain(&millimetres);
        let dates = Days {
            first: jiff::civil::date(2026, 6, 1),
            count: pattern.len(),
        };
        let days = LocalDays::cut_dates(rain.hours, &zone, DayStart::Midnight, dates);
        assert_eq!(days.rows(Timing::Preceding).rows(0), 0..24);
        let until_s = days.bounds_s()[until_day];
        rain.dry_days(&days, until_s, 1.0).expect("right")
    }

    #[test]
    fn days_below_a_millimetre_are_dry_and_run_in_spells() {
        let found = dry("wddwd", 5);

        let spell = |day, days| DrySpell {
            first: jiff::civil::date(2026, 6, day),
            days,
        };
        assert_eq!(found.spells, [spell(2, 2), spell(5, 1)]);
        assert_eq!(found.current, Some(1));
    }

    #[test]
    fn a_day_that_has_not_ended_does_not_count() {
        assert_eq!(dry("wddd", 3).current, Some(2));
        assert_eq!(dry("wddd", 0).current, None);
    }

    #[test]
    fn a_day_in_between_that_is_not_known_leaves_the_count_absent() {
        assert_eq!(dry("wd?d", 4).current, None);
        assert_eq!(dry("wdd?", 4).current, None);
        assert_eq!(dry("wd?d", 4).spells.len(), 2);
        assert_eq!(dry("?dd", 3).current, Some(2), "nothing is known before");
        assert_eq!(dry("dd", 2).current, Some(2));
    }

    #[test]
    fn enough_rain_is_enough_whatever_is_missing() {
        assert_eq!(dry("drd", 3).current, Some(1));
    }
}
