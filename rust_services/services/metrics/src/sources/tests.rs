use std::collections::BTreeMap;

use furrow_exposition::parse::{ParseLimits, Syntax, parse};
use furrow_exposition::table::Part;
use furrow_exposition::{FileKind, Key, Limits, Table};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::gather::Gathered;
use super::http::{FetchError, fetch, page};
use super::sampler::python_services;
use super::*;
use crate::ring::Measured;
use crate::slo::Known;

#[test]
fn sources_are_names_with_addresses() {
    let sources = Source::list(
        "furrow-ndvi=http://127.0.0.1:9101/metrics, other=http://ndvi:80,six=http://[::1]:9/m",
    )
    .expect("valid");
    let told: Vec<_> = sources
        .iter()
        .map(|source| {
            (
                source.name.as_str(),
                source.authority.as_str(),
                source.path.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("furrow-ndvi", "127.0.0.1:9101", "/metrics"),
            ("other", "ndvi:80", "/metrics"),
            ("six", "[::1]:9", "/m"),
        ]
    );
    assert_eq!(Source::list(""), Ok(vec![]));
}

#[test]
fn what_should_not_be_asked_is_no_source() {
    for wrong in [
        "furrow-ndvi",
        "=http://a/",
        "A=http://a/",
        "a=https://a/",
        "a=http://10.0.0.1:9/m",
        "a=http://[fe80::1]:9/m",
        "a=http://u:p@host/m",
        "a=http://host:0/m",
        "a=http://host:x/m",
        "a=http://host/m?q",
        "a=http://host/m\r\nX: y",
        "a=http:///m",
        "furrow-metrics=http://127.0.0.1:1/m",
        "a=http://b/,a=http://c/",
    ] {
        assert!(Source::list(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn answers_are_whole_or_none() {
    let whole = "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0\r\ncontent-length: 6\r\n\r\n# EOF\n";
    let found = page(whole.as_bytes().to_vec()).expect("whole");
    assert_eq!(
        (found.syntax, found.body.as_slice()),
        (Syntax::OpenMetrics, b"# EOF\n".as_slice())
    );
    for wrong in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 404 Not Found\r\n\r\n",
        "SSH-2.0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n# EOF\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n# EOF\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n# EOF\n",
    ] {
        assert!(page(wrong.as_bytes().to_vec()).is_err(), "{wrong}");
    }
}

/// A server that sends these bytes to whoever asks, and closes.
async fn server(answer: Vec<u8>) -> Source {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
        }
    });
    format!("a=http://127.0.0.1:{port}/metrics")
        .parse()
        .expect("valid")
}

#[tokio::test]
async fn a_source_is_read_over_http() {
    let source = server(b"HTTP/1.0 200 OK\r\n\r\na 1\n".to_vec()).await;
    let found = fetch(&source).await.expect("read");
    assert_eq!(
        (found.syntax, found.body),
        (Syntax::Text, b"a 1\n".to_vec())
    );
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let mut endless = b"HTTP/1.0 200 OK\r\n\r\n".to_vec();
    endless.resize(9 << 20, b'#');
    let source = server(endless).await;
    assert!(matches!(
        fetch(&source).await,
        Err(FetchError::Wrong("is too long"))
    ));
}

#[test]
fn of_all_samples_those_are_kept_that_questions_are_about() {
    let text = r#"# TYPE http_requests_total counter
http_requests_total{route="/a",code="200"} 3
other_total 9
# TYPE http_request_cpu_seconds histogram
http_request_cpu_seconds_bucket{route="/a",le="+Inf"} 7
http_request_cpu_seconds_bucket{route="/a",le="0.1"} 2
http_request_cpu_seconds_bucket{route="/a",le="1"} 6
http_request_cpu_seconds_sum{route="/a"} 4.5
http_request_cpu_seconds_count{route="/a"} 7
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{route="/a",le="0.1"} 2
process_resident_memory_bytes 4096
"#;
    let families = parse(text.as_bytes(), Syntax::Text, &ParseLimits::default()).expect("valid");
    let mut gathered = Gathered::default();
    gathered.families(families);

    let readings = gathered.readings();

    assert_eq!(
        readings.len(),
        2,
        "a histogram without its last bucket is none: {readings:?}"
    );
    assert_eq!(readings[0].measured, Measured::Requests);
    assert_eq!(readings[0].values, [3.0]);
    assert_eq!(readings[1].bounds, [0.1, 1.0]);
    assert_eq!(readings[1].values, [2.0, 4.0, 1.0, 4.5]);
    assert_eq!(gathered.resident, BTreeMap::from([(String::new(), 4096)]));
}

#[test]
fn a_role_that_a_new_generation_forgot_is_a_service_that_is_down() {
    let mut gathered = Gathered::default();
    let labels = [("role", "worker"), ("slot", "1")];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let memory = "process_resident_memory_bytes";
    gathered.sample(memory, Part::Value, labels.to_vec(), 5.0);
    let mut known = Known::default();
    python_services(&mut known, &gathered, 1);
    assert!(known.services["furrow-worker"].is_up);

    python_services(&mut known, &Gathered::default(), 2);

    let worker = &known.services["furrow-worker"];
    assert_eq!((worker.is_up, worker.processes), (false, 0));
    assert_eq!(worker.resident_bytes, None);
}

#[test]
fn histograms_of_a_table_are_told_apart_by_their_labels() {
    let mut table = Table::new(Limits::default());
    let name = "http_request_duration_seconds";
    for (route, factor) in [("/a", 1.0), ("/b", 10.0)] {
        for (bound, count) in [("0.1", 2.0), ("+Inf", 3.0)] {
            let labels = [("le", bound), ("route", route)];
            let sample = format!("{name}_bucket");
            let key = Key::new(name, &sample, &labels, "");
            let cell = table.intern(FileKind::Histogram, "", &key).expect("room");
            table.add(cell, count * factor);
        }
        let sample = format!("{name}_sum");
        let key = Key::new(name, &sample, &[("route", route)], "");
        let cell = table.intern(FileKind::Histogram, "", &key).expect("room");
        table.add(cell, 0.5 * factor);
    }

    let mut gathered = Gathered::default();
    table.visit(name, |sample| gathered.visited(&sample));
    gathered.close();

    let found: Vec<_> = gathered.readings();
    let found = found.iter().map(|found| {
        let route = found.labels.as_slice();
        (route, found.bounds.as_slice(), found.values.as_slice())
    });
    let route = |name: &str| vec![("route".to_owned(), name.to_owned())];
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            (
                route("/a").as_slice(),
                [0.1].as_slice(),
                [2.0, 3.0, 0.5].as_slice()
            ),
            (
                route("/b").as_slice(),
                [0.1].as_slice(),
                [20.0, 30.0, 5.0].as_slice()
            ),
        ]
    );
}
