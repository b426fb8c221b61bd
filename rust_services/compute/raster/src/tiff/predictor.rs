//! Undoing the differences that writers store to compress better.
//!
//! # Source
//! TIFF 6.0, section 14 (horizontal), and Adobe's TIFF Technical Note 3 (floating point).

use super::TiffError;

/// What was done to the pixels of a row before compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predictor {
    /// Nothing.
    None,
    /// Each value is the difference to the one a pixel before, as an integer of its width.
    Horizontal,
    /// The bytes of the values are stored plane by plane, and differenced as bytes.
    FloatingPoint,
}

impl Predictor {
    /// The kind of a value of the Predictor tag.
    pub(super) fn from_tag(value: u64) -> Result<Self, TiffError> {
        match value {
            1 => Ok(Self::None),
            2 => Ok(Self::Horizontal),
            3 => Ok(Self::FloatingPoint),
            _ => Err(TiffError::unsupported("predictor", value, "1, 2 and 3")),
        }
    }
}

/// An integer of a sample's width, which differences are stored in.
pub(super) trait Word: Copy + Default {
    fn plus(self, other: Self) -> Self;
}

macro_rules! words {
    ($($type:ty),*) => {$(
        impl Word for $type {
            #[inline]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
        }
    )*};
}
words!(u8, u16, u32, u64);

/// Sums up the differences of a row, in place. `bands` values make a pixel.
pub(super) fn sum_row<T: Word>(row: &mut [T], bands: usize) {
    match bands {
        1 => sum_pixels::<T, 1>(row),
        2 => sum_pixels::<T, 2>(row),
        3 => sum_pixels::<T, 3>(row),
        4 => sum_pixels::<T, 4>(row),
        _ => {
            for at in bands..row.len() {
                row[at] = row[at].plus(row[at - bands]);
            }
        }
    }
}

/// With the number of bands known to the compiler the running sums stay in registers.
fn sum_pixels<T: Word, const BANDS: usize>(row: &mut [T]) {
    let mut sums = [T::default(); BANDS];
    for pixel in row.as_chunks_mut::<BANDS>().0 {
        for (value, sum) in pixel.iter_mut().zip(&mut sums) {
            *sum = sum.plus(*value);
            *value = *sum;
        }
    }
}

/// Puts the bytes of a row of floats back in place, little-endian, from the byte planes it is stored
/// in; `scratch` is as long as the row.
pub(super) fn unshuffle_row(row: &mut [u8], bands: usize, size: usize, scratch: &mut [u8]) {
    sum_row(row, bands);
    scratch.copy_from_slice(row);
    let count = row.len() / size;
    // The planes run from the most significant byte down, whatever the file's byte order.
    for (significance, plane) in scratch.chunks_exact(count.max(1)).enumerate() {
        for (value, &byte) in row.chunks_exact_mut(size).zip(plane) {
            value[size - 1 - significance] = byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_summed_within_a_band_and_wrap() {
        let mut row = [250_u8, 1, 10, 1, 10, 1];
        let mut wide = [1_u16, 2, 3, 4, 5, 1, 1, 1, 1, 1];

        sum_row(&mut row, 2);
        sum_row(&mut wide, 5);

        assert_eq!(row, [250, 1, 4, 2, 14, 3]);
        assert_eq!(wide, [1, 2, 3, 4, 5, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn float_planes_come_back_as_floats() {
        let floats = [1.5_f32, -2.25, f32::MIN_POSITIVE];
        let mut row: Vec<u8> = (0..4)
            .flat_map(|plane| floats.map(|float| float.to_be_bytes()[plane]))
            .collect();
        for at in (1..row.len()).rev() {
            row[at] = row[at].wrapping_sub(row[at - 1]);
        }

        unshuffle_row(&mut row, 1, 4, &mut [0; 12]);

        let back: Vec<u8> = floats
            .iter()
            .flat_map(|float| float.to_le_bytes())
            .collect();
        assert_eq!(row, back);
    }
}
