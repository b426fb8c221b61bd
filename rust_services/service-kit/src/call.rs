//! What surrounds every call: its ids in the log, its deadline, its metrics.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Frame, SizeHint};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span};

use crate::compute::Cancel;
use crate::metrics::{CallLabels, MethodLabel, Metrics};
use crate::refusal::Refusal;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const VERSION: HeaderName = HeaderName::from_static("x-furrow-version");
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Longest id of a request that is taken over from the caller.
const MAX_ID_BYTES: usize = 128;

/// How much earlier than the caller's deadline a call is given up: tonic's own timer ends calls with
/// CANCELLED, which would hide what happened.
const HEAD_START: Duration = Duration::from_millis(30);

/// Adds ids, deadline and metrics to every call, and the service's version to every answer.
#[derive(Debug, Clone)]
pub struct CallLayer {
    /// Full paths of the service's methods; only these become label values.
    pub methods: &'static [&'static str],
    /// Version of the service.
    pub version: &'static str,
    /// What counts.
    pub metrics: Metrics,
}

impl<S> Layer<S> for CallLayer {
    type Service = CallService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CallService {
            inner,
            layer: self.clone(),
        }
    }
}

/// See [`CallLayer`].
#[derive(Debug, Clone)]
pub struct CallService<S> {
    inner: S,
    layer: CallLayer,
}

impl<S> Service<Request<Body>> for CallService<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The clone that was polled ready answers; the fresh one waits for the next call.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);

        let method = self.layer.method(request.uri().path());
        let request_id = request_id(request.headers());
        let traceparent = traceparent(request.headers());
        let span = tracing::info_span!("call", method, request_id, traceparent);
        let deadline = deadline(request.headers());
        request.extensions_mut().insert(Cancel::new(deadline));
        let watch = CallWatch::start(method, self.layer.metrics.clone(), span.clone());
        let version = HeaderValue::from_static(self.layer.version);

        let answer = async move {
            let answered = match deadline {
                None => inner.call(request).await,
                Some(at) => tokio::time::timeout_at(at.into(), inner.call(request))
                    .await
                    .unwrap_or_else(|_| Ok(Status::from(Refusal::deadline_exceeded()).into_http())),
            };
            let mut response = answered?;
            response.headers_mut().insert(VERSION, version);
            if let Ok(id) = HeaderValue::from_str(&request_id) {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(watch.over(response))
        };
        Box::pin(answer.instrument(span))
    }
}

impl CallLayer {
    /// Short name of a known method. Anyone can send any path, so others share one name.
    fn method(&self, path: &str) -> &'static str {
        let known = self.methods.iter().find(|known| **known == path);
        known.map_or("other", |known| known.rsplit('/').next().unwrap_or(known))
    }
}

/// The caller's id if it is plain, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let plain = |id: &&str| {
        (1..=MAX_ID_BYTES).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    given.filter(plain).map_or_else(new_id, str::to_owned)
}

/// 128 bits from the keys that the standard library draws for each hash state.
fn new_id() -> String {
    let mut id = String::with_capacity(32);
    for _ in 0..2 {
        write!(id, "{:016x}", RandomState::new().build_hasher().finish()).expect("a string grows");
    }
    id
}

/// The W3C trace context, if it looks like one.
fn traceparent(headers: &HeaderMap) -> String {
    let given = headers
        .get(TRACEPARENT)
        .and_then(|value| value.to_str().ok());
    let shaped = |value: &&str| {
        value.len() == 55 && value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    };
    given.filter(shaped).unwrap_or_default().to_owned()
}

/// When the caller stops waiting, less the head start.
fn deadline(headers: &HeaderMap) -> Option<Instant> {
    let timeout = headers.get(TIMEOUT)?.to_str().ok()?;
    let (number, unit) = timeout.split_at_checked(timeout.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok()?;
    let timeout = match unit {
        "H" => Duration::from_secs(number.saturating_mul(3600)),
        "M" => Duration::from_secs(number.saturating_mul(60)),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    };
    Instant::now().checked_add(timeout.saturating_sub(HEAD_START.min(timeout / 10)))
}

/// Counts a call from its start to the moment its last part is sent or its caller has gone.
struct CallWatch {
    method: &'static str,
    metrics: Metrics,
    span: Span,
    started: Instant,
    /// Known once the status was seen; without it the call was cut off.
    code: Option<Code>,
}

impl CallWatch {
    fn start(method: &'static str, metrics: Metrics, span: Span) -> Self {
        metrics
            .calls_in_flight
            .get_or_create(&MethodLabel { method })
            .inc();
        Self {
            method,
            metrics,
            span,
            started: Instant::now(),
            code: None,
        }
    }

    fn over(mut self, response: Response<Body>) -> Response<Body> {
        self.see(response.headers());
        response.map(|inner| Body::new(WatchedBody { inner, watch: self }))
    }

    fn see(&mut self, headers: &HeaderMap) {
        if let Some(status) = headers.get(Status::GRPC_STATUS) {
            self.code = Some(Code::from_bytes(status.as_bytes()));
        }
    }
}

impl Drop for CallWatch {
    fn drop(&mut self) {
        let method = MethodLabel {
            method: self.method,
        };
        let seconds = self.started.elapsed().as_secs_f64();
        let code = code_name(self.code.unwrap_or(Code::Cancelled));
        let labels = CallLabels {
            method: self.method,
            code,
        };
        self.metrics.calls_in_flight.get_or_create(&method).dec();
        self.metrics
            .call_duration
            .get_or_create(&method)
            .observe(seconds);
        self.metrics.calls.get_or_create(&labels).inc();
        let _entered = self.span.enter();
        if self.method == "other" {
            // Health checks and reflection: every few seconds, of no interest.
            tracing::debug!(code, duration_s = seconds, "Call ended.");
        } else {
            tracing::info!(code, duration_s = seconds, "Call ended.");
        }
    }
}

/// A body that tells its watch which status the trailers carry.
struct WatchedBody {
    inner: Body,
    watch: CallWatch,
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(trailers) = frame.trailers_ref()
        {
            self.watch.see(trailers);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The name that the gRPC specification gives a code.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_plain_id_is_kept_and_a_strange_one_replaced() {
        assert_eq!(request_id(&headers(REQUEST_ID, "a1-b2")), "a1-b2");
        let fresh = request_id(&headers(REQUEST_ID, "a b\"c"));
        assert_eq!(fresh.len(), 32);
        assert_ne!(fresh, request_id(&HeaderMap::new()));
    }

    #[test]
    fn a_deadline_is_a_little_earlier_than_the_callers() {
        let now = Instant::now();
        let at = deadline(&headers(TIMEOUT, "2S")).expect("a deadline");
        let left = at.duration_since(now);
        assert!(left > Duration::from_millis(1900) && left < Duration::from_secs(2));
        assert_eq!(deadline(&headers(TIMEOUT, "soon")), None);
        assert_eq!(deadline(&headers(TIMEOUT, "")), None);
        assert_eq!(deadline(&HeaderMap::new()), None);
    }

    #[test]
    fn only_known_methods_become_label_values() {
        let layer = CallLayer {
            methods: &["/farm.rpc.ndvi.v1.NdviService/WriteIndex"],
            version: "0",
            metrics: Metrics::new("furrow-test", "0"),
        };
        assert_eq!(
            layer.method("/farm.rpc.ndvi.v1.NdviService/WriteIndex"),
            "WriteIndex"
        );
        assert_eq!(layer.method("/any/thing"), "other");
    }
}
