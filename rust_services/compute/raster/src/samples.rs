//! Pixel values in the type they were stored in.

use std::ops::Range;

/// Type of a pixel's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 32 bits.
    I32,
    /// Floating point, 32 bits.
    F32,
    /// Floating point, 64 bits.
    F64,
}

impl DataType {
    /// The name GDAL's Python world gives the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }

    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Whether values are floating point, so that NaN is among them.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// A nodata value as a band of this type holds it: for 32-bit floats the nearest of them, because
    /// it is often written down in fewer digits and would equal no pixel.
    pub fn nodata_held(self, value: f64) -> f64 {
        if self != Self::F32 || !value.is_finite() {
            return value;
        }
        let limit = f64::from(f32::MAX);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounding to f32 is the purpose, and the range is clamped"
        )]
        let rounded = value.clamp(-limit, limit) as f32;
        f64::from(rounded)
    }
}

impl std::fmt::Display for DataType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Values of one band, in the type they were stored in.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// Unsigned, 8 bits.
    U8(Vec<u8>),
    /// Signed, 8 bits.
    I8(Vec<i8>),
    /// Unsigned, 16 bits.
    U16(Vec<u16>),
    /// Signed, 16 bits.
    I16(Vec<i16>),
    /// Unsigned, 32 bits.
    U32(Vec<u32>),
    /// Signed, 32 bits.
    I32(Vec<i32>),
    /// Floating point, 32 bits.
    F32(Vec<f32>),
    /// Floating point, 64 bits.
    F64(Vec<f64>),
}

/// The same expression on the vector of every type.
macro_rules! each {
    ($samples:expr, $values:ident => $expression:expr) => {
        match $samples {
            Samples::U8($values) => $expression,
            Samples::I8($values) => $expression,
            Samples::U16($values) => $expression,
            Samples::I16($values) => $expression,
            Samples::U32($values) => $expression,
            Samples::I32($values) => $expression,
            Samples::F32($values) => $expression,
            Samples::F64($values) => $expression,
        }
    };
}

impl Samples {
    /// The type of the values.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::U8(_) => DataType::U8,
            Self::I8(_) => DataType::I8,
            Self::U16(_) => DataType::U16,
            Self::I16(_) => DataType::I16,
            Self::U32(_) => DataType::U32,
            Self::I32(_) => DataType::I32,
            Self::F32(_) => DataType::F32,
            Self::F64(_) => DataType::F64,
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        each!(self, values => values.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes the values take.
    pub fn byte_len(&self) -> usize {
        self.len() * self.data_type().size()
    }

    /// `len` times zero.
    pub fn zeros(data_type: DataType, len: usize) -> Self {
        match data_type {
            DataType::U8 => Self::U8(vec![0; len]),
            DataType::I8 => Self::I8(vec![0; len]),
            DataType::U16 => Self::U16(vec![0; len]),
            DataType::I16 => Self::I16(vec![0; len]),
            DataType::U32 => Self::U32(vec![0; len]),
            DataType::I32 => Self::I32(vec![0; len]),
            DataType::F32 => Self::F32(vec![0.0; len]),
            DataType::F64 => Self::F64(vec![0.0; len]),
        }
    }

    /// Value at an index, without loss: every type here fits.
    ///
    /// # Panics
    /// Past the end, as indexing does.
    pub fn get_f64(&self, index: usize) -> f64 {
        each!(self, values => as_f64(values[index]))
    }

    /// Copies a range of values into a slice of the same length.
    ///
    /// # Panics
    /// Where the range passes the end or the lengths differ, as slices do.
    pub fn copy_to_f64(&self, range: Range<usize>, out: &mut [f64]) {
        assert_eq!(range.len(), out.len(), "range and slice differ in length");
        each!(self, values => {
            for (out, &value) in out.iter_mut().zip(&values[range]) {
                *out = as_f64(value);
            }
        });
    }

    /// The values, little-endian, one after the other.
    pub fn to_le_bytes(&self) -> Vec<u8> {
        each!(self, values => values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }
}

fn as_f64(value: impl Into<f64>) -> f64 {
    value.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "conversion to f64 is exact")]
    fn the_widest_values_of_each_type_survive_as_f64() {
        assert_eq!(Samples::U32(vec![u32::MAX]).get_f64(0), 4_294_967_295.0);
        assert_eq!(Samples::I32(vec![i32::MIN]).get_f64(0), -2_147_483_648.0);
        assert_eq!(Samples::I8(vec![-128]).get_f64(0), -128.0);
        assert!(Samples::F32(vec![f32::NAN]).get_f64(0).is_nan());
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "conversion to f64 is exact")]
    fn a_range_is_copied_as_numbers() {
        let samples = Samples::I16(vec![1, -2, 3, -4]);
        let mut out = [0.0; 2];

        samples.copy_to_f64(1..3, &mut out);

        assert_eq!(out, [-2.0, 3.0]);
    }

    #[test]
    fn bytes_are_little_endian() {
        assert_eq!(Samples::U16(vec![0x0102]).to_le_bytes(), [2, 1]);
        assert_eq!(Samples::zeros(DataType::F64, 3).byte_len(), 24);
    }
}
