//! What each pixel of a band, a mask and an index is: a value, or why it has none.

use furrow_raster::grid::Window;
use furrow_raster::samples::Samples;
use furrow_raster::zonal::PixelState;

use super::{DecodedBlock, StackedBand, StackedMask};
use crate::parts::Pixels;
use crate::request::Reading;

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

/// A band over a block: reflectance, `NaN` where there is none.
pub(super) struct Reflectance {
    pub(super) values: Vec<f64>,
    /// Where the sensor was blinded; empty where nowhere.
    pub(super) saturated: Vec<bool>,
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

    pub(super) fn read(&self, decoded: &DecodedBlock, window: Window) -> Reflectance {
        let count = usize::try_from(window.pixel_count()).unwrap_or(usize::MAX);
        let Some(pixels) = &decoded.parts[self.source] else {
            return Reflectance {
                values: vec![f64::NAN; count],
                saturated: Vec::new(),
            };
        };
        let samples: &Samples = &pixels.bands[self.plane];
        let mut numbers = vec![0.0; samples.len()];
        samples.copy_to_f64(0..samples.len(), &mut numbers);
        if !pixels.left_out[self.plane].is_empty() {
            for (place, number) in numbers.iter_mut().enumerate() {
                if self.is_left_out(pixels, place) {
                    *number = f64::NAN;
                }
            }
        }
        if let Some(mask) = &pixels.mask {
            for (place, number) in numbers.iter_mut().enumerate() {
                if mask.get_f64(place) <= 0.0 {
                    *number = f64::NAN;
                }
            }
        }
        let mut saturated = Vec::new();
        for (place, number) in numbers.iter_mut().enumerate() {
            let reading = self.radiometry.read(*number);
            if reading == Reading::Saturated {
                if saturated.is_empty() {
                    saturated = vec![false; samples.len()];
                }
                saturated[place] = true;
            }
            if !matches!(reading, Reading::Number(_)) {
                *number = f64::NAN;
            }
        }
        let is_same_grid = self.alignment.factor() == 1 && samples.len() == count;
        if !is_same_grid {
            // Digital numbers are averaged as 32-bit floats, which hold all 16-bit ones exactly.
            #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
            let rounded: Vec<f32> = numbers.iter().map(|number| *number as f32).collect();
            let means = self.alignment.average(window, &rounded);
            numbers = means.into_iter().map(f64::from).collect();
            if !saturated.is_empty() {
                saturated = self.alignment.any(window, &saturated);
            }
        }
        for number in &mut numbers {
            *number = self.radiometry.reflectance(*number);
        }
        // A mean over pixels of which one was blinded is no measurement.
        for (number, _) in numbers
            .iter_mut()
            .zip(&saturated)
            .filter(|(_, blind)| **blind)
        {
            *number = f64::NAN;
        }
        Reflectance {
            values: numbers,
            saturated,
        }
    }
}

/// Says what became of each pixel, and takes away values that do not count.
pub(super) fn judge(
    values: &mut [f32],
    bands: &[&Reflectance],
    hidden: &[bool],
) -> Vec<PixelState> {
    let blind = |band: &Reflectance, place: usize| band.saturated.get(place) == Some(&true);
    let state = |place: usize, value: f32| {
        let missing = |band: &&Reflectance| band.values[place].is_nan() && !blind(band, place);
        if bands.iter().any(missing) {
            PixelState::NoData
        } else if bands.iter().any(|band| blind(band, place)) {
            PixelState::Saturated
        } else if hidden[place] {
            PixelState::Masked
        } else if value.is_nan() {
            PixelState::Undefined
        } else {
            PixelState::Valid
        }
    };
    let pixels = values.iter_mut().enumerate();
    pixels
        .map(|(place, value)| {
            let state = state(place, *value);
            if state != PixelState::Valid {
                *value = f32::NAN;
            }
            state
        })
        .collect()
}
