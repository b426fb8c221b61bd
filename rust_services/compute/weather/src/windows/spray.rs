//! Spraying.

use super::hour_air::WindowWeather;
use super::verdict::{
    Factors, Holds, HourStatus, JudgedHour, LimitingFactor, Threshold, own_scale,
};
use crate::HOUR_S;
use crate::sun::{HORIZON_DEG, least_elevation_deg};

/// When one may spray. Takes temperature, humidity or dew point, wind, rain; gusts and cloud where known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SprayThresholds {
    /// Wind at 2 m below which the air is too calm and drift unpredictable, m/s.
    pub min_wind_m_s: f64,
    /// Wind at 2 m from which it is too strong, m/s.
    pub max_wind_m_s: f64,
    /// Gusts at 2 m from which it is too strong, m/s.
    pub max_gust_m_s: f64,
    /// Delta-T below which drops last too long, K; marginal below.
    pub min_delta_t_k: f64,
    /// Delta-T from which it is marginal, K.
    pub marginal_delta_t_k: f64,
    /// Delta-T from which it is unsuitable, K.
    pub max_delta_t_k: f64,
    /// Least temperature, °C.
    pub min_temperature_c: f64,
    /// Greatest temperature, °C.
    pub max_temperature_c: f64,
    /// Hours after spraying that must be dry.
    pub dry_hours_after: usize,
    /// Rain of an hour from which it is not dry, mm.
    pub rain_from_mm: f64,
    /// Whether a wet canopy is unsuitable rather than marginal.
    pub refuses_wet_leaves: bool,
    /// Cloud below which a calm night is taken for an inversion, percent.
    pub inversion_cloud_below_percent: f64,
    /// Wind at 10 m below which it is, m/s.
    pub inversion_wind_below_m_s: f64,
    /// Hours before sunset in which it may be.
    pub inversion_sunset_hours: f64,
    /// Hours after sunrise in which it may still be.
    pub inversion_sunrise_hours: f64,
}

/// Kelvins of temperature that are a margin of 1.
pub(super) const TEMPERATURE_SCALE_K: f64 = 10.0;

/// Judges hours for spraying.
///
/// Calm air is as unsuitable as strong wind. An inversion is taken for likely in a night – from some
/// time before sunset to some time after sunrise – with little wind and little cloud; where cloud is not
/// known, with little wind alone. That is a proxy, no measurement.
///
/// # Source
/// GRDC (Australia), *Spray application manual*, modules 10 and 12, and Bureau of Meteorology, *Delta T*:
/// 2 to 8 is preferred, above 10 and in surface inversions do not spray.
pub fn judge_spraying(weather: &WindowWeather<'_>, of: &SprayThresholds) -> Vec<JudgedHour> {
    let hour = |row| {
        let mut factors = Factors::default();
        let wind = weather.wind_2m(row);
        factors.needed(
            wind,
            Threshold::of(LimitingFactor::Calm, Holds::AtLeast, of.min_wind_m_s),
        );
        factors.needed(
            wind,
            Threshold::of(LimitingFactor::Wind, Holds::Below, of.max_wind_m_s),
        );
        factors.known(
            weather.gust_2m(row),
            Threshold::of(LimitingFactor::Gusts, Holds::Below, of.max_gust_m_s),
        );
        delta_t(
            &mut factors,
            weather.temperature(row) - weather.wet_bulb(row),
            of,
        );
        let temperature = weather.temperature(row);
        factors.needed(
            temperature,
            Threshold::of(LimitingFactor::Cold, Holds::AtLeast, of.min_temperature_c)
                .on(TEMPERATURE_SCALE_K),
        );
        factors.needed(
            temperature,
            Threshold::of(LimitingFactor::Heat, Holds::AtMost, of.max_temperature_c)
                .on(TEMPERATURE_SCALE_K),
        );
        factors.needed(
            weather.rain(row),
            Threshold::of(LimitingFactor::Rain, Holds::Below, of.rain_from_mm),
        );
        if of.dry_hours_after > 0 {
            let most = most_rain_ahead(weather, row, of.dry_hours_after);
            factors.known(
                most.known_mm,
                Threshold::of(LimitingFactor::RainAhead, Holds::Below, of.rain_from_mm),
            );
            if !most.is_whole {
                factors.missing();
            }
        }
        wet_leaves(&mut factors, weather.dryness(row), of);
        inversion(&mut factors, weather, row, of);
        factors.judged()
    };
    (0..weather.hours.count).map(hour).collect()
}

fn delta_t(factors: &mut Factors, delta_t_k: f64, of: &SprayThresholds) {
    let low = Threshold::of(LimitingFactor::DeltaTLow, Holds::AtLeast, of.min_delta_t_k);
    factors.needed(delta_t_k, low.marginal());
    // A margin of 1 is where it begins to be marginal.
    let high = Threshold::of(LimitingFactor::DeltaTHigh, Holds::Below, of.max_delta_t_k);
    let high = high.on(own_scale(of.max_delta_t_k - of.marginal_delta_t_k));
    if (of.marginal_delta_t_k..of.max_delta_t_k).contains(&delta_t_k) {
        let margin = (of.max_delta_t_k - delta_t_k) / high.scale;
        factors.found(LimitingFactor::DeltaTHigh, HourStatus::Marginal, margin);
    } else {
        factors.known(delta_t_k, high);
    }
}

fn wet_leaves(factors: &mut Factors, dryness: f64, of: &SprayThresholds) {
    if dryness.is_nan() {
        factors.missing();
    } else if dryness < 0.0 {
        let status = if of.refuses_wet_leaves {
            HourStatus::Unsuitable
        } else {
            HourStatus::Marginal
        };
        factors.found(LimitingFactor::LeafWetness, status, dryness);
    } else {
        factors.found(LimitingFactor::LeafWetness, HourStatus::Suitable, dryness);
    }
}

/// The hour has its worst end: an inversion is likely where every sign of it holds, and its margin is that
/// of the sign that is nearest to not holding.
fn inversion(factors: &mut Factors, weather: &WindowWeather<'_>, row: usize, of: &SprayThresholds) {
    let until_s = weather.hours.stamp_s(row) as f64;
    let from_s = until_s - HOUR_S as f64;
    // It may be from before sunset to after sunrise: where it is night somewhere around the hour.
    let least = least_elevation_deg(
        from_s - of.inversion_sunrise_hours * HOUR_S as f64,
        until_s + of.inversion_sunset_hours * HOUR_S as f64,
        weather.position,
    );
    if least > HORIZON_DEG {
        return;
    }
    let room = |value: f64, limit: f64| (value - limit) / own_scale(limit);
    let by_wind = room(weather.wind_10m(row), of.inversion_wind_below_m_s);
    let by_cloud = room(weather.cloud(row), of.inversion_cloud_below_percent);
    if by_wind.is_nan() {
        return; // Missing already.
    }
    // `max` passes over a cloud that is not known.
    let margin = by_wind.max(by_cloud);
    let status = if margin < 0.0 {
        HourStatus::Unsuitable
    } else {
        HourStatus::Suitable
    };
    factors.found(LimitingFactor::Inversion, status, margin);
}

/// The most rain of an hour among the hours after one, and whether all of them are known.
struct RainAhead {
    known_mm: f64,
    is_whole: bool,
}

fn most_rain_ahead(weather: &WindowWeather<'_>, row: usize, hours: usize) -> RainAhead {
    let end = (row + 1 + hours).min(weather.hours.count);
    let rains = (row + 1..end).map(|row| weather.rain(row));
    let known = rains.clone().filter(|rain| !rain.is_nan());
    RainAhead {
        known_mm: known.fold(f64::NAN, f64::max),
        is_whole: end == row + 1 + hours && !rains.into_iter().any(f64::is_nan),
    }
}
