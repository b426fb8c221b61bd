//! Spectral indices: formulas parsed to an allow-listed tree and evaluated over pixels.
