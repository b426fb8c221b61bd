//! Why a call fails, and the one table from that to what the caller is told.

use furrow_index::FormulaError;
use furrow_raster::crs::CrsError;
use furrow_raster::outline::OutlineError;
use furrow_raster::resample::GridsDisagree;
use furrow_raster::tiff::TiffError;
use furrow_service_kit::{Refusal, Stopped};
use tonic::{Code, Status};

/// Why a call fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NdviError {
    /// A value of the request is missing or out of its range.
    #[error("{field} {reason}")]
    Request {
        /// Path of the value in the request, such as `scene.bands[2].name`.
        field: String,
        /// What is wrong, completing the sentence.
        reason: String,
    },
    /// An outline is none.
    #[error("{source}")]
    Outline {
        /// The field it belongs to; empty for the outline of a picture or file.
        field_id: String,
        /// What is wrong.
        source: OutlineError,
    },
    /// A formula is none.
    #[error("index {index}: {source}")]
    Formula {
        /// The index.
        index: String,
        /// What is wrong.
        source: FormulaError,
    },
    /// An object does not exist.
    #[error("{object} does not exist")]
    ObjectNotFound {
        /// Key or address.
        object: String,
    },
    /// An object may not be read or written.
    #[error("{object} may not be used: {reason}")]
    StoreDenied {
        /// Key or address.
        object: String,
        /// Why.
        reason: String,
    },
    /// An object is not what it was when it was opened.
    #[error("{object} was changed while it was read")]
    ObjectChanged {
        /// Key or address.
        object: String,
    },
    /// The store does not answer as it should.
    #[error("{object} cannot be reached at the moment")]
    StoreUnavailable {
        /// Key or address.
        object: String,
        /// For the log.
        source: object_store::Error,
    },
    /// A raster cannot be read.
    #[error("{object}: {source}")]
    Raster {
        /// Key or address.
        object: String,
        /// What is wrong.
        source: TiffError,
    },
    /// A raster's reference system is not among the known ones.
    #[error("{object}: {source}")]
    Crs {
        /// Key or address.
        object: String,
        /// What is wrong.
        source: CrsError,
    },
    /// A file has no such band.
    #[error("{object} has {found} band(s); band {band_number} was asked for")]
    BandMissing {
        /// Key or address.
        object: String,
        /// The band asked for, from 1.
        band_number: u32,
        /// Bands there are.
        found: usize,
    },
    /// Bands or masks do not lie on grids that fit.
    #[error("{name} does not fit the scene's grid: {source}")]
    GridsDisagree {
        /// The band or mask.
        name: String,
        /// How.
        source: GridsDisagree,
    },
    /// More than one request may ask for.
    #[error("{what} is {found}; at most {allowed} is allowed")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// How large.
        found: u64,
        /// The limit.
        allowed: u64,
    },
    /// Nobody waits for the answer any more, or a job failed.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// No slot is free.
    #[error("no compute slot is free")]
    Busy,
    /// The service's own fault.
    #[error("fault: {0}")]
    Fault(String),
}

impl NdviError {
    /// A refusal of a value of the request.
    pub(crate) fn request(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Request {
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// The object that the words begin with.
    fn object(&self) -> Option<&str> {
        match self {
            Self::ObjectNotFound { object, .. }
            | Self::StoreDenied { object, .. }
            | Self::ObjectChanged { object }
            | Self::StoreUnavailable { object, .. }
            | Self::Raster { object, .. }
            | Self::Crs { object, .. }
            | Self::BandMissing { object, .. } => Some(object),
            _ => None,
        }
    }

    /// What the caller is told: a sentence that calls an object by its file's name, because where the
    /// store keeps it says nothing to the sender.
    fn sentence(&self) -> String {
        let words = self.to_string();
        let told = match self.object() {
            Some(object) if words.starts_with(object) => {
                format!("{}{}", called(object), &words[object.len()..])
            }
            _ => capitalized(&words),
        };
        if told.ends_with('.') {
            told
        } else {
            told + "."
        }
    }

    /// Logs the failure, once, with what the caller is not told.
    pub(crate) fn log(&self) {
        match self {
            Self::StoreUnavailable { object, source } => {
                let error = without_queries(&source.to_string());
                tracing::warn!(%object, error, "A store could not be reached.");
            }
            Self::Fault(fault) => tracing::error!(%fault, "The service failed."),
            Self::Stopped(_) | Self::Busy => {}
            refused => tracing::info!(error = %refused, "The call is refused."),
        }
    }
}

impl From<NdviError> for Refusal {
    fn from(error: NdviError) -> Self {
        use NdviError as E;
        let sentence = error.sentence();
        let refusal = |code, reason| Self::new(code, reason, sentence.clone());
        match error {
            E::Request { .. } => refusal(Code::InvalidArgument, "REQUEST_INVALID"),
            E::Outline { field_id, .. } => Self {
                metadata: vec![("field_id", field_id)],
                ..refusal(Code::InvalidArgument, "OUTLINE_INVALID")
            },
            E::Formula { .. } => refusal(Code::InvalidArgument, "FORMULA_INVALID"),
            E::ObjectNotFound { .. } => refusal(Code::NotFound, "OBJECT_NOT_FOUND"),
            E::StoreDenied { .. } => refusal(Code::FailedPrecondition, "RASTER_STORE_DENIED"),
            E::ObjectChanged { .. } => refusal(Code::FailedPrecondition, "RASTER_CHANGED"),
            E::StoreUnavailable { .. } => refusal(Code::Unavailable, "STORE_UNAVAILABLE"),
            E::Raster { source, .. } => refusal(Code::FailedPrecondition, source.reason()),
            E::Crs { .. } => refusal(Code::FailedPrecondition, "RASTER_CRS_UNSUPPORTED"),
            E::BandMissing { .. } => refusal(Code::FailedPrecondition, "RASTER_BAND_MISSING"),
            E::GridsDisagree { .. } => refusal(Code::FailedPrecondition, "RASTER_GRIDS_DISAGREE"),
            E::TooLarge { .. } => refusal(Code::FailedPrecondition, "RASTER_TOO_LARGE"),
            E::Stopped(stopped) => stopped.into(),
            E::Busy => Self::busy(),
            E::Fault(_) => Self::fault(),
        }
    }
}

impl From<NdviError> for Status {
    fn from(error: NdviError) -> Self {
        error.log();
        Refusal::from(error).into()
    }
}

/// Words without the queries of the addresses in them: those of signed ones are secret.
fn without_queries(words: &str) -> String {
    let shown = words.split(' ').map(|word| match word.split_once('?') {
        Some((address, _)) if address.contains("://") => address,
        _ => word,
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// How people call an object: an address whole, a key by its last part.
fn called(object: &str) -> &str {
    if object.contains("://") {
        return object;
    }
    object.rsplit('/').next().unwrap_or(object)
}

/// Words with a capital first letter.
fn capitalized(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_reads_the_name_of_the_file_not_where_it_is_kept() {
        let kept = NdviError::ObjectNotFound {
            object: "incoming/8bf2/b04.tif".to_owned(),
        };
        assert_eq!(kept.sentence(), "b04.tif does not exist.");
        let address = NdviError::ObjectNotFound {
            object: "https://a.org/x/b04.tif".to_owned(),
        };
        assert_eq!(
            address.sentence(),
            "https://a.org/x/b04.tif does not exist."
        );
        assert_eq!(NdviError::Busy.sentence(), "No compute slot is free.");
    }

    #[test]
    fn signatures_do_not_reach_the_log() {
        let words = "Error performing GET https://a.org/b.tif?sig=secret in 1.2s (url \
                     (https://a.org/b.tif?sig=secret)): why?";

        let shown = without_queries(words);

        assert_eq!(
            shown,
            "Error performing GET https://a.org/b.tif in 1.2s (url (https://a.org/b.tif why?"
        );
    }
}
