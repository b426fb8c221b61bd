//! WebP of three or four bands of bytes.

use std::io::Cursor;

use image_webp::WebPDecoder;

use super::{Outcome, Shape};

fn damaged(why: impl std::fmt::Display) -> Outcome {
    Outcome::Damaged(format!("damaged WebP data ({why})"))
}

/// Decodes a picture of the expected size.
pub(super) fn decode(shape: Shape<'_>, data: &[u8], out: &mut [u8]) -> Outcome {
    let bands = usize::from(shape.bands);
    let mut decoder = match WebPDecoder::new(Cursor::new(data)) {
        Ok(decoder) => decoder,
        Err(error) => return damaged(error),
    };
    if decoder.is_animated() {
        return damaged("moving pictures");
    }
    let (width, height) = decoder.dimensions();
    if width != shape.width {
        return damaged(format!("{width} columns"));
    }
    let pixels = width as usize * height as usize;
    match pixels.saturating_mul(bands).cmp(&out.len()) {
        std::cmp::Ordering::Less => return Outcome::Short(pixels * bands),
        std::cmp::Ordering::Equal => {}
        std::cmp::Ordering::Greater => return Outcome::More,
    }
    decoder.set_memory_limit(4 * pixels);
    let stored = if decoder.has_alpha() { 4 } else { 3 };
    if stored == bands {
        return match decoder.read_image(out) {
            Ok(()) => Outcome::Full,
            Err(error) => damaged(error),
        };
    }
    // Writers leave alpha out where it is full, and keep it where nobody asked for it.
    let mut picture = vec![0; pixels * stored];
    if let Err(error) = decoder.read_image(&mut picture) {
        return damaged(error);
    }
    for (to, from) in out
        .chunks_exact_mut(bands)
        .zip(picture.chunks_exact(stored))
    {
        to.fill(u8::MAX);
        to[..3].copy_from_slice(&from[..3]);
    }
    Outcome::Full
}
