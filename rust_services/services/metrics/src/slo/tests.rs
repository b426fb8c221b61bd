use super::*;
use crate::ring::Reading;

const START_MS: u64 = 1_700_000_000_000;

fn labels(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut labels: Vec<_> = pairs
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect();
    labels.sort();
    labels
}

fn counter(measured: Measured, pairs: &[(&str, &str)], value: f64) -> Reading {
    Reading {
        measured,
        labels: labels(pairs),
        bounds: vec![],
        values: vec![value],
    }
}

fn requests(route: &str, code: &str, value: f64) -> Reading {
    let pairs = [
        ("runtime", "python"),
        ("service", "furrow-web"),
        ("route", route),
        ("method", "GET"),
        ("code", code),
    ];
    counter(Measured::Requests, &pairs, value)
}

fn histogram(measured: Measured, route: &str, counts: [f64; 4], sum: f64) -> Reading {
    let pairs = [
        ("runtime", "python"),
        ("service", "furrow-web"),
        ("route", route),
        ("method", "GET"),
        ("code_class", "2xx"),
    ];
    Reading {
        measured,
        labels: labels(&pairs),
        bounds: vec![0.1, 0.5, 1.0],
        values: counts.into_iter().chain([sum]).collect(),
    }
}

/// A ring that read nothing and, so much later, these.
fn ring(seconds: u64, readings: Vec<Reading>) -> Ring {
    let mut ring = Ring::default();
    let mut read = |at_s: u64, readings| {
        let read = BTreeMap::from([("python".to_owned(), readings)]);
        ring.take(START_MS + at_s * 1000, &read);
    };
    read(0, vec![]);
    read(seconds, readings);
    ring
}

fn ask(ring: &Ring, objective: Option<Objective>) -> proto::QuerySloResponse {
    let question = Question {
        window_s: 600,
        objective,
    };
    answer(ring, &Known::default(), &question, START_MS + 600_000)
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-9
}

#[test]
fn percentiles_are_those_of_histogram_quantile() {
    // Upper bounds 0.1, 0.5, 1; counts per bucket; quantile; by hand.
    let cases: [([f64; 4], f64, Option<f64>); 9] = [
        // 10 below 0.1: rank 5 of 10 lies half way from 0.
        ([10.0, 0.0, 0.0, 0.0], 0.5, Some(0.05)),
        // Rank 5 of 10: 4 below 0.1, so a sixth of the way from 0.1 to 0.5.
        ([4.0, 6.0, 0.0, 0.0], 0.5, Some(0.1 + 0.4 / 6.0)),
        // Exactly at a bound.
        ([5.0, 0.0, 5.0, 0.0], 0.5, Some(0.1)),
        // Rank 9.5 of 10: 5 below 0.5, so nine tenths of the way from 0.5 to 1.
        ([5.0, 0.0, 5.0, 0.0], 0.95, Some(0.95)),
        // Above the highest finite bound.
        ([1.0, 0.0, 0.0, 9.0], 0.99, Some(1.0)),
        ([0.0, 0.0, 0.0, 9.0], 0.5, Some(1.0)),
        ([0.0, 0.0, 0.0, 0.0], 0.5, None),
        ([0.0, 8.0, 0.0, 0.0], 0.0, Some(0.1)),
        ([0.0, 8.0, 0.0, 0.0], 1.0, Some(0.5)),
    ];
    for (counts, quantile, expected) in cases {
        let mut distribution = Distribution::default();
        distribution.add([0.1, 0.5, 1.0].into_iter(), &counts);
        let found = distribution.quantile(quantile);
        let is_right = match (found, expected) {
            (Some(found), Some(expected)) => close(found, expected),
            (found, expected) => found == expected,
        };
        assert!(
            is_right,
            "{counts:?} at {quantile}: {found:?}, not {expected:?}"
        );
    }
}

#[test]
fn a_first_bucket_that_is_not_positive_is_its_bound() {
    let mut distribution = Distribution::default();
    distribution.add([-1.0, 1.0].into_iter(), &[4.0, 0.0, 0.0, -8.0]);
    assert_eq!(distribution.quantile(0.5), Some(-1.0));
    assert_eq!(
        distribution.percentiles().map(|found| found.mean),
        Some(-2.0)
    );
}

#[test]
fn routes_have_rates_errors_and_what_they_cost_the_costliest_first() {
    let ring = ring(
        100,
        vec![
            requests("/api/cheap", "200", 30.0),
            requests("/api/cheap", "404", 10.0),
            requests("/api/cheap", "503", 10.0),
            histogram(Measured::Duration, "/api/cheap", [50.0, 0.0, 0.0, 0.0], 2.0),
            histogram(
                Measured::RequestCpu,
                "/api/cheap",
                [50.0, 0.0, 0.0, 0.0],
                1.0,
            ),
            requests("/api/dear", "200", 5.0),
            histogram(Measured::RequestCpu, "/api/dear", [0.0, 5.0, 0.0, 0.0], 2.0),
        ],
    );

    let answered = ask(&ring, None);

    assert!(close(answered.covered_seconds, 100.0));
    assert_eq!(answered.budget, None);
    let [dear, cheap] = answered.routes.as_slice() else {
        panic!("two routes: {:?}", answered.routes);
    };
    assert_eq!(
        (dear.route.as_str(), cheap.route.as_str()),
        ("/api/dear", "/api/cheap")
    );
    assert_eq!(
        (cheap.runtime.as_str(), cheap.method.as_str()),
        ("python", "GET")
    );
    assert!(close(cheap.requests, 50.0) && close(cheap.rate, 0.5));
    assert!(close(cheap.error_share, 0.2));
    let duration = cheap.duration_seconds.expect("measured");
    assert!(close(duration.mean, 0.04) && close(duration.p50, 0.05) && close(duration.p99, 0.099));
    assert_eq!(dear.duration_seconds, None, "absent is not zero");
}

#[test]
fn the_budget_is_that_of_the_public_api_alone() {
    let foreign = [
        ("runtime", "rust"),
        ("service", "furrow-ndvi"),
        ("route", "/api/x"),
        ("method", "POST"),
        ("code", "INTERNAL"),
    ];
    let ring = ring(
        600,
        vec![
            requests("/api/a", "200", 996.0),
            requests("/api/a", "500", 4.0),
            requests("/admin/", "500", 100.0),
            counter(Measured::Requests, &foreign, 100.0),
            histogram(
                Measured::Duration,
                "/api/a",
                [900.0, 50.0, 40.0, 10.0],
                60.0,
            ),
        ],
    );
    let objective = |latency_s| {
        Some(Objective {
            availability: 0.99,
            latency_s,
        })
    };

    let budget = ask(&ring, objective(0.7)).budget.expect("asked for");

    assert!(close(budget.availability.expect("requests"), 0.996));
    assert!(
        close(budget.within_latency.expect("requests"), 0.95),
        "the bound below 0.7 is 0.5"
    );
    assert!(close(budget.budget_left.expect("requests"), 0.6));
    let below_all = ask(&ring, objective(0.05)).budget.expect("asked for");
    assert_eq!(below_all.within_latency, Some(0.0));
}

#[test]
fn burn_rates_are_said_of_what_the_samples_cover() {
    let mut ring = Ring::default();
    let (mut good, mut bad) = (0.0, 0.0);
    for step in 0..=240_u64 {
        let readings = vec![
            requests("/api/a", "200", good),
            requests("/api/a", "500", bad),
        ];
        ring.take(
            START_MS + step * 10_000,
            &BTreeMap::from([("p".to_owned(), readings)]),
        );
        good += 9.0;
        // One in ten fails in the last five minutes.
        bad += if step >= 210 { 1.0 } else { 0.0 };
    }
    let objective = Some(Objective {
        availability: 0.99,
        latency_s: 1.0,
    });

    let rates = ask(&ring, objective).budget.expect("asked for").burn_rates;

    let windows: Vec<_> = rates.iter().map(|rate| rate.window_seconds).collect();
    assert_eq!(windows, [300, 1800], "forty minutes are covered");
    assert!(close(rates[0].rate, 10.0), "{rates:?}");
    assert!(close(rates[1].rate, 30.0 / 1650.0 * 100.0), "{rates:?}");
}

#[test]
fn without_requests_there_is_no_availability_and_nothing_burns() {
    let mut ring = Ring::default();
    for step in 0..=30 {
        ring.take(START_MS + step * 10_000, &BTreeMap::new());
    }
    let objective = Some(Objective {
        availability: 0.999,
        latency_s: 1.0,
    });
    let budget = ask(&ring, objective).budget.expect("asked for");
    assert_eq!(
        (
            budget.availability,
            budget.within_latency,
            budget.budget_left
        ),
        (None, None, None)
    );
    assert_eq!(budget.burn_rates.len(), 1);
    assert!(close(budget.burn_rates[0].rate, 0.0));
}

#[test]
fn services_have_what_their_processes_and_requests_used() {
    let ring = ring(
        100,
        vec![
            counter(
                Measured::ProcessCpu,
                &[("slot", "0"), ("role", "web")],
                30.0,
            ),
            counter(
                Measured::ProcessCpu,
                &[("slot", "1"), ("role", "web")],
                20.0,
            ),
            histogram(Measured::RequestCpu, "/api/a", [1.0, 0.0, 0.0, 0.0], 40.0),
        ],
    );
    let state = |runtime| ServiceState {
        runtime,
        is_up: true,
        read_ms: START_MS + 597_500,
        resident_bytes: Some(7),
        processes: 2,
    };
    let known = Known {
        services: BTreeMap::from([
            ("furrow-web".to_owned(), state("python")),
            ("furrow-ndvi".to_owned(), state("rust")),
        ]),
        series: 9,
    };
    let question = Question {
        window_s: 600,
        objective: None,
    };

    let answered = answer(&ring, &known, &question, START_MS + 600_000);

    let [ndvi, web] = answered.services.as_slice() else {
        panic!("two services: {:?}", answered.services);
    };
    assert_eq!(web.service, "furrow-web");
    assert!(close(web.cpu_cores.expect("read"), 0.5) && close(web.request_cpu_cores, 0.4));
    assert!(close(web.sample_age_seconds, 2.5));
    assert_eq!((ndvi.cpu_cores, ndvi.resident_bytes), (None, Some(7)));
    assert_eq!(answered.scrapes.expect("always said").series, 9);
}

#[test]
fn counts_of_requests_are_no_cpu_where_the_sum_did_not_rise() {
    let mut ring = Ring::default();
    for (step, count) in (0..).zip([0.0, 5.0, 5.0]) {
        let counts = [count, 0.0, 0.0, 0.0];
        let readings = vec![histogram(Measured::RequestCpu, "/api/a", counts, 0.0)];
        let read = BTreeMap::from([("python".to_owned(), readings)]);
        ring.take(START_MS + step * 60_000, &read);
    }
    let web = ServiceState {
        runtime: "python",
        is_up: true,
        read_ms: START_MS,
        resident_bytes: None,
        processes: 1,
    };
    let known = Known {
        services: BTreeMap::from([("furrow-web".to_owned(), web)]),
        series: 0,
    };
    let question = Question {
        window_s: 600,
        objective: None,
    };

    let answered = answer(&ring, &known, &question, START_MS + 120_000);

    assert!(close(answered.services[0].request_cpu_cores, 0.0));
}

#[test]
fn scrapes_are_those_of_the_page_of_python_counters() {
    let scrape = [
        ("runtime", "rust"),
        ("service", "furrow-metrics"),
        ("route", "/metrics/django"),
        ("method", "GET"),
        ("code_class", "2xx"),
    ];
    let histogram = |measured, sum| Reading {
        measured,
        labels: labels(&scrape),
        bounds: vec![0.1],
        values: vec![4.0, 0.0, sum],
    };
    let ring = ring(
        100,
        vec![
            counter(Measured::Scrapes, &[("format", "text")], 3.0),
            counter(Measured::Scrapes, &[("format", "protobuf")], 1.0),
            counter(Measured::ScrapeCpu, &[("format", "text")], 0.02),
            counter(Measured::ScrapeBytes, &[("format", "text")], 4000.0),
            histogram(Measured::RequestCpu, 0.03),
            histogram(Measured::Duration, 0.2),
        ],
    );

    let scrapes = ask(&ring, None).scrapes.expect("always said");

    assert!(close(scrapes.scrapes, 4.0) && close(scrapes.bytes, 1000.0));
    assert!(close(scrapes.cpu_seconds.expect("scrapes").mean, 0.005));
    assert!(close(scrapes.duration_seconds.expect("scrapes").mean, 0.05));
}

#[test]
fn codes_of_both_runtimes_fail_alike() {
    for code in ["500", "599", "UNAVAILABLE", "INTERNAL", "UNIMPLEMENTED"] {
        assert!(is_failure(code), "{code}");
    }
    for code in ["200", "404", "499", "OK", "NOT_FOUND", "CANCELLED", ""] {
        assert!(!is_failure(code), "{code}");
    }
}
