//! What holds of evapotranspiration and air wherever and whenever.

use furrow_agromet::et::{EtColumns, EtEquation, EtMethod, EtReference, EtSite, filled};
use furrow_agromet::radiation::SolarForm;
use furrow_agromet::{
    AirHours, Days, EtDays, EtHours, Hours, WeatherError, daily_et, describe_air, dew_point_c,
    hourly_et, magnus_vapour_pressure_kpa, pressure_of_elevation_kpa, relative_humidity_percent,
    temperature_humidity_index, wet_bulb_c,
};
use proptest::prelude::*;

const ASCE: EtMethod = EtMethod {
    equation: EtEquation::Asce2005,
    reference: EtReference::Short,
    fills_missing: false,
    floors_at_zero: false,
};

const FILLED: EtMethod = EtMethod {
    fills_missing: true,
    ..ASCE
};

fn site(latitude_deg: f64, longitude_deg: f64) -> EtSite {
    EtSite {
        latitude_deg,
        longitude_deg,
        elevation_m: 100.0,
        wind_height_m: 10.0,
    }
}

/// Columns of constant weather under a sky of a share of the sun that there is at noon.
struct Weather {
    temperature: Vec<f64>,
    humidity: Vec<f64>,
    wind: Vec<f64>,
    solar: Vec<f64>,
}

impl Weather {
    fn constant(count: usize) -> Self {
        Self {
            temperature: (0..count)
                .map(|row| 15.0 + (row % 24) as f64 / 4.0)
                .collect(),
            humidity: vec![60.0; count],
            wind: vec![2.0; count],
            solar: (0..count)
                .map(|row| if row % 24 < 12 { 0.0 } else { 1.0 })
                .collect(),
        }
    }

    fn et(&self, site: &EtSite, method: EtMethod) -> EtColumns {
        let weather = EtHours {
            air_temperature_c: Some(&self.temperature),
            relative_humidity_percent: Some(&self.humidity),
            wind_speed_m_s: Some(&self.wind),
            shortwave_radiation_mj_m2: Some(&self.solar),
            ..EtHours::default()
        };
        let hours = Hours {
            start_s: 1_704_067_200,
            count: self.temperature.len(),
        };
        hourly_et(hours, &weather, site, method, true).expect("right columns")
    }
}

#[test]
fn every_day_of_a_leap_year_has_a_value_from_pole_to_pole() {
    let weather = Weather::constant(366 * 24);
    let days = Days {
        first: "2024-01-01".parse().expect("a date"),
        count: 366,
    };
    for latitude in [
        -90.0, -89.9, -66.6, -50.0, 0.0, 51.0, 66.5, 78.2, 89.9, 90.0,
    ] {
        for longitude in [-180.0, -16.25, 0.0, 85.3, 180.0] {
            let place = site(latitude, longitude);

            let hourly = weather.et(&place, ASCE);
            let minima = vec![-5.0; 366];
            let maxima = vec![5.0; 366];
            let others = vec![2.0; 366];
            let daily = EtDays {
                temperature_min_c: Some(&minima),
                temperature_max_c: Some(&maxima),
                dew_point_mean_c: Some(&minima),
                wind_speed_mean_m_s: Some(&others),
                sunshine_h: Some(&others),
                ..EtDays::default()
            };
            let daily = daily_et(days, &daily, &place, ASCE, SolarForm::Standard, true);
            let daily = daily.expect("right columns");

            assert!(
                hourly.et_mm.iter().all(|value| value.is_finite()),
                "{place:?}"
            );
            assert!(
                daily.et_mm.iter().all(|value| value.is_finite()),
                "{place:?}"
            );
            let radiation = &daily.intermediates.extraterrestrial_radiation_mj_m2;
            assert!(radiation.iter().all(|value| (0.0..50.0).contains(value)));
            // The hours have the days' radiation, by another integral of the same. Under a midnight sun
            // the standard's equation 56 cuts the hour around midnight: up to half an hour less.
            let tolerance = if latitude.abs() > 66.0 { 0.021 } else { 0.001 };
            let hours = &hourly.intermediates.extraterrestrial_radiation_mj_m2;
            let (sum, days): (f64, f64) = (hours.iter().sum(), radiation.iter().sum());
            assert!(
                (sum - days).abs() < tolerance * days,
                "{place:?}: {sum}, {days}"
            );
        }
    }
}

type Column = fn(&mut Weather) -> &mut Vec<f64>;

#[test]
fn each_column_that_is_missing_leaves_a_gap_or_is_filled_and_flagged() {
    let whole = Weather::constant(96);
    let place = site(45.0, 10.0);
    let columns: [(Column, u8); 3] = [
        (|weather| &mut weather.solar, filled::RADIATION),
        (|weather| &mut weather.humidity, filled::HUMIDITY),
        (|weather| &mut weather.wind, filled::WIND),
    ];
    for (column, bit) in columns {
        let mut weather = Weather::constant(96);
        column(&mut weather)[60] = f64::NAN;

        let gap = weather.et(&place, ASCE);
        let fill = weather.et(&place, FILLED);

        assert!(gap.et_mm[60].is_nan());
        assert_eq!(gap.filled[60], 0);
        assert!(fill.et_mm[60].is_finite());
        assert_eq!(fill.filled[60], bit | filled::PRESSURE);
        assert_eq!(fill.filled[59], filled::PRESSURE);
        assert_eq!(
            gap.et_mm[59].to_bits(),
            whole.et(&place, ASCE).et_mm[59].to_bits()
        );
    }
    let mut weather = Weather::constant(96);
    weather.temperature[60] = f64::NAN;
    assert!(
        weather.et(&place, FILLED).et_mm[60].is_nan(),
        "no ladder gives a temperature"
    );
}

#[test]
fn a_day_without_radiation_is_filled_from_its_temperatures_below_a_clear_sky() {
    let mut weather = Weather::constant(96);
    weather.solar.fill(f64::NAN);

    let found = weather.et(&site(45.0, 10.0), FILLED);

    let values = &found.intermediates;
    let rows = values
        .solar_radiation_mj_m2
        .iter()
        .zip(&values.clear_sky_radiation_mj_m2);
    // The first and the last solar day are whole enough to have extremes, or they stay a gap.
    assert!(found.et_mm[30..60].iter().all(|value| value.is_finite()));
    assert!(
        rows.clone()
            .all(|(solar, clear)| solar.is_nan() || solar <= clear)
    );
    assert!(
        weather
            .et(&site(45.0, 10.0), ASCE)
            .et_mm
            .iter()
            .all(|value| value.is_nan())
    );
}

#[test]
fn floors_raise_only_what_is_negative() {
    let mut weather = Weather::constant(96);
    weather.humidity.fill(100.0);
    let floored = EtMethod {
        floors_at_zero: true,
        ..ASCE
    };

    let free = weather.et(&site(45.0, 10.0), ASCE).et_mm;
    let held = weather.et(&site(45.0, 10.0), floored).et_mm;

    assert!(
        free.iter().any(|&value| value < 0.0),
        "nights of dew are negative"
    );
    for (free, held) in free.iter().zip(&held) {
        assert_eq!(held.to_bits(), if *free < 0.0 { 0 } else { free.to_bits() });
    }
}

/// From 2 h to the next noon at 45° N: the sky before the first high sun is that of the first high sun.
#[test]
fn before_the_first_evening_the_sky_is_that_of_the_first_high_sun() {
    let weather = Weather::constant(24);
    let found = weather.et(&site(45.0, 10.0), ASCE);
    let values = &found.intermediates;
    let clouds = |row: usize| {
        // Equation 44 solved for the cloudiness.
        let kelvin = weather.temperature[row] + 273.16;
        values.net_longwave_mj_m2[row]
            / (2.042e-10 * kelvin.powi(4) * (0.34 - 0.14 * values.vapour_pressure_kpa[row].sqrt()))
    };
    let of = |row: usize| {
        let ratio = weather.solar[row] / values.clear_sky_radiation_mj_m2[row];
        1.35 * ratio.clamp(0.3, 1.0) - 0.35
    };
    // 1 January at 45° N: the sun passes 0.3 rad from about 10 to 13 h UTC, stamps 11 to 13.
    let first_high = (6..14).find(|&row| (clouds(row) - of(row)).abs() < 1e-9 && row > 9);
    let first_high = first_high.expect("the sun rises");

    for row in 0..first_high {
        assert!((clouds(row) - of(first_high)).abs() < 1e-9, "{row}");
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let hours = Hours {
        start_s: 0,
        count: 2,
    };
    let temperature = [1.0, 2.0];
    let wrong = EtHours {
        air_temperature_c: Some(&temperature),
        wind_speed_m_s: Some(&temperature[..1]),
        ..EtHours::default()
    };
    let refused = |weather: &EtHours<'_>| hourly_et(hours, weather, &site(0.0, 0.0), ASCE, false);

    assert_eq!(
        refused(&wrong),
        Err(WeatherError::LengthMismatch {
            column: "wind_speed_m_s",
            found: 1,
            expected: 2
        })
    );
    assert!(matches!(
        refused(&EtHours::default()),
        Err(WeatherError::ColumnMissing { .. })
    ));
}

/// Stull's table (2011), for pressure at sea level, is a fit good to 0.3 K; the highlands are colder.
#[test]
fn the_wet_bulb_knows_the_pressure() {
    for (temperature, humidity, pressure, due, tolerance) in [
        // Stull's 13.7 is his fit; the psychrometric 13.8 lies within its error.
        (20.0, 50.0, 101.325, 13.7, 0.15),
        (20.0, 50.0, 80.0, 13.3, 0.1),
        (35.0, 15.0, 101.325, 17.6, 0.1),
        (35.0, 15.0, 80.0, 16.2, 0.1),
    ] {
        let found = wet_bulb_c(temperature, humidity, pressure);
        assert!(
            (found - due).abs() <= tolerance,
            "{temperature}/{humidity}: {found}, not {due}"
        );
    }
}

/// Alduchov and Eskridge's saturation pressure against the formula of Sonntag (1990) over water.
#[test]
fn saturation_over_water_is_as_a_longer_formula_has_it() {
    for (temperature, due_hpa) in [
        (-20.0, 1.2559),
        (0.0, 6.1121),
        (20.0, 23.392),
        (40.0, 73.853),
    ] {
        let found_hpa = 10.0 * magnus_vapour_pressure_kpa(temperature);
        assert!(
            (found_hpa / due_hpa - 1.0).abs() < 0.004,
            "{temperature}: {found_hpa}"
        );
    }
}

/// Worked by hand from the National Research Council's formula; at 100 % it is the temperature in °F.
#[test]
fn heat_stress_of_cattle_is_as_worked_by_hand() {
    for (temperature, humidity, due) in
        [(25.0, 50.0, 72.0), (35.0, 80.0, 91.0), (30.0, 100.0, 86.0)]
    {
        let found = temperature_humidity_index(temperature, humidity);
        assert!(
            (found - due).abs() < 0.6,
            "{temperature}/{humidity}: {found}"
        );
    }
}

#[test]
fn air_that_is_absent_stays_absent_and_the_pressure_is_stated() {
    let temperature = [20.0, 20.0, f64::NAN, 20.0];
    let humidity = [50.0, f64::NAN, 50.0, f64::NAN];
    let dew_point = [f64::NAN, 9.27, 9.0, f64::NAN];
    let pressure = [800.0, f64::NAN, f64::NAN, 1000.0];
    let weather = AirHours {
        air_temperature_c: Some(&temperature),
        relative_humidity_percent: Some(&humidity),
        dew_point_c: Some(&dew_point),
        surface_pressure_hpa: Some(&pressure),
    };

    let air = describe_air(&weather, 1_800.0).expect("right columns");

    assert!((air.wet_bulb_c[0] - 13.3).abs() < 0.1);
    assert!((air.delta_t_k[0] - 6.7).abs() < 0.1);
    assert!((air.dew_point_c[0] - 9.27).abs() < 0.02);
    assert!((air.relative_humidity_percent[1] - 50.0).abs() < 0.1);
    assert!((air.pressure_hpa[1] - 817.6).abs() < 0.1);
    assert!(air.wet_bulb_c[2].is_nan() && air.vapour_pressure_deficit_kpa[2].is_nan());
    assert!(air.wet_bulb_c[3].is_nan() && air.dew_point_c[3].is_nan());
    assert!(air.vapour_pressure_kpa[3].is_nan() && air.relative_humidity_percent[3].is_nan());
    assert!((air.pressure_hpa[3] - 1000.0).abs() < 1e-9);
}

proptest! {
    #[test]
    fn the_wet_bulb_lies_between_dew_point_and_air(
        temperature in -90.0..65.0_f64,
        humidity in 0.1..100.0_f64,
        elevation in -450.0..6500.0_f64,
    ) {
        let wet = wet_bulb_c(temperature, humidity, pressure_of_elevation_kpa(elevation));
        let dew_point = dew_point_c(temperature, humidity);

        prop_assert!(wet <= temperature + 1e-9);
        prop_assert!(wet >= dew_point - 1e-9, "{wet} {dew_point}");
        // It solves what it says it solves (WMO-No. 8, annex 4.B).
        let coefficient = 6.53e-4 * (1.0 + 9.44e-4 * wet) * pressure_of_elevation_kpa(elevation);
        let vapour = magnus_vapour_pressure_kpa(wet) - coefficient * (temperature - wet);
        prop_assert!((vapour - magnus_vapour_pressure_kpa(dew_point)).abs() < 1e-9);
    }

    #[test]
    fn humidity_and_dew_point_lead_to_each_other(
        temperature in -90.0..65.0_f64,
        humidity in 0.1..100.0_f64,
    ) {
        let back = relative_humidity_percent(temperature, dew_point_c(temperature, humidity));

        prop_assert!((back - humidity).abs() < 1e-9 * humidity.max(1.0), "{back}");
    }

    /// With dry air the aerodynamic part exceeds what wind takes from the radiative one: where the
    /// advected term is larger than `Cd` times the present value, more wind means more water.
    #[test]
    fn more_wind_means_more_water_where_the_air_is_dry(
        temperature in 10.0..40.0_f64,
        humidity in 5.0..40.0_f64,
        wind in 0.5..10.0_f64,
        more in 0.1..5.0_f64,
    ) {
        let of = |wind: f64, humidity: f64| {
            let mut weather = Weather::constant(30);
            weather.temperature.fill(temperature);
            weather.humidity.fill(humidity);
            weather.wind.fill(wind);
            // Afternoon in winter light: hardly any radiation.
            weather.solar.fill(0.3);
            weather.et(&site(20.0, 0.0), ASCE).et_mm[14]
        };

        prop_assert!(of(wind + more, humidity) > of(wind, humidity));
        prop_assert!(of(wind, humidity) > of(wind, humidity + 10.0));
    }

    #[test]
    fn whatever_is_absent_nothing_panics_and_nothing_is_infinite(
        holes in prop::collection::vec((0..96_usize, 0..4_usize), 0..60),
        latitude in -90.0..90.0_f64,
        longitude in -180.0..180.0_f64,
        fills_missing: bool,
    ) {
        let mut weather = Weather::constant(96);
        for &(row, column) in &holes {
            let columns = [
                &mut weather.temperature,
                &mut weather.humidity,
                &mut weather.wind,
                &mut weather.solar,
            ];
            columns.into_iter().nth(column).expect("four")[row] = f64::NAN;
        }

        let found = weather.et(&site(latitude, longitude), EtMethod { fills_missing, ..ASCE });

        for row in 0..96 {
            prop_assert!(!found.et_mm[row].is_infinite());
            let is_whole = !holes.iter().any(|&(hole, _)| hole == row);
            prop_assert!(!is_whole || found.filled[row] & !filled::PRESSURE == 0);
            prop_assert!(fills_missing || is_whole || found.et_mm[row].is_nan());
            prop_assert_eq!(found.et_mm[row].is_nan(), found.filled[row] == 0);
        }
    }
}
