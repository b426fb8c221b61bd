//! Percentiles of histograms.

use furrow_rpc::metrics::v1 as proto;

/// What fell into buckets. Histograms of several layouts may be added up: every bound stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Distribution {
    /// Upper bound and count of what is above the bound before it, ascending; the last may be
    /// infinite.
    buckets: Vec<(f64, f64)>,
    sum: f64,
}

impl Distribution {
    /// Adds a histogram: finite bounds, and counts per bucket, that up to infinity, and the sum. Parts
    /// at the end that did not rise may be left out, but not the sum.
    pub(super) fn add(&mut self, bounds: impl Iterator<Item = f64>, rise: &[f64]) {
        let bounds: Vec<f64> = bounds.chain([f64::INFINITY]).collect();
        for (bound, count) in bounds.iter().zip(rise) {
            self.add_bucket(*bound, *count);
        }
        self.sum += rise.get(bounds.len()).copied().unwrap_or(0.0);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (bound, count) in &other.buckets {
            self.add_bucket(*bound, *count);
        }
        self.sum += other.sum;
    }

    fn add_bucket(&mut self, bound: f64, count: f64) {
        match self
            .buckets
            .binary_search_by(|(known, _)| known.total_cmp(&bound))
        {
            Ok(place) => self.buckets[place].1 += count,
            Err(place) => self.buckets.insert(place, (bound, count)),
        }
    }

    pub(super) fn count(&self) -> f64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    pub(super) fn sum(&self) -> f64 {
        self.sum
    }

    /// How many were at most as large as the largest bound at or below a limit.
    pub(super) fn within(&self, limit: f64) -> f64 {
        let below = self.buckets.iter().filter(|(bound, _)| *bound <= limit);
        below.map(|(_, count)| count).sum()
    }

    /// A quantile, 0 to 1, by linear interpolation within its bucket; the first one begins at 0 if its
    /// bound is positive. What lies above the highest finite bound is said to be at it. None of
    /// nothing.
    ///
    /// # Source
    /// `histogram_quantile`, <https://prometheus.io/docs/prometheus/latest/querying/functions/>.
    pub(super) fn quantile(&self, quantile: f64) -> Option<f64> {
        let total = self.count();
        if total <= 0.0 {
            return None;
        }
        let rank = quantile * total;
        let mut below = 0.0;
        let mut lower = None;
        for (bound, count) in &self.buckets {
            if bound.is_infinite() {
                break;
            }
            if below + count >= rank && *count > 0.0 {
                let lower = match lower {
                    Some(lower) => lower,
                    None if *bound > 0.0 => 0.0,
                    None => return Some(*bound),
                };
                return Some(lower + (bound - lower) * ((rank - below) / count).max(0.0));
            }
            below += count;
            lower = Some(*bound);
        }
        lower
    }

    /// Mean and percentiles; None of nothing, and of buckets none of which is finite.
    pub(super) fn percentiles(&self) -> Option<proto::Percentiles> {
        Some(proto::Percentiles {
            mean: self.sum / self.count(),
            p50: self.quantile(0.5)?,
            p95: self.quantile(0.95)?,
            p99: self.quantile(0.99)?,
        })
    }
}
