//! Rasters as numbers: reading TIFF, where pixels lie, exact coverage by outlines, masks, zonal
//! statistics, and writing COG and PNG.
//!
//! Pure: no async, no files, no clock, no sockets. Bytes come in as slices and go out as vectors.

pub mod area;
pub mod cog;
pub mod coverage;
pub mod crs;
pub mod grid;
pub mod mask;
pub mod mercator;
pub mod outline;
pub mod overview;
pub mod png;
pub mod quantile;
pub mod resample;
pub mod samples;
pub mod tiff;
pub mod warp;
pub mod zonal;
