use std::path::Path;

use proptest::prelude::*;

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Vec<proto::Label> {
    let pairs = pairs.iter().map(|(name, value)| proto::Label {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    });
    pairs.collect()
}

fn family(name: &str, kind: proto::Kind, series: Vec<proto::Series>) -> proto::Family {
    let mut family = proto::Family {
        name: name.to_owned(),
        help: format!("Help of {name}."),
        kind: kind.into(),
        bounds: vec![],
        series,
    };
    if kind == proto::Kind::Histogram {
        family.bounds = vec![0.5, 1.0];
    }
    family
}

fn counter(name: &str, value: f64) -> proto::Family {
    let series = proto::Series {
        value,
        ..proto::Series::default()
    };
    family(name, proto::Kind::Counter, vec![series])
}

fn gauge(name: &str, value: f64) -> proto::Family {
    proto::Family {
        kind: proto::Kind::Gauge.into(),
        ..counter(name, value)
    }
}

fn histogram(name: &str, counts: [u64; 3], sum: f64) -> proto::Family {
    let series = proto::Series {
        labels: labels(&[("kind", "x")]),
        bucket_counts: counts.to_vec(),
        sum,
        ..proto::Series::default()
    };
    family(name, proto::Kind::Histogram, vec![series])
}

fn report(producer: u128, sequence: u64, families: Vec<proto::Family>) -> Report {
    let id = format!("{producer:032x}");
    let parts = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]];
    Report {
        producer,
        request: proto::ReportRequest {
            producer_id: parts.join("-"),
            sequence,
            program: "ingest".to_owned(),
            ttl_seconds: 60,
            families,
        },
    }
}

fn of_program(program: &str, mut report: Report) -> Report {
    program.clone_into(&mut report.request.program);
    report
}

/// Series as lines, at a time in milliseconds.
fn lines(state: &State, now_ms: u64) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, family) in &state.families {
        for (key, value) in &family.series {
            let labels = key.1.iter().map(|(name, value)| format!("{name}={value}"));
            let labels = labels.collect::<Vec<_>>().join(",");
            let held = match value {
                Value::Counter(value) => format!("{value}"),
                Value::Gauge { value, producer } if state.is_alive(*producer, now_ms) => {
                    format!("{value}")
                }
                Value::Gauge { .. } => continue,
                Value::Histogram { counts, sum } => format!("{counts:?} {sum}"),
            };
            lines.push(format!("{name} {}{{{labels}}} {held}", key.0));
        }
    }
    lines
}

fn taken(state: &mut State, report: &Report, now_ms: u64) -> Vec<(String, String)> {
    let outcome = state.take(report, now_ms, &Limits::default());
    outcome.expect("taken").refused
}

#[test]
fn increments_add_up_and_the_newest_gauge_holds() {
    let mut state = State::default();
    let families = |value, counts, sum| {
        vec![
            counter("c", value),
            gauge("g", value),
            histogram("h", counts, sum),
        ]
    };
    taken(&mut state, &report(1, 1, families(2.0, [1, 0, 0], 0.25)), 0);
    taken(&mut state, &report(2, 1, families(0.5, [0, 2, 1], 4.5)), 1);

    assert_eq!(
        lines(&state, 2),
        [
            "c ingest{} 2.5",
            "g ingest{} 0.5",
            "h ingest{kind=x} [1, 2, 1] 4.75",
        ]
    );
    assert_eq!(state.lines(), 7);
}

#[test]
fn a_repetition_changes_nothing() {
    let mut state = State::default();
    for (sequence, is_repetition) in [(1, false), (1, true), (3, false), (2, true), (3, true)] {
        let outcome = state
            .take(
                &report(1, sequence, vec![counter("c", 1.0)]),
                0,
                &Limits::default(),
            )
            .expect("taken");
        assert_eq!(outcome.is_repetition, is_repetition, "{sequence}");
        assert_eq!(outcome.kept.is_none(), is_repetition, "{sequence}");
    }
    assert_eq!(lines(&state, 0), ["c ingest{} 2"]);
}

#[test]
fn gauges_vanish_with_their_producer_and_counters_stay() {
    let mut state = State::default();
    let both = |value| vec![counter("c", value), gauge("g", value)];
    taken(&mut state, &report(1, 1, both(1.0)), 0);

    assert_eq!(lines(&state, 59_999).len(), 2);
    assert_eq!(lines(&state, 60_000), ["c ingest{} 1"]);

    // Any report of it keeps them alive.
    taken(&mut state, &report(1, 2, vec![counter("c", 1.0)]), 50_000);
    assert_eq!(lines(&state, 109_999).len(), 2);
    assert!(!state.drop_vanished(109_999));
    assert!(state.drop_vanished(110_000));
    assert_eq!((state.lines(), state.families.len()), (1, 1));
}

#[test]
fn families_that_contradict_are_refused_by_name_and_the_others_are_taken() {
    let mut state = State::default();
    let first = vec![counter("a", 1.0), histogram("h", [1, 1, 1], 1.0)];
    assert!(taken(&mut state, &report(1, 1, first), 0).is_empty());
    let mut other_bounds = histogram("h", [1, 1, 1], 1.0);
    other_bounds.bounds = vec![0.5, 2.0];
    let second = vec![
        gauge("a", 1.0),
        other_bounds,
        gauge("h_count", 1.0),
        gauge("a_total", 1.0),
        counter("b", 5.0),
    ];

    let refused = taken(&mut state, &report(1, 2, second), 0);

    let told: Vec<_> = refused
        .iter()
        .map(|(n, r)| (n.as_str(), r.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("a", "it is a counter, not a gauge"),
            ("h", "its bounds are [0.5, 1.0]"),
            ("h_count", "its samples would be called like those of h"),
            ("a_total", "its samples would be called like those of a"),
        ]
    );
    assert!(lines(&state, 0).contains(&"b ingest{} 5".to_owned()));
    assert!(lines(&state, 0).contains(&"a ingest{} 1".to_owned()));
}

#[test]
fn sums_that_would_overflow_are_refused_whole() {
    let mut state = State::default();
    let most = vec![
        counter("c", f64::MAX),
        histogram("h", [u64::MAX, 0, 0], 1.0),
    ];
    taken(&mut state, &report(1, 1, most), 0);
    let more = vec![counter("c", f64::MAX), histogram("h", [1, 1, 1], 1.0)];
    let before = lines(&state, 0);

    assert_eq!(taken(&mut state, &report(1, 2, more), 0).len(), 2);

    assert_eq!(lines(&state, 0), before);
}

#[test]
fn a_label_explosion_ends_at_the_limits() {
    let limits = Limits {
        programs: 2,
        program_lines: 10,
        lines: 15,
        families: 3,
        producers: 4,
    };
    let mut state = State::default();
    let many = |from: usize, count: usize| {
        let series = (from..from + count).map(|number| proto::Series {
            labels: labels(&[("id", &number.to_string())]),
            value: 1.0,
            ..proto::Series::default()
        });
        family("c", proto::Kind::Counter, series.collect())
    };
    let mut take = |report: &Report| state.take(report, 0, &limits);

    assert!(take(&report(1, 1, vec![many(0, 10)])).is_ok());
    let full = take(&report(1, 2, vec![many(10, 1)])).expect_err("full");
    assert!(matches!(full, MetricsError::NoRoom { .. }), "{full:?}");
    // What is known is still counted, and what has room is taken.
    assert!(take(&report(1, 2, vec![many(0, 10)])).is_ok());
    assert!(take(&of_program("b", report(2, 1, vec![many(0, 5)]))).is_ok());
    let full = take(&of_program("b", report(2, 2, vec![many(5, 1)])));
    assert!(matches!(full, Err(MetricsError::NoRoom { .. })), "{full:?}");
    let third = take(&of_program("c", report(3, 1, vec![many(0, 1)])));
    assert_eq!(third, Err(MetricsError::TooManyPrograms { allowed: 2 }));
    assert_eq!(state.lines(), 15);
}

#[test]
fn the_producer_heard_of_least_recently_is_forgotten_first() {
    let limits = Limits {
        producers: 2,
        ..Limits::default()
    };
    let mut state = State::default();
    for (producer, at) in [(1, 10), (2, 20), (1, 30), (3, 40)] {
        let sequence = at;
        let taken = state.take(
            &report(producer, sequence, vec![counter("c", 1.0)]),
            at,
            &limits,
        );
        assert!(taken.is_ok());
    }
    assert_eq!(state.producers(), 2);
    assert!(!state.is_alive(2, 41), "2 was forgotten");
    assert!(state.is_alive(1, 41) && state.is_alive(3, 41));
}

fn open(folder: &Path) -> (Journal, State) {
    Journal::open(folder, &Limits::default()).expect("opened")
}

/// Takes a report and keeps it, as the writer does.
fn keep(journal: &mut Journal, state: &mut State, report: &Report, at_ms: u64) {
    let outcome = state
        .take(report, at_ms, &Limits::default())
        .expect("taken");
    if let Some(report) = outcome.kept {
        let mut bytes = Vec::new();
        Record::Taken { at_ms, report }.write(&mut bytes);
        journal.append(&bytes).expect("kept");
    }
}

#[test]
fn what_was_kept_is_there_after_a_restart_with_and_without_a_snapshot() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut journal, mut state) = open(folder.path());
    let all = || {
        vec![
            counter("c", 0.1),
            gauge("g", f64::NEG_INFINITY),
            histogram("h", [1, 2, 3], 9.0),
        ]
    };
    let mut expected = Vec::new();
    for life in 0..6_u64 {
        keep(&mut journal, &mut state, &report(7, life + 1, all()), life);
        if life % 2 == 1 {
            journal.compact(&state).expect("written");
        }
        expected = lines(&state, life);
        drop(journal);

        (journal, state) = open(folder.path());

        assert_eq!(lines(&state, life), expected, "life {life}");
        let again = state.take(&report(7, life + 1, all()), life, &Limits::default());
        assert!(again.expect("taken").is_repetition, "life {life}");
    }
    assert_eq!(expected.len(), 3);
    let files = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(files, 2, "one snapshot and its journal");
}

#[test]
fn a_report_of_which_no_family_was_taken_is_remembered_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut journal, mut state) = open(folder.path());
    let first = report(7, 1, vec![counter("c", 1.0)]);
    keep(&mut journal, &mut state, &first, 0);
    let other = report(7, 2, vec![gauge("c", 5.0)]);
    keep(&mut journal, &mut state, &other, 0);
    drop(journal);

    let (_, mut state) = open(folder.path());

    assert_eq!(lines(&state, 0), ["c ingest{} 1"]);
    let again = state.take(&other, 0, &Limits::default());
    assert!(again.expect("taken").is_repetition);
}

#[test]
fn what_was_taken_stays_and_counts_on_where_the_limits_are_lower_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut journal, mut state) = open(folder.path());
    for (sequence, name) in (1..).zip(["a", "b", "c"]) {
        let report = of_program(name, report(7, sequence, vec![counter(name, 1.0)]));
        keep(&mut journal, &mut state, &report, 0);
    }
    drop(journal);
    let limits = Limits {
        programs: 1,
        program_lines: 0,
        lines: 2,
        families: 1,
        producers: 10,
    };

    let (_, mut state) = Journal::open(folder.path(), &limits).expect("opened");

    let more = of_program("c", report(7, 4, vec![counter("c", 2.0)]));
    assert!(
        state
            .take(&more, 0, &limits)
            .expect("taken")
            .refused
            .is_empty()
    );
    assert_eq!(lines(&state, 0), ["a a{} 1", "b b{} 1", "c c{} 3"]);
}

#[test]
fn a_torn_journal_loses_no_more_than_its_last_record() {
    let whole = tempfile::tempdir().expect("a folder");
    let (mut journal, mut state) = open(whole.path());
    let mut ends = vec![0];
    let path = whole.path().join("reports.0.journal");
    for sequence in 1..=3 {
        keep(
            &mut journal,
            &mut state,
            &report(7, sequence, vec![counter("c", 1.0)]),
            0,
        );
        ends.push(std::fs::metadata(&path).expect("there").len());
    }
    let bytes = std::fs::read(&path).expect("read");
    let edges = ends
        .iter()
        .flat_map(|end| [end.saturating_sub(1), *end, end + 1]);
    let cuts = edges.chain((0..bytes.len() as u64).step_by(37));
    for cut in cuts.filter(|cut| *cut <= bytes.len() as u64) {
        let cut = usize::try_from(cut).expect("small");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("reports.0.journal"), &bytes[..cut]).expect("written");

        let (mut journal, mut state) = open(folder.path());

        let kept = ends
            .iter()
            .filter(|end| **end > 0 && **end <= cut as u64)
            .count() as u64;
        let found = |state: &State| lines(state, 0).first().cloned();
        let line = |value: u64| (value > 0).then(|| format!("c ingest{{}} {value}"));
        assert_eq!(found(&state), line(kept), "cut at {cut}");
        // What was lost is sent again and lands behind what was kept.
        keep(
            &mut journal,
            &mut state,
            &report(7, 9, vec![counter("c", 1.0)]),
            0,
        );
        drop(journal);
        assert_eq!(
            found(&open(folder.path()).1),
            line(kept + 1),
            "cut at {cut}"
        );
    }
}

#[test]
fn a_snapshot_that_makes_no_sense_is_set_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut journal, mut state) = open(folder.path());
    keep(
        &mut journal,
        &mut state,
        &report(7, 1, vec![counter("c", 1.0)]),
        0,
    );
    journal.compact(&state).expect("written");
    let path = folder.path().join("reports.snapshot");
    let bytes = std::fs::read(&path).expect("read");
    std::fs::write(&path, &bytes[..bytes.len() - 1]).expect("cut");

    let (_, state) = open(folder.path());

    assert_eq!(state.lines(), 0);
    assert!(folder.path().join("reports.snapshot.bad").is_file());
}

#[tokio::test]
async fn many_at_the_same_time_are_kept_and_repetitions_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let reports = Reports::open(folder.path().to_owned(), Limits::default());
    let sent =
        (0..50_u128).map(|producer| reports.take(report(producer, 1, vec![counter("c", 1.0)])));
    for answer in futures::future::join_all(sent).await {
        assert!(!answer.expect("taken").is_repetition);
    }
    let sent =
        (0..50_u128).map(|producer| reports.take(report(producer, 1, vec![counter("c", 1.0)])));
    for answer in futures::future::join_all(sent).await {
        assert!(answer.expect("taken").is_repetition);
    }
    assert_eq!(lines(&reports.shown().0, 0), ["c ingest{} 50"]);
    drop(reports);

    let again = Reports::open(folder.path().to_owned(), Limits::default());

    assert_eq!(lines(&again.shown().0, 0), ["c ingest{} 50"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_refuses_reports_until_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    std::fs::write(&state, "a file where the folder should be").expect("written");
    let reports = Reports::open(state.clone(), Limits::default());
    let one = || report(1, 1, vec![counter("c", 1.0)]);

    let refused = reports.take(one()).await.expect_err("refused");
    assert!(matches!(refused, MetricsError::Unkept(_)), "{refused:?}");

    std::fs::remove_file(&state).expect("removed");
    assert!(!reports.take(one()).await.expect("taken").is_repetition);
}

proptest! {
    // Every report waits for the disk.
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever is sent, in whatever order, repeated, and with the program restarted in between: each
    /// report counts once.
    #[test]
    fn every_report_counts_once(
        sends in proptest::collection::vec((0..3_u128, 1..6_u64, 1..100_u32, 0..8_u8), 1..30),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut journal, mut state) = open(folder.path());
        let mut last = [0; 3];
        let mut sum = 0_u32;
        for (producer, sequence, value, what) in sends {
            let slot = usize::try_from(producer).expect("small");
            if sequence > last[slot] {
                last[slot] = sequence;
                sum += value;
            }
            keep(&mut journal, &mut state, &report(producer, sequence, vec![counter("c", f64::from(value))]), 0);
            match what {
                0 => {
                    drop(journal);
                    (journal, state) = open(folder.path());
                }
                1 => journal.compact(&state).expect("written"),
                _ => {}
            }
        }
        prop_assert_eq!(lines(&state, 0), [format!("c ingest{{}} {sum}")]);
    }
}
