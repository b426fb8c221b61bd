//! The air of an hour, from what was measured of it.

use crate::Hours;
use crate::air::{dew_point_c, relative_humidity_percent, vapour_pressure_deficit_kpa, wet_bulb_c};
use crate::air_profile::{pressure_of_elevation_kpa, wind_speed_2m_m_s};
use crate::sun::Position;
use crate::wetness::WET_FROM_PERCENT;

/// Hours and the place they are of. Columns are as long as the axis, or absent; `NaN` where a value is.
#[derive(Debug, Clone, Copy)]
pub struct WindowWeather<'a> {
    /// The axis.
    pub hours: Hours,
    /// Where.
    pub position: Position,
    /// Above sea level, m.
    pub elevation_m: f64,
    /// Height of the wind above ground, m.
    pub wind_height_m: f64,
    /// °C.
    pub air_temperature_c: Option<&'a [f64]>,
    /// Percent.
    pub relative_humidity_percent: Option<&'a [f64]>,
    /// °C.
    pub dew_point_c: Option<&'a [f64]>,
    /// At the wind's height, m/s.
    pub wind_speed_m_s: Option<&'a [f64]>,
    /// At the wind's height, m/s.
    pub wind_gust_m_s: Option<&'a [f64]>,
    /// Of the hour that ends at the stamp, mm.
    pub precipitation_mm: Option<&'a [f64]>,
    /// hPa.
    pub surface_pressure_hpa: Option<&'a [f64]>,
    /// Percent.
    pub cloud_cover_percent: Option<&'a [f64]>,
}

/// Distance of temperature and dew point below which leaves are wet, K, as [`crate::wetness`] has it.
const WET_DEPRESSION_K: f64 = 2.0;

/// A margin of wetness of 1: the rest to saturation.
const WET_HUMIDITY_SCALE_PERCENT: f64 = 10.0;

impl WindowWeather<'_> {
    fn value(column: Option<&[f64]>, row: usize) -> f64 {
        column.map_or(f64::NAN, |column| column[row])
    }

    /// Temperature, °C.
    pub(super) fn temperature(&self, row: usize) -> f64 {
        Self::value(self.air_temperature_c, row)
    }

    /// Relative humidity, percent; from the dew point where it was not measured.
    pub(super) fn humidity(&self, row: usize) -> f64 {
        let measured = Self::value(self.relative_humidity_percent, row);
        if measured.is_nan() {
            let dew_point = Self::value(self.dew_point_c, row);
            relative_humidity_percent(self.temperature(row), dew_point)
        } else {
            measured
        }
    }

    /// Distance of the temperature to the dew point, K.
    fn depression(&self, row: usize) -> f64 {
        let measured = Self::value(self.dew_point_c, row);
        let temperature = self.temperature(row);
        if measured.is_nan() {
            let humidity = Self::value(self.relative_humidity_percent, row);
            temperature - dew_point_c(temperature, humidity)
        } else {
            temperature - measured
        }
    }

    /// Wet bulb at the station's pressure, or that of its elevation, °C.
    pub(super) fn wet_bulb(&self, row: usize) -> f64 {
        let measured = Self::value(self.surface_pressure_hpa, row) / 10.0;
        let pressure_kpa = if measured.is_nan() {
            pressure_of_elevation_kpa(self.elevation_m)
        } else {
            measured
        };
        wet_bulb_c(self.temperature(row), self.humidity(row), pressure_kpa)
    }

    /// Vapour pressure deficit, kPa.
    pub(super) fn deficit(&self, row: usize) -> f64 {
        vapour_pressure_deficit_kpa(self.temperature(row), self.humidity(row))
    }

    /// Wind at 2 m, m/s.
    pub(super) fn wind_2m(&self, row: usize) -> f64 {
        wind_speed_2m_m_s(Self::value(self.wind_speed_m_s, row), self.wind_height_m)
    }

    /// Wind at 10 m by the same profile, m/s.
    pub(super) fn wind_10m(&self, row: usize) -> f64 {
        self.wind_2m(row) / wind_speed_2m_m_s(1.0, 10.0)
    }

    /// Gusts brought to 2 m as the wind is, m/s.
    pub(super) fn gust_2m(&self, row: usize) -> f64 {
        wind_speed_2m_m_s(Self::value(self.wind_gust_m_s, row), self.wind_height_m)
    }

    /// Cloud, percent.
    pub(super) fn cloud(&self, row: usize) -> f64 {
        Self::value(self.cloud_cover_percent, row)
    }

    /// Rain of the hour, mm.
    pub(super) fn rain(&self, row: usize) -> f64 {
        Self::value(self.precipitation_mm, row)
    }

    /// How far leaves are from being wet by the air alone: negative where it is humid, or its dew point
    /// near; at most 1. `NaN` where the humidity is not known.
    pub(super) fn dryness_without_rain(&self, row: usize) -> f64 {
        let humidity = self.humidity(row);
        if humidity.is_nan() {
            return f64::NAN;
        }
        let by_humidity = (WET_FROM_PERCENT - humidity) / WET_HUMIDITY_SCALE_PERCENT;
        let by_dew_point = (self.depression(row) - WET_DEPRESSION_K) / WET_DEPRESSION_K;
        // `min` passes over the dew point that air without vapour does not have.
        let dryness = by_humidity.min(by_dew_point).min(1.0);
        // At 90 % leaves are wet already.
        if humidity >= WET_FROM_PERCENT {
            dryness.min(-f64::EPSILON)
        } else {
            dryness
        }
    }

    /// The same with the rain of the hour, which wets leaves however little it is. `NaN` where the
    /// humidity, or the rain in air that is dry, is not known.
    pub(super) fn dryness(&self, row: usize) -> f64 {
        let rain = self.rain(row);
        let dryness = self.dryness_without_rain(row);
        if rain > 0.0 {
            -1.0
        } else if rain.is_nan() && dryness >= 0.0 {
            f64::NAN
        } else {
            dryness
        }
    }
}
