//! When to irrigate and how much, by the farmer's rules.
//!
//! # Source
//! The vocabulary of pyfao56's `AutoIrrigate`: Thorp, `DeJonge`, Kukal (2025), *The pyfao56 automatic
//! irrigation scheduling algorithm*, Agric. Water Manage. 322, 110013. Its documentation says "at
//! least" and "at most" of thresholds, and so it is here; its program takes them strictly.

use super::{BalancedDay, Irrigation};

/// What to do about rain that is forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RainAction {
    /// Irrigate all the same.
    Proceed,
    /// Do not.
    Cancel,
    /// Give less by the rain that is forecast.
    Reduce,
}

/// Rain that is forecast, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForecastRain {
    /// Depth from which the action is taken, mm.
    pub from_mm: f64,
    /// Days that count, the day itself being the first.
    pub days: usize,
    /// Share that is believed, 0 to 1.
    pub reliability_share: f64,
    /// What then.
    pub action: RainAction,
}

/// Which evapotranspiration an irrigation replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplacedEt {
    /// Of the crop without stress (`ETc`).
    Crop,
    /// Actual (`ETa`).
    Actual,
    /// By the single coefficient (`ETcm`).
    Single,
}

/// How much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A constant depth, mm.
    Constant(f64),
    /// Down to this depletion, mm.
    TargetDepletion(f64),
    /// Down to this share of depletion.
    TargetDepletionShare(f64),
    /// Evapotranspiration less rain that stayed, of so many days past.
    ReplacedDays(usize),
    /// The same since the last irrigation.
    SinceIrrigation,
    /// The same since the last irrigation or rain.
    SinceEvent,
}

/// When and how much. All conditions that are given must hold. What looks back sees the days of the
/// balance only; before the first, nothing was given.
#[derive(Debug, Clone, PartialEq)]
pub struct IrrigationRules {
    /// First day on which advice is given.
    pub first_day: usize,
    /// Last day on which advice is given.
    pub last_day: usize,
    /// Weekdays on which one can irrigate, Monday first.
    pub weekdays: Option<[bool; 7]>,
    /// Rain that is forecast.
    pub forecast: Option<ForecastRain>,
    /// Depletion as a share of available water from which one irrigates.
    pub allowed_depletion_share: Option<f64>,
    /// Depletion from which one irrigates, mm.
    pub allowed_depletion_mm: Option<f64>,
    /// Stress coefficient at or below which one irrigates.
    pub critical_stress: Option<f64>,
    /// Days since the last irrigation, at least.
    pub days_since_irrigation: Option<usize>,
    /// Days since the last irrigation or rain, at least.
    pub days_since_event: Option<usize>,
    /// Depth from which rain or irrigation is an event, mm.
    pub event_mm: f64,
    /// How much.
    pub amount: Amount,
    /// Which evapotranspiration is replaced.
    pub replaced_et: ReplacedEt,
    /// Least amount, mm; what is needed but less is raised to it.
    pub min_mm: Option<f64>,
    /// Greatest amount, mm.
    pub max_mm: Option<f64>,
    /// Share that reaches the root zone, above 0, at most 1.
    pub efficiency_share: f64,
    /// Share of the surface that is wetted, above 0, at most 1.
    pub wetted_share: f64,
    /// Put the advised water into the balance of the days that follow.
    pub applies_advice: bool,
}

/// Irrigation that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct IrrigationAdvice {
    /// Day, counted from 0.
    pub day: usize,
    /// Depth at the outlet, mm.
    pub depth_mm: f64,
    /// Conditions that were given and held, by their names.
    pub reasons: Vec<&'static str>,
    /// Forecast rain that was taken off, mm.
    pub forecast_rain_mm: f64,
}

/// What is known on the morning of a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Morning<'a> {
    /// The day, counted from 0.
    pub day: usize,
    /// Its weekday, 0 Monday.
    pub weekday: usize,
    /// The days before it.
    pub past: &'a [BalancedDay],
    /// Rain of the days, this one first; `NaN` where unknown.
    pub rain_ahead_mm: &'a [f64],
    /// Depletion, mm.
    pub depletion_mm: f64,
    /// Available water, mm.
    pub total_mm: f64,
    /// Stress coefficient.
    pub stress: f64,
    /// Evapotranspiration that the day is likely to have, mm.
    pub expected_et_mm: f64,
}

impl IrrigationRules {
    /// What the rules ask for on a morning; None where a condition does not hold or nothing is needed.
    pub(super) fn advice(&self, morning: &Morning<'_>) -> Option<IrrigationAdvice> {
        if !(self.first_day..=self.last_day).contains(&morning.day) {
            return None;
        }
        let mut reasons = Vec::new();
        if let Some(weekdays) = self.weekdays {
            if !weekdays[morning.weekday] {
                return None;
            }
            reasons.push("weekdays");
        }
        let mut forecast_rain_mm = 0.0;
        if let Some(forecast) = self.forecast {
            let rain_mm = forecast.believed_mm(morning.rain_ahead_mm);
            if rain_mm >= forecast.from_mm {
                match forecast.action {
                    RainAction::Cancel => return None,
                    RainAction::Reduce => forecast_rain_mm = rain_mm,
                    RainAction::Proceed => {}
                }
            }
            reasons.push("forecast_rain_mm");
        }
        let since_irrigation = days_since(morning.past, |day| day.irrigation_mm > 0.0);
        let since_event = days_since(morning.past, |day| {
            day.effective_irrigation_mm + day.rain_mm - day.runoff_mm >= self.event_mm
        });
        let conditions = [
            (
                "allowed_depletion_share",
                self.allowed_depletion_share
                    .map(|share| morning.depletion_mm >= share * morning.total_mm),
            ),
            (
                "allowed_depletion_mm",
                self.allowed_depletion_mm
                    .map(|depletion_mm| morning.depletion_mm >= depletion_mm),
            ),
            (
                "critical_stress",
                self.critical_stress.map(|stress| morning.stress <= stress),
            ),
            (
                "days_since_irrigation",
                self.days_since_irrigation
                    .map(|days| since_irrigation >= days),
            ),
            (
                "days_since_event",
                self.days_since_event.map(|days| since_event >= days),
            ),
        ];
        for (name, holds) in conditions {
            match holds {
                Some(false) => return None,
                Some(true) => reasons.push(name),
                None => {}
            }
        }

        let needed_mm = match self.amount {
            Amount::Constant(depth_mm) => depth_mm,
            Amount::TargetDepletion(target_mm) => {
                morning.depletion_mm + morning.expected_et_mm - target_mm
            }
            Amount::TargetDepletionShare(share) => {
                morning.depletion_mm + morning.expected_et_mm - share * morning.total_mm
            }
            Amount::ReplacedDays(days) => self.replaced_mm(morning.past, days),
            Amount::SinceIrrigation => self.replaced_mm(morning.past, since_irrigation),
            Amount::SinceEvent => self.replaced_mm(morning.past, since_event),
        };
        let at_outlet_mm = (needed_mm - forecast_rain_mm) / self.efficiency_share;
        // Nothing needed, or an evapotranspiration that is not known.
        if at_outlet_mm.is_nan() || at_outlet_mm <= 0.0 {
            return None;
        }
        let at_least_mm = at_outlet_mm.max(self.min_mm.unwrap_or(0.0));
        Some(IrrigationAdvice {
            day: morning.day,
            depth_mm: at_least_mm.min(self.max_mm.unwrap_or(f64::INFINITY)),
            reasons,
            forecast_rain_mm,
        })
    }

    /// The advised water, given.
    pub(super) fn irrigation(&self, advice: &IrrigationAdvice) -> Irrigation {
        Irrigation {
            day: advice.day,
            depth_mm: advice.depth_mm,
            wetted_share: self.wetted_share,
            efficiency_share: self.efficiency_share,
        }
    }

    /// Evapotranspiration less rain that stayed, of the last days, mm.
    fn replaced_mm(&self, past: &[BalancedDay], days: usize) -> f64 {
        let recent = &past[past.len().saturating_sub(days)..];
        let of_day = |day: &BalancedDay| {
            let et_mm = match self.replaced_et {
                ReplacedEt::Crop => day.crop_et_mm,
                ReplacedEt::Actual => day.actual_et_mm,
                ReplacedEt::Single => day.single_et_mm,
            };
            et_mm - day.rain_mm + day.runoff_mm
        };
        recent.iter().map(of_day).sum()
    }
}

impl ForecastRain {
    /// Rain that is believed, mm; days beyond what is known bring none.
    fn believed_mm(&self, rain_ahead_mm: &[f64]) -> f64 {
        let known = rain_ahead_mm.iter().take(self.days);
        known.filter(|rain| !rain.is_nan()).sum::<f64>() * self.reliability_share
    }
}

/// Days since the last day of which something holds; where none is, all of them and one.
fn days_since(past: &[BalancedDay], holds: impl Fn(&BalancedDay) -> bool) -> usize {
    let last = past.iter().rposition(holds);
    last.map_or(past.len() + 1, |last| past.len() - last)
}
