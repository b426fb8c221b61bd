//! Keys of metrics: read as another JSON reader reads them, or refused.

use std::fmt;

use furrow_exposition::key::{Key, KeyError, MAX_LABELS};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

/// Family, sample, labels, help.
type Parts = (String, String, Pairs, String);

/// An object with what stands in it, names that stand there twice too.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

/// Reads a key, and the same bytes as any JSON.
///
/// # Panics
/// Where a promise of `furrow_exposition::Key::parse` is broken.
pub fn metric_keys(bytes: &[u8]) {
    let other = serde_json::from_slice::<Parts>(bytes);
    match Key::parse(bytes) {
        Ok((key, lone_surrogates)) => {
            assert!(key.labels.len() <= MAX_LABELS);
            if lone_surrogates > 0 {
                return assert!(other.is_err(), "half a pair is no JSON for others");
            }
            let other = other.expect("a key is JSON");
            let found = key.labels.iter();
            let found: Vec<(String, Value)> = found
                .map(|(name, value)| (name.to_string(), value.to_string().into()))
                .collect();
            assert_eq!(other.0, key.family);
            assert_eq!(other.1, key.sample);
            assert_eq!(other.2.0, found);
            assert_eq!(other.3, key.help);
            let labels: Map<String, Value> = found.into_iter().collect();
            let again = serde_json::to_vec(&(&key.family, &key.sample, &labels, &key.help));
            let again = again.expect("text");
            let (again, _) = Key::parse(&again).expect("what another library writes");
            assert_eq!((&again.family, &again.help), (&key.family, &key.help));
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            if let KeyError::Expected { position, .. } | KeyError::NotUtf8 { position } = error {
                assert!(position <= bytes.len());
            }
            if let Ok((_, _, labels, _)) = other {
                let is_plain = labels.0.iter().all(|(_, value)| value.is_string());
                let is_many = error == KeyError::TooManyLabels;
                assert!(is_many || !is_plain, "{error}");
            }
        }
    }
}
