//! Samples into hours: which samples make which hour, and what becomes of gaps and of nonsense.

use furrow_agromet::{
    Completeness, HOUR_S, HourRule, HourValues, Possible, RANGE, SPARSE, SampleHours, Sampling,
    Stamp, WeatherError,
};
use proptest::prelude::*;

/// 2026-07-01T00:00Z.
const START_S: i64 = 1_782_864_000;

const ANY: Possible = Possible {
    min: -100.0,
    max: 100.0,
};

fn completeness(share: f64) -> Completeness {
    Completeness::new(share).expect("allowed")
}

/// Samples every `step_s` from one time on.
fn times(first_s: i64, step_s: i64, count: i64) -> Vec<i64> {
    (0..count).map(|at| first_s + at * step_s).collect()
}

fn sampling(times_s: &[i64], step_s: i64, stamp: Stamp) -> Sampling<'_> {
    Sampling {
        times_s,
        step_s,
        stamp,
        phase_s: 0,
    }
}

fn hours_of(sampling: &Sampling<'_>, samples: &[f64], rule: HourRule) -> HourValues {
    let hours = SampleHours::of(sampling).expect("in order");
    let made = hours.hours_of(samples, ANY, rule, completeness(0.75));
    made.expect("as long as the times")
}

#[test]
fn an_hour_is_made_of_the_samples_that_end_in_it() {
    // 00:15 to 01:00 make the hour stamped 01:00.
    let times_s = times(START_S + 900, 900, 4);
    let sampling = sampling(&times_s, 900, Stamp::End);

    let hours = SampleHours::of(&sampling).expect("in order").hours();
    let mean = hours_of(&sampling, &[1.0, 2.0, 3.0, 6.0], HourRule::Mean);

    assert_eq!((hours.start_s, hours.count), (START_S + HOUR_S, 1));
    assert!((mean.values[0] - 3.0).abs() < 1e-12);
    assert_eq!(mean.flags, [0]);
}

#[test]
fn times_at_the_beginning_of_intervals_mean_the_same_intervals() {
    let begins = times(START_S, 900, 8);
    let ends = times(START_S + 900, 900, 8);
    let samples = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    let (begins, ends) = (
        sampling(&begins, 900, Stamp::Begin),
        sampling(&ends, 900, Stamp::End),
    );

    assert_eq!(SampleHours::of(&begins), SampleHours::of(&ends));
    let sums = hours_of(&begins, &samples, HourRule::Sum);
    assert_eq!(sums.values, [10.0, 26.0]);
}

#[test]
fn hours_may_end_off_the_whole_hour() {
    let times_s = times(START_S + 1800 + 600, 600, 6);
    let half_past = Sampling {
        phase_s: 1800,
        ..sampling(&times_s, 600, Stamp::End)
    };

    let hours = SampleHours::of(&half_past).expect("in order").hours();

    assert_eq!((hours.start_s, hours.count), (START_S + 1800 + HOUR_S, 1));
}

#[test]
fn each_variable_has_its_rule() {
    let times_s = times(START_S + 900, 900, 4);
    let sampling = sampling(&times_s, 900, Stamp::End);
    let value = |samples: &[f64], rule| hours_of(&sampling, samples, rule).values[0];

    assert!((value(&[1.0, 4.0, 2.0, 3.0], HourRule::Greatest) - 4.0).abs() < 1e-12);
    assert!((value(&[0.2, 0.0, 0.2, 0.6], HourRule::Sum) - 1.0).abs() < 1e-12);
    // Three quarters of an hour's radiation: the hour has a third more. Rain is what fell.
    let gap = [0.3, f64::NAN, 0.3, 0.3];
    assert!((value(&gap, HourRule::Flow) - 1.2).abs() < 1e-12);
    assert!((value(&gap, HourRule::Sum) - 0.9).abs() < 1e-12);
}

#[test]
fn an_hour_with_too_few_samples_is_absent_and_one_with_a_gap_says_so() {
    let times_s = times(START_S + 900, 900, 8);
    let sampling = sampling(&times_s, 900, Stamp::End);
    let samples = [1.0, f64::NAN, 1.0, 1.0, f64::NAN, f64::NAN, 1.0, 1.0];

    let mean = hours_of(&sampling, &samples, HourRule::Mean);

    assert!((mean.values[0] - 1.0).abs() < 1e-12);
    assert!(mean.values[1].is_nan());
    assert_eq!(mean.flags, [SPARSE, SPARSE]);
}

#[test]
fn a_gap_between_samples_stays_a_gap() {
    let times_s = [START_S + HOUR_S, START_S + 4 * HOUR_S];

    let mean = hours_of(
        &sampling(&times_s, HOUR_S, Stamp::End),
        &[1.0, 4.0],
        HourRule::Mean,
    );

    assert_eq!(mean.values.len(), 4);
    assert!(mean.values[1].is_nan() && mean.values[2].is_nan());
    assert_eq!(mean.flags, [0; 4]);
}

#[test]
fn an_impossible_sample_does_not_spoil_the_good_ones() {
    let times_s = times(START_S + 900, 900, 8);
    let sampling = sampling(&times_s, 900, Stamp::End);
    let samples = [10.0, -999.0, 12.0, 14.0, 10.0, -999.0, 6999.0, 14.0];

    let mean = hours_of(&sampling, &samples, HourRule::Mean);

    // Three good ones of four are enough; two are not, and the hour shows what was sent.
    assert_eq!(mean.values, [12.0, -999.0]);
    assert_eq!(mean.flags, [SPARSE, RANGE]);
}

#[test]
fn directions_are_added_as_vectors_and_weighted_by_the_speed() {
    let times_s = times(START_S + 900, 900, 8);
    let hours = SampleHours::of(&sampling(&times_s, 900, Stamp::End)).expect("in order");
    let circle = Possible {
        min: 0.0,
        max: 360.0,
    };
    let directions = [350.0, 10.0, 350.0, 10.0, 0.0, 90.0, 0.0, 90.0];
    let speeds = [1.0, 1.0, 1.0, 1.0, 3.0, 4.0, 3.0, 4.0];

    let made = hours
        .directions_of(
            &directions,
            circle,
            Some((&speeds, ANY)),
            completeness(0.75),
        )
        .expect("as long as the times");
    let calm = hours
        .directions_of(
            &directions,
            circle,
            Some((&[0.0; 8], ANY)),
            completeness(0.75),
        )
        .expect("as long as the times");

    assert!(made.values[0].min(360.0 - made.values[0]) < 1e-9);
    assert!((made.values[1] - 53.130_102_354).abs() < 1e-9);
    assert!(calm.values.iter().all(|direction| direction.is_nan()));
    assert_eq!(calm.flags, [0, 0]);
}

#[test]
fn times_that_make_no_sense_are_refused_by_row() {
    let refused = |times_s: &[i64]| {
        let refused = SampleHours::of(&sampling(times_s, 600, Stamp::End));
        refused.expect_err("refused")
    };
    let at = |seconds: i64| START_S + seconds;

    assert_eq!(
        refused(&[at(600), at(1200), at(1200)]),
        WeatherError::TimesUnordered { row: 2 }
    );
    assert_eq!(
        refused(&[at(600), at(0)]),
        WeatherError::TimesUnordered { row: 1 }
    );
    // A clock may be off by a tenth of a step and a minute at most.
    assert_eq!(
        refused(&[at(600), at(1261)]),
        WeatherError::TimeOffGrid {
            row: 1,
            off_s: 61,
            step_s: 600,
            allowed_s: 60
        }
    );
    assert_eq!(
        refused(&[at(590), at(610)]),
        WeatherError::TimeRepeated { row: 1 }
    );
    assert!(matches!(
        refused(&[i64::MAX]),
        WeatherError::TimeImpossible { row: 0, .. }
    ));
    assert!(refused(&[]).to_string().starts_with("times is none"));
    let far = refused(&[at(600), at(600 + 300_000 * HOUR_S)]).to_string();
    assert_eq!(
        far,
        "span of times is 300001 hours; 300000 hours are allowed"
    );
}

#[test]
fn steps_and_phases_that_divide_no_hour_are_refused() {
    let times_s = [START_S];
    for (step_s, phase_s) in [(0, 0), (59, 0), (420, 0), (7200, 0), (-600, 0), (600, 60)] {
        let odd = Sampling {
            phase_s,
            ..sampling(&times_s, step_s, Stamp::End)
        };
        assert!(
            matches!(
                SampleHours::of(&odd),
                Err(WeatherError::SettingRefused { .. })
            ),
            "{step_s} {phase_s}"
        );
    }
}

#[test]
fn columns_are_as_long_as_the_times() {
    let times_s = times(START_S, 600, 12);
    let hours = SampleHours::of(&sampling(&times_s, 600, Stamp::End)).expect("in order");

    for count in [11, 13] {
        let samples = vec![1.0; count];
        let refused = hours.hours_of(&samples, ANY, HourRule::Mean, completeness(0.75));
        assert!(refused.is_err());
    }
}

proptest! {
    #[test]
    fn rain_is_conserved_and_every_sample_is_in_one_hour(
        step_s in proptest::sample::select(vec![60_i64, 300, 600, 900, 1200, 1800, 3600]),
        phase_s in proptest::sample::select(vec![0_i64, 900, 1800, 2700]),
        stamp in proptest::sample::select(vec![Stamp::Begin, Stamp::End]),
        first in -1_000_000_i64..1_000_000,
        // Steps to the next sample, and a drift that loggers may have.
        samples in proptest::collection::vec((1_i64..40, -5_i64..=5, 0.0..50.0_f64), 1..400),
    ) {
        let mut step = first;
        let times_s: Vec<i64> = samples
            .iter()
            .map(|(steps, drift_s, _)| {
                step += steps;
                step * step_s + phase_s + drift_s
            })
            .collect();
        let rain: Vec<f64> = samples.iter().map(|(_, _, rain)| *rain).collect();
        let sampling = Sampling { times_s: &times_s, step_s, stamp, phase_s };

        let hours = SampleHours::of(&sampling).expect("in order");
        let any = completeness(1e-6);
        let made = hours.hours_of(&rain, ANY, HourRule::Sum, any).expect("as long");

        let axis = hours.hours();
        prop_assert_eq!((axis.start_s - phase_s) % HOUR_S, 0);
        prop_assert!(!made.values[0].is_nan());
        prop_assert!(!made.values[axis.count - 1].is_nan());
        let (all, fell): (f64, f64) =
            (made.values.iter().filter(|v| !v.is_nan()).sum(), rain.iter().sum());
        prop_assert!((all - fell).abs() <= 1e-12 * fell.max(1.0));
        // Each sample's interval ends within the hour that counts it.
        for (row, time_s) in times_s.iter().enumerate() {
            let end_s = time_s + if stamp == Stamp::Begin { step_s } else { 0 };
            let drift_s = samples[row].1;
            let hour = (end_s - drift_s - axis.start_s + HOUR_S - 1).div_euclid(HOUR_S);
            let hour = usize::try_from(hour).expect("on the axis");
            prop_assert!(hour < axis.count && made.values[hour] >= rain[row]);
        }
    }
}
