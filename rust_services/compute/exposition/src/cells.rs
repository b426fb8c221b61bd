//! The bytes of a file, however they are held: mapped by the service, in a vector for tests.

use std::ops::Range;

/// Bytes of one file while another process may be writing to them.
///
/// Nothing here is a reference into the bytes, because what another process writes must not change
/// under one. Offsets count from the start of the file. Every method answers for any offset; what
/// lies outside is zero.
pub trait Cells {
    /// Bytes that can be read.
    fn len(&self) -> usize;

    /// Whether nothing can be read.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The header's first 32 bits, in the machine's order: offset one past the last entry. Ordered
    /// before what is read afterwards (acquire). 0 where there are fewer than 8 bytes.
    fn used(&self) -> i32;

    /// Appends the bytes of a range to `into`.
    fn copy(&self, range: Range<usize>, into: &mut Vec<u8>);

    /// The double at an offset that is a multiple of 8, read in one piece.
    fn value(&self, offset: usize) -> f64;

    /// The double at an offset and the time beside it, which are written in two pieces: read again
    /// until the time stands still, three times at most.
    fn stamped(&self, offset: usize) -> (f64, f64) {
        let mut timestamp = self.value(offset + 8);
        let mut value = self.value(offset);
        for _ in 0..3 {
            let again = self.value(offset + 8);
            if again.to_bits() == timestamp.to_bits() {
                break;
            }
            timestamp = again;
            value = self.value(offset);
        }
        (value, timestamp)
    }
}

impl Cells for [u8] {
    fn len(&self) -> usize {
        <[u8]>::len(self)
    }

    fn used(&self) -> i32 {
        match self.first_chunk::<8>() {
            Some(&[a, b, c, d, ..]) => i32::from_ne_bytes([a, b, c, d]),
            None => 0,
        }
    }

    fn copy(&self, range: Range<usize>, into: &mut Vec<u8>) {
        let found = self.get(range.start..range.end.min(<[u8]>::len(self)));
        let wanted = into.len() + range.len();
        into.extend_from_slice(found.unwrap_or_default());
        into.resize(wanted, 0);
    }

    fn value(&self, offset: usize) -> f64 {
        let bytes = self.get(offset..).and_then(<[u8]>::first_chunk::<8>);
        bytes.map_or(0.0, |bytes| f64::from_ne_bytes(*bytes))
    }
}

impl Cells for Vec<u8> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn used(&self) -> i32 {
        self.as_slice().used()
    }

    fn copy(&self, range: Range<usize>, into: &mut Vec<u8>) {
        self.as_slice().copy(range, into);
    }

    fn value(&self, offset: usize) -> f64 {
        self.as_slice().value(offset)
    }
}
