//! Thresholds, with every value checked.

use furrow_agromet::windows::{
    DiseaseThresholds, FrostThresholds, HarvestThresholds, IrrigationThresholds, SprayThresholds,
};
use furrow_rpc::weather::v1 as proto;

use crate::columns::between;
use crate::status::CallError;

/// Strongest wind that a threshold may be, m/s.
const MOST_WIND_M_S: f64 = 60.0;

/// Lowest and highest temperature that a threshold may be, °C.
const TEMPERATURES_C: (f64, f64) = (-50.0, 65.0);

/// A depth of rain that is none; the least that a threshold of rain may be, mm.
const LEAST_RAIN_MM: f64 = 0.01;

/// Hours, as many as are allowed.
fn hours(field: &str, found: u32, min: f64, max: f64) -> Result<usize, CallError> {
    between(field, f64::from(found), min, max)?;
    Ok(usize::try_from(found).expect("32 bits fit"))
}

/// Reads what spraying asks for.
pub(super) fn spray(of: &proto::SprayThresholds) -> Result<SprayThresholds, CallError> {
    let number = |name: &str, found, min, max| between(&format!("spray.{name}"), found, min, max);
    let (coldest, hottest) = TEMPERATURES_C;
    let least_wind = number("min_wind_m_s", of.min_wind_m_s, 0.0, MOST_WIND_M_S)?;
    let least_delta = number("min_delta_t_k", of.min_delta_t_k, 0.0, 50.0)?;
    let marginal_delta = number(
        "marginal_delta_t_k",
        of.marginal_delta_t_k,
        least_delta,
        50.0,
    )?;
    let least_temperature = number("min_temperature_c", of.min_temperature_c, coldest, hottest)?;
    Ok(SprayThresholds {
        min_wind_m_s: least_wind,
        max_wind_m_s: number("max_wind_m_s", of.max_wind_m_s, least_wind, MOST_WIND_M_S)?,
        max_gust_m_s: number("max_gust_m_s", of.max_gust_m_s, least_wind, MOST_WIND_M_S)?,
        min_delta_t_k: least_delta,
        marginal_delta_t_k: marginal_delta,
        max_delta_t_k: number("max_delta_t_k", of.max_delta_t_k, marginal_delta, 50.0)?,
        min_temperature_c: least_temperature,
        max_temperature_c: number(
            "max_temperature_c",
            of.max_temperature_c,
            least_temperature,
            hottest,
        )?,
        dry_hours_after: hours("spray.dry_hours_after", of.dry_hours_after, 0.0, 48.0)?,
        rain_from_mm: number("rain_from_mm", of.rain_from_mm, LEAST_RAIN_MM, 500.0)?,
        refuses_wet_leaves: of.refuses_wet_leaves,
        inversion_cloud_below_percent: number(
            "inversion_cloud_below_percent",
            of.inversion_cloud_below_percent,
            0.0,
            100.0,
        )?,
        inversion_wind_below_m_s: number(
            "inversion_wind_below_m_s",
            of.inversion_wind_below_m_s,
            0.0,
            MOST_WIND_M_S,
        )?,
        inversion_sunset_hours: number(
            "inversion_sunset_hours",
            of.inversion_sunset_hours,
            0.0,
            4.0,
        )?,
        inversion_sunrise_hours: number(
            "inversion_sunrise_hours",
            of.inversion_sunrise_hours,
            0.0,
            4.0,
        )?,
    })
}

/// Reads what protection against frost asks for.
pub(super) fn frost(of: &proto::FrostProtectionThresholds) -> Result<FrostThresholds, CallError> {
    let number = |name: &str, found, min, max| between(&format!("frost.{name}"), found, min, max);
    let start = number("start_wet_bulb_c", of.start_wet_bulb_c, -20.0, 20.0)?;
    Ok(FrostThresholds {
        start_wet_bulb_c: start,
        stop_wet_bulb_c: number("stop_wet_bulb_c", of.stop_wet_bulb_c, start, 20.0)?,
        max_wind_m_s: number("max_wind_m_s", of.max_wind_m_s, 0.1, MOST_WIND_M_S)?,
    })
}

/// Reads what irrigation asks for.
pub(super) fn irrigation(
    of: &proto::IrrigationThresholds,
) -> Result<IrrigationThresholds, CallError> {
    let number =
        |name: &str, found, min, max| between(&format!("irrigation.{name}"), found, min, max);
    let (coldest, hottest) = TEMPERATURES_C;
    Ok(IrrigationThresholds {
        max_wind_m_s: number("max_wind_m_s", of.max_wind_m_s, 0.0, MOST_WIND_M_S)?,
        marginal_vpd_kpa: number("marginal_vpd_kpa", of.marginal_vpd_kpa, 0.0, 20.0)?,
        min_temperature_c: number("min_temperature_c", of.min_temperature_c, coldest, hottest)?,
        rain_from_mm: number("rain_from_mm", of.rain_from_mm, LEAST_RAIN_MM, 500.0)?,
        rain_hours_ahead: hours(
            "irrigation.rain_hours_ahead",
            of.rain_hours_ahead,
            0.0,
            72.0,
        )?,
    })
}

/// Reads what harvest asks for.
pub(super) fn harvest(of: &proto::HarvestThresholds) -> Result<HarvestThresholds, CallError> {
    let number = |name: &str, found, min, max| between(&format!("harvest.{name}"), found, min, max);
    let most = number(
        "max_relative_humidity_percent",
        of.max_relative_humidity_percent,
        0.0,
        // Humidity counts as 100 at most; above, it would never be too damp.
        100.0,
    )?;
    Ok(HarvestThresholds {
        max_relative_humidity_percent: most,
        marginal_relative_humidity_percent: number(
            "marginal_relative_humidity_percent",
            of.marginal_relative_humidity_percent,
            0.0,
            most,
        )?,
        dry_hours_before: hours("harvest.dry_hours_before", of.dry_hours_before, 0.0, 96.0)?,
        rain_from_mm: number("rain_from_mm", of.rain_from_mm, LEAST_RAIN_MM, 500.0)?,
        min_vpd_kpa: number("min_vpd_kpa", of.min_vpd_kpa, 0.0, 20.0)?,
    })
}

/// Reads what a disease needs.
pub(super) fn disease(of: &proto::DiseaseThresholds) -> Result<DiseaseThresholds, CallError> {
    let number = |name: &str, found, min, max| between(&format!("disease.{name}"), found, min, max);
    let (coldest, hottest) = TEMPERATURES_C;
    let least = number("min_temperature_c", of.min_temperature_c, coldest, hottest)?;
    Ok(DiseaseThresholds {
        min_temperature_c: least,
        max_temperature_c: number("max_temperature_c", of.max_temperature_c, least, hottest)?,
        risk_wet_hours: hours("disease.risk_wet_hours", of.risk_wet_hours, 1.0, 96.0)?,
        marginal_wet_hours: hours(
            "disease.marginal_wet_hours",
            of.marginal_wet_hours,
            0.0,
            f64::from(of.risk_wet_hours),
        )?,
    })
}
