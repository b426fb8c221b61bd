//! Reference evapotranspiration: the equations' constants and the combination itself.

use crate::error::WeatherError;

/// Which equation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EtEquation {
    /// FAO-56 Penman-Monteith (Allen et al. 1998): equation 6 by the day, 53 by the hour.
    Fao56,
    /// ASCE-EWRI (2005) standardized, equation 1.
    Asce2005,
}

/// Which reference surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EtReference {
    /// Clipped grass, 0.12 m.
    Short,
    /// Alfalfa, 0.5 m.
    Tall,
}

/// How evapotranspiration is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EtMethod {
    /// Equation.
    pub equation: EtEquation,
    /// Surface; FAO-56 knows the short one.
    pub reference: EtReference,
    /// Whether what is missing comes from the ladder of FAO-56 chapter 3, each value flagged.
    pub fills_missing: bool,
    /// Whether no hour or day is below zero. Otherwise negative night hours stay in a sum.
    pub floors_at_zero: bool,
}

impl EtMethod {
    /// Checks that the equation knows the surface.
    ///
    /// # Errors
    /// [`WeatherError::SettingRefused`] for FAO-56 over a tall reference.
    pub fn check(&self) -> Result<(), WeatherError> {
        if self.equation == EtEquation::Fao56 && self.reference == EtReference::Tall {
            return Err(WeatherError::SettingRefused {
                setting: "reference",
                found: "tall".to_owned(),
                allowed: "FAO-56 is defined for the short reference",
            });
        }
        Ok(())
    }
}

/// A place and the height of its wind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EtSite {
    /// Degrees, north positive.
    pub latitude_deg: f64,
    /// Degrees, east positive.
    pub longitude_deg: f64,
    /// Above sea level, m.
    pub elevation_m: f64,
    /// Height of the wind above ground, m.
    pub wind_height_m: f64,
}

/// What was filled in or assumed for a value: bits of `EtColumns::filled`.
pub mod filled {
    /// Radiation, from the temperatures (FAO-56 equation 50).
    pub const RADIATION: u8 = 1;
    /// Humidity: the dew point 2 K below the least temperature (FAO-56 equation 48, arid form).
    pub const HUMIDITY: u8 = 2;
    /// Wind: 2 m/s at 2 m (FAO-56 chapter 3).
    pub const WIND: u8 = 4;
    /// Pressure, from the elevation (FAO-56 equation 7). Part of the standard method.
    pub const PRESSURE: u8 = 8;
}

/// Wind where there is none, m/s at 2 m: the mean of 2,000 stations (FAO-56 chapter 3).
pub(crate) const FILLED_WIND_M_S: f64 = 2.0;

/// How far the dew point is taken below the least temperature, K (FAO-56 chapter 3, after equation 48:
/// 0 where it is humid, 2 to 3 where it is dry).
pub(crate) const DEW_POINT_BELOW_MIN_K: f64 = 2.0;

/// Values along the axis of the input, one array a quantity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EtColumns {
    /// Evapotranspiration, mm over the step.
    pub et_mm: Vec<f64>,
    /// Bits of [`filled`], one byte a value; 0 where the value is `NaN`.
    pub filled: Vec<u8>,
    /// What it was computed from; empty unless asked for.
    pub intermediates: EtIntermediates,
}

/// Values that lead to evapotranspiration. Radiation in MJ/m² over the step.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "units and quantities stand in the names")]
pub struct EtIntermediates {
    pub extraterrestrial_radiation_mj_m2: Vec<f64>,
    pub clear_sky_radiation_mj_m2: Vec<f64>,
    pub solar_radiation_mj_m2: Vec<f64>,
    pub net_longwave_mj_m2: Vec<f64>,
    pub net_radiation_mj_m2: Vec<f64>,
    pub soil_heat_flux_mj_m2: Vec<f64>,
    pub saturation_vapour_pressure_kpa: Vec<f64>,
    pub vapour_pressure_kpa: Vec<f64>,
    pub slope_kpa_k: Vec<f64>,
    pub psychrometric_constant_kpa_k: Vec<f64>,
    pub wind_speed_2m_m_s: Vec<f64>,
}

/// Constants of a step and surface.
///
/// # Source
/// FAO-56 equations 6 and 53; ASCE-EWRI 2005 table 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EtConstants {
    /// Numerator constant, K mm s³/(Mg d) or the same by the hour.
    pub numerator: f64,
    /// Denominator constant, s/m.
    pub denominator: f64,
    /// Heat that goes into the soil, share of net radiation.
    pub soil_share: f64,
}

impl EtConstants {
    /// Of a day: no heat stays in the soil (FAO-56 equation 42).
    pub fn of_day(reference: EtReference) -> Self {
        let (numerator, denominator) = match reference {
            EtReference::Short => (900.0, 0.34),
            EtReference::Tall => (1600.0, 0.38),
        };
        Self {
            numerator,
            denominator,
            soil_share: 0.0,
        }
    }

    /// Of an hour: by day, or by night, which is where net radiation is negative (ASCE-EWRI 2005,
    /// below equation 66).
    pub fn of_hour(equation: EtEquation, reference: EtReference, is_night: bool) -> Self {
        let (numerator, denominator, soil_share) = match (equation, reference, is_night) {
            (EtEquation::Fao56, _, false) => (37.0, 0.34, 0.1),
            (EtEquation::Fao56, _, true) => (37.0, 0.34, 0.5),
            (EtEquation::Asce2005, EtReference::Short, false) => (37.0, 0.24, 0.1),
            (EtEquation::Asce2005, EtReference::Short, true) => (37.0, 0.96, 0.5),
            (EtEquation::Asce2005, EtReference::Tall, false) => (66.0, 0.25, 0.04),
            (EtEquation::Asce2005, EtReference::Tall, true) => (66.0, 1.7, 0.2),
        };
        Self {
            numerator,
            denominator,
            soil_share,
        }
    }
}

/// What the combination takes. Radiation in MJ/m² over the step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Combination {
    /// Air temperature, °C.
    pub temperature_c: f64,
    /// Net radiation.
    pub net_radiation: f64,
    /// Saturation deficit, kPa.
    pub deficit_kpa: f64,
    /// Wind at 2 m, m/s.
    pub wind_speed_2m_m_s: f64,
    /// Slope of the saturation curve, kPa/K.
    pub slope_kpa_k: f64,
    /// Psychrometric constant, kPa/K.
    pub psychrometric_kpa_k: f64,
}

/// Reference evapotranspiration of a step, mm:
/// `(0.408 Δ (Rn − G) + γ Cn / (T + 273) u₂ (es − ea)) / (Δ + γ (1 + Cd u₂))`.
///
/// # Source
/// FAO-56 equations 6 and 53; ASCE-EWRI 2005 equation 1.
#[inline]
pub fn reference_et_mm(air: &Combination, constants: &EtConstants) -> f64 {
    let available = air.net_radiation * (1.0 - constants.soil_share);
    let kelvin = air.temperature_c + 273.0;
    let psychrometric = air.psychrometric_kpa_k;
    let drying = psychrometric * constants.numerator * air.wind_speed_2m_m_s * air.deficit_kpa;
    let resistance = psychrometric * (1.0 + constants.denominator * air.wind_speed_2m_m_s);
    // Both parts over one denominator: one division for two.
    (0.408 * air.slope_kpa_k * available * kelvin + drying)
        / (kelvin * (air.slope_kpa_k + resistance))
}
