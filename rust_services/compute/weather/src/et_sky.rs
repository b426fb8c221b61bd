//! How cloudy the sky is by the hour, through the night too.

use crate::et_sun::{SLOTS, SunHours};
use crate::radiation::cloudiness;

/// Cloudiness that a day's own radiation tells.
#[derive(Debug, Clone)]
pub(crate) struct Sky {
    /// By slot; `NaN` where the sun is low or radiation is absent.
    pub by_slot: [f64; SLOTS],
    /// The first of them, `NaN` without any.
    pub first: f64,
    /// The last.
    pub last: f64,
}

impl Sky {
    pub(crate) const UNKNOWN: Self = Self {
        by_slot: [f64::NAN; SLOTS],
        first: f64::NAN,
        last: f64::NAN,
    };

    /// Reads the sky of a day from its radiation, `NaN` where it is absent.
    ///
    /// - With the sun at 0.3 rad and more, the hour's own ratio tells.
    /// - On a day on which no hour has so high a sun (in winter beyond 49 degrees of latitude), the
    ///   ratio of the day's sums tells, for all its hours.
    /// - On a day without any sun the sky counts as clear, as by the day.
    pub(crate) fn read(&mut self, sun: &SunHours, solar: &[f64; SLOTS]) {
        *self = Self::UNKNOWN;
        if sun.is_high.contains(&true) {
            let slots = solar.iter().zip(&sun.clear_sky).zip(&sun.is_high);
            for (value, ((&solar, &clear_sky), &is_high)) in self.by_slot.iter_mut().zip(slots) {
                if is_high {
                    *value = cloudiness(solar, clear_sky);
                }
            }
            let is_known = |value: &&f64| !value.is_nan();
            self.first = *self.by_slot.iter().find(is_known).unwrap_or(&f64::NAN);
            self.last = *self
                .by_slot
                .iter()
                .rev()
                .find(is_known)
                .unwrap_or(&f64::NAN);
            return;
        }
        let (mut known, mut clear, mut is_dark) = (0.0, 0.0, true);
        for (&solar, &clear_sky) in solar.iter().zip(&sun.clear_sky) {
            if clear_sky > 0.0 {
                is_dark = false;
                if !solar.is_nan() {
                    known += solar;
                    clear += clear_sky;
                }
            }
        }
        if is_dark || clear > 0.0 {
            let value = cloudiness(known, clear);
            *self = Self {
                by_slot: [value; SLOTS],
                first: value,
                last: value,
            };
        }
    }

    /// Fills the slots with a low sun.
    ///
    /// They take the cloudiness of the hour before in which it was known, at most back to the day
    /// before: the evening and the night keep that of the last high sun. Where there is none, at the
    /// beginning of a series and after a day without radiation, they take the first that follows, at
    /// most that of the next day.
    pub(crate) fn fill(&mut self, evening_before: f64, next_day_first: f64) {
        let mut held = evening_before;
        if held.is_nan() {
            held = self.first;
        }
        if held.is_nan() {
            held = next_day_first;
        }
        for value in &mut self.by_slot {
            if value.is_nan() {
                *value = held;
            } else {
                held = *value;
            }
        }
    }
}
