//! Agrometeorology: raw hours in, numbers that a farm decides by out.
//!
//! Everything is a pure function over columns: a column is a slice of 64-bit floats along a regular
//! axis, `NaN` where a value is absent. What is absent stays absent; nothing is invented. Units stand
//! in names. No clock, no files, no sockets.

mod axis;
mod error;

pub use axis::{Days, HOUR_S, Hours};
pub use error::WeatherError;
