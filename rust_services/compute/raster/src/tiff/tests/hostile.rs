//! Files that lie: an error in words, no panic, no memory for what they only claim.

use proptest::prelude::*;

use super::builder::{Form, Page, Value};
use super::pixels::deflated;
use super::{open, read};
use crate::tiff::{Limits, Parsed, SparseBytes, TiffError, parse, tags};

/// A sound file with a bit of everything.
fn sound(form: Form) -> Vec<u8> {
    let xml = "<GDALMetadata><Item name=\"A\">b</Item></GDALMetadata>".to_owned();
    let tiled = Page {
        is_tiled: true,
        chunks: vec![deflated(&[3; 512]), deflated(&[4; 512])],
        ..Page::grey(20, 16, 16, Vec::new())
    }
    .with(tags::COMPRESSION, Value::Short(vec![8]))
    .with(tags::PREDICTOR, Value::Short(vec![2]))
    .with(tags::TILE_WIDTH, Value::Short(vec![16]))
    .with(tags::TILE_LENGTH, Value::Short(vec![16]))
    .with(
        tags::GEO_KEY_DIRECTORY,
        Value::Short(vec![1, 1, 0, 1, 3072, 0, 1, 32631]),
    )
    .with(tags::MODEL_PIXEL_SCALE, Value::Double(vec![10.0; 3]))
    .with(tags::MODEL_TIEPOINT, Value::Double(vec![0.0; 6]))
    .with(tags::GDAL_METADATA, Value::Ascii(xml))
    .with(tags::GDAL_NODATA, Value::Ascii("0".to_owned()));
    let overview =
        Page::grey(10, 8, 16, vec![0; 160]).with(tags::NEW_SUBFILE_TYPE, Value::Long(vec![1]));
    form.file(&[tiled, overview])
}

fn refusal(page: Page) -> TiffError {
    open(&Form::default().file(&[page])).expect_err("hostile")
}

#[test]
fn a_loop_of_directories_ends() {
    let mut file = Form::default().file(&[Page::grey(1, 1, 8, vec![0])]);
    let first: [u8; 4] = file[4..8].try_into().expect("four bytes");
    let end = file.len() - 4;
    file[end..].copy_from_slice(&first);

    let error = open(&file).expect_err("a loop");

    assert!(error.to_string().contains("loop"), "{error}");
    assert_eq!(error.reason(), "RASTER_UNREADABLE");
}

#[test]
fn more_directories_than_allowed_are_refused() {
    let pages = vec![Page::grey(1, 1, 8, vec![0]); 65];

    let error = open(&Form::default().file(&pages)).expect_err("too many");

    assert_eq!(error.reason(), "RASTER_TOO_LARGE");
}

#[test]
fn counts_beyond_the_file_are_refused_before_they_are_read() {
    let mut file = sound(Form::default());
    let at = file
        .windows(4)
        .rposition(|row| row == [0x11, 0x01, 4, 0])
        .expect("StripOffsets of LONGs");
    for (count, reason) in [
        (u32::MAX, "RASTER_TOO_LARGE"),
        (1 << 20, "RASTER_UNREADABLE"),
    ] {
        file[at + 4..at + 8].copy_from_slice(&count.to_le_bytes());

        assert_eq!(open(&file).expect_err("a lie").reason(), reason);
    }
}

#[test]
fn sizes_of_zero_are_corrupt() {
    for tag in [
        tags::IMAGE_WIDTH,
        tags::IMAGE_LENGTH,
        tags::ROWS_PER_STRIP,
        tags::SAMPLES_PER_PIXEL,
    ] {
        let error = refusal(Page::grey(2, 2, 8, vec![0; 4]).with(tag, Value::Short(vec![0])));
        assert!(matches!(error, TiffError::Corrupt { .. }), "{error}");
    }
    for side in [tags::TILE_WIDTH, tags::TILE_LENGTH] {
        let other = tags::TILE_WIDTH + tags::TILE_LENGTH - side;
        let page = Page::grey(2, 2, 8, vec![0; 4])
            .with(side, Value::Short(vec![0]))
            .with(other, Value::Short(vec![16]));
        let error = refusal(page);
        assert!(matches!(error, TiffError::Corrupt { .. }), "{error}");
    }
}

#[test]
fn sizes_beyond_the_budget_are_too_large() {
    let page = || Page::grey(2, 2, 8, vec![0; 4]);
    let pixels = page()
        .with(tags::IMAGE_WIDTH, Value::Long(vec![2_000_000]))
        .with(tags::IMAGE_LENGTH, Value::Long(vec![2_000_000]));
    let bands = page().with(tags::SAMPLES_PER_PIXEL, Value::Short(vec![65_535]));
    let tile = page()
        .with(tags::TILE_WIDTH, Value::Long(vec![0x7FFF_FFFF]))
        .with(tags::TILE_LENGTH, Value::Long(vec![0x7FFF_FFFF]));
    let strip = page()
        .with(tags::IMAGE_WIDTH, Value::Long(vec![20_000]))
        .with(tags::IMAGE_LENGTH, Value::Long(vec![20_000]))
        .with(tags::ROWS_PER_STRIP, Value::Long(vec![20_000]))
        .with(tags::COMPRESSION, Value::Short(vec![8]));
    let tiles = page()
        .with(tags::IMAGE_WIDTH, Value::Long(vec![20_000]))
        .with(tags::IMAGE_LENGTH, Value::Long(vec![20_000]))
        .with(tags::TILE_WIDTH, Value::Short(vec![1]))
        .with(tags::TILE_LENGTH, Value::Short(vec![1]));

    for (page, what) in [
        (pixels, "the number of pixels"),
        (bands, "the number of bands"),
        (tile, "the length of a tile"),
        (strip, "the length of a tile"),
        (tiles, "the number of tiles"),
    ] {
        let error = refusal(page);
        assert_eq!(error.reason(), "RASTER_TOO_LARGE", "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn what_is_no_tiff_says_how_it_starts() {
    let error = open(b"\x89PNG\r\n\x1a\n").expect_err("a PNG");

    assert!(matches!(error, TiffError::NotTiff { .. }));
    assert!(error.to_string().contains("\"\\x89PNG\""), "{error}");
}

#[test]
fn a_short_text_is_no_tiff_rather_than_a_truncated_one() {
    let error = open(b"hello").expect_err("a text");
    assert!(error.to_string().contains("\"hell\""), "{error}");
    for begun in [&b""[..], b"II*", b"MM"] {
        let error = open(begun).expect_err("the beginning of one");
        assert!(matches!(error, TiffError::Truncated { .. }), "{error}");
    }
}

#[test]
fn every_truncation_is_an_error() {
    for form in Form::ALL {
        let file = sound(form);
        assert!(open(&file).is_ok());

        for len in 0..file.len() {
            assert!(open(&file[..len]).is_err(), "{form:?} cut at {len}");
        }
    }
}

#[test]
fn a_header_is_asked_for_in_few_requests_inside_the_file() {
    for form in Form::ALL {
        let mut file = sound(form);
        // Pixels between header and directory make the file larger than one request.
        let far = form.file(&[Page::grey(1000, 200, 8, vec![7; 200_000])]);
        for file in [&mut file, &mut far.clone()] {
            let mut bytes = SparseBytes::new(file.len() as u64);
            let mut requests = 0;
            while let Parsed::NeedMore(range) = parse(&bytes, &Limits::default()).expect("sound") {
                assert!(!range.is_empty() && range.end <= file.len() as u64);
                let index = |at| usize::try_from(at).expect("small");
                bytes.insert(
                    range.start,
                    file[index(range.start)..index(range.end)].to_vec(),
                );
                requests += 1;
            }
            assert!(requests <= 3, "{requests} requests");
        }
    }
}

/// Parses and decodes whatever can be, under limits that keep a case fast.
fn survive(file: &[u8]) {
    let limits = Limits {
        max_pixels: 1 << 16,
        max_chunk_bytes: 1 << 18,
        max_chunks: 1 << 10,
        ..Limits::default()
    };
    match parse(&SparseBytes::whole(file.to_vec()), &limits) {
        Ok(Parsed::Ready(tiff)) => {
            let _ = tiff.grid();
            for image in tiff.images.iter().chain(&tiff.masks) {
                for band in 0..image.bands.min(4) {
                    let _ = read(file, image, band);
                }
            }
        }
        Ok(Parsed::NeedMore(range)) => panic!("{range:?} of a file that is at hand"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        form in 0..4_usize,
        tail in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut file = sound(Form::ALL[form])[..4].to_vec();
        file.extend(tail);

        survive(&file);
    }

    #[test]
    fn changed_files_never_panic(
        form in 0..4_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = sound(Form::ALL[form]);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }

        survive(&file);
    }
}
