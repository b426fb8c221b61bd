//! What stands in the journal and in the snapshot: records, each with its length and a checksum.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the body, little-endian |
//! | 8 | FNV-1a of the body, 64 bits, little-endian |
//! | 1 | what the body is, see [`Record`] |
//! | rest | numbers, little-endian; then a message of the contract where there is one |

use furrow_rpc::metrics::v1 as proto;
use prost::Message as _;

/// Longest body: the longest report with room to spare.
const MAX_BODY_BYTES: usize = 2 << 20;

/// Bytes before a body.
const HEAD_BYTES: usize = 12;

/// A record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    /// Begins a snapshot: the number of the journal that goes on from it.
    Snapshot {
        /// The number.
        epoch: u64,
    },
    /// What was taken of a report, and when.
    Taken {
        /// Unix time, milliseconds.
        at_ms: u64,
        /// The report, without what was refused.
        report: proto::ReportRequest,
    },
    /// In a snapshot: a producer that is remembered.
    Producer(ProducerRecord),
    /// In a snapshot: what all reports of a program come to; of gauges those of one producer.
    Held {
        /// As a report; its sequence and time to live mean nothing.
        report: proto::ReportRequest,
    },
    /// Ends a snapshot: without it, it was cut.
    End,
}

/// A producer that is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProducerRecord {
    /// Its UUID.
    pub(super) id: u128,
    /// The last sequence that was taken.
    pub(super) sequence: u64,
    /// When that was, Unix time, milliseconds.
    pub(super) seen_ms: u64,
    /// When its gauges vanish.
    pub(super) expires_ms: u64,
}

impl Record {
    /// Appends the record to bytes that will be written.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; HEAD_BYTES]);
        match self {
            Self::Snapshot { epoch } => {
                out.push(b'S');
                out.extend_from_slice(&epoch.to_le_bytes());
            }
            Self::Taken { at_ms, report } => {
                out.push(b'T');
                out.extend_from_slice(&at_ms.to_le_bytes());
                report.encode(out).expect("a vector grows");
            }
            Self::Producer(producer) => {
                out.push(b'P');
                out.extend_from_slice(&producer.id.to_le_bytes());
                for number in [producer.sequence, producer.seen_ms, producer.expires_ms] {
                    out.extend_from_slice(&number.to_le_bytes());
                }
            }
            Self::Held { report } => {
                out.push(b'H');
                report.encode(out).expect("a vector grows");
            }
            Self::End => out.push(b'E'),
        }
        let body = start + HEAD_BYTES;
        let length = u32::try_from(out.len() - body).expect("a report is short");
        let checksum = fnv1a(&out[body..]);
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        out[start + 4..body].copy_from_slice(&checksum.to_le_bytes());
    }

    /// Reads the record that bytes begin with, and says how many it takes; None where none is whole.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (checksum, rest) = rest.split_first_chunk::<8>()?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_BODY_BYTES {
            return None;
        }
        let body = rest.get(..length)?;
        if fnv1a(body) != u64::from_le_bytes(*checksum) {
            return None;
        }
        Some((Self::of_body(body)?, HEAD_BYTES + length))
    }

    fn of_body(body: &[u8]) -> Option<Self> {
        let (kind, mut rest) = body.split_first()?;
        match kind {
            b'S' => Some(Self::Snapshot {
                epoch: number(&mut rest)?,
            }),
            b'T' => Some(Self::Taken {
                at_ms: number(&mut rest)?,
                report: proto::ReportRequest::decode(rest).ok()?,
            }),
            b'P' => {
                let (id, mut rest) = rest.split_first_chunk::<16>()?;
                Some(Self::Producer(ProducerRecord {
                    id: u128::from_le_bytes(*id),
                    sequence: number(&mut rest)?,
                    seen_ms: number(&mut rest)?,
                    expires_ms: number(&mut rest)?,
                }))
            }
            b'H' => Some(Self::Held {
                report: proto::ReportRequest::decode(rest).ok()?,
            }),
            b'E' => Some(Self::End),
            _ => None,
        }
    }
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

/// FNV-1a, 64 bits: tells a torn record from a whole one; it is no defence against whoever writes one.
///
/// # Source
/// <https://www.rfc-editor.org/rfc/rfc9923.html>
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Record> {
        let report = proto::ReportRequest {
            program: "ingest".to_owned(),
            ..proto::ReportRequest::default()
        };
        vec![
            Record::Snapshot { epoch: 7 },
            Record::Producer(ProducerRecord {
                id: u128::MAX - 5,
                sequence: 3,
                seen_ms: 4,
                expires_ms: 5,
            }),
            Record::Held {
                report: report.clone(),
            },
            Record::Taken { at_ms: 9, report },
            Record::End,
        ]
    }

    #[test]
    fn the_checksum_is_that_of_the_source() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn records_read_back_as_they_were_written() {
        let mut bytes = Vec::new();
        for record in records() {
            record.write(&mut bytes);
        }
        let mut rest = bytes.as_slice();
        for record in records() {
            let (found, length) = Record::read(rest).expect("whole");
            assert_eq!(found, record);
            rest = &rest[length..];
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn a_record_that_was_cut_or_changed_is_none() {
        for record in records() {
            let mut bytes = Vec::new();
            record.write(&mut bytes);
            for end in 0..bytes.len() {
                assert_eq!(Record::read(&bytes[..end]), None, "cut at {end}");
            }
            for place in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[place] ^= 0x10;
                assert_eq!(Record::read(&changed), None, "changed at {place}");
            }
        }
    }
}
