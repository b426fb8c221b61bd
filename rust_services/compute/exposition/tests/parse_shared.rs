//! The readers of exposition against other people's cases and scrapes.

#![expect(clippy::disallowed_methods, reason = "tests read their cases")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use furrow_exposition::parse::{ParseLimits, ParsedFamily, ParsedKind, Syntax, parse};
use serde_json::Value;

/// The shared data; None, with a line that says so, where it is absent.
///
/// # Panics
/// Where it is absent under `CI=true`.
fn shared_data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/prometheus");
    if path.is_dir() {
        return Some(path);
    }
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!is_ci, "shared/data/prometheus is absent");
    eprintln!("skipped: shared/data/prometheus is absent");
    None
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&bytes(path)).expect("valid JSON")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let name = |entry: std::fs::DirEntry| entry.file_name().into_string().expect("UTF-8");
    let mut names: Vec<_> = entries
        .map(|entry| name(entry.expect("an entry")))
        .collect();
    names.sort();
    names
}

fn samples(families: &[ParsedFamily]) -> usize {
    families.iter().map(|family| family.samples.len()).sum()
}

fn kinds(families: &[ParsedFamily]) -> HashMap<&'static str, u64> {
    let mut kinds = HashMap::new();
    for family in families {
        let name = match family.kind {
            ParsedKind::Counter => "counter",
            ParsedKind::Gauge => "gauge",
            ParsedKind::Histogram => "histogram",
            ParsedKind::GaugeHistogram => "gaugehistogram",
            ParsedKind::Summary => "summary",
            ParsedKind::Info => "info",
            ParsedKind::StateSet => "stateset",
            ParsedKind::Unknown => "unknown",
        };
        *kinds.entry(name).or_default() += 1;
    }
    kinds
}

#[test]
fn every_case_of_the_standard_is_judged_as_it_says() {
    let Some(shared) = shared_data() else { return };
    let folder = shared.join("openmetrics_parsers");
    let cases = names(&folder);
    assert_eq!(cases.len(), 71);

    let mut wrong = Vec::new();
    for case in &cases {
        let should = json(&folder.join(case).join("test.json"))["shouldParse"]
            .as_bool()
            .expect("a verdict");
        let body = bytes(&folder.join(case).join("metrics"));
        let found = parse(&body, Syntax::OpenMetrics, &ParseLimits::default());
        if found.is_ok() != should {
            wrong.push(format!("{case}: {found:?}"));
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Accepted cases with other numbers of samples than the Python client gives, and why: it drops values
/// that repeat a moment, which the standard lets whoever reads decide; here all are given.
const OTHER_COUNTS: [(&str, usize); 1] = [("duplicate_timestamps_1", 5)];

#[test]
fn what_the_standard_accepts_has_as_many_samples_as_the_python_client_finds() {
    let Some(shared) = shared_data() else { return };
    let expected = json(&shared.join("openmetrics_parsers_expected.json"));
    let mut compared = 0;
    for (case, verdict) in expected.as_object().expect("an object") {
        let theirs = &verdict["prometheus_client_openmetrics"];
        if theirs["parsed"] != Value::Bool(true) {
            continue;
        }
        let body = bytes(
            &shared
                .join("openmetrics_parsers")
                .join(case)
                .join("metrics"),
        );
        let found = parse(&body, Syntax::OpenMetrics, &ParseLimits::default()).expect("valid");
        assert_eq!(theirs["families"], found.len(), "{case}");
        let ours = samples(&found);
        match OTHER_COUNTS.iter().find(|(name, _)| name == case) {
            Some((_, listed)) => assert_eq!(*listed, ours, "{case}"),
            None => assert_eq!(theirs["samples"], ours, "{case}"),
        }
        compared += 1;
    }
    assert!(compared >= 12, "only {compared} cases were compared");
}

#[test]
fn the_corpus_of_the_go_reader_is_judged_as_there() {
    let Some(shared) = shared_data() else { return };
    let expected = json(&shared.join("expfmt_corpus_expected.json"));
    for (case, verdict) in expected.as_object().expect("an object") {
        let must_fail = verdict["must_fail_in_go_parser"]
            .as_bool()
            .expect("a verdict");
        let body = bytes(&shared.join("expfmt_corpus").join(case));
        let found = parse(&body, Syntax::Text, &ParseLimits::default());
        assert_eq!(found.is_err(), must_fail, "{case}: {found:?}");
        if let Ok(families) = found {
            let theirs = &verdict["prometheus_client_text"];
            assert_eq!(theirs["samples"], samples(&families), "{case}");
        }
    }
}

/// The one case where the Python client counts otherwise, and why: samples of one metric that stand
/// apart are one family here, as in the Go reader, and several there.
#[test]
fn samples_that_stand_apart_are_one_family() {
    let Some(shared) = shared_data() else { return };
    let body = bytes(&shared.join("expfmt_corpus/from_test_parse_3"));

    let found = parse(&body, Syntax::Text, &ParseLimits::default()).expect("valid");

    let names: Vec<_> = found.iter().map(|family| family.name.as_str()).collect();
    assert_eq!(
        names,
        ["my_summary", "decoy", "fake_sum", "another_summary"]
    );
    assert_eq!(
        kinds(&found),
        HashMap::from([("summary", 2), ("unknown", 2)])
    );
}

#[test]
fn real_scrapes_have_the_families_that_the_python_client_finds() {
    let Some(shared) = shared_data() else { return };
    let expected = json(&shared.join("parsed_counts.json"));
    let expected = expected.as_object().expect("an object");
    assert!(expected.len() >= 3);
    for (file, theirs) in expected {
        let found = parse(
            &bytes(&shared.join(file)),
            Syntax::Text,
            &ParseLimits::default(),
        );
        let found = found.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(theirs["families"], found.len(), "{file}");
        assert_eq!(theirs["samples"], samples(&found), "{file}");
        assert_eq!(theirs["types"], serde_json::json!(kinds(&found)), "{file}");
    }
}
