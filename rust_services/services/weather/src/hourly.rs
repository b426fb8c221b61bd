//! Weather by the hour: the message as columns, and back.

use furrow_agromet::Hours;
use furrow_rpc::weather::v1 as proto;

use crate::columns::{self, Range, column_bytes, hours_message};
use crate::status::CallError;

/// Weather by the hour. Each column is as long as the axis, or absent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hourly {
    /// The axis.
    pub hours: Hours,
    /// The columns.
    pub columns: HourlyColumns,
}

macro_rules! hourly_columns {
    ($($name:ident: $min:expr, $max:expr, $what:literal;)*) => {
        /// Columns of [`Hourly`], or of samples at any times.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub(crate) struct HourlyColumns {
            $(#[doc = $what] pub $name: Option<Vec<f64>>,)*
        }

        impl HourlyColumns {
            /// Reads columns of `count` values; those of `field` are out of range by name and row.
            pub(crate) fn read(
                field: &str,
                message: &proto::HourlyWeather,
                count: usize,
            ) -> Result<Self, CallError> {
                Ok(Self {
                    $($name: columns::column(
                        &format!(concat!("{}.", stringify!($name)), field),
                        &message.$name,
                        count,
                        Range { min: $min, max: $max },
                    )?,)*
                })
            }

            /// Reads columns whose values may be anything finite, as a station that lies sends them.
            pub(crate) fn read_unjudged(
                field: &str,
                message: &proto::HourlyWeather,
                count: usize,
            ) -> Result<Self, CallError> {
                Ok(Self {
                    $($name: columns::column(
                        &format!(concat!("{}.", stringify!($name)), field),
                        &message.$name,
                        count,
                        columns::FINITE,
                    )?,)*
                })
            }

            /// The columns that are there, with their names and the range of each.
            pub(crate) fn present(&self) -> Vec<(&'static str, Range, &[f64])> {
                let mut present = Vec::new();
                $(if let Some(column) = &self.$name {
                    let range = Range { min: $min, max: $max };
                    present.push((stringify!($name), range, column.as_slice()));
                })*
                present
            }

            /// Where the column of a name stands.
            ///
            /// # Panics
            /// When no column of the contract has the name.
            pub(crate) fn slot(&mut self, name: &str) -> &mut Option<Vec<f64>> {
                match name {
                    $(stringify!($name) => &mut self.$name,)*
                    _ => unreachable!("{name} is no column of the contract"),
                }
            }

            /// As it travels.
            pub(crate) fn message(&self, hours: Hours) -> proto::HourlyWeather {
                proto::HourlyWeather {
                    hours: Some(hours_message(hours)),
                    $($name: self.$name.as_deref().map(column_bytes).unwrap_or_default(),)*
                }
            }
        }
    };
}

// The ranges are those that the contract names.
hourly_columns! {
    air_temperature_c: -95.0, 65.0, "°C.";
    relative_humidity_percent: 0.0, 105.0, "Percent.";
    dew_point_c: -110.0, 45.0, "°C.";
    wind_speed_m_s: 0.0, 120.0, "m/s.";
    wind_gust_m_s: 0.0, 150.0, "m/s.";
    wind_direction_deg: 0.0, 360.0, "Degrees from north.";
    precipitation_mm: 0.0, 500.0, "mm over the preceding hour.";
    shortwave_radiation_mj_m2: -0.05, 6.0, "MJ/m² over the preceding hour.";
    surface_pressure_hpa: 400.0, 1100.0, "hPa.";
    cloud_cover_percent: 0.0, 100.0, "Percent.";
    precipitation_probability_percent: 0.0, 100.0, "Percent.";
    weather_code: 0.0, 99.0, "WMO code.";
}

impl Hourly {
    /// Reads the message.
    pub(crate) fn read(
        field: &str,
        message: Option<&proto::HourlyWeather>,
    ) -> Result<Self, CallError> {
        let Some(message) = message else {
            return Err(CallError::request(field, "is missing"));
        };
        let hours = columns::hours(&format!("{field}.hours"), message.hours)?;
        let mut columns = HourlyColumns::read(field, message, hours.count)?;
        clamp(&mut columns.relative_humidity_percent, 0.0, 100.0);
        clamp(&mut columns.shortwave_radiation_mj_m2, 0.0, 6.0);
        Ok(Self { hours, columns })
    }
}

/// Sensors drift past the ends of what can be; within the contract's tolerance they mean the end.
fn clamp(column: &mut Option<Vec<f64>>, min: f64, max: f64) {
    for value in column.iter_mut().flatten() {
        *value = value.clamp(min, max);
    }
}
