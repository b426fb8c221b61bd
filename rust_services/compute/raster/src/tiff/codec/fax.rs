//! Fax: runs of white (0) and black (1) pixels; ITU-T T.4 and T.6 as TIFF 6.0, section 11 has them.

use std::convert::Infallible;

use fax::decoder::{DecodeStatus, Group3Decoder, Group4Decoder};

use super::{Outcome, Shape};

/// Ends of line behind the data: the last one is often left out, and a decoder looks ahead.
const BEHIND: [u8; 4] = [0, 1, 0, 1];

fn bits(data: &[u8]) -> impl Iterator<Item = Result<u8, Infallible>> {
    data.iter().copied().chain(BEHIND).map(Ok)
}

/// Group 3, each row on its own.
pub(super) fn decode_group_3(shape: Shape<'_>, data: &[u8], out: &mut [u8]) -> Outcome {
    let Ok(mut decoder) = Group3Decoder::new(bits(data)) else {
        return damaged("no end of line at its start");
    };
    rows(shape, out, |line| {
        if decoder.advance().is_err() {
            return false;
        }
        let changes = decoder.transitions();
        line.extend_from_slice(changes);
        // Each row says how long it is.
        changes
            .last()
            .is_some_and(|&end| u32::from(end) == shape.width)
    })
}

/// Group 4, each row by its difference from the one above.
pub(super) fn decode_group_4(shape: Shape<'_>, data: &[u8], out: &mut [u8]) -> Outcome {
    let Ok(width) = u16::try_from(shape.width) else {
        return damaged("rows of more than 65535 pixels");
    };
    let Ok(mut decoder) = Group4Decoder::new(bits(data), width);
    rows(shape, out, |line| {
        let is_row = matches!(decoder.advance(), Ok(DecodeStatus::Incomplete));
        let changes = decoder.transition();
        line.extend_from_slice(changes);
        // The decoder goes over the row above again for each step back, so that rows which go back
        // and forth would take the square of their length.
        is_row && changes.is_sorted_by(|a, b| a < b)
    })
}

fn damaged(why: &str) -> Outcome {
    Outcome::Damaged(format!("damaged fax data ({why})"))
}

/// Paints rows; `next` puts the columns where the colour changes, from white on, into an empty list,
/// and is false where there is no sound row.
fn rows(shape: Shape<'_>, out: &mut [u8], mut next: impl FnMut(&mut Vec<u16>) -> bool) -> Outcome {
    let width = shape.width as usize;
    let mut changes = Vec::new();
    for (number, row) in out.chunks_exact_mut(width.div_ceil(8)).enumerate() {
        changes.clear();
        if !next(&mut changes) {
            return damaged(&format!("row {number}"));
        }
        row.fill(0);
        let column = |change: Option<&u16>| change.map_or(width, |&at| usize::from(at).min(width));
        for black in changes.chunks(2) {
            paint(row, column(black.first()), column(black.get(1)));
        }
    }
    Outcome::Full
}

/// Sets the bits from one column up to another, high bits first.
fn paint(row: &mut [u8], from: usize, to: usize) {
    for at in from..to {
        row[at / 8] |= 0x80 >> (at % 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(width: u32) -> Shape<'static> {
        Shape {
            width,
            bands: 1,
            is_ycbcr: false,
            jpeg_tables: &[],
        }
    }

    /// Rows of 20 pixels: three black ones, none, all.
    const ROWS: [u8; 9] = [
        0b0000_0111,
        0,
        0, // columns 5 to 7
        0,
        0,
        0, //
        0xFF,
        0xFF,
        0xF0,
    ];

    #[test]
    fn group_4_gives_back_what_was_encoded() {
        let mut encoder = fax::encoder::Encoder::new(fax::VecWriter::new());
        for row in ROWS.chunks_exact(3) {
            let pixels = fax::slice_bits(row).take(20).map(|is_black| {
                if is_black {
                    fax::Color::Black
                } else {
                    fax::Color::White
                }
            });
            encoder.encode_line(pixels, 20).expect("in memory");
        }
        let data = encoder.finish().expect("in memory").finish();
        let mut out = [0x55; 9];

        assert_eq!(decode_group_4(shape(20), &data, &mut out), Outcome::Full);

        assert_eq!(out, ROWS);
    }

    #[test]
    fn group_3_rows_are_runs_from_white_on() {
        // End of line, then 5 white (1100), 3 black (10), 12 white (001000), and another end.
        let text = "000000000001 1100 10 001000 000000000001";
        let mut data = vec![0; 6];
        for (at, bit) in text.chars().filter(|c| *c != ' ').enumerate() {
            if bit == '1' {
                paint(&mut data, at, at + 1);
            }
        }
        let mut out = [0x55; 3];

        assert_eq!(decode_group_3(shape(20), &data, &mut out), Outcome::Full);
        assert_eq!(out, ROWS[..3]);
        let other = decode_group_3(shape(21), &data, &mut out);
        assert!(matches!(other, Outcome::Damaged(_)), "{other:?}");
    }

    #[test]
    fn group_4_rows_that_go_back_are_damage() {
        // To column 19, one before the end of 20, and once more; then to the end.
        let mut data = vec![0; 2];
        for (at, bit) in "0100101".chars().enumerate() {
            if bit == '1' {
                paint(&mut data, at, at + 1);
            }
        }

        let found = decode_group_4(shape(20), &data, &mut [0; 3]);

        assert!(matches!(found, Outcome::Damaged(_)), "{found:?}");
    }

    #[test]
    fn too_few_rows_and_noise_are_damage() {
        for data in [&[][..], &[0; 40], &[0xFF; 3], &[0x12, 0x34, 0x56]] {
            for decode in [decode_group_3, decode_group_4] {
                let found = decode(shape(20), data, &mut [0; 300]);
                assert!(matches!(found, Outcome::Damaged(_)), "{data:?}: {found:?}");
            }
        }
    }
}
