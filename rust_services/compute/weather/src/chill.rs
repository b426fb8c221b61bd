//! Winter chill by four models, going on from a state.
//!
//! All models add hour by hour to what they had, so a winter gives the same bits whether it comes whole
//! or in pages. An hour without a temperature leaves them as they are and is counted.
//!
//! # Source
//! Chilling hours from 0 to 7.2 °C, both included, as chillR 0.77 counts them; Utah units, Richardson,
//! Seeley and Walker (1974), HortScience 9, 331–332; positive units, Linsley-Noakes, Allan and Matthee
//! (1994); the dynamic model, Fishman, Erez and Couvillon (1987), doi 10.1016/S0022-5193(87)80221-7,
//! with the constants and the 273 K of Erez' sheet, as chillR has them.

/// Activation energy over the gas constant of the step that forms the intermediate product, K.
const E0_K: f64 = 4153.5;
/// Of the step that destroys it, K.
const E1_K: f64 = 12_888.8;
/// Rate factor of the first, 1/h.
const A0_PER_H: f64 = 139_500.0;
/// Of the second, 1/h.
const A1_PER_H: f64 = 2.567e18;
/// Slope of the transition to the fixed product.
const SLOPE: f64 = 1.6;
/// Temperature of the transition, K.
const TRANSITION_K: f64 = 277.0;
/// 0 °C as the model takes it, K. With 273.15 the portions differ.
const ZERO_C_K: f64 = 273.0;

/// All that a season so far is remembered by.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ChillState {
    /// Hours from 0 to 7.2 °C.
    pub chilling_hours: f64,
    /// Utah units.
    pub utah_units: f64,
    /// Utah units, none below zero.
    pub positive_utah_units: f64,
    /// Portions of the dynamic model.
    pub chill_portions: f64,
    /// Its intermediate product, not negative.
    pub intermediate: f64,
    /// Hours without a temperature.
    pub hours_missing: u32,
    /// The longest run of them.
    pub longest_gap_hours: u32,
    /// The run that the season so far ends with.
    pub open_gap_hours: u32,
}

impl ChillState {
    /// Goes on by an hour at a temperature, °C, `NaN` where absent.
    fn step(&mut self, temperature_c: f64) {
        if temperature_c.is_nan() {
            self.hours_missing = self.hours_missing.saturating_add(1);
            self.open_gap_hours = self.open_gap_hours.saturating_add(1);
            self.longest_gap_hours = self.longest_gap_hours.max(self.open_gap_hours);
            return;
        }
        self.open_gap_hours = 0;
        if (0.0..=7.2).contains(&temperature_c) {
            self.chilling_hours += 1.0;
        }
        let units = utah_units(temperature_c);
        self.utah_units += units;
        self.positive_utah_units += units.max(0.0);
        self.fix_portion(temperature_c);
    }

    /// The dynamic model's hour: the intermediate product nears its equilibrium, and where it reaches
    /// one, a share of it is fixed for good.
    fn fix_portion(&mut self, temperature_c: f64) {
        let kelvin = temperature_c + ZERO_C_K;
        let equilibrium = A0_PER_H / A1_PER_H * ((E1_K - E0_K) / kelvin).exp();
        let rate = A1_PER_H * (-E1_K / kelvin).exp();
        let product = equilibrium - (equilibrium - self.intermediate) * (-rate).exp();
        self.intermediate = product;
        if product >= 1.0 {
            let odds = (SLOPE * TRANSITION_K * (kelvin - TRANSITION_K) / kelvin).exp();
            let fixed = product * (odds / (1.0 + odds));
            self.chill_portions += fixed;
            self.intermediate = product - fixed;
        }
    }
}

/// Utah units of an hour at a temperature, °C.
fn utah_units(temperature_c: f64) -> f64 {
    match temperature_c {
        t if t <= 1.4 => 0.0,
        t if t <= 2.4 => 0.5,
        t if t <= 9.1 => 1.0,
        t if t <= 12.4 => 0.5,
        t if t <= 15.9 => 0.0,
        t if t <= 18.0 => -0.5,
        _ => -1.0,
    }
}

/// Cumulative values, one an hour in each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChillColumns {
    /// Hours from 0 to 7.2 °C.
    pub chilling_hours: Vec<f64>,
    /// Utah units.
    pub utah_units: Vec<f64>,
    /// Utah units, none below zero.
    pub positive_utah_units: Vec<f64>,
    /// Portions of the dynamic model.
    pub chill_portions: Vec<f64>,
    /// To go on from.
    pub state: ChillState,
}

/// Adds hours to a season: temperatures by the hour, °C, `NaN` where absent, that follow the state
/// without an hour in between.
pub fn accumulate_chill(temperatures_c: &[f64], state: ChillState) -> ChillColumns {
    let hours = temperatures_c.len();
    let mut columns = ChillColumns {
        chilling_hours: Vec::with_capacity(hours),
        utah_units: Vec::with_capacity(hours),
        positive_utah_units: Vec::with_capacity(hours),
        chill_portions: Vec::with_capacity(hours),
        state,
    };
    for temperature_c in temperatures_c {
        columns.state.step(*temperature_c);
        let state = &columns.state;
        columns.chilling_hours.push(state.chilling_hours);
        columns.utah_units.push(state.utah_units);
        columns.positive_utah_units.push(state.positive_utah_units);
        columns.chill_portions.push(state.chill_portions);
    }
    columns
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::*;

    fn thirty_days(temperature: impl Fn(f64) -> f64) -> ChillState {
        let temperatures: Vec<f64> = (0..720_i32)
            .map(|hour| temperature(f64::from(hour)))
            .collect();
        accumulate_chill(&temperatures, ChillState::default()).state
    }

    /// Published behaviour of the dynamic model at constant temperatures, one decimal.
    #[test]
    fn thirty_days_at_a_temperature_give_the_known_portions() {
        for (temperature_c, portions) in [(7.0, 24.9), (4.0, 21.3), (0.0, 3.3), (13.0, 0.0)] {
            let found = thirty_days(|_| temperature_c).chill_portions;
            assert!(
                (found - portions).abs() < 0.06,
                "{temperature_c} °C: {found}"
            );
        }
    }

    #[test]
    fn a_wide_daily_cycle_chills_by_portions_while_utah_goes_back() {
        // The warmest hour is 15:00.
        let state = thirty_days(|hour| 6.0 + 14.0 * ((hour - 15.0) * TAU / 24.0).cos());

        assert!((state.chill_portions - 11.0).abs() < 0.05, "{state:?}");
        assert_eq!((state.utah_units, state.chilling_hours), (-30.0, 120.0));
    }

    #[test]
    fn utah_changes_above_each_of_its_temperatures() {
        for (at, units, above) in [
            (1.4, 0.0, 0.5),
            (2.4, 0.5, 1.0),
            (9.1, 1.0, 0.5),
            (12.4, 0.5, 0.0),
            (15.9, 0.0, -0.5),
            (18.0, -0.5, -1.0),
        ] {
            for (at, units) in [(at, units), (at + 1e-9, above)] {
                assert!((utah_units(at) - units).abs() < 1e-12, "{at} °C");
            }
        }
    }

    #[test]
    fn in_a_gap_the_models_stand_still_and_the_hours_are_counted() {
        let gap = f64::NAN;
        let before = accumulate_chill(&[5.0, 5.0], ChillState::default()).state;

        let columns = accumulate_chill(&[gap, gap, 5.0, gap], before);

        let state = columns.state;
        assert_eq!(columns.chilling_hours, [2.0, 2.0, 3.0, 3.0]);
        assert_eq!(
            [
                state.hours_missing,
                state.longest_gap_hours,
                state.open_gap_hours
            ],
            [3, 2, 1]
        );
        let whole = accumulate_chill(&[5.0; 3], ChillState::default()).state;
        assert_eq!(state.intermediate.to_bits(), whole.intermediate.to_bits());
    }

    #[test]
    fn a_gap_that_goes_on_over_pages_is_one_gap() {
        let first = accumulate_chill(&[5.0, f64::NAN, f64::NAN], ChillState::default()).state;
        let second = accumulate_chill(&[f64::NAN, 5.0], first).state;

        assert_eq!((second.longest_gap_hours, second.open_gap_hours), (3, 0));
    }

    proptest! {
        #[test]
        fn pages_give_the_bits_of_the_whole(
            temperatures in proptest::collection::vec(
                prop_oneof![9 => -20.0..25.0_f64, 1 => Just(f64::NAN)], 1..3000),
            pages in proptest::collection::vec(1..400_usize, 1..40),
        ) {
            let whole = accumulate_chill(&temperatures, ChillState::default());
            let mut state = ChillState::default();
            let mut portions = Vec::new();
            let mut rest = temperatures.as_slice();
            for page in pages.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*page));
                let columns = accumulate_chill(now, state);
                portions.extend(columns.chill_portions.iter().map(|value| value.to_bits()));
                (state, rest) = (columns.state, later);
                if rest.is_empty() {
                    break;
                }
            }

            let bits: Vec<u64> = whole.chill_portions.iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(portions, bits);
            prop_assert_eq!(state, whole.state);
        }
    }
}
