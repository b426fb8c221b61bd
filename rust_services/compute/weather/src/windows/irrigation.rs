//! Irrigation by sprinklers.

use super::hour_air::WindowWeather;
use super::spray::TEMPERATURE_SCALE_K;
use super::verdict::{Factors, Holds, JudgedHour, LimitingFactor, Threshold};

/// When water is lost least. Takes wind; temperature, humidity and rain where known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IrrigationThresholds {
    /// Wind at 2 m from which the pattern is lost, m/s.
    pub max_wind_m_s: f64,
    /// Vapour pressure deficit from which losses are marginal, kPa.
    pub marginal_vpd_kpa: f64,
    /// Temperature at or below which water freezes on the crop, °C.
    pub min_temperature_c: f64,
    /// Rain of the next hours, together, from which irrigation waits, mm.
    pub rain_from_mm: f64,
    /// Those hours; 0: rain is not looked at.
    pub rain_hours_ahead: usize,
}

/// Judges hours for irrigation. Where there is a column of rain, hours whose next hours are not all
/// known are unknown.
pub fn judge_irrigation(weather: &WindowWeather<'_>, of: &IrrigationThresholds) -> Vec<JudgedHour> {
    let rains = weather.precipitation_mm.filter(|_| of.rain_hours_ahead > 0);
    let hour = |row| {
        let mut factors = Factors::default();
        factors.needed(
            weather.wind_2m(row),
            Threshold::of(LimitingFactor::Wind, Holds::Below, of.max_wind_m_s),
        );
        factors.known(
            weather.deficit(row),
            Threshold::of(
                LimitingFactor::VapourPressureDeficit,
                Holds::Below,
                of.marginal_vpd_kpa,
            )
            .marginal(),
        );
        factors.known(
            weather.temperature(row),
            Threshold::of(LimitingFactor::Cold, Holds::Above, of.min_temperature_c)
                .on(TEMPERATURE_SCALE_K),
        );
        if let Some(rains) = rains {
            let end = row + 1 + of.rain_hours_ahead;
            let ahead = &rains[row + 1..end.min(rains.len())];
            let known = ahead.iter().filter(|rain| !rain.is_nan());
            factors.known(
                known.sum(),
                Threshold::of(LimitingFactor::RainAhead, Holds::Below, of.rain_from_mm),
            );
            if end > rains.len() || ahead.iter().any(|rain| rain.is_nan()) {
                factors.missing();
            }
        }
        factors.judged()
    };
    (0..weather.hours.count).map(hour).collect()
}
