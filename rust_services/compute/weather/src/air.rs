//! What air is like: dew point, humidity, wet bulb, heat stress.
//!
//! One saturation function, over water at every temperature, as hygrometers and weather services
//! report humidity. Over ice the saturation pressure below 0 °C is lower.

use crate::humidity::{saturation_vapour_pressure_kpa, vapour_pressure_of_humidity_kpa};

/// Magnus factor, dimensionless.
const MAGNUS_FACTOR: f64 = 17.625;
/// Magnus offset, °C.
const MAGNUS_OFFSET_C: f64 = 243.04;
/// Saturation vapour pressure at 0 °C, kPa.
const MAGNUS_AT_ZERO_KPA: f64 = 0.610_94;

/// Psychrometer coefficient of a ventilated thermometer, 1/K, and how it grows with the wet bulb, 1/K.
/// WMO-No. 8, Guide to Instruments and Methods of Observation (2018), annex 4.B.
const PSYCHROMETER_PER_K: f64 = 6.53e-4;
const PSYCHROMETER_GROWTH_PER_K: f64 = 9.44e-4;

/// Steps after which a wet bulb is as good as it gets. Newton's needs about 5; halving the widest
/// bracket to 1e-10 K would need 41.
const MOST_STEPS: usize = 60;

/// A step that no longer matters, K.
const SETTLED_K: f64 = 1e-10;

/// Saturation vapour pressure over water, kPa: `0.61094 exp(17.625 T / (T + 243.04))`.
///
/// # Source
/// Alduchov and Eskridge (1996), Journal of Applied Meteorology 35, equation 21 (AERK); within 0.4 %
/// from −40 to 50 °C.
pub fn magnus_vapour_pressure_kpa(temperature_c: f64) -> f64 {
    let exponent = MAGNUS_FACTOR * temperature_c / (temperature_c + MAGNUS_OFFSET_C);
    MAGNUS_AT_ZERO_KPA * exponent.exp()
}

/// Dew point over water, °C, from temperature and humidity: the Magnus form turned round.
///
/// `NaN` where the humidity is 0, since dry air has no dew point.
pub fn dew_point_c(temperature_c: f64, humidity_percent: f64) -> f64 {
    if humidity_percent <= 0.0 {
        return f64::NAN;
    }
    let exponent = (humidity_percent / 100.0).ln()
        + MAGNUS_FACTOR * temperature_c / (temperature_c + MAGNUS_OFFSET_C);
    MAGNUS_OFFSET_C * exponent / (MAGNUS_FACTOR - exponent)
}

/// Relative humidity over water, percent, at most 100, from temperature and dew point.
pub fn relative_humidity_percent(temperature_c: f64, dew_point_c: f64) -> f64 {
    let ratio = magnus_vapour_pressure_kpa(dew_point_c) / magnus_vapour_pressure_kpa(temperature_c);
    // Not `min`, which would turn NaN into 100.
    if ratio > 1.0 { 100.0 } else { 100.0 * ratio }
}

/// Vapour pressure deficit of the air, kPa, not negative: `e°(T) (1 − RH / 100)`.
///
/// The air's, not the leaf's. By the saturation function of FAO-56 (equation 11), so that it is the
/// deficit that evapotranspiration is computed with.
pub fn vapour_pressure_deficit_kpa(temperature_c: f64, humidity_percent: f64) -> f64 {
    let deficit = saturation_vapour_pressure_kpa(temperature_c)
        - vapour_pressure_of_humidity_kpa(temperature_c, humidity_percent);
    if deficit < 0.0 { 0.0 } else { deficit }
}

/// Wet-bulb temperature, °C: where a ventilated wet thermometer settles at this pressure.
///
/// Solves `e(Tw) − A (1 + B Tw) P (T − Tw) = e` for `Tw` between the dew point and `T`. The left side
/// grows with `Tw`, so there is one root; Newton's steps are taken as long as they stay in the
/// bracket, else it is halved, at most 60 times. Over water also below 0 °C: a wet cloth that has not
/// frozen. Fits that know no pressure (Stull 2011) are 1.4 K too warm in the highlands.
///
/// # Source
/// WMO-No. 8 (2018), annex 4.B, with the saturation function of [`magnus_vapour_pressure_kpa`];
/// water's enhancement factor (at most 0.5 %) is left out.
pub fn wet_bulb_c(temperature_c: f64, humidity_percent: f64, pressure_kpa: f64) -> f64 {
    let vapour_pressure = magnus_vapour_pressure_kpa(temperature_c) * humidity_percent / 100.0;
    if vapour_pressure.is_nan() || pressure_kpa.is_nan() {
        return f64::NAN;
    }
    if humidity_percent >= 100.0 {
        return temperature_c;
    }
    // Even dry air at 40 kPa and 65 °C cools by less than 70 K.
    let mut low = temperature_c - 70.0;
    let mut high = temperature_c;
    // Nearer than either end.
    let mut wet = temperature_c - (1.0 - humidity_percent / 100.0) * (temperature_c - low) / 5.0;
    for _ in 0..MOST_STEPS {
        let (excess, slope) =
            psychrometer_excess_kpa(wet, temperature_c, vapour_pressure, pressure_kpa);
        if excess > 0.0 {
            high = wet;
        } else {
            low = wet;
        }
        let newton = wet - excess / slope;
        let next = if newton > low && newton < high {
            newton
        } else {
            f64::midpoint(low, high)
        };
        let is_settled = (next - wet).abs() < SETTLED_K;
        wet = next;
        if is_settled {
            break;
        }
    }
    wet
}

/// By how much the vapour pressure that a wet bulb implies is above the air's, kPa, and its slope, kPa/K.
fn psychrometer_excess_kpa(wet: f64, dry: f64, vapour_pressure: f64, pressure: f64) -> (f64, f64) {
    let saturated = magnus_vapour_pressure_kpa(wet);
    let saturated_slope =
        saturated * MAGNUS_FACTOR * MAGNUS_OFFSET_C / (wet + MAGNUS_OFFSET_C).powi(2);
    let coefficient = PSYCHROMETER_PER_K * pressure;
    let growing = 1.0 + PSYCHROMETER_GROWTH_PER_K * wet;
    let excess = saturated - coefficient * growing * (dry - wet) - vapour_pressure;
    let slope = saturated_slope + coefficient * (growing - PSYCHROMETER_GROWTH_PER_K * (dry - wet));
    (excess, slope)
}

/// Temperature-humidity index of cattle: `(1.8 T + 32) − (0.55 − 0.0055 RH) (1.8 T − 26)`.
///
/// Dairy cows suffer from about 68 to 72 on; the number is that of a temperature in °F.
///
/// # Source
/// National Research Council (1971), A Guide to Environmental Research on Animals, as Dikmen and
/// Hansen (2009), Journal of Dairy Science 92, quote it.
pub fn temperature_humidity_index(temperature_c: f64, humidity_percent: f64) -> f64 {
    let fahrenheit = 1.8 * temperature_c + 32.0;
    fahrenheit - (0.55 - 0.0055 * humidity_percent) * (fahrenheit - 58.0)
}
