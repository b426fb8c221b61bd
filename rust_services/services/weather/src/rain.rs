//! Rain, and the lack of it.

use furrow_agromet::{DayStart, HourlyRain, LocalDays};
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::columns::{between, method, whole_seconds};
use crate::local_hours::LocalHours;
use crate::status::CallError;

/// Hours that sums look back.
const SPANS_H: [u32; 10] = [1, 3, 6, 12, 24, 48, 72, 168, 336, 720];

/// Answers `SummarizeRain`.
pub(crate) fn summarize_rain(
    request: &proto::SummarizeRainRequest,
    _cancel: &Cancel,
) -> Result<proto::SummarizeRainResponse, CallError> {
    let local = LocalHours::read("hours", request.hours.as_ref())?;
    let until_s = whole_seconds("until", request.until)?;
    let hours = local.hourly.hours;
    if until_s < hours.start_s {
        let reason = format!("is {until_s}; the first hour is {}", hours.start_s);
        return Err(CallError::request("until", reason));
    }
    let dry_below_mm = between("dry_below_mm", request.dry_below_mm, 0.01, 100.0)?;
    let Some(precipitation_mm) = local.hourly.columns.precipitation_mm.as_deref() else {
        let field = "hours.hours.precipitation_mm";
        return Err(CallError::request(field, "is missing"));
    };
    let rain = HourlyRain {
        hours,
        precipitation_mm,
        completeness: local.completeness,
    };
    let days = LocalDays::cut(hours, &local.zone, DayStart::Midnight);
    let dry = rain.dry_days(&days, until_s, dry_below_mm)?;
    let sums = rain.sums(until_s, &SPANS_H)?;
    let whole = |days: usize| u32::try_from(days).expect("axes are short");
    Ok(proto::SummarizeRainResponse {
        sums: sums
            .iter()
            .map(|sum| proto::RainSum {
                hours: sum.hours,
                rain_mm: sum.rain_mm,
                coverage: sum.coverage,
            })
            .collect(),
        dry_spells: dry
            .spells
            .iter()
            .map(|spell| proto::DrySpell {
                first_day: spell.first.to_string(),
                days: whole(spell.days),
            })
            .collect(),
        dry_days: dry.current.map(whole),
        method: Some(method(
            "rain",
            "trailing_sums_local_dry_days",
            "sums of preceding hours; dry: local days, midnight to midnight, below the given depth",
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::column_bytes;
    use crate::local_hours::tests::{at, local_hours};

    /// Four local days in Brussels from midnight of 27 March 2026 (23:00 UTC) on, the third of 23
    /// hours: 5 mm in the first hour of the first day, nothing since.
    fn request(until: &str) -> proto::SummarizeRainRequest {
        let hours = local_hours("2026-03-27T00:00:00Z", 95, "Europe/Brussels", |hours| {
            let mut rain = vec![0.0; 95];
            rain[0] = 5.0;
            hours.precipitation_mm = column_bytes(&rain);
        });
        proto::SummarizeRainRequest {
            hours: Some(hours),
            until: Some(at(until)),
            dry_below_mm: 1.0,
        }
    }

    fn answer(
        request: &proto::SummarizeRainRequest,
    ) -> Result<proto::SummarizeRainResponse, CallError> {
        summarize_rain(request, &Cancel::new(None))
    }

    #[test]
    fn dry_days_are_the_places_whole_days_and_sums_are_absent_where_unknown() {
        let found = answer(&request("2026-03-30T22:00:00Z")).expect("right");

        assert_eq!(found.dry_days, Some(3));
        assert_eq!(found.dry_spells.len(), 1);
        let spell = &found.dry_spells[0];
        assert_eq!((spell.first_day.as_str(), spell.days), ("2026-03-28", 3));
        let sum = |hours: u32| {
            let found = found.sums.iter().find(|sum| sum.hours == hours);
            *found.expect("asked for")
        };
        assert_eq!(sum(72).rain_mm, Some(0.0));
        assert_eq!(sum(168).rain_mm, None);
        assert!((sum(168).coverage - 95.0 / 168.0).abs() < 1e-12);
    }

    #[test]
    fn the_day_that_runs_is_not_counted_yet() {
        let found = answer(&request("2026-03-30T21:59:59Z")).expect("right");

        assert_eq!(found.dry_days, Some(2));
    }

    #[test]
    fn long_after_the_last_hour_nothing_is_known() {
        let found = answer(&request("2026-04-02T00:00:00Z")).expect("right");

        assert_eq!(found.dry_days, None);
        assert_eq!(found.dry_spells.len(), 1);
        assert_eq!(found.sums[0].rain_mm, None);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let mut before = request("2026-03-26T00:00:00Z");
        let mut soaked = request("2026-03-30T00:00:00Z");
        soaked.dry_below_mm = f64::NAN;
        for (request, words) in [
            (&mut before, "until is"),
            (&mut soaked, "dry_below_mm is NaN"),
        ] {
            let refused = answer(request).expect_err(words).to_string();
            assert!(refused.starts_with(words), "{refused}");
        }
    }
}
