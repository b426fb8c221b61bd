//! Why a request gives nothing, and what the caller is told.

use std::time::Duration;

use crate::status::NdviError;
use crate::store::client::{self, cause};
use crate::store::hosts::AddressRefused;

/// Why a request gave nothing.
#[derive(Debug)]
pub enum Failure {
    /// There is no such object.
    NotFound,
    /// It will not get better by itself; words that complete "may not be used:".
    Denied(String),
    /// The object is not the one that was opened.
    Changed,
    /// It may be better in a moment; how long the server asks to wait.
    Passing(String, Option<Duration>),
    /// It took too long.
    Slow,
}

/// A connection that could not be made or broke.
pub fn broken(error: reqwest::Error) -> Failure {
    if cause::<AddressRefused>(&error).is_some() {
        let reason = "its host lies at no address that may be asked";
        return Failure::Denied(reason.to_owned());
    }
    if let Some(rustls::Error::InvalidCertificate(why)) = cause::<rustls::Error>(&error) {
        return Failure::Denied(format!("its server's certificate is not trusted ({why})"));
    }
    Failure::Passing(client::words(&error.without_url()), None)
}

impl Failure {
    /// The failure of a call that needs the object.
    pub fn of(self, object: &str) -> NdviError {
        let object = object.to_owned();
        let unavailable = |why: String| object_store::Error::Generic {
            store: "HTTP",
            source: why.into(),
        };
        match self {
            Self::NotFound => NdviError::ObjectNotFound { object },
            Self::Denied(reason) => NdviError::StoreDenied { object, reason },
            Self::Changed => NdviError::ObjectChanged { object },
            Self::Passing(why, _) => NdviError::StoreUnavailable {
                source: unavailable(why),
                object,
            },
            Self::Slow => NdviError::StoreUnavailable {
                source: unavailable("the answer took too long".to_owned()),
                object,
            },
        }
    }
}
