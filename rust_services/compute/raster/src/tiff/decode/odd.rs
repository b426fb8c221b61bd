//! Values whose width no type here has: packed bits, short floats, integers of 64 bits.

use super::super::TiffError;
use super::super::bytes::Endian;
use super::Rows;
use crate::samples::Samples;

impl Rows<'_> {
    /// Unsigned integers of 1 to 32 bits, which follow each other without gaps, high bits first.
    pub(super) fn packed(&self, bits: u32, asked: &[usize]) -> Vec<Samples> {
        // Three bytes of a big-endian file are turned, as GDAL writes and reads them: libtiff turns
        // whole bytes, and packing is from the high bits down in either order.
        let is_turned = bits == 24 && self.endian == Endian::Big;
        let read = |row: &[u8], at: usize| match (bits, is_turned) {
            (1, _) => u32::from((row[at / 8] >> (7 - at % 8)) & 1),
            (_, true) => bits_at(row, at * 24, 24).swap_bytes() >> 8,
            _ => bits_at(row, at * bits as usize, bits),
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the values have no more bits than the type"
        )]
        let plane = |&band: &usize| match bits {
            1..=8 => Samples::U8(self.values(band, |row, at| read(row, at) as u8)),
            9..=16 => Samples::U16(self.values(band, |row, at| read(row, at) as u16)),
            _ => Samples::U32(self.values(band, read)),
        };
        asked.iter().map(plane).collect()
    }

    /// Floats of 24 bits: sign, 7 bits of exponent, 16 of fraction.
    pub(super) fn floats_of_24_bits(&self, asked: &[usize]) -> Vec<Samples> {
        let read = |row: &[u8], at: usize| {
            let bits = bits_at(row, at * 24, 24);
            widened::<7, 16>(match self.endian {
                Endian::Little => bits.swap_bytes() >> 8,
                Endian::Big => bits,
            })
        };
        let plane = |&band: &usize| Samples::F32(self.values(band, read));
        asked.iter().map(plane).collect()
    }

    /// One band's values, read by their number in a row.
    fn values<T>(&self, band: usize, read: impl Fn(&[u8], usize) -> T) -> Vec<T> {
        let (width, height) = (self.window.width as usize, self.window.height as usize);
        let mut values = Vec::with_capacity(width * height);
        for row in self.iter() {
            values.extend((0..width).map(|col| read(row, col * self.bands + band)));
        }
        values
    }
}

/// An integer of at most 32 bits that begins at a bit, high bits first.
fn bits_at(row: &[u8], at: usize, bits: u32) -> u32 {
    let end = at + bits as usize;
    let word = row[at / 8..end.div_ceil(8)]
        .iter()
        .fold(0_u64, |word, &byte| (word << 8) | u64::from(byte));
    let value = (word >> (end.next_multiple_of(8) - end)) & ((1 << bits) - 1);
    u32::try_from(value).expect("at most 32 bits")
}

/// A float of 16 bits (IEEE 754 binary16).
pub(super) fn half(bits: u16) -> f32 {
    widened::<5, 10>(u32::from(bits))
}

/// A float of fewer bits, laid out as IEEE 754 lays them out, without loss.
fn widened<const EXPONENT: u32, const FRACTION: u32>(bits: u32) -> f32 {
    const FRACTION_OF_F32: u32 = f32::MANTISSA_DIGITS - 1;
    const MIDDLE_OF_F32: u32 = 127;
    let middle = (1_u32 << (EXPONENT - 1)) - 1;
    let sign = (bits >> (EXPONENT + FRACTION)) & 1;
    let exponent = (bits >> FRACTION) & ((1 << EXPONENT) - 1);
    let fraction = bits & ((1 << FRACTION) - 1);
    let shifted = fraction << (FRACTION_OF_F32 - FRACTION);
    let magnitude = if exponent == 0 {
        // Below the smallest normal value the fraction alone counts.
        let unit = f32::from_bits((MIDDLE_OF_F32 + 1 - middle - FRACTION) << FRACTION_OF_F32);
        (fraction as f32 * unit).to_bits()
    } else if exponent == (1 << EXPONENT) - 1 {
        (0xFF << FRACTION_OF_F32) | shifted
    } else {
        ((exponent + MIDDLE_OF_F32 - middle) << FRACTION_OF_F32) | shifted
    };
    f32::from_bits((sign << 31) | magnitude)
}

/// Unsigned integers of 64 bits as floats, where none is lost in another.
pub(super) fn unsigned(words: Vec<u64>) -> Result<Samples, TiffError> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "compared with where it came from"
    )]
    let exact = |word: u64| {
        let value = word as f64;
        // The largest, often nodata, becomes 2⁶⁴, which no other does.
        (value as u64 == word).then_some(value)
    };
    let values = words.into_iter().map(|word| exact(word).ok_or(word));
    floats(values)
}

/// Signed integers of 64 bits as floats, where none is lost in another.
pub(super) fn signed(words: Vec<u64>) -> Result<Samples, TiffError> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "compared with where it came from"
    )]
    let exact = |word: i64| {
        let value = word as f64;
        (value as i64 == word).then_some(value)
    };
    let values = words.into_iter().map(u64::cast_signed);
    floats(values.map(|word| exact(word).ok_or(word)))
}

fn floats<T: std::fmt::Display>(
    values: impl Iterator<Item = Result<f64, T>>,
) -> Result<Samples, TiffError> {
    values
        .collect::<Result<Vec<f64>, T>>()
        .map(Samples::F64)
        .map_err(|word| {
            let allowed = "what floating point of 64 bits holds, as all up to 2⁵³";
            TiffError::unsupported("a 64-bit integer", word, allowed)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "conversion is exact")]
    fn short_floats_have_the_values_of_the_standard() {
        // IEEE 754-2008, table 3.5, and what follows from it for 7 bits of exponent.
        for (bits, value) in [
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x7BFF, 65_504.0),
            (0x0400, 2.0_f32.powi(-14)),
            (0x0001, 2.0_f32.powi(-24)),
            (0x8000, 0.0),
            (0x7C00, f32::INFINITY),
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(half(bits), value, "{bits:#x}");
        }
        assert!(half(0x7E00).is_nan() && half(0x8000).is_sign_negative());
        for (bits, value) in [
            (0x3F_0000, 1.0),
            (0xC0_0000, -2.0),
            (0x3F_8000, 1.5),
            (0x00_0001, 2.0_f32.powi(-78)),
            (0xFF_0000, f32::NEG_INFINITY),
        ] {
            assert_eq!(widened::<7, 16>(bits), value, "{bits:#x}");
        }
    }

    #[test]
    fn integers_of_64_bits_are_exact_or_refused() {
        let fine = [0, 1 << 53, (1 << 53) + 2, 1 << 63, u64::MAX];
        let found = unsigned(fine.to_vec()).expect("exact");
        assert_eq!(
            found,
            Samples::F64(fine.iter().map(|&word| word as f64).collect())
        );
        let lowest = signed(vec![i64::MIN.cast_unsigned(), (-5_i64).cast_unsigned()]);
        assert_eq!(lowest, Ok(Samples::F64(vec![-(2.0_f64.powi(63)), -5.0])));

        let error = unsigned(vec![(1 << 53) + 1]).expect_err("between two floats");

        assert_eq!(error.reason(), "RASTER_UNSUPPORTED");
        assert!(error.to_string().contains("9007199254740993"), "{error}");
    }

    #[test]
    fn bits_are_cut_out_high_bits_first() {
        let row = [0b1010_0110, 0b0101_1111, 0xFF, 0x01, 0x80];

        assert_eq!(bits_at(&row, 0, 3), 0b101);
        assert_eq!(bits_at(&row, 6, 4), 0b1001);
        assert_eq!(bits_at(&row, 7, 32), 0x2FFF_80C0);
        assert_eq!(bits_at(&row, 39, 1), 0);
    }
}
