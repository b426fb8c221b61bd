//! Finding windows over the wire.

use furrow_rpc::weather::v1 as proto;
use furrow_rpc::weather::v1::find_windows_request::Thresholds;
use tonic::Code;

use crate::support::{at, bytes, refused, site, start, values};

/// 21 June 2026, 10:00 UTC.
const FIRST_S: i64 = 1_782_036_000;
const HOURS: usize = 8;

fn spray() -> proto::SprayThresholds {
    proto::SprayThresholds {
        min_wind_m_s: 0.8,
        max_wind_m_s: 4.2,
        max_gust_m_s: 7.0,
        min_delta_t_k: 2.0,
        marginal_delta_t_k: 8.0,
        max_delta_t_k: 10.0,
        min_temperature_c: 8.0,
        max_temperature_c: 28.0,
        dry_hours_after: 2,
        rain_from_mm: 0.2,
        refuses_wet_leaves: false,
        inversion_cloud_below_percent: 30.0,
        inversion_wind_below_m_s: 3.0,
        inversion_sunset_hours: 2.0,
        inversion_sunrise_hours: 1.0,
    }
}

/// Eight mild hours, of which the fifth is too windy.
fn request() -> proto::FindWindowsRequest {
    let mut wind = [2.5; HOURS];
    wind[4] = 6.0;
    proto::FindWindowsRequest {
        hours: Some(proto::HourlyWeather {
            hours: Some(proto::Hours {
                start: Some(at(FIRST_S)),
                count: 8,
            }),
            air_temperature_c: bytes(&[20.0; HOURS]),
            relative_humidity_percent: bytes(&[60.0; HOURS]),
            wind_speed_m_s: bytes(&wind),
            precipitation_mm: bytes(&[0.0; HOURS]),
            ..proto::HourlyWeather::default()
        }),
        site: Some(site()),
        min_hours: 2,
        thresholds: Some(Thresholds::Spray(spray())),
    }
}

#[tokio::test]
async fn a_window_lasts_from_the_beginning_of_its_first_hour_to_the_end_of_its_last() {
    let running = start().await;

    let answer = running.client.clone().find_windows(request()).await;
    let answer = answer.expect("found").into_inner();

    assert_eq!(answer.status[..], [1, 1, 1, 1, 3, 1, 0, 0]);
    let (wind, missing) = (
        proto::LimitingFactor::Wind as u8,
        proto::LimitingFactor::MissingData as u8,
    );
    assert_eq!(
        answer.limiting_factor[..],
        [0, 0, 0, 0, wind, 0, missing, missing]
    );
    let margins = values(&answer.margin);
    assert!((margins[4] - (4.2 - 6.0) / 4.2).abs() < 1e-9);
    assert!(margins[6].is_nan());
    assert_eq!(answer.windows.len(), 1, "a single hour is too short");
    let window = &answer.windows[0];
    // The hour stamped 10:00 is the one from 9:00.
    assert_eq!(window.from, Some(at(FIRST_S - 3600)));
    assert_eq!(window.until, Some(at(FIRST_S + 3 * 3600)));
    assert_eq!(window.ended_by(), proto::LimitingFactor::Wind);
    assert!((window.least_margin - 1.7 / 4.2).abs() < 1e-9);
}

#[tokio::test]
async fn without_a_column_of_wind_no_hour_is_suitable() {
    let running = start().await;
    let mut request = request();
    request.hours.as_mut().expect("set").wind_speed_m_s = bytes(&[]);

    let answer = running.client.clone().find_windows(request).await;
    let answer = answer.expect("found").into_inner();

    assert_eq!(answer.status[..], [0; HOURS]);
    assert!(answer.windows.is_empty());
}

#[tokio::test]
async fn each_kind_answers_and_names_its_method() {
    let running = start().await;
    let kinds = [
        Thresholds::Frost(proto::FrostProtectionThresholds {
            start_wet_bulb_c: 0.5,
            stop_wet_bulb_c: 1.5,
            max_wind_m_s: 4.0,
        }),
        Thresholds::Irrigation(proto::IrrigationThresholds {
            max_wind_m_s: 4.0,
            marginal_vpd_kpa: 2.0,
            min_temperature_c: 1.0,
            rain_from_mm: 5.0,
            rain_hours_ahead: 0,
        }),
        Thresholds::Harvest(proto::HarvestThresholds {
            max_relative_humidity_percent: 75.0,
            marginal_relative_humidity_percent: 68.0,
            dry_hours_before: 0,
            rain_from_mm: 0.2,
            min_vpd_kpa: 0.3,
        }),
        Thresholds::Disease(proto::DiseaseThresholds {
            min_temperature_c: 10.0,
            max_temperature_c: 27.0,
            risk_wet_hours: 6,
            marginal_wet_hours: 3,
        }),
    ];
    for thresholds in kinds {
        let mut request = request();
        request.thresholds = Some(thresholds);

        let answer = running.client.clone().find_windows(request).await;
        let answer = answer.expect("found").into_inner();

        assert_eq!(answer.status[0], 1);
        assert!(!answer.methods.is_empty());
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_its_field() {
    type Change = fn(&mut proto::FindWindowsRequest);
    fn hours(request: &mut proto::FindWindowsRequest) -> &mut proto::HourlyWeather {
        request.hours.as_mut().expect("set")
    }
    let table: [(Change, &str); 11] = [
        (|r| r.hours = None, "hours"),
        (|r| hours(r).hours = None, "hours.hours"),
        (
            |r| hours(r).air_temperature_c = bytes(&[70.0; 8]),
            "hours.air_temperature_c[0]",
        ),
        (
            |r| hours(r).wind_speed_m_s = bytes(&[1.0; 7]),
            "hours.wind_speed_m_s",
        ),
        (|r| r.site = None, "site"),
        (
            |r| r.site.as_mut().expect("set").wind_height_m = 0.0,
            "site.wind_height_m",
        ),
        (|r| r.min_hours = 0, "min_hours"),
        (|r| r.min_hours = 73, "min_hours"),
        (|r| r.thresholds = None, "thresholds"),
        (
            |r| {
                r.thresholds = Some(Thresholds::Spray(proto::SprayThresholds {
                    max_wind_m_s: 0.5,
                    ..spray()
                }));
            },
            "spray.max_wind_m_s",
        ),
        (
            |r| {
                r.thresholds = Some(Thresholds::Spray(proto::SprayThresholds {
                    rain_from_mm: f64::NAN,
                    ..spray()
                }));
            },
            "spray.rain_from_mm",
        ),
    ];
    let running = start().await;
    for (change, field) in table {
        let mut wrong = request();
        change(&mut wrong);

        let status = running.client.clone().find_windows(wrong).await;

        let refused = refused(&status.expect_err(field));
        assert_eq!(refused.code, Code::InvalidArgument);
        assert_eq!(refused.field, field, "{}", refused.message);
    }
}
