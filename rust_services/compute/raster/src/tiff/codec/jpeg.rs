//! JPEG inside TIFF: a stream for each tile or strip, with tables that all of them share.
//!
//! # Source
//! TIFF Technical Note 2 (Adobe, 1995); ITU-T T.81, annex B for the segments.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::{Outcome, Shape};

/// Most scans of a stream. Each goes over all pixels, and costs but a few bytes to ask for.
const MAX_SCANS: usize = 64;

const QUANTIZATION: u8 = 0xDB;
const HUFFMAN: u8 = 0xC4;
const RESTART_INTERVAL: u8 = 0xDD;
const START: u8 = 0xD8;
const END: u8 = 0xD9;
const SCAN: u8 = 0xDA;

fn damaged(why: impl std::fmt::Display) -> Outcome {
    Outcome::Damaged(format!("damaged JPEG data ({why})"))
}

/// Decodes a picture of the expected size: bands as they are stored, or red, green and blue.
pub(super) fn decode(shape: Shape<'_>, data: &[u8], out: &mut [u8]) -> Outcome {
    let stream = match Stream::joined(shape.jpeg_tables, data) {
        Ok(stream) => stream,
        Err(why) => return damaged(why),
    };
    let Frame {
        width,
        height,
        bands,
        is_lettered,
    } = stream.frame;
    if (u32::from(width), u16::from(bands)) != (shape.width, shape.bands) {
        return damaged(format!("{width} columns of {bands} bands"));
    }
    let len = usize::from(width) * usize::from(height) * usize::from(bands);
    let Some((out, behind)) = out.split_at_mut_checked(len) else {
        return Outcome::More;
    };
    // Without the segments of applications nothing but the TIFF says what the colours are.
    let colours = match (bands, shape.is_ycbcr, is_lettered) {
        (1, _, _) => ColorSpace::Luma,
        (3, true, true) => return damaged("red, green and blue where YCbCr belongs"),
        // The decoder takes three bands without letters for YCbCr: as they are, or converted.
        (3, true, false) | (3, false, true) => ColorSpace::RGB,
        (3, false, false) => ColorSpace::YCbCr,
        (4, _, _) => ColorSpace::CMYK,
        _ => return damaged(format!("{bands} bands")),
    };
    let options = DecoderOptions::new_safe()
        .set_strict_mode(true)
        .set_max_width(usize::from(width))
        .set_max_height(usize::from(height))
        .jpeg_set_max_scans(MAX_SCANS)
        .jpeg_set_out_colorspace(colours);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&stream.bytes[..]), options);
    match decoder.decode_into(out) {
        Ok(()) if behind.is_empty() => Outcome::Full,
        Ok(()) => Outcome::Short(len),
        Err(error) => damaged(error),
    }
}

/// What a stream says of its picture before its first scan.
#[derive(Debug, Clone, Copy)]
struct Frame {
    width: u16,
    height: u16,
    bands: u8,
    /// Whether the bands are called R, G and B.
    is_lettered: bool,
}

/// A stream that stands on its own, without comments and what applications add.
struct Stream {
    bytes: Vec<u8>,
    frame: Frame,
}

impl Stream {
    fn joined(tables: &[u8], data: &[u8]) -> Result<Self, String> {
        let mut bytes = vec![0xFF, START];
        let mut frame = None;
        for (source, is_data) in [(tables, false), (data, true)] {
            if source.is_empty() && !is_data {
                continue;
            }
            let mut segments = Segments::new(source).ok_or("no start")?;
            while let Some(segment) = segments.next()? {
                match segment.marker {
                    QUANTIZATION | HUFFMAN | RESTART_INTERVAL => bytes.extend(segment.whole),
                    0xC0..=0xC2 if is_data && frame.is_none() => {
                        frame = Some(segment.frame()?);
                        bytes.extend(segment.whole);
                    }
                    0xC0..=0xCF => return Err(format!("a frame {:#x}", segment.marker)),
                    _ => {}
                }
            }
            if is_data {
                // The decoder goes on with grey where a stream breaks off.
                if !segments
                    .rest
                    .windows(2)
                    .rev()
                    .any(|pair| pair == [0xFF, END])
                {
                    return Err("no end".to_owned());
                }
                bytes.extend(segments.rest);
            }
        }
        let frame = frame.ok_or("no frame")?;
        Ok(Self { bytes, frame })
    }
}

struct Segment<'a> {
    marker: u8,
    /// From the marker to the end.
    whole: &'a [u8],
}

impl Segment<'_> {
    /// The frame that the segment describes: precision, height, width, number of bands.
    fn frame(&self) -> Result<Frame, String> {
        match *self.whole {
            [_, _, _, _, 8, high, low, wide, narrow, bands, ref rest @ ..] => Ok(Frame {
                width: u16::from_be_bytes([wide, narrow]),
                height: u16::from_be_bytes([high, low]),
                bands,
                // Three bytes a band, the first its name.
                is_lettered: rest.iter().step_by(3).eq(b"RGB"),
            }),
            [_, _, _, _, bits, ..] => Err(format!("values of {bits} bits")),
            _ => Err("a short frame".to_owned()),
        }
    }
}

/// The segments before the first scan.
struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    /// None where the bytes do not start as a stream does.
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[0xFF, START])?;
        Some(Self { rest })
    }

    /// The next segment; None at a scan and at the end.
    fn next(&mut self) -> Result<Option<Segment<'a>>, String> {
        loop {
            match *self.rest {
                // Bytes that fill up.
                [0xFF, 0xFF, ..] => self.rest = &self.rest[1..],
                [0xFF, SCAN | END, ..] | [] => return Ok(None),
                [0xFF, marker, high, low, ..] => {
                    let len = usize::from(u16::from_be_bytes([high, low])) + 2;
                    let Some((whole, rest)) = self.rest.split_at_checked(len) else {
                        return Err("a segment that is cut off".to_owned());
                    };
                    self.rest = rest;
                    return Ok(Some(Segment { marker, whole }));
                }
                _ => return Err("no marker where one belongs".to_owned()),
            }
        }
    }
}
