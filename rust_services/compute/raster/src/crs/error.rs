//! Why a reference system, or a point in it, cannot be used.

use thiserror::Error;

/// Why a reference system, or a point in it, cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CrsError {
    /// The code is in no list here.
    #[error("EPSG:{epsg} is not a known horizontal reference system")]
    Unknown {
        /// The code.
        epsg: u32,
    },
    /// The system is known, but its coordinates cannot be computed here.
    #[error("EPSG:{epsg} is not supported: {why}")]
    Unsupported {
        /// The code.
        epsg: u32,
        /// The missing piece, in words.
        why: &'static str,
    },
    /// A coordinate is NaN or infinite.
    #[error("the point ({x}, {y}) is not finite")]
    NotFinite {
        /// First coordinate.
        x: f64,
        /// Second coordinate.
        y: f64,
    },
    /// The point lies where the system has no coordinates.
    #[error("the point ({x}, {y}) lies outside the area of EPSG:{epsg}")]
    OutsideArea {
        /// First coordinate: longitude in degrees, or easting.
        x: f64,
        /// Second coordinate: latitude in degrees, or northing.
        y: f64,
        /// The system.
        epsg: u32,
    },
}
