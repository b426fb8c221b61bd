//! Frost.

use furrow_agromet as agromet;
use furrow_agromet::sun::Position;
use furrow_agromet::{
    DayStart, FrostColumns, FrostKind, FrostNight, FrostRisk, FrostThresholds, LocalDays,
    pressure_of_elevation_kpa, relative_humidity_percent, wet_bulb_c, wind_speed_2m_m_s,
};
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::columns::{between, method, timestamp};
use crate::hourly::HourlyColumns;
use crate::local_hours::LocalHours;
use crate::status::CallError;

/// Longest name of a stage, bytes.
const MAX_STAGE_BYTES: usize = 80;

/// Answers `AssessFrost`.
pub(crate) fn assess_frost(
    request: &proto::AssessFrostRequest,
    _cancel: &Cancel,
) -> Result<proto::AssessFrostResponse, CallError> {
    let local = LocalHours::read("hours", request.hours.as_ref())?;
    let site = Site::read(request.site.as_ref())?;
    let stage = request.thresholds.as_ref();
    let thresholds = stage.map(thresholds).transpose()?;
    let columns = &local.hourly.columns;
    let Some(temperature_c) = columns.air_temperature_c.as_deref() else {
        let field = "hours.hours.air_temperature_c";
        return Err(CallError::request(field, "is missing"));
    };
    let wet_bulb_c = wet_bulbs(columns, temperature_c, site);
    let wind = columns.wind_speed_m_s.as_deref();
    let wind_speed_2m: Option<Vec<f64>> = wind.map(|column| {
        let at_2m = |speed: &f64| wind_speed_2m_m_s(*speed, site.wind_height_m);
        column.iter().map(at_2m).collect()
    });
    let nights = local.days_of_instants(DayStart::NoonBefore);
    let frost = FrostColumns {
        temperature_c,
        wet_bulb_c: wet_bulb_c.as_deref(),
        wind_speed_2m_m_s: wind_speed_2m.as_deref(),
        cloud_cover_percent: columns.cloud_cover_percent.as_deref(),
        position: site.position,
    };
    let found = agromet::assess_frost(frost, &nights, local.completeness, thresholds)?;
    Ok(proto::AssessFrostResponse {
        nights: found.iter().map(|night| message(night, &nights)).collect(),
        method: Some(how(stage.map(|stage| stage.stage.as_str()))),
    })
}

/// What of a site frost asks for.
#[derive(Debug, Clone, Copy)]
struct Site {
    position: Position,
    pressure_kpa: f64,
    wind_height_m: f64,
}

impl Site {
    fn read(message: Option<&proto::Site>) -> Result<Self, CallError> {
        let Some(message) = message else {
            return Err(CallError::request("site", "is missing"));
        };
        let latitude_deg = between("site.latitude_deg", message.latitude_deg, -90.0, 90.0)?;
        let longitude_deg = between("site.longitude_deg", message.longitude_deg, -180.0, 180.0)?;
        let elevation_m = between("site.elevation_m", message.elevation_m, -450.0, 6500.0)?;
        Ok(Self {
            position: Position {
                latitude_deg,
                longitude_deg,
            },
            pressure_kpa: pressure_of_elevation_kpa(elevation_m),
            wind_height_m: between("site.wind_height_m", message.wind_height_m, 0.5, 100.0)?,
        })
    }
}

fn thresholds(message: &proto::FrostThresholds) -> Result<FrostThresholds, CallError> {
    let bytes = message.stage.len();
    if bytes > MAX_STAGE_BYTES {
        let reason = format!("has {bytes} bytes; {MAX_STAGE_BYTES} are allowed");
        return Err(CallError::request("thresholds.stage", reason));
    }
    let thresholds = FrostThresholds::new(
        message.kills_tenth_c,
        message.kills_nine_tenths_c,
        message.canopy_below_screen_k,
    );
    Ok(thresholds?)
}

/// Wet bulbs from humidity, or the dew point where that is absent, at the station's pressure, or the
/// elevation's where that is absent. None without either humidity.
fn wet_bulbs(columns: &HourlyColumns, temperature_c: &[f64], site: Site) -> Option<Vec<f64>> {
    let humidity = columns.relative_humidity_percent.as_deref();
    let dew_point = columns.dew_point_c.as_deref();
    let pressure = columns.surface_pressure_hpa.as_deref();
    if humidity.is_none() && dew_point.is_none() {
        return None;
    }
    let value = |column: Option<&[f64]>, row: usize| column.map_or(f64::NAN, |c| c[row]);
    let wet_bulb = |(row, temperature_c): (usize, &f64)| {
        let mut humidity_percent = value(humidity, row);
        if humidity_percent.is_nan() {
            humidity_percent = relative_humidity_percent(*temperature_c, value(dew_point, row));
        }
        let measured_kpa = value(pressure, row) / 10.0;
        let pressure_kpa = if measured_kpa.is_nan() {
            site.pressure_kpa
        } else {
            measured_kpa
        };
        wet_bulb_c(*temperature_c, humidity_percent, pressure_kpa)
    };
    Some(temperature_c.iter().enumerate().map(wet_bulb).collect())
}

fn message(night: &FrostNight, nights: &LocalDays) -> proto::FrostNight {
    let kind = match night.kind {
        FrostKind::Unknown => proto::FrostKind::Unspecified,
        FrostKind::NoFrost => proto::FrostKind::None,
        FrostKind::Radiative => proto::FrostKind::Radiative,
        FrostKind::Advective => proto::FrostKind::Advective,
    };
    let risk = match night.risk {
        FrostRisk::Unknown => proto::FrostRisk::Unspecified,
        FrostRisk::None => proto::FrostRisk::None,
        FrostRisk::Possible => proto::FrostRisk::Possible,
        FrostRisk::Damaging => proto::FrostRisk::Damaging,
        FrostRisk::Severe => proto::FrostRisk::Severe,
    };
    let hours = nights.hours();
    proto::FrostNight {
        date: nights.date(night.night).to_string(),
        min_temperature_c: night.coldest.map(|(value, _)| value),
        min_at: night.coldest.map(|(_, row)| timestamp(hours.stamp_s(row))),
        min_wet_bulb_c: night.min_wet_bulb_c,
        hours_below_zero: night.hours_below_zero as f64,
        kind: kind.into(),
        risk: risk.into(),
        margin_k: night.margin_k,
        coverage: night.coverage,
    }
}

fn how(stage: Option<&str>) -> proto::Method {
    const SOURCE: &str = "Snyder and de Melo-Abreu 2005, chapters 1 to 4; clear below 30 % cloud \
                          (proxy), calm below 2 m/s at 2 m";
    match stage {
        None => method("frost", "frost_below_zero", SOURCE),
        Some(stage) => {
            let source = format!("{SOURCE}; critical temperatures of the stage {stage:?}");
            method("frost", "frost_critical_temperature", &source)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::column_bytes;
    use crate::local_hours::tests::{at, local_hours};

    /// Two nights in Brussels from noon of 10 April 2026 (10:00 UTC) on: the first goes to -3 °C at
    /// 05:00 UTC, calm and clear; the second to 4 °C.
    fn request() -> proto::AssessFrostRequest {
        let hours = local_hours("2026-04-10T10:00:00Z", 48, "Europe/Brussels", |hours| {
            let mut temperatures = vec![9.0; 48];
            temperatures[18] = -1.0;
            temperatures[19] = -3.0;
            temperatures[42] = 4.0;
            hours.air_temperature_c = column_bytes(&temperatures);
            hours.relative_humidity_percent = column_bytes(&[70.0; 48]);
            // 2.5 m/s at 10 m are 1.87 at 2 m.
            hours.wind_speed_m_s = column_bytes(&[2.5; 48]);
            hours.cloud_cover_percent = column_bytes(&[10.0; 48]);
        });
        proto::AssessFrostRequest {
            hours: Some(hours),
            site: Some(proto::Site {
                latitude_deg: 50.8,
                longitude_deg: 4.4,
                elevation_m: 100.0,
                wind_height_m: 10.0,
            }),
            thresholds: Some(proto::FrostThresholds {
                stage: "apple, full bloom".to_owned(),
                kills_tenth_c: -2.2,
                kills_nine_tenths_c: -3.9,
                canopy_below_screen_k: 2.0,
            }),
        }
    }

    /// Makes a request wrong.
    type Spoil = fn(&mut proto::AssessFrostRequest);

    fn answer(
        request: &proto::AssessFrostRequest,
    ) -> Result<proto::AssessFrostResponse, CallError> {
        assess_frost(request, &Cancel::new(None))
    }

    #[test]
    fn a_night_bears_the_date_of_its_morning() {
        let found = answer(&request()).expect("right");

        let dates: Vec<&str> = found.nights.iter().map(|n| n.date.as_str()).collect();
        assert_eq!(dates, ["2026-04-11", "2026-04-12"]);
        let night = &found.nights[0];
        assert_eq!(night.min_temperature_c, Some(-3.0));
        assert_eq!(night.min_at, Some(at("2026-04-11T05:00:00Z")));
        assert!((night.hours_below_zero - 2.0).abs() < 1e-12);
        assert_eq!(night.kind(), proto::FrostKind::Radiative);
        assert_eq!(night.risk(), proto::FrostRisk::Damaging);
        assert!((night.margin_k.expect("known") + 0.8).abs() < 1e-12);
        assert_eq!(found.nights[1].kind(), proto::FrostKind::None);
        assert!(
            found
                .method
                .expect("named")
                .source
                .contains("apple, full bloom")
        );
    }

    #[test]
    fn the_wet_bulb_is_colder_than_dry_air_and_absent_without_humidity() {
        let mut request = request();
        let wet_bulb = answer(&request).expect("right").nights[0].min_wet_bulb_c;
        let wet_bulb = wet_bulb.expect("humidity is there");
        // -3 °C and 70 % at 1000 hPa: tables of psychrometers have -4.4 °C.
        assert!((-4.6..=-4.2).contains(&wet_bulb), "{wet_bulb}");

        if let Some(hours) = request
            .hours
            .as_mut()
            .and_then(|local| local.hours.as_mut())
        {
            hours.relative_humidity_percent.clear();
        }
        let dry = answer(&request).expect("right");
        assert_eq!(dry.nights[0].min_wet_bulb_c, None);
    }

    #[test]
    fn wind_at_two_metres_decides() {
        let mut request = request();
        if let Some(site) = request.site.as_mut() {
            site.wind_height_m = 2.0;
        }

        let found = answer(&request).expect("right");

        assert_eq!(found.nights[0].kind(), proto::FrostKind::Advective);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let wrong: [(Spoil, &str); 5] = [
            (|r| r.site = None, "site is missing"),
            (|r| r.hours = None, "hours is missing"),
            (
                |r| {
                    if let Some(t) = r.thresholds.as_mut() {
                        t.kills_nine_tenths_c = 0.0;
                    }
                },
                "kills_nine_tenths_c is 0",
            ),
            (
                |r| {
                    if let Some(t) = r.thresholds.as_mut() {
                        t.stage = "x".repeat(81);
                    }
                },
                "thresholds.stage has 81 bytes",
            ),
            (
                |r| {
                    if let Some(site) = r.site.as_mut() {
                        site.elevation_m = f64::NAN;
                    }
                },
                "site.elevation_m is NaN",
            ),
        ];
        for (change, words) in wrong {
            let mut request = request();
            change(&mut request);
            let refused = answer(&request).expect_err(words).to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
