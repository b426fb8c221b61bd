//! Reference evapotranspiration by the hour.

use crate::air_profile::{
    pressure_of_elevation_kpa, psychrometric_constant_kpa_k, wind_profile_factor,
};
use crate::axis::Hours;
use crate::error::WeatherError;
use crate::et::{
    Combination, DEW_POINT_BELOW_MIN_K, EtColumns, EtConstants, EtEquation, EtMethod, EtSite,
    FILLED_WIND_M_S, filled, reference_et_mm,
};
use crate::et_sky::Sky;
use crate::et_sun::{SLOTS, SolarAxis, SolarPlace, SunHours};
use crate::humidity::{saturation_vapour_pressure_kpa, tetens_exponential};
use crate::radiation::{net_longwave_hour, net_shortwave, radiation_of_temperatures};

/// Hours of a day that must have a temperature before its extremes stand for anything.
const LEAST_HOURS_OF_EXTREMES: usize = 20;

/// Weather of hours. A column has a value an hour, or is not there.
#[derive(Debug, Clone, Copy, Default)]
pub struct EtHours<'a> {
    /// Air temperature, °C; needed.
    pub air_temperature_c: Option<&'a [f64]>,
    /// Relative humidity, percent.
    pub relative_humidity_percent: Option<&'a [f64]>,
    /// Dew point, °C; taken where there is no relative humidity.
    pub dew_point_c: Option<&'a [f64]>,
    /// Wind, m/s.
    pub wind_speed_m_s: Option<&'a [f64]>,
    /// Solar radiation of the hour that ends at the stamp, MJ/m².
    pub shortwave_radiation_mj_m2: Option<&'a [f64]>,
    /// Pressure at the station, hPa.
    pub surface_pressure_hpa: Option<&'a [f64]>,
}

/// Reference evapotranspiration of each hour, mm. `NaN` where something it needs is absent.
///
/// The sun is that of the middle of the hour, 30 minutes before the stamp; its day of the year is
/// counted by the mean sun at the longitude. It is night where net radiation is negative, as
/// ASCE-EWRI 2005 has it. While the sun is lower than 0.3 rad the sky is as cloudy as before it sank;
/// before the first known hour of a series, as in that hour. With `fills_missing` radiation and humidity
/// come from the extremes of the solar day, of which 20 hours must be known, and wind is 2 m/s, each
/// flagged.
///
/// # Errors
/// [`WeatherError`] for columns of another length, for a temperature that is not there, and for FAO-56
/// over a tall reference.
///
/// # Source
/// FAO-56 equation 53; ASCE-EWRI 2005 equation 1, with the equations that lead to them.
pub fn hourly_et(
    hours: Hours,
    weather: &EtHours<'_>,
    site: &EtSite,
    method: EtMethod,
    with_intermediates: bool,
) -> Result<EtColumns, WeatherError> {
    method.check()?;
    weather.check(hours.count)?;
    let mut columns = EtColumns {
        et_mm: Vec::with_capacity(hours.count),
        filled: Vec::with_capacity(hours.count),
        ..EtColumns::default()
    };
    let axis = SolarAxis::new(hours, site.longitude_deg);
    let place = Place::new(site, method, &axis);
    let mut rows = DayRows {
        begin: 0,
        end: hours.count.min(SLOTS - axis.first_slot),
        slot: axis.first_slot,
    };
    let mut date = axis.first;
    let (mut day, mut next) = (SolarDay::NONE, SolarDay::NONE);
    place.read(&mut day, weather, rows, date);
    let mut evening_before = f64::NAN;
    let mut values = DayValues::NONE;
    while rows.begin < rows.end {
        let next_rows = rows.next(hours.count);
        date = date.tomorrow().unwrap_or(date);
        next.sky.first = f64::NAN;
        if next_rows.begin < next_rows.end {
            place.read(&mut next, weather, next_rows, date);
        }
        let evening = day.sky.last;
        day.sky.fill(evening_before, next.sky.first);
        place.day(&day, weather, rows, &mut values);
        values.append(&day, rows, with_intermediates, &mut columns);
        evening_before = evening;
        std::mem::swap(&mut day, &mut next);
        rows = next_rows;
    }
    Ok(columns)
}

/// Rows of a solar day, and the slot of the first.
#[derive(Debug, Clone, Copy)]
struct DayRows {
    begin: usize,
    end: usize,
    slot: usize,
}

impl DayRows {
    fn next(self, count: usize) -> Self {
        Self {
            begin: self.end,
            end: count.min(self.end + SLOTS),
            slot: 0,
        }
    }

    fn count(self) -> usize {
        self.end - self.begin
    }
}

impl EtHours<'_> {
    fn check(&self, count: usize) -> Result<(), WeatherError> {
        for (column, values) in [
            ("air_temperature_c", self.air_temperature_c),
            ("relative_humidity_percent", self.relative_humidity_percent),
            ("dew_point_c", self.dew_point_c),
            ("wind_speed_m_s", self.wind_speed_m_s),
            ("shortwave_radiation_mj_m2", self.shortwave_radiation_mj_m2),
            ("surface_pressure_hpa", self.surface_pressure_hpa),
        ] {
            let found = values.map_or(count, <[f64]>::len);
            if found != count {
                return Err(WeatherError::LengthMismatch {
                    column,
                    found,
                    expected: count,
                });
            }
        }
        if self.air_temperature_c.is_none() {
            return Err(WeatherError::ColumnMissing {
                column: "air_temperature_c",
                quantity: "reference evapotranspiration",
            });
        }
        Ok(())
    }
}

/// A day's rows of a column; absent where it is not there.
fn rows_of(column: Option<&[f64]>, rows: DayRows) -> &[f64] {
    const ABSENT: [f64; SLOTS] = [f64::NAN; SLOTS];
    match column {
        Some(values) => &values[rows.begin..rows.end],
        None => &ABSENT[..rows.count()],
    }
}

/// A day's sun, radiation and sky, by slot.
#[derive(Debug, Clone)]
struct SolarDay {
    sun: SunHours,
    /// Solar radiation, MJ/m² h, measured or filled; `NaN` where absent and beyond the series.
    solar: [f64; SLOTS],
    is_filled: [bool; SLOTS],
    sky: Sky,
    /// Vapour pressure by the ladder, kPa; `NaN` where it is not to be filled.
    filled_vapour_pressure: f64,
}

impl SolarDay {
    const NONE: Self = Self {
        sun: SunHours::DARK,
        solar: [f64::NAN; SLOTS],
        is_filled: [false; SLOTS],
        sky: Sky::UNKNOWN,
        filled_vapour_pressure: f64::NAN,
    };

    /// Fills from the extremes of a day's temperatures, where enough of them are there.
    fn fill(&mut self, temperatures: &[f64], slots: std::ops::Range<usize>) {
        let known = || temperatures.iter().copied().filter(|value| !value.is_nan());
        if known().count() < LEAST_HOURS_OF_EXTREMES {
            return;
        }
        let (min, max) = known().fold((f64::MAX, f64::MIN), |(min, max), value| {
            (value.min(min), value.max(max))
        });
        self.filled_vapour_pressure = saturation_vapour_pressure_kpa(min - DEW_POINT_BELOW_MIN_K);
        for slot in slots {
            if self.solar[slot].is_nan() {
                let extraterrestrial = self.sun.extraterrestrial[slot];
                self.solar[slot] = radiation_of_temperatures(max, min, extraterrestrial)
                    .min(self.sun.clear_sky[slot]);
                self.is_filled[slot] = true;
            }
        }
    }
}

/// A day's results, by row of the day.
struct DayValues {
    et_mm: [f64; SLOTS],
    filled: [u8; SLOTS],
    net_longwave: [f64; SLOTS],
    net_radiation: [f64; SLOTS],
    soil_heat_flux: [f64; SLOTS],
    saturation: [f64; SLOTS],
    vapour_pressure: [f64; SLOTS],
    slope: [f64; SLOTS],
    psychrometric: [f64; SLOTS],
    wind: [f64; SLOTS],
}

impl DayValues {
    const NONE: Self = Self {
        et_mm: [f64::NAN; SLOTS],
        filled: [0; SLOTS],
        net_longwave: [f64::NAN; SLOTS],
        net_radiation: [f64::NAN; SLOTS],
        soil_heat_flux: [f64::NAN; SLOTS],
        saturation: [f64::NAN; SLOTS],
        vapour_pressure: [f64::NAN; SLOTS],
        slope: [f64::NAN; SLOTS],
        psychrometric: [f64::NAN; SLOTS],
        wind: [f64::NAN; SLOTS],
    };

    fn append(&self, day: &SolarDay, rows: DayRows, all: bool, columns: &mut EtColumns) {
        let count = rows.count();
        columns.et_mm.extend_from_slice(&self.et_mm[..count]);
        columns.filled.extend_from_slice(&self.filled[..count]);
        if !all {
            return;
        }
        let slots = rows.slot..rows.slot + count;
        let into = &mut columns.intermediates;
        for (column, values) in [
            (&mut into.net_longwave_mj_m2, &self.net_longwave),
            (&mut into.net_radiation_mj_m2, &self.net_radiation),
            (&mut into.soil_heat_flux_mj_m2, &self.soil_heat_flux),
            (&mut into.saturation_vapour_pressure_kpa, &self.saturation),
            (&mut into.vapour_pressure_kpa, &self.vapour_pressure),
            (&mut into.slope_kpa_k, &self.slope),
            (&mut into.psychrometric_constant_kpa_k, &self.psychrometric),
            (&mut into.wind_speed_2m_m_s, &self.wind),
        ] {
            column.extend_from_slice(&values[..count]);
        }
        for (column, values) in [
            (
                &mut into.extraterrestrial_radiation_mj_m2,
                &day.sun.extraterrestrial,
            ),
            (&mut into.clear_sky_radiation_mj_m2, &day.sun.clear_sky),
            (&mut into.solar_radiation_mj_m2, &day.solar),
        ] {
            column.extend_from_slice(&values[slots.clone()]);
        }
    }
}

/// What stays the same from day to day.
struct Place {
    solar: SolarPlace,
    psychrometric: f64,
    wind_factor: f64,
    slope_factor: f64,
    by_day: EtConstants,
    by_night: EtConstants,
    method: EtMethod,
}

impl Place {
    fn new(site: &EtSite, method: EtMethod, axis: &SolarAxis) -> Self {
        let pressure = pressure_of_elevation_kpa(site.elevation_m);
        Self {
            solar: SolarPlace::new(site, axis),
            psychrometric: psychrometric_constant_kpa_k(pressure),
            wind_factor: wind_profile_factor(site.wind_height_m),
            // The slope's factor before the exponential: FAO-56 equation 13, ASCE-EWRI 2005 equation 36.
            slope_factor: match method.equation {
                EtEquation::Fao56 => 4098.0 * 0.6108,
                EtEquation::Asce2005 => 2503.0,
            },
            by_day: EtConstants::of_hour(method.equation, method.reference, false),
            by_night: EtConstants::of_hour(method.equation, method.reference, true),
            method,
        }
    }

    /// Reads a day's sun, radiation and sky.
    fn read(
        &self,
        day: &mut SolarDay,
        weather: &EtHours<'_>,
        rows: DayRows,
        date: jiff::civil::Date,
    ) {
        self.solar.sun(date, &mut day.sun);
        let solar = rows_of(weather.shortwave_radiation_mj_m2, rows);
        let slots = rows.slot..rows.slot + rows.count();
        if slots.len() < SLOTS {
            day.solar = [f64::NAN; SLOTS];
        }
        day.solar[slots.clone()].copy_from_slice(solar);
        day.is_filled = [false; SLOTS];
        day.filled_vapour_pressure = f64::NAN;
        if self.method.fills_missing {
            day.fill(rows_of(weather.air_temperature_c, rows), slots);
        }
        day.sky.read(&day.sun, &day.solar);
    }

    fn day(&self, day: &SolarDay, weather: &EtHours<'_>, rows: DayRows, values: &mut DayValues) {
        let temperatures = rows_of(weather.air_temperature_c, rows);
        values.filled = [0; SLOTS];
        self.saturation(temperatures, values);
        self.humidity(day, weather, rows, values);
        self.wind(weather, rows, values);
        self.pressure(weather, rows, values);
        let slots = rows.slot..rows.slot + rows.count();
        let (solar, clouds) = (&day.solar[slots.clone()], &day.sky.by_slot[slots.clone()]);
        for (row, &temperature_c) in temperatures.iter().enumerate() {
            let vapour_pressure = values.vapour_pressure[row];
            let net_longwave = net_longwave_hour(temperature_c, vapour_pressure, clouds[row]);
            let net_radiation = net_shortwave(solar[row]) - net_longwave;
            let is_night = net_radiation < 0.0;
            let constants = if is_night {
                &self.by_night
            } else {
                &self.by_day
            };
            let deficit = values.saturation[row] - vapour_pressure;
            let air = Combination {
                temperature_c,
                net_radiation,
                deficit_kpa: if deficit < 0.0 { 0.0 } else { deficit },
                wind_speed_2m_m_s: values.wind[row],
                slope_kpa_k: values.slope[row],
                psychrometric_kpa_k: values.psychrometric[row],
            };
            let et_mm = reference_et_mm(&air, constants);
            let is_floored = self.method.floors_at_zero && et_mm < 0.0;
            values.et_mm[row] = if is_floored { 0.0 } else { et_mm };
            values.net_longwave[row] = net_longwave;
            values.net_radiation[row] = net_radiation;
            values.soil_heat_flux[row] = net_radiation * constants.soil_share;
        }
        for (row, slot) in slots.enumerate() {
            if day.is_filled[slot] {
                values.filled[row] |= filled::RADIATION;
            }
            if values.et_mm[row].is_nan() {
                values.filled[row] = 0;
            }
        }
    }

    /// Saturation pressure and its slope, by one exponential.
    fn saturation(&self, temperatures: &[f64], values: &mut DayValues) {
        for (row, &temperature_c) in temperatures.iter().enumerate() {
            let exponential = tetens_exponential(temperature_c);
            let offset = temperature_c + 237.3;
            values.saturation[row] = 0.6108 * exponential;
            values.slope[row] = self.slope_factor * exponential / (offset * offset);
        }
    }

    fn humidity(
        &self,
        day: &SolarDay,
        weather: &EtHours<'_>,
        rows: DayRows,
        values: &mut DayValues,
    ) {
        let humidities = rows_of(weather.relative_humidity_percent, rows);
        for (row, &humidity) in humidities.iter().enumerate() {
            values.vapour_pressure[row] = values.saturation[row] * (humidity / 100.0);
        }
        if weather.dew_point_c.is_some() {
            for (row, &dew_point_c) in rows_of(weather.dew_point_c, rows).iter().enumerate() {
                if humidities[row].is_nan() {
                    values.vapour_pressure[row] = saturation_vapour_pressure_kpa(dew_point_c);
                }
            }
        }
        if self.method.fills_missing && !day.filled_vapour_pressure.is_nan() {
            for row in 0..rows.count() {
                if values.vapour_pressure[row].is_nan() {
                    // The dew point of the day, not above saturation in the hour.
                    let saturation = values.saturation[row];
                    values.vapour_pressure[row] = day.filled_vapour_pressure.min(saturation);
                    values.filled[row] |= filled::HUMIDITY;
                }
            }
        }
    }

    fn wind(&self, weather: &EtHours<'_>, rows: DayRows, values: &mut DayValues) {
        for (row, &wind) in rows_of(weather.wind_speed_m_s, rows).iter().enumerate() {
            values.wind[row] = wind * self.wind_factor;
        }
        if self.method.fills_missing {
            for row in 0..rows.count() {
                if values.wind[row].is_nan() {
                    values.wind[row] = FILLED_WIND_M_S;
                    values.filled[row] |= filled::WIND;
                }
            }
        }
    }

    fn pressure(&self, weather: &EtHours<'_>, rows: DayRows, values: &mut DayValues) {
        for (row, &pressure_hpa) in rows_of(weather.surface_pressure_hpa, rows)
            .iter()
            .enumerate()
        {
            if pressure_hpa.is_nan() {
                values.psychrometric[row] = self.psychrometric;
                values.filled[row] |= filled::PRESSURE;
            } else {
                values.psychrometric[row] = psychrometric_constant_kpa_k(pressure_hpa / 10.0);
            }
        }
    }
}
