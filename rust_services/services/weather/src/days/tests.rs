//! Requests for local days, as they come over the wire.

use bytes::Bytes;

use super::*;
use crate::columns::{column_bytes, timestamp};

/// 2026-03-28T00:00 in Brussels.
const START_S: i64 = 1_774_652_400;

fn station(hours: usize, columns: proto::HourlyWeather) -> proto::StationHours {
    proto::StationHours {
        station_id: "s".to_owned(),
        hours: Some(proto::HourlyWeather {
            hours: Some(columns::hours_message(Hours {
                start_s: START_S,
                count: hours,
            })),
            ..columns
        }),
        further: Vec::new(),
    }
}

fn request(stations: Vec<proto::StationHours>) -> proto::AggregateDaysRequest {
    proto::AggregateDaysRequest {
        stations,
        time_zone: "Europe/Brussels".to_owned(),
        day_start: proto::DayStart::Midnight.into(),
        completeness_share: 0.9,
        observed_until: None,
    }
}

fn answer(
    request: &proto::AggregateDaysRequest,
) -> Result<proto::AggregateDaysResponse, CallError> {
    aggregate_days(request, &Cancel::new(None))
}

fn values(bytes: &Bytes) -> Vec<f64> {
    let (chunks, _) = bytes.as_chunks::<8>();
    chunks
        .iter()
        .map(|chunk| f64::from_le_bytes(*chunk))
        .collect()
}

/// A column whose value is its row.
fn rising(hours: u32) -> Bytes {
    column_bytes(
        &(0..hours)
            .map(|row| f64::from(row) / 2.0)
            .collect::<Vec<_>>(),
    )
}

/// Every column, each with values it may have.
fn all_columns(hours: usize) -> proto::HourlyWeather {
    let of = |value: f64| column_bytes(&vec![value; hours]);
    proto::HourlyWeather {
        hours: None,
        air_temperature_c: of(10.0),
        relative_humidity_percent: of(80.0),
        dew_point_c: of(6.0),
        wind_speed_m_s: of(3.0),
        wind_gust_m_s: of(7.0),
        wind_direction_deg: of(225.0),
        precipitation_mm: of(0.5),
        shortwave_radiation_mj_m2: of(1.0),
        surface_pressure_hpa: of(1000.0),
        cloud_cover_percent: of(50.0),
        precipitation_probability_percent: of(40.0),
        weather_code: of(61.0),
    }
}

#[test]
fn every_column_becomes_its_days_and_says_its_coverage() {
    // The 28th, and the 29th with its 23 hours; the last stamp is the midnight that ends it.
    let asked = request(vec![station(48, all_columns(48))]);

    let answered = answer(&asked).expect("right");

    let found = &answered.stations[0];
    let days = found.days.clone().expect("there");
    // Amounts stamped at the first midnight are of the 27th.
    assert_eq!(days.days.clone().expect("axis").first_day, "2026-03-27");
    assert_eq!(
        found.day_bounds[1..4],
        [START_S, START_S + 86_400, START_S + 86_400 + 82_800]
    );
    for (column, expected) in [
        (&days.temperature_mean_c, 10.0),
        (&days.temperature_min_c, 10.0),
        (&days.temperature_max_c, 10.0),
        (&days.relative_humidity_mean_percent, 80.0),
        (&days.relative_humidity_min_percent, 80.0),
        (&days.relative_humidity_max_percent, 80.0),
        (&days.dew_point_mean_c, 6.0),
        (&days.wind_speed_mean_m_s, 3.0),
        (&days.wind_speed_max_m_s, 3.0),
        (&days.wind_gust_max_m_s, 7.0),
        (&days.wind_direction_deg, 225.0),
        (&days.precipitation_mm, 11.5),
        (&days.shortwave_radiation_mj_m2, 23.0),
        (&days.surface_pressure_mean_hpa, 1000.0),
        (&days.cloud_cover_mean_percent, 50.0),
        (&days.precipitation_probability_max_percent, 40.0),
        (&days.weather_code_max, 61.0),
    ] {
        let of_29th = values(column)[2];
        assert!((of_29th - expected).abs() < 1e-9, "{of_29th} {expected}");
    }
    assert!((values(&days.night_temperature_min_c)[2] - 10.0).abs() < 1e-12);
    assert_eq!(found.coverage.len(), 12);
    for column in &found.coverage {
        let of_29th = values(&column.values)[2];
        assert!((of_29th - 1.0).abs() < 1e-12, "{}", column.name);
    }
    assert_eq!(found.is_partial.as_ref(), [1, 0, 0, 1]);
    assert!(answered.tzdb_version.starts_with("20"));
}

#[test]
fn hours_after_the_last_observed_one_make_a_day_provisional() {
    let mut asked = request(vec![station(48, all_columns(48))]);
    asked.observed_until = Some(timestamp(START_S + 30 * 3600));

    let answered = answer(&asked).expect("right");

    assert_eq!(answered.stations[0].is_provisional.as_ref(), [0, 0, 1, 1]);
}

#[test]
fn further_columns_become_what_they_are_asked_to() {
    let mut with = station(49, proto::HourlyWeather::default());
    with.further = [
        ("mean", proto::Aggregate::Mean),
        ("min", proto::Aggregate::Min),
        ("max", proto::Aggregate::Max),
        ("sum", proto::Aggregate::Sum),
    ]
    .map(|(name, aggregate)| proto::FurtherColumn {
        name: name.to_owned(),
        values: rising(49),
        aggregate: aggregate.into(),
    })
    .to_vec();

    let answered = answer(&request(vec![with])).expect("right");

    // Rows 0 to 23 are the 28th's instants, rows 1 to 24 its amounts; row n holds n / 2.
    let of_28th: Vec<f64> = answered.stations[0]
        .further
        .iter()
        .map(|c| values(&c.values)[1])
        .collect();
    for (found, expected) in of_28th.iter().zip([5.75, 0.0, 11.5, 150.0]) {
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }
}

#[test]
fn stations_come_back_in_order_whatever_their_axes() {
    let stations = (0..40)
        .map(|at| proto::StationHours {
            station_id: at.to_string(),
            ..station(24 + at % 3, all_columns(24 + at % 3))
        })
        .collect();

    let answered = answer(&request(stations)).expect("right");

    for (at, station) in answered.stations.iter().enumerate() {
        assert_eq!(station.station_id, at.to_string());
    }
}

#[test]
fn what_is_wrong_is_named() {
    let right = || request(vec![station(24, all_columns(24))]);
    let refusal =
        |asked: &proto::AggregateDaysRequest| answer(asked).expect_err("wrong").to_string();

    let nobody = proto::AggregateDaysRequest {
        stations: Vec::new(),
        ..right()
    };
    assert_eq!(refusal(&nobody), "stations has 0; 1 to 1000 are allowed");

    let offset = proto::AggregateDaysRequest {
        time_zone: "+02:00".to_owned(),
        ..right()
    };
    assert!(refusal(&offset).contains("no time zone \"+02:00\""));

    let unsaid = proto::AggregateDaysRequest {
        day_start: 0,
        ..right()
    };
    assert!(refusal(&unsaid).starts_with("day_start is not said"));

    let share = proto::AggregateDaysRequest {
        completeness_share: 0.0,
        ..right()
    };
    assert!(refusal(&share).starts_with("completeness_share is 0"));

    let mut short = right();
    short.stations[0].hours.as_mut().expect("there").dew_point_c = column_bytes(&[1.0]);
    assert_eq!(
        refusal(&short),
        "stations[0].hours.dew_point_c has 8 bytes; 24 values of 8 are due"
    );

    let mut hot = right();
    let column = column_bytes(&[vec![20.0; 17], vec![99.0; 7]].concat());
    hot.stations[0]
        .hours
        .as_mut()
        .expect("there")
        .air_temperature_c = column;
    assert_eq!(
        refusal(&hot),
        "stations[0].hours.air_temperature_c[17] is 99; -95 to 65 is possible"
    );

    let mut twice = right();
    let further = |aggregate: proto::Aggregate| proto::FurtherColumn {
        name: "et".to_owned(),
        values: rising(24),
        aggregate: aggregate.into(),
    };
    twice.stations[0].further = vec![
        further(proto::Aggregate::Sum),
        further(proto::Aggregate::Sum),
    ];
    assert!(refusal(&twice).starts_with("stations[0].further[1].name"));
    twice.stations[0].further = vec![further(proto::Aggregate::Unspecified)];
    assert!(refusal(&twice).starts_with("stations[0].further[0].aggregate is not said"));
}

#[test]
fn a_further_value_whose_sum_would_overflow_is_refused() {
    let mut asked = request(vec![station(24, all_columns(24))]);
    asked.stations[0].further = vec![proto::FurtherColumn {
        name: "et".to_owned(),
        values: column_bytes(&[1e308; 24]),
        aggregate: proto::Aggregate::Sum.into(),
    }];

    let refused = answer(&asked).expect_err("wrong").to_string();

    assert!(refused.starts_with("stations[0].further[0].values[0]"));
}

#[test]
fn of_several_wrong_stations_the_first_is_named() {
    let mut stations = vec![station(24, all_columns(24)); 200];
    for station in &mut stations[100..] {
        station.hours.as_mut().expect("there").dew_point_c = column_bytes(&[1.0]);
    }
    let asked = request(stations);

    for _ in 0..20 {
        let refused = answer(&asked).expect_err("wrong").to_string();
        assert!(refused.starts_with("stations[100]."), "{refused}");
    }
}

#[test]
fn axes_without_columns_cannot_fill_the_memory() {
    let empty = || station(300_000, proto::HourlyWeather::default());

    let refused = answer(&request((0..8).map(|_| empty()).collect())).expect_err("too many");

    assert!(
        refused.to_string().contains("hours are allowed in all"),
        "{refused}"
    );
}

#[test]
fn a_call_that_nobody_waits_for_stops() {
    let cancel = Cancel::new(None);
    cancel.set();

    let stopped = aggregate_days(&request(vec![station(24, all_columns(24))]), &cancel);

    assert!(matches!(stopped, Err(CallError::Stopped(_))));
}
