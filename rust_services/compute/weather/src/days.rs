//! Local days: which hours belong to which date, as the clock at the place says.
//!
//! ```text
//! hours, zone, day start ──▶ LocalDays: dates, instants at which they begin, rows of each
//!                              │ made once, used for every column and every station on the axis
//!                   column ──▶ aggregate (days_aggregate), mean_direction (direction)
//! ```

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::zone::{Clock, date_of, day_number, day_of_local, local_of_day};
use crate::{Days, HOUR_S, Hours, WeatherError};

/// Half an hour: the middle of the hour that a stamp ends.
const HALF_HOUR_S: i64 = HOUR_S / 2;

/// More than any clock was ever changed by, days.
const MARGIN_DAYS: i64 = 3;

/// Where a local day begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayStart {
    /// With the first instant from which on the clock shows the date or later ones: midnight, or the
    /// change of the clock that skips midnight.
    Midnight,
    /// At 09:00 of the date, as rain gauges are read.
    Nine,
    /// At noon of the date before: the night that ends in the morning of the date.
    NoonBefore,
}

impl DayStart {
    /// The beginning as days and seconds after the midnight of the date.
    fn after_midnight(self) -> (i64, i64) {
        match self {
            Self::Midnight => (0, 0),
            Self::Nine => (0, 9 * HOUR_S),
            Self::NoonBefore => (-1, 12 * HOUR_S),
        }
    }
}

/// What the value of an hour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// The instant of the stamp. It belongs to the day that contains the stamp.
    Instant,
    /// The hour that ends at the stamp: amounts, and extremes. It belongs to the day that contains
    /// the hour's middle, so the value stamped at midnight belongs to the day that ends.
    Preceding,
}

/// Rows of an axis of hours, day by day: each row in exactly one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRows {
    /// First row of each day, and one past the last of the last day.
    firsts: Vec<usize>,
    /// Hours that each day has, on the axis or not.
    expected: Vec<u32>,
}

impl DayRows {
    fn new(hours: Hours, bounds_s: &[i64], timing: Timing) -> Self {
        let shift_s = match timing {
            Timing::Instant => 0,
            Timing::Preceding => HALF_HOUR_S,
        };
        // The first stamp that is not before the bound, as a row of an endless axis.
        let row = |bound_s: &i64| -(hours.start_s - bound_s - shift_s).div_euclid(HOUR_S);
        let endless: Vec<i64> = bounds_s.iter().map(row).collect();
        let count = i64::try_from(hours.count).expect("axes are short");
        let on_axis = |row: &i64| usize::try_from((*row).clamp(0, count)).expect("not negative");
        let length = |pair: &[i64]| u32::try_from(pair[1] - pair[0]).expect("bounds ascend");
        Self {
            firsts: endless.iter().map(on_axis).collect(),
            expected: endless.windows(2).map(length).collect(),
        }
    }

    /// Whether a column reaches over all the rows.
    pub(crate) fn check_length(&self, found: usize) -> Result<(), WeatherError> {
        let expected = self.firsts.last().copied().unwrap_or(0);
        if found < expected {
            let column = "the column";
            return Err(WeatherError::LengthMismatch {
                column,
                found,
                expected,
            });
        }
        Ok(())
    }

    /// Number of days.
    pub fn count(&self) -> usize {
        self.expected.len()
    }

    /// Rows of a day that are on the axis.
    pub fn rows(&self, day: usize) -> Range<usize> {
        self.firsts[day]..self.firsts[day + 1]
    }

    /// Hours of a day, on the axis or not: 24 on most, 0 on a date that was skipped.
    pub fn expected(&self, day: usize) -> u32 {
        self.expected[day]
    }

    /// Rows and hours of each day, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Range<usize>, u32)> {
        let rows = self.firsts.windows(2).map(|pair| pair[0]..pair[1]);
        rows.zip(self.expected.iter().copied())
    }
}

/// Days of a place, and the rows of an axis of hours that belong to each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDays {
    days: Days,
    bounds_s: Vec<i64>,
    instants: DayRows,
    preceding: DayRows,
    hours: Hours,
}

impl LocalDays {
    /// Cuts an axis of hours into the local days that it touches, the first and last of which may
    /// reach beyond it.
    ///
    /// The dates follow each other without a gap. A date that the place skipped (Samoa's 30 December
    /// 2011) has no hours.
    pub fn cut(hours: Hours, zone: &TimeZone, start: DayStart) -> Self {
        let first_s = hours.start_s - HALF_HOUR_S;
        let last_s = hours.end_s() - HOUR_S;
        let clock = clock(hours, zone);
        let first = day_of_local(clock.local_s(first_s)) - MARGIN_DAYS;
        let last = day_of_local(clock.local_s(last_s)) + MARGIN_DAYS;
        let bounds_s = bounds(&clock, first, last + 1, start);
        // The last day that begins at or before the first hour, to the last that begins by the last.
        let begun = bounds_s.partition_point(|bound_s| *bound_s <= first_s);
        let end = bounds_s.partition_point(|bound_s| *bound_s <= last_s);
        let begun = begun - 1;
        Self::new(hours, first + offset(begun), bounds_s[begun..=end].to_vec())
    }

    /// Cuts an axis of hours into these dates, whether it touches them or not. Rows outside of them
    /// are in no day.
    pub fn cut_dates(hours: Hours, zone: &TimeZone, start: DayStart, dates: Days) -> Self {
        let first = day_number(dates.first);
        let end = first + offset(dates.count);
        let from_s = local_of_day(first - MARGIN_DAYS, 0);
        let until_s = local_of_day(end + MARGIN_DAYS, 0);
        let clock = Clock::of(zone, from_s, until_s);
        Self::new(hours, first, bounds(&clock, first, end, start))
    }

    fn new(hours: Hours, first: i64, bounds_s: Vec<i64>) -> Self {
        Self {
            days: Days {
                first: date_of(first),
                count: bounds_s.len() - 1,
            },
            instants: DayRows::new(hours, &bounds_s, Timing::Instant),
            preceding: DayRows::new(hours, &bounds_s, Timing::Preceding),
            bounds_s,
            hours,
        }
    }

    /// The dates.
    pub fn days(&self) -> Days {
        self.days
    }

    /// The axis that was cut.
    pub fn hours(&self) -> Hours {
        self.hours
    }

    /// A date by its place.
    pub fn date(&self, day: usize) -> Date {
        date_of(day_number(self.days.first) + offset(day))
    }

    /// Instants at which the days begin, and the end of the last, Unix seconds.
    pub fn bounds_s(&self) -> &[i64] {
        &self.bounds_s
    }

    /// Rows of each day, for columns of a kind.
    pub fn rows(&self, timing: Timing) -> &DayRows {
        match timing {
            Timing::Instant => &self.instants,
            Timing::Preceding => &self.preceding,
        }
    }

    /// Whether the axis does not reach over the whole day, for columns of either kind.
    pub fn is_partial(&self, day: usize) -> bool {
        let lacks = |rows: &DayRows| rows.rows(day).len() < rows.expected(day) as usize;
        lacks(&self.instants) || lacks(&self.preceding)
    }

    /// Whether the axis has an hour of the day that is stamped after an instant, Unix seconds.
    pub fn has_hour_after(&self, day: usize, instant_s: i64) -> bool {
        let has = |rows: &DayRows| {
            let rows = rows.rows(day);
            !rows.is_empty() && self.hours.stamp_s(rows.end - 1) > instant_s
        };
        has(&self.instants) || has(&self.preceding)
    }
}

/// The zone's clock over an axis and the days around it.
fn clock(hours: Hours, zone: &TimeZone) -> Clock {
    let margin_s = local_of_day(3 * MARGIN_DAYS, 0);
    Clock::of(zone, hours.start_s - margin_s, hours.end_s() + margin_s)
}

/// Instants at which the days of the numbers `first..=last` begin.
fn bounds(clock: &Clock, first: i64, last: i64, start: DayStart) -> Vec<i64> {
    let midnights = |first: i64, last: i64| {
        clock.instants_of((first..=last).map(|number| local_of_day(number, 0)))
    };
    let (days, after_s) = start.after_midnight();
    if (days, after_s) == (0, 0) {
        return midnights(first, last);
    }
    // One more on each side, for the neighbours of a date that the place skipped.
    let (from, until) = (first + days - 1, last + days + 1);
    let mut bounds_s =
        clock.instants_of((from..=until).map(|number| local_of_day(number, after_s)));
    // Such a date has no morning and no noon: the span that would be cut there bears the date that
    // exists.
    let of_date = midnights(from, until + 1);
    for at in 1..bounds_s.len() - 1 {
        if of_date[at] == of_date[at + 1] {
            bounds_s[at] = bounds_s[if days < 0 { at - 1 } else { at + 1 }];
        }
    }
    bounds_s[1..bounds_s.len() - 1].to_vec()
}

fn offset(days: usize) -> i64 {
    i64::try_from(days).expect("axes are short")
}
