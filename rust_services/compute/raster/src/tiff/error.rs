//! Why a TIFF cannot be used.

use thiserror::Error;

/// Why a TIFF, or a part of it, cannot be used. Messages are for the person who has the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TiffError {
    /// The first bytes are not those of a TIFF.
    #[error("this is not a TIFF: it starts with \"{found}\", a TIFF with II*, MM*, II+ or MM+")]
    NotTiff {
        /// The first bytes, at most four; what cannot be printed is escaped.
        found: String,
    },
    /// The file ends before something it announces.
    #[error("the file is truncated: {what} ends at byte {end}, the file at byte {file_size}")]
    Truncated {
        /// The part that is missing.
        what: String,
        /// First byte after the part.
        end: u64,
        /// Size of the file.
        file_size: u64,
    },
    /// A value contradicts the format.
    #[error("the file is corrupt: {what} is {found}, allowed is {allowed}")]
    Corrupt {
        /// The value's name.
        what: &'static str,
        /// What the file holds.
        found: String,
        /// What it may hold.
        allowed: String,
    },
    /// A tile or strip does not decode to its pixels.
    #[error("{chunk} cannot be decoded: {found}, expected {allowed}")]
    Undecodable {
        /// The tile or strip, in words.
        chunk: String,
        /// What came out.
        found: String,
        /// What should have.
        allowed: String,
    },
    /// A sound file with a feature that is not read here.
    #[error("{what} {found} is not supported, supported is {allowed}")]
    Unsupported {
        /// The feature.
        what: &'static str,
        /// What the file has.
        found: String,
        /// What can be read.
        allowed: &'static str,
    },
    /// A size beyond the budget, found before anything of that size was allocated.
    #[error("{what} is {found}, at most {allowed} is allowed")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// What the file announces.
        found: u64,
        /// The limit.
        allowed: u64,
    },
    /// The raster does not say where it lies.
    #[error("the raster has no {missing}, so nothing says where it lies")]
    NotGeoreferenced {
        /// What is missing.
        missing: &'static str,
    },
    /// The raster names its reference system in words only.
    #[error("the reference system has no EPSG code, only the words {citation:?}")]
    CrsUnsupported {
        /// What the file says of its reference system.
        citation: String,
    },
    /// A band was asked for that is not there.
    #[error("band {found} does not exist, the raster has {allowed}, counted from 0")]
    NoSuchBand {
        /// The band asked for, from 0.
        found: u16,
        /// Number of bands.
        allowed: u16,
    },
}

impl TiffError {
    /// The stable reason that answers carry.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotTiff { .. }
            | Self::Truncated { .. }
            | Self::Corrupt { .. }
            | Self::Undecodable { .. } => "RASTER_UNREADABLE",
            Self::Unsupported { .. } | Self::NoSuchBand { .. } => "RASTER_UNSUPPORTED",
            Self::TooLarge { .. } => "RASTER_TOO_LARGE",
            Self::NotGeoreferenced { .. } => "RASTER_CRS_MISSING",
            Self::CrsUnsupported { .. } => "RASTER_CRS_UNSUPPORTED",
        }
    }

    pub(super) fn corrupt(
        what: &'static str,
        found: impl std::fmt::Display,
        allowed: impl std::fmt::Display,
    ) -> Self {
        Self::Corrupt {
            what,
            found: found.to_string(),
            allowed: allowed.to_string(),
        }
    }

    pub(super) fn unsupported(
        what: &'static str,
        found: impl std::fmt::Display,
        allowed: &'static str,
    ) -> Self {
        Self::Unsupported {
            what,
            found: found.to_string(),
            allowed,
        }
    }
}

/// Refuses a size beyond its limit.
pub(super) fn at_most(what: &'static str, found: u64, allowed: u64) -> Result<(), TiffError> {
    if found <= allowed {
        Ok(())
    } else {
        Err(TiffError::TooLarge {
            what,
            found,
            allowed,
        })
    }
}
