//! Factors of an hour, and the worst of them.

/// How an hour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HourStatus {
    /// Something it needs is absent.
    Unknown,
    /// Everything holds.
    Suitable,
    /// Something is near its threshold.
    Marginal,
    /// Something stands against it. Frost: protection must run. Disease: there is a risk.
    Unsuitable,
}

/// What stands against an hour most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitingFactor {
    /// A value is absent.
    MissingData,
    /// The air is too calm.
    Calm,
    /// Wind.
    Wind,
    /// Gusts.
    Gusts,
    /// An inversion is likely.
    Inversion,
    /// Delta-T is too low.
    DeltaTLow,
    /// Delta-T is too high.
    DeltaTHigh,
    /// Too cold.
    Cold,
    /// Too hot.
    Heat,
    /// Rain now.
    Rain,
    /// Rain within the hours that must stay dry.
    RainAhead,
    /// Rain or wetness within the hours before.
    RainBefore,
    /// Wet leaves.
    LeafWetness,
    /// Humidity.
    Humidity,
    /// The air takes up too much, or too little, water.
    VapourPressureDeficit,
    /// Wet bulb.
    WetBulb,
    /// Infection.
    Infection,
}

/// An hour, judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgedHour {
    /// How it is.
    pub status: HourStatus,
    /// What stands against it most; None where nothing does.
    pub limiting_factor: Option<LimitingFactor>,
    /// Margin of that factor, or the least of all where nothing stands against it; at most 1, `NaN` where
    /// a value is absent.
    pub margin: f64,
}

/// A margin below which a factor is near its threshold.
const NEAR: f64 = 0.1;

/// On which side of its limit a value holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holds {
    /// Below the limit.
    Below,
    /// Below the limit or at it.
    AtMost,
    /// Above the limit.
    Above,
    /// Above the limit or at it.
    AtLeast,
}

/// A factor's threshold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Threshold {
    pub factor: LimitingFactor,
    pub holds: Holds,
    pub limit: f64,
    /// Difference that is a margin of 1, in the unit of the limit.
    pub scale: f64,
    /// What a broken threshold means.
    pub broken: HourStatus,
}

impl Threshold {
    /// A threshold that makes an hour unsuitable, on the scale of its own limit.
    pub fn of(factor: LimitingFactor, holds: Holds, limit: f64) -> Self {
        Self {
            factor,
            holds,
            limit,
            scale: own_scale(limit),
            broken: HourStatus::Unsuitable,
        }
    }

    /// The same on another scale.
    pub fn on(self, scale: f64) -> Self {
        Self { scale, ..self }
    }

    /// The same, merely marginal where broken.
    pub fn marginal(self) -> Self {
        Self {
            broken: HourStatus::Marginal,
            ..self
        }
    }
}

/// A limit as its own scale; a limit of nothing has 1.
pub(super) fn own_scale(limit: f64) -> f64 {
    if limit.abs() > 1e-9 { limit.abs() } else { 1.0 }
}

/// Factors of an hour, as they are found.
#[derive(Debug, Default)]
pub(super) struct Factors {
    worst: Option<(HourStatus, f64, LimitingFactor)>,
    is_missing: bool,
}

impl Factors {
    /// A value that the hour needs, against its threshold.
    pub fn needed(&mut self, value: f64, threshold: Threshold) {
        if value.is_nan() {
            self.missing();
        } else {
            self.known(value, threshold);
        }
    }

    /// A value that counts where it is known.
    pub fn known(&mut self, value: f64, threshold: Threshold) {
        if value.is_nan() {
            return;
        }
        let Threshold {
            limit,
            scale,
            factor,
            ..
        } = threshold;
        let (is_broken, room) = match threshold.holds {
            Holds::Below => (value >= limit, limit - value),
            Holds::AtMost => (value > limit, limit - value),
            Holds::Above => (value <= limit, value - limit),
            Holds::AtLeast => (value < limit, value - limit),
        };
        let margin = room / scale;
        let status = if is_broken {
            threshold.broken
        } else if margin < NEAR {
            HourStatus::Marginal
        } else {
            HourStatus::Suitable
        };
        self.found(factor, status, margin);
    }

    /// A factor, judged.
    pub fn found(&mut self, factor: LimitingFactor, status: HourStatus, margin: f64) {
        // What is only marginal has not been broken, however far its value is from the threshold.
        let least = if status == HourStatus::Marginal {
            0.0
        } else {
            f64::NEG_INFINITY
        };
        let margin = margin.min(1.0).max(least);
        let is_worse = self
            .worst
            .is_none_or(|(worst, least, _)| status > worst || (status == worst && margin < least));
        if is_worse {
            self.worst = Some((status, margin, factor));
        }
    }

    /// Something that the hour needs is absent.
    pub fn missing(&mut self) {
        self.is_missing = true;
    }

    /// The hour.
    pub fn judged(self) -> JudgedHour {
        match self.worst {
            Some((HourStatus::Unsuitable, margin, factor)) => JudgedHour {
                status: HourStatus::Unsuitable,
                limiting_factor: Some(factor),
                margin,
            },
            _ if self.is_missing => JudgedHour {
                status: HourStatus::Unknown,
                limiting_factor: Some(LimitingFactor::MissingData),
                margin: f64::NAN,
            },
            Some((status, margin, factor)) => JudgedHour {
                status,
                limiting_factor: (status > HourStatus::Suitable).then_some(factor),
                margin,
            },
            None => JudgedHour {
                status: HourStatus::Suitable,
                limiting_factor: None,
                margin: 1.0,
            },
        }
    }
}
