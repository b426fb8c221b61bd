//! Reference evapotranspiration by the day.

use jiff::civil::Date;

use crate::air_profile::{
    pressure_of_elevation_kpa, psychrometric_constant_kpa_k, wind_profile_factor,
};
use crate::axis::Days;
use crate::error::WeatherError;
use crate::et::{
    Combination, DEW_POINT_BELOW_MIN_K, EtColumns, EtConstants, EtEquation, EtMethod, EtSite,
    FILLED_WIND_M_S, filled, reference_et_mm,
};
use crate::humidity::{
    asce_slope_kpa_k, fao56_slope_kpa_k, mean_saturation_vapour_pressure_kpa,
    vapour_pressure_of_dew_point_kpa, vapour_pressure_of_extremes_kpa,
    vapour_pressure_of_max_humidity_kpa, vapour_pressure_of_mean_humidity_kpa,
};
use crate::radiation::{
    SolarForm, clear_sky_radiation_of_water_day, clear_sky_share, cloudiness, daylight_h,
    declination_rad, extraterrestrial_radiation_day, net_longwave_day, net_shortwave,
    radiation_of_sunshine_day, radiation_of_temperatures, sunset_hour_angle_rad,
};

/// Weather of days. A column has a value a day, or is not there.
#[derive(Debug, Clone, Copy, Default)]
pub struct EtDays<'a> {
    /// Least temperature, °C; needed.
    pub temperature_min_c: Option<&'a [f64]>,
    /// Greatest temperature, °C; needed.
    pub temperature_max_c: Option<&'a [f64]>,
    /// Least temperature of the night, °C; only the ladder takes it.
    pub night_temperature_min_c: Option<&'a [f64]>,
    /// Actual vapour pressure, kPa. Goes before every other form of humidity.
    pub vapour_pressure_kpa: Option<&'a [f64]>,
    /// Mean dew point, °C. Goes before relative humidity.
    pub dew_point_mean_c: Option<&'a [f64]>,
    /// Greatest relative humidity, percent.
    pub relative_humidity_max_percent: Option<&'a [f64]>,
    /// Least relative humidity, percent.
    pub relative_humidity_min_percent: Option<&'a [f64]>,
    /// Mean relative humidity, percent.
    pub relative_humidity_mean_percent: Option<&'a [f64]>,
    /// Mean wind, m/s.
    pub wind_speed_mean_m_s: Option<&'a [f64]>,
    /// Solar radiation, MJ/m² d.
    pub shortwave_radiation_mj_m2: Option<&'a [f64]>,
    /// Bright sunshine, h; taken where there is no radiation.
    pub sunshine_h: Option<&'a [f64]>,
    /// Mean pressure at the station, hPa.
    pub surface_pressure_mean_hpa: Option<&'a [f64]>,
}

/// One day's values, and what of them was filled in.
#[derive(Debug, Clone, Copy, Default)]
struct Day {
    extraterrestrial: f64,
    clear_sky: f64,
    solar: f64,
    net_longwave: f64,
    net_radiation: f64,
    saturation: f64,
    vapour_pressure: f64,
    slope: f64,
    psychrometric: f64,
    wind: f64,
    et_mm: f64,
    filled: u8,
}

/// Reference evapotranspiration of each day, mm. `NaN` where something it needs is absent.
///
/// Humidity is taken from the first of these that is there on a day: vapour pressure, dew point, both
/// extremes of relative humidity, its greatest, its mean (FAO-56 equations 14, 17, 18, 19). With
/// `fills_missing` radiation, humidity and wind come from the ladder, each flagged.
///
/// # Errors
/// [`WeatherError`] for columns of another length, for temperatures that are not there, and for FAO-56
/// over a tall reference.
///
/// # Source
/// FAO-56 equation 6; ASCE-EWRI 2005 equation 1, with the equations that lead to them.
pub fn daily_et(
    days: Days,
    weather: &EtDays<'_>,
    site: &EtSite,
    method: EtMethod,
    form: SolarForm,
    with_intermediates: bool,
) -> Result<EtColumns, WeatherError> {
    method.check()?;
    weather.check(days.count)?;
    let mut columns = EtColumns {
        et_mm: Vec::with_capacity(days.count),
        filled: Vec::with_capacity(days.count),
        ..EtColumns::default()
    };
    let place = Place::new(site, method, form);
    let mut date = days.first;
    for row in 0..days.count {
        let day = place.day(weather, row, date);
        columns.et_mm.push(day.et_mm);
        columns
            .filled
            .push(if day.et_mm.is_nan() { 0 } else { day.filled });
        if with_intermediates {
            push_intermediates(&mut columns, &day);
        }
        // The axis ends long before the calendar does.
        date = date.tomorrow().unwrap_or(date);
    }
    Ok(columns)
}

fn push_intermediates(columns: &mut EtColumns, day: &Day) {
    let into = &mut columns.intermediates;
    into.extraterrestrial_radiation_mj_m2
        .push(day.extraterrestrial);
    into.clear_sky_radiation_mj_m2.push(day.clear_sky);
    into.solar_radiation_mj_m2.push(day.solar);
    into.net_longwave_mj_m2.push(day.net_longwave);
    into.net_radiation_mj_m2.push(day.net_radiation);
    into.soil_heat_flux_mj_m2.push(0.0);
    into.saturation_vapour_pressure_kpa.push(day.saturation);
    into.vapour_pressure_kpa.push(day.vapour_pressure);
    into.slope_kpa_k.push(day.slope);
    into.psychrometric_constant_kpa_k.push(day.psychrometric);
    into.wind_speed_2m_m_s.push(day.wind);
}

impl EtDays<'_> {
    fn columns(&self) -> [(&'static str, Option<&[f64]>); 12] {
        [
            ("temperature_min_c", self.temperature_min_c),
            ("temperature_max_c", self.temperature_max_c),
            ("night_temperature_min_c", self.night_temperature_min_c),
            ("vapour_pressure_kpa", self.vapour_pressure_kpa),
            ("dew_point_mean_c", self.dew_point_mean_c),
            (
                "relative_humidity_max_percent",
                self.relative_humidity_max_percent,
            ),
            (
                "relative_humidity_min_percent",
                self.relative_humidity_min_percent,
            ),
            (
                "relative_humidity_mean_percent",
                self.relative_humidity_mean_percent,
            ),
            ("wind_speed_mean_m_s", self.wind_speed_mean_m_s),
            ("shortwave_radiation_mj_m2", self.shortwave_radiation_mj_m2),
            ("sunshine_h", self.sunshine_h),
            ("surface_pressure_mean_hpa", self.surface_pressure_mean_hpa),
        ]
    }

    fn check(&self, count: usize) -> Result<(), WeatherError> {
        for (column, values) in self.columns() {
            let found = values.map_or(count, <[f64]>::len);
            if found != count {
                return Err(WeatherError::LengthMismatch {
                    column,
                    found,
                    expected: count,
                });
            }
        }
        for (column, values) in &self.columns()[..2] {
            if values.is_none() {
                return Err(WeatherError::ColumnMissing {
                    column,
                    quantity: "reference evapotranspiration",
                });
            }
        }
        Ok(())
    }

    /// Vapour pressure by the first form of humidity that is there; `NaN` without any.
    fn vapour_pressure(&self, row: usize, max_c: f64, min_c: f64) -> f64 {
        let humidity_max = value(self.relative_humidity_max_percent, row);
        let humidity_min = value(self.relative_humidity_min_percent, row);
        let humidity_mean = value(self.relative_humidity_mean_percent, row);
        [
            value(self.vapour_pressure_kpa, row),
            vapour_pressure_of_dew_point_kpa(value(self.dew_point_mean_c, row)),
            vapour_pressure_of_extremes_kpa(max_c, min_c, humidity_max, humidity_min),
            vapour_pressure_of_max_humidity_kpa(min_c, humidity_max),
            vapour_pressure_of_mean_humidity_kpa(max_c, min_c, humidity_mean),
        ]
        .into_iter()
        .find(|pressure| !pressure.is_nan())
        .unwrap_or(f64::NAN)
    }
}

fn value(column: Option<&[f64]>, row: usize) -> f64 {
    column.map_or(f64::NAN, |values| values[row])
}

/// What stays the same from day to day.
struct Place {
    latitude_rad: f64,
    elevation_m: f64,
    pressure_kpa: f64,
    wind_factor: f64,
    constants: EtConstants,
    method: EtMethod,
    form: SolarForm,
}

impl Place {
    fn new(site: &EtSite, method: EtMethod, form: SolarForm) -> Self {
        Self {
            latitude_rad: site.latitude_deg.to_radians(),
            elevation_m: site.elevation_m,
            pressure_kpa: pressure_of_elevation_kpa(site.elevation_m),
            wind_factor: wind_profile_factor(site.wind_height_m),
            constants: EtConstants::of_day(method.reference),
            method,
            form,
        }
    }

    fn day(&self, weather: &EtDays<'_>, row: usize, date: Date) -> Day {
        let max_c = value(weather.temperature_max_c, row);
        let min_c = value(weather.temperature_min_c, row);
        let mean_c = f64::midpoint(max_c, min_c);
        let mut day = Day {
            saturation: mean_saturation_vapour_pressure_kpa(max_c, min_c),
            slope: match self.method.equation {
                EtEquation::Fao56 => fao56_slope_kpa_k(mean_c),
                EtEquation::Asce2005 => asce_slope_kpa_k(mean_c),
            },
            ..Day::default()
        };
        self.humidity(&mut day, weather, row, max_c, min_c);
        self.wind(&mut day, weather, row);
        self.pressure(&mut day, weather, row);
        self.sun(&mut day, weather, row, date);
        let clouds = cloudiness(day.solar, day.clear_sky);
        day.net_longwave = net_longwave_day(max_c, min_c, day.vapour_pressure, clouds);
        day.net_radiation = net_shortwave(day.solar) - day.net_longwave;
        // Air above saturation gives nothing back.
        let deficit = day.saturation - day.vapour_pressure;
        let air = Combination {
            temperature_c: mean_c,
            net_radiation: day.net_radiation,
            deficit_kpa: if deficit < 0.0 { 0.0 } else { deficit },
            wind_speed_2m_m_s: day.wind,
            slope_kpa_k: day.slope,
            psychrometric_kpa_k: day.psychrometric,
        };
        let et_mm = reference_et_mm(&air, &self.constants);
        let is_floored = self.method.floors_at_zero && et_mm < 0.0;
        day.et_mm = if is_floored { 0.0 } else { et_mm };
        day
    }

    fn humidity(&self, day: &mut Day, weather: &EtDays<'_>, row: usize, max_c: f64, min_c: f64) {
        day.vapour_pressure = weather.vapour_pressure(row, max_c, min_c);
        if day.vapour_pressure.is_nan() && self.method.fills_missing {
            let night = value(weather.night_temperature_min_c, row);
            let coldest = if night.is_nan() { min_c } else { night };
            day.vapour_pressure = vapour_pressure_of_dew_point_kpa(coldest - DEW_POINT_BELOW_MIN_K);
            day.filled |= filled::HUMIDITY;
        }
    }

    fn wind(&self, day: &mut Day, weather: &EtDays<'_>, row: usize) {
        day.wind = value(weather.wind_speed_mean_m_s, row) * self.wind_factor;
        if day.wind.is_nan() && self.method.fills_missing {
            day.wind = FILLED_WIND_M_S;
            day.filled |= filled::WIND;
        }
    }

    fn pressure(&self, day: &mut Day, weather: &EtDays<'_>, row: usize) {
        let measured = value(weather.surface_pressure_mean_hpa, row) / 10.0;
        if measured.is_nan() {
            day.psychrometric = psychrometric_constant_kpa_k(self.pressure_kpa);
            day.filled |= filled::PRESSURE;
        } else {
            day.psychrometric = psychrometric_constant_kpa_k(measured);
        }
    }

    fn sun(&self, day: &mut Day, weather: &EtDays<'_>, row: usize, date: Date) {
        let day_of_year = date.day_of_year();
        day.extraterrestrial =
            extraterrestrial_radiation_day(self.latitude_rad, day_of_year, self.form);
        day.solar = value(weather.shortwave_radiation_mj_m2, row);
        if day.solar.is_nan() {
            let declination = declination_rad(day_of_year, self.form);
            let daylight = daylight_h(sunset_hour_angle_rad(self.latitude_rad, declination));
            let sunshine = value(weather.sunshine_h, row);
            day.solar = radiation_of_sunshine_day(sunshine, daylight, day.extraterrestrial);
        }
        let clear_sky = clear_sky_share(self.elevation_m) * day.extraterrestrial;
        day.clear_sky = match self.form {
            SolarForm::Standard => clear_sky,
            SolarForm::RefEt => clear_sky_radiation_of_water_day(
                day.extraterrestrial,
                day.vapour_pressure,
                self.elevation_m,
                self.latitude_rad,
                day_of_year,
            ),
        };
        if day.solar.is_nan() && self.method.fills_missing {
            let max_c = value(weather.temperature_max_c, row);
            let min_c = value(weather.temperature_min_c, row);
            let solar = radiation_of_temperatures(max_c, min_c, day.extraterrestrial);
            // Wide ranges of temperature do not outshine the sun.
            day.solar = if solar > day.clear_sky {
                day.clear_sky
            } else {
                solar
            };
            day.filled |= filled::RADIATION;
        }
    }
}
