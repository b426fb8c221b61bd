//! Files as a service would read them: header in requests, then chunk by chunk.

use std::ops::Range;
use std::path::{Path, PathBuf};

use furrow_raster::samples::Samples;
use furrow_raster::tiff::{Image, Limits, Parsed, SparseBytes, Tiff, TiffError, parse};

/// A folder of the shared data; None, with a line that says so, where it is absent.
///
/// # Panics
/// Where it is absent under `CI=true`.
pub fn shared_data(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/data")
        .join(folder);
    if path.is_dir() {
        return Some(path);
    }
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!is_ci, "shared/data/{folder} is absent");
    eprintln!("skipped: shared/data/{folder} is absent");
    None
}

/// The header of a file and the number of requests it took.
pub fn open(file: &[u8]) -> Result<(Tiff, usize), TiffError> {
    let mut bytes = SparseBytes::new(file.len() as u64);
    for requests in 0..100 {
        match parse(&bytes, &Limits::default())? {
            Parsed::Ready(tiff) => return Ok((tiff, requests)),
            Parsed::NeedMore(range) => bytes.insert(range.start, cut(file, &range).to_vec()),
        }
    }
    panic!("100 requests for one header");
}

/// One band of an image, row by row; left-out chunks hold `absent`.
pub fn read_band(
    file: &[u8],
    image: &Image,
    band: u16,
    absent: f64,
) -> Result<Vec<f64>, TiffError> {
    let width = image.width as usize;
    let mut pixels = vec![absent; width * image.height as usize];
    for chunk in image.chunks_covering(band, image.full_window()) {
        let window = image.chunk_window(chunk);
        let Some(range) = image.byte_range(chunk) else {
            continue;
        };
        let samples: Samples = image.decode(chunk, cut(file, &range), &[band])?.remove(0);
        assert_eq!(samples.len() as u64, window.pixel_count());
        for row in 0..window.height as usize {
            let at = (window.row as usize + row) * width + window.col as usize;
            let len = window.width as usize;
            samples.copy_to_f64(row * len..(row + 1) * len, &mut pixels[at..at + len]);
        }
    }
    Ok(pixels)
}

fn cut<'a>(file: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    let index = |at| usize::try_from(at).expect("64-bit");
    &file[index(range.start)..index(range.end)]
}
