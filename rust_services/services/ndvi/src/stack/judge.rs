//! What each pixel of a band, a mask and an index is: a value, or why it has none.

#![expect(
    clippy::needless_bitwise_bool,
    reason = "loops over pixels go without branches"
)]

use std::ops::Range;

use furrow_raster::grid::Window;
use furrow_raster::samples::Samples;
use furrow_raster::zonal::PixelState;

use super::{DecodedBlock, StackedBand, StackedMask};
use crate::parts::Pixels;
use crate::request::{Radiometry, Reading};

impl StackedMask {
    /// Whether each pixel of a layer hides the ground. Where the layer's file holds nothing, nothing
    /// says that the ground is clear.
    pub(super) fn hidden(&self, pixels: &Pixels) -> Vec<bool> {
        let (samples, width) = (&pixels.bands[0], pixels.window.width as usize);
        let mut hidden = self
            .rule
            .hidden(samples, width, self.pixel, self.dilation_m);
        if self.nodata.is_some() {
            for (place, flag) in hidden.iter_mut().enumerate() {
                let value = samples.get_f64(place);
                // The file's nodata is compared as stored, so equality is exact.
                *flag |= self.nodata == Some(value) || value.is_nan();
            }
        }
        if let Some(mask) = &pixels.mask {
            for (place, flag) in hidden.iter_mut().enumerate() {
                *flag |= mask.get_f64(place) <= 0.0;
            }
        }
        hidden
    }
}

/// A band over a block, to be read run by run.
pub(super) enum BandPixels<'a> {
    /// The file holds nothing here.
    Nothing,
    /// Pixels of the grid as they are stored.
    Stored {
        band: &'a StackedBand,
        pixels: &'a Pixels,
    },
    /// Pixels that had to be brought onto the grid.
    Resampled(Reflectance),
}

/// Reflectance of a block, `NaN` where there is none.
pub(super) struct Reflectance {
    values: Vec<f64>,
    /// Where the sensor was blinded; empty where nowhere.
    saturated: Vec<bool>,
}

/// A band over a run of pixels.
pub(super) struct RunOfBand {
    /// Reflectance, `NaN` where there is none.
    values: Vec<f64>,
    /// Where there is none because the sensor was blinded.
    saturated: Vec<bool>,
}

impl RunOfBand {
    pub(super) fn new() -> Self {
        Self {
            values: Vec::new(),
            saturated: Vec::new(),
        }
    }

    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }
}

impl BandPixels<'_> {
    /// Reads a run of the block's pixels.
    pub(super) fn read(&self, run: Range<usize>, onto: &mut RunOfBand) {
        onto.values.resize(run.len(), f64::NAN);
        onto.saturated.resize(run.len(), false);
        match self {
            Self::Nothing => {
                onto.values.fill(f64::NAN);
                onto.saturated.fill(false);
            }
            Self::Stored { band, pixels } => {
                band.numbers(pixels, run, &mut onto.values);
                let limits = Limits::of(&band.radiometry);
                let (scale, offset) = (band.radiometry.scale, band.radiometry.offset);
                for (number, saturated) in onto.values.iter_mut().zip(&mut onto.saturated) {
                    let is_number = limits.is_number(*number);
                    *saturated = is_number & (*number > limits.most);
                    *number = if is_number & (*number <= limits.most) {
                        *number * scale + offset
                    } else {
                        f64::NAN
                    };
                }
            }
            Self::Resampled(read) => {
                onto.values.copy_from_slice(&read.values[run.clone()]);
                match read.saturated.get(run) {
                    Some(flags) => onto.saturated.copy_from_slice(flags),
                    None => onto.saturated.fill(false),
                }
            }
        }
    }
}

/// What tells measurements from what is none, without a branch a pixel: see [`Radiometry::read`].
struct Limits {
    /// `NaN`, which equals nothing, where there is none.
    nodata: f64,
    least: f64,
    most: f64,
}

impl Limits {
    fn of(radiometry: &Radiometry) -> Self {
        Self {
            nodata: radiometry.nodata.unwrap_or(f64::NAN),
            least: radiometry.min_digital_number.unwrap_or(f64::NEG_INFINITY),
            most: radiometry.max_digital_number.unwrap_or(f64::INFINITY),
        }
    }

    /// Whether a digital number is a measurement, or one too large.
    #[expect(clippy::float_cmp, reason = "nodata is compared as stored")]
    fn is_number(&self, number: f64) -> bool {
        number.is_finite() & (number != self.nodata) & (number >= self.least)
    }
}

impl StackedBand {
    /// Whether the file leaves this pixel out as holding nothing. Without a nodata value it means 0.
    fn is_left_out(&self, pixels: &Pixels, place: usize) -> bool {
        self.radiometry.nodata.is_some() && pixels.left_out[self.plane].get(place) == Some(&true)
    }

    pub(super) fn reading(&self, pixels: &Pixels, place: usize) -> Reading {
        if self.is_left_out(pixels, place) {
            return Reading::NoData;
        }
        if let Some(mask) = &pixels.mask
            && mask.get_f64(place) <= 0.0
        {
            return Reading::NoData;
        }
        self.radiometry
            .read(pixels.bands[self.plane].get_f64(place))
    }

    /// The band over a block.
    pub(super) fn pixels<'a>(
        &'a self,
        decoded: &'a DecodedBlock,
        window: Window,
    ) -> BandPixels<'a> {
        let Some(pixels) = &decoded.parts[self.source] else {
            return BandPixels::Nothing;
        };
        let is_same_grid = self.alignment.factor() == 1
            && pixels.bands[self.plane].len() as u64 == window.pixel_count();
        if is_same_grid {
            BandPixels::Stored { band: self, pixels }
        } else {
            BandPixels::Resampled(self.resample(pixels, window))
        }
    }

    /// Digital numbers of a run, `NaN` where the file leaves them out or its own mask hides them.
    fn numbers(&self, pixels: &Pixels, run: Range<usize>, onto: &mut [f64]) {
        pixels.bands[self.plane].copy_to_f64(run.clone(), onto);
        if !pixels.left_out[self.plane].is_empty() {
            for (place, number) in run.clone().zip(onto.iter_mut()) {
                if self.is_left_out(pixels, place) {
                    *number = f64::NAN;
                }
            }
        }
        if let Some(mask) = &pixels.mask {
            for (place, number) in run.zip(onto) {
                if mask.get_f64(place) <= 0.0 {
                    *number = f64::NAN;
                }
            }
        }
    }

    /// Averages finer pixels over those of the grid.
    fn resample(&self, pixels: &Pixels, window: Window) -> Reflectance {
        let samples: &Samples = &pixels.bands[self.plane];
        let mut numbers = vec![0.0; samples.len()];
        self.numbers(pixels, 0..samples.len(), &mut numbers);
        let limits = Limits::of(&self.radiometry);
        let mut saturated = Vec::new();
        for (place, number) in numbers.iter_mut().enumerate() {
            let is_number = limits.is_number(*number);
            if is_number && *number > limits.most {
                if saturated.is_empty() {
                    saturated = vec![false; samples.len()];
                }
                saturated[place] = true;
            }
            if !is_number || *number > limits.most {
                *number = f64::NAN;
            }
        }
        // Digital numbers are averaged as 32-bit floats, which hold all 16-bit ones exactly.
        #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
        let rounded: Vec<f32> = numbers.iter().map(|number| *number as f32).collect();
        let means = self.alignment.average(window, &rounded);
        let mut values: Vec<f64> = means
            .into_iter()
            .map(|mean| self.radiometry.reflectance(f64::from(mean)))
            .collect();
        if !saturated.is_empty() {
            saturated = self.alignment.any(window, &saturated);
        }
        // A mean over pixels of which one was blinded is no measurement.
        for (value, _) in values
            .iter_mut()
            .zip(&saturated)
            .filter(|(_, blind)| **blind)
        {
            *value = f64::NAN;
        }
        Reflectance { values, saturated }
    }
}

/// Says what became of each pixel of a run, and takes away values that do not count.
pub(super) fn judge(
    values: &mut [f32],
    states: &mut [PixelState],
    bands: &[RunOfBand],
    hidden: &[bool],
) {
    let pixels = values.iter().zip(states.iter_mut()).zip(hidden);
    for ((value, state), hidden) in pixels {
        *state = match (*hidden, value.is_nan()) {
            (true, _) => PixelState::Masked,
            (false, true) => PixelState::Undefined,
            (false, false) => PixelState::Valid,
        };
    }
    // What is missing in any band outweighs what is blinded in another, and both the mask.
    for band in bands {
        for (state, blind) in states.iter_mut().zip(&band.saturated) {
            if *blind {
                *state = PixelState::Saturated;
            }
        }
    }
    for band in bands {
        let pixels = states.iter_mut().zip(&band.values).zip(&band.saturated);
        for ((state, value), blind) in pixels {
            if value.is_nan() & !blind {
                *state = PixelState::NoData;
            }
        }
    }
    for (value, state) in values.iter_mut().zip(states.iter()) {
        if *state != PixelState::Valid {
            *value = f32::NAN;
        }
    }
}
