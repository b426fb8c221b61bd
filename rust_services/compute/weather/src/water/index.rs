//! Basal coefficients seen from above.

/// One observation of a vegetation index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndexObservation {
    /// Day, counted from the first of the balance; may be before it.
    pub day: i64,
    /// Mean index of the field, -1 to 1.
    pub index: f64,
}

/// Basal coefficients from a vegetation index: `Kcb = slope × index + intercept`, within limits. The
/// relation is calibrated for a crop and place; none holds everywhere.
///
/// # Source
/// Such as Campos et al. (2010), *Agric. Water Manage.* 98, 45–54: `Kcb = 1.44 NDVI - 0.10`, vineyards.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexCoefficients {
    /// Slope.
    pub slope: f64,
    /// Intercept.
    pub intercept: f64,
    /// Least coefficient.
    pub min: f64,
    /// Greatest coefficient.
    pub max: f64,
    /// Observations, ascending by day.
    pub observations: Vec<IndexObservation>,
    /// Days after the last observation for which it is held.
    pub hold_days: i64,
    /// Longest gap between two observations that is interpolated, days.
    pub most_gap_days: i64,
}

impl IndexCoefficients {
    /// The coefficient on a day; None where the observations say nothing of it.
    pub(super) fn on(&self, day: i64) -> Option<f64> {
        let next = self.observations.partition_point(|seen| seen.day < day);
        let before = next.checked_sub(1).map(|row| self.observations[row]);
        let index = match (before, self.observations.get(next)) {
            (_, Some(seen)) if seen.day == day => seen.index,
            (Some(before), Some(after)) => {
                let gap = after.day - before.day;
                if gap > self.most_gap_days {
                    return None;
                }
                let share = (day - before.day) as f64 / gap as f64;
                before.index + (after.index - before.index) * share
            }
            (Some(last), None) if day - last.day <= self.hold_days => last.index,
            _ => return None,
        };
        Some((self.slope * index + self.intercept).clamp(self.min, self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(observations: &[(i64, f64)]) -> IndexCoefficients {
        let observations = observations.iter();
        IndexCoefficients {
            slope: 1.44,
            intercept: -0.10,
            min: 0.15,
            max: 1.15,
            observations: observations
                .map(|&(day, index)| IndexObservation { day, index })
                .collect(),
            hold_days: 3,
            most_gap_days: 20,
        }
    }

    #[test]
    fn between_two_observations_the_index_is_interpolated() {
        let kcb = seen(&[(-4, 0.3), (6, 0.5)]);

        // 0.4 on day 1: 1.44 × 0.4 - 0.10
        assert!((kcb.on(1).expect("between") - 0.476).abs() < 1e-12);
        assert!((kcb.on(6).expect("seen") - 0.62).abs() < 1e-12);
    }

    #[test]
    fn before_the_first_long_after_the_last_and_in_long_gaps_it_says_nothing() {
        let kcb = seen(&[(0, 0.3), (10, 0.5), (40, 0.6)]);

        assert_eq!(kcb.on(-1), None);
        assert_eq!(kcb.on(25), None);
        assert_eq!(kcb.on(43), kcb.on(40));
        assert_eq!(kcb.on(44), None);
        assert_eq!(seen(&[]).on(0), None);
    }

    #[test]
    fn bare_soil_and_a_closed_canopy_stay_within_the_limits() {
        let kcb = seen(&[(0, 0.05), (1, 0.95)]);

        assert_eq!(kcb.on(0), Some(0.15));
        assert_eq!(kcb.on(1), Some(1.15));
    }
}
