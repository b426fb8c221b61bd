//! Bins of one width, in the order of time.
//!
//! A bin that is over is packed: for each label set that rose its number, how many of its parts rose,
//! and of each the place and the rise. Whole numbers are varints, shifted by one; others are a 1 and
//! their 64 bits.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// Bytes that a bin takes beside its packed ones.
const BIN_BYTES: usize = 64;

/// Largest number of which every smaller one is a double.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// A bin that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bin {
    /// When its first reading's predecessor was, milliseconds: since then it covers what rose.
    pub(super) from_ms: u64,
    /// When its last reading was.
    pub(super) to_ms: u64,
    /// What rose.
    pub(super) packed: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    number: u64,
    from_ms: u64,
    to_ms: u64,
    rises: BTreeMap<u32, Vec<f64>>,
}

/// Bins of one width.
#[derive(Debug)]
pub(super) struct Tier {
    step_s: u64,
    span_s: u64,
    most_bytes: usize,
    bins: VecDeque<Bin>,
    open: Option<Open>,
    bytes: usize,
    /// Up to when bins were dropped for want of room.
    lost_ms: u64,
}

impl Tier {
    pub(super) fn new(step_s: u64, span_s: u64, most_bytes: usize) -> Self {
        Self {
            step_s,
            span_s,
            most_bytes,
            bins: VecDeque::new(),
            open: None,
            bytes: 0,
            lost_ms: 0,
        }
    }

    /// Whether nothing since a moment was dropped for want of room.
    pub(super) fn reaches(&self, since_ms: u64) -> bool {
        self.lost_ms <= since_ms
    }

    pub(super) fn span_s(&self) -> u64 {
        self.span_s
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.bins.clear();
        self.open = None;
        self.bytes = 0;
        self.lost_ms = 0;
    }

    /// Goes on to a reading, the one before which was at `from_ms`.
    pub(super) fn advance(&mut self, from_ms: u64, at_ms: u64) {
        let number = at_ms / (self.step_s * 1000);
        match &mut self.open {
            Some(open) if open.number == number => open.to_ms = at_ms,
            _ => {
                self.close();
                self.open = Some(Open {
                    number,
                    from_ms,
                    to_ms: at_ms,
                    rises: BTreeMap::new(),
                });
            }
        }
        let oldest = at_ms.saturating_sub(self.span_s * 1000 + self.step_s * 1000);
        while self.bins.front().is_some_and(|bin| bin.to_ms < oldest) {
            self.drop_oldest();
        }
    }

    /// Adds to the bin of the last reading.
    pub(super) fn add(&mut self, id: u32, rise: &[f64]) {
        let Some(open) = &mut self.open else { return };
        let sum = open
            .rises
            .entry(id)
            .or_insert_with(|| vec![0.0; rise.len()]);
        for (sum, part) in sum.iter_mut().zip(rise) {
            *sum += part;
        }
    }

    /// Takes note, of bins that were read back, of what had been dropped before.
    pub(super) fn was_saved(&mut self, first_ms: u64, last_ms: u64) {
        let whole_ms = first_ms.max(last_ms.saturating_sub(self.span_s * 1000));
        if let Some(oldest) = self.bins.front().filter(|oldest| oldest.from_ms > whole_ms) {
            self.lost_ms = self.lost_ms.max(oldest.from_ms);
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.push(packed(&open));
        }
    }

    /// Adds a bin that is over, in the order of time.
    pub(super) fn push(&mut self, bin: Bin) {
        self.bytes += bin.packed.len() + BIN_BYTES;
        self.bins.push_back(bin);
        while self.bytes > self.most_bytes {
            self.lost_ms = self.bins.front().map_or(self.lost_ms, |bin| bin.to_ms);
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(bin) = self.bins.pop_front() {
            self.bytes -= bin.packed.len() + BIN_BYTES;
        }
    }

    /// All bins, the open one too as if it were over.
    pub(super) fn all(&self) -> impl Iterator<Item = Bin> {
        let open = self.open.as_ref().map(packed);
        self.bins.iter().cloned().chain(open)
    }

    /// Adds up what rose within the seconds before a moment, and says since when.
    pub(super) fn sum(
        &self,
        last_ms: u64,
        window_s: u64,
        sums: &mut HashMap<u32, Vec<f64>>,
    ) -> Option<u64> {
        let slack = self.step_s * 500;
        let since = last_ms.saturating_sub(window_s * 1000 + slack);
        let mut from_ms = None;
        for bin in self.bins.iter().filter(|bin| bin.from_ms >= since) {
            from_ms = from_ms.or(Some(bin.from_ms));
            unpack(&bin.packed, sums);
        }
        if let Some(open) = &self.open {
            // The last bin counts even if it is a little longer than the window: there is nothing
            // finer. One over hours in which nothing was read does not.
            let longest = (window_s + self.step_s) * 1000;
            let is_short = open.to_ms - open.from_ms <= longest;
            if open.from_ms >= since || (from_ms.is_none() && is_short) {
                from_ms = from_ms.or(Some(open.from_ms));
                for (id, rise) in &open.rises {
                    add_parts(
                        sums.entry(*id).or_default(),
                        rise.iter().copied().enumerate(),
                    );
                }
            }
        }
        from_ms
    }
}

fn add_parts(sum: &mut Vec<f64>, parts: impl Iterator<Item = (usize, f64)>) {
    for (place, part) in parts {
        if sum.len() <= place {
            sum.resize(place + 1, 0.0);
        }
        sum[place] += part;
    }
}

fn packed(open: &Open) -> Bin {
    let mut bytes = Vec::new();
    for (id, rise) in &open.rises {
        let parts = rise.iter().enumerate().filter(|(_, part)| part.abs() > 0.0);
        put(&mut bytes, u64::from(*id));
        put(&mut bytes, parts.clone().count() as u64);
        for (place, part) in parts {
            put(&mut bytes, place as u64);
            if *part >= 0.0 && *part < MOST_WHOLE && part.fract().abs() <= 0.0 {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "whole, not negative and below 2^53"
                )]
                put(&mut bytes, (*part as u64) << 1);
            } else {
                bytes.push(1);
                bytes.extend_from_slice(&part.to_le_bytes());
            }
        }
    }
    bytes.shrink_to_fit();
    Bin {
        from_ms: open.from_ms,
        to_ms: open.to_ms,
        packed: bytes,
    }
}

/// Adds what a bin holds; stops where it makes no sense, which a checksum rules out before.
fn unpack(mut bytes: &[u8], sums: &mut HashMap<u32, Vec<f64>>) {
    while !bytes.is_empty() && unpack_one(&mut bytes, sums).is_some() {}
}

fn unpack_one(bytes: &mut &[u8], sums: &mut HashMap<u32, Vec<f64>>) -> Option<()> {
    let id = u32::try_from(get(bytes)?).ok()?;
    let parts = get(bytes)?;
    let sum = sums.entry(id).or_default();
    for _ in 0..parts {
        let place = usize::try_from(get(bytes)?)
            .ok()
            .filter(|place| *place < super::MOST_NUMBERS)?;
        let number = get(bytes)?;
        let part = if number & 1 == 0 {
            (number >> 1) as f64
        } else {
            let (bits, rest) = bytes.split_first_chunk::<8>()?;
            *bytes = rest;
            f64::from_le_bytes(*bits)
        };
        add_parts(sum, std::iter::once((place, part)));
    }
    Some(())
}

/// Appends a number, seven bits a byte, the lowest first.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

fn get(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f).checked_shl(7 * place)?;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
