//! Water in the root zone, day by day: FAO-56, chapters 6 to 8, with the conventions of pyfao56.
//!
//! ```text
//! curve ── coefficient of the day, height, roots        index ── coefficients seen from above
//!   └──────────────┬────────────────────────────────────────┘
//!                 day ── one day: run-off, evaporation, transpiration, percolation, depletion
//!                  │
//!               balance ── day after day            advice ── what to irrigate, before each day
//! ```
//!
//! # Source
//! Allen et al. (1998), *Crop evapotranspiration*, FAO Irrigation and Drainage Paper 56; equation
//! numbers below are its own. Thorp (2022), *pyfao56: FAO-56 evapotranspiration in Python*, `SoftwareX`
//! 19, 101208, for what the paper leaves open: the order of events within a day, the share of the
//! surface that is wetted, and how height and roots grow.

mod advice;
mod balance;
mod curve;
mod day;
mod index;
mod runoff;

pub use advice::{Amount, ForecastRain, IrrigationAdvice, IrrigationRules, RainAction, ReplacedEt};
pub use balance::{Balance, Season, balance_water};
pub use curve::{Coefficients, Crop};
pub use day::{BalancedDay, Irrigation, Soil, SoilWater};
pub use index::{IndexCoefficients, IndexObservation};

/// Basal coefficient taken from a vegetation index.
pub const NOTE_INDEX: u8 = 1;

/// Humidity or wind assumed.
pub const NOTE_ASSUMED: u8 = 2;

/// The day is forecast.
pub const NOTE_FORECAST: u8 = 4;

/// How the balance is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, each with a name"
)]
pub struct BalanceMethod {
    /// Basal coefficient and evaporation (Kcb + Ke) instead of one coefficient (Kc).
    pub is_dual: bool,
    /// Adjust the middle and end coefficients to the climate of their stages (eq 62, 65, 70). The means
    /// are those of the days that are given, so the days of a whole stage belong into one balance.
    pub adjusts_to_climate: bool,
    /// Hold the depletion share constant instead of adjusting it to the day's demand.
    pub has_constant_depletion_share: bool,
    /// Leave out rain below a fifth of the reference evapotranspiration (chapter 8, p. 170: it
    /// evaporates before it reaches the roots).
    pub ignores_light_rain: bool,
}

/// The weather of the days; `NaN` where absent.
#[derive(Debug, Clone, Copy)]
pub struct WaterWeather<'a> {
    /// Reference evapotranspiration, short grass, mm.
    pub reference_et_mm: &'a [f64],
    /// Rain, mm.
    pub precipitation_mm: &'a [f64],
    /// Least relative humidity, percent; where absent 45, the climate of the tables.
    pub relative_humidity_min_percent: Option<&'a [f64]>,
    /// Wind at 2 m, m/s; where absent 2, the climate of the tables.
    pub wind_speed_2m_m_s: Option<&'a [f64]>,
}

/// Humidity and wind of the standard climate, for which the tables' coefficients hold.
const STANDARD_HUMIDITY_PERCENT: f64 = 45.0;
const STANDARD_WIND_M_S: f64 = 2.0;

/// What a day's air adds to a coefficient: `0.04 (u2 - 2) - 0.004 (RHmin - 45)`, both held within the
/// limits for which the equation was found (eq 62, 70, 72).
fn climate_term(wind_speed_2m_m_s: f64, relative_humidity_min_percent: f64) -> f64 {
    let wind = wind_speed_2m_m_s.clamp(1.0, 6.0) - STANDARD_WIND_M_S;
    let humidity = relative_humidity_min_percent.clamp(20.0, 80.0) - STANDARD_HUMIDITY_PERCENT;
    0.04 * wind - 0.004 * humidity
}
