//! Sixty years of hours in every zone of the database: none is lost, none counted twice.

use std::collections::HashSet;

use furrow_agromet::{
    Completeness, DayStart, HOUR_S, Hours, LocalDays, Timing, aggregate_days, time_zone,
    time_zone_names,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// 1970-01-01T00:00Z to 2030-01-01T00:00Z.
const SIXTY_YEARS: Hours = Hours {
    start_s: 0,
    count: 525_960,
};

fn local_date(zone: &TimeZone, at_s: i64) -> jiff::civil::Date {
    let at = Timestamp::from_second(at_s).expect("in range");
    zone.to_datetime(at).date()
}

/// The sum of each day's hours is the span, and the dates are those that the database's own reader
/// sees at the bounds.
fn check(name: &str, ones: &[f64]) -> Vec<i64> {
    let zone = time_zone(name).expect(name);
    let share = Completeness::new(1e-6).expect("allowed");
    for start in [DayStart::Midnight, DayStart::Nine, DayStart::NoonBefore] {
        let days = LocalDays::cut(SIXTY_YEARS, &zone, start);
        for timing in [Timing::Instant, Timing::Preceding] {
            let rows = days.rows(timing);
            let ends: Vec<usize> = rows.iter().map(|(rows, _)| rows.end).collect();
            let begins: Vec<usize> = rows.iter().map(|(rows, _)| rows.start).collect();
            assert_eq!(begins[0], 0, "{name}");
            assert_eq!(begins[1..], ends[..ends.len() - 1], "{name}");
            assert_eq!(ends.last(), Some(&ones.len()), "{name}");
        }
        if start == DayStart::Midnight {
            let values = aggregate_days(ones, days.rows(Timing::Preceding), share).expect("long");
            let total: f64 = values.sum.iter().filter(|sum| !sum.is_nan()).sum();
            assert!((total - ones.len() as f64).abs() < 0.5, "{name}: {total}");
        }
    }
    let days = LocalDays::cut(SIXTY_YEARS, &zone, DayStart::Midnight);
    let bounds_s = days.bounds_s();
    for day in 0..days.days().count {
        let date = days.date(day);
        let (begin_s, end_s) = (bounds_s[day], bounds_s[day + 1]);
        let length_s = end_s - begin_s;
        assert!(
            (0..=49 * HOUR_S).contains(&length_s),
            "{name} {date}: {length_s} s"
        );
        if length_s == 0 {
            continue;
        }
        assert_eq!(local_date(&zone, begin_s), date, "{name}");
        assert_eq!(local_date(&zone, end_s - 1), date, "{name}");
    }
    bounds_s.to_vec()
}

#[test]
fn no_hour_of_sixty_years_is_lost_or_counted_twice_in_any_zone() {
    let names = time_zone_names();
    let ones = vec![1.0; SIXTY_YEARS.count];

    let halves = names.chunks(names.len().div_ceil(2));
    let check_all = |names: &[String]| -> HashSet<Vec<i64>> {
        names.iter().map(|name| check(name, &ones)).collect()
    };
    let check_all = &check_all;
    let distinct: HashSet<Vec<i64>> = std::thread::scope(|scope| {
        let running: Vec<_> = halves
            .map(|names| scope.spawn(move || check_all(names)))
            .collect();
        let halves = running
            .into_iter()
            .map(|half| half.join().expect("checked"));
        halves.flatten().collect()
    });

    // Links share their days; what is left are places that differ.
    assert!(
        distinct.len() > 250,
        "{} of {}",
        distinct.len(),
        names.len()
    );
}
