//! Samples into hours, and what is to be thought of them.

use furrow_agromet::{
    Completeness, HourColumn, HourRule, HourValues, Possible, SampleHours, Sampling, Stamp,
    judge_hours as judge,
};
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::MAX_ANSWER_BYTES;
use crate::columns::{self, Range};
use crate::hourly::HourlyColumns;
use crate::status::CallError;

/// Most samples of a call: a year of minutes and more.
const MAX_SAMPLES: usize = 600_000;

/// A value and its flag.
const BYTES_PER_VALUE: usize = size_of::<f64>() + 1;

/// Answers `ResampleHours`.
pub(crate) fn resample_hours(
    request: &proto::ResampleHoursRequest,
    cancel: &Cancel,
) -> Result<proto::ResampleHoursResponse, CallError> {
    let count = request.times.len();
    if !(1..=MAX_SAMPLES).contains(&count) {
        let reason = format!("has {count}; 1 to {MAX_SAMPLES} are allowed");
        return Err(CallError::request("times", reason));
    }
    let stamp = match request.stamp() {
        proto::Stamp::End => Stamp::End,
        proto::Stamp::Begin => Stamp::Begin,
        proto::Stamp::Unspecified => {
            let reason = "is not said; the end or the beginning of intervals is allowed";
            return Err(CallError::request("stamp", reason));
        }
    };
    let completeness = Completeness::new(request.completeness_share)?;
    let message = samples_of(request)?;
    let samples = HourlyColumns::read_unjudged("samples", message, count)?;
    let hours = SampleHours::of(&Sampling {
        times_s: &request.times,
        step_s: request.step_seconds.into(),
        stamp,
        phase_s: request.phase_seconds.into(),
    })?;
    let present = samples.present();
    let most = MAX_ANSWER_BYTES / BYTES_PER_VALUE / present.len().max(1);
    if hours.hours().count > most {
        let count = hours.hours().count;
        let reason =
            format!("reach over {count} hours; an answer has room for {most} in as many columns");
        return Err(CallError::request("times", reason));
    }
    let mut made = HourlyColumns::default();
    let mut sparse = Vec::new();
    for (name, range, column) in present {
        cancel.check()?;
        let range = possible(range);
        let HourValues { values, flags } = if let Some(rule) = rule(name) {
            hours.hours_of(column, range, rule, completeness)?
        } else {
            hours.directions_of(column, range, speeds(&samples), completeness)?
        };
        *made.slot(name) = Some(values);
        sparse.push(flags);
    }
    let mut flags = judged(&made);
    // Columns are in the contract's order on both sides.
    for (column, sparse) in flags.iter_mut().zip(sparse) {
        let both = column
            .flags
            .iter()
            .zip(sparse)
            .map(|(one, other)| one | other);
        column.flags = both.collect::<Vec<u8>>().into();
    }
    Ok(proto::ResampleHoursResponse {
        hours: Some(made.message(hours.hours())),
        flags,
    })
}

/// Answers `JudgeHours`.
pub(crate) fn judge_hours(
    request: &proto::JudgeHoursRequest,
    _cancel: &Cancel,
) -> Result<proto::JudgeHoursResponse, CallError> {
    let Some(message) = &request.hours else {
        return Err(CallError::request("hours", "is missing"));
    };
    let hours = columns::hours("hours.hours", message.hours)?;
    let columns = HourlyColumns::read_unjudged("hours", message, hours.count)?;
    Ok(proto::JudgeHoursResponse {
        flags: judged(&columns),
    })
}

fn samples_of(request: &proto::ResampleHoursRequest) -> Result<&proto::HourlyWeather, CallError> {
    let Some(message) = &request.samples else {
        return Err(CallError::request("samples", "is missing"));
    };
    let is_unset = |hours: &proto::Hours| hours.start.is_none() && hours.count == 0;
    if !message.hours.as_ref().is_none_or(is_unset) {
        let reason = "is set; samples lie at their times";
        return Err(CallError::request("samples.hours", reason));
    }
    Ok(message)
}

/// How an hour is made of the samples of a column; none for directions, which are vectors.
fn rule(name: &str) -> Option<HourRule> {
    match name {
        "wind_direction_deg" => None,
        "wind_gust_m_s" | "weather_code" | "precipitation_probability_percent" => {
            Some(HourRule::Greatest)
        }
        "precipitation_mm" => Some(HourRule::Sum),
        "shortwave_radiation_mj_m2" => Some(HourRule::Flow),
        _ => Some(HourRule::Mean),
    }
}

fn speeds(samples: &HourlyColumns) -> Option<(&[f64], Possible)> {
    let mut present = samples.present().into_iter();
    let found = present.find(|(name, ..)| *name == "wind_speed_m_s");
    found.map(|(_, range, column)| (column, possible(range)))
}

fn possible(range: Range) -> Possible {
    Possible {
        min: range.min,
        max: range.max,
    }
}

fn judged(columns: &HourlyColumns) -> Vec<proto::ColumnFlags> {
    let present = columns.present();
    let columns: Vec<HourColumn<'_>> = present
        .iter()
        .map(|(name, range, values)| HourColumn {
            name,
            possible: possible(*range),
            values,
        })
        .collect();
    let flags = judge(&columns).into_iter().zip(present);
    flags
        .map(|(flags, (name, ..))| proto::ColumnFlags {
            column: name.to_owned(),
            flags: flags.into(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
