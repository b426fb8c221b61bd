//! The parts of a file that were fetched so far, and numbers in them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::TiffError;

/// Bytes of the first request: the whole header of most cloud-optimised files.
const FIRST_READ: u64 = 64 << 10;
/// Smallest later request; what lies near is likely wanted next.
const NEXT_READ: u64 = 16 << 10;

/// A file of known size of which only some ranges are at hand.
///
/// ```
/// use furrow_raster::tiff::SparseBytes;
///
/// let mut bytes = SparseBytes::new(100);
/// bytes.insert(10, vec![1, 2, 3]);
/// assert_eq!(bytes.get(11..13), Some(&[2, 3][..]));
/// assert_eq!(bytes.get(12..14), None);
/// ```
#[derive(Debug, Clone)]
pub struct SparseBytes {
    file_size: u64,
    /// By offset; segments neither touch nor overlap.
    segments: BTreeMap<u64, Vec<u8>>,
    /// How often bytes were added.
    insertions: usize,
}

/// Why bytes cannot be handed out now.
#[derive(Debug)]
pub(super) enum Gap {
    /// They have to be fetched.
    Missing(Range<u64>),
    /// They cannot be had.
    Bad(TiffError),
}

impl From<TiffError> for Gap {
    fn from(error: TiffError) -> Self {
        Self::Bad(error)
    }
}

impl SparseBytes {
    /// A file of a size in bytes, nothing of it fetched.
    pub fn new(file_size: u64) -> Self {
        Self {
            file_size,
            segments: BTreeMap::new(),
            insertions: 0,
        }
    }

    /// The whole file at hand.
    pub fn whole(bytes: Vec<u8>) -> Self {
        let mut whole = Self::new(bytes.len() as u64);
        whole.insert(0, bytes);
        whole
    }

    /// Size of the file, bytes.
    pub fn file_size(&self) -> u64 {
        self.file_size
    }

    /// How often bytes were added: the requests that the file took so far.
    pub(super) fn insertions(&self) -> usize {
        self.insertions
    }

    /// Adds what was fetched at an offset. Bytes past the file's end are dropped.
    pub fn insert(&mut self, offset: u64, mut bytes: Vec<u8>) {
        self.insertions += 1;
        let room = usize::try_from(self.file_size.saturating_sub(offset)).unwrap_or(usize::MAX);
        bytes.truncate(room);
        if bytes.is_empty() {
            return;
        }
        let mut start = offset;
        // Every segment that touches the new one becomes part of it; what came first stays.
        while let Some((&at, before)) = self
            .segments
            .range(..=start + bytes.len() as u64)
            .next_back()
        {
            let end = at + before.len() as u64;
            if end < start {
                break;
            }
            let mut merged = self.segments.remove(&at).unwrap_or_default();
            if at <= start {
                let known = usize::try_from(end - start).unwrap_or(usize::MAX);
                merged.extend_from_slice(bytes.get(known..).unwrap_or_default());
                start = at;
                bytes = merged;
            } else {
                let new = usize::try_from(at - start).unwrap_or(usize::MAX);
                let reach = start + bytes.len() as u64;
                let mut joined = bytes[..new].to_vec();
                joined.append(&mut merged);
                if reach > end {
                    let known = usize::try_from(end - start).unwrap_or(usize::MAX);
                    joined.extend_from_slice(&bytes[known..]);
                }
                bytes = joined;
            }
        }
        self.segments.insert(start, bytes);
    }

    /// The bytes of a range, where all of them are at hand.
    pub fn get(&self, range: Range<u64>) -> Option<&[u8]> {
        let (&at, segment) = self.segments.range(..=range.start).next_back()?;
        let from = usize::try_from(range.start - at).ok()?;
        let to = usize::try_from(range.end.checked_sub(at)?).ok()?;
        segment.get(from..to)
    }

    /// The bytes of a part of the file, or what to fetch, or that the file is too short.
    pub(super) fn part(
        &self,
        offset: u64,
        len: u64,
        what: impl Fn() -> String,
    ) -> Result<&[u8], Gap> {
        let end = offset.saturating_add(len);
        if end > self.file_size {
            return Err(Gap::Bad(TiffError::Truncated {
                what: what(),
                end,
                file_size: self.file_size,
            }));
        }
        self.get(offset..end)
            .ok_or_else(|| Gap::Missing(self.request(offset..end)))
    }

    /// A missing range, grown to a size worth a request.
    pub(super) fn request(&self, missing: Range<u64>) -> Range<u64> {
        if self.segments.is_empty() {
            return 0..self.file_size.min(missing.end.max(FIRST_READ));
        }
        let end = missing.end.max(missing.start.saturating_add(NEXT_READ));
        missing.start..end.min(self.file_size)
    }
}

/// Byte order of a file's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

macro_rules! read_numbers {
    ($($name:ident -> $type:ty),*) => {$(
        /// The number at the start of a slice that is long enough.
        pub(super) fn $name(self, bytes: &[u8]) -> $type {
            let mut array = [0; size_of::<$type>()];
            let len = array.len();
            array.copy_from_slice(&bytes[..len]);
            match self {
                Self::Little => <$type>::from_le_bytes(array),
                Self::Big => <$type>::from_be_bytes(array),
            }
        }
    )*};
}

impl Endian {
    read_numbers!(u16 -> u16, u32 -> u32, u64 -> u64, f32 -> f32, f64 -> f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_that_touch_become_one() {
        let mut bytes = SparseBytes::new(20);

        bytes.insert(0, vec![0, 1, 2, 3]);
        bytes.insert(8, vec![8, 9]);
        bytes.insert(2, vec![2, 3, 4, 5, 6, 7, 8]);
        bytes.insert(10, vec![10, 11]);

        assert_eq!(bytes.segments.len(), 1);
        assert_eq!(bytes.get(0..12), Some(&(0..12).collect::<Vec<u8>>()[..]));
        assert_eq!(bytes.get(11..13), None);
    }

    #[test]
    fn a_segment_inside_another_changes_nothing() {
        let mut bytes = SparseBytes::new(20);
        bytes.insert(0, (0..10).collect());

        bytes.insert(3, vec![3, 4]);
        bytes.insert(18, vec![18, 19, 20, 21]);

        assert_eq!(bytes.get(0..10).map(<[u8]>::len), Some(10));
        assert_eq!(bytes.get(18..20), Some(&[18, 19][..]));
        assert_eq!(bytes.get(18..22), None);
    }

    #[test]
    fn the_first_request_is_a_header_and_none_passes_the_end() {
        let small = SparseBytes::new(1000);
        let mut large = SparseBytes::new(1 << 20);

        assert!(matches!(small.part(0, 8, String::new), Err(Gap::Missing(r)) if r == (0..1000)));
        assert!(matches!(large.part(0, 8, String::new), Err(Gap::Missing(r)) if r == (0..65_536)));
        large.insert(0, vec![0; 65_536]);
        assert!(matches!(
            large.part((1 << 20) - 4, 4, String::new),
            Err(Gap::Missing(r)) if r.end == 1 << 20
        ));
        assert!(matches!(
            large.part((1 << 20) - 4, 5, String::new),
            Err(Gap::Bad(TiffError::Truncated { .. }))
        ));
    }
}
