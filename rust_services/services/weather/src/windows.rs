//! When something can be done.

mod thresholds;

use furrow_agromet::Hours;
use furrow_agromet::sun::Position;
use furrow_agromet::windows::{
    HourStatus, JudgedHour, LimitingFactor, Run, Sought, WindowWeather, judge_disease,
    judge_frost_protection, judge_harvest, judge_irrigation, judge_spraying, runs,
};
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;
use proto::find_windows_request::Thresholds;

use crate::columns::{between, column_bytes, hours_message, method, timestamp};
use crate::hourly::Hourly;
use crate::status::CallError;

/// Answers `FindWindows`.
pub(crate) fn find_windows(
    request: &proto::FindWindowsRequest,
    _cancel: &Cancel,
) -> Result<proto::FindWindowsResponse, CallError> {
    let hourly = Hourly::read("hours", request.hours.as_ref())?;
    let weather = weather(&hourly, request.site.as_ref())?;
    between("min_hours", f64::from(request.min_hours), 1.0, 72.0)?;
    let Some(asked_for) = &request.thresholds else {
        return Err(CallError::request("thresholds", "is missing"));
    };
    let (judged, sought) = match asked_for {
        Thresholds::Spray(of) => {
            let of = thresholds::spray(of)?;
            (judge_spraying(&weather, &of), Sought::Suitable)
        }
        Thresholds::Frost(of) => {
            let of = thresholds::frost(of)?;
            let sought = Sought::Unsuitable(LimitingFactor::WetBulb);
            (judge_frost_protection(&weather, &of), sought)
        }
        Thresholds::Irrigation(of) => {
            let of = thresholds::irrigation(of)?;
            (judge_irrigation(&weather, &of), Sought::Suitable)
        }
        Thresholds::Harvest(of) => {
            let of = thresholds::harvest(of)?;
            (judge_harvest(&weather, &of), Sought::Suitable)
        }
        Thresholds::Disease(of) => {
            let of = thresholds::disease(of)?;
            let sought = Sought::Unsuitable(LimitingFactor::Infection);
            (judge_disease(&weather, &of), sought)
        }
    };
    let min_hours = usize::try_from(request.min_hours).expect("32 bits fit");
    let found = runs(&judged, sought, min_hours);
    Ok(answer(hourly.hours, &judged, &found, asked_for))
}

fn weather<'a>(
    hourly: &'a Hourly,
    site: Option<&proto::Site>,
) -> Result<WindowWeather<'a>, CallError> {
    let Some(site) = site else {
        return Err(CallError::request("site", "is missing"));
    };
    let columns = &hourly.columns;
    Ok(WindowWeather {
        hours: hourly.hours,
        position: Position {
            latitude_deg: between("site.latitude_deg", site.latitude_deg, -90.0, 90.0)?,
            longitude_deg: between("site.longitude_deg", site.longitude_deg, -180.0, 180.0)?,
        },
        elevation_m: between("site.elevation_m", site.elevation_m, -450.0, 6500.0)?,
        wind_height_m: between("site.wind_height_m", site.wind_height_m, 0.5, 100.0)?,
        air_temperature_c: columns.air_temperature_c.as_deref(),
        relative_humidity_percent: columns.relative_humidity_percent.as_deref(),
        dew_point_c: columns.dew_point_c.as_deref(),
        wind_speed_m_s: columns.wind_speed_m_s.as_deref(),
        wind_gust_m_s: columns.wind_gust_m_s.as_deref(),
        precipitation_mm: columns.precipitation_mm.as_deref(),
        surface_pressure_hpa: columns.surface_pressure_hpa.as_deref(),
        cloud_cover_percent: columns.cloud_cover_percent.as_deref(),
    })
}

fn answer(
    hours: Hours,
    judged: &[JudgedHour],
    found: &[Run],
    asked_for: &Thresholds,
) -> proto::FindWindowsResponse {
    let status: Vec<u8> = judged.iter().map(|hour| status_byte(hour.status)).collect();
    let limiting: Vec<u8> = judged
        .iter()
        .map(|hour| factor_number(hour.limiting_factor))
        .map(|number| u8::try_from(number).expect("there are few factors"))
        .collect();
    let margin: Vec<f64> = judged.iter().map(|hour| hour.margin).collect();
    let window = |run: &Run| proto::Window {
        // The hour stamped t is the one that ends at t.
        from: Some(timestamp(hours.stamp_s(run.first) - furrow_agromet::HOUR_S)),
        until: Some(timestamp(hours.stamp_s(run.first + run.count - 1))),
        ended_by: factor_number(run.ended_by),
        least_margin: run.least_margin,
    };
    proto::FindWindowsResponse {
        hours: Some(hours_message(hours)),
        status: status.into(),
        limiting_factor: limiting.into(),
        margin: column_bytes(&margin),
        windows: found.iter().map(window).collect(),
        methods: methods(asked_for),
    }
}

fn methods(asked_for: &Thresholds) -> Vec<proto::Method> {
    let wet_bulb = method("wet_bulb_c", "psychrometric", "WMO-No. 8 (2018), annex 4.B");
    let wind = method(
        "wind_speed_2m_m_s",
        "fao56_eq47",
        "FAO-56 (Allen et al. 1998)",
    );
    let deficit = method("vapour_pressure_deficit_kpa", "tetens", "FAO-56, eq 11");
    let wetness = method("leaf_wetness", "threshold", "Sentelhas et al. (2008)");
    match asked_for {
        Thresholds::Spray(_) => vec![
            method("status", "delta_t_wind_inversion", "GRDC spray manual; BoM"),
            wet_bulb,
            wind,
            wetness,
            method("inversion", "night_wind_cloud_proxy", "GRDC spray manual"),
            method("sun", "noaa_solar_calculation", "Meeus (1998)"),
        ],
        Thresholds::Frost(_) => vec![
            method(
                "status",
                "wet_bulb_start_stop",
                "FAO Frost protection (2005)",
            ),
            wet_bulb,
            wind,
        ],
        Thresholds::Irrigation(_) => {
            vec![method("status", "thresholds", "the profile"), wind, deficit]
        }
        Thresholds::Harvest(_) => {
            vec![
                method("status", "thresholds", "the profile"),
                deficit,
                wetness,
            ]
        }
        Thresholds::Disease(_) => {
            vec![method("status", "wet_hours", "the profile"), wetness]
        }
    }
}

fn status_byte(status: HourStatus) -> u8 {
    let status = match status {
        HourStatus::Unknown => proto::HourStatus::Unspecified,
        HourStatus::Suitable => proto::HourStatus::Suitable,
        HourStatus::Marginal => proto::HourStatus::Marginal,
        HourStatus::Unsuitable => proto::HourStatus::Unsuitable,
    };
    u8::try_from(i32::from(status)).expect("there are few")
}

fn factor_number(factor: Option<LimitingFactor>) -> i32 {
    let factor = match factor {
        None => proto::LimitingFactor::Unspecified,
        Some(LimitingFactor::MissingData) => proto::LimitingFactor::MissingData,
        Some(LimitingFactor::Calm) => proto::LimitingFactor::Calm,
        Some(LimitingFactor::Wind) => proto::LimitingFactor::Wind,
        Some(LimitingFactor::Gusts) => proto::LimitingFactor::Gusts,
        Some(LimitingFactor::Inversion) => proto::LimitingFactor::Inversion,
        Some(LimitingFactor::DeltaTLow) => proto::LimitingFactor::DeltaTLow,
        Some(LimitingFactor::DeltaTHigh) => proto::LimitingFactor::DeltaTHigh,
        Some(LimitingFactor::Cold) => proto::LimitingFactor::Cold,
        Some(LimitingFactor::Heat) => proto::LimitingFactor::Heat,
        Some(LimitingFactor::Rain) => proto::LimitingFactor::Rain,
        Some(LimitingFactor::RainAhead) => proto::LimitingFactor::RainAhead,
        Some(LimitingFactor::RainBefore) => proto::LimitingFactor::RainBefore,
        Some(LimitingFactor::LeafWetness) => proto::LimitingFactor::LeafWetness,
        Some(LimitingFactor::Humidity) => proto::LimitingFactor::Humidity,
        Some(LimitingFactor::VapourPressureDeficit) => proto::LimitingFactor::VapourPressureDeficit,
        Some(LimitingFactor::WetBulb) => proto::LimitingFactor::WetBulb,
        Some(LimitingFactor::Infection) => proto::LimitingFactor::Infection,
    };
    factor.into()
}
