//! `PackBits`: run lengths of bytes; TIFF 6.0, section 9.

use super::Outcome;

/// Decompresses into a buffer of the expected size.
pub(super) fn decode(data: &[u8], out: &mut [u8]) -> Outcome {
    let (mut at, mut done) = (0, 0);
    while done < out.len() {
        let Some(&head) = data.get(at) else {
            return Outcome::Short(done);
        };
        at += 1;
        let room = out.len() - done;
        match head {
            // The bytes that follow, as they are.
            0..=127 => {
                let len = (usize::from(head) + 1).min(room);
                let Some(literal) = data.get(at..at + len) else {
                    return Outcome::Short(done);
                };
                out[done..done + len].copy_from_slice(literal);
                at += usize::from(head) + 1;
                done += len;
            }
            // No operation, by the specification.
            128 => {}
            // One byte, repeated.
            129..=255 => {
                let len = (257 - usize::from(head)).min(room);
                let Some(&byte) = data.get(at) else {
                    return Outcome::Short(done);
                };
                out[done..done + len].fill(byte);
                at += 1;
                done += len;
            }
        }
    }
    Outcome::Full
}
