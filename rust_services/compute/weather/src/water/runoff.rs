//! What of rain runs off.

/// Run-off of a day's rain by a curve number, mm.
///
/// # Source
/// ASCE (2016), *Evaporation, Evapotranspiration, and Irrigation Water Requirements*, Manual 70, 2nd
/// edition, eq 14-12 and 14-13.
pub(super) fn runoff_mm(rain_mm: f64, curve_number: f64) -> f64 {
    let storage = 250.0 * (100.0 / curve_number - 1.0);
    let beyond = rain_mm - 0.2 * storage;
    if beyond > 0.0 {
        (beyond * beyond / (rain_mm + 0.8 * storage)).min(rain_mm)
    } else {
        0.0
    }
}

/// The curve number of the day, from that of medium moisture (AWC II): a wet surface (AWC III) sheds
/// more, a dry one (AWC I) less, and in between it is interpolated by the depletion of the layer that
/// evaporates.
///
/// # Source
/// As [`runoff_mm`], eq 14-14, 14-15 and 14-18 to 14-20; pyfao56 follows them too.
pub(super) fn number_of_day(
    curve_number: f64,
    depletion_mm: f64,
    readily_mm: f64,
    total_mm: f64,
) -> f64 {
    let dry = curve_number / (2.281 - 0.01281 * curve_number);
    let wet = curve_number / (0.427 + 0.00573 * curve_number);
    let wet_until = 0.5 * readily_mm;
    let dry_from = 0.7 * readily_mm + 0.3 * total_mm;
    let dryness = ((depletion_mm - wet_until) / (dry_from - wet_until)).clamp(0.0, 1.0);
    wet + (dry - wet) * dryness
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wet_and_a_dry_soil_have_the_numbers_of_the_soil_conservation_service() {
        // SCS (1972), National Engineering Handbook 4, table 10.1: 80 is 63 when dry and 91 when wet, 70 is
        // 51 and 85, 60 is 40 and 78; whole numbers.
        for (medium, dry, wet) in [(80.0, 63.0, 91.0), (70.0, 51.0, 85.0), (60.0, 40.0, 78.0)] {
            let at = |depletion_mm| number_of_day(medium, depletion_mm, 9.0, 20.0);

            assert!((at(0.0) - wet).abs() < 1.0, "{} is not {wet}", at(0.0));
            assert!((at(20.0) - dry).abs() < 1.0, "{} is not {dry}", at(20.0));
        }
    }

    #[test]
    fn rain_runs_off_as_worked_by_hand() {
        // CN 80: S = 250 × 0.25 = 62.5; (75 - 12.5)² / (75 + 50)
        assert!((runoff_mm(75.0, 80.0) - 31.25).abs() < 1e-9);
    }

    #[test]
    fn light_rain_does_not_run_off_and_a_paved_field_sheds_all() {
        assert!(runoff_mm(5.0, 70.0).abs() < 1e-12);
        assert!((runoff_mm(50.0, 100.0) - 50.0).abs() < 1e-12);
    }
}
