//! Why numbers are not computed.

/// Why numbers are not computed. A value that is merely absent is none of these: it stays absent.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WeatherError {
    /// A column is not as long as its axis.
    #[error("{column} has {found} values; the axis has {expected}")]
    LengthMismatch {
        /// The column.
        column: &'static str,
        /// Its values.
        found: usize,
        /// Values there should be.
        expected: usize,
    },
    /// A value cannot be.
    #[error("{column}[{row}] is {found}; {min} to {max} is possible")]
    ValueImpossible {
        /// The column.
        column: &'static str,
        /// Its row, from 0.
        row: usize,
        /// The value.
        found: f64,
        /// The least that can be.
        min: f64,
        /// The most that can be.
        max: f64,
    },
    /// A column that is needed is not there.
    #[error("{column} is needed for {quantity}")]
    ColumnMissing {
        /// The column, or those of which one is needed.
        column: &'static str,
        /// What needs it.
        quantity: &'static str,
    },
    /// A setting makes no sense.
    #[error("{setting} is {found}; {allowed}")]
    SettingRefused {
        /// Its name.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// No such zone.
    #[error("there is no time zone {name:?} in the IANA database")]
    TimeZoneUnknown {
        /// The name.
        name: String,
    },
    /// Times do not ascend.
    #[error("times[{row}] is not after the time before it")]
    TimesUnordered {
        /// The first row that is wrong, from 0.
        row: usize,
    },
    /// A time is of no year that weather is known of.
    #[error("times[{row}] is {found_s}; Unix seconds of the years 1800 to 2399 are taken")]
    TimeImpossible {
        /// Its row, from 0.
        row: usize,
        /// The time, Unix seconds.
        found_s: i64,
    },
    /// A time is not on the grid of steps.
    #[error("times[{row}] is {off_s} s off a step of {step_s} s; at most {allowed_s} s is allowed")]
    TimeOffGrid {
        /// Its row, from 0.
        row: usize,
        /// How far it is off, seconds.
        off_s: i64,
        /// The step, seconds.
        step_s: i64,
        /// How far it may be off, seconds.
        allowed_s: i64,
    },
    /// Two times are on one step.
    #[error("times[{row}] falls on the step of the time before it")]
    TimeRepeated {
        /// The row of the second, from 0.
        row: usize,
    },
    /// A day's least temperature is above its greatest.
    #[error(
        "temperature_min_c[{row}] is {min_c}; temperature_max_c[{row}] is {max_c}, which is less"
    )]
    ExtremesReversed {
        /// The day, from 0.
        row: usize,
        /// Its least, °C.
        min_c: f64,
        /// Its greatest, °C.
        max_c: f64,
    },
}
