//! Reference evapotranspiration.

use furrow_agromet::et::{EtColumns, EtEquation, EtIntermediates, EtMethod, EtReference};
use furrow_agromet::radiation::SolarForm;
use furrow_agromet::{EtDays, EtHours, daily_et, hourly_et};
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::{Cancel, CpuScope};
use rayon::prelude::*;

use crate::MAX_ANSWER_BYTES;
use crate::columns::{column_bytes, method, named_column};
use crate::daily::Daily;
use crate::hourly::Hourly;
use crate::sites::site;
use crate::status::CallError;

/// Most stations of a call.
const MAX_STATIONS: usize = 1_000;

/// Longest name of a station, bytes.
const MAX_NAME_BYTES: usize = 64;

/// Bytes that a value takes in the answer: a number and its flags, or eleven numbers more.
const PLAIN_BYTES: usize = 9;
const WHOLE_BYTES: usize = PLAIN_BYTES + 11 * 8;

/// Bytes that a station's and its columns' names take in the answer, at most.
const NAMES_BYTES: usize = 1_024;

/// Answers `EstimateHourlyEt`.
pub(crate) fn estimate_hourly_et(
    request: &proto::EstimateHourlyEtRequest,
    cancel: &Cancel,
) -> Result<proto::EstimateHourlyEtResponse, CallError> {
    let asked = et_method(request.method)?;
    let with_intermediates = request.with_intermediates;
    let counts = request.stations.iter().map(|station| {
        let axis = station.hours.as_ref().and_then(|hours| hours.hours);
        axis.map_or(0, |hours| hours.count)
    });
    check_size(counts, with_intermediates)?;
    let stations = each(&request.stations, cancel, |field, station| {
        let station_id = station_id(field, &station.station_id)?;
        let site = site(&format!("{field}.site"), station.site.as_ref())?;
        let Hourly { hours, columns } =
            Hourly::read(&format!("{field}.hours"), station.hours.as_ref())?;
        let weather = EtHours {
            air_temperature_c: columns.air_temperature_c.as_deref(),
            relative_humidity_percent: columns.relative_humidity_percent.as_deref(),
            dew_point_c: columns.dew_point_c.as_deref(),
            wind_speed_m_s: columns.wind_speed_m_s.as_deref(),
            shortwave_radiation_mj_m2: columns.shortwave_radiation_mj_m2.as_deref(),
            surface_pressure_hpa: columns.surface_pressure_hpa.as_deref(),
        };
        let et = hourly_et(hours, &weather, &site, asked, with_intermediates)?;
        Ok(et_message(station_id, et, with_intermediates))
    })?;
    Ok(proto::EstimateHourlyEtResponse {
        stations,
        method: Some(method_message(asked, "hourly", "equation 53")),
    })
}

/// Answers `EstimateDailyEt`.
pub(crate) fn estimate_daily_et(
    request: &proto::EstimateDailyEtRequest,
    cancel: &Cancel,
) -> Result<proto::EstimateDailyEtResponse, CallError> {
    let asked = et_method(request.method)?;
    let with_intermediates = request.with_intermediates;
    let counts = request.stations.iter().map(|station| {
        let axis = station.days.as_ref().and_then(|days| days.days.as_ref());
        axis.map_or(0, |days| days.count)
    });
    check_size(counts, with_intermediates)?;
    let stations = each(&request.stations, cancel, |field, station| {
        let station_id = station_id(field, &station.station_id)?;
        let site = site(&format!("{field}.site"), station.site.as_ref())?;
        let Daily { days, mut columns } =
            Daily::read(&format!("{field}.days"), station.days.as_ref())?;
        clamp(&mut columns.relative_humidity_max_percent, 0.0, 100.0);
        clamp(&mut columns.relative_humidity_min_percent, 0.0, 100.0);
        clamp(&mut columns.relative_humidity_mean_percent, 0.0, 100.0);
        clamp(&mut columns.shortwave_radiation_mj_m2, 0.0, 60.0);
        let weather = EtDays {
            temperature_min_c: columns.temperature_min_c.as_deref(),
            temperature_max_c: columns.temperature_max_c.as_deref(),
            night_temperature_min_c: columns.night_temperature_min_c.as_deref(),
            vapour_pressure_kpa: columns.vapour_pressure_kpa.as_deref(),
            dew_point_mean_c: columns.dew_point_mean_c.as_deref(),
            relative_humidity_max_percent: columns.relative_humidity_max_percent.as_deref(),
            relative_humidity_min_percent: columns.relative_humidity_min_percent.as_deref(),
            relative_humidity_mean_percent: columns.relative_humidity_mean_percent.as_deref(),
            wind_speed_mean_m_s: columns.wind_speed_mean_m_s.as_deref(),
            shortwave_radiation_mj_m2: columns.shortwave_radiation_mj_m2.as_deref(),
            sunshine_h: columns.sunshine_h.as_deref(),
            surface_pressure_mean_hpa: columns.surface_pressure_mean_hpa.as_deref(),
        };
        let form = SolarForm::Standard;
        let et = daily_et(days, &weather, &site, asked, form, with_intermediates)?;
        Ok(et_message(station_id, et, with_intermediates))
    })?;
    Ok(proto::EstimateDailyEtResponse {
        stations,
        method: Some(method_message(asked, "daily", "equation 6")),
    })
}

/// Answers for each station, on all threads, unless nobody waits any more.
fn each<S, F>(
    stations: &[S],
    cancel: &Cancel,
    answer: F,
) -> Result<Vec<proto::EtColumns>, CallError>
where
    S: Sync,
    F: Fn(&str, &S) -> Result<proto::EtColumns, CallError> + Sync,
{
    if stations.is_empty() || stations.len() > MAX_STATIONS {
        let reason = format!("has {}; 1 to {MAX_STATIONS} are allowed", stations.len());
        return Err(CallError::request("stations", reason));
    }
    // Parts are charged where they run, to the request that waits for them.
    let cpu = CpuScope::current();
    let answers: Vec<Result<proto::EtColumns, CallError>> = stations
        .par_iter()
        .enumerate()
        .map(|(at, station)| {
            cpu.run(|| {
                cancel.check()?;
                answer(&format!("stations[{at}]"), station)
            })
        })
        .collect();
    // Of several that are wrong the first is named, whichever thread was faster.
    answers.into_iter().collect()
}

/// Refuses what would not fit an answer, before it is computed.
fn check_size(
    counts: impl Iterator<Item = u32>,
    with_intermediates: bool,
) -> Result<(), CallError> {
    let bytes = if with_intermediates {
        WHOLE_BYTES
    } else {
        PLAIN_BYTES
    };
    let (stations, together) = counts.fold((0, 0), |(stations, together), count| {
        (stations + 1, together + u64::from(count))
    });
    let room = MAX_ANSWER_BYTES.saturating_sub(stations * NAMES_BYTES);
    let most = u64::try_from(room / bytes).expect("64 bits fit");
    if together > most {
        let reason = format!("have {together} values together; {most} fit an answer");
        return Err(CallError::request("stations", reason));
    }
    Ok(())
}

fn station_id(field: &str, station_id: &str) -> Result<String, CallError> {
    if station_id.len() > MAX_NAME_BYTES {
        let reason = format!(
            "has {} bytes; {MAX_NAME_BYTES} are allowed",
            station_id.len()
        );
        return Err(CallError::request(format!("{field}.station_id"), reason));
    }
    Ok(station_id.to_owned())
}

fn et_method(message: Option<proto::EtMethod>) -> Result<EtMethod, CallError> {
    let Some(message) = message else {
        return Err(CallError::request("method", "is missing"));
    };
    let equation = match message.equation() {
        proto::EtEquation::Fao56 => EtEquation::Fao56,
        proto::EtEquation::Asce2005 => EtEquation::Asce2005,
        proto::EtEquation::Unspecified => return Err(unspecified("method.equation")),
    };
    let reference = match message.reference() {
        proto::EtReference::Short => EtReference::Short,
        proto::EtReference::Tall => EtReference::Tall,
        proto::EtReference::Unspecified => return Err(unspecified("method.reference")),
    };
    let asked = EtMethod {
        equation,
        reference,
        fills_missing: message.fills_missing,
        floors_at_zero: message.floors_at_zero,
    };
    asked.check()?;
    Ok(asked)
}

fn unspecified(field: &str) -> CallError {
    CallError::request(field, "is not specified")
}

/// Sensors drift past the ends of what can be; within the contract's tolerance they mean the end.
fn clamp(column: &mut Option<Vec<f64>>, min: f64, max: f64) {
    for value in column.iter_mut().flatten() {
        *value = value.clamp(min, max);
    }
}

fn method_message(asked: EtMethod, step: &str, fao56: &str) -> proto::Method {
    let (name, source) = match (asked.equation, asked.reference) {
        (EtEquation::Fao56, _) => (format!("fao56_{step}"), format!("FAO-56 (1998), {fao56}")),
        (EtEquation::Asce2005, EtReference::Short) => (
            format!("asce2005_short_{step}"),
            "ASCE-EWRI 2005, equation 1".to_owned(),
        ),
        (EtEquation::Asce2005, EtReference::Tall) => (
            format!("asce2005_tall_{step}"),
            "ASCE-EWRI 2005, equation 1".to_owned(),
        ),
    };
    method("et_mm", &name, &source)
}

fn et_message(station_id: String, et: EtColumns, with_intermediates: bool) -> proto::EtColumns {
    proto::EtColumns {
        station_id,
        et_mm: column_bytes(&et.et_mm),
        filled: et.filled.into(),
        intermediates: if with_intermediates {
            intermediates(&et.intermediates)
        } else {
            Vec::new()
        },
    }
}

/// Intermediate values, under the names of the contract.
fn intermediates(values: &EtIntermediates) -> Vec<proto::NamedColumn> {
    macro_rules! named {
        ($($name:ident,)*) => {
            vec![$(named_column(stringify!($name), &values.$name),)*]
        };
    }
    named![
        extraterrestrial_radiation_mj_m2,
        clear_sky_radiation_mj_m2,
        net_radiation_mj_m2,
        soil_heat_flux_mj_m2,
        saturation_vapour_pressure_kpa,
        vapour_pressure_kpa,
        slope_kpa_k,
        psychrometric_constant_kpa_k,
        wind_speed_2m_m_s,
        net_longwave_mj_m2,
        solar_radiation_mj_m2,
    ]
}

#[cfg(test)]
mod tests;
