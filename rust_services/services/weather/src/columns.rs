//! Columns as they travel: little-endian doubles in bytes, and the axes they lie along.

use bytes::Bytes;
use furrow_agromet::{Days, Hours};
use furrow_rpc::weather::v1 as proto;
use prost_types::Timestamp;

use crate::status::CallError;

/// Most hours of an axis: 34 years.
pub(crate) const MAX_HOURS: u32 = 300_000;

/// Most days of an axis: 109 years.
pub(crate) const MAX_DAYS: u32 = 40_000;

/// Hours are stamped at a multiple of it, seconds.
const PHASE_S: i64 = 900;

/// Values that a column may have; `NaN` always may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

/// Any finite value.
pub(crate) const FINITE: Range = Range {
    min: f64::MIN,
    max: f64::MAX,
};

/// Reads an axis of hours.
pub(crate) fn hours(field: &str, message: Option<proto::Hours>) -> Result<Hours, CallError> {
    let Some(message) = message else {
        return Err(CallError::request(field, "is missing"));
    };
    let start_s = whole_seconds(&format!("{field}.start"), message.start)?;
    if start_s % PHASE_S != 0 {
        let reason = format!("is {start_s}; hours are stamped at whole quarters of an hour");
        return Err(CallError::request(format!("{field}.start"), reason));
    }
    Ok(Hours {
        start_s,
        count: length(&format!("{field}.count"), message.count, MAX_HOURS)?,
    })
}

/// Reads an axis of days.
pub(crate) fn days(field: &str, message: Option<proto::Days>) -> Result<Days, CallError> {
    let Some(message) = message else {
        return Err(CallError::request(field, "is missing"));
    };
    let first = date(&format!("{field}.first_day"), &message.first_day)?;
    let count = length(&format!("{field}.count"), message.count, MAX_DAYS)?;
    Ok(Days { first, count })
}

/// Reads a date.
pub(crate) fn date(field: &str, text: &str) -> Result<jiff::civil::Date, CallError> {
    let parsed: Result<jiff::civil::Date, _> = text.parse();
    match parsed {
        Ok(date) if text.len() == 10 && (1800..=2400).contains(&date.year()) => Ok(date),
        _ => {
            let shown: String = text.chars().take(40).collect();
            let reason = format!("is {shown:?}; a date such as 2026-03-29 is asked for");
            Err(CallError::request(field, reason))
        }
    }
}

/// Reads an instant of whole seconds, between the years 1800 and 2400.
pub(crate) fn whole_seconds(field: &str, instant: Option<Timestamp>) -> Result<i64, CallError> {
    const YEARS: std::ops::Range<i64> = -5_364_662_400..13_569_465_600;
    match instant {
        None => Err(CallError::request(field, "is missing")),
        Some(Timestamp { seconds, nanos: 0 }) if YEARS.contains(&seconds) => Ok(seconds),
        Some(instant) => {
            let reason = format!("is {instant}; a whole second of the years 1800 to 2399 is taken");
            Err(CallError::request(field, reason))
        }
    }
}

/// An instant as it travels.
pub(crate) fn timestamp(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}

/// An axis of hours as it travels.
pub(crate) fn hours_message(hours: Hours) -> proto::Hours {
    proto::Hours {
        start: Some(timestamp(hours.start_s)),
        count: u32::try_from(hours.count).expect("axes are short"),
    }
}

/// An axis of days as it travels.
pub(crate) fn days_message(days: Days) -> proto::Days {
    proto::Days {
        first_day: days.first.to_string(),
        count: u32::try_from(days.count).expect("axes are short"),
    }
}

/// Reads a column; None where it is empty.
pub(crate) fn column(
    field: &str,
    values: &Bytes,
    count: usize,
    range: Range,
) -> Result<Option<Vec<f64>>, CallError> {
    if values.is_empty() {
        return Ok(None);
    }
    if values.len() != count * 8 {
        let reason = format!("has {} bytes; {count} values of 8 are due", values.len());
        return Err(CallError::request(field, reason));
    }
    let (chunks, _) = values.as_chunks::<8>();
    let column: Vec<f64> = chunks
        .iter()
        .map(|bytes| f64::from_le_bytes(*bytes))
        .collect();
    // NaN is neither below nor above.
    let is_out = |value: &f64| *value < range.min || *value > range.max;
    if let Some(row) = column.iter().position(is_out) {
        let (found, Range { min, max }) = (column[row], range);
        let reason = if found.is_infinite() {
            format!("is {found}; a finite number is asked for")
        } else {
            format!("is {found}; {min} to {max} is possible")
        };
        return Err(CallError::request(format!("{field}[{row}]"), reason));
    }
    Ok(Some(column))
}

/// Reads a column that has to be there.
pub(crate) fn needed(
    field: &str,
    values: &Bytes,
    count: usize,
    range: Range,
) -> Result<Vec<f64>, CallError> {
    column(field, values, count, range)?.ok_or_else(|| CallError::request(field, "is missing"))
}

/// A column as it travels.
pub(crate) fn column_bytes(column: &[f64]) -> Bytes {
    let mut bytes = Vec::with_capacity(column.len() * 8);
    for value in column {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes.into()
}

/// A named column as it travels.
pub(crate) fn named_column(name: impl Into<String>, column: &[f64]) -> proto::NamedColumn {
    proto::NamedColumn {
        name: name.into(),
        values: column_bytes(column),
    }
}

/// How a number was made, as it travels.
pub(crate) fn method(quantity: &str, name: &str, source: &str) -> proto::Method {
    proto::Method {
        quantity: quantity.to_owned(),
        name: name.to_owned(),
        source: source.to_owned(),
    }
}

/// Holds a number between limits.
pub(crate) fn between(field: &str, found: f64, min: f64, max: f64) -> Result<f64, CallError> {
    if (min..=max).contains(&found) {
        Ok(found)
    } else {
        let reason = format!("is {found}; {min} to {max} is allowed");
        Err(CallError::request(field, reason))
    }
}

fn length(field: &str, found: u32, most: u32) -> Result<usize, CallError> {
    if (1..=most).contains(&found) {
        Ok(usize::try_from(found).expect("32 bits fit"))
    } else {
        let reason = format!("is {found}; 1 to {most} is allowed");
        Err(CallError::request(field, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Range = Range {
        min: -1.0,
        max: 1.0,
    };

    #[test]
    fn a_column_comes_back_as_it_went_and_absent_stays_absent() {
        let sent = [0.5, f64::NAN, -1.0];

        let read = column("c", &column_bytes(&sent), 3, ANY)
            .expect("right")
            .expect("there");

        assert_eq!(read[0].to_bits(), 0.5_f64.to_bits());
        assert!(read[1].is_nan());
        assert!(column("c", &Bytes::new(), 3, ANY).expect("right").is_none());
    }

    #[test]
    fn what_is_wrong_is_named_by_column_and_row() {
        let sent = column_bytes(&[0.5, 7.0]);

        let refused = |count| {
            column("hours.c", &sent, count, ANY)
                .expect_err("wrong")
                .to_string()
        };

        assert_eq!(refused(2), "hours.c[1] is 7; -1 to 1 is possible");
        assert_eq!(refused(3), "hours.c has 16 bytes; 3 values of 8 are due");
    }

    #[test]
    fn infinity_is_no_value() {
        let sent = column_bytes(&[f64::INFINITY]);

        let refused = column("c", &sent, 1, FINITE).expect_err("infinite");

        assert_eq!(
            refused.to_string(),
            "c[0] is inf; a finite number is asked for"
        );
    }

    #[test]
    fn axes_have_a_beginning_on_a_quarter_and_an_end() {
        let at = |seconds, count| {
            hours(
                "hours",
                Some(proto::Hours {
                    start: Some(timestamp(seconds)),
                    count,
                }),
            )
        };

        assert!(at(1800, 24).is_ok());
        assert!(at(1801, 24).is_err());
        assert!(at(1800, 0).is_err());
        assert!(at(1800, MAX_HOURS + 1).is_err());
        assert!(date("day", "2026-02-30").is_err());
        assert!(date("day", "2026-02-28").is_ok());
    }
}
