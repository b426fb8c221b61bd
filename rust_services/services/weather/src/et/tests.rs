//! Requests in, messages out.

use bytes::Bytes;

use super::*;
use crate::columns::timestamp;

const HOURS: usize = 48;

fn weather() -> proto::HourlyWeather {
    let column = |value: f64| column_bytes(&[value; HOURS]);
    proto::HourlyWeather {
        hours: Some(proto::Hours {
            start: Some(timestamp(1_720_224_000)),
            count: u32::try_from(HOURS).expect("small"),
        }),
        air_temperature_c: column(18.0),
        relative_humidity_percent: column(60.0),
        wind_speed_m_s: column(2.0),
        shortwave_radiation_mj_m2: column(1.0),
        ..proto::HourlyWeather::default()
    }
}

fn station() -> proto::EtHours {
    proto::EtHours {
        station_id: "north".to_owned(),
        site: Some(proto::Site {
            latitude_deg: 50.8,
            longitude_deg: 4.3,
            elevation_m: 100.0,
            wind_height_m: 2.0,
        }),
        hours: Some(weather()),
    }
}

fn request() -> proto::EstimateHourlyEtRequest {
    proto::EstimateHourlyEtRequest {
        stations: vec![station()],
        method: Some(proto::EtMethod {
            equation: proto::EtEquation::Asce2005.into(),
            reference: proto::EtReference::Short.into(),
            fills_missing: false,
            floors_at_zero: false,
        }),
        with_intermediates: false,
    }
}

fn answer(
    request: &proto::EstimateHourlyEtRequest,
) -> Result<proto::EstimateHourlyEtResponse, CallError> {
    estimate_hourly_et(request, &Cancel::new(None))
}

fn refused(request: &proto::EstimateHourlyEtRequest) -> String {
    answer(request).expect_err("wrong").to_string()
}

#[test]
fn a_station_comes_back_with_its_name_its_flags_and_the_method() {
    let answered = answer(&request()).expect("right");

    let station = &answered.stations[0];
    assert_eq!(station.station_id, "north");
    assert_eq!(station.et_mm.len(), HOURS * 8);
    assert_eq!(station.filled, Bytes::from(vec![8; HOURS]));
    assert!(station.intermediates.is_empty());
    let method = answered.method.expect("named");
    assert_eq!(method.name, "asce2005_short_hourly");
    assert!(method.source.contains("2005"));
}

#[test]
fn intermediates_bear_the_names_of_the_contract() {
    let mut asked = request();
    asked.with_intermediates = true;

    let answered = answer(&asked).expect("right");

    let names: Vec<&str> = answered.stations[0]
        .intermediates
        .iter()
        .map(|column| {
            assert_eq!(column.values.len(), HOURS * 8, "{}", column.name);
            column.name.as_str()
        })
        .collect();
    assert_eq!(names.len(), 11);
    for name in ["net_radiation_mj_m2", "slope_kpa_k", "wind_speed_2m_m_s"] {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn stations_one_by_one_are_those_of_a_batch_to_the_last_bit() {
    let mut asked = request();
    for at in 1..40_u32 {
        let mut further = station();
        further.site.as_mut().expect("set").elevation_m = f64::from(at);
        asked.stations.push(further);
    }

    let batch = answer(&asked).expect("right");

    for (at, station) in asked.stations.iter().enumerate() {
        let alone = proto::EstimateHourlyEtRequest {
            stations: vec![station.clone()],
            ..request()
        };
        assert_eq!(
            answer(&alone).expect("right").stations[0],
            batch.stations[at]
        );
    }
}

#[test]
fn what_is_wrong_is_named() {
    let mut no_method = request();
    no_method.method = None;
    assert_eq!(refused(&no_method), "method is missing");

    let mut unspecified = request();
    unspecified.method.as_mut().expect("set").equation = 0;
    assert_eq!(refused(&unspecified), "method.equation is not specified");

    let mut tall = request();
    *tall.method.as_mut().expect("set") = proto::EtMethod {
        equation: proto::EtEquation::Fao56.into(),
        reference: proto::EtReference::Tall.into(),
        ..proto::EtMethod::default()
    };
    assert!(refused(&tall).contains("short reference"));

    let mut nobody = request();
    nobody.stations.clear();
    assert_eq!(refused(&nobody), "stations has 0; 1 to 1000 are allowed");

    let mut hot = request();
    hot.stations.push(station());
    let mut values = [18.0; HOURS];
    values[5] = 90.0;
    hot.stations[1]
        .hours
        .as_mut()
        .expect("set")
        .air_temperature_c = column_bytes(&values);
    assert_eq!(
        refused(&hot),
        "stations[1].hours.air_temperature_c[5] is 90; -95 to 65 is possible"
    );

    let mut cold = request();
    cold.stations[0]
        .hours
        .as_mut()
        .expect("set")
        .air_temperature_c = Bytes::new();
    assert!(refused(&cold).contains("air_temperature_c is needed"));
}

#[test]
fn what_would_not_fit_an_answer_is_refused_before_it_is_computed() {
    let mut asked = request();
    asked.with_intermediates = true;
    let hours = asked.stations[0].hours.as_mut().expect("set");
    hours.hours.as_mut().expect("set").count = 300_000;

    assert!(refused(&asked).contains("fit an answer"));
}

#[test]
fn the_most_that_is_taken_fits_an_answer_with_its_names() {
    for (with_intermediates, bytes) in [(false, PLAIN_BYTES), (true, WHOLE_BYTES)] {
        let stations = 10;
        let most = (MAX_ANSWER_BYTES - stations * NAMES_BYTES) / bytes / stations;
        let hours = furrow_agromet::Hours {
            start_s: 0,
            count: most,
        };
        let mut asked = request();
        asked.with_intermediates = with_intermediates;
        asked.stations = vec![
            proto::EtHours {
                station_id: "x".repeat(MAX_NAME_BYTES),
                hours: Some(proto::HourlyWeather {
                    hours: Some(crate::columns::hours_message(hours)),
                    air_temperature_c: column_bytes(&vec![20.0; most]),
                    ..Default::default()
                }),
                ..station()
            };
            stations
        ];

        let fits = answer(&asked).expect("room");

        assert!(prost::Message::encoded_len(&fits) <= crate::MAX_MESSAGE_BYTES);
        let last = asked.stations.last_mut().expect("there");
        let axis = last.hours.as_mut().and_then(|hours| hours.hours.as_mut());
        axis.expect("there").count += 10;
        assert!(refused(&asked).contains("fit an answer"));
    }
}

#[test]
fn a_call_that_nobody_waits_for_stops() {
    let cancel = Cancel::new(None);
    drop(cancel.clone().set_on_drop());

    assert!(matches!(
        estimate_hourly_et(&request(), &cancel),
        Err(CallError::Stopped(_))
    ));
}

#[test]
fn days_are_answered_and_a_night_of_minus_a_little_radiation_counts_as_none() {
    let column = |value: f64| column_bytes(&[value; 3]);
    let request = proto::EstimateDailyEtRequest {
        stations: vec![proto::EtDays {
            station_id: "south".to_owned(),
            site: station().site,
            days: Some(proto::DailyWeather {
                days: Some(proto::Days {
                    first_day: "2024-07-05".to_owned(),
                    count: 3,
                }),
                temperature_min_c: column(12.3),
                temperature_max_c: column(21.5),
                relative_humidity_max_percent: column(84.0),
                relative_humidity_min_percent: column(63.0),
                wind_speed_mean_m_s: column(2.078),
                shortwave_radiation_mj_m2: column_bytes(&[22.07, -0.4, f64::NAN]),
                ..proto::DailyWeather::default()
            }),
        }],
        method: Some(proto::EtMethod {
            equation: proto::EtEquation::Fao56.into(),
            reference: proto::EtReference::Short.into(),
            ..proto::EtMethod::default()
        }),
        with_intermediates: true,
    };

    let answered = estimate_daily_et(&request, &Cancel::new(None)).expect("right");

    let station = &answered.stations[0];
    let (values, _) = station.et_mm.as_chunks::<8>();
    // FAO-56 example 18, Uccle: 3.88 mm.
    assert!((f64::from_le_bytes(values[0]) - 3.88).abs() < 0.02);
    assert!(f64::from_le_bytes(values[1]) >= 0.0);
    assert!(f64::from_le_bytes(values[2]).is_nan());
    assert_eq!(station.filled.as_ref(), [8, 8, 0]);
    assert_eq!(answered.method.expect("named").name, "fao56_daily");
    let solar = station
        .intermediates
        .iter()
        .find(|column| column.name == "solar_radiation_mj_m2")
        .expect("named");
    assert_eq!(solar.values[8..16], 0.0_f64.to_le_bytes());
}
