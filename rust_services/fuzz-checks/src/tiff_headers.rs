//! Headers of TIFF files: read to the end or refused, in few requests, within the limits.

use furrow_raster::grid::Window;
use furrow_raster::tiff::{Image, Limits, Parsed, SparseBytes, Tiff, TiffError, parse};

/// Requests that no header within [`LIMITS`] needs: entries and values of every directory.
const MAX_REQUESTS: usize = 600;

/// Largest request: the values of a directory that lie apart by up to a mebibyte come together.
const MAX_REQUEST: u64 = (1 << 20) + (64 << 10);

/// Small, so that a few hundred bytes can reach every one of them.
const LIMITS: Limits = Limits {
    max_pixels: 1 << 24,
    max_bands: 64,
    max_chunk_bytes: 1 << 20,
    max_chunks: 1 << 12,
    max_ifds: 8,
    max_entries: 64,
    max_tag_bytes: 64 << 10,
    max_header_bytes: 128 << 10,
    max_requests: MAX_REQUESTS,
};

/// Size of a file whose end is far away, so that few offsets lie outside.
const HUGE: u64 = 1 << 42;

/// Reads a header from the bytes as a whole file, and as the start of a huge one.
///
/// # Panics
/// Where a promise of `furrow_raster::tiff::parse` is broken.
pub fn tiff_headers(bytes: &[u8]) {
    let whole = parse(&SparseBytes::whole(bytes.to_vec()), &LIMITS);
    let by_requests = read(bytes, bytes.len() as u64);
    match (whole, by_requests) {
        (Ok(Parsed::Ready(whole)), Ok(by_requests)) => {
            // Text, because a NaN of the file is equal to itself there.
            assert_eq!(format!("{whole:?}"), format!("{by_requests:?}"));
        }
        (Err(whole), Err(by_requests)) => {
            assert_eq!(whole.to_string(), by_requests.to_string());
        }
        (whole, by_requests) => panic!("{whole:?} at once, {by_requests:?} by requests"),
    }
    let _refusal = read(bytes, HUGE);
}

/// Answers requests until the header is complete; bytes past those given are zeros.
fn read(bytes: &[u8], file_size: u64) -> Result<Tiff, TiffError> {
    let mut known = SparseBytes::new(file_size);
    for _ in 0..MAX_REQUESTS {
        let range = match parse(&known, &LIMITS)? {
            Parsed::Ready(tiff) => {
                check(&tiff, file_size);
                return Ok(tiff);
            }
            Parsed::NeedMore(range) => range,
        };
        assert!(range.start < range.end, "an empty request: {range:?}");
        assert!(range.end <= file_size, "{range:?} past the end");
        assert!(known.get(range.clone()).is_none(), "{range:?} asked twice");
        let len = range.end - range.start;
        assert!(len <= MAX_REQUEST, "{range:?} for one part of a header");
        let at = |place: u64| {
            usize::try_from(place)
                .unwrap_or(usize::MAX)
                .min(bytes.len())
        };
        let mut found = bytes[at(range.start)..at(range.end)].to_vec();
        found.resize(usize::try_from(len).expect("bounded"), 0);
        known.insert(range.start, found);
    }
    panic!("more than {MAX_REQUESTS} requests for one header");
}

fn check(tiff: &Tiff, file_size: u64) {
    assert!(!tiff.images.is_empty());
    assert_eq!(tiff.bands.len(), usize::from(tiff.full().bands));
    if let Ok(grid) = tiff.grid() {
        assert!(grid.transform.pixel_width > 0.0 && grid.transform.pixel_height > 0.0);
        let full = tiff.full().full_window();
        assert_eq!((grid.width, grid.height), (full.width, full.height));
    }
    for image in tiff.images.iter().chain(&tiff.masks) {
        check_chunks(image, file_size);
    }
}

/// Chunks cover a window without gaps, inside the image, and lie inside the file.
fn check_chunks(image: &Image, file_size: u64) {
    let full = image.full_window();
    assert!(full.pixel_count() > 0 && full.pixel_count() <= LIMITS.max_pixels);
    let middle = Window {
        col: full.width / 2,
        row: full.height / 2,
        width: 1,
        height: 1,
    };
    for band in [0, image.bands - 1] {
        assert_eq!(image.chunks_covering(band, middle).len(), 1);
        let mut pixels = 0;
        for chunk in image.chunks_covering(band, full) {
            let window = image.chunk_window(chunk);
            assert_eq!(full.intersection(&window), Some(window));
            pixels += window.pixel_count();
            if let Some(range) = image.byte_range(chunk) {
                assert!(range.start <= range.end && range.end <= file_size);
            }
        }
        assert_eq!(pixels, full.pixel_count(), "chunks overlap or leave gaps");
    }
    assert_eq!(image.chunks_covering(image.bands, middle), []);
}
