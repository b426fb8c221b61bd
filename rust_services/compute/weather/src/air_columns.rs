//! What the air of each hour is like.

use crate::air::{
    dew_point_c, relative_humidity_percent, temperature_humidity_index,
    vapour_pressure_deficit_kpa, wet_bulb_c,
};
use crate::air_profile::pressure_of_elevation_kpa;
use crate::error::WeatherError;
use crate::humidity::{vapour_pressure_of_dew_point_kpa, vapour_pressure_of_humidity_kpa};

/// Air by the hour. A column has a value an hour, or is not there.
#[derive(Debug, Clone, Copy, Default)]
pub struct AirHours<'a> {
    /// Temperature, °C; needed.
    pub air_temperature_c: Option<&'a [f64]>,
    /// Relative humidity, percent. This or the dew point is needed.
    pub relative_humidity_percent: Option<&'a [f64]>,
    /// Dew point, °C; tells the humidity where there is none.
    pub dew_point_c: Option<&'a [f64]>,
    /// Pressure at the station, hPa; from the elevation where there is none.
    pub surface_pressure_hpa: Option<&'a [f64]>,
}

/// What the air is like, a value an hour; `NaN` where something it needs is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AirColumns {
    /// Actual vapour pressure, kPa.
    pub vapour_pressure_kpa: Vec<f64>,
    /// Vapour pressure deficit, kPa, not negative.
    pub vapour_pressure_deficit_kpa: Vec<f64>,
    /// Dew point, as given or from the humidity, °C.
    pub dew_point_c: Vec<f64>,
    /// Wet-bulb temperature, °C.
    pub wet_bulb_c: Vec<f64>,
    /// Dry minus wet bulb, K.
    pub delta_t_k: Vec<f64>,
    /// Temperature-humidity index of cattle.
    pub temperature_humidity_index: Vec<f64>,
    /// Relative humidity, as given or from the dew point, percent.
    pub relative_humidity_percent: Vec<f64>,
    /// Pressure, as given or from the elevation, hPa.
    pub pressure_hpa: Vec<f64>,
}

/// Describes the air of each hour.
///
/// # Errors
/// [`WeatherError`] for columns of another length, and for temperature or both forms of humidity that
/// are not there.
///
/// # Source
/// Each quantity's own function in [`crate::air`] and [`crate::humidity`].
pub fn describe_air(weather: &AirHours<'_>, elevation_m: f64) -> Result<AirColumns, WeatherError> {
    let temperatures = weather.check()?;
    let standard_hpa = 10.0 * pressure_of_elevation_kpa(elevation_m);
    let mut columns = AirColumns::default();
    for (row, &temperature_c) in temperatures.iter().enumerate() {
        let mut humidity = value(weather.relative_humidity_percent, row);
        let mut dew_point = value(weather.dew_point_c, row);
        let vapour_pressure = if humidity.is_nan() {
            humidity = relative_humidity_percent(temperature_c, dew_point);
            vapour_pressure_of_dew_point_kpa(dew_point)
        } else {
            vapour_pressure_of_humidity_kpa(temperature_c, humidity)
        };
        if dew_point.is_nan() {
            dew_point = dew_point_c(temperature_c, humidity);
        }
        let measured_hpa = value(weather.surface_pressure_hpa, row);
        let pressure_hpa = if measured_hpa.is_nan() {
            standard_hpa
        } else {
            measured_hpa
        };
        let wet_bulb = wet_bulb_c(temperature_c, humidity, pressure_hpa / 10.0);
        columns.vapour_pressure_kpa.push(vapour_pressure);
        columns
            .vapour_pressure_deficit_kpa
            .push(vapour_pressure_deficit_kpa(temperature_c, humidity));
        columns.dew_point_c.push(dew_point);
        columns.wet_bulb_c.push(wet_bulb);
        columns.delta_t_k.push(temperature_c - wet_bulb);
        columns
            .temperature_humidity_index
            .push(temperature_humidity_index(temperature_c, humidity));
        columns.relative_humidity_percent.push(humidity);
        columns.pressure_hpa.push(pressure_hpa);
    }
    Ok(columns)
}

impl<'a> AirHours<'a> {
    fn check(&self) -> Result<&'a [f64], WeatherError> {
        let missing = |column| WeatherError::ColumnMissing {
            column,
            quantity: "the air",
        };
        let temperatures = self
            .air_temperature_c
            .ok_or_else(|| missing("air_temperature_c"))?;
        if self.relative_humidity_percent.is_none() && self.dew_point_c.is_none() {
            return Err(missing("relative_humidity_percent or dew_point_c"));
        }
        for (column, values) in [
            ("relative_humidity_percent", self.relative_humidity_percent),
            ("dew_point_c", self.dew_point_c),
            ("surface_pressure_hpa", self.surface_pressure_hpa),
        ] {
            let found = values.map_or(temperatures.len(), <[f64]>::len);
            if found != temperatures.len() {
                return Err(WeatherError::LengthMismatch {
                    column,
                    found,
                    expected: temperatures.len(),
                });
            }
        }
        Ok(temperatures)
    }
}

fn value(column: Option<&[f64]>, row: usize) -> f64 {
    column.map_or(f64::NAN, |values| values[row])
}
