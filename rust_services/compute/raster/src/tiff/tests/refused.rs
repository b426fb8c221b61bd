//! What is deliberately not read, each by its name: the list of `docs/science.md`.

use super::builder::{Form, Page, Value};
use super::open;
use crate::tiff::tags;

/// The refusal of a sound page of bytes with some tags changed.
fn refusal(bands: u16, changes: &[(u16, u16)]) -> String {
    let mut page = Page::grey(2, 2, 8, vec![0; 16]);
    page.set(tags::SAMPLES_PER_PIXEL, Value::Short(vec![bands]));
    for &(tag, value) in changes {
        page.set(tag, Value::Short(vec![value]));
    }
    let error = open(&Form::default().file(&[page])).expect_err("not read");
    assert_eq!(error.reason(), "RASTER_UNSUPPORTED", "{error}");
    error.to_string()
}

#[test]
fn methods_without_a_decoder_are_named() {
    for (method, name) in [
        (2, "run lengths of CCITT (2)"),
        (6, "JPEG of TIFF 6.0 (6)"),
        (34712, "JPEG 2000"),
        (34887, "LERC"),
        (34925, "LZMA"),
        (50001, "WebP"),
        (50002, "JPEG XL"),
        (12345, "number (12345)"),
    ] {
        let error = refusal(1, &[(tags::COMPRESSION, method)]);
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn values_that_no_number_here_holds_are_named() {
    for (format, bits, found) in [
        (1, 33, "33-bit unsigned integers"),
        (2, 12, "12-bit signed integers"),
        (3, 8, "8-bit floats"),
        (3, 128, "128-bit floats"),
        (5, 32, "32-bit complex numbers"),
        (6, 64, "64-bit complex numbers"),
        (9, 8, "unknown sample format"),
        (1, 0, "0-bit"),
    ] {
        let changes = [(tags::SAMPLE_FORMAT, format), (tags::BITS_PER_SAMPLE, bits)];
        let error = refusal(1, &changes);
        assert!(error.contains(found), "{error}");
    }
    let mut page = Page::grey(2, 2, 8, vec![0; 16]);
    page.set(tags::SAMPLES_PER_PIXEL, Value::Short(vec![2]));
    page.set(tags::BITS_PER_SAMPLE, Value::Short(vec![8, 16]));
    let error = open(&Form::default().file(&[page])).expect_err("a mixture");
    assert!(error.to_string().contains("[8, 16]"), "{error}");
}

#[test]
fn colours_that_share_their_differences_are_read_from_jpeg_alone() {
    const JPEG: u16 = 7;
    for changes in [
        &[(tags::PHOTOMETRIC, 6)][..],
        &[
            (tags::PHOTOMETRIC, 6),
            (tags::COMPRESSION, JPEG),
            (tags::PLANAR_CONFIGURATION, 2),
        ],
    ] {
        let error = refusal(3, changes);
        assert!(error.contains("YCbCr"), "{error}");
    }
}

#[test]
fn pictures_hold_bytes_of_few_bands() {
    for (bands, method, bits, found) in [
        (2, 7, 8, "2 bands of 8 bits (JPEG)"),
        (3, 7, 12, "3 bands of 12 bits (JPEG)"),
        (1, 4, 8, "1 bands of 8 bits (CCITTFAX4)"),
        (3, 3, 1, "3 bands of 1 bits (CCITTFAX3)"),
    ] {
        let changes = [(tags::COMPRESSION, method), (tags::BITS_PER_SAMPLE, bits)];
        let error = refusal(bands, &changes);
        assert!(error.contains(found), "{error}");
    }
    let two_dimensions = [
        (tags::COMPRESSION, 3),
        (tags::BITS_PER_SAMPLE, 1),
        (tags::T4_OPTIONS, 1),
    ];
    assert!(refusal(1, &two_dimensions).contains("options 1"));
}
