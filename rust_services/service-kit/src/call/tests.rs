use std::convert::Infallible;
use std::time::Duration;

use super::*;

const WRITE: &str = "/farm.rpc.ndvi.v1.NdviService/WriteIndex";
const HEALTH: &str = "/grpc.health.v1.Health/Check";

fn layer() -> CallLayer {
    CallLayer {
        methods: &[WRITE],
        version: "0",
        metrics: Metrics::new("furrow-test", "0"),
        room: Arc::new(Semaphore::new(1)),
    }
}

fn post(path: &str, body: Body) -> Request<Body> {
    let request = Request::builder().method("POST").uri(path).body(body);
    request.expect("a request")
}

/// The value of the one series of this name whose labels hold this text.
fn value(metrics: &Metrics, name: &str, labels: &str) -> f64 {
    let text = metrics.text();
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{name}{{")) && line.contains(labels));
    let line = line.unwrap_or_else(|| panic!("{name} {labels} in\n{text}"));
    let value = line.rsplit_once(' ').expect("a value").1;
    value.parse().expect("a number")
}

fn in_flight(metrics: &Metrics) -> i64 {
    metrics.requests.in_flight.get()
}

/// Reads a body to its end, and tells its bytes.
async fn drained(response: Response<Body>) -> usize {
    let mut body = response.into_body();
    let mut bytes = 0;
    let frame = async |body: &mut Body| {
        std::future::poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut *body), context))
            .await
    };
    while let Some(frame) = frame(&mut body).await {
        bytes += frame.expect("no error").data_ref().map_or(0, Bytes::len);
    }
    bytes
}

#[tokio::test]
async fn a_call_that_finds_no_room_is_refused_before_its_message_is_read() {
    let layer = layer();
    let ok = tower::service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::new(Body::empty()))
    });
    let mut service = layer.layer(ok);
    let mut call = async |path: &'static str| {
        let answer = service.call(post(path, Body::empty())).await;
        let status = answer
            .expect("an answer")
            .headers()
            .get("grpc-status")
            .cloned();
        status.map(|status| Code::from_bytes(status.as_bytes()))
    };
    assert_eq!(call(WRITE).await, None);

    let taken = layer.room.try_acquire().expect("room");
    assert_eq!(call(WRITE).await, Some(Code::ResourceExhausted));
    assert_eq!(call(HEALTH).await, None);

    drop(taken);
    assert_eq!(call(WRITE).await, None, "room is given back");
}

#[test]
fn routes_are_services_and_methods_without_their_package() {
    let layer = layer();
    let route = |path| layer.called(path).route;
    assert_eq!(route(WRITE), "NdviService/WriteIndex");
    assert_eq!(route(HEALTH), "Health/Check");
    assert_eq!(route("/any/thing"), "<unmatched>");
}

#[tokio::test]
async fn ten_thousand_random_paths_make_no_series() {
    let layer = layer();
    let unimplemented = tower::service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Status::unimplemented("").into_http::<Body>())
    });
    let mut service = layer.layer(unimplemented);
    let series = |layer: &CallLayer| layer.metrics.text().lines().count();
    let mut call = async |path: &str, method: &str| {
        let mut request = post(path, Body::empty());
        *request.method_mut() = method.parse().expect("a method");
        drained(service.call(request).await.expect("an answer")).await;
    };
    for method in ["POST", "BREW"] {
        call("/a.B/C", method).await;
    }
    let before = series(&layer);

    for number in 0..5_000 {
        call(&format!("/a.B/C{number}"), "POST").await;
        call(&format!("/{number}"), &format!("M{number}")).await;
    }

    assert_eq!(series(&layer), before);
    let unmatched = r#"route="<unmatched>",method="other",code="UNIMPLEMENTED""#;
    let count = value(&layer.metrics, "http_requests_total", unmatched);
    assert!((count - 5001.0).abs() < 0.5, "{count}");
}

#[tokio::test]
async fn bytes_are_counted_frame_by_frame_in_both_directions() {
    let layer = layer();
    let echo = tower::service_fn(async |request: Request<Body>| {
        Ok::<_, Infallible>(Response::new(request.into_body()))
    });
    let parts = tokio_stream::iter(["twelve bytes", "and ten of"]);
    let parts = tokio_stream::StreamExt::map(parts, |part| {
        Ok::<_, Status>(Frame::data(Bytes::from_static(part.as_bytes())))
    });
    let request = post(WRITE, Body::new(Frames(parts)));

    let answer = layer.layer(echo).call(request).await.expect("an answer");
    let read = value(
        &layer.metrics,
        "http_response_body_bytes_total",
        "WriteIndex",
    );
    assert!(read.abs() < 0.5, "nothing was polled yet");

    assert_eq!(drained(answer).await, 22);
    for name in [
        "http_request_body_bytes_total",
        "http_response_body_bytes_total",
    ] {
        let counted = value(&layer.metrics, name, r#"route="NdviService/WriteIndex""#);
        assert!((counted - 22.0).abs() < 0.5, "{name} is {counted}");
    }
}

/// A stream of frames as a body.
struct Frames<S>(S);

impl<S> http_body::Body for Frames<S>
where
    S: futures::Stream<Item = Result<Frame<Bytes>, Status>> + Unpin,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}

#[tokio::test]
async fn nothing_is_in_flight_after_a_caller_left_or_a_handler_panicked() {
    let layer = layer();
    let stuck = tower::service_fn(async |_: Request<Body>| {
        std::future::pending::<Result<Response<Body>, Infallible>>().await
    });
    let call = tokio::spawn(layer.layer(stuck).call(post(WRITE, Body::empty())));
    while in_flight(&layer.metrics) == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.is_err());
    assert_eq!(in_flight(&layer.metrics), 0);
    let cancelled = r#"route="NdviService/WriteIndex",method="POST",code="CANCELLED""#;
    assert!(value(&layer.metrics, "http_requests_total", cancelled) > 0.5);

    let panics = tower::service_fn(
        async |_: Request<Body>| -> Result<Response<Body>, Infallible> { panic!("as planned") },
    );
    let answer = layer.layer(panics).call(post(WRITE, Body::empty())).await;
    drained(answer.expect("an answer all the same")).await;
    assert_eq!(in_flight(&layer.metrics), 0);
    let failed = r#"route="NdviService/WriteIndex",method="POST",code="INTERNAL""#;
    assert!(value(&layer.metrics, "http_requests_total", failed) > 0.5);

    let whole = tower::service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::new(Body::new(Frames(
            futures::stream::pending::<Result<Frame<Bytes>, Status>>(),
        ))))
    });
    let unread = layer.layer(whole).call(post(WRITE, Body::empty())).await;
    assert_eq!(in_flight(&layer.metrics), 1);
    drop(unread);
    assert_eq!(in_flight(&layer.metrics), 0);
}

#[tokio::test]
async fn a_cancelled_call_is_charged_with_what_it_used() {
    let layer = layer();
    let busy = tower::service_fn(async |_: Request<Body>| {
        let start = crate::cpu::process_seconds();
        while crate::cpu::process_seconds() - start < 0.02 {}
        std::future::pending::<Result<Response<Body>, Infallible>>().await
    });
    let call = layer.layer(busy).call(post(WRITE, Body::empty()));
    let given_up = tokio::time::timeout(Duration::from_millis(1), call).await;
    assert!(given_up.is_err());

    let labels = r#"route="NdviService/WriteIndex",method="POST",code_class="4xx""#;
    let count = value(&layer.metrics, "http_request_cpu_seconds_count", labels);
    assert!((count - 1.0).abs() < 0.5);
    // The clock of the process runs faster where other tests run beside.
    assert!(value(&layer.metrics, "http_request_cpu_seconds_sum", labels) > 0.001);
}
