//! Statistics of an index inside an outline, each pixel weighted by the share of it inside.
//!
//! Blocks of a scene arrive in any order; an [`Accumulator`] a field and index takes what its
//! [`Coverage`] has of each.

mod moments;

use crate::{
    coverage::{Coverage, ShareSum},
    grid::Window,
    quantile::WeightedQuantiles,
};
use moments::Moments;

/// What became of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PixelState {
    /// It has a value.
    Valid,
    /// The file holds nothing here.
    NoData,
    /// A mask hides the ground, or says nothing of this place.
    Masked,
    /// The sensor was blinded: the digital number is above what it can measure.
    Saturated,
    /// The ground was seen, but the formula has no value, or one outside its valid range.
    Undefined,
}

impl PixelState {
    /// Whether the ground was seen: no mask hides it, there is data and the sensor was not blinded.
    pub fn is_clear(self) -> bool {
        matches!(self, Self::Valid | Self::Undefined)
    }
}

/// Part of a scene: an index's values and what became of each pixel, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// Where the pixels are.
    pub window: Window,
    /// Values; only those of valid pixels are looked at.
    pub values: &'a [f32],
    /// States. A valid pixel whose value is not finite counts as undefined.
    pub states: &'a [PixelState],
}

/// Bins of equal width from `min` to `max`; the last one holds `max` itself. Values outside are in
/// no bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistogramSpec {
    /// Lower end of the first bin.
    pub min: f64,
    /// Upper end of the last bin, above `min`.
    pub max: f64,
    /// Number of bins, at least 1.
    pub bins: usize,
}

/// What to compute beside the statistics that every summary has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SummarySpec {
    /// Quantiles, each 0 to 1.
    pub quantiles: Vec<f64>,
    /// Histogram, where one is wanted.
    pub histogram: Option<HistogramSpec>,
}

/// An index over one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Sum of the shares of pixels inside the outline, over the raster's extent.
    pub covered_pixels: f64,
    /// The same in square metres.
    pub covered_area_m2: f64,
    /// Area of the outline, also outside the raster, square metres.
    pub outline_area_m2: f64,
    /// Sum of the shares of pixels that have a value.
    pub effective_pixels: f64,
    /// `effective_pixels / covered_pixels`, 0–1; 0 where nothing is covered.
    pub valid_share: f64,
    /// Share of `covered_pixels` where the ground was seen, see [`PixelState::is_clear`], 0–1.
    pub clear_share: f64,
    /// Share of `covered_pixels` from pixels that the outline cuts, 0–1.
    pub edge_share: f64,
    /// Statistics of the values; None where no pixel has one.
    pub values: Option<ValueSummary>,
    /// Effective pixels per bin; empty where none was asked for.
    pub histogram: Vec<f64>,
}

/// Statistics of at least one value.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueSummary {
    /// Weighted mean.
    pub mean: f64,
    /// Weighted standard deviation of the population.
    pub standard_deviation: f64,
    /// Smallest value of a pixel that the outline touches.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Weighted median, see [`WeightedQuantiles`].
    pub median: f64,
    /// Weighted quantiles, in the order they were asked for.
    pub quantiles: Vec<f64>,
}

/// Most bytes that an [`Accumulator`] of this coverage holds for the quantiles.
pub fn most_bytes_kept(coverage: &Coverage) -> u64 {
    let cut = coverage.touched_pixels() - coverage.whole_pixels();
    coverage.whole_pixels() * size_of::<f32>() as u64 + cut * size_of::<(f32, f64)>() as u64
}

/// Collects the pixels of one field and one index.
#[derive(Debug, Clone)]
pub struct Accumulator {
    spec: SummarySpec,
    moments: Moments,
    /// Values of pixels that lie inside as a whole: 4 bytes a pixel, kept for the quantiles.
    whole: Vec<f32>,
    /// Values of cut pixels with their shares.
    cut: Vec<(f32, f64)>,
    effective: ShareSum,
    clear: ShareSum,
    histogram: Vec<f64>,
}

impl Accumulator {
    /// Starts with no pixel.
    pub fn new(spec: &SummarySpec) -> Self {
        Self {
            spec: spec.clone(),
            moments: Moments::default(),
            whole: Vec::new(),
            cut: Vec::new(),
            effective: ShareSum::default(),
            clear: ShareSum::default(),
            histogram: vec![0.0; spec.histogram.map_or(0, |histogram| histogram.bins)],
        }
    }

    /// Adds the pixels of a block that lie inside. Each pixel of the scene is given once.
    ///
    /// # Panics
    /// When the block has not as many values and states as its window has pixels.
    pub fn add(&mut self, coverage: &Coverage, block: &Block<'_>) {
        let pixels = block.window.pixel_count();
        assert_eq!(block.values.len() as u64, pixels, "one value a pixel");
        assert_eq!(block.states.len() as u64, pixels, "one state a pixel");
        let (whole_before, cut_before) = (self.whole.len(), self.cut.len());
        let width = block.window.width as usize;
        for (row, span) in coverage.spans_within(block.window) {
            let start =
                (row - block.window.row) as usize * width + (span.col - block.window.col) as usize;
            let range = start..start + span.len as usize;
            let (values, states) = (&block.values[range.clone()], &block.states[range]);
            if span.is_whole() {
                self.take_whole(values, states);
            } else {
                self.take_cut(values, states, span.share);
            }
        }
        self.sum_up(whole_before, cut_before);
    }

    /// Keeps the values of pixels of weight 1.
    fn take_whole(&mut self, values: &[f32], states: &[PixelState]) {
        // One test of the run instead of one a pixel: most runs have no gap.
        let other_states = states.iter().fold(0, |seen, &state| seen | state as u8);
        if other_states == PixelState::Valid as u8 {
            self.whole.extend_from_slice(values);
            self.clear.add(1.0, values.len() as u64);
            return;
        }
        let clear = states.iter().filter(|state| state.is_clear()).count();
        self.clear.add(1.0, clear as u64);
        let pixels = values.iter().zip(states);
        let valid = pixels.filter(|(_, state)| **state == PixelState::Valid);
        self.whole.extend(valid.map(|(&value, _)| value));
    }

    /// Keeps the values of pixels that share one weight below 1.
    fn take_cut(&mut self, values: &[f32], states: &[PixelState], share: f64) {
        for (&value, &state) in values.iter().zip(states) {
            if state.is_clear() {
                self.clear.add(share, 1);
            }
            if state == PixelState::Valid && value.is_finite() {
                self.cut.push((value, share));
            }
        }
    }

    /// Adds the values kept since there were so many of them: as dense slices, so that the sums run
    /// without a branch a pixel.
    fn sum_up(&mut self, whole_before: usize, cut_before: usize) {
        let all_finite = |values: &[f32]| {
            let other = values.iter().fold(false, |seen, v| seen | !v.is_finite());
            !other
        };
        if !all_finite(&self.whole[whole_before..]) {
            let fresh = self.whole.split_off(whole_before);
            self.whole
                .extend(fresh.into_iter().filter(|value| value.is_finite()));
        }
        let (whole, cut) = (&self.whole[whole_before..], &self.cut[cut_before..]);
        self.effective.add(1.0, whole.len() as u64);
        for &(_, share) in cut {
            self.effective.add(share, 1);
        }
        self.moments.merge(&Moments::of_whole(whole));
        self.moments.merge(&Moments::of_weighted(cut));
        if let Some(bins) = &self.spec.histogram {
            let weighted = whole.iter().map(|&value| (value, 1.0));
            for (value, weight) in weighted.chain(cut.iter().copied()) {
                if let Some(bin) = bins.bin_of(value) {
                    self.histogram[bin] += weight;
                }
            }
        }
    }

    /// Joins what was collected elsewhere from other pixels of the same field, index and spec.
    pub fn merge(&mut self, other: &Self) {
        self.moments.merge(&other.moments);
        self.whole.extend_from_slice(&other.whole);
        self.cut.extend_from_slice(&other.cut);
        self.effective.join(other.effective);
        self.clear.join(other.clear);
        for (bin, more) in self.histogram.iter_mut().zip(&other.histogram) {
            *bin += more;
        }
    }

    /// Bytes held for the quantiles.
    pub fn byte_len(&self) -> usize {
        size_of_val(self.whole.as_slice()) + size_of_val(self.cut.as_slice())
    }

    /// The summary. Pixels of the coverage that no block held count as covered and as not clear.
    pub fn finish(mut self, coverage: &Coverage) -> Summary {
        let covered_pixels = coverage.covered_pixels();
        let share_of_covered = |pixels: f64| {
            if covered_pixels > 0.0 {
                (pixels / covered_pixels).clamp(0.0, 1.0)
            } else {
                0.0
            }
        };
        self.spec.quantiles.push(0.5);
        let values = self.moments.summary().and_then(|moments| {
            let sorted = WeightedQuantiles::new(self.whole, self.cut);
            let mut quantiles = sorted.quantiles(&self.spec.quantiles)?;
            Some(ValueSummary {
                mean: moments.mean,
                standard_deviation: moments.standard_deviation,
                min: moments.min,
                max: moments.max,
                median: quantiles.pop()?,
                quantiles,
            })
        });
        let effective_pixels = self.effective.pixels();
        Summary {
            covered_pixels,
            covered_area_m2: coverage.covered_area_m2(),
            outline_area_m2: coverage.outline_area_m2(),
            effective_pixels,
            valid_share: share_of_covered(effective_pixels),
            clear_share: share_of_covered(self.clear.pixels()),
            edge_share: share_of_covered(coverage.cut_pixels()),
            values,
            histogram: self.histogram,
        }
    }
}

impl HistogramSpec {
    /// The bin a value falls into; None outside.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and bins
    fn bin_of(&self, value: f32) -> Option<usize> {
        // An end that values reach was rounded as they were; 0.1 as f32 is above 0.1.
        if !(self.min as f32..=self.max as f32).contains(&value) {
            return None;
        }
        let bin = (f64::from(value) - self.min) / (self.max - self.min) * self.bins as f64;
        Some((bin as usize).min(self.bins - 1))
    }
}

#[cfg(test)]
mod tests;
