//! Water vapour in air, as FAO-56 and ASCE-EWRI 2005 write it. Pressures in kPa, temperatures in °C.
//!
//! These are for evapotranspiration and for the vapour pressure deficit. Dew point, humidity and wet
//! bulb go by the Magnus form of [`crate::air`], which is closer to the truth far from 20 °C.

/// Saturation vapour pressure over water, kPa: `0.6108 exp(17.27 T / (T + 237.3))`.
///
/// # Source
/// FAO-56 equation 11; ASCE-EWRI 2005 equations 7 and 37 (Tetens 1930, coefficients of Murray 1967).
#[inline]
pub fn saturation_vapour_pressure_kpa(temperature_c: f64) -> f64 {
    0.6108 * tetens_exponential(temperature_c)
}

/// Mean saturation vapour pressure of a day, kPa: the mean of those at its extremes.
///
/// Taken at the mean temperature it would be too low, since the curve bends upwards.
///
/// # Source
/// FAO-56 equation 12; ASCE-EWRI 2005 equation 6.
pub fn mean_saturation_vapour_pressure_kpa(max_c: f64, min_c: f64) -> f64 {
    f64::midpoint(
        saturation_vapour_pressure_kpa(max_c),
        saturation_vapour_pressure_kpa(min_c),
    )
}

/// Slope of the saturation curve, kPa/K: `4098 e°(T) / (T + 237.3)²`.
///
/// # Source
/// FAO-56 equation 13.
pub fn fao56_slope_kpa_k(temperature_c: f64) -> f64 {
    4098.0 * saturation_vapour_pressure_kpa(temperature_c) / (temperature_c + 237.3).powi(2)
}

/// Slope of the saturation curve, kPa/K, with the product of two factors rounded to 2503.
///
/// # Source
/// ASCE-EWRI 2005 equations 5 and 36.
pub fn asce_slope_kpa_k(temperature_c: f64) -> f64 {
    2503.0 * tetens_exponential(temperature_c) / (temperature_c + 237.3).powi(2)
}

/// Actual vapour pressure from the dew point, kPa.
///
/// # Source
/// FAO-56 equation 14.
pub fn vapour_pressure_of_dew_point_kpa(dew_point_c: f64) -> f64 {
    saturation_vapour_pressure_kpa(dew_point_c)
}

/// Actual vapour pressure of a day from the extremes of temperature and humidity, kPa.
///
/// The greatest humidity goes with the least temperature.
///
/// # Source
/// FAO-56 equation 17.
pub fn vapour_pressure_of_extremes_kpa(
    max_c: f64,
    min_c: f64,
    humidity_max_percent: f64,
    humidity_min_percent: f64,
) -> f64 {
    f64::midpoint(
        saturation_vapour_pressure_kpa(min_c) * humidity_max_percent / 100.0,
        saturation_vapour_pressure_kpa(max_c) * humidity_min_percent / 100.0,
    )
}

/// Actual vapour pressure of a day from its greatest humidity, kPa.
///
/// # Source
/// FAO-56 equation 18.
pub fn vapour_pressure_of_max_humidity_kpa(min_c: f64, humidity_max_percent: f64) -> f64 {
    saturation_vapour_pressure_kpa(min_c) * humidity_max_percent / 100.0
}

/// Actual vapour pressure of a day from its mean humidity, kPa. The least desirable form.
///
/// # Source
/// FAO-56 equation 19 as printed from 1998 on: the mean humidity of [`mean_saturation_vapour_pressure_kpa`].
pub fn vapour_pressure_of_mean_humidity_kpa(
    max_c: f64,
    min_c: f64,
    humidity_mean_percent: f64,
) -> f64 {
    mean_saturation_vapour_pressure_kpa(max_c, min_c) * humidity_mean_percent / 100.0
}

/// Actual vapour pressure of an hour from its humidity, kPa.
///
/// # Source
/// FAO-56 equation 54; ASCE-EWRI 2005 equation 41.
#[inline]
pub fn vapour_pressure_of_humidity_kpa(temperature_c: f64, humidity_percent: f64) -> f64 {
    saturation_vapour_pressure_kpa(temperature_c) * humidity_percent / 100.0
}

/// `exp(17.27 T / (T + 237.3))`.
#[inline]
pub(crate) fn tetens_exponential(temperature_c: f64) -> f64 {
    (17.27 * temperature_c / (temperature_c + 237.3)).exp()
}
