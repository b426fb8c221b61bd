//! Infection.

use super::hour_air::WindowWeather;
use super::verdict::{Factors, HourStatus, JudgedHour, LimitingFactor, own_scale};

/// When a crop is at risk. Takes temperature, humidity or dew point, rain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiseaseThresholds {
    /// Temperatures between which the pathogen lives, °C.
    pub min_temperature_c: f64,
    /// The upper one.
    pub max_temperature_c: f64,
    /// Wet hours in a row from which there is a risk.
    pub risk_wet_hours: usize,
    /// From which it is marginal, not above the other.
    pub marginal_wet_hours: usize,
}

/// Judges hours for infection: unsuitable hours are those with a risk.
///
/// Wet hours in a row are counted in which the pathogen lives; colder and hotter ones neither count nor
/// end the spell, a dry hour ends it. A spell whose beginning is not known – the series begins wet, or an
/// hour is absent – is unknown until it is long enough by what is known of it.
pub fn judge_disease(weather: &WindowWeather<'_>, of: &DiseaseThresholds) -> Vec<JudgedHour> {
    let (mut wet_hours, mut is_whole) = (0_usize, false);
    let hour = |row| {
        let mut factors = Factors::default();
        let (temperature, dryness) = (weather.temperature(row), weather.dryness(row));
        if temperature.is_nan() || dryness.is_nan() {
            (wet_hours, is_whole) = (0, false);
            factors.missing();
            return factors.judged();
        }
        if dryness >= 0.0 {
            (wet_hours, is_whole) = (0, true);
        } else if (of.min_temperature_c..=of.max_temperature_c).contains(&temperature) {
            wet_hours += 1;
        }
        let left = of.risk_wet_hours as f64 - wet_hours as f64;
        let margin = left / own_scale(of.risk_wet_hours as f64);
        let status = if wet_hours >= of.risk_wet_hours {
            HourStatus::Unsuitable
        } else if wet_hours >= of.marginal_wet_hours && wet_hours > 0 {
            HourStatus::Marginal
        } else {
            HourStatus::Suitable
        };
        if !is_whole {
            factors.missing();
        }
        factors.found(LimitingFactor::Infection, status, margin);
        factors.judged()
    };
    (0..weather.hours.count).map(hour).collect()
}
