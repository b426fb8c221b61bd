//! Protection against frost by water.

use super::hour_air::WindowWeather;
use super::verdict::{Factors, HourStatus, JudgedHour, LimitingFactor};

/// When protection must run. Takes temperature, humidity or dew point; wind where known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrostThresholds {
    /// Wet bulb at or below which sprinklers must have started, °C.
    pub start_wet_bulb_c: f64,
    /// Wet bulb above which they may stop, °C, not below the other.
    pub stop_wet_bulb_c: f64,
    /// Wind at 2 m from which sprinkling fails, m/s.
    pub max_wind_m_s: f64,
}

/// Kelvins of wet bulb that are a margin of 1.
const WET_BULB_SCALE_K: f64 = 5.0;

/// Judges hours for protection: unsuitable hours are those in which it must run.
///
/// Once started it runs until the wet bulb is above the upper threshold, because water that stops too
/// soon cools as it evaporates; an absent hour does not stop it. While it must run, wind that makes it
/// fail is the limiting factor.
///
/// # Source
/// Snyder and de Melo-Abreu (2005), *Frost protection*, FAO Environment and Natural Resources Series 10,
/// volume 1, chapter 7: start and stop sprinklers by the wet bulb.
pub fn judge_frost_protection(
    weather: &WindowWeather<'_>,
    of: &FrostThresholds,
) -> Vec<JudgedHour> {
    let mut is_running = false;
    let hour = |row| {
        let mut factors = Factors::default();
        let wet_bulb = weather.wet_bulb(row);
        if wet_bulb.is_nan() {
            factors.missing();
            return factors.judged();
        }
        is_running = if is_running {
            wet_bulb <= of.stop_wet_bulb_c
        } else {
            wet_bulb <= of.start_wet_bulb_c
        };
        if is_running {
            let margin = (wet_bulb - of.stop_wet_bulb_c) / WET_BULB_SCALE_K;
            factors.found(LimitingFactor::WetBulb, HourStatus::Unsuitable, margin);
            let wind = weather.wind_2m(row);
            if wind >= of.max_wind_m_s {
                let room = (of.max_wind_m_s - wind) / of.max_wind_m_s;
                // It fails: worse than that it must run.
                let margin = room.min(margin - f64::EPSILON);
                factors.found(LimitingFactor::Wind, HourStatus::Unsuitable, margin);
            }
        } else {
            let margin = (wet_bulb - of.start_wet_bulb_c) / WET_BULB_SCALE_K;
            let status = if wet_bulb <= of.stop_wet_bulb_c || margin < 0.1 {
                HourStatus::Marginal
            } else {
                HourStatus::Suitable
            };
            factors.found(LimitingFactor::WetBulb, status, margin);
        }
        factors.judged()
    };
    (0..weather.hours.count).map(hour).collect()
}
