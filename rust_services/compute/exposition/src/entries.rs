//! Entries of a file: where each begins, what its key is, and where a file stops making sense.
//!
//! A file is a header of 8 bytes (how much is used, then nothing) and entries that are appended and
//! never move: the key's length (32 bits), the key, 1 to 8 spaces up to a multiple of 8, the value
//! and a time (doubles). All in the order of the machine.

use crate::cells::Cells;
use crate::key::KeyError;

/// Where the first entry begins.
pub const HEADER_BYTES: usize = 8;

/// Longest key that is taken, in bytes. The client sets no limit; a key of this size is no metric.
pub const MAX_KEY_BYTES: usize = 64 << 10;

/// Bytes that are looked at in one go; an entry of the largest size fits in.
const WINDOW: usize = 256 << 10;

/// Why a file makes no sense from some place on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{problem}, at offset {offset}")]
pub struct FileError {
    /// Where it happened: everything before is good and was taken.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The header says that more is used than the file has.
    #[error("{used} bytes should be in use, the file has {len}")]
    UsedBeyondEnd {
        /// What the header says.
        used: usize,
        /// What the file has.
        len: usize,
    },
    /// Fewer bytes are used than before: the file was written anew.
    #[error("{used} bytes should be in use, {parsed} were before")]
    UsedShrank {
        /// What the header says.
        used: usize,
        /// What had been read.
        parsed: usize,
    },
    /// The header's count is no multiple of 8, as every entry's size is.
    #[error("{used} bytes in use is no multiple of 8")]
    UsedUnaligned {
        /// What the header says.
        used: usize,
    },
    /// The length of a key is not positive.
    #[error("a key has {length} bytes")]
    KeyLength {
        /// What stands there.
        length: i32,
    },
    /// A key is longer than [`MAX_KEY_BYTES`].
    #[error("a key has {length} bytes, at most {MAX_KEY_BYTES} are taken")]
    KeyTooLong {
        /// What stands there.
        length: i32,
    },
    /// An entry ends behind what is in use.
    #[error("an entry ends at {end}, {used} bytes are in use")]
    Overrun {
        /// Where it would end.
        end: usize,
        /// What the header says.
        used: usize,
    },
    /// What should fill an entry up to a multiple of 8 is not spaces.
    #[error("a key is not filled up with spaces")]
    Padding,
    /// The key is none.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Problem {
    /// As it stands in the label `reason`.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UsedBeyondEnd { .. } => "used_beyond_end",
            Self::UsedShrank { .. } => "used_shrank",
            Self::UsedUnaligned { .. } => "used_unaligned",
            Self::KeyLength { .. } => "key_length",
            Self::KeyTooLong { .. } => "key_too_long",
            Self::Overrun { .. } => "overrun",
            Self::Padding => "padding",
            Self::Key(KeyError::NotUtf8 { .. }) => "not_utf8",
            Self::Key(KeyError::TooManyLabels) => "labels",
            Self::Key(KeyError::Expected { .. }) => "json",
        }
    }
}

/// Visits the entries in `[start, used)`: offset of the value, and the key's bytes.
///
/// Returns where the next entry will begin. An empty, short or all-zero file has no entries, and
/// neither has one whose header is negative, as the client reads it.
///
/// # Errors
/// [`FileError`] with the offset up to which every entry was visited; `visit` ends it the same way.
pub fn read_entries<C: Cells + ?Sized>(
    cells: &C,
    start: usize,
    mut visit: impl FnMut(usize, &[u8]) -> Result<(), Problem>,
) -> Result<usize, FileError> {
    let start = start.max(HEADER_BYTES);
    let failed = |offset, problem| Err(FileError { offset, problem });
    let used = usize::try_from(cells.used()).unwrap_or(0).max(HEADER_BYTES);
    if used < start {
        let parsed = start;
        return failed(start, Problem::UsedShrank { used, parsed });
    }
    if !used.is_multiple_of(8) {
        return failed(start, Problem::UsedUnaligned { used });
    }
    let len = cells.len().max(HEADER_BYTES);
    let end = used.min(len);
    let mut window = Vec::new();
    let mut window_start = start;
    let mut offset = start;
    while offset < end {
        // The largest entry, or whatever is left, is in the window.
        let wanted = (MAX_KEY_BYTES + 32).min(end - offset);
        if offset + wanted > window_start + window.len() {
            window.clear();
            window_start = offset;
            cells.copy(offset..end.min(offset + WINDOW), &mut window);
        }
        match entry(&window[offset - window_start..]) {
            Ok(Entry { key_len, value }) => {
                let key = &window[offset - window_start + 4..][..key_len];
                if let Err(problem) = visit(offset + value, key) {
                    return failed(offset, problem);
                }
                offset += value + 16;
            }
            Err(_) if used > len => break,
            Err(Problem::Overrun { end, .. }) => {
                let end = offset + end;
                return failed(offset, Problem::Overrun { end, used });
            }
            Err(problem) => return failed(offset, problem),
        }
    }
    if used > len {
        return failed(offset, Problem::UsedBeyondEnd { used, len });
    }
    Ok(offset)
}

/// Where the parts of an entry lie, from its start.
struct Entry {
    key_len: usize,
    value: usize,
}

fn entry(bytes: &[u8]) -> Result<Entry, Problem> {
    let used = bytes.len();
    let Some(length) = bytes.first_chunk::<4>() else {
        return Err(Problem::Overrun { end: 4, used });
    };
    let length = i32::from_ne_bytes(*length);
    let key_len = match usize::try_from(length) {
        Ok(key_len) if key_len > 0 => key_len,
        _ => return Err(Problem::KeyLength { length }),
    };
    if key_len > MAX_KEY_BYTES {
        return Err(Problem::KeyTooLong { length });
    }
    let value = padded(key_len);
    if value + 16 > used {
        let end = value + 16;
        return Err(Problem::Overrun { end, used });
    }
    if bytes[4 + key_len..value].iter().any(|&byte| byte != b' ') {
        return Err(Problem::Padding);
    }
    Ok(Entry { key_len, value })
}

/// Bytes from the start of an entry to its value: 1 to 8 spaces follow the key.
const fn padded(key_len: usize) -> usize {
    4 + key_len + 8 - (key_len + 4) % 8
}

/// The bytes of a file with these entries (key, value, time), as the client writes it. For tests,
/// fuzzing and measurements; the client itself fills files up to a power of two with zeros.
///
/// # Panics
/// When the entries come to 2 GiB, which no file can hold.
pub fn file_bytes<'a>(entries: impl IntoIterator<Item = (&'a [u8], f64, f64)>) -> Vec<u8> {
    let mut out = vec![0; HEADER_BYTES];
    for (key, value, timestamp) in entries {
        let length = i32::try_from(key.len()).expect("a key is shorter than 2 GiB");
        out.extend(length.to_ne_bytes());
        out.extend(key);
        out.resize(out.len() + padded(key.len()) - 4 - key.len(), b' ');
        out.extend(value.to_ne_bytes());
        out.extend(timestamp.to_ne_bytes());
    }
    let used = i32::try_from(out.len()).expect("a file is shorter than 2 GiB");
    out[..4].copy_from_slice(&used.to_ne_bytes());
    out
}
