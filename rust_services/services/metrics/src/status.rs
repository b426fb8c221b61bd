//! Why a call fails, and what the caller is told.

use furrow_service_kit::{Refusal, Stopped};
use tonic::{Code, Status};

/// Why a call fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// A value of the request is missing or out of its range.
    #[error("{field} {reason}")]
    Request {
        /// Path of the value in the request, such as `families[2].name`.
        field: String,
        /// What is wrong, completing the sentence.
        reason: String,
    },
    /// The message is too long.
    #[error("the report has {found} bytes; at most {allowed} are allowed")]
    TooLarge {
        /// Its bytes.
        found: usize,
        /// The limit.
        allowed: usize,
    },
    /// There is no room for one more program.
    #[error("{allowed} programs are known; no other one is taken")]
    TooManyPrograms {
        /// The limit.
        allowed: usize,
    },
    /// There is no room for any family of the report.
    #[error("no family of the report was taken: {reason}")]
    NoRoom {
        /// Of the first family.
        reason: String,
    },
    /// Reports come faster than they can be kept.
    #[error("too many reports wait to be kept")]
    Busy,
    /// The state cannot be kept, so nothing may be taken.
    #[error("reports cannot be kept at the moment: {0}")]
    Unkept(String),
    /// Nobody waits for the answer any more, or a job failed.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl MetricsError {
    /// A refusal of a value of the request.
    pub(crate) fn request(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Request {
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// The words as a sentence.
    fn sentence(&self) -> String {
        let words = self.to_string();
        let mut characters = words.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        let capitalized = first.into_iter().chain(characters);
        // A field is called as it is written.
        match self {
            Self::Request { .. } => words + ".",
            // Where the state lies is in the log.
            Self::Unkept(_) => "Reports cannot be kept at the moment; try again.".to_owned(),
            _ => capitalized.chain(".".chars()).collect(),
        }
    }
}

impl From<MetricsError> for Refusal {
    fn from(error: MetricsError) -> Self {
        use MetricsError as E;
        let refusal = |code, reason| Self::new(code, reason, error.sentence());
        match &error {
            E::Request { field, .. } => Self {
                metadata: vec![("field", field.clone())],
                ..refusal(Code::InvalidArgument, "REQUEST_INVALID")
            },
            E::TooLarge { .. } => refusal(Code::ResourceExhausted, "REPORT_TOO_LARGE"),
            E::TooManyPrograms { .. } => refusal(Code::ResourceExhausted, "PROGRAMS_EXHAUSTED"),
            E::NoRoom { .. } => refusal(Code::ResourceExhausted, "SERIES_EXHAUSTED"),
            E::Busy => Self::busy(),
            E::Unkept(_) => refusal(Code::Unavailable, "STATE_UNAVAILABLE"),
            E::Stopped(stopped) => (*stopped).into(),
        }
    }
}

impl From<MetricsError> for Status {
    fn from(error: MetricsError) -> Self {
        match &error {
            MetricsError::Unkept(reason) => tracing::warn!(reason, "A report cannot be kept."),
            MetricsError::Stopped(_) | MetricsError::Busy => {}
            refused => tracing::info!(error = %refused, "The call is refused."),
        }
        Refusal::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_and_a_path_of_the_state_is_not() {
        let wrong = MetricsError::request("families[2].name", "is empty");
        let refusal = Refusal::from(wrong);
        assert_eq!(refusal.message, "families[2].name is empty.");
        assert_eq!(refusal.metadata, [("field", "families[2].name".to_owned())]);

        let unkept = Refusal::from(MetricsError::Unkept("/var/lib/x: full".to_owned()));
        assert_eq!(unkept.code, Code::Unavailable);
        assert!(!unkept.message.contains("/var"), "{}", unkept.message);
    }
}
