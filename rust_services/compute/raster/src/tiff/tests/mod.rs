//! The reader on files made here: every layout, every refusal, and bytes of ill will.

mod bombs;
mod builder;
mod hostile;
mod jpeg;
mod layouts;
mod memory;
mod pixels;
mod place;
mod refused;

use super::{Image, Limits, Parsed, SparseBytes, Tiff, TiffError, parse};
use crate::samples::Samples;

/// The header of a file that is wholly at hand.
fn open(file: &[u8]) -> Result<Tiff, TiffError> {
    match parse(&SparseBytes::whole(file.to_vec()), &Limits::default())? {
        Parsed::Ready(tiff) => Ok(tiff),
        Parsed::NeedMore(range) => panic!("{range:?} of a file that is at hand"),
    }
}

/// One band of an image, row by row; left-out chunks are 0.
fn read(file: &[u8], image: &Image, band: u16) -> Result<Vec<f64>, TiffError> {
    let width = image.width as usize;
    let mut pixels = vec![0.0; width * image.height as usize];
    for chunk in image.chunks_covering(band, image.full_window()) {
        let Some(range) = image.byte_range(chunk) else {
            continue;
        };
        let index = |at| usize::try_from(at).expect("a small file");
        let data = &file[index(range.start)..index(range.end)];
        let window = image.chunk_window(chunk);
        let samples: Vec<Samples> = image.decode(chunk, data, &[band])?;
        assert_eq!(samples.len(), 1);
        assert_eq!(samples[0].len() as u64, window.pixel_count());
        for row in 0..window.height as usize {
            for col in 0..window.width as usize {
                let at = (window.row as usize + row) * width + window.col as usize + col;
                pixels[at] = samples[0].get_f64(row * window.width as usize + col);
            }
        }
    }
    Ok(pixels)
}
