//! How a failed call is answered: a gRPC code, a stable reason, and a sentence.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Domain of every `google.rpc.ErrorInfo`.
const DOMAIN: &str = "furrow";

/// Why a call is refused. What the caller may not see stays in the log and is no part of this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The gRPC code.
    pub code: Code,
    /// Stable reason in capitals, such as `OBJECT_NOT_FOUND`.
    pub reason: &'static str,
    /// The sentence.
    pub message: String,
    /// What it is about, by name, such as the field whose outline is meant.
    pub metadata: Vec<(&'static str, String)>,
    /// When a retry is worth while.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal that waiting does not change.
    pub fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            metadata: Vec::new(),
            retry_after: None,
        }
    }

    /// No compute slot is free.
    pub fn busy() -> Self {
        Self {
            retry_after: Some(Duration::from_secs(1)),
            ..Self::new(
                Code::ResourceExhausted,
                "SERVICE_BUSY",
                "All compute slots are taken; try again in a moment.",
            )
        }
    }

    /// A fault of the service; the detail is in its log only.
    pub fn fault() -> Self {
        Self::new(
            Code::Internal,
            "SERVICE_FAULT",
            "The service failed; its log says more under this request's id.",
        )
    }

    /// The caller's deadline passed.
    pub fn deadline_exceeded() -> Self {
        Self::new(
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            "The deadline of the call passed before it was done.",
        )
    }

    /// The caller has gone.
    pub fn cancelled() -> Self {
        Self::new(Code::Cancelled, "CANCELLED", "The caller gave up.")
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let mut details = ErrorDetails::new();
        let metadata = refusal.metadata.into_iter();
        let metadata: HashMap<String, String> = metadata
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        details.set_error_info(refusal.reason, DOMAIN, metadata);
        if let Some(delay) = refusal.retry_after {
            details.set_retry_info(Some(delay));
        }
        Self::with_error_details(refusal.code, refusal.message, details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_service_says_when_to_come_back() {
        let status = Status::from(Refusal::busy());
        let info = status.get_details_error_info().expect("there is a reason");
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            ("SERVICE_BUSY", "furrow")
        );
        let retry = status.get_details_retry_info().expect("there is a delay");
        assert_eq!(retry.retry_delay, Some(Duration::from_secs(1)));
    }
}
