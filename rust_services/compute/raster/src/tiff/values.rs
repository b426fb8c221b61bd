//! Values of tags as numbers and text.

use super::bytes::Gap;
use super::directory::{Directory, Entry, Reader};
use super::error::at_most;
use super::{TiffError, tags};

impl<'a> Reader<'a> {
    /// The bytes of a tag's value and its entry.
    fn value(&self, directory: &Directory, tag: u16) -> Result<Option<(Entry, &'a [u8])>, Gap> {
        let Some(&entry) = directory.entries.get(&tag) else {
            return Ok(None);
        };
        let len = entry.count * entry.unit().unwrap_or(1);
        let what = || format!("the value of {}", tags::name(tag));
        Ok(Some((entry, self.bytes.part(entry.offset, len, what)?)))
    }

    /// Unsigned numbers of a tag, at most so many.
    pub(super) fn unsigned(
        &self,
        directory: &Directory,
        tag: u16,
        most: u64,
    ) -> Result<Option<Vec<u64>>, Gap> {
        let Some((entry, bytes)) = self.value(directory, tag)? else {
            return Ok(None);
        };
        at_most(tags::name(tag), entry.count, most)?;
        let endian = self.endian();
        let each = |unit: usize, read: &dyn Fn(&[u8]) -> u64| {
            Ok(Some(bytes.chunks_exact(unit).map(read).collect()))
        };
        match entry.kind {
            1 => each(1, &|b| u64::from(b[0])),
            3 => each(2, &|b| u64::from(endian.u16(b))),
            4 | 13 => each(4, &|b| u64::from(endian.u32(b))),
            16 | 18 => each(8, &|b| endian.u64(b)),
            kind => Err(wrong_type(tag, kind, "an unsigned integer")),
        }
    }

    /// The bytes of a tag that holds no numbers; none where it is absent.
    pub(super) fn raw(&self, directory: &Directory, tag: u16) -> Result<&'a [u8], Gap> {
        Ok(self.value(directory, tag)?.map_or(&[], |(_, bytes)| bytes))
    }

    /// The first unsigned number of a tag.
    pub(super) fn number(&self, directory: &Directory, tag: u16) -> Result<Option<u64>, Gap> {
        let most = self.limits().max_bands;
        Ok(self
            .unsigned(directory, tag, most)?
            .and_then(|numbers| numbers.first().copied()))
    }

    /// Floating-point numbers of a tag.
    pub(super) fn doubles(&self, directory: &Directory, tag: u16) -> Result<Option<Vec<f64>>, Gap> {
        let Some((entry, bytes)) = self.value(directory, tag)? else {
            return Ok(None);
        };
        let numbers = match entry.kind {
            11 => bytes
                .chunks_exact(4)
                .map(|b| f64::from(self.endian().f32(b)))
                .collect(),
            12 => bytes
                .chunks_exact(8)
                .map(|b| self.endian().f64(b))
                .collect(),
            kind => return Err(wrong_type(tag, kind, "floating point")),
        };
        Ok(Some(numbers))
    }

    /// Text of a tag up to its first NUL; what is not UTF-8 is replaced.
    pub(super) fn text(&self, directory: &Directory, tag: u16) -> Result<Option<String>, Gap> {
        let Some((_, bytes)) = self.value(directory, tag)? else {
            return Ok(None);
        };
        let end = bytes.iter().position(|&byte| byte == 0);
        let text = &bytes[..end.unwrap_or(bytes.len())];
        Ok(Some(String::from_utf8_lossy(text).into_owned()))
    }
}

fn wrong_type(tag: u16, kind: u16, allowed: &str) -> Gap {
    TiffError::corrupt(tags::name(tag), format!("of type {kind}"), allowed).into()
}
