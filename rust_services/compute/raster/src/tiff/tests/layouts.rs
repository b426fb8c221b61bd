//! Random values in random layouts, written by an encoder of its own, bit by bit, read equal.

use proptest::prelude::*;

use super::builder::{Form, Page, Value};
use super::pixels::deflated;
use super::{open, read};
use crate::tiff::tags;

/// How values are stored, and what of a layout changes the bytes.
#[derive(Debug, Clone)]
struct Layout {
    form: Form,
    width: u16,
    height: u16,
    bands: u16,
    /// Columns and rows of a tile, or rows of a strip.
    chunk: (Option<u16>, u16),
    is_planar: bool,
    kind: Kind,
    method: u16,
    is_differenced: bool,
    is_low_bit_first: bool,
    seed: u64,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Unsigned(u32),
    Signed(u32),
    Float(u32),
}

impl Kind {
    fn bits(self) -> u32 {
        match self {
            Self::Unsigned(bits) | Self::Signed(bits) | Self::Float(bits) => bits,
        }
    }

    /// The bits of some value, and the value.
    fn value(self, random: u64) -> (u64, f64) {
        let bits = self.bits();
        let mask = u64::MAX >> (64 - bits);
        match self {
            // What floats hold, of the widest.
            Self::Unsigned(64) => (random >> 11, (random >> 11) as f64),
            Self::Unsigned(_) => (random & mask, (random & mask) as f64),
            Self::Signed(_) => {
                let value = random.cast_signed() >> (64 - bits.min(53));
                (value.cast_unsigned() & mask, value as f64)
            }
            Self::Float(16) => {
                // A power of two times an integer below 2048.
                let (exponent, fraction) = (random % 30 + 1, random >> 8 & 1023);
                let value = (1024 + fraction) as f64
                    * 2_f64.powi(i32::try_from(exponent).expect("small") - 25);
                (exponent << 10 | fraction, value)
            }
            Self::Float(_) => {
                let value = (random.cast_signed() >> 40) as f32 / 64.0;
                let bits = if bits == 32 {
                    u64::from(value.to_bits())
                } else {
                    f64::from(value).to_bits()
                };
                (bits, f64::from(value))
            }
        }
    }
}

impl Layout {
    fn value(&self, col: u16, row: u16, band: u16) -> (u64, f64) {
        let place = u64::from(col) << 32 | u64::from(row) << 16 | u64::from(band);
        // A step of SplitMix64: each place has bits of its own.
        let mixed = (self.seed ^ place).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        self.kind.value(mixed ^ (mixed >> 27))
    }

    /// One row of a chunk. What hangs over the edge repeats the formula.
    fn row(&self, cols: std::ops::Range<u16>, row: u16, bands: std::ops::Range<u16>) -> Vec<u8> {
        let bits = self.kind.bits();
        let count = bands.len();
        let words: Vec<u64> = cols
            .flat_map(|col| bands.clone().map(move |band| self.value(col, row, band).0))
            .collect();
        let is_whole = matches!(bits, 8 | 16 | 32 | 64);
        let stored = words.iter().enumerate().map(|(at, &word)| {
            let before = at.checked_sub(count).filter(|_| self.is_differenced);
            word.wrapping_sub(before.map_or(0, |at| words[at])) & (u64::MAX >> (64 - bits))
        });
        if is_whole && !self.form.is_big_endian {
            return stored
                .flat_map(|word| word.to_le_bytes()[..bits as usize / 8].to_vec())
                .collect();
        }
        let mut line = Vec::new();
        let mut open = 0_u8;
        let mut len = 0;
        for word in stored {
            for at in (0..bits).rev() {
                open = open << 1 | u8::from(word >> at & 1 == 1);
                len += 1;
                if len % 8 == 0 {
                    line.push(open);
                }
            }
        }
        if len % 8 > 0 {
            line.push(open << (8 - len % 8));
        }
        line
    }

    fn page(&self) -> Page {
        let (columns, rows) = self.chunk;
        let chunk_width = columns.unwrap_or(self.width);
        let planes = if self.is_planar { self.bands } else { 1 };
        let mut page = Page {
            is_tiled: columns.is_some(),
            ..Page::default()
        };
        for plane in 0..planes {
            let bands = if self.is_planar {
                plane..plane + 1
            } else {
                0..self.bands
            };
            for top in (0..self.height).step_by(usize::from(rows)) {
                let bottom = if columns.is_some() {
                    top + rows
                } else {
                    (top + rows).min(self.height)
                };
                for left in (0..self.width).step_by(usize::from(chunk_width)) {
                    let lines = (top..bottom)
                        .flat_map(|row| self.row(left..left + chunk_width, row, bands.clone()));
                    page.chunks.push(self.packed(&lines.collect::<Vec<u8>>()));
                }
            }
        }
        let short = |number: u16| Value::Short(vec![number]);
        let bits = u16::try_from(self.kind.bits()).expect("small");
        page.set(tags::IMAGE_WIDTH, short(self.width));
        page.set(tags::IMAGE_LENGTH, short(self.height));
        page.set(
            tags::BITS_PER_SAMPLE,
            Value::Short(vec![bits; usize::from(self.bands)]),
        );
        page.set(tags::SAMPLES_PER_PIXEL, short(self.bands));
        page.set(
            tags::PLANAR_CONFIGURATION,
            short(1 + u16::from(self.is_planar)),
        );
        page.set(tags::COMPRESSION, short(self.method));
        page.set(tags::PREDICTOR, short(1 + u16::from(self.is_differenced)));
        page.set(
            tags::FILL_ORDER,
            short(1 + u16::from(self.is_low_bit_first)),
        );
        let format = match self.kind {
            Kind::Unsigned(_) => 1,
            Kind::Signed(_) => 2,
            Kind::Float(_) => 3,
        };
        page.set(tags::SAMPLE_FORMAT, short(format));
        if let Some(columns) = columns {
            page.set(tags::TILE_WIDTH, short(columns));
            page.set(tags::TILE_LENGTH, short(rows));
        } else {
            page.set(tags::ROWS_PER_STRIP, short(rows));
        }
        page
    }

    fn packed(&self, bytes: &[u8]) -> Vec<u8> {
        let mut packed = match self.method {
            1 => bytes.to_vec(),
            5 => weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
                .encode(bytes)
                .expect("in memory"),
            8 => deflated(bytes),
            32773 => bytes.chunks(128).fold(Vec::new(), |mut packed, part| {
                packed.push(u8::try_from(part.len() - 1).expect("at most 127"));
                packed.extend(part);
                packed
            }),
            _ => zstd::bulk::compress(bytes, 1).expect("in memory"),
        };
        if self.is_low_bit_first {
            for byte in &mut packed {
                *byte = byte.reverse_bits();
            }
        }
        packed
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        // Three bytes follow conventions of their own, which the shared files hold.
        (1..33_u32).prop_map(|bits| Kind::Unsigned(if bits == 24 { 64 } else { bits })),
        prop::sample::select(vec![8, 16, 32, 64]).prop_map(Kind::Signed),
        prop::sample::select(vec![16, 32, 64]).prop_map(Kind::Float),
    ]
}

prop_compose! {
    fn layouts()(
        form in 0..4_usize,
        (width, height, bands) in (1..70_u16, 1..50_u16, 1..6_u16),
        columns in prop::option::of(1..40_u16),
        rows in 1..40_u16,
        kind in kinds(),
        method in prop::sample::select(vec![1_u16, 5, 8, 32773, 50000]),
        [is_planar, is_differenced, is_low_bit_first] in any::<[bool; 3]>(),
        seed in any::<u64>(),
    ) -> Layout {
        let has_predictor = matches!(method, 5 | 8 | 50000);
        let is_whole = matches!(kind.bits(), 8 | 16 | 32 | 64);
        Layout {
            form: Form::ALL[form],
            width,
            height,
            bands,
            chunk: (columns, rows),
            is_planar: is_planar && bands > 1,
            kind,
            method,
            is_differenced: is_differenced && has_predictor && is_whole,
            is_low_bit_first,
            seed,
        }
    }
}

proptest! {
    #[test]
    fn whatever_the_layout_values_are_read_as_written(layout in layouts()) {
        let file = layout.form.file(&[layout.page()]);
        let tiff = open(&file).expect("sound");
        for band in 0..layout.bands {
            let found = read(&file, tiff.full(), band).expect("sound");
            let expected: Vec<f64> = (0..layout.height)
                .flat_map(|row| (0..layout.width).map(move |col| (col, row)))
                .map(|(col, row)| layout.value(col, row, band).1)
                .collect();
            prop_assert!(found == expected, "band {band}");
        }
    }
}
