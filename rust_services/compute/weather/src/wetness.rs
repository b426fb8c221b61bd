//! Whether leaves are wet, hour by hour.

use crate::air::{dew_point_c, relative_humidity_percent};
use crate::error::WeatherError;

/// Humidity from which leaves are wet, percent.
pub const WET_FROM_PERCENT: f64 = 90.0;

/// Distance of temperature and dew point below which they are, K.
const WET_BELOW_K: f64 = 2.0;

/// Whether leaves are wet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wetness {
    /// Nothing makes them wet.
    Dry,
    /// Something does.
    Wet,
    /// Something is absent, and what is there does not.
    Unknown,
}

/// Columns by the hour, of one length; `NaN` where absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct WetnessColumns<'a> {
    /// Air, °C.
    pub temperature_c: Option<&'a [f64]>,
    /// Relative humidity, percent.
    pub humidity_percent: Option<&'a [f64]>,
    /// Dew point, °C; taken for humidity where that is absent, and the other way round.
    pub dew_point_c: Option<&'a [f64]>,
    /// Rain of the hour, mm.
    pub precipitation_mm: Option<&'a [f64]>,
}

impl WetnessColumns<'_> {
    fn check(&self, count: usize) -> Result<(), WeatherError> {
        for (column, values) in [
            ("air_temperature_c", self.temperature_c),
            ("relative_humidity_percent", self.humidity_percent),
            ("dew_point_c", self.dew_point_c),
            ("precipitation_mm", self.precipitation_mm),
        ] {
            if let Some(values) = values
                && values.len() != count
            {
                return Err(WeatherError::LengthMismatch {
                    column,
                    found: values.len(),
                    expected: count,
                });
            }
        }
        Ok(())
    }

    /// Relative humidity of an hour, percent, as given or from the dew point; `NaN` where absent.
    fn humidity(&self, row: usize) -> f64 {
        let given = value(self.humidity_percent, row);
        if given.is_nan() {
            let dew = value(self.dew_point_c, row);
            relative_humidity_percent(value(self.temperature_c, row), dew)
        } else {
            given
        }
    }

    /// How far the dew point is below the temperature, K; `NaN` where absent.
    fn depression_k(&self, row: usize) -> f64 {
        let temperature_c = value(self.temperature_c, row);
        let given = value(self.dew_point_c, row);
        let humidity_percent = value(self.humidity_percent, row);
        if !given.is_nan() {
            temperature_c - given
        } else if humidity_percent <= 0.0 {
            // Air without water has no dew point, and wets nothing.
            f64::INFINITY
        } else {
            temperature_c - dew_point_c(temperature_c, humidity_percent)
        }
    }
}

fn value(column: Option<&[f64]>, row: usize) -> f64 {
    column.map_or(f64::NAN, |column| column[row])
}

/// Wetness of each hour: wet with a humidity of 90 % and more, with any rain in the hour, or with a dew
/// point less than 2 K below the temperature. Dry only where all three are known.
///
/// # Errors
/// [`WeatherError::LengthMismatch`].
///
/// # Source
/// Thresholds of humidity and of the dew point's depression: Sentelhas et al. (2008), doi
/// 10.1016/j.agrformet.2007.09.011, who compare them. An estimate, not a sensor.
pub fn wetness(columns: WetnessColumns<'_>, hours: usize) -> Result<Vec<Wetness>, WeatherError> {
    columns.check(hours)?;
    let hour = |row| {
        let humidity_percent = columns.humidity(row);
        let depression_k = columns.depression_k(row);
        let rain_mm = value(columns.precipitation_mm, row);
        if humidity_percent >= WET_FROM_PERCENT || rain_mm > 0.0 || depression_k < WET_BELOW_K {
            Wetness::Wet
        } else if humidity_percent.is_nan() || rain_mm.is_nan() || depression_k.is_nan() {
            Wetness::Unknown
        } else {
            Wetness::Dry
        }
    };
    Ok((0..hours).map(hour).collect())
}

/// Relative humidity of each hour, percent, as given or from temperature and dew point; `NaN` where
/// absent.
///
/// # Errors
/// [`WeatherError::LengthMismatch`].
pub fn humidity_of_hours(
    columns: WetnessColumns<'_>,
    hours: usize,
) -> Result<Vec<f64>, WeatherError> {
    columns.check(hours)?;
    Ok((0..hours).map(|row| columns.humidity(row)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: f64 = f64::NAN;

    fn of(temperature: f64, humidity: f64, dew_point: f64, rain: f64) -> Wetness {
        let columns = WetnessColumns {
            temperature_c: Some(&[temperature]),
            humidity_percent: Some(&[humidity]),
            dew_point_c: Some(&[dew_point]),
            precipitation_mm: Some(&[rain]),
        };
        wetness(columns, 1).expect("as long")[0]
    }

    #[test]
    fn humidity_rain_or_dew_wet_a_leaf() {
        assert_eq!(of(15.0, 90.0, GAP, 0.0), Wetness::Wet);
        assert_eq!(of(15.0, 60.0, 7.0, 0.1), Wetness::Wet);
        assert_eq!(of(15.0, 80.0, 13.1, 0.0), Wetness::Wet);
        assert_eq!(of(15.0, 80.0, 12.9, 0.0), Wetness::Dry);
        assert_eq!(of(15.0, 0.0, GAP, 0.0), Wetness::Dry);
    }

    #[test]
    fn humidity_and_dew_point_stand_for_each_other() {
        assert_eq!(of(15.0, GAP, 8.0, 0.0), Wetness::Dry);
        assert_eq!(of(15.0, 60.0, GAP, 0.0), Wetness::Dry);
        assert_eq!(of(15.0, 89.0, GAP, 0.0), Wetness::Wet, "1.8 K below");
    }

    #[test]
    fn what_is_absent_leaves_an_hour_unknown_unless_another_says_wet() {
        assert_eq!(of(15.0, 60.0, GAP, GAP), Wetness::Unknown);
        assert_eq!(of(15.0, GAP, GAP, 0.0), Wetness::Unknown);
        assert_eq!(of(GAP, 60.0, GAP, 0.0), Wetness::Unknown);
        assert_eq!(of(15.0, GAP, GAP, 0.2), Wetness::Wet);
        assert_eq!(of(GAP, 95.0, GAP, GAP), Wetness::Wet);
        assert_eq!(of(GAP, GAP, GAP, GAP), Wetness::Unknown);
    }

    #[test]
    fn a_column_of_another_length_is_refused() {
        let columns = WetnessColumns {
            precipitation_mm: Some(&[0.0]),
            ..WetnessColumns::default()
        };

        assert!(wetness(columns, 2).is_err());
    }
}
