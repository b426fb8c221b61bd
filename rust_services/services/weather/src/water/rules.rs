//! Rules of irrigation, with every value checked.

use furrow_agromet::water::{Amount, ForecastRain, IrrigationRules, RainAction, ReplacedEt};
use furrow_rpc::weather::v1 as proto;

use super::read::share_above_zero;
use crate::columns::between;
use crate::status::CallError;

/// Depth from which rain or irrigation is an event where nothing is said, mm; pyfao56's.
const USUAL_EVENT_MM: f64 = 10.0;

/// Reads the rules.
pub(super) fn read_rules(message: &proto::IrrigationRules) -> Result<IrrigationRules, CallError> {
    if message.last_day < message.first_day {
        let reason = format!(
            "is {}; {} and later is allowed",
            message.last_day, message.first_day
        );
        return Err(CallError::request("rules.last_day", reason));
    }
    let min_mm = number("min_mm", message.min_mm, 0.0, 500.0)?;
    let max_mm = number("max_mm", message.max_mm, min_mm.unwrap_or(0.0), 500.0)?;
    Ok(IrrigationRules {
        first_day: days(message.first_day),
        last_day: days(message.last_day),
        weekdays: weekdays(&message.weekdays)?,
        forecast: forecast(message)?,
        allowed_depletion_share: number(
            "allowed_depletion_share",
            message.allowed_depletion_share,
            0.0,
            1.0,
        )?,
        allowed_depletion_mm: number(
            "allowed_depletion_mm",
            message.allowed_depletion_mm,
            0.0,
            10_000.0,
        )?,
        critical_stress: number("critical_stress", message.critical_stress, 0.0, 1.0)?,
        days_since_irrigation: message.days_since_irrigation.map(days),
        days_since_event: message.days_since_event.map(days),
        event_mm: number("event_mm", message.event_mm, 0.0, 500.0)?.unwrap_or(USUAL_EVENT_MM),
        amount: amount(message)?,
        replaced_et: match proto::ReplacedEt::try_from(message.replaced_et) {
            Ok(proto::ReplacedEt::Unspecified | proto::ReplacedEt::Actual) => ReplacedEt::Actual,
            Ok(proto::ReplacedEt::Crop) => ReplacedEt::Crop,
            Ok(proto::ReplacedEt::Single) => ReplacedEt::Single,
            Err(_) => return Err(unknown("rules.replaced_et", message.replaced_et)),
        },
        min_mm,
        max_mm,
        efficiency_share: share_above_zero("rules.efficiency_share", message.efficiency_share)?,
        wetted_share: share_above_zero("rules.wetted_share", message.wetted_share)?,
        applies_advice: message.applies_advice,
    })
}

fn days(found: u32) -> usize {
    usize::try_from(found).expect("32 bits fit")
}

fn number(name: &str, found: Option<f64>, min: f64, max: f64) -> Result<Option<f64>, CallError> {
    found
        .map(|found| between(&format!("rules.{name}"), found, min, max))
        .transpose()
}

fn unknown(field: &str, found: i32) -> CallError {
    CallError::request(field, format!("is {found}; one of the named is asked for"))
}

fn weekdays(found: &[u32]) -> Result<Option<[bool; 7]>, CallError> {
    if found.is_empty() {
        return Ok(None);
    }
    let mut allowed = [false; 7];
    for (row, &day) in found.iter().enumerate() {
        let Some(weekday) = allowed.get_mut(days(day)) else {
            let reason = format!("is {day}; 0 (Monday) to 6 (Sunday) is allowed");
            return Err(CallError::request(format!("rules.weekdays[{row}]"), reason));
        };
        *weekday = true;
    }
    Ok(Some(allowed))
}

fn forecast(message: &proto::IrrigationRules) -> Result<Option<ForecastRain>, CallError> {
    let Some(from_mm) = number("forecast_rain_mm", message.forecast_rain_mm, 0.0, 500.0)? else {
        return Ok(None);
    };
    between(
        "rules.forecast_days",
        f64::from(message.forecast_days),
        1.0,
        16.0,
    )?;
    let reliability = message.forecast_reliability_share.unwrap_or(1.0);
    let action = match proto::RainAction::try_from(message.forecast_action) {
        Ok(proto::RainAction::Proceed) => RainAction::Proceed,
        Ok(proto::RainAction::Cancel) => RainAction::Cancel,
        Ok(proto::RainAction::Reduce) => RainAction::Reduce,
        Ok(proto::RainAction::Unspecified) | Err(_) => {
            return Err(unknown("rules.forecast_action", message.forecast_action));
        }
    };
    Ok(Some(ForecastRain {
        from_mm,
        days: days(message.forecast_days),
        reliability_share: between("rules.forecast_reliability_share", reliability, 0.0, 1.0)?,
        action,
    }))
}

fn amount(message: &proto::IrrigationRules) -> Result<Amount, CallError> {
    let constant = number("constant_mm", message.constant_mm, 0.0, 500.0)?;
    let depletion = number(
        "target_depletion_mm",
        message.target_depletion_mm,
        0.0,
        10_000.0,
    )?;
    let share = number(
        "target_depletion_share",
        message.target_depletion_share,
        0.0,
        1.0,
    )?;
    let replaced = number(
        "replaced_days",
        message.replaced_days.map(f64::from),
        1.0,
        400.0,
    )?;
    let given = [
        constant.map(Amount::Constant),
        depletion.map(Amount::TargetDepletion),
        share.map(Amount::TargetDepletionShare),
        replaced
            .and(message.replaced_days)
            .map(|count| Amount::ReplacedDays(days(count))),
        (message.replaces_since_irrigation == Some(true)).then_some(Amount::SinceIrrigation),
        (message.replaces_since_event == Some(true)).then_some(Amount::SinceEvent),
    ];
    let mut given = given.into_iter().flatten();
    match (given.next(), given.count()) {
        (Some(amount), 0) => Ok(amount),
        (first, more) => {
            let count = usize::from(first.is_some()) + more;
            let reason = format!("give {count} amounts; exactly one is asked for");
            Err(CallError::request("rules", reason))
        }
    }
}
