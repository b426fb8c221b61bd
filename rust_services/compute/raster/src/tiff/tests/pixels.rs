//! Pixels of every layout come back as they were written.

use super::builder::{Form, Page, Value};
use super::{open, read};
use crate::grid::Window;
use crate::tiff::{TiffError, tags};

const WIDTH: u32 = 37;
const HEIGHT: u32 = 21;
const BANDS: u16 = 3;

/// The value at a place, distinct for each.
fn value(col: u32, row: u32, band: u16) -> u16 {
    let value = (row * WIDTH + col) * 17 + u32::from(band) * 7001;
    u16::try_from(value % 65_536).expect("below 65536")
}

/// How a test file is laid out.
#[derive(Debug, Clone, Copy)]
struct Layout {
    form: Form,
    is_tiled: bool,
    is_planar: bool,
    is_deflated: bool,
}

impl Layout {
    fn all() -> impl Iterator<Item = Self> {
        Form::ALL.into_iter().flat_map(|form| {
            (0..8).map(move |bits| Self {
                form,
                is_tiled: bits & 1 != 0,
                is_planar: bits & 2 != 0,
                is_deflated: bits & 4 != 0,
            })
        })
    }

    fn page(self) -> Page {
        let (chunk_width, chunk_height) = if self.is_tiled { (16, 16) } else { (WIDTH, 8) };
        let mut page = Page {
            is_tiled: self.is_tiled,
            ..Page::default()
        };
        let planes = if self.is_planar { BANDS } else { 1 };
        for plane in 0..planes {
            for row in (0..HEIGHT).step_by(chunk_height as usize) {
                for col in (0..WIDTH).step_by(chunk_width as usize) {
                    page.chunks
                        .push(self.chunk(plane, (col, row), (chunk_width, chunk_height)));
                }
            }
        }
        let short = |n: u32| Value::Short(vec![u16::try_from(n).expect("small")]);
        page.set(tags::IMAGE_WIDTH, short(WIDTH));
        page.set(tags::IMAGE_LENGTH, short(HEIGHT));
        page.set(
            tags::BITS_PER_SAMPLE,
            Value::Short(vec![16; usize::from(BANDS)]),
        );
        page.set(tags::SAMPLES_PER_PIXEL, Value::Short(vec![BANDS]));
        page.set(
            tags::PLANAR_CONFIGURATION,
            short(1 + u32::from(self.is_planar)),
        );
        page.set(
            tags::COMPRESSION,
            short(if self.is_deflated { 8 } else { 1 }),
        );
        page.set(tags::PREDICTOR, short(1 + u32::from(self.is_deflated)));
        if self.is_tiled {
            page.set(tags::TILE_WIDTH, short(chunk_width));
            page.set(tags::TILE_LENGTH, short(chunk_height));
        } else {
            page.set(tags::ROWS_PER_STRIP, short(chunk_height));
        }
        page
    }

    fn chunk(self, plane: u16, (col, row): (u32, u32), (width, height): (u32, u32)) -> Vec<u8> {
        let bands = if self.is_planar {
            plane..plane + 1
        } else {
            0..BANDS
        };
        let rows = if self.is_tiled {
            height
        } else {
            height.min(HEIGHT - row)
        };
        let mut bytes = Vec::new();
        for y in row..row + rows {
            let line: Vec<u16> = (col..col + width)
                .flat_map(|x| bands.clone().map(move |band| value(x, y, band)))
                .collect();
            for (at, &number) in line.iter().enumerate() {
                let before = match at.checked_sub(bands.len()) {
                    Some(before) if self.is_deflated => line[before],
                    _ => 0,
                };
                bytes.extend(self.form.u16(number.wrapping_sub(before)));
            }
        }
        if self.is_deflated {
            deflated(&bytes)
        } else {
            bytes
        }
    }
}

pub(super) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut state = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut out = vec![0; state.zlib_compress_bound(bytes.len())];
    let len = state.zlib_compress(bytes, &mut out).expect("room");
    out.truncate(len);
    out
}

#[test]
fn every_layout_gives_the_same_pixels() {
    for layout in Layout::all() {
        let file = layout.form.file(&[layout.page()]);

        let tiff = open(&file).unwrap_or_else(|error| panic!("{layout:?}: {error}"));

        for band in 0..BANDS {
            let pixels = read(&file, tiff.full(), band).expect("sound");
            let expected: Vec<f64> = (0..HEIGHT)
                .flat_map(|row| (0..WIDTH).map(move |col| f64::from(value(col, row, band))))
                .collect();
            assert!(pixels == expected, "{layout:?}, band {band}");
        }
    }
}

#[test]
fn a_window_needs_only_the_chunks_it_touches() {
    let layout = Layout {
        form: Form::default(),
        is_tiled: true,
        is_planar: true,
        is_deflated: false,
    };
    let tiff = open(&layout.form.file(&[layout.page()])).expect("sound");
    let window = |col, row, width, height| Window {
        col,
        row,
        width,
        height,
    };

    let corner = tiff.full().chunks_covering(2, window(16, 15, 1, 2));
    let outside = tiff.full().chunks_covering(0, window(WIDTH, 0, 5, 5));

    let places: Vec<_> = corner
        .iter()
        .map(|chunk| (chunk.plane, chunk.index))
        .collect();
    assert_eq!(places, [(2, 1), (2, 4)]);
    assert_eq!(tiff.full().chunk_window(corner[1]), window(16, 16, 16, 5));
    assert_eq!(outside, []);
    assert_eq!(tiff.full().chunks_covering(3, window(0, 0, 1, 1)), []);
}

#[test]
fn a_long_uncompressed_strip_is_read_in_parts() {
    let (width, height) = (4096_u16, 300_u16);
    let row = |row: u16| vec![(row % 251) as u8; usize::from(width) * 2];
    let strip: Vec<u8> = (0..height).flat_map(row).collect();
    let file = Form::default().file(&[Page::grey(width, height, 16, strip)]);
    let tiff = open(&file).expect("sound");
    let image = tiff.full();

    let chunks = image.chunks_covering(
        0,
        Window {
            row: 200,
            height: 1,
            ..image.full_window()
        },
    );

    assert_eq!(chunks.len(), 1);
    let part = image.chunk_window(chunks[0]);
    assert_eq!((part.row, part.height), (128, 128));
    let range = image.byte_range(chunks[0]).expect("present");
    assert_eq!(range.end - range.start, 1 << 20);
    let pixels = read(&file, image, 0).expect("sound");
    for (number, row) in (0..height).zip(pixels.chunks_exact(usize::from(width))) {
        let expected = f64::from(number % 251) * 257.0;
        assert!(
            row.iter().all(|value| (value - expected).abs() < 0.5),
            "row {number}"
        );
    }
}

#[test]
fn a_last_strip_that_is_filled_up_is_cut_off() {
    let mut page = Page::grey(4, 3, 8, Vec::new()).with(tags::COMPRESSION, Value::Short(vec![8]));
    page.set(tags::ROWS_PER_STRIP, Value::Short(vec![2]));
    page.chunks = vec![deflated(&[1; 8]), deflated(&[2; 8])];
    let file = Form::default().file(&[page]);

    let pixels = read(&file, open(&file).expect("sound").full(), 0).expect("sound");

    assert_eq!(pixels, [[1.0; 8].as_slice(), &[2.0; 4]].concat());
}

#[test]
fn a_chunk_left_out_has_no_bytes() {
    let mut page = Page::grey(4, 4, 8, Vec::new());
    page.set(tags::ROWS_PER_STRIP, Value::Short(vec![2]));
    page.chunks = vec![Vec::new(), vec![9; 8]];
    let tiff = open(&Form::default().file(&[page])).expect("sound");

    let chunks = tiff.full().chunks_covering(0, tiff.full().full_window());

    assert_eq!(tiff.full().byte_range(chunks[0]), None);
    assert!(tiff.full().byte_range(chunks[1]).is_some());
}

#[test]
fn too_few_and_too_many_bytes_are_errors_that_name_the_place() {
    for (len, found) in [(11, "11 bytes"), (17, "more than 16 bytes")] {
        let page = Page::grey(4, 4, 8, deflated(&vec![0; len]))
            .with(tags::COMPRESSION, Value::Short(vec![8]));
        let file = Form::default().file(&[page]);

        let error = read(&file, open(&file).expect("sound").full(), 0).expect_err("damaged");

        let TiffError::Undecodable { chunk, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(chunk, "the strip at column 0, row 0");
        assert!(error.to_string().contains(found), "{error}");
        assert_eq!(error.reason(), "RASTER_UNREADABLE");
    }
}

#[test]
fn a_band_that_is_not_there_is_refused() {
    let file = Form::default().file(&[Page::grey(2, 2, 8, vec![0; 4])]);
    let tiff = open(&file).expect("sound");
    let chunk = tiff.full().chunks_covering(0, tiff.full().full_window())[0];

    let error = tiff
        .full()
        .decode(chunk, &[0; 4], &[1])
        .expect_err("no such band");

    assert_eq!(
        error,
        TiffError::NoSuchBand {
            found: 1,
            allowed: 1
        }
    );
}

#[test]
fn a_mask_is_kept_apart_and_read_bit_by_bit() {
    let image = Page::grey(10, 2, 8, vec![5; 20]);
    let mask = Page::grey(10, 2, 1, vec![0b1010_0000, 0b0100_0000, 0xFF, 0xFF])
        .with(tags::NEW_SUBFILE_TYPE, Value::Long(vec![4]));
    let overview =
        Page::grey(5, 1, 8, vec![5; 5]).with(tags::NEW_SUBFILE_TYPE, Value::Long(vec![1]));
    let file = Form::default().file(&[image, mask, overview]);
    let tiff = open(&file).expect("sound");

    let valid = read(&file, tiff.mask().expect("a mask"), 0).expect("sound");

    assert_eq!(tiff.images.len(), 2);
    assert_eq!(tiff.images[1].width, 5);
    assert_eq!(
        valid[..10],
        [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    );
    assert_eq!(valid[10..], [1.0; 10]);
}
