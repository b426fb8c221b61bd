//! A ring as bytes. The state folder's checksum says whether they are whole.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bins::Bin;
use super::{Entry, Key, MOST_LABEL_SETS, Ring};

/// What stands before the bins. Doubles are their bits: digits would read back as another number.
#[derive(Serialize, Deserialize)]
struct Head {
    first_ms: Option<u64>,
    last_ms: u64,
    refused: u64,
    #[serde(default)]
    was_full: bool,
    next_id: u32,
    sources: BTreeSet<String>,
    entries: Vec<(u32, Key, Vec<u64>, u64)>,
    bins: [usize; 4],
}

impl Ring {
    /// All of it as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let entries = self.entries.iter().map(|(id, entry)| {
            let last = entry.last.iter().map(|value| value.to_bits()).collect();
            (*id, Key::clone(&entry.key), last, entry.seen_ms)
        });
        let head = Head {
            first_ms: self.first_ms,
            last_ms: self.last_ms,
            refused: self.refused,
            was_full: self.was_full,
            next_id: self.next_id,
            sources: self.sources.clone(),
            entries: entries.collect(),
            bins: [0, 1, 2, 3].map(|tier| self.tiers[tier].all().count()),
        };
        let head = serde_json::to_vec(&head).expect("numbers and texts");
        let mut bytes = Vec::with_capacity(self.bytes() + head.len() + 4096);
        bytes.extend_from_slice(&(head.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&head);
        for bin in self.tiers.iter().flat_map(super::Tier::all) {
            for number in [bin.from_ms, bin.to_ms, bin.packed.len() as u64] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            bytes.extend_from_slice(&bin.packed);
        }
        bytes
    }

    /// A ring of bytes; None where they make no sense.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let length = usize::try_from(number(&mut rest)?).ok()?;
        let head: Head = serde_json::from_slice(rest.get(..length)?).ok()?;
        rest = &rest[length..];
        if head.entries.len() > MOST_LABEL_SETS {
            return None;
        }
        let mut ring = Self {
            first_ms: head.first_ms,
            last_ms: head.last_ms,
            refused: head.refused,
            was_full: head.was_full,
            next_id: head.next_id,
            sources: head.sources,
            entries: HashMap::new(),
            ids: HashMap::new(),
            ..Self::default()
        };
        for (id, key, last, seen_ms) in head.entries {
            let key = Arc::new(key);
            let last = last.into_iter().map(f64::from_bits).collect();
            ring.ids.insert(Arc::clone(&key), id);
            ring.entries.insert(id, Entry { key, last, seen_ms });
        }
        for (tier, bins) in ring.tiers.iter_mut().zip(head.bins) {
            for _ in 0..bins {
                let (from_ms, to_ms) = (number(&mut rest)?, number(&mut rest)?);
                let length = usize::try_from(number(&mut rest)?).ok()?;
                let packed = rest.get(..length)?.to_vec();
                rest = &rest[length..];
                tier.push(Bin {
                    from_ms,
                    to_ms,
                    packed,
                });
            }
            tier.was_saved(head.first_ms.unwrap_or(0), head.last_ms);
        }
        rest.is_empty().then_some(ring)
    }
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}
