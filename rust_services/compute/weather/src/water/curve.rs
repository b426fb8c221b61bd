//! The crop through its stages: coefficients, height and roots.

use super::{STANDARD_HUMIDITY_PERCENT, STANDARD_WIND_M_S, climate_term};

/// Coefficients at the initial, middle and end stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients {
    /// Of the initial stage.
    pub initial: f64,
    /// Of the middle stage.
    pub middle: f64,
    /// At the end of the last stage, and after it.
    pub end: f64,
}

/// A crop of FAO-56, tables 11, 12, 17 and 22.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    /// Day on which the initial stage begins, relative to the first day of the balance. Before it the
    /// coefficients of the initial stage hold.
    pub planted_day: i64,
    /// Length of the initial, development, middle and late stage, days.
    pub stage_days: [u32; 4],
    /// Single coefficients (Kc).
    pub single: Option<Coefficients>,
    /// Basal coefficients (Kcb).
    pub basal: Option<Coefficients>,
    /// Height at the beginning, m.
    pub initial_height_m: f64,
    /// Greatest height, m.
    pub max_height_m: f64,
    /// Depth of roots at the beginning, m.
    pub initial_root_depth_m: f64,
    /// Greatest depth of roots, m.
    pub max_root_depth_m: f64,
    /// Share of available water that may be used without stress at 5 mm a day (p, table 22).
    pub depletion_share: f64,
}

/// Least coefficient that the climate changes (eq 62, 65, 70).
const ADJUSTABLE_FROM: f64 = 0.45;

impl Crop {
    /// Days from the beginning to the end of each stage.
    fn stage_ends(&self) -> [i64; 4] {
        let mut end = 0;
        self.stage_days.map(|days| {
            end += i64::from(days);
            end
        })
    }

    /// The coefficient on a day counted from planting: constant, rising, constant, falling (fig 34, eq 66).
    pub(super) fn coefficient(&self, of: &Coefficients, age: i64) -> f64 {
        let [initial, development, middle, late] = self.stage_ends();
        if age <= development {
            of.initial + (of.middle - of.initial) * share(age, initial, development)
        } else {
            of.middle + (of.end - of.middle) * share(age, middle, late)
        }
    }

    /// How far the crop has grown by a day counted from planting, 0 to 1. Height and roots follow it, as
    /// the basal coefficient does from the initial to the middle stage (p. 279), and stay what they are.
    pub(super) fn growth_share(&self, age: i64) -> f64 {
        let [initial, development, ..] = self.stage_ends();
        share(age, initial, development)
    }

    /// Depth of roots on a day counted from planting, m.
    pub(super) fn root_depth_m(&self, age: i64) -> f64 {
        let grown = self.max_root_depth_m - self.initial_root_depth_m;
        self.initial_root_depth_m + grown * self.growth_share(age)
    }

    /// Depth of roots on the first day of the balance, m.
    pub fn root_depth_on_first_day_m(&self) -> f64 {
        self.root_depth_m(-self.planted_day)
    }

    /// Height at a share of growth, m.
    pub(super) fn height_m(&self, growth_share: f64) -> f64 {
        self.initial_height_m + (self.max_height_m - self.initial_height_m) * growth_share
    }

    /// The crop with coefficients for the climate of its middle and late stage (eq 62, 65, 70), from the
    /// days of these stages that are there; of what is there on none, the tables' climate is taken. What is
    /// below 0.45 stays.
    pub(super) fn adjusted(
        &self,
        wind_speed_2m_m_s: &[f64],
        relative_humidity_min_percent: &[f64],
    ) -> Self {
        let [_, development, middle, late] = self.stage_ends();
        let added = |from: i64, until: i64| {
            let of_stage = |column: &[f64]| {
                let row = |age: i64| (age + self.planted_day).clamp(0, length(column));
                let days = &column[index(row(from))..index(row(until))];
                mean(days)
            };
            let wind = of_stage(wind_speed_2m_m_s).unwrap_or(STANDARD_WIND_M_S);
            let humidity =
                of_stage(relative_humidity_min_percent).unwrap_or(STANDARD_HUMIDITY_PERCENT);
            climate_term(wind, humidity) * (self.max_height_m / 3.0).powf(0.3)
        };
        let (in_middle, in_late) = (added(development, middle), added(middle, late));
        let adjusted = |of: Coefficients| Coefficients {
            initial: of.initial,
            middle: adjusted_by(of.middle, in_middle),
            end: adjusted_by(of.end, in_late),
        };
        Self {
            single: self.single.map(adjusted),
            basal: self.basal.map(adjusted),
            ..*self
        }
    }
}

fn adjusted_by(coefficient: f64, added: f64) -> f64 {
    if coefficient >= ADJUSTABLE_FROM {
        coefficient + added
    } else {
        coefficient
    }
}

/// Share of the way from one day to another, 0 to 1.
fn share(day: i64, from: i64, until: i64) -> f64 {
    (((day - from) as f64) / ((until - from) as f64)).clamp(0.0, 1.0)
}

/// Mean of what is there; None of nothing.
fn mean(values: &[f64]) -> Option<f64> {
    let there = || values.iter().filter(|value| !value.is_nan());
    let count = there().count();
    (count > 0).then(|| there().sum::<f64>() / count as f64)
}

fn length(column: &[f64]) -> i64 {
    i64::try_from(column.len()).expect("columns are short")
}

fn index(row: i64) -> usize {
    usize::try_from(row).expect("rows are clamped")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dry beans of FAO-56, chapter 6, example 28 and figure 34: 25, 25, 30 and 20 days.
    fn beans() -> Crop {
        Crop {
            planted_day: 0,
            stage_days: [25, 25, 30, 20],
            single: Some(Coefficients {
                initial: 0.15,
                middle: 1.19,
                end: 0.35,
            }),
            basal: None,
            initial_height_m: 0.05,
            max_height_m: 0.4,
            initial_root_depth_m: 0.2,
            max_root_depth_m: 0.8,
            depletion_share: 0.45,
        }
    }

    #[test]
    fn the_examples_of_the_paper_for_a_day_of_each_stage_come_out() {
        let crop = beans();
        let single = crop.single.expect("given");
        let kc = |age| crop.coefficient(&single, age);

        // Example 28: day 20, 40, 70 and 95 of dry beans with Kc 0.15, 1.19 and 0.35.
        assert!((kc(20) - 0.15).abs() < 0.005);
        assert!((kc(40) - 0.77).abs() < 0.005);
        assert!((kc(70) - 1.19).abs() < 0.005);
        assert!((kc(95) - 0.56).abs() < 0.005);
    }

    #[test]
    fn before_planting_and_after_the_end_the_curve_holds_its_ends() {
        let crop = beans();
        let single = crop.single.expect("given");

        assert!((crop.coefficient(&single, -30) - 0.15).abs() < 1e-12);
        assert!((crop.coefficient(&single, 500) - 0.35).abs() < 1e-12);
        assert!((crop.root_depth_m(-30) - 0.2).abs() < 1e-12);
        assert!((crop.root_depth_m(500) - 0.8).abs() < 1e-12);
    }

    #[test]
    fn a_dry_and_windy_climate_raises_the_middle_coefficient_as_the_paper_works_it() {
        // Chapter 6, on eq 62: maize of 2 m with Kcmid 1.20. Humid Taichung, wind 1.3 m/s and RHmin 75 %:
        // 1.07; arid Mocha, wind 4.6 m/s and RHmin 44 %: 1.30.
        let maize = Crop {
            single: Some(Coefficients {
                initial: 0.3,
                middle: 1.2,
                end: 0.35,
            }),
            max_height_m: 2.0,
            ..beans()
        };
        let middle_at = |wind: f64, humidity: f64| {
            let adjusted = maize.adjusted(&[wind; 100], &[humidity; 100]);
            adjusted.single.expect("given")
        };

        assert!((middle_at(1.3, 75.0).middle - 1.07).abs() < 0.006);
        assert!((middle_at(4.6, 44.0).middle - 1.30).abs() < 0.006);
        assert!(
            (middle_at(4.6, 44.0).end - 0.35).abs() < 1e-12,
            "below 0.45 it stays"
        );
    }

    #[test]
    fn wind_alone_adjusts_with_the_humidity_of_the_tables_and_the_other_way_round() {
        let middle = |wind: &[f64], humidity: &[f64]| {
            let adjusted = beans().adjusted(wind, humidity);
            adjusted.single.expect("given").middle
        };

        // 0.04 (5 - 2) and -0.004 (20 - 45), both times (0.4 / 3)^0.3 = 0.5464
        assert!((middle(&[5.0; 100], &[]) - (1.19 + 0.12 * 0.5464)).abs() < 1e-4);
        assert!((middle(&[5.0; 100], &[f64::NAN; 100]) - (1.19 + 0.12 * 0.5464)).abs() < 1e-4);
        assert!((middle(&[], &[20.0; 100]) - (1.19 + 0.1 * 0.5464)).abs() < 1e-4);
    }

    #[test]
    fn a_stage_without_days_stays_as_the_tables_have_it() {
        let adjusted = beans().adjusted(&[5.0; 40], &[20.0; 40]);

        assert!((adjusted.single.expect("given").middle - 1.19).abs() < 1e-12);
    }
}
