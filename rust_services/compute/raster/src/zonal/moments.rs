//! Weight, mean, spread and range of values, mergeable.

/// Sums that do not cancel, whatever the values and their order.
///
/// # Source
/// Chan, Golub and `LeVeque` (1979), Stanford STAN-CS-79-773: the two-pass algorithm for a set, eq.
/// 2.1 for the union of two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    weight: f64,
    mean: f64,
    /// Sum of `weight × (value - mean)²`.
    spread: f64,
    min: f64,
    max: f64,
}

/// What the sums say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MomentSummary {
    pub(super) mean: f64,
    pub(super) standard_deviation: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            weight: 0.0,
            mean: 0.0,
            spread: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl Moments {
    /// Moments of finite values of weight 1: two passes over a slice that is in the cache.
    pub(super) fn of_whole(values: &[f32]) -> Self {
        let Some(&first) = values.first() else {
            return Self::default();
        };
        // Taken from the first value on, the mean of equal values is that value to the last bit.
        let first = f64::from(first);
        let weight = values.len() as f64;
        let mean = first + sum(values, |&value| f64::from(value) - first) / weight;
        let (mut min, mut max) = (f32::INFINITY, f32::NEG_INFINITY);
        for &value in values {
            min = min.min(value);
            max = max.max(value);
        }
        Self {
            weight,
            mean,
            spread: sum(values, |&value| (f64::from(value) - mean).powi(2)),
            min: f64::from(min),
            max: f64::from(max),
        }
    }

    /// Moments of finite values of positive weights.
    pub(super) fn of_weighted(values: &[(f32, f64)]) -> Self {
        let Some(&(first, _)) = values.first() else {
            return Self::default();
        };
        let first = f64::from(first);
        let weight = sum(values, |&(_, weight)| weight);
        let mean = first
            + sum(values, |&(value, weight)| {
                weight * (f64::from(value) - first)
            }) / weight;
        let (mut min, mut max) = (f32::INFINITY, f32::NEG_INFINITY);
        for &(value, _) in values {
            min = min.min(value);
            max = max.max(value);
        }
        Self {
            weight,
            mean,
            spread: sum(values, |&(value, weight)| {
                weight * (f64::from(value) - mean).powi(2)
            }),
            min: f64::from(min),
            max: f64::from(max),
        }
    }

    /// Another set of values.
    pub(super) fn merge(&mut self, other: &Self) {
        let weight = self.weight + other.weight;
        if weight <= 0.0 {
            return;
        }
        let apart = other.mean - self.mean;
        let share = other.weight / weight;
        self.mean += apart * share;
        self.spread += other.spread + apart * apart * self.weight * share;
        self.weight = weight;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// None of nothing.
    pub(super) fn summary(&self) -> Option<MomentSummary> {
        (self.weight > 0.0).then(|| MomentSummary {
            // Rounding may leave the mean of equal values beside them by a last digit.
            mean: self.mean.clamp(self.min, self.max),
            standard_deviation: (self.spread / self.weight).sqrt(),
            min: self.min,
            max: self.max,
        })
    }
}

/// Sum over a slice in eight lanes, which the compiler keeps in vector registers.
fn sum<T>(values: &[T], term: impl Fn(&T) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += term(value);
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().map(term).sum::<f64>()
}
