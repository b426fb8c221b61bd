//! Hours judged: what stands against each, and what is not known.

use furrow_agromet::Hours;
use furrow_agromet::sun::Position;
use furrow_agromet::windows::HourStatus::{Marginal, Suitable, Unknown, Unsuitable};
use furrow_agromet::windows::{
    DiseaseThresholds, FrostThresholds, HarvestThresholds, HourStatus, IrrigationThresholds,
    JudgedHour, LimitingFactor, Sought, SprayThresholds, WindowWeather, judge_disease,
    judge_frost_protection, judge_harvest, judge_irrigation, judge_spraying, runs,
};

/// A change to a field, and what it makes of the first hour.
type Case = (fn(&mut Field), HourStatus, LimitingFactor);

/// Columns of a field near Brussels; each hour is like the others but for what a test changes.
struct Field {
    start_s: i64,
    temperature: Vec<f64>,
    humidity: Vec<f64>,
    wind: Vec<f64>,
    gust: Vec<f64>,
    rain: Vec<f64>,
    cloud: Vec<f64>,
}

/// 21 June 2026, 10:00 UTC.
const SUMMER_NOON_S: i64 = 1_782_036_000;

/// Good hours for spraying: 20 °C, 60 %, 2.5 m/s at 2 m, dry.
fn good(start_s: i64, count: usize) -> Field {
    Field {
        start_s,
        temperature: vec![20.0; count],
        humidity: vec![60.0; count],
        wind: vec![2.5; count],
        gust: vec![3.5; count],
        rain: vec![0.0; count],
        cloud: vec![10.0; count],
    }
}

impl Field {
    fn weather(&self) -> WindowWeather<'_> {
        WindowWeather {
            hours: Hours {
                start_s: self.start_s,
                count: self.temperature.len(),
            },
            position: Position {
                latitude_deg: 50.85,
                longitude_deg: 4.35,
            },
            elevation_m: 50.0,
            wind_height_m: 2.0,
            air_temperature_c: Some(&self.temperature),
            relative_humidity_percent: Some(&self.humidity),
            dew_point_c: None,
            wind_speed_m_s: Some(&self.wind),
            wind_gust_m_s: Some(&self.gust),
            precipitation_mm: Some(&self.rain),
            surface_pressure_hpa: None,
            cloud_cover_percent: Some(&self.cloud),
        }
    }
}

const SPRAY: SprayThresholds = SprayThresholds {
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
};

fn sprayed(change: impl FnOnce(&mut Field)) -> JudgedHour {
    let mut field = good(SUMMER_NOON_S, 4);
    change(&mut field);
    judge_spraying(&field.weather(), &SPRAY)[0]
}

fn against(hour: JudgedHour) -> (HourStatus, LimitingFactor) {
    (hour.status, hour.limiting_factor.expect("something is"))
}

#[test]
fn a_mild_breezy_dry_noon_is_suitable_and_says_how_safely() {
    let hour = sprayed(|_| {});

    assert_eq!(hour.status, Suitable);
    assert_eq!(hour.limiting_factor, None);
    // Wind is the nearest: (4.2 - 2.5) / 4.2.
    assert!((hour.margin - 1.7 / 4.2).abs() < 1e-9, "{}", hour.margin);
}

#[test]
fn calm_air_is_unsafe_and_not_optimal() {
    // OpenAgri's thresholds call 0 km/h optimal for spraying.
    let hour = sprayed(|field| field.wind[0] = 0.0);

    assert_eq!(against(hour), (Unsuitable, LimitingFactor::Calm));
    assert!((hour.margin + 1.0).abs() < 1e-9);
}

#[test]
fn each_threshold_of_spraying_stands_against_it_by_its_own_name() {
    let cases: [Case; 9] = [
        (
            |field| field.wind[0] = 4.2,
            Unsuitable,
            LimitingFactor::Wind,
        ),
        (
            |field| field.gust[0] = 9.0,
            Unsuitable,
            LimitingFactor::Gusts,
        ),
        (
            |field| field.temperature[0] = 7.5,
            Unsuitable,
            LimitingFactor::Cold,
        ),
        (
            // Damp, that Delta-T stays below 8 K.
            |field| (field.temperature[0], field.humidity[0]) = (28.5, 55.0),
            Unsuitable,
            LimitingFactor::Heat,
        ),
        (
            |field| field.humidity[0] = 22.0,
            Unsuitable,
            LimitingFactor::DeltaTHigh,
        ),
        (
            |field| field.humidity[0] = 35.0,
            Marginal,
            LimitingFactor::DeltaTHigh,
        ),
        (
            |field| field.humidity[0] = 86.0,
            Marginal,
            LimitingFactor::DeltaTLow,
        ),
        (
            |field| field.rain[0] = 0.6,
            Unsuitable,
            LimitingFactor::Rain,
        ),
        (
            |field| field.rain[2] = 0.6,
            Unsuitable,
            LimitingFactor::RainAhead,
        ),
    ];
    for (change, status, factor) in cases {
        assert_eq!(against(sprayed(change)), (status, factor));
    }
    let wet = sprayed(|field| field.humidity[0] = 95.0);
    assert_eq!(wet.status, Marginal, "dew is marginal unless it is refused");
    assert!(wet.margin.abs() < 1e-9, "what is marginal is not broken");
}

#[test]
fn wind_at_ten_metres_is_brought_to_two() {
    // FAO-56, example 14: 3.2 m/s at 10 m are 2.4 m/s at 2 m. With a limit of 2.6 that is suitable.
    let mut field = good(SUMMER_NOON_S, 4);
    field.wind = vec![3.2; 4];
    let thresholds = SprayThresholds {
        max_wind_m_s: 2.6,
        ..SPRAY
    };
    let at = |wind_height_m| {
        let weather = WindowWeather {
            wind_height_m,
            ..field.weather()
        };
        judge_spraying(&weather, &thresholds)[0]
    };

    assert_eq!(against(at(2.0)), (Unsuitable, LimitingFactor::Wind));
    assert_eq!(at(10.0).status, Marginal, "2.4 is within a tenth of 2.6");
    assert!((at(10.0).margin - (2.6 - 2.4) / 2.6).abs() < 0.01);
}

#[test]
fn a_clear_night_of_little_wind_is_an_inversion_and_a_windy_or_cloudy_one_is_none() {
    // 21 June at Brussels: sunset 20:00 UTC (22:00 local), sunrise 3:29 UTC the next morning, as the Royal
    // Observatory of Belgium prints them. The hours that end at 15:00 to 6:00 UTC:
    let factors = |change: fn(&mut Field)| {
        let mut field = good(SUMMER_NOON_S + 5 * 3600, 16);
        field.wind = vec![1.5; 16];
        change(&mut field);
        let hours = judge_spraying(&field.weather(), &SPRAY);
        let is_inversion =
            |hour: &JudgedHour| hour.limiting_factor == Some(LimitingFactor::Inversion);
        hours.iter().map(is_inversion).collect::<Vec<_>>()
    };

    // Two hours before sunset is 18:00: the hour that ends then touches it; an hour after sunrise is 4:29.
    let clear = factors(|_| {});
    let first = clear
        .iter()
        .position(|inversion| *inversion)
        .expect("a night");
    assert!((3..=4).contains(&first), "{first}");
    assert!(clear[4..=13].iter().all(|inversion| *inversion));
    assert!(
        !clear[15..].contains(&true),
        "an hour after sunrise it is over"
    );
    assert!(!factors(|field| field.cloud = vec![90.0; 16]).contains(&true));
    assert!(!factors(|field| field.wind = vec![3.0; 16]).contains(&true));
    // Unknown cloud: calm nights are not trusted.
    assert!(factors(|field| field.cloud = vec![f64::NAN; 16]).contains(&true));
}

#[test]
fn what_is_absent_is_never_suitable() {
    let missing: [fn(&mut Field); 4] = [
        |field| field.temperature[0] = f64::NAN,
        |field| field.humidity[0] = f64::NAN,
        |field| field.wind[0] = f64::NAN,
        |field| field.rain[1] = f64::NAN,
    ];
    for change in missing {
        let hour = sprayed(change);

        assert_eq!(against(hour), (Unknown, LimitingFactor::MissingData));
        assert!(hour.margin.is_nan());
    }
}

#[test]
fn hours_whose_next_hours_are_not_known_are_not_known() {
    let field = good(SUMMER_NOON_S, 5);

    let hours = judge_spraying(&field.weather(), &SPRAY);

    let status: Vec<_> = hours.iter().map(|hour| hour.status).collect();
    assert_eq!(status[..3], [Suitable; 3]);
    assert_eq!(status[3..], [Unknown; 2]);
}

#[test]
fn what_stands_against_an_hour_does_so_whatever_else_is_absent() {
    let hour = sprayed(|field| (field.wind[0], field.humidity[0]) = (9.0, f64::NAN));

    assert_eq!(against(hour), (Unsuitable, LimitingFactor::Wind));
}

#[test]
fn a_window_ends_with_what_stands_against_its_next_hour() {
    let mut field = good(SUMMER_NOON_S, 10);
    field.wind[4] = 6.0;
    let hours = judge_spraying(&field.weather(), &SPRAY);

    let windows = runs(&hours, Sought::Suitable, 3);

    assert_eq!(windows.len(), 2);
    assert_eq!((windows[0].first, windows[0].count), (0, 4));
    assert_eq!(windows[0].ended_by, Some(LimitingFactor::Wind));
    assert_eq!(windows[1].ended_by, Some(LimitingFactor::MissingData));
    assert_eq!(
        runs(&hours, Sought::Suitable, 4).len(),
        1,
        "three hours are too short"
    );
}

#[test]
fn a_sprinkler_that_has_started_runs_until_the_upper_wet_bulb() {
    let thresholds = FrostThresholds {
        start_wet_bulb_c: 0.0,
        stop_wet_bulb_c: 1.0,
        max_wind_m_s: 4.0,
    };
    let mut field = good(SUMMER_NOON_S, 7);
    // Saturated air: the wet bulb is the temperature.
    field.humidity = vec![100.0; 7];
    field.temperature = vec![5.0, 0.5, -0.5, 0.5, f64::NAN, 0.9, 1.5];
    field.wind = vec![1.0; 7];

    let hours = judge_frost_protection(&field.weather(), &thresholds);

    let status: Vec<_> = hours.iter().map(|hour| hour.status).collect();
    let expected = [
        Suitable, Marginal, Unsuitable, Unsuitable, Unknown, Unsuitable, Suitable,
    ];
    assert_eq!(status, expected);
    let windows = runs(&hours, Sought::Unsuitable(LimitingFactor::WetBulb), 1);
    assert_eq!(windows[0].ended_by, Some(LimitingFactor::MissingData));
    assert_eq!(windows[1].ended_by, Some(LimitingFactor::WetBulb));
}

#[test]
fn wind_that_makes_sprinklers_fail_is_what_limits_protection() {
    let thresholds = FrostThresholds {
        start_wet_bulb_c: 0.0,
        stop_wet_bulb_c: 1.0,
        max_wind_m_s: 4.0,
    };
    let mut field = good(SUMMER_NOON_S, 2);
    field.temperature = vec![-2.0, 8.0];
    field.wind = vec![6.0; 2];

    let hours = judge_frost_protection(&field.weather(), &thresholds);

    assert_eq!(against(hours[0]), (Unsuitable, LimitingFactor::Wind));
    assert_eq!(hours[1].status, Suitable, "no frost, no protection");
}

#[test]
fn irrigation_waits_for_rain_and_stops_in_wind_and_frost() {
    let thresholds = IrrigationThresholds {
        max_wind_m_s: 4.0,
        marginal_vpd_kpa: 2.0,
        min_temperature_c: 1.0,
        rain_from_mm: 5.0,
        rain_hours_ahead: 2,
    };
    let of = |change: fn(&mut Field)| {
        let mut field = good(SUMMER_NOON_S, 4);
        change(&mut field);
        judge_irrigation(&field.weather(), &thresholds)
    };

    assert_eq!(of(|_| {})[0].status, Suitable);
    assert_eq!(of(|_| {})[2].status, Unknown);
    let rainy = of(|field| field.rain = vec![0.0, 3.0, 3.0, 0.0]);
    assert_eq!(against(rainy[0]), (Unsuitable, LimitingFactor::RainAhead));
    let cold = of(|field| field.temperature[0] = 1.0);
    assert_eq!(against(cold[0]), (Unsuitable, LimitingFactor::Cold));
    let dry = of(|field| (field.temperature[0], field.humidity[0]) = (32.0, 20.0));
    assert_eq!(
        against(dry[0]),
        (Marginal, LimitingFactor::VapourPressureDeficit)
    );
    let calm = of(|field| field.humidity[0] = f64::NAN);
    assert_eq!(
        calm[0].status, Suitable,
        "humidity counts where it is known"
    );
}

#[test]
fn harvest_waits_until_a_crop_has_dried() {
    let thresholds = HarvestThresholds {
        max_relative_humidity_percent: 75.0,
        marginal_relative_humidity_percent: 68.0,
        dry_hours_before: 3,
        rain_from_mm: 0.2,
        min_vpd_kpa: 0.3,
    };
    let mut field = good(SUMMER_NOON_S, 9);
    field.rain[3] = 2.0;

    let hours = judge_harvest(&field.weather(), &thresholds);

    let status: Vec<_> = hours.iter().map(|hour| hour.status).collect();
    assert_eq!(status[..3], [Unknown; 3], "what was before is not known");
    assert_eq!(against(hours[3]), (Unsuitable, LimitingFactor::Rain));
    assert_eq!(against(hours[6]), (Unsuitable, LimitingFactor::RainBefore));
    assert_eq!(hours[7].status, Marginal, "just dry enough");
    assert_eq!(hours[8].status, Suitable);

    field.humidity[8] = 80.0;
    let damp = judge_harvest(&field.weather(), &thresholds)[8];
    assert_eq!(against(damp), (Unsuitable, LimitingFactor::Humidity));
}

#[test]
fn a_wet_spell_becomes_a_risk_as_it_grows_and_cold_hours_only_pause_it() {
    let thresholds = DiseaseThresholds {
        min_temperature_c: 10.0,
        max_temperature_c: 27.0,
        risk_wet_hours: 4,
        marginal_wet_hours: 2,
    };
    let mut field = good(SUMMER_NOON_S, 9);
    field.humidity = vec![60.0, 95.0, 95.0, 95.0, 95.0, 95.0, 95.0, 60.0, 95.0];
    field.temperature[3] = 5.0;

    let hours = judge_disease(&field.weather(), &thresholds);

    let status: Vec<_> = hours.iter().map(|hour| hour.status).collect();
    let expected = [
        Suitable, Suitable, Marginal, Marginal, Marginal, Unsuitable, Unsuitable, Suitable,
        Suitable,
    ];
    assert_eq!(status, expected);
    let windows = runs(&hours, Sought::Unsuitable(LimitingFactor::Infection), 1);
    assert_eq!(windows[0].ended_by, Some(LimitingFactor::Infection));
}

#[test]
fn a_spell_whose_beginning_is_not_known_is_unknown_until_it_is_long_enough() {
    let thresholds = DiseaseThresholds {
        min_temperature_c: 10.0,
        max_temperature_c: 27.0,
        risk_wet_hours: 3,
        marginal_wet_hours: 2,
    };
    let mut field = good(SUMMER_NOON_S, 4);
    field.humidity = vec![95.0; 4];

    let hours = judge_disease(&field.weather(), &thresholds);

    let status: Vec<_> = hours.iter().map(|hour| hour.status).collect();
    assert_eq!(status[..2], [Unknown; 2]);
    assert_eq!(status[2..], [Unsuitable; 2]);
}
