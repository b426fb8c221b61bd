//! What is to be thought of hours: range, step, persistence, consistency. Values are never changed.
//!
//! | test | limit | source |
//! |---|---|---|
//! | range | what the contract calls possible | – |
//! | step, temperature / dew point / pressure | 9 K / 8 K / 9 hPa | WMO-No. 305 (1993), VI.21: the tolerance of three hours, since gust fronts and mornings of dry climates exceed the one of a single hour |
//! | step, wind | 20 m/s | Zahumenský (2004), WMO guidelines for automatic stations: from one minute to the next |
//! | step, humidity | 50 % | chosen here: half of the scale |
//! | persistence, temperature / dew point / wind and gust / pressure / direction | 24 / 48 / 24 / 72 / 48 hours | Dunn et al. (2012), `HadISD`, table 4, finest resolution (direction: of 10°) |
//! | persistence, humidity / radiation | 24 / 6 hours | chosen here |
//! | consistency | dew point ≤ temperature + 0.5 K, gust ≥ wind − 0.5 m/s | Zahumenský (2004); tolerance of rounding |
//!
//! What may well stay the same is not called stuck: humidity from 99 % on, calm, night's radiation,
//! rain, clouds.

use crate::resample::Possible;

/// Out of the possible range.
pub const RANGE: u8 = 1;
/// An impossible step from the hour before.
pub const STEP: u8 = 2;
/// The same for too long.
pub const STUCK: u8 = 4;
/// Not consistent with another column.
pub const INCONSISTENT: u8 = 8;
/// Made of fewer samples than there should be.
pub const SPARSE: u8 = 16;

/// Hours back that a value is compared with: behind a spike of one hour stands the value before it.
const STEP_HOURS: usize = 2;

/// Rounding of what is compared: half a degree or half a metre per second.
const ROUNDING: f64 = 0.5;

/// A column by the hour.
#[derive(Debug, Clone, Copy)]
pub struct HourColumn<'a> {
    /// Its name in the contract, such as `air_temperature_c`.
    pub name: &'a str,
    /// Values that it may have.
    pub possible: Possible,
    /// One value an hour, `NaN` where absent.
    pub values: &'a [f64],
}

/// Flags of each column, in the order given: for each hour the sum of what was found.
///
/// Columns have the same length. A column whose name is none of the contract's is judged by its range
/// alone.
pub fn judge_hours(columns: &[HourColumn<'_>]) -> Vec<Vec<u8>> {
    let mut flags: Vec<Vec<u8>> = columns.iter().map(judge_alone).collect();
    let place = |name: &str| columns.iter().position(|column| column.name == name);
    for (low, high) in [
        ("dew_point_c", "air_temperature_c"),
        ("wind_speed_m_s", "wind_gust_m_s"),
    ] {
        let (Some(low), Some(high)) = (place(low), place(high)) else {
            continue;
        };
        let pairs = columns[low].values.iter().zip(columns[high].values);
        for (row, (below, above)) in pairs.enumerate() {
            // What is out of range says nothing about the other.
            let are_good = (flags[low][row] | flags[high][row]) & RANGE == 0;
            if are_good && *below > above + ROUNDING {
                flags[low][row] |= INCONSISTENT;
                flags[high][row] |= INCONSISTENT;
            }
        }
    }
    flags
}

fn judge_alone(column: &HourColumn<'_>) -> Vec<u8> {
    let is_out = |value: &f64| !value.is_nan() && !column.possible.holds(*value);
    let mut flags: Vec<u8> = column
        .values
        .iter()
        .map(|value| if is_out(value) { RANGE } else { 0 })
        .collect();
    if let Some(limit) = step_limit(column.name) {
        flag_steps(column.values, limit, &mut flags);
    }
    if let Some(stuck) = Stuck::of(column.name) {
        flag_stuck(column.values, &stuck, &mut flags);
    }
    flags
}

/// Largest change in an hour that can be.
fn step_limit(name: &str) -> Option<f64> {
    match name {
        "air_temperature_c" | "surface_pressure_hpa" => Some(9.0),
        "dew_point_c" => Some(8.0),
        "wind_speed_m_s" => Some(20.0),
        "relative_humidity_percent" => Some(50.0),
        _ => None,
    }
}

/// Flags what is too far from the last value that was not flagged, if that is near enough: after a
/// spike of one hour the next value is compared with the one before it, and is good.
fn flag_steps(values: &[f64], limit: f64, flags: &mut [u8]) {
    let mut last: Option<(usize, f64)> = None;
    for (row, value) in values.iter().enumerate() {
        if value.is_nan() || flags[row] & RANGE != 0 {
            continue;
        }
        let is_far = last.is_some_and(|(before, known)| {
            row - before <= STEP_HOURS && (value - known).abs() > limit
        });
        if is_far {
            flags[row] |= STEP;
        } else {
            last = Some((row, *value));
        }
    }
}

/// How long a value may stay the same, and which may for ever.
struct Stuck {
    hours: usize,
    may_stay: fn(f64) -> bool,
}

impl Stuck {
    fn of(name: &str) -> Option<Self> {
        let never: fn(f64) -> bool = |_| false;
        let zero: fn(f64) -> bool = |value| value <= 0.0;
        let (hours, may_stay): (usize, fn(f64) -> bool) = match name {
            "air_temperature_c" => (24, never),
            "dew_point_c" => (48, never),
            "surface_pressure_hpa" => (72, never),
            "wind_direction_deg" => (48, zero),
            "wind_speed_m_s" | "wind_gust_m_s" => (24, zero),
            "shortwave_radiation_mj_m2" => (6, zero),
            "relative_humidity_percent" => (24, |value| value >= 99.0),
            _ => return None,
        };
        Some(Self { hours, may_stay })
    }
}

/// Flags every hour of a run that stays the same for too long; an absent hour ends a run.
fn flag_stuck(values: &[f64], stuck: &Stuck, flags: &mut [u8]) {
    let mut begin = 0;
    for run in values.chunk_by(|one, next| one.to_bits() == next.to_bits()) {
        let rows = begin..begin + run.len();
        begin = rows.end;
        if run.len() >= stuck.hours && !run[0].is_nan() && !(stuck.may_stay)(run[0]) {
            for flag in &mut flags[rows] {
                *flag |= STUCK;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(name: &str, values: &[f64]) -> Vec<u8> {
        let possible = Possible {
            min: -95.0,
            max: 65.0,
        };
        let columns = [HourColumn {
            name,
            possible,
            values,
        }];
        judge_hours(&columns).remove(0)
    }

    #[test]
    fn what_cannot_be_is_out_of_range_and_what_is_absent_is_nothing() {
        let found = judged("air_temperature_c", &[10.0, -999.0, f64::NAN, 65.0, 65.1]);

        // After an hour without a good value only two hours back count: 65 stands alone.
        assert_eq!(found, [0, RANGE, 0, 0, RANGE]);
    }

    #[test]
    fn a_spike_is_flagged_and_what_follows_it_is_not() {
        let found = judged("air_temperature_c", &[10.0, 11.0, 25.0, 12.0, 13.0]);

        assert_eq!(found, [0, 0, STEP, 0, 0]);
    }

    #[test]
    fn a_front_is_believed_once_it_stays() {
        let found = judged("air_temperature_c", &[25.0, 15.0, 14.0, 13.0, 13.5]);

        assert_eq!(found, [0, STEP, STEP, 0, 0]);
    }

    #[test]
    fn a_step_of_the_limit_itself_can_be() {
        assert_eq!(judged("dew_point_c", &[0.0, 8.0, 0.0]), [0, 0, 0]);
        assert_eq!(judged("dew_point_c", &[0.0, 8.1, 0.0]), [0, STEP, 0]);
    }

    #[test]
    fn a_sensor_that_stays_the_same_for_a_day_is_stuck() {
        let mut values = vec![12.3; 24];
        values.push(12.4);

        let found = judged("air_temperature_c", &values);

        assert_eq!(found[..24], [STUCK; 24]);
        assert_eq!(found[24], 0);
        assert_eq!(judged("air_temperature_c", &values[1..]), [0; 24]);
    }

    #[test]
    fn rain_calm_night_cloud_and_fog_may_last() {
        for (name, value) in [
            ("precipitation_mm", 0.0),
            ("wind_speed_m_s", 0.0),
            ("shortwave_radiation_mj_m2", 0.0),
            ("cloud_cover_percent", 50.0),
            ("weather_code", 3.0),
        ] {
            assert_eq!(judged(name, &[value; 100]), [0; 100], "{name}");
        }
        let possible = Possible {
            min: 0.0,
            max: 105.0,
        };
        let fog = HourColumn {
            name: "relative_humidity_percent",
            possible,
            values: &[100.0; 100],
        };
        assert_eq!(judge_hours(&[fog])[0], [0; 100]);
        let haze = HourColumn {
            values: &[80.0; 100],
            ..fog
        };
        assert_eq!(judge_hours(&[haze])[0], [STUCK; 100]);
    }

    #[test]
    fn a_dew_point_above_the_temperature_puts_both_in_doubt() {
        let possible = Possible {
            min: -95.0,
            max: 65.0,
        };
        let column = |name, values| HourColumn {
            name,
            possible,
            values,
        };

        let flags = judge_hours(&[
            column("air_temperature_c", &[10.0, 10.0, 10.0, f64::NAN]),
            column("dew_point_c", &[10.5, 11.0, 70.0, 3.0]),
        ]);

        assert_eq!(flags[0], [0, INCONSISTENT, 0, 0]);
        assert_eq!(flags[1], [0, INCONSISTENT, RANGE, 0]);
    }

    #[test]
    fn a_gust_below_the_wind_puts_both_in_doubt() {
        let possible = Possible {
            min: 0.0,
            max: 150.0,
        };
        let column = |name, values| HourColumn {
            name,
            possible,
            values,
        };

        let flags = judge_hours(&[
            column("wind_gust_m_s", &[4.0, 9.0]),
            column("wind_speed_m_s", &[6.0, 6.0]),
        ]);

        assert_eq!(flags, [[INCONSISTENT, 0], [INCONSISTENT, 0]]);
    }
}
