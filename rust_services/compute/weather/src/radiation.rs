//! The sun above a place and the radiation that reaches it, as FAO-56 chapter 3 has it. Angles in
//! radians, radiation in MJ/m² over the step that a name tells.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::air_profile::pressure_of_elevation_kpa;

/// Solar constant, MJ/(m² h): 0.0820 a minute (FAO-56 equation 21), 4.92 an hour (ASCE-EWRI 2005).
const SOLAR_CONSTANT_MJ_M2_H: f64 = 4.92;

/// Albedo of both reference surfaces (FAO-56 equation 38; ASCE-EWRI 2005 equation 16).
const ALBEDO: f64 = 0.23;

/// Stefan-Boltzmann constant, MJ/(K⁴ m² d) (FAO-56 equation 39).
const STEFAN_BOLTZMANN_DAY: f64 = 4.901e-9;
/// The same, MJ/(K⁴ m² h), as ASCE-EWRI 2005 equation 44 rounds it.
pub(crate) const STEFAN_BOLTZMANN_HOUR: f64 = 2.042e-10;

/// Least and greatest ratio of solar to clear-sky radiation that means clouds (ASCE-EWRI 2005
/// equations 18 and 45; FAO-56 names only the upper end).
const LEAST_CLEARNESS: f64 = 0.3;

/// Which equations describe the sun and a clear sky.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SolarForm {
    /// As the standards recommend: declination by equation 24, clear sky by the elevation (equation 37).
    #[default]
    Standard,
    /// As the program Ref-ET 3 and 4 does for ASCE: declination of Duffie and Beckman, clear sky by
    /// beam and diffuse light through the air's water (ASCE-EWRI 2005 appendix D). By the day only.
    RefEt,
}

/// Angle of a day in its year: `2π J / 365`.
fn year_angle(day_of_year: i16) -> f64 {
    TAU / 365.0 * f64::from(day_of_year)
}

/// Inverse relative distance from the earth to the sun.
///
/// # Source
/// FAO-56 equation 23.
pub fn inverse_sun_distance(day_of_year: i16) -> f64 {
    1.0 + 0.033 * year_angle(day_of_year).cos()
}

/// Declination of the sun, radians.
///
/// # Source
/// FAO-56 equation 24; Duffie and Beckman (1980) for [`SolarForm::RefEt`].
pub fn declination_rad(day_of_year: i16, form: SolarForm) -> f64 {
    match form {
        SolarForm::Standard => 0.409 * (year_angle(day_of_year) - 1.39).sin(),
        SolarForm::RefEt => 23.45_f64.to_radians() * year_angle(day_of_year + 284).sin(),
    }
}

/// Hour angle of sunset, radians, 0 in the polar night to π in the midnight sun.
///
/// # Source
/// FAO-56 equation 25; beyond the polar circles the cosine leaves −1 to 1 and is held there.
pub fn sunset_hour_angle_rad(latitude_rad: f64, declination_rad: f64) -> f64 {
    (-latitude_rad.tan() * declination_rad.tan())
        .clamp(-1.0, 1.0)
        .acos()
}

/// Daylight, hours.
///
/// # Source
/// FAO-56 equation 34.
pub fn daylight_h(sunset_hour_angle_rad: f64) -> f64 {
    24.0 / PI * sunset_hour_angle_rad
}

/// Extraterrestrial radiation of a day, MJ/m².
///
/// # Source
/// FAO-56 equation 21.
pub fn extraterrestrial_radiation_day(latitude_rad: f64, day_of_year: i16, form: SolarForm) -> f64 {
    let declination = declination_rad(day_of_year, form);
    let sunset = sunset_hour_angle_rad(latitude_rad, declination);
    let radiation = 24.0 / PI
        * SOLAR_CONSTANT_MJ_M2_H
        * inverse_sun_distance(day_of_year)
        * (sunset * latitude_rad.sin() * declination.sin()
            + latitude_rad.cos() * declination.cos() * sunset.sin());
    // At sunset angle 0 rounding may leave -1e-16.
    radiation.max(0.0)
}

/// Extraterrestrial radiation between two hour angles, MJ/m².
///
/// # Source
/// FAO-56 equation 28; ASCE-EWRI 2005 equation 48. Angles are limited to sunrise and sunset by
/// equation 56.
pub fn extraterrestrial_radiation_between(
    latitude_rad: f64,
    day_of_year: i16,
    begin_rad: f64,
    end_rad: f64,
) -> f64 {
    let declination = declination_rad(day_of_year, SolarForm::Standard);
    let sunset = sunset_hour_angle_rad(latitude_rad, declination);
    let end = end_rad.clamp(-sunset, sunset);
    let begin = begin_rad.clamp(-sunset, sunset).min(end);
    let radiation = 12.0 / PI
        * SOLAR_CONSTANT_MJ_M2_H
        * inverse_sun_distance(day_of_year)
        * ((end - begin) * latitude_rad.sin() * declination.sin()
            + latitude_rad.cos() * declination.cos() * (end.sin() - begin.sin()));
    radiation.max(0.0)
}

/// How far solar time is ahead of the mean sun's, hours.
///
/// # Source
/// FAO-56 equations 32 and 33.
pub fn seasonal_correction_h(day_of_year: i16) -> f64 {
    let angle = TAU / 364.0 * f64::from(day_of_year - 81);
    0.1645 * (2.0 * angle).sin() - 0.1255 * angle.cos() - 0.025 * angle.sin()
}

/// Hour angle of the sun, radians, −π to π, at a time of the mean sun (UTC + longitude east / 15).
///
/// # Source
/// FAO-56 equation 31: with UTC and the longitude itself, no meridian of a time zone is needed.
pub fn hour_angle_rad(mean_solar_time_h: f64, day_of_year: i16) -> f64 {
    let angle = PI / 12.0 * (mean_solar_time_h + seasonal_correction_h(day_of_year) - 12.0);
    (angle + PI).rem_euclid(TAU) - PI
}

/// Solar radiation from bright sunshine, MJ/m² d: `(0.25 + 0.50 n/N) Ra`.
///
/// # Source
/// FAO-56 equation 35, with the coefficients for places without calibration.
pub fn radiation_of_sunshine_day(sunshine_h: f64, daylight_h: f64, extraterrestrial: f64) -> f64 {
    let share = if daylight_h > 0.0 {
        // Sunshine beyond the daylight is an error of the recorder; NaN stays NaN.
        let share = sunshine_h / daylight_h;
        if share > 1.0 { 1.0 } else { share }
    } else {
        sunshine_h * 0.0
    };
    (0.25 + 0.5 * share) * extraterrestrial
}

/// Solar radiation from the extremes of temperature, over the step of `extraterrestrial`, MJ/m².
///
/// # Source
/// FAO-56 equation 50 (Hargreaves) with 0.16, its value inland.
pub fn radiation_of_temperatures(max_c: f64, min_c: f64, extraterrestrial: f64) -> f64 {
    let range = if max_c < min_c { 0.0 } else { max_c - min_c };
    0.16 * range.sqrt() * extraterrestrial
}

/// Share of extraterrestrial radiation that a clear sky lets through, by the elevation.
///
/// # Source
/// FAO-56 equation 37; ASCE-EWRI 2005 equations 19 and 47.
pub fn clear_sky_share(elevation_m: f64) -> f64 {
    0.75 + 2e-5 * elevation_m
}

/// Clear-sky radiation of a day by beam and diffuse light, MJ/m².
///
/// # Source
/// ASCE-EWRI 2005 appendix D, equations D.1 to D.5, for air as clean as it comes.
pub fn clear_sky_radiation_of_water_day(
    extraterrestrial: f64,
    vapour_pressure_kpa: f64,
    elevation_m: f64,
    latitude_rad: f64,
    day_of_year: i16,
) -> f64 {
    let pressure = pressure_of_elevation_kpa(elevation_m);
    let season = (year_angle(day_of_year) - 1.39).sin();
    let sun = (0.85 + 0.3 * latitude_rad * season - 0.42 * latitude_rad.powi(2))
        .sin()
        // Below, the beam's way through the air is no longer described.
        .max(0.1);
    let water_mm = 0.14 * vapour_pressure_kpa * pressure + 2.1;
    let beam = 0.98 * (-0.00146 * pressure / sun - 0.075 * (water_mm / sun).powf(0.4)).exp();
    let diffuse = if beam >= 0.15 {
        0.35 - 0.36 * beam
    } else {
        0.18 + 0.82 * beam
    };
    (beam + diffuse) * extraterrestrial
}

/// Cloudiness function, 0.055 for an overcast to 1 for a clear sky: `1.35 Rs/Rso − 0.35`.
///
/// Without any clear-sky radiation, in the polar night, the sky counts as clear.
///
/// # Source
/// ASCE-EWRI 2005 equations 18 and 45 with 0.3 ≤ Rs/Rso ≤ 1, which holds it within 0.05 to 1; the
/// factor of FAO-56 equation 39.
#[inline]
pub fn cloudiness(solar: f64, clear_sky: f64) -> f64 {
    let clearness = if clear_sky > 0.0 {
        // `clamp` lets NaN pass.
        (solar / clear_sky).clamp(LEAST_CLEARNESS, 1.0)
    } else {
        1.0 + solar * 0.0
    };
    1.35 * clearness - 0.35
}

/// Net short-wave radiation, over the step of `solar`, MJ/m².
///
/// # Source
/// FAO-56 equation 38.
#[inline]
pub fn net_shortwave(solar: f64) -> f64 {
    (1.0 - ALBEDO) * solar
}

/// Net long-wave radiation that a day loses, MJ/m².
///
/// # Source
/// FAO-56 equation 39; ASCE-EWRI 2005 equation 17.
pub fn net_longwave_day(max_c: f64, min_c: f64, vapour_pressure_kpa: f64, cloudiness: f64) -> f64 {
    let fourth = |temperature_c: f64| (temperature_c + 273.16).powi(4);
    STEFAN_BOLTZMANN_DAY
        * f64::midpoint(fourth(max_c), fourth(min_c))
        * net_emissivity(vapour_pressure_kpa)
        * cloudiness
}

/// Net long-wave radiation that an hour loses, MJ/m².
///
/// # Source
/// FAO-56 equation 39 by the hour; ASCE-EWRI 2005 equation 44.
#[inline]
pub fn net_longwave_hour(temperature_c: f64, vapour_pressure_kpa: f64, cloudiness: f64) -> f64 {
    let kelvin = temperature_c + 273.16;
    let square = kelvin * kelvin;
    STEFAN_BOLTZMANN_HOUR * (square * square) * net_emissivity(vapour_pressure_kpa) * cloudiness
}

/// What the air's vapour leaves of the surface's radiation.
#[inline]
fn net_emissivity(vapour_pressure_kpa: f64) -> f64 {
    0.34 - 0.14 * vapour_pressure_kpa.sqrt()
}

/// Hour angle that the sun wanders in half an hour, radians.
pub(crate) const HALF_HOUR_RAD: f64 = FRAC_PI_2 / 12.0;

/// Extraterrestrial radiation per unit of the geometry of an hour, MJ/m².
pub(crate) const HOURLY_SCALE: f64 = 12.0 / PI * SOLAR_CONSTANT_MJ_M2_H;
