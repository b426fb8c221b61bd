//! JPEG inside TIFF, made here by an encoder of its own: blocks of one colour, whose values are known.

use proptest::prelude::*;

use super::builder::{Form, Page, Value};
use super::{open, read};
use crate::tiff::{TiffError, tags};

/// A picture of blocks of one value each: 8 by 8 pixels times the sampling.
#[derive(Debug, Clone)]
struct Picture {
    width: u16,
    height: u16,
    /// By band, what each block is above 128, row by row.
    blocks: Vec<Vec<i16>>,
    /// Whether the first band has four blocks where the others have one.
    is_halved: bool,
}

/// High bits first; a byte of ones is followed by a zero.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    open: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, len: u32) {
        for at in (0..len).rev() {
            self.open = (self.open << 1) | ((value >> at) & 1);
            self.count += 1;
            if self.count == 8 {
                let byte = u8::try_from(self.open).expect("eight bits");
                self.bytes.push(byte);
                if byte == 0xFF {
                    self.bytes.push(0);
                }
                (self.open, self.count) = (0, 0);
            }
        }
    }

    /// A block by its difference from the one before: category in four bits, bits, end of block.
    fn block(&mut self, difference: i16) {
        let category = 16 - difference.unsigned_abs().leading_zeros();
        self.put(category, 4);
        let low = i32::from(difference) - i32::from(difference < 0);
        self.put(low.cast_unsigned() & ((1 << category) - 1), category);
        self.put(0, 1);
    }
}

/// Tables: a step of 8, so that a block's number is its value; ten codes of four bits; one of one.
fn tables() -> Vec<u8> {
    let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    jpeg.extend([8; 64]);
    jpeg.extend([0xFF, 0xC4, 0, 29, 0, 0, 0, 0, 10]);
    jpeg.extend([0; 12]);
    jpeg.extend(0..10);
    jpeg.extend([0xFF, 0xC4, 0, 20, 0x10, 1]);
    jpeg.extend([0; 15]);
    jpeg.extend([0, 0xFF, 0xD9]);
    jpeg
}

impl Picture {
    /// Frame and scan without tables.
    fn stream(&self) -> Vec<u8> {
        let bands = u8::try_from(self.blocks.len()).expect("few");
        let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xC0, 0, 8 + 3 * bands, 8];
        jpeg.extend(self.height.to_be_bytes());
        jpeg.extend(self.width.to_be_bytes());
        jpeg.push(bands);
        for band in 0..bands {
            let sampling = if self.is_halved && band == 0 {
                0x22
            } else {
                0x11
            };
            jpeg.extend([band + 1, sampling, 0]);
        }
        jpeg.extend([0xFF, 0xDA, 0, 6 + 2 * bands, bands]);
        for band in 0..bands {
            jpeg.extend([band + 1, 0]);
        }
        jpeg.extend([0, 63, 0]);
        jpeg.extend(self.entropy());
        jpeg.extend([0xFF, 0xD9]);
        jpeg
    }

    fn entropy(&self) -> Vec<u8> {
        let mut bits = Bits::default();
        let mut before = vec![0; self.blocks.len()];
        let units = self.blocks[self.blocks.len() - 1].len();
        for unit in 0..units {
            for (band, blocks) in self.blocks.iter().enumerate() {
                let count = blocks.len() / units;
                for &block in &blocks[unit * count..(unit + 1) * count] {
                    bits.block(block - before[band]);
                    before[band] = block;
                }
            }
        }
        bits.put(0x7F, 7);
        bits.bytes
    }

    fn page(&self) -> Page {
        let bands = u16::try_from(self.blocks.len()).expect("few");
        let mut page = Page::grey(self.width, self.height, 8, self.stream())
            .with(tags::COMPRESSION, Value::Short(vec![7]))
            .with(tags::SAMPLES_PER_PIXEL, Value::Short(vec![bands]));
        page.set(tags::JPEG_TABLES, Value::Undefined(tables()));
        page
    }
}

fn grey(blocks: Vec<i16>) -> Picture {
    Picture {
        width: 16,
        height: 8 * u16::try_from(blocks.len() / 2).expect("few"),
        blocks: vec![blocks],
        is_halved: false,
    }
}

fn bands(page: Page, count: u16) -> Vec<Vec<f64>> {
    let file = Form::default().file(&[page]);
    let tiff = open(&file).expect("sound");
    (0..count)
        .map(|band| read(&file, tiff.full(), band).expect("sound"))
        .collect()
}

fn refusal(picture: &Picture, strip: Vec<u8>) -> TiffError {
    let page = Page {
        chunks: vec![strip],
        ..picture.page()
    };
    let file = Form::default().file(&[page]);
    read(&file, open(&file).expect("sound").full(), 0).expect_err("damaged")
}

#[test]
fn blocks_have_their_values_with_tables_in_a_tag_of_their_own() {
    let found = bands(grey(vec![-100, 20, 127, -128]).page(), 1);

    for (row, values) in found[0].chunks_exact(16).enumerate() {
        let expected = if row < 8 { [28.0, 148.0] } else { [255.0, 0.0] };
        for (half, expected) in values.chunks_exact(8).zip(expected) {
            assert!(
                half.iter().all(|value| (value - expected).abs() <= 1.0),
                "{half:?}"
            );
        }
    }
}

#[test]
fn bands_stay_as_stored_unless_the_tiff_calls_them_ycbcr() {
    // A strong red: Y, Cb and Cr of JFIF.
    let red = [76, 85, 255].map(|value| vec![value - 128; 2]);
    let mut picture = Picture {
        width: 16,
        height: 8,
        blocks: red.to_vec(),
        is_halved: false,
    };
    let near = |found: &[Vec<f64>], expected: &[f64]| {
        let pairs = found.iter().zip(expected);
        pairs.for_each(|(band, expected)| {
            let is_near = band.iter().all(|value| (value - expected).abs() <= 2.0);
            assert!(is_near, "{expected}: {band:?}");
        });
    };

    near(&bands(picture.page(), 3), &[76.0, 85.0, 255.0]);
    let ycbcr = picture
        .page()
        .with(tags::PHOTOMETRIC, Value::Short(vec![6]));
    near(&bands(ycbcr, 3), &[254.0, 0.0, 0.0]);
    picture.blocks.push(vec![50, 50]);
    near(&bands(picture.page(), 4), &[76.0, 85.0, 255.0, 178.0]);
    let halved = Picture {
        width: 16,
        height: 16,
        blocks: vec![vec![-52; 4], vec![-43], vec![127]],
        is_halved: true,
    };
    let halved = halved.page().with(tags::PHOTOMETRIC, Value::Short(vec![6]));
    near(&bands(halved, 3), &[254.0, 0.0, 0.0]);
}

#[test]
fn a_picture_that_is_cut_off_is_damaged_wherever_it_is_cut() {
    let picture = grey((0..40).map(|n| (n * 37 % 200) - 100).collect());
    let whole = picture.stream();

    for len in 1..whole.len() {
        let error = refusal(&picture, whole[..len].to_vec());
        assert_eq!(error.reason(), "RASTER_UNREADABLE", "cut at {len}: {error}");
    }
}

#[test]
fn a_picture_of_another_size_than_its_strip_is_damaged() {
    let small = grey(vec![0; 4]);
    for other in [
        grey(vec![0; 2]),
        grey(vec![0; 6]),
        Picture {
            blocks: vec![vec![0; 4]; 3],
            ..small.clone()
        },
        Picture {
            width: 32,
            height: 8,
            ..small.clone()
        },
    ] {
        let error = refusal(&small, other.stream());
        assert_eq!(error.reason(), "RASTER_UNREADABLE", "{other:?}: {error}");
    }
}

#[test]
fn a_last_strip_that_is_longer_than_the_image_is_read() {
    // 20 rows in strips of 16. The last picture has four rows, or is filled up to 8 or 16.
    let first = grey(vec![10; 4]);
    for rows in [4, 8, 16] {
        let last = Picture {
            height: rows,
            ..grey(vec![-30; if rows > 8 { 4 } else { 2 }])
        };
        let mut page = first
            .page()
            .with(tags::IMAGE_LENGTH, Value::Short(vec![20]));
        page.set(tags::ROWS_PER_STRIP, Value::Short(vec![16]));
        page.chunks.push(last.stream());

        let found = bands(page, 1).remove(0);

        let (above, below) = found.split_at(16 * 16);
        let near = |values: &[f64], wanted: f64| values.iter().all(|v| (v - wanted).abs() <= 1.0);
        assert!(near(above, 138.0) && near(below, 98.0), "{rows}: {below:?}");
    }
}

#[test]
fn tables_that_no_picture_needs_are_refused() {
    let picture = grey(vec![0; 2]);
    let tables = [&tables()[..2], &[0xFF, 0xFE, 0x7F, 0xFF], &vec![0; 0x7FFD]].concat();
    let page = picture
        .page()
        .with(tags::JPEG_TABLES, Value::Undefined(tables));

    let error = open(&Form::default().file(&[page])).expect_err("refused");

    assert_eq!(error.reason(), "RASTER_TOO_LARGE", "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn changed_pictures_never_panic(
        is_halved in any::<bool>(),
        is_progressive in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let picture = Picture {
            width: 32,
            height: 32,
            blocks: vec![vec![9; if is_halved { 16 } else { 4 }], vec![-7; 4], vec![99; 4]],
            is_halved,
        };
        let tables = tables();
        let mut strip = [&tables[..tables.len() - 2], &picture.stream()[2..]].concat();
        if is_progressive {
            let frame = strip.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("one");
            strip[frame + 1] = 0xC2;
        }
        for (at, byte) in changes {
            let at = at.index(strip.len());
            strip[at] = byte;
        }
        let page = Page { chunks: vec![strip], ..picture.page() };
        let file = Form::default().file(&[page]);
        let tiff = open(&file).expect("the header is sound");
        let _ = read(&file, tiff.full(), 2);
    }
}
