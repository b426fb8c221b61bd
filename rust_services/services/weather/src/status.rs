//! Why a call fails, and what the caller is told.

use furrow_agromet::WeatherError;
use furrow_service_kit::{Refusal, Stopped};
use tonic::{Code, Status};

/// Why a call fails.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// A value of the request is missing or out of its range.
    #[error("{field} {reason}")]
    Request {
        /// Path of the value in the request, such as `stations[2].hours.air_temperature_c[17]`.
        field: String,
        /// What is wrong, completing the sentence.
        reason: String,
    },
    /// The numbers cannot be computed.
    #[error(transparent)]
    Weather(#[from] WeatherError),
    /// Nobody waits for the answer any more, or a job failed.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl CallError {
    /// A refusal of a value of the request.
    pub(crate) fn request(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Request {
            field: field.into(),
            reason: reason.into(),
        }
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        let sentence = format!("{error}.");
        match error {
            CallError::Request { field, .. } => Self {
                metadata: vec![("field", field)],
                ..Self::new(Code::InvalidArgument, "REQUEST_INVALID", sentence)
            },
            CallError::Weather(WeatherError::TimeZoneUnknown { .. }) => {
                Self::new(Code::InvalidArgument, "TIME_ZONE_UNKNOWN", sentence)
            }
            CallError::Weather(_) => Self::new(Code::InvalidArgument, "WEATHER_INVALID", sentence),
            CallError::Stopped(stopped) => stopped.into(),
        }
    }
}

impl From<CallError> for Status {
    fn from(error: CallError) -> Self {
        if !matches!(error, CallError::Stopped(_)) {
            tracing::info!(%error, "The call is refused.");
        }
        Refusal::from(error).into()
    }
}
