//! Agrometeorology: raw hours in, numbers that a farm decides by out.
//!
//! Everything is a pure function over columns: a column is a slice of 64-bit floats along a regular
//! axis, `NaN` where a value is absent. What is absent stays absent; nothing is invented. Units stand
//! in names. No clock, no files, no sockets.

mod air;
mod air_columns;
mod air_profile;
mod axis;
mod chill;
mod days;
mod days_aggregate;
mod direction;
mod disease;
mod error;
pub mod et;
mod et_daily;
mod et_hourly;
mod et_sky;
mod et_sun;
mod frost;
mod heat;
mod heat_methods;
pub mod humidity;
mod infection;
mod linvill;
mod quality;
pub mod radiation;
mod rain;
mod resample;
pub mod sun;
pub mod water;
mod wetness;
pub mod windows;
mod zone;

pub use air::{
    dew_point_c, magnus_vapour_pressure_kpa, relative_humidity_percent, temperature_humidity_index,
    vapour_pressure_deficit_kpa, wet_bulb_c,
};
pub use air_columns::{AirColumns, AirHours, describe_air};
pub use air_profile::{pressure_of_elevation_kpa, psychrometric_constant_kpa_k, wind_speed_2m_m_s};
pub use axis::{Days, HOUR_S, Hours};
pub use chill::{ChillColumns, ChillState, accumulate_chill};
pub use days::{DayRows, DayStart, LocalDays, Timing};
pub use days_aggregate::{Completeness, DayValues, aggregate_days};
pub use direction::{DayDirections, mean_direction};
pub use disease::{DiseaseColumns, DiseaseDay, assess_days};
pub use error::WeatherError;
pub use et_daily::{EtDays, daily_et};
pub use et_hourly::{EtHours, hourly_et};
pub use frost::{FrostColumns, FrostKind, FrostNight, FrostRisk, FrostThresholds, assess_frost};
pub use heat::{HeatSum, HeatThresholds, hourly_heat};
pub use heat_methods::{Extremes, HeatMethod, daily_heat};
pub use infection::{Infection, Pathogen, infections};
pub use linvill::hours_of_days;
pub use quality::{HourColumn, INCONSISTENT, RANGE, SPARSE, STEP, STUCK, judge_hours};
pub use rain::{DryDays, DrySpell, HourlyRain, RainSum};
pub use resample::{HourRule, HourValues, Possible, SampleHours, Sampling, Stamp};
pub use wetness::{WET_FROM_PERCENT, Wetness, WetnessColumns, humidity_of_hours, wetness};
pub use zone::{time_zone, time_zone_names, tzdb_version};
