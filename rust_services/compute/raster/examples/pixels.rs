//! Reads TIFFs as the service does: files in, their pixels or refusals out. What the tests compare with
//! GDAL.
//!
//! In: for each file its length as a little-endian 64-bit integer, then its bytes. Out: for each file
//! the number of its pixels, all bands together, and as many little-endian 64-bit floats, band after
//! band, row by row; or 2⁶⁴ − 1, the length of the refusal's words, and these.

use std::io::{self, Read, Write};

use furrow_raster::tiff::{Image, Limits, Parsed, SparseBytes, TiffError, parse};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    let mut rest = &bytes[..];
    let mut out = Vec::new();
    while let Some((len, behind)) = rest.split_first_chunk::<8>() {
        let len = usize::try_from(u64::from_le_bytes(*len))?;
        let (file, behind) = behind.split_at_checked(len).ok_or("a short file")?;
        rest = behind;
        match pixels(file) {
            Ok(values) => {
                out.extend((values.len() as u64).to_le_bytes());
                out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
            Err(error) => {
                let words = format!("{} {error}", error.reason());
                out.extend(u64::MAX.to_le_bytes());
                out.extend((words.len() as u64).to_le_bytes());
                out.extend(words.as_bytes());
            }
        }
    }
    io::stdout().write_all(&out)?;
    Ok(())
}

fn pixels(file: &[u8]) -> Result<Vec<f64>, TiffError> {
    let mut bytes = SparseBytes::new(file.len() as u64);
    let tiff = loop {
        match parse(&bytes, &Limits::default())? {
            Parsed::Ready(tiff) => break tiff,
            Parsed::NeedMore(range) => bytes.insert(range.start, cut(file, &range).to_vec()),
        }
    };
    let mut values = Vec::new();
    for band in 0..tiff.full().bands {
        values.extend(plane(file, tiff.full(), band)?);
    }
    Ok(values)
}

fn plane(file: &[u8], image: &Image, band: u16) -> Result<Vec<f64>, TiffError> {
    let across = image.width as usize;
    let mut plane = vec![0.0; across * image.height as usize];
    for chunk in image.chunks_covering(band, image.full_window()) {
        let Some(range) = image.byte_range(chunk) else {
            continue;
        };
        let samples = image.decode(chunk, cut(file, &range), &[band])?.remove(0);
        let window = image.chunk_window(chunk);
        let width = window.width as usize;
        for row in 0..window.height as usize {
            let at = (window.row as usize + row) * across + window.col as usize;
            samples.copy_to_f64(row * width..(row + 1) * width, &mut plane[at..at + width]);
        }
    }
    Ok(plane)
}

fn cut<'a>(file: &'a [u8], range: &std::ops::Range<u64>) -> &'a [u8] {
    let index = |at| usize::try_from(at).unwrap_or(usize::MAX);
    &file[index(range.start)..index(range.end)]
}
