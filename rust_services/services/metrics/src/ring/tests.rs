use proptest::prelude::*;

use super::*;

const START_MS: u64 = 1_700_000_000_000;

fn counter(route: &str, value: f64) -> Reading {
    Reading {
        measured: Measured::Requests,
        labels: vec![("route".to_owned(), route.to_owned())],
        bounds: vec![],
        values: vec![value],
    }
}

fn from(source: &str, readings: Vec<Reading>) -> BTreeMap<String, Vec<Reading>> {
    BTreeMap::from([(source.to_owned(), readings)])
}

fn take(ring: &mut Ring, at_s: u64, readings: Vec<Reading>) {
    ring.take(START_MS + at_s * 1000, &from("web", readings));
}

/// What rose of a route.
fn rise(window: &Window, route: &str) -> Option<Vec<f64>> {
    let found = window
        .rises
        .iter()
        .find(|(key, _)| key.label("route") == route);
    found.map(|(_, rise)| rise.clone())
}

#[test]
fn what_was_there_before_the_first_reading_is_nobodys() {
    let mut ring = Ring::default();
    take(&mut ring, 0, vec![counter("/a", 100.0)]);
    assert_eq!(ring.window(10).rises, []);

    take(
        &mut ring,
        10,
        vec![counter("/a", 103.0), counter("/new", 2.0)],
    );

    let window = ring.window(10);
    assert_eq!(rise(&window, "/a"), Some(vec![3.0]));
    assert_eq!(rise(&window, "/new"), Some(vec![2.0]), "it rose from zero");
    assert!((window.covered_s - 10.0).abs() < 1e-9);
}

#[test]
fn a_counter_that_fell_was_reset() {
    let mut ring = Ring::default();
    for (step, value) in [5.0, 9.0, 2.0, 3.0].into_iter().enumerate() {
        take(&mut ring, 10 * step as u64, vec![counter("/a", value)]);
    }
    assert_eq!(rise(&ring.window(60), "/a"), Some(vec![4.0 + 2.0 + 1.0]));
}

#[test]
fn a_histogram_is_reset_as_one_thing() {
    let histogram = |values: [f64; 4]| Reading {
        measured: Measured::Duration,
        labels: vec![("route".to_owned(), "/a".to_owned())],
        bounds: vec![0.1, 1.0],
        values: values.to_vec(),
    };
    let mut ring = Ring::default();
    take(&mut ring, 0, vec![histogram([5.0, 5.0, 0.0, 3.0])]);
    // The first bucket fell, the second has risen beyond what it was.
    take(&mut ring, 10, vec![histogram([1.0, 7.0, 0.0, 4.0])]);

    assert_eq!(rise(&ring.window(10), "/a"), Some(vec![1.0, 7.0, 0.0, 4.0]));

    let other_bounds = Reading {
        bounds: vec![0.1, 2.0],
        ..histogram([9.0, 9.0, 9.0, 9.0])
    };
    take(&mut ring, 20, vec![other_bounds]);
    let keys = ring.window(10).rises.len();
    assert_eq!(keys, 1, "other bounds are another label set");
}

#[test]
fn idle_routes_take_no_bytes() {
    let mut ring = Ring::default();
    let idle: Vec<_> = (0..1500).map(|n| counter(&format!("/{n}"), 7.0)).collect();
    for step in 0..500 {
        take(&mut ring, step * 10, idle.clone());
    }
    let bins = 361 + 84 + 17 + 2;
    assert!(ring.bytes() <= bins * 64, "{} bytes", ring.bytes());
}

#[test]
fn label_sets_beyond_the_limit_are_counted_and_not_kept() {
    let mut ring = Ring::default();
    let many: Vec<_> = (0..MOST_LABEL_SETS + 7)
        .map(|n| counter(&format!("/{n}"), 1.0))
        .collect();
    take(&mut ring, 0, many);
    assert_eq!((ring.label_sets(), ring.refused()), (MOST_LABEL_SETS, 7));

    // Those that no source shows any more make room when nothing of them is left.
    take(&mut ring, 31 * 86_400, vec![counter("/other", 1.0)]);
    assert_eq!(ring.label_sets(), 1);
}

#[test]
fn nonsense_is_counted_and_not_kept() {
    let mut ring = Ring::default();
    take(
        &mut ring,
        0,
        vec![counter("/a", f64::NAN), counter(&"r".repeat(2000), 1.0)],
    );
    assert_eq!((ring.label_sets(), ring.refused()), (0, 2));

    take(&mut ring, 10, vec![counter("/new", 3.0)]);
    assert_eq!(rise(&ring.window(10), "/new"), Some(vec![3.0]));
}

#[test]
fn the_bytes_are_bounded_and_coarser_bins_stand_in_for_what_is_dropped() {
    let mut ring = Ring::default();
    ring.tiers[0] = Tier::new(10, 3600, 10_000);
    for step in 0..300_u32 {
        let busy = (0..50).map(|n| counter(&format!("/{n}"), f64::from(step) * 1.5));
        take(&mut ring, u64::from(step) * 10, busy.collect());
        assert!(ring.tiers[0].bytes() <= 10_000);
    }
    // What the fine bins lost, the coarser ones have; also after a restart.
    assert!(!ring.tiers[0].reaches(START_MS));
    for ring in [&ring, &Ring::of_bytes(&ring.to_bytes()).expect("whole")] {
        for (window_s, at_least) in [(60, 50.0), (3600, 2900.0)] {
            let window = ring.window(window_s);
            assert!(window.covered_s >= at_least, "{}", window.covered_s);
            let per_s = rise(&window, "/3").expect("it rose")[0] / window.covered_s;
            assert!((per_s - 0.15).abs() < 1e-9, "{per_s}");
        }
    }
}

#[test]
fn a_clock_that_was_set_back_begins_anew_and_counts_nothing_twice() {
    let mut ring = Ring::default();
    take(&mut ring, 100_000, vec![counter("/a", 1.0)]);
    take(&mut ring, 100_010, vec![counter("/a", 2.0)]);
    take(&mut ring, 10, vec![counter("/a", 4.0)]);
    take(&mut ring, 20, vec![counter("/a", 5.0)]);
    assert_eq!(rise(&ring.window(3600), "/a"), Some(vec![3.0]));
    assert!((ring.window(3600).covered_s - 10.0).abs() < 1e-9);
}

#[test]
fn bytes_that_were_cut_are_no_ring() {
    let mut ring = Ring::default();
    for step in 0..20_u32 {
        take(
            &mut ring,
            u64::from(step) * 10,
            vec![counter("/a", f64::from(step) * 0.1)],
        );
    }
    let bytes = ring.to_bytes();
    assert!(Ring::of_bytes(&bytes).is_some());
    for end in 0..bytes.len() {
        assert!(Ring::of_bytes(&bytes[..end]).is_none(), "cut at {end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against a list of all increments with the moments they lie between.
    #[test]
    fn windows_hold_what_a_list_of_all_increments_holds(
        steps in proptest::collection::vec(
            (prop_oneof![Just(10_000_u64), Just(10_003), Just(1_500), Just(55_000), Just(4_000_000)],
             0..3_usize, 0..50_u32, 0..12_u8),
            1..60,
        ),
        window_s in prop_oneof![Just(60_u64), Just(600), Just(3600), Just(7200), Just(86_400), Just(259_200)],
    ) {
        let mut ring = Ring::default();
        let mut values = [0.0; 3];
        let mut at_ms = START_MS;
        let all = |values: &[f64; 3]| {
            let readings = values.iter().enumerate().map(|(n, value)| counter(&format!("/{n}"), *value));
            from("web", readings.collect())
        };
        ring.take(at_ms, &all(&values));
        // Moment before, route, increment.
        let mut list: Vec<(u64, usize, f64)> = Vec::new();
        for (gap_ms, route, amount, what) in steps {
            let before = at_ms;
            at_ms += gap_ms;
            let past = values;
            if what == 0 {
                // A reset: everything starts again from zero.
                values = [0.0; 3];
            }
            values[route] += f64::from(amount) * 0.5;
            for (route, (past, now)) in past.into_iter().zip(values).enumerate() {
                // One that has risen beyond what it was cannot be told from one that went on.
                let amount = if now < past { now } else { now - past };
                list.push((before, route, amount));
            }
            ring.take(at_ms, &all(&values));
            if what == 1 {
                ring = Ring::of_bytes(&ring.to_bytes()).expect("whole");
            }
        }

        let window = ring.window(window_s);

        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole milliseconds"
        )]
        let since = at_ms - (window.covered_s * 1000.0).round() as u64;
        for route in 0..3 {
            let inside = list.iter().filter(|(before, of, _)| *before >= since && *of == route);
            let exact: f64 = inside.map(|(_, _, amount)| amount).sum();
            let found = rise(&window, &format!("/{route}")).map_or(0.0, |rise| rise[0]);
            prop_assert!((found - exact).abs() < 1e-9, "route {}: {}, not {}", route, found, exact);
        }
        prop_assert!(window.covered_s <= window_s as f64 + 1800.0);
    }
}
