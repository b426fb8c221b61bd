//! How values of several processes become one, as the Python client's own merging has it.

mod folder;

use folder::{Folder, bytes, histogram, key, plain};
use furrow_exposition::{
    ConflictKind, FileKind, Format, GaugeMode, Key, Limits, Part, Refusal, SavedSeries, Totals,
};

#[test]
fn counters_of_all_processes_are_summed_by_labels() {
    let mut folder = Folder::of(&[
        (
            "counter_1.db",
            &[
                plain("a_total", &[("l", "x")], 1.0),
                plain("a_total", &[("l", "y")], 2.0),
            ],
        ),
        ("counter_2.db", &[plain("a_total", &[("l", "y")], 3.5)]),
    ]);

    let wanted = "# HELP a_total Help.\n# TYPE a_total counter\na_total{l=\"x\"} 1.0\na_total{l=\"y\"} 5.5\n";
    assert_eq!(folder.text(), wanted);
}

#[test]
fn a_scrape_begins_at_nothing() {
    let mut folder = Folder::of(&[("counter_1.db", &[plain("a_total", &[], 1.0)])]);

    assert_eq!(folder.samples(), ["a_total 1.0"]);
    assert_eq!(folder.samples(), ["a_total 1.0"]);
}

#[test]
fn summaries_have_a_count_and_a_sum() {
    let entries = |count, sum| {
        [
            (key("s", "s_count", &[], "Help."), count, 0.0),
            (key("s", "s_sum", &[], "Help."), sum, 0.0),
        ]
    };
    let mut folder = Folder::of(&[
        ("summary_1.db", &entries(1.0, 0.5)),
        ("summary_2.db", &entries(2.0, 4.0)),
    ]);

    assert_eq!(folder.samples(), ["s_count 3.0", "s_sum 4.5"]);
}

#[test]
fn buckets_are_summed_by_bound_and_then_added_up() {
    let labels = [("a", "x"), ("z", "y")];
    let mut folder = Folder::of(&[
        (
            "histogram_1.db",
            &histogram(
                "h",
                &labels,
                1.0,
                &[("1", 1.0), ("2.0", 0.0), ("+Inf", 2.0)],
            ),
        ),
        (
            "histogram_2.db",
            &histogram(
                "h",
                &labels,
                2.0,
                &[("1.0", 3.0), ("2", 4.0), ("+Inf", 0.0)],
            ),
        ),
    ]);

    let wanted = [
        "h_sum{a=\"x\",z=\"y\"} 3.0",
        "h_bucket{a=\"x\",le=\"1.0\",z=\"y\"} 4.0",
        "h_bucket{a=\"x\",le=\"2.0\",z=\"y\"} 8.0",
        "h_bucket{a=\"x\",le=\"+Inf\",z=\"y\"} 10.0",
        "h_count{a=\"x\",z=\"y\"} 10.0",
    ];
    assert_eq!(folder.samples(), wanted);
    assert_eq!(folder.table.take_conflicts(), []);
}

#[test]
fn a_bound_stands_where_its_name_sorts() {
    for (labels, wanted) in [
        (vec![], "h_bucket{le=\"+Inf\"} 1.0"),
        (vec![("a", "x")], "h_bucket{a=\"x\",le=\"+Inf\"} 1.0"),
        (vec![("z", "y")], "h_bucket{le=\"+Inf\",z=\"y\"} 1.0"),
    ] {
        let entries = histogram("h", &labels, 0.0, &[("+Inf", 1.0)]);
        let mut folder = Folder::of(&[("histogram_1.db", &entries)]);
        assert_eq!(folder.samples()[1], wanted);
    }
}

#[test]
fn other_bounds_of_another_version_join_and_are_told_once() {
    let mut folder = Folder::of(&[
        (
            "histogram_1.db",
            &histogram("h", &[("l", "a")], 0.0, &[("1.0", 1.0), ("+Inf", 1.0)]),
        ),
        (
            "histogram_2.db",
            &histogram("h", &[("l", "a")], 0.0, &[("5.0", 2.0), ("+Inf", 1.0)]),
        ),
        (
            "histogram_3.db",
            &histogram("h", &[("l", "b")], 0.0, &[("5.0", 2.0), ("+Inf", 1.0)]),
        ),
    ]);

    let samples = folder.samples();
    assert_eq!(
        &samples[1..4],
        [
            "h_bucket{l=\"a\",le=\"1.0\"} 1.0",
            "h_bucket{l=\"a\",le=\"5.0\"} 3.0",
            "h_bucket{l=\"a\",le=\"+Inf\"} 5.0",
        ]
    );
    let told: Vec<ConflictKind> = folder
        .table
        .take_conflicts()
        .iter()
        .map(|c| c.what)
        .collect();
    assert_eq!(told, [ConflictKind::Bounds]);
    folder.samples();
    assert_eq!(folder.table.take_conflicts(), []);
}

#[test]
fn a_histogram_that_is_being_made_is_not_shown_yet() {
    let mut entries = histogram("h", &[], 0.0, &[("1.0", 0.0)]);
    let mut folder = Folder::of(&[("histogram_1.db", &entries)]);
    assert_eq!(folder.text(), "");

    entries.extend(
        histogram("h", &[], 0.0, &[("+Inf", 0.0)])
            .into_iter()
            .skip(1),
    );
    folder
        .put("histogram_1.db", bytes(&entries))
        .expect("more entries");

    assert_eq!(folder.samples().len(), 4);
}

#[test]
fn every_gauge_mode_merges_as_its_name_says() {
    let inf = f64::INFINITY;
    for (mode, wanted) in [
        (
            "all",
            vec!["g{pid=\"1\"} 3.0", "g{pid=\"2\"} -1.0", "g{pid=\"3\"} +Inf"],
        ),
        ("min", vec!["g -1.0"]),
        ("max", vec!["g +Inf"]),
        ("sum", vec!["g +Inf"]),
        ("mostrecent", vec!["g -1.0"]),
    ] {
        for live in ["", "live"] {
            let file = |ident| format!("gauge_{live}{mode}_{ident}.db");
            let entry =
                |value, time| vec![(key("g", "g", &[("pid", "own")], "Help."), value, time)];
            let mut folder = Folder::of(&[
                (&file(1), &entry(3.0, 5.0)),
                (&file(2), &entry(-1.0, 6.0)),
                (&file(3), &entry(inf, 4.0)),
            ]);
            assert_eq!(folder.samples(), wanted, "{live}{mode}");
        }
    }
}

#[test]
fn a_newest_value_that_nobody_set_is_not_there() {
    let mut folder = Folder::of(&[("gauge_mostrecent_1.db", &[plain("g", &[], 3.0)])]);

    for format in [Format::Text, Format::Protobuf] {
        assert_eq!(folder.scrape(format), b"");
    }
}

#[test]
fn nan_counts_only_where_there_is_nothing_else() {
    for (mode, wanted) in [("min", "g 1.0"), ("max", "g 2.0")] {
        for order in [
            [f64::NAN, 1.0, 2.0],
            [1.0, f64::NAN, 2.0],
            [2.0, 1.0, f64::NAN],
        ] {
            let mut folder = Folder::new();
            for (ident, value) in order.into_iter().enumerate() {
                let entries = [plain("g", &[], value)];
                folder
                    .put(&format!("gauge_{mode}_{ident}.db"), bytes(&entries))
                    .expect("a file");
            }
            assert_eq!(folder.samples(), [wanted]);
        }
        let mut alone =
            Folder::of(&[(&format!("gauge_{mode}_1.db"), &[plain("g", &[], f64::NAN)])]);
        assert_eq!(alone.samples(), ["g NaN"]);
    }
}

#[test]
fn a_type_or_mode_that_differs_is_left_out_and_told_once() {
    let mut folder = Folder::of(&[
        ("counter_1.db", &[plain("a_total", &[], 1.0)]),
        (
            "gauge_sum_1.db",
            &[
                plain("g", &[], 2.0),
                plain("a", &[], 9.0),
                (key("a_total", "a_total", &[], ""), 9.0, 0.0),
            ],
        ),
        (
            "gauge_max_2.db",
            &[plain("g", &[], 9.0), plain("g", &[("l", "x")], 9.0)],
        ),
    ]);

    assert_eq!(folder.samples(), ["a_total 1.0", "g 2.0"]);
    let counts = folder.table.counts();
    assert_eq!(counts.refused[Refusal::Type as usize], 2);
    assert_eq!(counts.refused[Refusal::Mode as usize], 2);
    assert_eq!(counts.conflicts[ConflictKind::Type as usize], 1);
    assert_eq!(counts.conflicts[ConflictKind::Mode as usize], 1);
}

#[test]
fn the_first_help_text_stays_and_series_merge_all_the_same() {
    let entry = |help| [(key("a", "a_total", &[], help), 1.0, 0.0)];
    let mut folder = Folder::of(&[
        ("counter_1.db", &entry("One.")),
        ("counter_2.db", &entry("Two.")),
    ]);

    assert_eq!(
        folder.text(),
        "# HELP a_total One.\n# TYPE a_total counter\na_total 2.0\n"
    );
    assert_eq!(
        folder.table.counts().conflicts[ConflictKind::Help as usize],
        1
    );
}

#[test]
fn a_type_is_free_again_once_its_files_are_gone() {
    let mut folder = Folder::of(&[("counter_1.db", &[plain("a_total", &[], 1.0)])]);

    folder.remove("counter_1.db");
    folder
        .put("gauge_sum_1.db", bytes(&[plain("a", &[], 2.0)]))
        .expect("a file");

    assert_eq!(folder.samples(), ["a 2.0"]);
    assert_eq!(folder.table.counts().families, 1);
}

#[test]
fn samples_of_a_file_that_is_gone_are_gone_and_cells_used_again() {
    let mut folder = Folder::new();
    for round in 0..50 {
        let ident = format!("gauge_all_{round}.db");
        let entries: Vec<_> = (0..20)
            .map(|n| plain("g", &[("l", &n.to_string())], 1.0))
            .collect();
        folder.put(&ident, bytes(&entries)).expect("a file");
        folder
            .put(
                "counter_1.db",
                bytes(&[plain("a_total", &[], f64::from(round))]),
            )
            .expect("a file");
        assert_eq!(folder.samples().len(), 21, "round {round}");
        assert_eq!(folder.table.counts().cells, 21);
        folder.remove(&ident);
    }
    assert_eq!(folder.samples(), ["a_total 49.0"]);
}

#[test]
fn keys_that_were_known_before_their_series_ended_are_not_taken_for_others() {
    let mut folder = Folder::of(&[("counter_1.db", &[plain("a_total", &[], 1.0)])]);
    folder.remove("counter_1.db");
    folder
        .put("counter_2.db", bytes(&[plain("b_total", &[], 2.0)]))
        .expect("a file");
    folder
        .put("counter_3.db", bytes(&[plain("a_total", &[], 3.0)]))
        .expect("a file");

    assert_eq!(folder.samples(), ["a_total 3.0", "b_total 2.0"]);
}

#[test]
fn sums_of_a_file_that_is_gone_stay_and_can_be_stored() {
    let counters = [plain("a_total", &[("l", "x\"\n")], 3.0)];
    let buckets = histogram(
        "h",
        &[("l", "y")],
        1.5,
        &[("1.0", 1.0), ("+Inf", f64::from(2))],
    );
    let mut folder = Folder::of(&[
        ("counter_1.db", &counters),
        ("histogram_1.db", &buckets),
        ("gauge_sum_1.db", &[plain("g", &[], 1.0)]),
    ]);
    let before = folder.samples();

    let mut totals = Totals::default();
    for (file, bytes) in &folder.files {
        folder.table.fold_file(bytes, file, &mut totals);
    }
    for name in ["counter_1.db", "histogram_1.db", "gauge_sum_1.db"] {
        folder.remove(name);
    }
    let stored = serde_json::to_string(&folder.table.saved_totals(&totals)).expect("JSON");
    let stored: Vec<SavedSeries> = serde_json::from_str(&stored).expect("what was written");

    let mut next = Folder::of(&[("counter_9.db", &counters)]);
    let mut again = Totals::default();
    next.table.restore_totals(&stored, &mut again);
    for (folder, totals, count) in [(&mut folder, totals, "3.0"), (&mut next, again, "6.0")] {
        folder.add_up();
        folder.table.add_totals(&totals);
        let mut out = Vec::new();
        folder.table.encode(Format::Text, &mut out);
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(
            text.contains(&format!("a_total{{l=\"x\\\"\\n\"}} {count}\n")),
            "{text}"
        );
        for line in before.iter().filter(|line| line.starts_with('h')) {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        assert!(!text.contains("\ng "));
        folder.table.release_totals(totals);
    }
    assert_eq!(folder.table.counts().cells, 0);
    assert_eq!(next.samples(), ["a_total{l=\"x\\\"\\n\"} 3.0"]);
}

#[test]
fn samples_from_elsewhere_join_the_others() {
    let mut folder = Folder::of(&[("counter_1.db", &[plain("a_total", &[("l", "x")], 1.0)])]);
    let labels = [("l", "x")];
    let counter = Key::new("a", "a_total", &labels, "Help.");
    let gauge = Key::new(
        "process_open_fds",
        "process_open_fds",
        &[("slot", "0")],
        "Open files.",
    );
    let counter = folder
        .table
        .intern(FileKind::Counter, "", &counter)
        .expect("a cell");
    let kind = FileKind::Gauge(GaugeMode::Sum);
    let gauge = folder.table.intern(kind, "", &gauge).expect("a cell");

    folder.add_up();
    folder.table.add(counter, 2.0);
    folder.table.add(gauge, 8.0);
    let mut out = Vec::new();
    folder.table.encode(Format::Text, &mut out);

    let text = String::from_utf8(out).expect("UTF-8");
    assert!(text.contains("a_total{l=\"x\"} 3.0\n"));
    assert!(text.contains("process_open_fds{slot=\"0\"} 8.0\n"));
    folder.table.release(gauge);
    folder.table.release(counter);
    assert_eq!(folder.samples(), ["a_total{l=\"x\"} 1.0"]);
}

#[test]
fn samples_can_be_read_one_by_one() {
    let labels = [("route", "/a\"b")];
    let mut folder = Folder::of(&[
        (
            "histogram_1.db",
            &histogram("h", &labels, 2.5, &[("1.0", 1.0), ("+Inf", 2.0)]),
        ),
        ("counter_1.db", &[plain("a_total", &[], 1.0)]),
    ]);
    folder.add_up();

    let mut found = Vec::new();
    folder.table.visit("h", |sample| {
        assert_eq!(sample.labels.get("route").as_deref(), Some("/a\"b"));
        found.push((sample.part, sample.value));
    });

    let wanted = [
        (Part::Sum, 2.5),
        (Part::Bucket(1.0), 1.0),
        (Part::Bucket(f64::INFINITY), 3.0),
        (Part::Count, 3.0),
    ];
    assert_eq!(found, wanted);
    let mut count = 0;
    folder.table.visit_all(|_| count += 1);
    assert_eq!(count, 5);
    folder
        .table
        .visit("nothing", |_| panic!("a sample of nothing"));
}

#[test]
fn what_is_beyond_the_limits_is_left_out_and_counted() {
    let limits = Limits {
        max_cells: 3,
        max_families: 2,
        ..Limits::default()
    };
    let mut folder = Folder::with_limits(limits);
    let many: Vec<_> = (0..9)
        .map(|n| plain("a_total", &[("l", &n.to_string())], 1.0))
        .collect();
    let names = [plain("b_total", &[], 1.0), plain("c_total", &[], 1.0)];
    folder.put("counter_1.db", bytes(&names)).expect("a file");
    folder.put("counter_2.db", bytes(&many)).expect("a file");

    assert_eq!(folder.samples(), ["b_total 1.0", "c_total 1.0"]);
    folder.remove("counter_1.db");
    folder.put("counter_3.db", bytes(&many)).expect("a file");
    assert_eq!(folder.samples().len(), 3);
    let counts = folder.table.counts();
    assert_eq!(counts.refused[Refusal::Families as usize], 9);
    assert_eq!(counts.refused[Refusal::Series as usize], 6);
}

#[test]
fn names_of_samples_that_a_metric_does_not_have_are_left_out() {
    let foreign = |sample: &str| (key("a", sample, &[], ""), 1.0, 0.0);
    let mut folder = Folder::of(&[
        (
            "counter_1.db",
            &[foreign("a_created"), foreign("b_total"), foreign("a_total")],
        ),
        (
            "histogram_1.db",
            &[foreign("a_bucket"), (key("", "_sum", &[], ""), 1.0, 0.0)],
        ),
    ]);

    assert_eq!(folder.samples(), ["a_total 1.0"]);
    let counts = folder.table.counts();
    assert_eq!(counts.refused[Refusal::Sample as usize], 3);
    assert_eq!(counts.refused[Refusal::Bound as usize], 1);
}

#[test]
fn help_and_labels_are_escaped_as_each_form_wants() {
    let entry = (key("a", "a_total", &[("l", "\"\\\n")], "\"\\\n"), 1.0, 0.0);
    let mut folder = Folder::of(&[("counter_1.db", &[entry])]);

    let text = "# HELP a_total \"\\\\\\n\n# TYPE a_total counter\na_total{l=\"\\\"\\\\\\n\"} 1.0\n";
    assert_eq!(folder.text(), text);
    let open = "# HELP a \\\"\\\\\\n\n# TYPE a counter\na_total{l=\"\\\"\\\\\\n\"} 1.0\n# EOF\n";
    assert_eq!(folder.scrape(Format::OpenMetrics), open.as_bytes());
}

#[test]
fn open_metrics_has_no_sums_below_negative_bounds_and_no_counter_that_is_nan() {
    let below = histogram("h", &[], -5.0, &[("-1.0", 1.0), ("+Inf", 1.0)]);
    let counters = [
        plain("a_total", &[("l", "x")], f64::NAN),
        plain("a_total", &[("l", "y")], 1.0),
    ];
    let mut folder = Folder::of(&[("histogram_1.db", &below), ("counter_1.db", &counters)]);

    assert_eq!(folder.samples().len(), 6);
    let open = String::from_utf8(folder.scrape(Format::OpenMetrics)).expect("UTF-8");
    let samples: Vec<&str> = open.lines().filter(|line| !line.starts_with('#')).collect();
    let wanted = [
        "a_total{l=\"y\"} 1.0",
        "h_bucket{le=\"-1.0\"} 1.0",
        "h_bucket{le=\"+Inf\"} 2.0",
    ];
    assert_eq!(samples, wanted);
}

#[test]
fn buckets_and_text_are_bounded_and_text_is_given_back() {
    let bounds: Vec<String> = (0..1100).map(|n| n.to_string()).collect();
    let counts: Vec<(&str, f64)> = bounds.iter().map(|bound| (bound.as_str(), 1.0)).collect();
    let mut folder = Folder::of(&[("histogram_1.db", &histogram("h", &[], 0.0, &counts))]);
    assert_eq!(folder.table.counts().cells, 1025);
    assert_eq!(folder.table.counts().refused[Refusal::Bound as usize], 76);
    folder.remove("histogram_1.db");

    let limits = Limits {
        max_text_bytes: 2000,
        ..Limits::default()
    };
    let mut folder = Folder::with_limits(limits);
    for round in 0..100 {
        let name = format!("é{round}_total");
        folder
            .put("counter_1.db", bytes(&[plain(&name, &[("ü", "ö")], 1.0)]))
            .expect("a file");
        assert_eq!(folder.samples().len(), 1, "round {round}");
        folder.remove("counter_1.db");
    }
    let help = "x".repeat(3000);
    let long = (key("a", "a_total", &[], &help), 1.0, 0.0);
    folder.put("counter_1.db", bytes(&[long])).expect("a file");
    assert_eq!(folder.table.counts().refused[Refusal::Series as usize], 1);
}
