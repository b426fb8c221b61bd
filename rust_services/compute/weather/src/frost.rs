//! Frost of nights: how cold it gets, in which way, and what that means for a stage of a crop.
//!
//! # Source
//! Snyder and de Melo-Abreu (2005), Frost Protection: fundamentals, practice and economics, volume 1,
//! FAO: chapter 1 and 2 for radiation frosts (clear sky, wind below 2 m/s) and advection frosts,
//! chapter 4 for critical temperatures, at which half an hour kills a tenth or nine tenths.

use std::ops::Range;

use crate::days::{LocalDays, Timing};
use crate::days_aggregate::Completeness;
use crate::error::WeatherError;
use crate::sun::{HORIZON_DEG, Position, elevation_deg};

/// A sky with less cloud is clear, percent. No paper gives a number for models' cloud: a proxy.
const CLEAR_BELOW_PERCENT: f64 = 30.0;

/// Air that moves less, at 2 m, is calm, m/s.
const CALM_BELOW_M_S: f64 = 2.0;

/// Hours before the coldest one, and after it, in which sky and wind tell the kind.
const BEFORE: usize = 3;
const AFTER: usize = 1;

/// Columns by the hour, as long as the axis that the nights were cut from.
#[derive(Debug, Clone, Copy)]
pub struct FrostColumns<'a> {
    /// Air at screen height, °C.
    pub temperature_c: &'a [f64],
    /// Wet bulb, °C.
    pub wet_bulb_c: Option<&'a [f64]>,
    /// Wind at 2 m, m/s.
    pub wind_speed_2m_m_s: Option<&'a [f64]>,
    /// Cloud cover, percent.
    pub cloud_cover_percent: Option<&'a [f64]>,
    /// Where: by day the ground does not radiate more than it gets.
    pub position: Position,
}

/// What a stage endures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrostThresholds {
    kills_tenth_c: f64,
    kills_nine_tenths_c: f64,
    canopy_below_screen_k: f64,
}

impl FrostThresholds {
    /// Critical temperatures of a tenth and of nine tenths, °C, -60 to 10, the second below the first;
    /// and by how much the canopy may be colder than the screen in a clear calm night, K, 0 to 6.
    ///
    /// # Errors
    /// [`WeatherError::SettingRefused`].
    pub fn new(
        kills_tenth_c: f64,
        kills_nine_tenths_c: f64,
        canopy_below_screen_k: f64,
    ) -> Result<Self, WeatherError> {
        let refused = |setting, found: f64, allowed| {
            let found = found.to_string();
            Err(WeatherError::SettingRefused {
                setting,
                found,
                allowed,
            })
        };
        if !(-60.0..=10.0).contains(&kills_tenth_c) {
            return refused("kills_tenth_c", kills_tenth_c, "-60 to 10 is allowed");
        }
        if !(-60.0..kills_tenth_c).contains(&kills_nine_tenths_c) {
            let allowed = "-60 to below kills_tenth_c is allowed";
            return refused("kills_nine_tenths_c", kills_nine_tenths_c, allowed);
        }
        if !(0.0..=6.0).contains(&canopy_below_screen_k) {
            let allowed = "0 to 6 is allowed";
            return refused("canopy_below_screen_k", canopy_below_screen_k, allowed);
        }
        Ok(Self {
            kills_tenth_c,
            kills_nine_tenths_c,
            canopy_below_screen_k,
        })
    }

    /// 0 °C and nothing else.
    fn zero() -> Self {
        Self {
            kills_tenth_c: 0.0,
            kills_nine_tenths_c: f64::NEG_INFINITY,
            canopy_below_screen_k: 0.0,
        }
    }
}

/// How cold came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrostKind {
    /// Wind or cloud is missing, or too many hours are.
    Unknown,
    /// No hour at or below 0 °C.
    NoFrost,
    /// A clear sky and calm air around the coldest hour, in the dark or just after.
    Radiative,
    /// Wind, cloud or sunlight around it: the air itself is cold.
    Advective,
}

/// What it means for the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrostRisk {
    /// Too few hours to say.
    Unknown,
    /// Above the critical temperature, doubt included.
    None,
    /// Above it by no more than the canopy may be colder.
    Possible,
    /// At or below what kills a tenth.
    Damaging,
    /// At or below what kills nine tenths.
    Severe,
}

/// One night. What hangs on the least temperature is absent where too few hours have one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrostNight {
    /// Place of the night among those that were cut.
    pub night: usize,
    /// Least temperature, °C, and the row of the first hour that has it.
    pub coldest: Option<(f64, usize)>,
    /// Least wet bulb, °C.
    pub min_wet_bulb_c: Option<f64>,
    /// Hours at or below 0 °C among those that are there.
    pub hours_below_zero: usize,
    /// Kind.
    pub kind: FrostKind,
    /// Risk.
    pub risk: FrostRisk,
    /// Least temperature above the critical one of a tenth, K.
    pub margin_k: Option<f64>,
    /// Share of the night's hours that have a temperature.
    pub coverage: f64,
}

/// Assesses nights, cut from noon to noon. Without thresholds the only one is 0 °C.
///
/// In a night that may be radiative, and not in others, the canopy may be colder than the screen: then
/// a temperature that is above the critical one by no more than that is a possible risk. Where sky or
/// wind are missing a night may be.
///
/// # Errors
/// [`WeatherError::LengthMismatch`].
pub fn assess_frost(
    columns: FrostColumns<'_>,
    nights: &LocalDays,
    completeness: Completeness,
    thresholds: Option<FrostThresholds>,
) -> Result<Vec<FrostNight>, WeatherError> {
    let rows = nights.rows(Timing::Instant);
    let others = [
        columns.wet_bulb_c,
        columns.wind_speed_2m_m_s,
        columns.cloud_cover_percent,
    ];
    rows.check_length(columns.temperature_c.len())?;
    for column in others.into_iter().flatten() {
        rows.check_length(column.len())?;
    }
    let thresholds = thresholds.unwrap_or_else(FrostThresholds::zero);
    let assess = |(night, (rows, expected)): (usize, (Range<usize>, u32))| {
        let night = Night {
            columns,
            stamp_s: &|row| nights.hours().stamp_s(row),
            rows,
            expected: f64::from(expected),
            completeness,
        }
        .assess(night, thresholds);
        // A date that the place skipped has no night.
        (expected > 0).then_some(night)
    };
    Ok(rows.iter().enumerate().filter_map(assess).collect())
}

struct Night<'a> {
    columns: FrostColumns<'a>,
    /// Stamp of a row, Unix seconds.
    stamp_s: &'a dyn Fn(usize) -> i64,
    rows: Range<usize>,
    expected: f64,
    completeness: Completeness,
}

impl Night<'_> {
    fn assess(&self, night: usize, thresholds: FrostThresholds) -> FrostNight {
        let temperatures_c = &self.columns.temperature_c[self.rows.clone()];
        let known = temperatures_c
            .iter()
            .filter(|value| !value.is_nan())
            .count() as f64;
        let hours_below_zero = temperatures_c.iter().filter(|value| **value <= 0.0).count();
        let coldest = self.least(self.columns.temperature_c);
        let is_radiative = coldest.and_then(|(_, row)| self.is_radiative(row));
        let kind = match (coldest, hours_below_zero, is_radiative) {
            (None, _, _) | (Some(_), 1.., None) => FrostKind::Unknown,
            (Some(_), 0, _) => FrostKind::NoFrost,
            (Some(_), 1.., Some(true)) => FrostKind::Radiative,
            (Some(_), 1.., Some(false)) => FrostKind::Advective,
        };
        let doubt_k = match is_radiative {
            Some(false) => 0.0,
            Some(true) | None => thresholds.canopy_below_screen_k,
        };
        let risk = match coldest {
            None => FrostRisk::Unknown,
            Some((min_c, _)) if min_c <= thresholds.kills_nine_tenths_c => FrostRisk::Severe,
            Some((min_c, _)) if min_c <= thresholds.kills_tenth_c => FrostRisk::Damaging,
            Some((min_c, _)) if min_c <= thresholds.kills_tenth_c + doubt_k => FrostRisk::Possible,
            Some(_) => FrostRisk::None,
        };
        let wet_bulb = self
            .columns
            .wet_bulb_c
            .and_then(|column| self.least(column));
        FrostNight {
            night,
            coldest,
            min_wet_bulb_c: wet_bulb.map(|(value, _)| value),
            hours_below_zero,
            kind,
            risk,
            margin_k: coldest.map(|(min_c, _)| min_c - thresholds.kills_tenth_c),
            coverage: known / self.expected,
        }
    }

    /// The least value of the night and its row, if enough hours have one.
    fn least(&self, column: &[f64]) -> Option<(f64, usize)> {
        let mut known = 0.0;
        let mut least: Option<(f64, usize)> = None;
        for row in self.rows.clone() {
            let value = column[row];
            if value.is_nan() {
                continue;
            }
            known += 1.0;
            if least.is_none_or(|(so_far, _)| value < so_far) {
                least = Some((value, row));
            }
        }
        least.filter(|_| self.completeness.is_met(known, self.expected))
    }

    /// Whether sky and air around the coldest hour let the ground radiate.
    fn is_radiative(&self, coldest: usize) -> Option<bool> {
        let rows = coldest.saturating_sub(BEFORE).max(self.rows.start)
            ..(coldest + AFTER + 1).min(self.rows.end);
        let is_below = |column: Option<&[f64]>, limit: f64| {
            mean_of_most(&column?[rows.clone()]).map(|mean| mean < limit)
        };
        let is_calm = is_below(self.columns.wind_speed_2m_m_s, CALM_BELOW_M_S);
        let is_clear = is_below(self.columns.cloud_cover_percent, CLEAR_BELOW_PERCENT);
        let is_dark = rows.clone().any(|row| {
            let stamp_s = (self.stamp_s)(row) as f64;
            elevation_deg(stamp_s, self.columns.position) < HORIZON_DEG
        });
        match (is_calm, is_clear) {
            _ if !is_dark => Some(false),
            (Some(true), Some(true)) => Some(true),
            (Some(false), _) | (_, Some(false)) => Some(false),
            _ => None,
        }
    }
}

/// The mean of the values that are there, if at least half are.
fn mean_of_most(values: &[f64]) -> Option<f64> {
    let known: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
        .collect();
    let is_most = !known.is_empty() && 2 * known.len() >= values.len();
    is_most.then(|| known.iter().sum::<f64>() / known.len() as f64)
}

#[cfg(test)]
mod tests;
