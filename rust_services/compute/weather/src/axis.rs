//! The regular axes that columns lie along.

use jiff::civil::Date;

/// Seconds of an hour.
pub const HOUR_S: i64 = 3600;

/// A regular axis of hours. The hour stamped `t` has the instants at `t`, and the amounts and means
/// over the hour that ends at `t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// Stamp of the first hour, Unix seconds.
    pub start_s: i64,
    /// Number of hours.
    pub count: usize,
}

impl Hours {
    /// Stamp of an hour, Unix seconds.
    pub fn stamp_s(&self, row: usize) -> i64 {
        self.start_s + HOUR_S * i64::try_from(row).expect("axes are short")
    }

    /// One hour after the last stamp, Unix seconds.
    pub fn end_s(&self) -> i64 {
        self.stamp_s(self.count)
    }
}

/// A regular axis of civil days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub first: Date,
    /// Number of days.
    pub count: usize,
}
