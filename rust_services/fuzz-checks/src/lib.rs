//! What must hold for any bytes at all.
//!
//! Each function takes bytes from outside, as a fuzzer makes them, and panics where a promise of the
//! crates is broken. The fuzz targets in `rust_services/fuzz` call them with new inputs, the test of
//! this crate with the inputs that were found before; `docs/testing.md` tells how.

mod formulas;
mod metric_files;
mod metric_keys;
mod outlines;
mod tiff_headers;
mod tiff_tiles;

pub use formulas::formulas;
pub use metric_files::metric_files;
pub use metric_keys::metric_keys;
pub use outlines::outlines;
pub use tiff_headers::tiff_headers;
pub use tiff_tiles::tiff_tiles;
