//! Degree days.

use furrow_agromet::{
    DayStart, Days, Extremes, HeatMethod, HeatSum, HeatThresholds, Timing, daily_heat, hourly_heat,
};
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;
use proto::accumulate_heat_request::Source;

use crate::columns::{column_bytes, days_message, method};
use crate::daily::Daily;
use crate::local_hours::LocalHours;
use crate::status::CallError;

/// Answers `AccumulateHeat`.
pub(crate) fn accumulate_heat(
    request: &proto::AccumulateHeatRequest,
    _cancel: &Cancel,
) -> Result<proto::AccumulateHeatResponse, CallError> {
    let counted = Counted::read(request.method())?;
    let thresholds = HeatThresholds::new(request.lower_c, request.upper_c)?;
    let most_interpolated = request.most_interpolated_days;
    if most_interpolated > 2 {
        let reason = format!("is {most_interpolated}; 0 to 2 is allowed");
        return Err(CallError::request("most_interpolated_days", reason));
    }
    let (days, degree_days) = match (&request.source, counted) {
        (None, _) => return Err(CallError::request("source", "is missing")),
        (Some(Source::Days(message)), Counted::ByDay(method)) => {
            by_day(message, method, thresholds)?
        }
        (Some(Source::Hours(message)), Counted::ByHour) => by_hour(message, thresholds)?,
        (Some(Source::Days(_)), Counted::ByHour) => {
            let reason = "is HEAT_METHOD_HOURLY, which needs hours; days were sent";
            return Err(CallError::request("method", reason));
        }
        (Some(Source::Hours(_)), Counted::ByDay(_)) => {
            let reason = "needs days; hours were sent. HEAT_METHOD_HOURLY takes them";
            return Err(CallError::request("method", reason));
        }
    };
    let most = usize::try_from(most_interpolated).expect("at most 2");
    let sum = HeatSum::of(degree_days, most);
    let is_interpolated: Vec<u8> = sum.is_interpolated.iter().map(|is| u8::from(*is)).collect();
    Ok(proto::AccumulateHeatResponse {
        days: Some(days_message(days)),
        degree_days: column_bytes(&sum.degree_days),
        total: column_bytes(&sum.total),
        days_missing: u32::try_from(sum.days_missing).expect("axes are short"),
        is_interpolated: is_interpolated.into(),
        method: Some(counted.message(request.upper_c.is_some())),
    })
}

/// How warmth is counted.
#[derive(Debug, Clone, Copy)]
enum Counted {
    ByDay(HeatMethod),
    ByHour,
}

impl Counted {
    fn read(message: proto::HeatMethod) -> Result<Self, CallError> {
        Ok(match message {
            proto::HeatMethod::Unspecified => {
                return Err(CallError::request("method", "is not one of the methods"));
            }
            proto::HeatMethod::Average => Self::ByDay(HeatMethod::Average),
            proto::HeatMethod::Clamped => Self::ByDay(HeatMethod::Clamped),
            proto::HeatMethod::SingleSine => Self::ByDay(HeatMethod::SingleSine),
            proto::HeatMethod::DoubleSine => Self::ByDay(HeatMethod::DoubleSine),
            proto::HeatMethod::Hourly => Self::ByHour,
        })
    }

    fn message(self, is_cut_off: bool) -> proto::Method {
        let (name, source) = match self {
            Self::ByDay(HeatMethod::Average) => {
                ("gdd_average", "McMaster and Wilhelm 1997, method 1")
            }
            Self::ByDay(HeatMethod::Clamped) => {
                ("gdd_clamped", "McMaster and Wilhelm 1997, method 2")
            }
            Self::ByDay(HeatMethod::SingleSine) => ("gdd_single_sine", "Baskerville and Emin 1969"),
            Self::ByDay(HeatMethod::DoubleSine) => ("gdd_double_sine", "Allen 1976"),
            Self::ByHour => ("gdd_hourly", "mean over the hours of the local day"),
        };
        let cut_off = if is_cut_off {
            ", horizontal cut-off"
        } else {
            ""
        };
        method("degree_days", name, &format!("{source}{cut_off}"))
    }
}

fn by_day(
    message: &proto::DailyWeather,
    method: HeatMethod,
    thresholds: HeatThresholds,
) -> Result<(Days, Vec<f64>), CallError> {
    let Daily { days, columns } = Daily::read("days", Some(message))?;
    let extremes = Extremes {
        min_c: needed("temperature_min_c", columns.temperature_min_c.as_deref())?,
        max_c: needed("temperature_max_c", columns.temperature_max_c.as_deref())?,
    };
    Ok((days, daily_heat(extremes, method, thresholds)?))
}

fn needed<'a>(column: &str, values: Option<&'a [f64]>) -> Result<&'a [f64], CallError> {
    values.ok_or_else(|| CallError::request(format!("days.{column}"), "is missing"))
}

fn by_hour(
    message: &proto::LocalHours,
    thresholds: HeatThresholds,
) -> Result<(Days, Vec<f64>), CallError> {
    let local = LocalHours::read("hours", Some(message))?;
    let Some(temperatures_c) = &local.hourly.columns.air_temperature_c else {
        return Err(CallError::request(
            "hours.hours.air_temperature_c",
            "is missing",
        ));
    };
    let days = local.days_of_instants(DayStart::Midnight);
    let rows = days.rows(Timing::Instant);
    let degree_days = hourly_heat(temperatures_c, rows, thresholds, local.completeness)?;
    Ok((days.days(), degree_days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns;
    use crate::local_hours::tests::local_hours;

    fn days(min_c: &[f64], max_c: &[f64]) -> proto::AccumulateHeatRequest {
        let message = proto::DailyWeather {
            days: Some(days_message(Days {
                first: jiff::civil::date(2026, 4, 1),
                count: min_c.len(),
            })),
            temperature_min_c: column_bytes(min_c),
            temperature_max_c: column_bytes(max_c),
            ..Default::default()
        };
        proto::AccumulateHeatRequest {
            source: Some(Source::Days(message)),
            method: proto::HeatMethod::SingleSine.into(),
            lower_c: 10.0,
            upper_c: Some(30.0),
            most_interpolated_days: 0,
        }
    }

    fn answer(
        request: &proto::AccumulateHeatRequest,
    ) -> Result<proto::AccumulateHeatResponse, CallError> {
        accumulate_heat(request, &Cancel::new(None))
    }

    fn values(column: &bytes::Bytes) -> Vec<f64> {
        columns::needed("c", column, column.len() / 8, columns::FINITE).expect("a column")
    }

    #[test]
    fn days_are_summed_by_the_method_that_is_asked_for_and_named() {
        let request = days(&[4.0, f64::NAN, 18.0], &[22.0, 20.0, 36.0]);

        let found = answer(&request).expect("right");

        let total = values(&found.total);
        assert!((total[0] - 4.53).abs() < 0.005 && (total[2] - 20.0).abs() < 0.01);
        assert_eq!(total[1].to_bits(), total[0].to_bits());
        assert_eq!(found.days_missing, 1);
        let method = found.method.expect("named");
        assert_eq!(method.name, "gdd_single_sine");
        assert!(method.source.contains("1969"), "{method:?}");
    }

    #[test]
    fn hours_are_cut_by_the_place() {
        // 24 hours of 4 August in Kathmandu begin at 18:15 UTC of the 3rd.
        let hours = local_hours("2026-08-03T18:15:00Z", 24, "Asia/Kathmandu", |hours| {
            hours.air_temperature_c = column_bytes(&[25.0; 24]);
        });
        let request = proto::AccumulateHeatRequest {
            source: Some(Source::Hours(hours)),
            method: proto::HeatMethod::Hourly.into(),
            lower_c: 10.0,
            ..Default::default()
        };

        let found = answer(&request).expect("right");

        let dates = found.days.expect("there");
        assert_eq!((dates.first_day.as_str(), dates.count), ("2026-08-04", 1));
        assert_eq!(values(&found.degree_days), [15.0]);
        assert_eq!(found.days_missing, 0);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let right = days(&[4.0], &[22.0]);
        for (wrong, words) in [
            (
                proto::AccumulateHeatRequest {
                    method: 0,
                    ..right.clone()
                },
                "method",
            ),
            (
                proto::AccumulateHeatRequest {
                    method: proto::HeatMethod::Hourly.into(),
                    ..right.clone()
                },
                "needs hours",
            ),
            (
                proto::AccumulateHeatRequest {
                    upper_c: Some(5.0),
                    ..right.clone()
                },
                "upper_c is 5",
            ),
            (
                proto::AccumulateHeatRequest {
                    most_interpolated_days: 3,
                    ..right.clone()
                },
                "most_interpolated_days is 3",
            ),
            (
                proto::AccumulateHeatRequest {
                    source: None,
                    ..right
                },
                "source is missing",
            ),
            (days(&[23.0], &[22.0]), "temperature_min_c[0] is 23"),
        ] {
            let refused = answer(&wrong).expect_err(words).to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
