//! Weather by the day: the message as columns, and back.

use furrow_agromet::Days;
use furrow_rpc::weather::v1 as proto;

use crate::columns::{self, Range, column_bytes, days_message};
use crate::status::CallError;

/// Weather by the day. Each column is as long as the axis, or absent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Daily {
    /// The axis.
    pub days: Days,
    /// The columns.
    pub columns: DailyColumns,
}

macro_rules! daily_columns {
    ($($name:ident: $min:expr, $max:expr;)*) => {
        /// Columns of [`Daily`]; units stand in the names.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub(crate) struct DailyColumns {
            $(pub $name: Option<Vec<f64>>,)*
        }

        impl DailyColumns {
            fn read(
                field: &str,
                message: &proto::DailyWeather,
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

            /// As it travels.
            pub(crate) fn message(&self, days: Days) -> proto::DailyWeather {
                proto::DailyWeather {
                    days: Some(days_message(days)),
                    $($name: self.$name.as_deref().map(column_bytes).unwrap_or_default(),)*
                }
            }
        }
    };
}

daily_columns! {
    temperature_mean_c: -95.0, 65.0;
    temperature_min_c: -95.0, 65.0;
    temperature_max_c: -95.0, 65.0;
    night_temperature_min_c: -95.0, 65.0;
    relative_humidity_mean_percent: 0.0, 105.0;
    relative_humidity_min_percent: 0.0, 105.0;
    relative_humidity_max_percent: 0.0, 105.0;
    dew_point_mean_c: -110.0, 45.0;
    vapour_pressure_kpa: 0.0, 10.0;
    wind_speed_mean_m_s: 0.0, 120.0;
    wind_speed_max_m_s: 0.0, 120.0;
    wind_gust_max_m_s: 0.0, 150.0;
    wind_direction_deg: 0.0, 360.0;
    precipitation_mm: 0.0, 2000.0;
    shortwave_radiation_mj_m2: -0.5, 60.0;
    sunshine_h: 0.0, 24.0;
    surface_pressure_mean_hpa: 400.0, 1100.0;
    cloud_cover_mean_percent: 0.0, 100.0;
    precipitation_probability_max_percent: 0.0, 100.0;
    weather_code_max: 0.0, 99.0;
}

impl Daily {
    /// Reads the message.
    pub(crate) fn read(
        field: &str,
        message: Option<&proto::DailyWeather>,
    ) -> Result<Self, CallError> {
        let Some(message) = message else {
            return Err(CallError::request(field, "is missing"));
        };
        let days = columns::days(&format!("{field}.days"), message.days.clone())?;
        let columns = DailyColumns::read(field, message, days.count)?;
        Ok(Self { days, columns })
    }
}
