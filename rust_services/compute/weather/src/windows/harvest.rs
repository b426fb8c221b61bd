//! Harvest and drying in the field.

use super::hour_air::WindowWeather;
use super::verdict::{Factors, Holds, HourStatus, JudgedHour, LimitingFactor, Threshold};

/// When a crop is dry. Takes temperature, humidity or dew point, rain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HarvestThresholds {
    /// Relative humidity from which the crop is too damp, percent.
    pub max_relative_humidity_percent: f64,
    /// Humidity from which it is marginal, percent, not above the other.
    pub marginal_relative_humidity_percent: f64,
    /// Hours without rain and leaf wetness before.
    pub dry_hours_before: usize,
    /// Rain of an hour from which it is not dry, mm.
    pub rain_from_mm: f64,
    /// Vapour pressure deficit below which nothing dries, kPa.
    pub min_vpd_kpa: f64,
}

/// Percent of humidity that are a margin of 1.
const HUMIDITY_SCALE_PERCENT: f64 = 20.0;

/// Judges hours for harvest. Hours before the first, and before one that is absent, are not known.
pub fn judge_harvest(weather: &WindowWeather<'_>, of: &HarvestThresholds) -> Vec<JudgedHour> {
    // Dry hours in a row before this one, and whether that is all there were.
    let mut dry_hours = 0_usize;
    let mut is_whole = false;
    let hour = |row| {
        let mut factors = Factors::default();
        let rain = weather.rain(row);
        factors.needed(
            rain,
            Threshold::of(LimitingFactor::Rain, Holds::Below, of.rain_from_mm),
        );
        let humidity = weather.humidity(row);
        let damp = Threshold::of(
            LimitingFactor::Humidity,
            Holds::Below,
            of.max_relative_humidity_percent,
        );
        if (of.marginal_relative_humidity_percent..of.max_relative_humidity_percent)
            .contains(&humidity)
        {
            let margin = (of.max_relative_humidity_percent - humidity) / HUMIDITY_SCALE_PERCENT;
            factors.found(LimitingFactor::Humidity, HourStatus::Marginal, margin);
        } else {
            factors.needed(humidity, damp.on(HUMIDITY_SCALE_PERCENT));
        }
        factors.needed(
            weather.deficit(row),
            Threshold::of(
                LimitingFactor::VapourPressureDeficit,
                Holds::AtLeast,
                of.min_vpd_kpa,
            ),
        );
        // Drizzle below the threshold leaves what the air's humidity leaves.
        let is_wet = if rain >= of.rain_from_mm {
            Some(true)
        } else {
            let dryness = weather.dryness_without_rain(row);
            (!dryness.is_nan() && !rain.is_nan()).then_some(dryness < 0.0)
        };
        if is_wet == Some(true) {
            let margin = weather.dryness_without_rain(row).min(-f64::EPSILON);
            factors.found(LimitingFactor::LeafWetness, HourStatus::Unsuitable, margin);
        }
        if of.dry_hours_before > 0 {
            if is_whole || dry_hours >= of.dry_hours_before {
                factors.known(
                    dry_hours as f64,
                    Threshold::of(
                        LimitingFactor::RainBefore,
                        Holds::AtLeast,
                        of.dry_hours_before as f64,
                    ),
                );
            } else {
                factors.missing();
            }
        }
        (dry_hours, is_whole) = match is_wet {
            Some(true) => (0, true),
            Some(false) => (dry_hours + 1, is_whole),
            None => (0, false),
        };
        factors.judged()
    };
    (0..weather.hours.count).map(hour).collect()
}
