use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::health;
use crate::http::{Answered, Asked, Pages, PagesSlot};
use crate::metrics::Metrics;
use crate::stopping::stopping;

/// Pages that work, fail, or never come.
#[derive(Debug)]
struct Tests;

impl Pages for Tests {
    fn prefix(&self) -> &'static str {
        "/tests/"
    }

    fn route(&self) -> &'static str {
        "/tests"
    }

    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Answered> {
        Box::pin(async move {
            match asked.path.as_str() {
                "/tests/panic" => panic!("as planned"),
                "/tests/stuck" => std::future::pending().await,
                "/tests/work" => {
                    let start = crate::cpu::process_seconds();
                    while crate::cpu::process_seconds() - start < 0.02 {}
                }
                _ => {}
            }
            Answered {
                code: 200,
                headers: Vec::new(),
                body: Bytes::from_static(b"ten bytes\n"),
            }
        })
    }
}

struct Port {
    address: std::net::SocketAddr,
    metrics: Metrics,
    handle: ServerHandle,
}

impl Port {
    fn open() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let metrics = Metrics::new("furrow-test", "0");
        let pages = PagesSlot::default();
        pages.serve(Arc::new(Tests));
        let state = AdminState {
            readiness: health::latch().1,
            stopping: stopping().1,
            metrics: metrics.clone(),
            pages,
        };
        let server = super::super::serve(listener, state).expect("a server");
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            address,
            metrics,
            handle,
        }
    }

    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        let head = format!("{request} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("written");
        stream
    }

    async fn answer(&self, request: &str) -> String {
        let mut answer = String::new();
        let mut stream = self.send(request).await;
        stream.read_to_string(&mut answer).await.expect("read");
        answer
    }

    /// Waits until a series has a value that is looked for.
    async fn until(&self, series: &str, is_so: impl Fn(f64) -> bool) {
        for _ in 0..2000 {
            let text = self.metrics.text();
            let found = text
                .lines()
                .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
            if found.is_some_and(|value| is_so(value.parse().expect("a number"))) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{series} never came:\n{}", self.metrics.text());
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

fn ended(route: &str, method: &str, code: u16) -> String {
    format!(
        r#"http_requests_total{{runtime="rust",service="furrow-test",route="{route}",method="{method}",code="{code}"}}"#
    )
}

const IN_FLIGHT: &str = r#"http_requests_in_flight{runtime="rust",service="furrow-test"}"#;

#[tokio::test]
async fn the_ports_own_paths_and_pages_are_counted_by_route() {
    let port = Port::open();
    for (request, route, code) in [
        ("GET /livez", "/livez", 200),
        ("GET /readyz", "/readyz", 503),
        ("GET /tests/one", "/tests", 200),
        ("GET /nothing/here", "<unmatched>", 404),
        ("POST /tests/one", "/tests", 405),
    ] {
        let answer = port.answer(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")), "{answer}");
        let method = request.split(' ').next().expect("a method");
        port.until(&ended(route, method, code), |count| count > 0.5)
            .await;
    }
}

#[tokio::test]
async fn a_head_tells_a_length_and_sends_no_bytes() {
    let port = Port::open();
    let answer = port.answer("HEAD /tests/one").await;
    assert!(answer.contains("content-length: 10\r\n"), "{answer}");
    port.answer("GET /tests/one").await;
    let bytes =
        r#"http_response_body_bytes_total{runtime="rust",service="furrow-test",route="/tests"}"#;
    port.until(&ended("/tests", "HEAD", 200), |count| count > 0.5)
        .await;
    port.until(bytes, |bytes| (bytes - 10.0).abs() < 0.5).await;
}

#[tokio::test]
async fn a_page_that_panics_or_whose_caller_left_is_in_flight_no_more() {
    let port = Port::open();
    let answer = port.answer("GET /tests/panic").await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    port.until(&ended("/tests", "GET", 500), |count| count > 0.5)
        .await;

    let stuck = port.send("GET /tests/stuck").await;
    port.until(IN_FLIGHT, |count| count > 0.5).await;
    drop(stuck);

    port.until(IN_FLIGHT, |count| count < 0.5).await;
    port.until(&ended("/tests", "GET", 499), |count| count > 0.5)
        .await;
}

#[tokio::test]
async fn a_page_is_charged_with_what_it_costs_on_the_services_threads() {
    let port = Port::open();
    port.answer("GET /tests/work").await;
    let cpu = r#"http_request_cpu_seconds_sum{runtime="rust",service="furrow-test",route="/tests",method="GET",code_class="2xx"}"#;
    // The clock of the process runs faster where other tests run beside.
    port.until(cpu, |seconds| seconds > 0.001).await;
}

#[tokio::test]
async fn a_scrape_is_plain_text_unless_openmetrics_is_asked_for() {
    let port = Port::open();
    let plain = port.answer("GET /metrics").await;
    assert!(plain.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert!(plain.contains("\n# TYPE furrow_store_read_bytes_total counter\n"));
    assert!(
        plain.contains(&format!("\n{IN_FLIGHT} 0\n")),
        "the scrape itself is left out"
    );

    let asked = port
        .answer("GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\nX: ")
        .await;
    assert!(asked.contains("content-type: application/openmetrics-text; version=1.0.0"));
    assert!(asked.ends_with("# EOF\n"), "{asked}");
}

#[tokio::test]
async fn random_paths_make_no_series() {
    let port = Port::open();
    port.answer("GET /nothing").await;
    port.until(&ended("<unmatched>", "GET", 404), |count| count > 0.5)
        .await;
    let before = port.metrics.text().lines().count();
    for number in 0..100 {
        port.answer(&format!("GET /{number}/{number}")).await;
    }
    port.until(&ended("<unmatched>", "GET", 404), |count| count > 100.5)
        .await;
    assert_eq!(port.metrics.text().lines().count(), before);
}
