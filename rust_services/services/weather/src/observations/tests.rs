//! Samples and hours as they come over the wire.

use bytes::Bytes;
use furrow_agromet::{Hours, INCONSISTENT, RANGE, SPARSE, STEP, STUCK};

use super::*;
use crate::columns::{column_bytes, hours_message};

/// 2026-07-01T00:00Z.
const START_S: i64 = 1_782_864_000;

/// Quarters of an hour from 00:15 on.
fn quarters(samples: proto::HourlyWeather, count: i64) -> proto::ResampleHoursRequest {
    proto::ResampleHoursRequest {
        times: (1..=count).map(|at| START_S + 900 * at).collect(),
        samples: Some(samples),
        step_seconds: 900,
        stamp: proto::Stamp::End.into(),
        phase_seconds: 0,
        completeness_share: 0.75,
    }
}

fn resampled(
    request: &proto::ResampleHoursRequest,
) -> Result<proto::ResampleHoursResponse, CallError> {
    resample_hours(request, &Cancel::new(None))
}

fn values(bytes: &Bytes) -> Vec<f64> {
    let (chunks, _) = bytes.as_chunks::<8>();
    chunks
        .iter()
        .map(|chunk| f64::from_le_bytes(*chunk))
        .collect()
}

fn close(found: &Bytes, expected: &[f64]) {
    let found = values(found);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }
}

#[test]
fn every_column_becomes_hours_by_its_rule() {
    let of = |values: [f64; 4]| column_bytes(&values);
    let samples = proto::HourlyWeather {
        hours: None,
        air_temperature_c: of([10.0, 11.0, 12.0, 13.0]),
        relative_humidity_percent: of([80.0, 78.0, 76.0, 74.0]),
        dew_point_c: of([6.0, 6.0, 6.4, 6.4]),
        wind_speed_m_s: of([3.0, 4.0, 3.0, 4.0]),
        wind_gust_m_s: of([5.0, 9.0, 6.0, 7.0]),
        wind_direction_deg: of([0.0, 90.0, 0.0, 90.0]),
        precipitation_mm: of([0.0, 0.2, 0.4, 0.0]),
        shortwave_radiation_mj_m2: of([0.4, 0.5, 0.5, 0.6]),
        surface_pressure_hpa: of([1000.0, 1000.2, 1000.4, 1000.6]),
        cloud_cover_percent: of([0.0, 50.0, 50.0, 100.0]),
        precipitation_probability_percent: of([10.0, 40.0, 20.0, 0.0]),
        weather_code: of([1.0, 61.0, 3.0, 2.0]),
    };

    let answered = resampled(&quarters(samples, 4)).expect("right");

    let hours = answered.hours.expect("there");
    let expected = Hours {
        start_s: START_S + 3600,
        count: 1,
    };
    assert_eq!(hours.hours, Some(hours_message(expected)));
    close(&hours.air_temperature_c, &[11.5]);
    close(&hours.relative_humidity_percent, &[77.0]);
    close(&hours.dew_point_c, &[6.2]);
    close(&hours.wind_speed_m_s, &[3.5]);
    close(&hours.wind_gust_m_s, &[9.0]);
    close(&hours.wind_direction_deg, &[53.130_102_354]);
    close(&hours.precipitation_mm, &[0.6]);
    close(&hours.shortwave_radiation_mj_m2, &[2.0]);
    close(&hours.surface_pressure_hpa, &[1000.3]);
    close(&hours.cloud_cover_percent, &[50.0]);
    close(&hours.precipitation_probability_percent, &[40.0]);
    close(&hours.weather_code, &[61.0]);
    assert_eq!(answered.flags.len(), 12);
    assert!(
        answered
            .flags
            .iter()
            .all(|column| column.flags.as_ref() == [0])
    );
}

#[test]
fn hours_of_samples_are_judged_as_those_of_providers_are() {
    // 10 °C, 30 °C with a gap, a sensor that fails, and 11 °C.
    let samples = [
        [10.0; 4],
        [30.0, 30.0, 30.0, f64::NAN],
        [-999.0; 4],
        [11.0; 4],
    ];
    let samples = proto::HourlyWeather {
        air_temperature_c: column_bytes(&samples.concat()),
        ..proto::HourlyWeather::default()
    };

    let answered = resampled(&quarters(samples, 16)).expect("right");

    close(
        &answered.hours.expect("there").air_temperature_c,
        &[10.0, 30.0, -999.0, 11.0],
    );
    assert_eq!(answered.flags[0].column, "air_temperature_c");
    assert_eq!(
        answered.flags[0].flags.as_ref(),
        [0, STEP | SPARSE, RANGE, 0]
    );
}

#[test]
fn what_is_wrong_with_samples_is_named_by_row() {
    let samples = || proto::HourlyWeather {
        air_temperature_c: column_bytes(&[1.0; 4]),
        ..proto::HourlyWeather::default()
    };
    let right = || quarters(samples(), 4);
    let refusal =
        |asked: &proto::ResampleHoursRequest| resampled(asked).expect_err("wrong").to_string();

    let mut asked = right();
    asked.times[2] = asked.times[1];
    assert_eq!(refusal(&asked), "times[2] is not after the time before it");

    let mut asked = right();
    asked.times[3] += 100;
    let sentence = "times[3] is 100 s off a step of 900 s; at most 60 s is allowed";
    assert_eq!(refusal(&asked), sentence);

    let mut asked = right();
    asked.times.pop();
    assert!(refusal(&asked).starts_with("samples.air_temperature_c has 32 bytes"));

    let infinite = proto::HourlyWeather {
        air_temperature_c: column_bytes(&[1.0, f64::INFINITY, 1.0, 1.0]),
        ..proto::HourlyWeather::default()
    };
    assert!(refusal(&quarters(infinite, 4)).starts_with("samples.air_temperature_c[1] is inf"));

    for (asked, field) in [
        (
            proto::ResampleHoursRequest {
                times: Vec::new(),
                ..right()
            },
            "times has 0",
        ),
        (
            proto::ResampleHoursRequest {
                stamp: 0,
                ..right()
            },
            "stamp is not said",
        ),
        (
            proto::ResampleHoursRequest {
                step_seconds: 7,
                ..right()
            },
            "step_seconds is 7",
        ),
        (
            proto::ResampleHoursRequest {
                phase_seconds: 60,
                ..right()
            },
            "phase_seconds is 60",
        ),
        (
            proto::ResampleHoursRequest {
                completeness_share: 1.5,
                ..right()
            },
            "completeness_share is 1.5",
        ),
        (
            proto::ResampleHoursRequest {
                samples: None,
                ..right()
            },
            "samples is missing",
        ),
    ] {
        assert!(refusal(&asked).starts_with(field), "{field}");
    }
}

#[test]
fn samples_far_apart_do_not_make_an_answer_beyond_the_limit_of_messages() {
    let far = |columns: usize| {
        let column = |at: usize| {
            if at < columns {
                column_bytes(&[1.0; 2])
            } else {
                Bytes::new()
            }
        };
        let samples = proto::HourlyWeather {
            air_temperature_c: column(0),
            dew_point_c: column(1),
            wind_speed_m_s: column(2),
            wind_gust_m_s: column(3),
            precipitation_mm: column(4),
            shortwave_radiation_mj_m2: column(5),
            surface_pressure_hpa: column(6),
            ..proto::HourlyWeather::default()
        };
        let times = vec![START_S, START_S + 3600 * 299_999];
        resampled(&proto::ResampleHoursRequest {
            times,
            ..quarters(samples, 2)
        })
    };

    let answered = far(6).expect("fits");
    assert!(prost::Message::encoded_len(&answered) <= crate::MAX_MESSAGE_BYTES);
    let refused = far(7).expect_err("too large").to_string();
    assert!(
        refused.starts_with("times reach over 300000 hours"),
        "{refused}"
    );
}

#[test]
fn hours_with_impossible_values_are_judged_and_not_refused() {
    let hours = Hours {
        start_s: START_S,
        count: 30,
    };
    let mut temperature = vec![15.0; 30];
    for (row, value) in temperature.iter_mut().enumerate().skip(25) {
        *value = 15.0 + f64::from(u32::try_from(row).expect("small")) / 10.0;
    }
    temperature[27] = 99.0;
    let mut dew_point = vec![f64::NAN; 30];
    dew_point[29] = 19.0;
    let request = proto::JudgeHoursRequest {
        hours: Some(proto::HourlyWeather {
            hours: Some(hours_message(hours)),
            air_temperature_c: column_bytes(&temperature),
            dew_point_c: column_bytes(&dew_point),
            ..proto::HourlyWeather::default()
        }),
    };

    let answered = judge_hours(&request, &Cancel::new(None)).expect("judged");

    let expected = [vec![STUCK; 25], vec![0, 0, RANGE, 0, INCONSISTENT]].concat();
    assert_eq!(answered.flags[0].flags.as_ref(), expected);
    assert_eq!(answered.flags[1].column, "dew_point_c");
    assert_eq!(answered.flags[1].flags[29], INCONSISTENT);
}
