//! The header and the chain of directories: which tags a file has, and where their values lie.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::bytes::{Endian, Gap, SparseBytes};
use super::error::at_most;
use super::{Limits, TiffError, tags};

/// Largest stretch fetched at once to save requests for the values of one directory.
const TOGETHER: u64 = 1 << 20;

/// One directory: entries of the tags that are read, by tag.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) entries: BTreeMap<u16, Entry>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) kind: u16,
    pub(super) count: u64,
    /// Where the value lies, be it in the entry itself.
    pub(super) offset: u64,
}

impl Entry {
    /// Bytes of one number of the entry's type; None for a type that does not exist.
    pub(super) fn unit(self) -> Option<u64> {
        Some(match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => return None,
        })
    }
}

/// How a TIFF begins: byte order, then 42, or 43 for BigTIFF.
const BEGINNINGS: [[u8; 4]; 4] = [*b"II*\0", *b"MM\0*", *b"II+\0", *b"MM\0+"];

/// Reads numbers of one file within its limits.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a SparseBytes,
    limits: &'a Limits,
    endian: Endian,
    is_big: bool,
    first: u64,
    /// What is left of the budget for tags.
    budget: Cell<u64>,
    /// What is left of the budget for tiles and strips.
    chunks: Cell<u64>,
}

impl<'a> Reader<'a> {
    /// Reads the header.
    pub(super) fn open(bytes: &'a SparseBytes, limits: &'a Limits) -> Result<Self, Gap> {
        // Asked first, so that a short text is called no TIFF rather than a truncated one.
        let begin = match bytes.file_size().min(4) {
            0 => &[][..],
            len => bytes.part(0, len, || "the header".to_owned())?,
        };
        if !BEGINNINGS.iter().any(|known| known.starts_with(begin)) {
            return Err(TiffError::NotTiff {
                found: begin.escape_ascii().to_string(),
            }
            .into());
        }
        let start = bytes.part(0, 8, || "the header".to_owned())?;
        let endian = if start.starts_with(b"II") {
            Endian::Little
        } else {
            Endian::Big
        };
        // One of the four beginnings: not 42 is 43, BigTIFF.
        let is_big = endian.u16(&start[2..]) != 42;
        let first = if is_big {
            let start = bytes.part(0, 16, || "the header".to_owned())?;
            if (endian.u16(&start[4..]), endian.u16(&start[6..])) != (8, 0) {
                return Err(TiffError::corrupt(
                    "the offset size of the BigTIFF",
                    endian.u16(&start[4..]),
                    8,
                )
                .into());
            }
            endian.u64(&start[8..])
        } else {
            u64::from(endian.u32(&start[4..]))
        };
        Ok(Self {
            bytes,
            limits,
            endian,
            is_big,
            first,
            budget: Cell::new(limits.max_header_bytes),
            chunks: Cell::new(limits.max_chunks),
        })
    }

    /// Size of the file, bytes.
    pub(super) fn file_size(&self) -> u64 {
        self.bytes.file_size()
    }

    /// The limits the file is held to.
    pub(super) fn limits(&self) -> &Limits {
        self.limits
    }

    /// Byte order of the file.
    pub(super) fn endian(&self) -> Endian {
        self.endian
    }

    /// All directories, in the order of the chain.
    pub(super) fn directories(&self) -> Result<Vec<Directory>, Gap> {
        let mut directories = Vec::new();
        let mut seen = Vec::new();
        let mut offset = self.first;
        while offset != 0 {
            if seen.contains(&offset) {
                return Err(TiffError::corrupt(
                    "the chain of directories",
                    format!("a loop through byte {offset}"),
                    "a chain that ends",
                )
                .into());
            }
            at_most(
                "the number of directories",
                seen.len() as u64 + 1,
                self.limits.max_ifds as u64,
            )?;
            seen.push(offset);
            let (directory, next) = self.directory(offset)?;
            self.values_at_hand(&directory)?;
            directories.push(directory);
            offset = next;
        }
        if directories.is_empty() {
            return Err(TiffError::corrupt("the number of directories", 0, "1 or more").into());
        }
        Ok(directories)
    }

    /// The directory at an offset and the offset of the next one, 0 at the end.
    fn directory(&self, offset: u64) -> Result<(Directory, u64), Gap> {
        let what = || format!("the directory at byte {offset}");
        let (head, size, word) = if self.is_big { (8, 20, 8) } else { (2, 12, 4) };
        let counted = self.bytes.part(offset, head, what)?;
        let count = if self.is_big {
            self.endian.u64(counted)
        } else {
            u64::from(self.endian.u16(counted))
        };
        at_most(
            "the number of entries of a directory",
            count,
            self.limits.max_entries,
        )?;
        let table_len = count * size + word;
        self.spend(table_len)?;
        let table_at = offset + head;
        let table = self.bytes.part(table_at, table_len, what)?;
        let (rows, next) = table.split_at(table.len() - if self.is_big { 8 } else { 4 });
        let row_len = if self.is_big { 20 } else { 12 };
        let mut entries = BTreeMap::new();
        for (row_at, row) in (table_at..)
            .step_by(row_len)
            .zip(rows.chunks_exact(row_len))
        {
            let tag = self.endian.u16(row);
            if tags::KNOWN.contains(&tag) {
                let entry = self.entry(tag, row, row_at)?;
                entries.entry(tag).or_insert(entry);
            }
        }
        Ok((Directory { entries }, self.word(next)))
    }

    fn entry(&self, tag: u16, row: &[u8], row_at: u64) -> Result<Entry, TiffError> {
        let kind = self.endian.u16(&row[2..]);
        let (count, value, room) = if self.is_big {
            (self.endian.u64(&row[4..]), 12, 8)
        } else {
            (u64::from(self.endian.u32(&row[4..])), 8, 4)
        };
        let mut entry = Entry {
            kind,
            count,
            offset: row_at + value as u64,
        };
        let unit = entry.unit().ok_or_else(|| {
            TiffError::corrupt(tags::name(tag), format!("of type {kind}"), "1 to 18")
        })?;
        let len = count.saturating_mul(unit);
        at_most(
            "the length of a tag in bytes",
            len,
            self.limits.max_tag_bytes,
        )?;
        if len > room {
            entry.offset = self.word(&row[value..]);
        }
        Ok(entry)
    }

    /// An offset in the file's width.
    fn word(&self, bytes: &[u8]) -> u64 {
        if self.is_big {
            self.endian.u64(bytes)
        } else {
            u64::from(self.endian.u32(bytes))
        }
    }

    fn spend(&self, len: u64) -> Result<(), TiffError> {
        let left = self.budget.get();
        if len > left {
            return Err(TiffError::TooLarge {
                what: "the length of all tags in bytes",
                found: self.limits.max_header_bytes - left + len,
                allowed: self.limits.max_header_bytes,
            });
        }
        self.budget.set(left - len);
        Ok(())
    }

    /// Takes the tiles and strips of an image from what the file may have.
    pub(super) fn spend_chunks(&self, count: u64) -> Result<(), TiffError> {
        let (left, allowed) = (self.chunks.get(), self.limits.max_chunks);
        let what = "the number of tiles or strips of all images";
        at_most(what, (allowed - left).saturating_add(count), allowed)?;
        self.chunks.set(left - count);
        Ok(())
    }

    /// Asks for all values of a directory that are not at hand, in one request where they lie close.
    fn values_at_hand(&self, directory: &Directory) -> Result<(), Gap> {
        let mut hull: Option<(u64, u64)> = None;
        let mut first = None;
        for (&tag, entry) in &directory.entries {
            let len = entry.count * entry.unit().unwrap_or(1);
            self.spend(len)?;
            let what = || format!("the value of {}", tags::name(tag));
            match self.bytes.part(entry.offset, len, what) {
                Ok(_) => {}
                Err(Gap::Bad(error)) => return Err(error.into()),
                Err(Gap::Missing(range)) => {
                    let end = entry.offset + len;
                    hull = Some(hull.map_or((entry.offset, end), |(from, to)| {
                        (from.min(entry.offset), to.max(end))
                    }));
                    first.get_or_insert(range);
                }
            }
        }
        match (hull, first) {
            (Some((from, to)), _) if to - from <= TOGETHER => {
                Err(Gap::Missing(self.bytes.request(from..to)))
            }
            (_, Some(range)) => Err(Gap::Missing(range)),
            _ => Ok(()),
        }
    }
}
