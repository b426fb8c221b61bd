//! Spectral indices: formulas parsed to an allow-listed tree and evaluated over pixels.
//!
//! A formula is data, such as `(nir - red) / (nir + red)`. [`Formula::parse`] accepts arithmetic over
//! known names and nothing else, so a text from outside can at worst be refused; [`Formula::evaluate`]
//! computes it in 64-bit floats, a lane of pixels at a time.
//!
//! ```
//! use std::collections::BTreeMap;
//! use furrow_index::{Bands, Formula, ValidRange};
//!
//! let ndvi = Formula::parse("(nir - red) / (nir + red)", &["nir", "red"])?;
//! let bands = Bands::new([("nir", [0.5, 0.3].as_slice()), ("red", [0.1, f64::NAN].as_slice())]);
//! let mut values = [0.0; 2];
//! ndvi.evaluate(&bands, &BTreeMap::new(), ValidRange::default(), &mut values)?;
//! assert!((values[0] - 0.666_666_7).abs() < 1e-7);
//! assert!(values[1].is_nan());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod evaluate;
mod formula;
mod parse;
mod token;

pub use evaluate::{Bands, EvaluateError, ValidRange};
pub use formula::{Formula, FormulaError, MAX_DEPTH, MAX_FORMULA_BYTES, MAX_NODES};
