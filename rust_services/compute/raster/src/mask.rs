//! Which pixels do not show the ground: by class or by bit, grown by a distance in metres.

mod dilate;

use crate::{
    grid::{Grid, Window},
    resample::Nearest,
    samples::Samples,
};
pub use dilate::{PixelSize, dilate, reach};

/// A set of classes 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClassSet([u64; 4]);

impl ClassSet {
    /// The set of some classes; None where one is above 255.
    pub fn new(classes: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut set = Self::default();
        for class in classes {
            *set.0.get_mut((class / 64) as usize)? |= 1 << (class % 64);
        }
        Some(set)
    }

    /// Whether a pixel's value is one of the classes. A value that is no class at all is in none.
    pub fn contains(&self, value: f64) -> bool {
        as_bits(value).is_some_and(|class| {
            let word = self.0.get((class / 64) as usize).copied().unwrap_or(0);
            word >> (class % 64) & 1 == 1
        })
    }
}

/// How the values of a mask layer are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Values are classes, as in Sentinel-2's scene classification.
    Classes {
        /// Classes that hide the ground.
        masked: ClassSet,
        /// Of these, the ones that grow.
        dilated: ClassSet,
    },
    /// Values are classes, and only some show what is wanted: everything else is hidden, also what
    /// is no class. Nothing grows.
    AllBut {
        /// Classes that are not hidden.
        kept: ClassSet,
    },
    /// Values are bit fields, as in Landsat's `QA_PIXEL`.
    Bits {
        /// A pixel with any of these bits is hidden.
        masked: u32,
        /// Of these, the bits that grow.
        dilated: u32,
    },
}

impl Rule {
    /// Whether a pixel is hidden, and whether what hides it grows.
    fn judge(&self, value: f64) -> Judgement {
        match self {
            Self::Classes { masked, dilated } => Judgement {
                hidden: masked.contains(value),
                grows: masked.contains(value) && dilated.contains(value),
            },
            Self::AllBut { kept } => Judgement {
                hidden: !kept.contains(value),
                grows: false,
            },
            Self::Bits { masked, dilated } => {
                let Some(bits) = as_bits(value) else {
                    // Not a bit field: nothing is known of the pixel.
                    return Judgement {
                        hidden: true,
                        grows: false,
                    };
                };
                Judgement {
                    hidden: bits & masked != 0,
                    grows: bits & masked & dilated != 0,
                }
            }
        }
    }

    /// Judgements of all 256 values of a byte, or of all 65,536 of two.
    fn table(&self, len: u32) -> Vec<Judgement> {
        (0..len).map(|value| self.judge(f64::from(value))).collect()
    }

    /// Judges each pixel.
    fn judge_all(&self, samples: &Samples) -> Vec<Judgement> {
        match samples {
            Samples::U8(values) => {
                let table = self.table(1 << 8);
                values
                    .iter()
                    .map(|&value| table[usize::from(value)])
                    .collect()
            }
            Samples::U16(values) => {
                let table = self.table(1 << 16);
                values
                    .iter()
                    .map(|&value| table[usize::from(value)])
                    .collect()
            }
            _ => (0..samples.len())
                .map(|index| self.judge(samples.get_f64(index)))
                .collect(),
        }
    }

    /// Pixels of a window that are hidden, with what grows grown by `dilation_m` metres.
    ///
    /// Growth from outside the window is not seen: read a window that is [`reach`] pixels larger on
    /// each side, and look only at the inner part.
    ///
    /// # Panics
    /// When there are not `width` samples for each row.
    pub fn hidden(
        &self,
        samples: &Samples,
        width: usize,
        pixel: PixelSize,
        dilation_m: f64,
    ) -> Vec<bool> {
        let judged = self.judge_all(samples);
        let mut hidden: Vec<bool> = judged.iter().map(|judgement| judgement.hidden).collect();
        if dilation_m > 0.0 && judged.iter().any(|judgement| judgement.grows) {
            let grows: Vec<bool> = judged.iter().map(|judgement| judgement.grows).collect();
            for (flag, grown) in hidden
                .iter_mut()
                .zip(dilate(&grows, width, pixel, dilation_m))
            {
                *flag |= grown;
            }
        }
        hidden
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Judgement {
    hidden: bool,
    grows: bool,
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked to be a u32
fn as_bits(value: f64) -> Option<u32> {
    (value.fract() <= 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value)).then_some(value as u32)
}

/// Hidden pixels of part of a mask layer, to be looked up from other grids.
#[derive(Debug, Clone, PartialEq)]
pub struct HiddenPixels {
    /// Grid of the mask layer.
    pub grid: Grid,
    /// The part of it that is known.
    pub window: Window,
    /// Flags of the window's pixels, row by row.
    pub hidden: Vec<bool>,
}

impl HiddenPixels {
    /// The part of a mask layer of `grid` that a window of `onto` looks at; None where the layer
    /// has no pixel there.
    pub fn window_needed(grid: &Grid, onto: &Grid, window: Window) -> Option<Window> {
        Nearest::between(grid, onto, window).window()
    }

    /// Sets the flags of a window of another grid of the same reference system where the mask pixel
    /// that holds the pixel's centre is hidden.
    ///
    /// Pixels beyond the mask layer are set too: nothing says that they are clear.
    ///
    /// # Panics
    /// When there are not as many flags as the window has pixels.
    pub fn hide(&self, onto: &Grid, window: Window, flags: &mut [bool]) {
        assert_eq!(flags.len() as u64, window.pixel_count(), "one flag a pixel");
        let nearest = Nearest::between(&self.grid, onto, window);
        let within = |place: Option<u32>, start: u32, end: u32| {
            place
                .filter(|place| (start..end).contains(place))
                .map(|place| (place - start) as usize)
        };
        let known = &self.window;
        let cols: Vec<Option<usize>> = nearest
            .cols
            .iter()
            .map(|&col| within(col, known.col, known.col_end()))
            .collect();
        // Rows of the mask that are looked at, as wide as the window: several rows of a finer grid
        // look at the same one.
        let mut seen = vec![true; window.width as usize];
        let mut seen_row = None;
        let lines = flags.chunks_exact_mut(window.width as usize);
        for (line, &row) in lines.zip(&nearest.rows) {
            let row = within(row, known.row, known.row_end());
            if row.is_none() {
                line.fill(true);
                continue;
            }
            if row != seen_row {
                let start = row.unwrap_or(0) * known.width as usize;
                let mask = &self.hidden[start..][..known.width as usize];
                for (flag, col) in seen.iter_mut().zip(&cols) {
                    *flag = col.is_none_or(|col| mask[col]);
                }
                seen_row = row;
            }
            for (flag, seen) in line.iter_mut().zip(&seen) {
                *flag |= *seen;
            }
        }
    }
}

#[cfg(test)]
mod tests;
