//! Keys that were parsed before: all processes write the same bytes for a series.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::CellId;
use crate::file_name::FileKind;

/// Most bytes of keys that are remembered.
const MAX_BYTES: usize = 256 << 20;

/// Cells by the bytes of their keys.
#[derive(Debug, Default)]
pub(super) struct KeyCache {
    hasher: foldhash::fast::RandomState,
    known: HashTable<Known>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    start: u32,
    len: u32,
    kind: FileKind,
    cell: CellId,
    epoch: u32,
}

impl KeyCache {
    /// Where in the table a key belongs; to be given to the other methods.
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The cell of a key in files of this kind, and the epoch it was of.
    pub fn get(&self, hash: u64, kind: FileKind, key: &[u8]) -> Option<(CellId, u32)> {
        let is_same = |known: &Known| known.kind == kind && self.key(known) == key;
        let known = self.known.find(hash, is_same)?;
        Some((known.cell, known.epoch))
    }

    /// Remembers a key, in the place of what was known of it.
    pub fn put(&mut self, hash: u64, kind: FileKind, key: &[u8], cell: CellId, epoch: u32) {
        let bytes = &self.bytes;
        let is_same = |known: &Known| known.kind == kind && &bytes[range(known)] == key;
        if let Some(known) = self.known.find_mut(hash, is_same) {
            (known.cell, known.epoch) = (cell, epoch);
            return;
        }
        if self.bytes.len() + key.len() > MAX_BYTES {
            self.clear();
        }
        let (Ok(start), Ok(len)) = (u32::try_from(self.bytes.len()), u32::try_from(key.len()))
        else {
            return;
        };
        self.bytes.extend_from_slice(key);
        let known = Known {
            start,
            len,
            kind,
            cell,
            epoch,
        };
        let Self { hasher, bytes, .. } = self;
        let rehash = |known: &Known| hasher.hash_one(&bytes[range(known)]);
        self.known.insert_unique(hash, known, rehash);
    }

    /// Keys that are remembered.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.known = HashTable::new();
        self.bytes = Vec::new();
    }

    fn key(&self, known: &Known) -> &[u8] {
        &self.bytes[range(known)]
    }
}

fn range(known: &Known) -> std::ops::Range<usize> {
    let start = known.start as usize;
    start..start + known.len as usize
}
