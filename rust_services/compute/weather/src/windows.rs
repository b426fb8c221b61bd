//! When something can be done: hours judged, and the runs of them.
//!
//! ```text
//! hour_air ── humidity, wet bulb, wind at 2 m, wetness of an hour
//!    │
//! spray | frost | irrigation | harvest | disease ── factors of an hour, each with its margin
//!    │
//! verdict ── the worst factor decides          runs ── hours in a row become windows
//! ```
//!
//! Each factor has a margin: how far its value is from its threshold, as a share of the threshold's own
//! scale; 0 at it, negative beyond it, at most 1. `docs/science.md` has the table of scales. What is
//! absent makes an hour unknown, unless another factor stands against it anyway; it is never suitable.

mod disease;
mod frost;
mod harvest;
mod hour_air;
mod irrigation;
mod runs;
mod spray;
mod verdict;

pub use disease::{DiseaseThresholds, judge_disease};
pub use frost::{FrostThresholds, judge_frost_protection};
pub use harvest::{HarvestThresholds, judge_harvest};
pub use hour_air::WindowWeather;
pub use irrigation::{IrrigationThresholds, judge_irrigation};
pub use runs::{Run, Sought, runs};
pub use spray::{SprayThresholds, judge_spraying};
pub use verdict::{HourStatus, JudgedHour, LimitingFactor};
