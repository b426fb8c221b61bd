//! The sun over a place by the hour of the mean solar day, with as few sines as can be.
//!
//! A day of the mean sun has 24 hours of the axis, always at the same times. Sines of these hour
//! angles are taken once a place; the equation of time turns them by an angle of the day. All that
//! depends on the day of the year alone is tabulated.

use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

use jiff::civil::Date;

use crate::axis::{HOUR_S, Hours};
use crate::et::EtSite;
use crate::radiation::{
    HALF_HOUR_RAD, HOURLY_SCALE, SolarForm, clear_sky_share, declination_rad, inverse_sun_distance,
    seasonal_correction_h,
};

/// Hours of a day of the mean sun.
pub(crate) const SLOTS: usize = 24;

/// Seconds of it.
const DAY_S: f64 = 86_400.0;

/// Sun below which the ratio of solar to clear-sky radiation tells nothing of clouds, radians above
/// the horizon (ASCE-EWRI 2005, below equation 45).
const LOW_SUN_RAD: f64 = 0.3;

/// Terms of a day of the year.
#[derive(Debug, Clone, Copy)]
struct YearDay {
    scale: f64,
    sin_declination: f64,
    cos_declination: f64,
    correction: f64,
    sin_correction: f64,
    cos_correction: f64,
}

static YEAR: LazyLock<Vec<YearDay>> = LazyLock::new(|| (1..=366).map(YearDay::new).collect());

impl YearDay {
    fn new(day_of_year: i16) -> Self {
        let declination = declination_rad(day_of_year, SolarForm::Standard);
        let correction = PI / 12.0 * seasonal_correction_h(day_of_year);
        Self {
            scale: HOURLY_SCALE * inverse_sun_distance(day_of_year),
            sin_declination: declination.sin(),
            cos_declination: declination.cos(),
            correction,
            sin_correction: correction.sin(),
            cos_correction: correction.cos(),
        }
    }

    fn of(date: Date) -> Self {
        YEAR[usize::try_from(date.day_of_year() - 1).expect("days count from 1")]
    }
}

/// Where the hours of an axis lie in days of the mean sun at a longitude.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SolarAxis {
    /// Date of the first hour by the mean sun.
    pub first: Date,
    /// Slot of the first hour in it.
    pub first_slot: usize,
    /// Time of the middle of slot 0, seconds after mean midnight, below 3600.
    offset_s: f64,
}

impl SolarAxis {
    pub(crate) fn new(hours: Hours, longitude_deg: f64) -> Self {
        // An hour's middle, in the time of the mean sun: 240 seconds a degree.
        let middle_s = (hours.start_s - HOUR_S / 2) as f64 + longitude_deg * 240.0;
        let day = (middle_s / DAY_S).floor();
        let in_day_s = middle_s - day * DAY_S;
        let slot = (in_day_s / 3600.0).floor().min(23.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "days of a few centuries, slots of a day"
        )]
        let (day, first_slot) = (day as i32, slot as usize);
        Self {
            first: Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(day)),
            first_slot,
            offset_s: in_day_s - slot * 3600.0,
        }
    }
}

/// What stays the same from day to day.
#[derive(Debug, Clone)]
pub(crate) struct SolarPlace {
    sin_latitude: f64,
    cos_latitude: f64,
    clear_share: f64,
    angles: [f64; SLOTS],
    sines: [f64; SLOTS],
    cosines: [f64; SLOTS],
    /// Sine and cosine of the angle of half an hour.
    half: (f64, f64),
    low_sun_sine: f64,
}

/// The sun of one day, by slot.
#[derive(Debug, Clone)]
pub(crate) struct SunHours {
    /// Extraterrestrial radiation, MJ/m² h.
    pub extraterrestrial: [f64; SLOTS],
    /// Clear-sky radiation, MJ/m² h.
    pub clear_sky: [f64; SLOTS],
    /// Whether the sun stands 0.3 rad and more above the horizon at the middle of the hour.
    pub is_high: [bool; SLOTS],
}

impl SunHours {
    pub(crate) const DARK: Self = Self {
        extraterrestrial: [0.0; SLOTS],
        clear_sky: [0.0; SLOTS],
        is_high: [false; SLOTS],
    };
}

impl SolarPlace {
    pub(crate) fn new(site: &EtSite, axis: &SolarAxis) -> Self {
        let latitude = site.latitude_deg.to_radians();
        let angles =
            std::array::from_fn(|slot| TAU * (axis.offset_s + 3600.0 * slot as f64) / DAY_S - PI);
        Self {
            sin_latitude: latitude.sin(),
            cos_latitude: latitude.cos(),
            clear_share: clear_sky_share(site.elevation_m),
            angles,
            sines: angles.map(f64::sin),
            cosines: angles.map(f64::cos),
            half: HALF_HOUR_RAD.sin_cos(),
            low_sun_sine: LOW_SUN_RAD.sin(),
        }
    }

    /// The sun of a date.
    ///
    /// # Source
    /// FAO-56 equations 28 to 33 and 37; ASCE-EWRI 2005 equations 47 to 59 and 62. The cosine of the
    /// sunset angle is held within −1 to 1, so that the sun of polar days neither sets nor rises.
    pub(crate) fn sun(&self, date: Date, sun: &mut SunHours) {
        let day = YearDay::of(date);
        let level = self.sin_latitude * day.sin_declination;
        let swing = self.cos_latitude * day.cos_declination;
        // At a pole `swing` is all but zero, and the clamp decides.
        let cos_sunset = (-level / swing).clamp(-1.0, 1.0);
        let (sunset, sin_sunset) = (cos_sunset.acos(), (1.0 - cos_sunset * cos_sunset).sqrt());
        let (sin_half, cos_half) = self.half;
        let whole = 2.0 * HALF_HOUR_RAD * level;
        for slot in 0..SLOTS {
            let (sine, cosine) = (self.sines[slot], self.cosines[slot]);
            let sin_angle = sine * day.cos_correction + cosine * day.sin_correction;
            let cos_angle = cosine * day.cos_correction - sine * day.sin_correction;
            let mut angle = self.angles[slot] + day.correction;
            if angle >= PI {
                angle -= TAU;
            } else if angle < -PI {
                angle += TAU;
            }
            let (begin, end) = (angle - HALF_HOUR_RAD, angle + HALF_HOUR_RAD);
            let geometry = if begin >= -sunset && end <= sunset {
                whole + swing * 2.0 * sin_half * cos_angle
            } else if begin >= sunset || end <= -sunset {
                0.0
            } else {
                let (begin, sin_begin) = if begin < -sunset {
                    (-sunset, -sin_sunset)
                } else {
                    (begin, sin_angle * cos_half - cos_angle * sin_half)
                };
                let (end, sin_end) = if end > sunset {
                    (sunset, sin_sunset)
                } else {
                    (end, sin_angle * cos_half + cos_angle * sin_half)
                };
                (end - begin) * level + swing * (sin_end - sin_begin)
            };
            let radiation = (day.scale * geometry).max(0.0);
            sun.extraterrestrial[slot] = radiation;
            sun.clear_sky[slot] = self.clear_share * radiation;
            sun.is_high[slot] = level + swing * cos_angle >= self.low_sun_sine;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radiation::{extraterrestrial_radiation_between, hour_angle_rad};

    /// The short way against the equations as they are printed.
    #[test]
    fn the_sun_by_turned_sines_is_that_of_the_equations() {
        for (latitude_deg, longitude_deg, start_s) in [
            (50.8, 3.0, 0),
            (-33.1, 151.3, 900),
            (0.0, -77.03, 2700),
            (69.6, 18.9, 1800),
            (-89.9, 0.0, 0),
            (90.0, 0.0, 0),
        ] {
            let site = EtSite {
                latitude_deg,
                longitude_deg,
                elevation_m: 100.0,
                wind_height_m: 2.0,
            };
            let axis = SolarAxis::new(Hours { start_s, count: 1 }, longitude_deg);
            let place = SolarPlace::new(&site, &axis);
            let mut sun = SunHours::DARK;
            let mut date = Date::constant(2024, 1, 1);
            for _ in 0..366 {
                place.sun(date, &mut sun);

                let (latitude, day) = (latitude_deg.to_radians(), date.day_of_year());
                for slot in 0..SLOTS {
                    let time_h = axis.offset_s / 3600.0 + slot as f64;
                    let angle = hour_angle_rad(time_h, day);
                    let (begin, end) = (angle - HALF_HOUR_RAD, angle + HALF_HOUR_RAD);
                    let due = extraterrestrial_radiation_between(latitude, day, begin, end);
                    let found = sun.extraterrestrial[slot];
                    assert!(
                        (found - due).abs() < 1e-12,
                        "{site:?} {date} {slot}: {found}, {due}"
                    );
                }
                date = date.tomorrow().expect("within the calendar");
            }
        }
    }
}
