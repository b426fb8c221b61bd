//! Why an outline is refused.

use thiserror::Error;

use crate::crs::CrsError;

/// Why an outline is refused. The sentences are meant for whoever drew it.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum OutlineError {
    /// More bytes than allowed.
    #[error("the outline has {found} bytes; at most {allowed} are allowed")]
    TooManyBytes {
        /// Bytes given.
        found: usize,
        /// Bytes allowed.
        allowed: usize,
    },
    /// More vertices than allowed.
    #[error("the outline has more than {allowed} vertices")]
    TooManyVertices {
        /// Vertices allowed.
        allowed: usize,
    },
    /// The bytes end in the middle of the geometry.
    #[error("the outline's WKB ends before the geometry does")]
    Truncated,
    /// Bytes follow the geometry.
    #[error("{found} bytes follow the geometry in the outline's WKB")]
    TrailingBytes {
        /// Bytes left over.
        found: usize,
    },
    /// The first byte says neither big nor little endian.
    #[error("the outline is not WKB: its byte order is {found}, not 0 or 1")]
    UnknownByteOrder {
        /// The byte.
        found: u8,
    },
    /// Another geometry.
    #[error("the outline is no Polygon or MultiPolygon (WKB type {kind})")]
    NotAPolygon {
        /// WKB's code of the type.
        kind: u32,
    },
    /// EWKB of another reference system.
    #[error("the outline is in EPSG:{srid}; outlines are WGS 84, EPSG:4326")]
    ForeignSrid {
        /// The code in the EWKB.
        srid: u32,
    },
    /// No ring at all.
    #[error("the outline is empty")]
    Empty,
    /// A ring of fewer than three corners.
    #[error("ring {ring} of the outline has {found} points; a closed ring has at least 4")]
    RingTooShort {
        /// Index of the ring, from 0.
        ring: usize,
        /// Points it has.
        found: usize,
    },
    /// The last point of a ring is not its first.
    #[error("ring {ring} of the outline is not closed: its last point differs from its first")]
    RingNotClosed {
        /// Index of the ring, from 0.
        ring: usize,
    },
    /// NaN or infinity.
    #[error("a coordinate of the outline is not a finite number")]
    NotFinite,
    /// Not a place on Earth.
    #[error(
        "the outline has a point at longitude {lon}, latitude {lat}; longitudes reach from -180 to \
         180 and latitudes from -90 to 90, longitude first"
    )]
    OutOfRange {
        /// Degrees.
        lon: f64,
        /// Degrees.
        lat: f64,
    },
    /// Wider than half the Earth: almost surely drawn over the antimeridian.
    #[error(
        "the outline is {width:.0} degrees wide; cut outlines that cross the antimeridian into a \
         part on each side"
    )]
    TooWide {
        /// Degrees of longitude.
        width: f64,
    },
    /// The outer ring encloses nothing, or crosses itself so that its halves cancel.
    #[error("the outline encloses no area, or crosses itself in the middle")]
    NoArea,
    /// Rings cross themselves or each other, so that inside and outside are not defined.
    #[error("the outline crosses or overlaps itself, at column {col} and row {row} of the raster")]
    CrossesItself {
        /// Column of a pixel where it does.
        col: u32,
        /// Row of that pixel.
        row: u32,
    },
    /// More work than an outline may cause on this grid.
    #[error("the outline is too intricate for the grid: it cuts more than {allowed} pixels")]
    TooIntricate {
        /// Pixels that edges may cross, all together.
        allowed: usize,
    },
    /// From its first row to its last, more than may be held.
    #[error("the outline is {found} rows of the grid high; at most {allowed} are allowed")]
    TooHigh {
        /// Rows from the first to the last.
        found: u32,
        /// The limit.
        allowed: u32,
    },
    /// The reference system of the raster does not reach the outline.
    #[error("the outline cannot be carried to the raster's reference system: {0}")]
    Unprojectable(#[from] CrsError),
}
