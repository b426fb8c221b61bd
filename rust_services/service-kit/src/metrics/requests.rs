//! Requests, over gRPC and HTTP alike. Django counts its own under the same names, labels and
//! buckets, so that both runtimes stand in one panel.

use std::fmt;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tonic::Code;

/// Route of whatever a service does not answer: anyone can send any path.
pub const UNMATCHED: &str = "<unmatched>";

/// Code that is counted for a caller over HTTP that left before its answer, as nginx counts it.
const CALLER_GONE: u16 = 499;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A gRPC code, shown by the name that the specification gives it.
    Grpc(Code),
    /// An HTTP status code.
    Http(u16),
}

impl Outcome {
    /// Of a call whose caller left.
    pub const CALL_GONE: Self = Self::Grpc(Code::Cancelled);
    /// Of a request over HTTP whose caller left.
    pub const REQUEST_GONE: Self = Self::Http(CALLER_GONE);

    /// Hundreds of the HTTP status, or of the one nearest to a gRPC code: 5xx where the service is at
    /// fault or in want, 4xx where the caller is, or gave up.
    pub fn class(self) -> &'static str {
        match self {
            Self::Grpc(Code::Ok) | Self::Http(..300) => "2xx",
            Self::Http(300..400) => "3xx",
            Self::Http(400..500) => "4xx",
            Self::Grpc(
                Code::Unavailable
                | Code::DeadlineExceeded
                | Code::ResourceExhausted
                | Code::Internal
                | Code::Unknown
                | Code::DataLoss
                | Code::Unimplemented,
            )
            | Self::Http(_) => "5xx",
            Self::Grpc(_) => "4xx",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grpc(code) => out.write_str(code_name(*code)),
            Self::Http(code) => write!(out, "{code}"),
        }
    }
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        use fmt::Write as _;
        write!(encoder, "{self}")
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

/// A method of HTTP as a label: of the nine that are registered (RFC 9110, RFC 5789), its name.
pub fn method_label(method: &str) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
    ];
    let known = KNOWN.into_iter().find(|known| *known == method);
    known.unwrap_or("other")
}

/// Labels of what is counted of a request's body.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct RouteLabel {
    /// `NdviService/SummarizeFields`, `/tiles`, or [`UNMATCHED`].
    pub route: &'static str,
}

/// Labels of a request that ended.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct RequestLabels {
    /// As in [`RouteLabel`].
    pub route: &'static str,
    /// Method of HTTP.
    pub method: &'static str,
    /// How it ended.
    pub code: Outcome,
}

/// Labels of what a request took.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct ClassLabels {
    /// As in [`RouteLabel`].
    pub route: &'static str,
    /// Method of HTTP.
    pub method: &'static str,
    /// `2xx`, `3xx`, `4xx` or `5xx`.
    pub code_class: &'static str,
}

/// Seconds, from a header read to the longest call that a caller waits for.
pub(super) fn duration_buckets() -> Histogram {
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    ])
}

/// CPU seconds, from a health check to a whole scene.
fn cpu_buckets() -> Histogram {
    Histogram::new([
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
        1.0, 2.5, 5.0, 10.0,
    ])
}

/// Requests; counted by [`crate::watch`].
#[derive(Debug, Clone)]
pub struct Requests {
    /// Requests that ended.
    pub ended: Family<RequestLabels, Counter>,
    /// Requests that are going on, less the scrape that asks: it would never be zero.
    pub in_flight: Gauge,
    /// Seconds from a request's head to the last part of its answer.
    pub duration: Family<ClassLabels, Histogram, fn() -> Histogram>,
    /// CPU seconds that a request took on all threads.
    pub cpu: Family<ClassLabels, Histogram, fn() -> Histogram>,
    /// Bytes of requests' bodies that were read.
    pub request_bytes: Family<RouteLabel, Counter>,
    /// Bytes of answers' bodies.
    pub response_bytes: Family<RouteLabel, Counter>,
}

impl Requests {
    pub(super) fn register(registry: &mut Registry, service: &'static str) -> Self {
        let requests = Self {
            ended: Family::default(),
            in_flight: Gauge::default(),
            duration: Family::new_with_constructor(duration_buckets),
            cpu: Family::new_with_constructor(cpu_buckets),
            request_bytes: Family::default(),
            response_bytes: Family::default(),
        };
        let ours = [("runtime", "rust"), ("service", service)];
        let ours = ours.map(|(name, value)| (name.into(), value.into()));
        let registry = registry.sub_registry_with_labels(ours.into_iter());
        registry.register(
            "http_requests",
            "Requests that ended, by status code or gRPC code",
            requests.ended.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests that are going on, less the scrape that asks",
            requests.in_flight.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to the last part of its answer",
            Unit::Seconds,
            requests.duration.clone(),
        );
        registry.register_with_unit(
            "http_request_cpu",
            "CPU time that a request took, on all threads that worked for it",
            Unit::Seconds,
            requests.cpu.clone(),
        );
        registry.register_with_unit(
            "http_request_body",
            "Bytes of requests' bodies that were read",
            Unit::Bytes,
            requests.request_bytes.clone(),
        );
        registry.register_with_unit(
            "http_response_body",
            "Bytes of answers' bodies",
            Unit::Bytes,
            requests.response_bytes.clone(),
        );
        requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grpc_code_has_a_name_and_a_class() {
        let table = [
            "OK 2xx",
            "CANCELLED 4xx",
            "UNKNOWN 5xx",
            "INVALID_ARGUMENT 4xx",
            "DEADLINE_EXCEEDED 5xx",
            "NOT_FOUND 4xx",
            "ALREADY_EXISTS 4xx",
            "PERMISSION_DENIED 4xx",
            "RESOURCE_EXHAUSTED 5xx",
            "FAILED_PRECONDITION 4xx",
            "ABORTED 4xx",
            "OUT_OF_RANGE 4xx",
            "UNIMPLEMENTED 5xx",
            "INTERNAL 5xx",
            "UNAVAILABLE 5xx",
            "DATA_LOSS 5xx",
            "UNAUTHENTICATED 4xx",
        ];
        for (number, row) in (0..).zip(table) {
            let outcome = Outcome::Grpc(Code::from_i32(number));
            assert_eq!(format!("{outcome} {}", outcome.class()), row);
        }
    }

    #[test]
    fn a_status_belongs_to_its_hundred() {
        for (code, class) in [
            (200, "2xx"),
            (204, "2xx"),
            (304, "3xx"),
            (404, "4xx"),
            (499, "4xx"),
            (500, "5xx"),
            (504, "5xx"),
        ] {
            assert_eq!(Outcome::Http(code).class(), class);
        }
    }

    #[test]
    fn a_made_up_method_is_no_label() {
        assert_eq!(method_label("BREW"), "other");
        assert_eq!(method_label("PATCH"), "PATCH");
    }
}
