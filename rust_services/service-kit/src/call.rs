//! What surrounds every call: its ids in the log, its deadline, its metrics.

mod headers;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Frame, SizeHint};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span};

pub(crate) use self::headers::plain_id;
use self::headers::{REQUEST_ID, deadline, request_id, traceparent};
use crate::compute::Cancel;
use crate::metrics::Metrics;
use crate::metrics::requests::{Outcome, UNMATCHED, method_label};
use crate::refusal::Refusal;
use crate::watch::Watch;

const VERSION: HeaderName = HeaderName::from_static("x-furrow-version");

/// Methods that the kit answers itself: every few seconds, of no interest to a log.
const OWN_METHODS: [&str; 2] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
];

/// Adds ids, deadline and metrics to every call, and the service's version to every answer.
#[derive(Debug, Clone)]
pub struct CallLayer {
    /// Full paths of the service's methods; only these, and health, become label values.
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

        let Called { route, is_service } = self.layer.called(request.uri().path());
        let request_id = request_id(request.headers());
        let traceparent = traceparent(request.headers());
        let span = tracing::info_span!("call", route, request_id, traceparent);
        let deadline = deadline(request.headers());
        request.extensions_mut().insert(Cancel::new(Some(deadline)));
        let room = is_service.then(|| Arc::clone(&self.layer.room).try_acquire_owned());
        let metrics = self.layer.metrics.clone();
        let method = method_label(request.method().as_str());
        let watch = CallWatch {
            watch: Watch::start(&metrics.requests, route, method, Outcome::CALL_GONE),
            span: span.clone(),
            is_logged: is_service,
        };
        let cpu = watch.watch.cpu.clone();
        let request = watch.over_request(request);
        let version = HeaderValue::from_static(self.layer.version);

        let answer = async move {
            let refused = |refusal: Refusal| Ok(Status::from(refusal).into_http());
            let answered = match room.transpose() {
                Err(_) => {
                    metrics.compute.refused.inc();
                    refused(Refusal::busy())
                }
                // The room is given back when the answer begins: the message is gone by then.
                Ok(_room) => {
                    let called = AssertUnwindSafe(inner.call(request)).catch_unwind();
                    match tokio::time::timeout_at(deadline.into(), called).await {
                        Ok(Ok(answered)) => answered,
                        Ok(Err(_panic)) => refused(Refusal::fault()),
                        Err(_) => refused(Refusal::deadline_exceeded()),
                    }
                }
            };
            let mut response = answered?;
            response.headers_mut().insert(VERSION, version);
            if let Ok(id) = HeaderValue::from_str(&request_id) {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(watch.over(response))
        };
        Box::pin(cpu.time(answer.instrument(span)))
    }
}

/// What a path calls.
#[derive(Debug, PartialEq, Eq)]
struct Called {
    /// Service and method without the package, such as `NdviService/WriteIndex`.
    route: &'static str,
    /// Whether it is one of the service's own methods.
    is_service: bool,
}

impl CallLayer {
    /// Anyone can send any path, so those that nobody answers share one name.
    fn called(&self, path: &str) -> Called {
        let among = |known: &[&'static str]| known.iter().find(|known| **known == path).copied();
        let of_service = among(self.methods);
        let known = of_service.or_else(|| among(&OWN_METHODS));
        Called {
            route: known.map_or(UNMATCHED, |known| {
                let method = known.rfind('/').unwrap_or(0);
                let service = known[..method].rfind(['.', '/']);
                &known[service.map_or(0, |before| before + 1)..]
            }),
            is_service: of_service.is_some(),
        }
    }
}

/// Counts a call from its start to the moment its last part is sent or its caller has gone, and logs
/// its end.
struct CallWatch {
    watch: Watch,
    span: Span,
    is_logged: bool,
}

impl CallWatch {
    fn over_request(&self, request: Request<Body>) -> Request<Body> {
        let read = self.watch.request_bytes();
        request.map(|inner| Body::new(CountedBody { inner, read }))
    }

    fn over(mut self, response: Response<Body>) -> Response<Body> {
        self.see(response.headers());
        response.map(|inner| Body::new(WatchedBody { inner, watch: self }))
    }

    fn see(&mut self, headers: &HeaderMap) {
        if let Some(status) = headers.get(Status::GRPC_STATUS) {
            self.watch.outcome = Outcome::Grpc(Code::from_bytes(status.as_bytes()));
        }
    }
}

impl Drop for CallWatch {
    fn drop(&mut self) {
        let code = self.watch.outcome;
        let (duration_s, cpu_s) = (self.watch.seconds(), self.watch.cpu.seconds());
        let _entered = self.span.enter();
        if self.is_logged {
            tracing::info!(%code, duration_s, cpu_s, "Call ended.");
        } else {
            tracing::debug!(%code, duration_s, cpu_s, "Call ended.");
        }
    }
}

/// A request's body that is counted as it is read.
struct CountedBody {
    inner: Body,
    read: Counter,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.read.inc_by(data.len() as u64);
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

/// A body that tells its watch what it costs, how long it is, and which status its trailers carry.
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
        let this = &mut *self;
        let cpu = &this.watch.watch.cpu;
        let polled = cpu.run(|| Pin::new(&mut this.inner).poll_frame(context));
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            if let Some(data) = frame.data_ref() {
                this.watch.watch.sent(data.len());
            } else if let Some(trailers) = frame.trailers_ref() {
                this.watch.see(trailers);
            }
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

#[cfg(test)]
mod tests;
