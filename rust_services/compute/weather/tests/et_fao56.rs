//! The worked examples of FAO-56, by number, with the tolerance that each is stated with.

mod et_support;

use et_support::shared_text;
use furrow_agromet::et::{
    Combination, EtConstants, EtEquation, EtMethod, EtReference, EtSite, reference_et_mm,
};
use furrow_agromet::humidity::{
    fao56_slope_kpa_k, mean_saturation_vapour_pressure_kpa, saturation_vapour_pressure_kpa,
    vapour_pressure_of_extremes_kpa,
};
use furrow_agromet::radiation::{
    SolarForm, clear_sky_share, cloudiness, daylight_h, declination_rad,
    extraterrestrial_radiation_day, inverse_sun_distance, net_longwave_day, net_shortwave,
    radiation_of_sunshine_day, sunset_hour_angle_rad,
};
use furrow_agromet::{
    EtDays, EtHours, Hours, daily_et, hourly_et, pressure_of_elevation_kpa,
    psychrometric_constant_kpa_k, wind_speed_2m_m_s,
};
use serde_json::Value;

const FAO56: EtMethod = EtMethod {
    equation: EtEquation::Fao56,
    reference: EtReference::Short,
    fills_missing: false,
    floors_at_zero: false,
};

/// An example's inputs and published numbers.
struct Example {
    number: u64,
    values: Value,
}

impl Example {
    fn input(&self, name: &str) -> f64 {
        self.values["inputs"][name].as_f64().expect("an input")
    }

    fn day_of_year(&self) -> i16 {
        i16::try_from(self.values["inputs"]["doy"].as_i64().expect("a day")).expect("of a year")
    }

    /// Holds a number to the paper's, with the example's tolerance; where none is stated, half a unit
    /// of the last digit that the paper prints.
    fn holds(&self, name: &str, found: f64) {
        let published = self.values["published"][name].as_f64().expect("published");
        let printed = self.values["published"][name].to_string();
        let digits = printed
            .split_once('.')
            .map_or(0, |(_, digits)| digits.len());
        let half_a_digit = 0.501 * 10_f64.powi(-i32::try_from(digits).expect("few"));
        let tolerance = self.values["tolerance"][name]
            .as_f64()
            .unwrap_or(half_a_digit);
        assert!(
            (found - published).abs() <= tolerance,
            "example {}: {name} is {found}, not {published} ± {tolerance}",
            self.number
        );
    }

    fn extraterrestrial(&self) -> f64 {
        let latitude = self.input("lat_deg").to_radians();
        extraterrestrial_radiation_day(latitude, self.day_of_year(), SolarForm::Standard)
    }

    fn daylight(&self) -> f64 {
        let declination = declination_rad(self.day_of_year(), SolarForm::Standard);
        daylight_h(sunset_hour_angle_rad(
            self.input("lat_deg").to_radians(),
            declination,
        ))
    }
}

#[test]
fn every_example_is_as_the_paper_has_it() {
    let Some(text) = shared_text("fao56_examples.json") else {
        return;
    };
    let file: Value = serde_json::from_str(&text).expect("JSON");
    let examples = file["examples"].as_array().expect("examples");
    for values in examples {
        let number = values["id"].as_u64().expect("a number");
        let values = values.clone();
        let example = Example { number, values };
        match number {
            2 => pressure(&example),
            3 => saturation(&example),
            5 => humidity(&example),
            8 => sun(&example),
            9 => example.holds("N", example.daylight()),
            10 => sunshine(&example),
            14 => example.holds(
                "u2",
                wind_speed_2m_m_s(example.input("u_ms"), example.input("height_m")),
            ),
            17 => month_of_bangkok(&example),
            18 => day_of_uccle(&example),
            other => panic!("example {other} has no test"),
        }
    }
    assert_eq!(examples.len(), 9);
}

fn pressure(example: &Example) {
    let pressure_kpa = pressure_of_elevation_kpa(example.input("elevation_m"));
    example.holds("P_kpa", pressure_kpa);
    example.holds("gamma", psychrometric_constant_kpa_k(pressure_kpa));
}

fn saturation(example: &Example) {
    let (max, min) = (example.input("tmax_c"), example.input("tmin_c"));
    example.holds("es", mean_saturation_vapour_pressure_kpa(max, min));
    // The mean temperature's would be 2.30.
    let at_the_mean = saturation_vapour_pressure_kpa(f64::midpoint(max, min));
    assert!((at_the_mean - 2.30).abs() < 0.01);
}

fn humidity(example: &Example) {
    let vapour_pressure = vapour_pressure_of_extremes_kpa(
        example.input("tmax_c"),
        example.input("tmin_c"),
        example.input("rhmax"),
        example.input("rhmin"),
    );
    example.holds("ea", vapour_pressure);
}

fn sun(example: &Example) {
    let day = example.day_of_year();
    let declination = declination_rad(day, SolarForm::Standard);
    let latitude = example.input("lat_deg").to_radians();
    example.holds("dr", inverse_sun_distance(day));
    example.holds("declination", declination);
    example.holds(
        "sunset_hour_angle",
        sunset_hour_angle_rad(latitude, declination),
    );
    example.holds("Ra", example.extraterrestrial());
}

fn sunshine(example: &Example) {
    let (extraterrestrial, daylight) = (example.extraterrestrial(), example.daylight());
    example.holds("Ra", extraterrestrial);
    example.holds("N", daylight);
    let hours = example.input("n_hours_per_day");
    example.holds(
        "Rs",
        radiation_of_sunshine_day(hours, daylight, extraterrestrial),
    );
}

/// A monthly example with heat in the soil, so by the functions of which a day is made.
fn month_of_bangkok(example: &Example) {
    let (max, min) = (example.input("tmax_c"), example.input("tmin_c"));
    let vapour_pressure = example.input("ea_kpa");
    let extraterrestrial = example.extraterrestrial();
    let daylight = example.daylight();
    let solar = radiation_of_sunshine_day(example.input("sunshine_h"), daylight, extraterrestrial);
    let clear_sky = clear_sky_share(example.input("elevation_m")) * extraterrestrial;
    let longwave = net_longwave_day(max, min, vapour_pressure, cloudiness(solar, clear_sky));
    let net_radiation = net_shortwave(solar) - longwave;
    let mean = f64::midpoint(max, min);
    let pressure_kpa = pressure_of_elevation_kpa(example.input("elevation_m"));
    let air = Combination {
        temperature_c: mean,
        net_radiation: net_radiation - example.input("G"),
        deficit_kpa: mean_saturation_vapour_pressure_kpa(max, min) - vapour_pressure,
        wind_speed_2m_m_s: example.input("u2_ms"),
        slope_kpa_k: fao56_slope_kpa_k(mean),
        psychrometric_kpa_k: psychrometric_constant_kpa_k(pressure_kpa),
    };

    example.holds("Ra", extraterrestrial);
    example.holds("N", daylight);
    example.holds("Rs", solar);
    example.holds("Rso", clear_sky);
    example.holds("Rns", net_shortwave(solar));
    example.holds("Rnl", longwave);
    example.holds("Rn", net_radiation);
    example.holds(
        "ETo",
        reference_et_mm(&air, &EtConstants::of_day(EtReference::Short)),
    );
}

/// The daily example, from its sunshine and its wind at 10 m.
fn day_of_uccle(example: &Example) {
    let column = |name| [example.input(name)];
    let (min, max) = (column("tmin_c"), column("tmax_c"));
    let (humidity_max, humidity_min) = (column("rhmax"), column("rhmin"));
    let (sunshine, wind) = (column("sunshine_h"), [example.input("u10_kmh") / 3.6]);
    let weather = EtDays {
        temperature_min_c: Some(&min),
        temperature_max_c: Some(&max),
        relative_humidity_max_percent: Some(&humidity_max),
        relative_humidity_min_percent: Some(&humidity_min),
        wind_speed_mean_m_s: Some(&wind),
        sunshine_h: Some(&sunshine),
        ..EtDays::default()
    };
    let site = EtSite {
        latitude_deg: example.input("lat_deg"),
        longitude_deg: 4.35,
        elevation_m: example.input("elevation_m"),
        wind_height_m: 10.0,
    };
    // Day 187 of a year that is no leap year.
    let days = furrow_agromet::Days {
        first: "1998-07-06".parse().expect("a date"),
        count: 1,
    };

    let found = daily_et(days, &weather, &site, FAO56, SolarForm::Standard, true).expect("right");

    let values = &found.intermediates;
    example.holds("es", values.saturation_vapour_pressure_kpa[0]);
    example.holds("ea", values.vapour_pressure_kpa[0]);
    example.holds("Ra", values.extraterrestrial_radiation_mj_m2[0]);
    example.holds("N", example.daylight());
    example.holds("Rs", values.solar_radiation_mj_m2[0]);
    example.holds("Rso", values.clear_sky_radiation_mj_m2[0]);
    example.holds("Rnl", values.net_longwave_mj_m2[0]);
    example.holds("Rn", values.net_radiation_mj_m2[0]);
    example.holds("ETo", found.et_mm[0]);
    assert!((values.wind_speed_2m_m_s[0] - example.input("u2_ms")).abs() < 5e-4);
    assert_eq!(values.soil_heat_flux_mj_m2, [0.0]);
}

/// Example 19: N'Diaye, Senegal, 1 October. The paper's clock is that of 15° west, an
/// hour behind UTC; an hour bears its end.
fn ndiaye(
    method: EtMethod,
    count: usize,
    rows: &[(usize, [f64; 4])],
) -> furrow_agromet::et::EtColumns {
    let mut columns = vec![vec![f64::NAN; count]; 4];
    for (row, values) in rows {
        for (column, value) in columns.iter_mut().zip(values) {
            column[*row] = *value;
        }
    }
    let weather = EtHours {
        air_temperature_c: Some(&columns[0]),
        relative_humidity_percent: Some(&columns[1]),
        wind_speed_m_s: Some(&columns[2]),
        shortwave_radiation_mj_m2: Some(&columns[3]),
        ..EtHours::default()
    };
    let site = EtSite {
        latitude_deg: 16.0 + 13.0 / 60.0,
        longitude_deg: -16.25,
        elevation_m: 8.0,
        wind_height_m: 2.0,
    };
    // 1997-10-01T16:00Z, day 274: the hour from 14 to 15 by that clock.
    let hours = Hours {
        start_s: 875_721_600,
        count,
    };
    hourly_et(hours, &weather, &site, method, true).expect("right")
}

const AFTERNOON: [f64; 4] = [38.0, 52.0, 3.3, 2.450];

#[test]
fn the_afternoon_of_example_19_is_as_the_paper_has_it() {
    let found = ndiaye(FAO56, 1, &[(0, AFTERNOON)]);

    let values = &found.intermediates;
    assert!((values.extraterrestrial_radiation_mj_m2[0] - 3.543).abs() < 0.002);
    assert!((values.net_radiation_mj_m2[0] - 1.749).abs() < 0.002);
    assert!((values.soil_heat_flux_mj_m2[0] - 0.175).abs() < 0.001);
    assert!((found.et_mm[0] - 0.627).abs() < 0.001, "{}", found.et_mm[0]);
}

/// The paper takes Rs/Rso as 0.8 from before sunset, which an evening hour of that clearness gives.
#[test]
fn the_night_of_example_19_keeps_the_clearness_of_the_evening() {
    let clear_sky = ndiaye(FAO56, 1, &[(0, AFTERNOON)])
        .intermediates
        .clear_sky_radiation_mj_m2[0];
    let evening = [38.0, 52.0, 3.3, 0.8 * clear_sky];
    // Twelve hours after 14 to 15 h: the hour from 2 to 3.
    let rows = [(0, evening), (12, [28.0, 90.0, 1.9, 0.0])];

    let found = ndiaye(FAO56, 13, &rows);

    assert!((found.intermediates.net_radiation_mj_m2[12] + 0.100).abs() < 0.001);
    assert!((found.intermediates.soil_heat_flux_mj_m2[12] + 0.050).abs() < 0.001);
    assert!(
        (found.et_mm[12] - 0.004).abs() < 0.001,
        "{}",
        found.et_mm[12]
    );
    assert!(found.et_mm[5].is_nan());
}

#[test]
fn by_the_constants_of_asce_the_afternoon_of_example_19_evaporates_more() {
    let asce = EtMethod {
        equation: EtEquation::Asce2005,
        ..FAO56
    };

    let found = ndiaye(asce, 1, &[(0, AFTERNOON)]);

    assert!((found.et_mm[0] - 0.656).abs() < 0.001, "{}", found.et_mm[0]);
}

/// Swapped, the nights of ASCE would evaporate more than its days.
#[test]
fn by_night_the_surface_resists_more_and_the_soil_gives_more() {
    use EtEquation::{Asce2005, Fao56};
    use EtReference::{Short, Tall};
    let constants = |equation, reference, is_night| {
        let found = EtConstants::of_hour(equation, reference, is_night);
        [found.numerator, found.denominator, found.soil_share]
    };
    let same = |found: [f64; 3], due: [f64; 3]| {
        assert!(
            found.iter().zip(due).all(|(a, b)| (a - b).abs() < 1e-12),
            "{found:?} {due:?}"
        );
    };

    // ASCE-EWRI 2005 table 1 and equations 65 and 66; FAO-56 equations 45, 46 and 53.
    same(constants(Asce2005, Short, false), [37.0, 0.24, 0.1]);
    same(constants(Asce2005, Short, true), [37.0, 0.96, 0.5]);
    same(constants(Asce2005, Tall, false), [66.0, 0.25, 0.04]);
    same(constants(Asce2005, Tall, true), [66.0, 1.7, 0.2]);
    same(constants(Fao56, Short, false), [37.0, 0.34, 0.1]);
    same(constants(Fao56, Short, true), [37.0, 0.34, 0.5]);
    let day = |reference| {
        let found = EtConstants::of_day(reference);
        [found.numerator, found.denominator, found.soil_share]
    };
    same(day(Short), [900.0, 0.34, 0.0]);
    same(day(Tall), [1600.0, 0.38, 0.0]);
}
