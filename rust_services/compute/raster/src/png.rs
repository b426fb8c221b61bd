//! Pictures of an index: palette PNG, transparent where there is no value.

use thiserror::Error;

use crate::{
    grid::{GeoTransform, Grid},
    overview::reduce,
};

/// Largest picture: what may travel in an answer.
pub const MAX_PNG_BYTES: usize = 1 << 20;
/// Entries for values; one more is transparent.
const ENTRIES: u8 = 255;

/// A step of a colour ramp.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColourStop {
    /// Value of the index.
    pub value: f64,
    /// Red, green and blue.
    pub rgb: [u8; 3],
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum PngError {
    /// A ramp needs two ends.
    #[error("a colour ramp has at least 2 stops; {found} were given")]
    TooFewStops {
        /// Stops given.
        found: usize,
    },
    /// Values of stops ascend.
    #[error("colour stops ascend; {value} does not follow {before}")]
    NotAscending {
        /// A stop's value.
        before: f64,
        /// The next stop's value.
        value: f64,
    },
    /// Nothing to draw.
    #[error("{found} values are no picture of {width} by {height} pixels")]
    WrongLength {
        /// Values given.
        found: usize,
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Larger than an answer may be.
    #[error(
        "the picture has {found} bytes; at most {MAX_PNG_BYTES} are allowed, ask for a smaller one"
    )]
    TooLarge {
        /// Bytes it has.
        found: usize,
    },
    /// The encoder failed.
    #[error("the picture could not be encoded: {reason}")]
    Encoder {
        /// What the encoder says.
        reason: String,
    },
}

/// Colours over the range of an index. Legend and picture take theirs from the same stops.
#[derive(Debug, Clone, PartialEq)]
pub struct ColourRamp {
    stops: Vec<ColourStop>,
}

impl ColourRamp {
    /// A ramp of at least two stops, strictly ascending.
    ///
    /// # Errors
    /// [`PngError::TooFewStops`], [`PngError::NotAscending`].
    pub fn new(stops: Vec<ColourStop>) -> Result<Self, PngError> {
        if stops.len() < 2 {
            return Err(PngError::TooFewStops { found: stops.len() });
        }
        for pair in stops.windows(2) {
            let (before, value) = (pair[0].value, pair[1].value);
            // Neither order holds for NaN.
            if !(before < value && (value - before).is_finite()) {
                return Err(PngError::NotAscending { before, value });
            }
        }
        Ok(Self { stops })
    }

    /// Values of the first and the last stop.
    pub fn range(&self) -> (f64, f64) {
        (self.stops[0].value, self.stops[self.stops.len() - 1].value)
    }

    /// Colour of a value: interpolated in sRGB between stops, that of the end beyond the ends.
    pub fn colour_at(&self, value: f64) -> [u8; 3] {
        let right = self.stops.partition_point(|stop| stop.value <= value);
        let Some(to) = self.stops.get(right) else {
            return self.stops[self.stops.len() - 1].rgb;
        };
        let Some(from) = right.checked_sub(1).map(|left| &self.stops[left]) else {
            return to.rgb;
        };
        let share = (value - from.value) / (to.value - from.value);
        std::array::from_fn(|channel| {
            let (from, to) = (f64::from(from.rgb[channel]), f64::from(to.rgb[channel]));
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between two bytes
            {
                (from + share * (to - from)).round() as u8
            }
        })
    }

    /// Palette index of a value: 0 where there is none, else 1 to 255 over the range.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 1 and 255
    fn index_of(&self, value: f32) -> u8 {
        if value.is_nan() {
            return 0;
        }
        let (min, max) = self.range();
        let share = ((f64::from(value) - min) / (max - min)).clamp(0.0, 1.0);
        1 + (share * f64::from(ENTRIES - 1)).round() as u8
    }

    /// Red, green and blue of all palette entries; the first is never seen.
    fn palette(&self) -> Vec<u8> {
        let (min, max) = self.range();
        let step = (max - min) / f64::from(ENTRIES - 1);
        let colours = (0..ENTRIES).map(|entry| self.colour_at(min + f64::from(entry) * step));
        [[0; 3]].into_iter().chain(colours).flatten().collect()
    }
}

/// A picture and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The file.
    pub png: Vec<u8>,
    /// Grid of the values that were drawn: coarser than the raster's where it was reduced.
    pub grid: Grid,
    /// Picture pixels along each side of a pixel of that grid.
    pub enlargement: u32,
}

/// Draws values, row by row, NaN transparent, with the longer side at most `max_size` pixels.
///
/// A larger raster is reduced by a whole factor, averaging values and never colours; a smaller one
/// is enlarged by a whole factor, each value a square. The same values give the same bytes.
///
/// # Errors
/// [`PngError::WrongLength`], [`PngError::TooLarge`], [`PngError::Encoder`].
pub fn render(
    grid: &Grid,
    values: &[f32],
    max_size: u32,
    ramp: &ColourRamp,
) -> Result<Picture, PngError> {
    let longer = grid.width.max(grid.height);
    if values.is_empty() || values.len() as u64 != grid.full_window().pixel_count() {
        return Err(PngError::WrongLength {
            found: values.len(),
            width: grid.width,
            height: grid.height,
        });
    }
    let reduction = longer.div_ceil(max_size.max(1));
    let drawn = reduced_grid(grid, reduction);
    let enlargement = (max_size / drawn.width.max(drawn.height)).max(1);
    let png = if reduction > 1 {
        let (reduced, ..) = reduce(values, grid.width as usize, reduction as usize);
        encode(&drawn, &reduced, enlargement, ramp)
    } else {
        encode(&drawn, values, enlargement, ramp)
    }?;
    if png.len() > MAX_PNG_BYTES {
        return Err(PngError::TooLarge { found: png.len() });
    }
    Ok(Picture {
        png,
        grid: drawn,
        enlargement,
    })
}

/// The grid of averages over squares of `factor` pixels.
fn reduced_grid(grid: &Grid, factor: u32) -> Grid {
    Grid {
        width: grid.width.div_ceil(factor),
        height: grid.height.div_ceil(factor),
        transform: GeoTransform {
            pixel_width: grid.transform.pixel_width * f64::from(factor),
            pixel_height: grid.transform.pixel_height * f64::from(factor),
            ..grid.transform
        },
        epsg: grid.epsg,
    }
}

fn encode(
    grid: &Grid,
    values: &[f32],
    enlargement: u32,
    ramp: &ColourRamp,
) -> Result<Vec<u8>, PngError> {
    let times = enlargement as usize;
    let mut pixels = Vec::with_capacity(values.len() * times * times);
    for row in values.chunks_exact(grid.width as usize) {
        let start = pixels.len();
        for &value in row {
            pixels.extend(std::iter::repeat_n(ramp.index_of(value), times));
        }
        let line = start..pixels.len();
        for _ in 1..times {
            pixels.extend_from_within(line.clone());
        }
    }

    let encoder_error = |error: png::EncodingError| PngError::Encoder {
        reason: error.to_string(),
    };
    let mut bytes = Vec::new();
    let (width, height) = (grid.width * enlargement, grid.height * enlargement);
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(ramp.palette());
    // Entries that are not listed are opaque.
    encoder.set_trns(vec![0]);
    encoder.set_compression(png::Compression::Balanced);
    // Neighbouring palette indices are no neighbouring colours to a filter: plain rows pack best.
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().map_err(encoder_error)?;
    writer.write_image_data(&pixels).map_err(encoder_error)?;
    writer.finish().map_err(encoder_error)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
