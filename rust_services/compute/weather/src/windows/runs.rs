//! Hours in a row.

use super::verdict::{HourStatus, JudgedHour, LimitingFactor};

/// Which hours make a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought {
    /// Suitable ones.
    Suitable,
    /// Unsuitable ones; they end with what made them so.
    Unsuitable(LimitingFactor),
}

/// A run of hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// Row of the first hour.
    pub first: usize,
    /// Number of hours.
    pub count: usize,
    /// What ends it; None where the hours end.
    pub ended_by: Option<LimitingFactor>,
    /// Least margin within.
    pub least_margin: f64,
}

/// Runs of hours of at least a length, ascending.
pub fn runs(hours: &[JudgedHour], sought: Sought, min_hours: usize) -> Vec<Run> {
    let status = match sought {
        Sought::Suitable => HourStatus::Suitable,
        Sought::Unsuitable(_) => HourStatus::Unsuitable,
    };
    let mut found = Vec::new();
    let mut first = 0;
    for group in hours.chunk_by(|one, next| (one.status == status) == (next.status == status)) {
        let after = first + group.len();
        if group[0].status == status && group.len() >= min_hours {
            let ended_by = hours.get(after).and_then(|next| match sought {
                Sought::Suitable => next.limiting_factor,
                Sought::Unsuitable(_) if next.status == HourStatus::Unknown => next.limiting_factor,
                Sought::Unsuitable(factor) => Some(factor),
            });
            found.push(Run {
                first,
                count: group.len(),
                ended_by,
                least_margin: group.iter().map(|hour| hour.margin).fold(1.0, f64::min),
            });
        }
        first = after;
    }
    found
}
