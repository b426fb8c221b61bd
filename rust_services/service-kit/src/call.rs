//! What surrounds every call: its ids in the log, its deadline, its metrics.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Frame, SizeHint};
use tokio::sync::Semaphore;
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

/// What the methods are called that are not the service's own: health checks, reflection, and what
/// does not exist.
const UNKNOWN_METHOD: &str = "other";

/// Longest id of a request that is taken over from the caller.
const MAX_ID_BYTES: usize = 128;

/// How much earlier than the caller's deadline a call is given up: tonic's own timer ends calls with
/// CANCELLED, which would hide what happened.
const HEAD_START: Duration = Duration::from_millis(30);

/// Longest time of a call, and that of one whose caller does not say how long it waits: nothing holds
/// a slot for ever.
const LONGEST_CALL: Duration = Duration::from_secs(15 * 60);

/// Adds ids, deadline and metrics to every call, and the service's version to every answer.
#[derive(Debug, Clone)]
pub struct CallLayer {
    /// Full paths of the service's methods; only these become label values.
    pub methods: &'static [&'static str],
    /// Version of the service.
    pub version: &'static str,
    /// What counts.
    pub metrics: Metrics,
    /// Calls of these methods whose messages may be in memory at the same time. One that finds no
    /// room is refused as busy before its message is read.
    pub room: Arc<Semaphore>,
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
        request.extensions_mut().insert(Cancel::new(Some(deadline)));
        let is_known = method != UNKNOWN_METHOD;
        let room = is_known.then(|| Arc::clone(&self.layer.room).try_acquire_owned());
        let metrics = self.layer.metrics.clone();
        let watch = CallWatch::start(method, self.layer.metrics.clone(), span.clone());
        let version = HeaderValue::from_static(self.layer.version);

        let answer = async move {
            let refused = |refusal: Refusal| Ok(Status::from(refusal).into_http());
            let answered = match room.transpose() {
                Err(_) => {
                    metrics.compute_refused.inc();
                    refused(Refusal::busy())
                }
                // The room is given back when the answer begins: the message is gone by then.
                Ok(_room) => tokio::time::timeout_at(deadline.into(), inner.call(request))
                    .await
                    .unwrap_or_else(|_| refused(Refusal::deadline_exceeded())),
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
        known.map_or(UNKNOWN_METHOD, |known| {
            known.rsplit('/').next().unwrap_or(known)
        })
    }
}

/// The caller's id if it is plain, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    plain_id(given)
}

/// The same of an id by itself.
pub(crate) fn plain_id(given: Option<&str>) -> String {
    let plain = |id: &&str| {
        (1..=MAX_ID_BYTES).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
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

/// When the call is given up: when the caller stops waiting, less the head start, or after the longest
/// time of a call.
fn deadline(headers: &HeaderMap) -> Instant {
    let asked = timeout(headers).map(|asked| asked.saturating_sub(HEAD_START.min(asked / 10)));
    Instant::now() + asked.unwrap_or(LONGEST_CALL).min(LONGEST_CALL)
}

/// How long the caller waits, if it says so.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let timeout = headers.get(TIMEOUT)?.to_str().ok()?;
    let (number, unit) = timeout.split_at_checked(timeout.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number.saturating_mul(3600)),
        "M" => Duration::from_secs(number.saturating_mul(60)),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
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
        if self.method == UNKNOWN_METHOD {
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
        let left = deadline(&headers(TIMEOUT, "2S")).duration_since(now);
        assert!(left > Duration::from_millis(1900) && left < Duration::from_secs(2));
    }

    #[test]
    fn a_call_without_a_deadline_or_with_a_far_one_ends_after_the_longest_time() {
        for headers in [
            HeaderMap::new(),
            headers(TIMEOUT, ""),
            headers(TIMEOUT, "soon"),
            headers(TIMEOUT, "16M"),
            headers(TIMEOUT, "99999999H"),
        ] {
            let now = Instant::now();
            let left = deadline(&headers).duration_since(now);
            assert!(left >= LONGEST_CALL && left < LONGEST_CALL + Duration::from_secs(5));
        }
    }

    #[tokio::test]
    async fn a_call_that_finds_no_room_is_refused_before_its_message_is_read() {
        let room = Arc::new(Semaphore::new(1));
        let layer = CallLayer {
            methods: &["/a.B/Known"],
            version: "0",
            metrics: Metrics::new("furrow-test", "0"),
            room: Arc::clone(&room),
        };
        let ok = tower::service_fn(async |_: Request<Body>| {
            Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
        });
        let mut service = layer.layer(ok);
        let mut call = async |path: &'static str| {
            let request = Request::builder().uri(path).body(Body::empty());
            let answer = service.call(request.expect("a request")).await;
            let status = answer
                .expect("an answer")
                .headers()
                .get("grpc-status")
                .cloned();
            status.map(|status| Code::from_bytes(status.as_bytes()))
        };
        assert_eq!(call("/a.B/Known").await, None);

        let taken = room.try_acquire().expect("room");
        assert_eq!(call("/a.B/Known").await, Some(Code::ResourceExhausted));
        assert_eq!(call("/grpc.health.v1.Health/Check").await, None);

        drop(taken);
        assert_eq!(call("/a.B/Known").await, None, "room is given back");
    }

    #[test]
    fn only_known_methods_become_label_values() {
        let layer = CallLayer {
            methods: &["/farm.rpc.ndvi.v1.NdviService/WriteIndex"],
            version: "0",
            metrics: Metrics::new("furrow-test", "0"),
            room: Arc::new(Semaphore::new(1)),
        };
        assert_eq!(
            layer.method("/farm.rpc.ndvi.v1.NdviService/WriteIndex"),
            "WriteIndex"
        );
        assert_eq!(layer.method("/any/thing"), "other");
    }
}
