//! Daily evapotranspiration against what other programs computed from the same weather.

mod et_support;
#[path = "et_support/tables.rs"]
mod tables;

use furrow_agromet::et::{EtEquation, EtMethod, EtReference, EtSite, filled};
use furrow_agromet::radiation::SolarForm;
use furrow_agromet::{EtDays, daily_et};
use tables::{Table, axis, difference, laid};

const fn method(equation: EtEquation, reference: EtReference) -> EtMethod {
    EtMethod {
        equation,
        reference,
        fills_missing: false,
        floors_at_zero: false,
    }
}

const FAO56: EtMethod = method(EtEquation::Fao56, EtReference::Short);
const ASCE_SHORT: EtMethod = method(EtEquation::Asce2005, EtReference::Short);
const ASCE_TALL: EtMethod = method(EtEquation::Asce2005, EtReference::Tall);

/// Ref-ET 3.1.15, six years at Maricopa, Arizona. It took the dew point, which is the form of humidity
/// that comes nearest to its numbers: with both extremes of relative humidity days differ by 0.7 mm.
/// Its FAO-56 takes the clear sky by elevation, its ASCE that of appendix D; it prints two decimals.
#[test]
fn six_years_at_maricopa_are_as_ref_et_has_them() {
    let Some(table) = Table::shared("refet_maricopa/maricopa_daily_2003_2008.csv") else {
        return;
    };
    let (days, places) = axis(&table.texts("date"));
    let column = |name| laid(&table.numbers(name), &places, days.count);
    let (min, max, dew) = (column("Tmin"), column("Tmax"), column("Tdew"));
    let (wind, solar) = (column("Wndsp"), column("Srad"));
    let weather = EtDays {
        temperature_min_c: Some(&min),
        temperature_max_c: Some(&max),
        dew_point_mean_c: Some(&dew),
        wind_speed_mean_m_s: Some(&wind),
        shortwave_radiation_mj_m2: Some(&solar),
        ..EtDays::default()
    };
    let site = EtSite {
        latitude_deg: 33.069,
        longitude_deg: -111.97,
        elevation_m: 361.0,
        wind_height_m: 3.0,
    };

    for (name, method, form) in [
        ("eto_fao56_mm", FAO56, SolarForm::Standard),
        ("eto_asce_mm", ASCE_SHORT, SolarForm::RefEt),
        ("etr_asce_mm", ASCE_TALL, SolarForm::RefEt),
    ] {
        let found = daily_et(days, &weather, &site, method, form, false).expect("right");
        let (most, mean, count) = difference(&found.et_mm, &column(name));

        assert_eq!(count, 2192, "{name}");
        assert!(most <= 0.06, "{name}: {most} mm on a day");
        assert!(mean.abs() <= 0.01, "{name}: {mean} mm on average");
    }
}

/// Ref-ET 4.1 at Fallon, Nevada, from the units of the station: °F, langley, miles an hour.
#[test]
fn a_year_at_fallon_is_as_ref_et_has_it() {
    let Some(raw) = Table::shared("refet_fallon_daily/FALN_Agrimet_daily_raw_2015.csv") else {
        return;
    };
    let reference =
        Table::shared("refet_fallon_daily/reference_eto.csv").expect("beside the other");
    let (days, places) = axis(&reference.texts("date"));
    let column = |name, factor: f64, offset: f64| {
        let values = raw
            .numbers(name)
            .into_iter()
            .map(|value| (value - offset) * factor);
        laid(&values.collect::<Vec<_>>(), &places, days.count)
    };
    let celsius = |name| column(name, 1.0 / 1.8, 32.0);
    let (min, max, dew) = (celsius("MN"), celsius("MX"), celsius("YM"));
    let (wind, solar) = (column("UA", 0.447_04, 0.0), column("SR", 0.041_868, 0.0));
    let weather = EtDays {
        temperature_min_c: Some(&min),
        temperature_max_c: Some(&max),
        dew_point_mean_c: Some(&dew),
        wind_speed_mean_m_s: Some(&wind),
        shortwave_radiation_mj_m2: Some(&solar),
        ..EtDays::default()
    };
    let site = EtSite {
        latitude_deg: 39.4575,
        longitude_deg: -118.773_88,
        elevation_m: 1208.5,
        wind_height_m: 3.0,
    };

    let found = daily_et(days, &weather, &site, ASCE_SHORT, SolarForm::RefEt, false);
    let found = found.expect("right").et_mm;

    let expected = laid(&reference.numbers("eto_asce_mm"), &places, days.count);
    let (most, _, count) = difference(&found, &expected);
    assert!(count >= 360, "{count} days");
    assert!(most <= 0.01, "Ref-ET: {most} mm");
    // The Python package refet, in the same form, from the same raw values.
    let expected = laid(&reference.numbers("eto_refet_py_mm"), &places, days.count);
    let (most, _, _) = difference(&found, &expected);
    assert!(most <= 0.001, "refet: {most} mm");
}

/// `AgERA5` at Flanders: refet 0.5.0 (ASCE) and pyet 1.5.0 (FAO-56), which takes the clear sky of
/// radiation a little otherwise; winds at 10 m, vapour pressure as given.
#[test]
fn sixteen_months_of_a_reanalysis_are_as_two_packages_have_them() {
    let Some(table) = Table::shared("agera5_flanders_a.csv") else {
        return;
    };
    let reference = Table::shared("agera5_flanders_a_reference.csv").expect("beside the other");
    let (days, places) = axis(&table.texts("date"));
    let column = |name, factor: f64, offset: f64| {
        let values = table
            .numbers(name)
            .into_iter()
            .map(|value| (value - offset) * factor);
        laid(&values.collect::<Vec<_>>(), &places, days.count)
    };
    let (min, max) = (
        column("temperature_min", 1.0, 273.15),
        column("temperature_max", 1.0, 273.15),
    );
    let vapour = column("vapour_pressure", 0.1, 0.0);
    let (wind, solar) = (
        column("wind_speed", 1.0, 0.0),
        column("solar_radiation_flux", 1e-6, 0.0),
    );
    let weather = EtDays {
        temperature_min_c: Some(&min),
        temperature_max_c: Some(&max),
        vapour_pressure_kpa: Some(&vapour),
        wind_speed_mean_m_s: Some(&wind),
        shortwave_radiation_mj_m2: Some(&solar),
        ..EtDays::default()
    };
    let site = EtSite {
        latitude_deg: 50.814_34,
        longitude_deg: 3.026_4,
        elevation_m: 10.0,
        wind_height_m: 10.0,
    };
    let (_, reference_places) = axis(&reference.texts("date"));
    let expected = |name| laid(&reference.numbers(name), &reference_places, days.count);

    let asce =
        daily_et(days, &weather, &site, ASCE_SHORT, SolarForm::Standard, true).expect("right");
    let fao56 = daily_et(days, &weather, &site, FAO56, SolarForm::Standard, false).expect("right");

    let (most, _, count) = difference(&asce.et_mm, &expected("eto_asce_refet_mm"));
    assert!(count > 400, "{count} days");
    // Five decimals are given.
    assert!(most <= 2e-5, "refet: {most} mm");
    let (most, mean, _) = difference(&fao56.et_mm, &expected("eto_fao56_pyet_mm"));
    assert!(most <= 0.1, "pyet: {most} mm on a day");
    assert!(mean.abs() <= 0.01, "pyet: {mean} mm on average");
    assert!(
        asce.filled
            .iter()
            .all(|&bits| bits == filled::PRESSURE || bits == 0)
    );
}

/// What the network `CoAgMET` publishes of Holyoke, Colorado, to one decimal; from wind run, W/m² and
/// both extremes of humidity.
#[test]
fn a_year_at_holyoke_is_as_its_network_publishes_it() {
    let Some(table) = Table::shared("coagmet/et_coagmet.txt") else {
        return;
    };
    let (days, places) = axis(&table.texts("date"));
    let column = |name, factor: f64| {
        let values = table.numbers(name).into_iter().map(|value| value * factor);
        laid(&values.collect::<Vec<_>>(), &places, days.count)
    };
    let (min, max) = (column("tmin", 1.0), column("tmax", 1.0));
    let (humidity_max, humidity_min) = (column("rhmax", 100.0), column("rhmin", 100.0));
    let (wind, solar) = (column("windrun", 1.0 / 86.4), column("solar", 0.0864));
    let weather = EtDays {
        temperature_min_c: Some(&min),
        temperature_max_c: Some(&max),
        relative_humidity_max_percent: Some(&humidity_max),
        relative_humidity_min_percent: Some(&humidity_min),
        wind_speed_mean_m_s: Some(&wind),
        shortwave_radiation_mj_m2: Some(&solar),
        ..EtDays::default()
    };
    let site = EtSite {
        latitude_deg: 40.49,
        longitude_deg: -102.1,
        elevation_m: 1138.0,
        wind_height_m: 2.0,
    };

    let found = daily_et(
        days,
        &weather,
        &site,
        ASCE_SHORT,
        SolarForm::Standard,
        false,
    );

    let (most, mean, count) = difference(&found.expect("right").et_mm, &column("et_asce0", 1.0));
    assert_eq!(count, 366);
    // One decimal is published: 0.05; temperatures and radiation are rounded to one as well.
    assert!(most <= 0.06, "{most} mm on a day");
    assert!(mean.abs() <= 0.005, "{mean} mm on average");
}
