//! Days of places whose clocks do odd things, and what holds of any cut.

use furrow_agromet::{
    Completeness, DayStart, Days, HOUR_S, Hours, LocalDays, Timing, aggregate_days, time_zone,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;

/// Hours from one instant to another, both ISO 8601 with offset, both stamped.
fn hours(first: &str, last: &str) -> Hours {
    let second = |text: &str| text.parse::<Timestamp>().expect("an instant").as_second();
    let (first, last) = (second(first), second(last));
    Hours {
        start_s: first,
        count: usize::try_from((last - first) / HOUR_S + 1).expect("ascending"),
    }
}

fn cut(zone: &str, start: DayStart, first: &str, last: &str) -> LocalDays {
    LocalDays::cut(hours(first, last), &time_zone(zone).expect(zone), start)
}

fn day_of(days: &LocalDays, date: Date) -> usize {
    let found = (0..days.days().count).find(|day| days.date(*day) == date);
    found.expect("the date is on the axis")
}

/// Hours that a date has, as instants and as preceding hours.
fn lengths(days: &LocalDays, date: Date) -> (u32, u32) {
    let day = day_of(days, date);
    let expected = |timing| days.rows(timing).expected(day);
    (expected(Timing::Instant), expected(Timing::Preceding))
}

#[test]
fn days_in_brussels_have_23_hours_in_spring_and_25_in_autumn() {
    let spring = cut(
        "Europe/Brussels",
        DayStart::Midnight,
        "2026-03-27T00:00Z",
        "2026-03-31T00:00Z",
    );
    let autumn = cut(
        "Europe/Brussels",
        DayStart::Midnight,
        "2026-10-23T00:00Z",
        "2026-10-28T00:00Z",
    );

    assert_eq!(lengths(&spring, date(2026, 3, 28)), (24, 24));
    assert_eq!(lengths(&spring, date(2026, 3, 29)), (23, 23));
    assert_eq!(lengths(&autumn, date(2026, 10, 25)), (25, 25));
    assert_eq!(lengths(&autumn, date(2026, 10, 26)), (24, 24));
}

#[test]
fn an_instant_at_midnight_begins_a_day_and_an_amount_at_midnight_ends_one() {
    // Midnight in Brussels on 11 July is 22:00 UTC on the 10th.
    let days = cut(
        "Europe/Brussels",
        DayStart::Midnight,
        "2026-07-10T22:00Z",
        "2026-07-11T22:00Z",
    );

    assert_eq!(
        days.days(),
        Days {
            first: date(2026, 7, 10),
            count: 3
        }
    );
    let rows = |timing| [0, 1, 2].map(|day| days.rows(timing).rows(day));
    assert_eq!(rows(Timing::Instant), [0..0, 0..24, 24..25]);
    assert_eq!(rows(Timing::Preceding), [0..1, 1..25, 25..25]);
    assert_eq!(
        [0, 1, 2].map(|day| days.is_partial(day)),
        [true, false, true]
    );
}

#[test]
fn zones_off_the_whole_hour_cut_between_stamps() {
    // 00:00 in Kolkata is 18:30 UTC: the hour stamped 19:00 UTC has its middle there, and belongs to
    // the new day.
    let kolkata = cut(
        "Asia/Kolkata",
        DayStart::Midnight,
        "2026-01-01T00:00Z",
        "2026-01-04T00:00Z",
    );
    let second = kolkata.rows(Timing::Instant).rows(1);
    assert_eq!(kolkata.date(1), date(2026, 1, 2));
    assert_eq!(kolkata.hours().stamp_s(second.start) % 86_400, 19 * HOUR_S);
    assert_eq!(second, kolkata.rows(Timing::Preceding).rows(1));

    // 00:00 in Kathmandu is 18:15 UTC: the middle of the hour stamped 19:00 UTC is after it, 18:30.
    let kathmandu = cut(
        "Asia/Kathmandu",
        DayStart::Midnight,
        "2026-01-01T00:00Z",
        "2026-01-04T00:00Z",
    );
    let second = kathmandu.rows(Timing::Preceding).rows(1);
    assert_eq!(
        kathmandu.hours().stamp_s(second.start) % 86_400,
        19 * HOUR_S
    );
    assert_eq!(kathmandu.bounds_s()[1] % 86_400, 18 * HOUR_S + 900);

    // Chatham: +13:45 in summer. 00:00 is 10:15 UTC, so 10:45 is the middle of the first hour.
    let chatham = cut(
        "Pacific/Chatham",
        DayStart::Midnight,
        "2026-01-01T00:00Z",
        "2026-01-04T00:00Z",
    );
    assert_eq!(chatham.bounds_s()[1] % 86_400, 10 * HOUR_S + 900);
    assert_eq!(chatham.rows(Timing::Preceding).expected(1), 24);
}

#[test]
fn lord_howe_changes_its_clock_by_half_an_hour() {
    // From +10:30 to +11:00 on 4 October 2026, and back on 5 April.
    let october = cut(
        "Australia/Lord_Howe",
        DayStart::Midnight,
        "2026-10-01T00:00Z",
        "2026-10-07T00:00Z",
    );
    let april = cut(
        "Australia/Lord_Howe",
        DayStart::Midnight,
        "2026-04-03T00:00Z",
        "2026-04-08T00:00Z",
    );
    let seconds = |days: &LocalDays, date| {
        let day = day_of(days, date);
        days.bounds_s()[day + 1] - days.bounds_s()[day]
    };

    assert_eq!(seconds(&october, date(2026, 10, 4)), 23 * HOUR_S + 1800);
    assert_eq!(seconds(&april, date(2026, 4, 5)), 24 * HOUR_S + 1800);
    // 13:30 UTC to 13:00 UTC of the next day: the stamps 14:00 to 12:00.
    assert_eq!(lengths(&october, date(2026, 10, 4)).0, 23);
    assert_eq!(lengths(&april, date(2026, 4, 5)).0, 25);
}

#[test]
fn a_skipped_midnight_leaves_a_day_that_begins_with_its_first_instant() {
    // Beirut's clock went from 24:00 to 01:00 on 31 March 2024: the day begins at 01:00 +03:00.
    let beirut = cut(
        "Asia/Beirut",
        DayStart::Midnight,
        "2024-03-28T00:00Z",
        "2024-04-02T00:00Z",
    );
    let day = day_of(&beirut, date(2024, 3, 31));
    let begin = "2024-03-30T22:00Z"
        .parse::<Timestamp>()
        .expect("an instant");
    assert_eq!(beirut.bounds_s()[day], begin.as_second());
    assert_eq!(lengths(&beirut, date(2024, 3, 31)), (23, 23));

    // Santiago's from 24:00 to 01:00 on 8 September 2024, and from 24:00 to 23:00 on 6 April.
    let santiago = cut(
        "America/Santiago",
        DayStart::Midnight,
        "2024-04-03T00:00Z",
        "2024-09-12T00:00Z",
    );
    assert_eq!(lengths(&santiago, date(2024, 9, 8)), (23, 23));
    assert_eq!(lengths(&santiago, date(2024, 4, 6)), (25, 25));
    assert_eq!(lengths(&santiago, date(2024, 4, 7)), (24, 24));
}

#[test]
fn newfoundlands_minute_past_midnight_does_not_begin_the_day_twice() {
    // On 29 October 2006 the clock went from 00:01 (-02:30) back to 23:01 (-03:30). The 29th begins
    // at the second midnight: 03:30 UTC.
    let days = cut(
        "America/St_Johns",
        DayStart::Midnight,
        "2006-10-26T00:00Z",
        "2006-11-01T00:00Z",
    );
    let day = day_of(&days, date(2006, 10, 29));
    let begin = "2006-10-29T03:30Z"
        .parse::<Timestamp>()
        .expect("an instant");

    assert_eq!(days.bounds_s()[day], begin.as_second());
    assert_eq!(lengths(&days, date(2006, 10, 28)), (25, 25));
    assert_eq!(lengths(&days, date(2006, 10, 29)), (24, 24));
}

#[test]
fn dates_that_a_place_skipped_have_no_hours() {
    for (zone, skipped, first, last) in [
        (
            "Pacific/Apia",
            date(2011, 12, 30),
            "2011-12-27T00:00Z",
            "2012-01-03T00:00Z",
        ),
        (
            "Pacific/Kwajalein",
            date(1993, 8, 21),
            "1993-08-18T00:00Z",
            "1993-08-25T00:00Z",
        ),
    ] {
        for start in [DayStart::Midnight, DayStart::Nine, DayStart::NoonBefore] {
            let days = cut(zone, start, first, last);
            let before = skipped.yesterday().expect("a date");
            let after = skipped.tomorrow().expect("a date");

            assert_eq!(lengths(&days, skipped), (0, 0), "{zone} {start:?}");
            assert_eq!(lengths(&days, before), (24, 24), "{zone} {start:?}");
            assert_eq!(lengths(&days, after), (24, 24), "{zone} {start:?}");
        }
    }
}

#[test]
fn offsets_with_seconds_cut_to_the_second() {
    // Amsterdam kept +00:19:32 until 1937; the database's copy of it is a link, so local mean time
    // of Monrovia, -00:44:30 until 1972, stands here.
    let days = cut(
        "Africa/Monrovia",
        DayStart::Midnight,
        "1971-01-01T00:00Z",
        "1971-01-04T00:00Z",
    );

    assert_eq!(days.bounds_s()[1].rem_euclid(86_400), 44 * 60 + 30);
    assert_eq!(days.rows(Timing::Instant).expected(1), 24);
}

#[test]
fn a_rain_day_begins_at_nine_and_bears_the_date_on_which_it_begins() {
    let days = cut(
        "Europe/Brussels",
        DayStart::Nine,
        "2026-03-27T00:00Z",
        "2026-03-31T00:00Z",
    );
    let day = day_of(&days, date(2026, 3, 28));

    // 09:00 +01:00 to 09:00 +02:00.
    let begin = "2026-03-28T08:00Z"
        .parse::<Timestamp>()
        .expect("an instant");
    assert_eq!(days.bounds_s()[day], begin.as_second());
    assert_eq!(lengths(&days, date(2026, 3, 28)), (23, 23));
}

#[test]
fn a_night_reaches_from_noon_to_noon_and_bears_the_date_of_its_morning() {
    let nights = cut(
        "Europe/Brussels",
        DayStart::NoonBefore,
        "2026-03-27T00:00Z",
        "2026-03-31T00:00Z",
    );
    let night = day_of(&nights, date(2026, 3, 29));

    let begin = "2026-03-28T11:00Z"
        .parse::<Timestamp>()
        .expect("an instant");
    assert_eq!(nights.bounds_s()[night], begin.as_second());
    assert_eq!(lengths(&nights, date(2026, 3, 29)), (23, 23));
}

#[test]
fn a_cut_into_given_dates_leaves_out_what_is_outside() {
    let zone = time_zone("Europe/Brussels").expect("known");
    let axis = hours("2026-07-01T00:00Z", "2026-07-10T00:00Z");
    let dates = Days {
        first: date(2026, 7, 4),
        count: 2,
    };

    let days = LocalDays::cut_dates(axis, &zone, DayStart::NoonBefore, dates);

    // Noon of the 3rd is 10:00 UTC, 58 hours after the axis begins.
    let rows = [0, 1].map(|day| days.rows(Timing::Instant).rows(day));
    assert_eq!(rows, [58..82, 82..106]);
    assert_eq!(days.days(), dates);
}

#[test]
fn a_day_below_the_share_is_absent_and_says_how_much_it_had() {
    let days = cut(
        "UTC",
        DayStart::Midnight,
        "2026-07-01T00:00Z",
        "2026-07-02T23:00Z",
    );
    let mut column = vec![10.0; 48];
    column[30..33].fill(f64::NAN);
    let share = Completeness::new(0.9).expect("allowed");

    let values = aggregate_days(&column, days.rows(Timing::Instant), share).expect("long enough");

    // The axis begins with the hour before the first day, as amounts have it.
    assert_eq!(day_of(&days, date(2026, 7, 1)), 1);
    assert!((values.mean[1] - 10.0).abs() < 1e-12);
    assert!((values.coverage[2] - 21.0 / 24.0).abs() < 1e-12);
    for absent in [values.mean[2], values.min[2], values.max[2], values.sum[2]] {
        assert!(absent.is_nan());
    }
}

#[test]
fn a_column_that_ends_early_is_refused() {
    let days = cut(
        "UTC",
        DayStart::Midnight,
        "2026-07-01T00:00Z",
        "2026-07-02T23:00Z",
    );
    let share = Completeness::new(0.9).expect("allowed");

    assert!(aggregate_days(&[1.0; 47], days.rows(Timing::Instant), share).is_err());
}

/// Quarters of an hour since 1970, from 1900 to 2100.
const QUARTERS: std::ops::Range<i64> = -2_454_000..4_558_000;

fn zones() -> impl Strategy<Value = String> {
    proptest::sample::select(furrow_agromet::time_zone_names())
}

fn starts() -> impl Strategy<Value = DayStart> {
    proptest::sample::select(vec![
        DayStart::Midnight,
        DayStart::Nine,
        DayStart::NoonBefore,
    ])
}

proptest! {
    #[test]
    fn every_hour_is_in_one_day(
        name in zones(), start in starts(), quarter in QUARTERS, count in 1_usize..20_000,
    ) {
        let hours = Hours { start_s: quarter * 900, count };
        let zone = time_zone(&name).expect("known");
        let days = LocalDays::cut(hours, &zone, start);
        let bounds_s = days.bounds_s();

        for (timing, shift_s) in [(Timing::Instant, 0), (Timing::Preceding, 1800)] {
            let mut next = 0;
            for (day, (rows, expected)) in days.rows(timing).iter().enumerate() {
                prop_assert_eq!(rows.start, next);
                next = rows.end;
                prop_assert!(rows.len() <= expected as usize);
                for row in rows {
                    let at_s = hours.stamp_s(row) - shift_s;
                    prop_assert!((bounds_s[day]..bounds_s[day + 1]).contains(&at_s));
                }
            }
            prop_assert_eq!(next, count);
        }
        // Inner days are whole: only the ends of the axis cut days short.
        for day in 1..days.days().count.saturating_sub(1) {
            prop_assert!(!days.is_partial(day) || day == 1 || day + 2 == days.days().count);
        }
    }

    #[test]
    fn sums_are_conserved_and_means_lie_between_the_extremes(
        name in zones(),
        start in starts(),
        quarter in QUARTERS,
        column in proptest::collection::vec(
            prop_oneof![9 => -1000.0..1000.0_f64, 1 => Just(f64::NAN)], 1..3_000),
    ) {
        let hours = Hours { start_s: quarter * 900, count: column.len() };
        let zone = time_zone(&name).expect("known");
        let days = LocalDays::cut(hours, &zone, start);
        // Any value at all is enough.
        let share = Completeness::new(1e-6).expect("allowed");

        for timing in [Timing::Instant, Timing::Preceding] {
            let rows = days.rows(timing);
            let values = aggregate_days(&column, rows, share).expect("long enough");

            let there = || column.iter().filter(|value| !value.is_nan());
            let sum: f64 = values.sum.iter().filter(|value| !value.is_nan()).sum();
            let magnitude: f64 = there().map(|value| value.abs()).sum();
            prop_assert!((sum - there().sum::<f64>()).abs() <= 1e-12 * magnitude);
            let counted: f64 = (0..rows.count())
                .filter(|day| rows.expected(*day) > 0)
                .map(|day| values.coverage[day] * f64::from(rows.expected(day)))
                .sum();
            prop_assert!((counted - there().count() as f64).abs() < 1e-6);
            for day in 0..rows.count() {
                let found: Vec<f64> =
                    column[rows.rows(day)].iter().copied().filter(|v| !v.is_nan()).collect();
                let least = found.iter().copied().reduce(f64::min).unwrap_or(f64::NAN);
                let greatest = found.iter().copied().reduce(f64::max).unwrap_or(f64::NAN);
                prop_assert_eq!(values.min[day].to_bits(), least.to_bits());
                prop_assert_eq!(values.max[day].to_bits(), greatest.to_bits());
                let mean = values.mean[day];
                prop_assert!(mean.is_nan() || (least - 1e-9..=greatest + 1e-9).contains(&mean));
            }
        }
    }

    #[test]
    fn an_axis_cut_in_two_gives_the_same_days(
        name in zones(), quarter in QUARTERS, count in 2_usize..2_000, part in 0.0..1.0_f64,
    ) {
        let whole = Hours { start_s: quarter * 900, count };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to count")]
        let first = ((part * count as f64) as usize).clamp(1, count - 1);
        let rest = Hours { start_s: whole.stamp_s(first), count: count - first };
        let zone = time_zone(&name).expect("known");
        let cut = |hours| LocalDays::cut(hours, &zone, DayStart::Midnight);
        let (whole, parts) = (cut(whole), [cut(Hours { count: first, ..whole }), cut(rest)]);

        for days in parts {
            for day in 0..days.days().count {
                let same = day_of(&whole, days.date(day));
                prop_assert_eq!(days.bounds_s()[day], whole.bounds_s()[same]);
                for timing in [Timing::Instant, Timing::Preceding] {
                    let (ours, all) = (days.rows(timing), whole.rows(timing));
                    prop_assert_eq!(ours.expected(day), all.expected(same));
                }
            }
        }
    }
}
