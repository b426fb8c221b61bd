//! How digital numbers are distributed: what shows whether an offset is still in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use furrow_raster::mask::{ClassSet, Rule};

use crate::request::{BandSpec, MaskSpec, Reading, SceneSpec};
use crate::scenes::{Admitted, Rasters};
use crate::stack::Stack;
use crate::status::NdviError;

/// Different numbers that are counted one by one, beside the 16-bit integers.
const MAX_DIFFERENT: usize = 1 << 16;

/// Integers that a table counts: all of 16 bits, signed and not.
const TABLE: std::ops::Range<i32> = -(1 << 15)..1 << 16;

/// Distribution of a band's digital numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Distribution {
    /// Pixels measured.
    pub measured_pixels: u64,
    /// Pixels that hold no data.
    pub nodata_pixels: u64,
    /// None where no pixel was measured.
    pub quantiles: Option<Quantiles>,
}

/// Quantiles of the nearest rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    /// Smallest.
    pub min: f64,
    /// 1 %.
    pub quantile_01: f64,
    /// 50 %.
    pub median: f64,
    /// 99 %.
    pub quantile_99: f64,
    /// Largest.
    pub max: f64,
}

/// Measures every band of a scene; with `kept`, only where the first mask layer has one of these
/// classes.
///
/// # Errors
/// [`NdviError`] when a file cannot be read.
pub async fn measure_digital_numbers(
    rasters: &Rasters,
    call: &Admitted,
    scene: &SceneSpec,
    kept: Option<ClassSet>,
) -> Result<Vec<Distribution>, NdviError> {
    let layer = kept.zip(scene.masks.first()).map(|(kept, mask)| MaskSpec {
        rule: Rule::AllBut { kept },
        dilation_m: 0.0,
        ..mask.clone()
    });
    let bands = scene.bands.iter().map(|band| &band.place.location);
    let layers = layer.iter().map(|layer| &layer.place.location);
    let opened = rasters.open_all(bands.chain(layers), call).await?;
    let masks: Vec<_> = layer
        .into_iter()
        .map(|layer| {
            let raster = Arc::clone(&opened[&layer.place.location]);
            (layer, raster)
        })
        .collect();
    let mut measured = Vec::with_capacity(scene.bands.len());
    for band in &scene.bands {
        let raster = Arc::clone(&opened[&band.place.location]);
        let stack = Stack::of_band(&band.name, &band.place, band.radiometry, raster, &masks)?;
        measured.push(measure_band(rasters, call, band, stack).await?);
    }
    Ok(measured)
}

async fn measure_band(
    rasters: &Rasters,
    call: &Admitted,
    band: &BandSpec,
    stack: Stack,
) -> Result<Distribution, NdviError> {
    tracing::debug!(band = %band.name, "Measuring digital numbers.");
    let stack = Arc::new(stack);
    let mut tally = Tally::default();
    for window in stack.lattice.within(stack.grid.full_window()) {
        let fetched = stack.fetch(window).await?;
        let (stack, cancel) = (Arc::clone(&stack), call.cancel.clone());
        let metrics = rasters.metrics().clone();
        tally = call
            .run(move || {
                let decoded = fetched.decode(&cancel, &metrics)?;
                let hidden = stack.hidden(&decoded, window);
                for (reading, hidden) in decoded.readings(&stack).zip(hidden) {
                    tally.add(reading, hidden);
                }
                Ok(tally)
            })
            .await?;
    }
    Ok(tally.distribution())
}

/// Counts numbers: 16-bit integers in a table, others one by one. Where more than [`MAX_DIFFERENT`]
/// of these differ they are counted by their leading bits, so that memory stays bounded and quantiles
/// keep at least a relative precision of 2⁻⁸; the smallest and largest number stay exact.
#[derive(Debug)]
struct Tally {
    /// Counts of [`TABLE`].
    integers: Vec<u64>,
    /// Counts of others, by leading bits of the ordered key.
    counts: BTreeMap<u64, u64>,
    /// Trailing bits of the ordered key that are dropped.
    dropped_bits: u32,
    min: f64,
    max: f64,
    measured: u64,
    nodata: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            integers: vec![0; TABLE.len()],
            counts: BTreeMap::new(),
            dropped_bits: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            measured: 0,
            nodata: 0,
        }
    }
}

impl Tally {
    fn add(&mut self, reading: Reading, hidden: bool) {
        match reading {
            Reading::NoData => self.nodata += 1,
            Reading::Number(number) if !hidden => {
                self.measured += 1;
                self.min = self.min.min(number);
                self.max = self.max.max(number);
                if let Some(place) = table_place(number) {
                    self.integers[place] += 1;
                } else {
                    let key = ordered_key(number) >> self.dropped_bits;
                    *self.counts.entry(key).or_default() += 1;
                    if self.counts.len() > MAX_DIFFERENT {
                        self.coarsen();
                    }
                }
            }
            Reading::Number(_) | Reading::Saturated => {}
        }
    }

    /// Joins neighbouring numbers until half as many are left.
    fn coarsen(&mut self) {
        while self.counts.len() > MAX_DIFFERENT / 2 {
            let mut joined = BTreeMap::new();
            for (key, count) in &self.counts {
                *joined.entry(key >> 1).or_default() += count;
            }
            self.counts = joined;
            self.dropped_bits += 1;
        }
    }

    fn distribution(&self) -> Distribution {
        let mut counts = self.counts.clone();
        for (number, count) in TABLE.zip(&self.integers).filter(|(_, count)| **count > 0) {
            let key = ordered_key(f64::from(number)) >> self.dropped_bits;
            *counts.entry(key).or_default() += count;
        }
        let quantiles = (self.measured > 0).then(|| Quantiles {
            min: self.min,
            quantile_01: self.nearest_rank(&counts, 1),
            median: self.nearest_rank(&counts, 50),
            quantile_99: self.nearest_rank(&counts, 99),
            max: self.max,
        });
        Distribution {
            measured_pixels: self.measured,
            nodata_pixels: self.nodata,
            quantiles,
        }
    }

    /// The smallest number that at least so many percent do not exceed.
    fn nearest_rank(&self, counts: &BTreeMap<u64, u64>, percent: u64) -> f64 {
        let rank = (self.measured * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (key, count) in counts {
            seen += count;
            if seen >= rank {
                return number_of(key << self.dropped_bits).clamp(self.min, self.max);
            }
        }
        self.max
    }
}

/// Where the table counts a number; None for what it does not.
#[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
fn table_place(number: f64) -> Option<usize> {
    let integer = number as i32;
    let is_integer = (f64::from(integer) - number).abs() <= 0.0;
    let place = usize::try_from(integer.checked_sub(TABLE.start)?).ok()?;
    (is_integer && place < TABLE.len()).then_some(place)
}

/// Bits of a number that order as numbers do.
fn ordered_key(number: f64) -> u64 {
    // Minus zero is zero.
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 {
        bits | 1 << 63
    } else {
        !bits
    }
}

fn number_of(key: u64) -> f64 {
    let bits = if key >> 63 == 1 {
        key & !(1 << 63)
    } else {
        !key
    };
    f64::from_bits(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(numbers: impl IntoIterator<Item = f64>) -> Distribution {
        let mut tally = Tally::default();
        for number in numbers {
            tally.add(Reading::Number(number), false);
        }
        tally.distribution()
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "counted numbers are exact")]
    fn quantiles_are_of_the_nearest_rank() {
        let measured = tally((1..=200).map(f64::from)).quantiles.expect("measured");
        assert_eq!((measured.min, measured.max), (1.0, 200.0));
        assert_eq!(measured.quantile_01, 2.0);
        assert_eq!(measured.median, 100.0);
        assert_eq!(measured.quantile_99, 198.0);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the key is the number's own bits")]
    fn keys_order_as_numbers_do() {
        let numbers = [-1e300, -2.0, -0.5, 0.0, 1e-300, 0.25, 7.0, 1e300];
        assert!(numbers.map(ordered_key).is_sorted());
        assert!(
            numbers
                .iter()
                .all(|number| number_of(ordered_key(*number)) == *number)
        );
    }

    #[test]
    fn many_different_numbers_are_counted_in_bounded_memory() {
        let count = 300_000;
        let mut tally = Tally::default();
        for number in 0..count {
            tally.add(Reading::Number(f64::from(number) / 7.0), false);
        }
        assert!(tally.counts.len() <= MAX_DIFFERENT);
        let median = tally.distribution().quantiles.expect("measured").median;
        let worked = f64::from(count) / 14.0;
        assert!(
            (median / worked - 1.0).abs() < 1.0 / 256.0,
            "{median}, not {worked}"
        );
    }

    #[test]
    fn integers_of_the_table_and_other_numbers_are_ranked_together() {
        let measured = tally([-3e9, -1.5, -1.0, 0.0, 7.25, 65_535.0, 65_536.0, 4e9]);
        let quantiles = measured.quantiles.expect("measured");
        assert_eq!(
            (quantiles.min, quantiles.median, quantiles.max),
            (-3e9, 0.0, 4e9)
        );
        assert_eq!(measured.measured_pixels, 8);
    }

    #[test]
    fn what_holds_no_data_is_counted_apart() {
        let mut tally = Tally::default();
        tally.add(Reading::NoData, true);
        tally.add(Reading::Saturated, false);
        tally.add(Reading::Number(5.0), true);
        let found = tally.distribution();
        assert_eq!((found.measured_pixels, found.nodata_pixels), (0, 1));
        assert_eq!(found.quantiles, None);
    }
}
