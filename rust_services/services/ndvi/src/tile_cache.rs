//! What was used last, up to so many bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Values by key, the oldest in front; each counts with the bytes that it is said to take.
#[derive(Debug)]
pub struct Recent<K, V> {
    most_bytes: usize,
    kept: Mutex<Kept<K, V>>,
}

#[derive(Debug)]
struct Kept<K, V> {
    entries: VecDeque<(K, V, usize)>,
    bytes: usize,
}

impl<K: PartialEq, V: Clone> Kept<K, V> {
    fn take(&mut self, key: &K) -> Option<V> {
        let place = self.entries.iter().position(|(known, ..)| known == key)?;
        let entry = self.entries.remove(place)?;
        let value = entry.1.clone();
        self.entries.push_back(entry);
        Some(value)
    }
}

/// What an entry counts beside its value: more than it takes, so that a few thousand fit at most and
/// are looked through in less time than a row of pixels is drawn in.
const ENTRY_BYTES: usize = 8 << 10;

impl<K: PartialEq, V: Clone> Recent<K, V> {
    /// Room for so many bytes.
    pub fn new(most_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            most_bytes,
            kept: Mutex::new(Kept {
                entries: VecDeque::new(),
                bytes: 0,
            }),
        })
    }

    /// The value of a key, which is then the last that was used.
    pub fn get(&self, key: &K) -> Option<V> {
        self.lock().take(key)
    }

    /// Keeps a value, and lets go of the oldest that find no room any more.
    pub fn keep(&self, key: K, value: V, bytes: usize) {
        let bytes = bytes.saturating_add(ENTRY_BYTES);
        let mut kept = self.lock();
        // Two may have made it at the same time.
        if kept.take(&key).is_some() {
            return;
        }
        kept.bytes = kept.bytes.saturating_add(bytes);
        kept.entries.push_back((key, value, bytes));
        while kept.bytes > self.most_bytes {
            let Some((.., bytes)) = kept.entries.pop_front() else {
                break;
            };
            kept.bytes -= bytes;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept<K, V>> {
        // A panic while the lock is held leaves whole entries behind.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_use_makes_young() {
        let recent = Recent::new(3 * (ENTRY_BYTES + 100));
        for key in ["a", "b", "c"] {
            recent.keep(key, key, 100);
        }
        assert_eq!(recent.get(&"a"), Some("a"));

        recent.keep("d", "d", 100);

        assert_eq!(recent.get(&"b"), None);
        assert!(["a", "c", "d"].iter().all(|key| recent.get(key).is_some()));
    }

    #[test]
    fn what_is_larger_than_all_room_is_not_kept() {
        let recent = Recent::new(2 * ENTRY_BYTES);
        recent.keep(1, (), 2 * ENTRY_BYTES);
        assert_eq!(recent.get(&1), None);
        recent.keep(2, (), 100);
        assert_eq!(recent.get(&2), Some(()));
    }

    #[test]
    fn of_values_that_take_nothing_only_so_many_are_kept() {
        let recent = Recent::new(32 << 20);
        for key in 0..10_000 {
            recent.keep(key, (), 0);
        }
        let kept = (0..10_000).filter(|key| recent.get(key).is_some());
        assert_eq!(kept.count(), 4096);
    }
}
