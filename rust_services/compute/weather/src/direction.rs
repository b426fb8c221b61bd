//! Directions of the wind: angles have no mean, vectors have.

use crate::WeatherError;
use crate::days::DayRows;
use crate::days_aggregate::Completeness;

/// A resultant shorter than this share of the wind that blew points nowhere.
const LEAST_RESULTANT_SHARE: f64 = 1e-9;

/// Winds added as vectors.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Resultant {
    /// Directions that were there.
    pub count: f64,
    weight: f64,
    east: f64,
    north: f64,
}

impl Resultant {
    /// Adds a wind by the direction it comes from, degrees, and its weight, not negative.
    pub(crate) fn add(&mut self, direction_deg: f64, weight: f64) {
        // NaN as a weight is a wind whose speed nobody knows.
        if direction_deg.is_nan() || weight.is_nan() {
            return;
        }
        let (sin, cos) = direction_deg.to_radians().sin_cos();
        self.count += 1.0;
        self.weight += weight;
        self.east += weight * sin;
        self.north += weight * cos;
    }

    /// The direction that all of it comes from, degrees, 0 to below 360; `NaN` in calm, and where the
    /// vectors cancel.
    pub(crate) fn direction_deg(self) -> f64 {
        let length = self.east.hypot(self.north);
        if length <= LEAST_RESULTANT_SHARE * self.weight {
            return f64::NAN;
        }
        let degrees = self.east.atan2(self.north).to_degrees().rem_euclid(360.0);
        // A hair below zero is a whole turn after rounding.
        if degrees >= 360.0 { 0.0 } else { degrees }
    }
}

/// Direction of each day's mean wind vector, and the coverage of the day.
///
/// `speed_m_s` weighs the hours; without it every hour weighs the same. An hour whose direction or
/// speed is absent does not count. Below the completeness, in calm, and where the vectors cancel, the
/// day is `NaN`.
///
/// # Errors
/// [`WeatherError::LengthMismatch`] when a column ends before the rows do.
pub fn mean_direction(
    direction_deg: &[f64],
    speed_m_s: Option<&[f64]>,
    rows: &DayRows,
    completeness: Completeness,
) -> Result<DayDirections, WeatherError> {
    rows.check_length(direction_deg.len())?;
    rows.check_length(speed_m_s.map_or(usize::MAX, <[f64]>::len))?;
    let mut days = DayDirections::default();
    for (rows, expected) in rows.iter() {
        let mut wind = Resultant::default();
        for row in rows {
            wind.add(
                direction_deg[row],
                speed_m_s.map_or(1.0, |speeds| speeds[row]),
            );
        }
        let expected = f64::from(expected);
        days.coverage.push(wind.count / expected);
        days.direction_deg
            .push(if completeness.is_met(wind.count, expected) {
                wind.direction_deg()
            } else {
                f64::NAN
            });
    }
    Ok(days)
}

/// Directions by the day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DayDirections {
    /// Share of the day's hours that have direction and weight, 0 to 1; `NaN` for a date without
    /// hours.
    pub coverage: Vec<f64>,
    /// Direction that the mean wind comes from, degrees, 0 to below 360.
    pub direction_deg: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resultant(winds: &[(f64, f64)]) -> f64 {
        let mut resultant = Resultant::default();
        for (direction_deg, speed_m_s) in winds {
            resultant.add(*direction_deg, *speed_m_s);
        }
        resultant.direction_deg()
    }

    #[test]
    fn north_lies_between_350_and_10_degrees() {
        let direction = resultant(&[(350.0, 3.0), (10.0, 3.0)]);

        assert!(direction.min(360.0 - direction) < 1e-9, "{direction}");
    }

    #[test]
    fn the_stronger_wind_pulls() {
        // 3 m/s from the north and 4 m/s from the east: tan = 4 / 3.
        assert!((resultant(&[(0.0, 3.0), (90.0, 4.0)]) - 53.130_102_354).abs() < 1e-9);
    }

    #[test]
    fn winds_that_cancel_and_calm_have_no_direction() {
        assert!(resultant(&[(90.0, 2.0), (270.0, 2.0)]).is_nan());
        assert!(resultant(&[(90.0, 0.0), (45.0, 0.0)]).is_nan());
        assert!(resultant(&[(90.0, f64::NAN)]).is_nan());
    }
}
