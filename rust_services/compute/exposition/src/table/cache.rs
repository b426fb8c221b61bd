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
    /// In the order in which they came.
    known: Vec<Known>,
    /// Places in `known`.
    by_hash: HashTable<u32>,
    bytes: Vec<u8>,
    /// The place behind the one found last: files of one program have their keys in one order.
    next: usize,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    hash: u64,
    start: u32,
    len: u32,
    kind: FileKind,
    cell: CellId,
    epoch: u32,
}

impl KeyCache {
    /// The cell of a key in files of this kind, and the epoch it was of.
    pub fn get(&mut self, kind: FileKind, key: &[u8]) -> Option<(CellId, u32)> {
        let Self { known, bytes, .. } = &*self;
        let is_same = |known: &Known| known.kind == kind && &bytes[range(known)] == key;
        let place = if known.get(self.next).is_some_and(is_same) {
            self.next
        } else {
            let is_same = |&place: &u32| is_same(&known[place as usize]);
            *self.by_hash.find(self.hasher.hash_one(key), is_same)? as usize
        };
        let Known { cell, epoch, .. } = known[place];
        self.next = place + 1;
        Some((cell, epoch))
    }

    /// Remembers a key, in the place of what was known of it.
    pub fn put(&mut self, kind: FileKind, key: &[u8], cell: CellId, epoch: u32) {
        if self.bytes.len() + key.len() > MAX_BYTES {
            self.clear();
        }
        let hash = self.hasher.hash_one(key);
        let Self { known, bytes, .. } = self;
        let is_same = |&place: &u32| {
            let known = &known[place as usize];
            known.kind == kind && &bytes[range(known)] == key
        };
        if let Some(&place) = self.by_hash.find(hash, is_same) {
            let known = &mut known[place as usize];
            (known.cell, known.epoch) = (cell, epoch);
            return;
        }
        // Both fit, because the bytes are bounded and no key is empty.
        let place = |len| u32::try_from(len).unwrap_or(u32::MAX);
        let (start, len, at) = (place(bytes.len()), place(key.len()), place(known.len()));
        bytes.extend_from_slice(key);
        known.push(Known {
            hash,
            start,
            len,
            kind,
            cell,
            epoch,
        });
        let rehash = |&place: &u32| known[place as usize].hash;
        self.by_hash.insert_unique(hash, at, rehash);
    }

    /// Keys that are remembered.
    pub const fn len(&self) -> usize {
        self.known.len()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.known = Vec::new();
        self.by_hash = HashTable::new();
        self.bytes = Vec::new();
        self.next = 0;
    }
}

fn range(known: &Known) -> std::ops::Range<usize> {
    let start = known.start as usize;
    start..start + known.len as usize
}
