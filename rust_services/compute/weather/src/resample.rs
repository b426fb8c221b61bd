//! Samples of a station or logger into hours.
//!
//! An hour is stamped at its end and made of the samples whose intervals end in it, as automatic
//! stations publish and as reference evapotranspiration takes it (ASCE-EWRI 2005, appendix E).
//!
//! | variable | of the samples |
//! |---|---|
//! | temperature, humidity, dew point, wind, pressure, cloud | mean |
//! | direction | direction of the mean vector, weighted by the speed |
//! | gust, weather code, probability | greatest |
//! | precipitation | sum of those that are there: where some are missing, a lower bound |
//! | radiation | mean power over the whole hour: the sun does not wait for a logger |

use std::ops::Range;

use crate::days_aggregate::Completeness;
use crate::direction::Resultant;
use crate::quality::{RANGE, SPARSE};
use crate::{HOUR_S, Hours, WeatherError};

/// Most hours of an answer: 34 years.
const MAX_HOURS: i64 = 300_000;

/// Unix seconds that times may have: the years 1800 to 2399.
const TIMES_S: Range<i64> = -5_364_662_400..13_569_465_600;

/// Loggers' clocks drift, but by no more than this between two checks, seconds.
const MAX_DRIFT_S: i64 = 60;

/// What a sample's time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// The sample's interval begins at it.
    Begin,
    /// The sample's interval ends at it.
    End,
}

/// How an hour is made of its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HourRule {
    /// Their mean.
    Mean,
    /// The greatest of them.
    Greatest,
    /// Their sum, as it is.
    Sum,
    /// Their sum, for the whole hour where some are missing.
    Flow,
}

/// Samples as a logger wrote them.
#[derive(Debug, Clone, Copy)]
pub struct Sampling<'a> {
    /// Unix seconds, strictly ascending.
    pub times_s: &'a [i64],
    /// From one sample to the next, seconds: a divisor of 3600 from 60 on.
    pub step_s: i64,
    /// What the times mean.
    pub stamp: Stamp,
    /// Seconds past the whole hour at which the hours end: 0, 900, 1800 or 2700.
    pub phase_s: i64,
}

/// Values that a variable may have.
#[derive(Debug, Clone, Copy)]
pub struct Possible {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Possible {
    /// Whether a value is there and may be.
    pub(crate) fn holds(self, value: f64) -> bool {
        self.min <= value && value <= self.max
    }
}

/// Samples of each hour, found once for all columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleHours {
    hours: Hours,
    /// First sample of each hour, and one past the last.
    firsts: Vec<usize>,
    /// Samples that an hour should have.
    expected: u32,
}

/// Hours of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct HourValues {
    /// One value an hour; `NaN` where too few samples are there.
    pub values: Vec<f64>,
    /// What is to be thought of each: [`RANGE`], [`SPARSE`].
    pub flags: Vec<u8>,
}

impl SampleHours {
    /// Finds the hours of the samples, from the first to the last that has one.
    ///
    /// A time may be off the grid of steps by a tenth of a step and a minute at most: clocks drift.
    ///
    /// # Errors
    /// [`WeatherError`] for the first time that does not ascend, is off the grid, falls on the step
    /// of the one before or outside the years 1800 to 2399, for a step or a phase that is not
    /// allowed, and for too many hours.
    pub fn of(sampling: &Sampling<'_>) -> Result<Self, WeatherError> {
        let ends = sampling.steps()?;
        let per_hour = HOUR_S / sampling.step_s;
        // Hours past the phase, each with the steps up to its end.
        let hour = |step: &i64| div_ceil(*step, per_hour);
        let (Some(first), Some(last)) = (ends.first().map(hour), ends.last().map(hour)) else {
            return Err(refused("times", "none", "at least one is needed"));
        };
        let found = last - first + 1;
        if found > MAX_HOURS {
            return Err(refused(
                "span of times",
                format!("{found} hours"),
                "300000 hours are allowed",
            ));
        }
        let count = usize::try_from(found).expect("ascending");
        let mut firsts = Vec::with_capacity(count + 1);
        let mut at = 0;
        for hour_of in first..=last {
            firsts.push(at);
            while ends.get(at).is_some_and(|step| hour(step) == hour_of) {
                at += 1;
            }
        }
        firsts.push(at);
        Ok(Self {
            hours: Hours {
                start_s: first * HOUR_S + sampling.phase_s,
                count,
            },
            firsts,
            expected: u32::try_from(per_hour).expect("at most 60"),
        })
    }

    /// The axis.
    pub fn hours(&self) -> Hours {
        self.hours
    }

    /// Makes the hours of a column.
    ///
    /// Impossible samples do not count as long as enough others are there: the hour is made of those,
    /// and is [`SPARSE`]. Where too few others are there, the hour keeps the first impossible sample
    /// as its value and is flagged [`RANGE`], so that it is seen and not used.
    ///
    /// # Errors
    /// [`WeatherError::LengthMismatch`].
    pub fn hours_of(
        &self,
        samples: &[f64],
        possible: Possible,
        rule: HourRule,
        completeness: Completeness,
    ) -> Result<HourValues, WeatherError> {
        self.check_length(samples.len())?;
        Ok(self.each(completeness, |rows| {
            let mut tally = Tally::default();
            let (mut sum, mut greatest) = (0.0, f64::NEG_INFINITY);
            for sample in &samples[rows] {
                if tally.takes(*sample, possible) {
                    sum += sample;
                    greatest = f64::max(greatest, *sample);
                }
            }
            tally.made = match rule {
                HourRule::Mean => sum / tally.good,
                HourRule::Greatest => greatest,
                HourRule::Sum => sum,
                HourRule::Flow => sum * (f64::from(self.expected) / tally.good),
            };
            tally
        }))
    }

    /// Makes the hours of the wind's direction, weighted by the speed where one is given.
    ///
    /// A sample whose speed is absent or impossible does not count. In calm, and where the vectors
    /// cancel, the hour has no direction and no flag.
    ///
    /// # Errors
    /// [`WeatherError::LengthMismatch`].
    pub fn directions_of(
        &self,
        directions_deg: &[f64],
        possible: Possible,
        speeds_m_s: Option<(&[f64], Possible)>,
        completeness: Completeness,
    ) -> Result<HourValues, WeatherError> {
        self.check_length(directions_deg.len())?;
        self.check_length(speeds_m_s.map_or(directions_deg.len(), |(speeds, _)| speeds.len()))?;
        let weight = |row: usize| match speeds_m_s {
            None => 1.0,
            Some((speeds, possible)) if possible.holds(speeds[row]) => speeds[row],
            Some(_) => f64::NAN,
        };
        Ok(self.each(completeness, |rows| {
            let (mut tally, mut wind) = (Tally::default(), Resultant::default());
            for row in rows {
                let weight = weight(row);
                if !weight.is_nan() && tally.takes(directions_deg[row], possible) {
                    wind.add(directions_deg[row], weight);
                }
            }
            tally.made = wind.direction_deg();
            tally
        }))
    }

    fn each(&self, completeness: Completeness, hour: impl Fn(Range<usize>) -> Tally) -> HourValues {
        let expected = f64::from(self.expected);
        let hours = self.firsts.windows(2).map(|pair| hour(pair[0]..pair[1]));
        let (values, flags) = hours
            .map(|tally| tally.judged(expected, completeness))
            .unzip();
        HourValues { values, flags }
    }

    fn check_length(&self, found: usize) -> Result<(), WeatherError> {
        let expected = self.firsts.last().copied().unwrap_or(0);
        if found == expected {
            return Ok(());
        }
        let column = "the column";
        Err(WeatherError::LengthMismatch {
            column,
            found,
            expected,
        })
    }
}

impl Sampling<'_> {
    /// Ends of the samples' intervals as numbers of steps past the phase, each once, ascending.
    fn steps(&self) -> Result<Vec<i64>, WeatherError> {
        let step_s = self.step_s;
        if !(60..=HOUR_S).contains(&step_s) || HOUR_S % step_s != 0 {
            let allowed = "a divisor of 3600 from 60 to 3600 is allowed";
            return Err(refused("step_seconds", step_s.to_string(), allowed));
        }
        if ![0, 900, 1800, 2700].contains(&self.phase_s) {
            let allowed = "0, 900, 1800 or 2700 is allowed";
            return Err(refused("phase_seconds", self.phase_s.to_string(), allowed));
        }
        let drift_s = MAX_DRIFT_S.min(step_s / 10);
        let mut found: Vec<i64> = Vec::with_capacity(self.times_s.len());
        for (row, time_s) in self.times_s.iter().enumerate() {
            if !TIMES_S.contains(time_s) {
                return Err(WeatherError::TimeImpossible {
                    row,
                    found_s: *time_s,
                });
            }
            if row > 0 && self.times_s[row - 1] >= *time_s {
                return Err(WeatherError::TimesUnordered { row });
            }
            let end_s = match self.stamp {
                Stamp::Begin => time_s + step_s,
                Stamp::End => *time_s,
            };
            let step = (end_s - self.phase_s + step_s / 2).div_euclid(step_s);
            let off_s = end_s - self.phase_s - step * step_s;
            if off_s.abs() > drift_s {
                return Err(WeatherError::TimeOffGrid {
                    row,
                    off_s,
                    step_s,
                    allowed_s: drift_s,
                });
            }
            if found.last() == Some(&step) {
                return Err(WeatherError::TimeRepeated { row });
            }
            found.push(step);
        }
        Ok(found)
    }
}

/// Rounds a quotient up.
fn div_ceil(number: i64, by: i64) -> i64 {
    -(-number).div_euclid(by)
}

/// What an hour has of samples.
#[derive(Debug, Clone, Copy)]
struct Tally {
    good: f64,
    impossible: f64,
    first_impossible: f64,
    /// What the good ones make.
    made: f64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            good: 0.0,
            impossible: 0.0,
            first_impossible: f64::NAN,
            made: f64::NAN,
        }
    }
}

impl Tally {
    /// Counts a sample and says whether it is a good one.
    fn takes(&mut self, sample: f64, possible: Possible) -> bool {
        if possible.holds(sample) {
            self.good += 1.0;
            return true;
        }
        if !sample.is_nan() {
            if self.impossible == 0.0 {
                self.first_impossible = sample;
            }
            self.impossible += 1.0;
        }
        false
    }

    fn judged(self, expected: f64, completeness: Completeness) -> (f64, u8) {
        let sparse_if = |is_sparse: bool| if is_sparse { SPARSE } else { 0 };
        let there = self.good + self.impossible;
        if completeness.is_met(self.good, expected) {
            (self.made, sparse_if(self.good < expected))
        } else if self.impossible > 0.0 && completeness.is_met(there, expected) {
            (self.first_impossible, RANGE | sparse_if(there < expected))
        } else {
            (f64::NAN, sparse_if(there > 0.0))
        }
    }
}

fn refused(setting: &'static str, found: impl Into<String>, allowed: &'static str) -> WeatherError {
    WeatherError::SettingRefused {
        setting,
        found: found.into(),
        allowed,
    }
}
