//! How air changes with height: pressure above the sea, wind above the ground.

/// Air pressure at an elevation, kPa: `101.3 ((293 − 0.0065 z) / 293)^5.26`.
///
/// # Source
/// FAO-56 equation 7; ASCE-EWRI 2005 equations 3 and 34.
pub fn pressure_of_elevation_kpa(elevation_m: f64) -> f64 {
    101.3 * ((293.0 - 0.0065 * elevation_m) / 293.0).powf(5.26)
}

/// Psychrometric constant, kPa/K: `0.665e-3 P`.
///
/// # Source
/// FAO-56 equation 8; ASCE-EWRI 2005 equations 4 and 35.
#[inline]
pub fn psychrometric_constant_kpa_k(pressure_kpa: f64) -> f64 {
    0.665e-3 * pressure_kpa
}

/// Wind at 2 m over short grass, from wind at another height: `u_z 4.87 / ln(67.8 z − 5.42)`, m/s.
///
/// At 2 m it is the wind itself. Heights are 0.5 m and more.
///
/// # Source
/// FAO-56 equation 47; ASCE-EWRI 2005 equations 33 and 63.
pub fn wind_speed_2m_m_s(wind_speed_m_s: f64, height_m: f64) -> f64 {
    wind_speed_m_s * wind_profile_factor(height_m)
}

/// What a wind at a height is to be multiplied by. The profile is rounded and gives 1.0002 at 2 m;
/// there nothing is to be converted.
pub(crate) fn wind_profile_factor(height_m: f64) -> f64 {
    if (height_m - 2.0).abs() < 1e-9 {
        1.0
    } else {
        4.87 / (67.8 * height_m - 5.42).ln()
    }
}
