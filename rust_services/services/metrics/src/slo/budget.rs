//! What is left of what was promised.

use furrow_rpc::metrics::v1 as proto;

use super::distribution::Distribution;
use super::{Objective, is_failure};
use crate::ring::{Key, Measured, Window};

/// Windows of burn rates, seconds: the pairs of the workbook's alerts, 5 min and 1 h, 30 min and 6 h,
/// 2 h and 1 day, 6 h and 3 days.
///
/// # Source
/// The Site Reliability Workbook, chapter 5, <https://sre.google/workbook/alerting-on-slos/>.
pub(super) const BURN_WINDOWS_S: [u32; 7] = [300, 1800, 3600, 7200, 21_600, 86_400, 259_200];

/// Share of a window that must be covered.
const COVERED_SHARE: f64 = 0.9;

/// The public API.
fn is_promised(key: &Key) -> bool {
    key.label("runtime") == "python" && key.label("route").starts_with("/api/")
}

/// Requests, and those of them that failed.
fn counts(window: &Window) -> (f64, f64) {
    let mut counts = (0.0, 0.0);
    for (key, rise) in &window.rises {
        if key.measured == Measured::Requests && is_promised(key) {
            let count = rise.first().copied().unwrap_or(0.0);
            counts.0 += count;
            if is_failure(key.label("code")) {
                counts.1 += count;
            }
        }
    }
    counts
}

pub(super) fn budget(
    window: &Window,
    objective: &Objective,
    of: impl Fn(u64) -> (f64, Window),
) -> proto::Budget {
    let permitted = 1.0 - objective.availability;
    let (requests, failures) = counts(window);
    let failed_share = (requests > 0.0).then(|| failures / requests);
    let mut duration = Distribution::default();
    for (key, rise) in &window.rises {
        if key.measured == Measured::Duration && is_promised(key) {
            duration.add(key.bounds(), rise);
        }
    }
    let count = duration.count();
    let burn_rates = BURN_WINDOWS_S.into_iter().filter_map(|window_seconds| {
        let (covered_s, window) = of(u64::from(window_seconds));
        if covered_s < f64::from(window_seconds) * COVERED_SHARE {
            return None;
        }
        let (requests, failures) = counts(&window);
        let share = if requests > 0.0 {
            failures / requests
        } else {
            0.0
        };
        Some(proto::BurnRate {
            window_seconds,
            rate: share / permitted,
        })
    });
    proto::Budget {
        availability: failed_share.map(|share| 1.0 - share),
        within_latency: (count > 0.0).then(|| duration.within(objective.latency_s) / count),
        budget_left: failed_share.map(|share| 1.0 - share / permitted),
        burn_rates: burn_rates.collect(),
    }
}
