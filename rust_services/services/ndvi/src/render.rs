//! Pictures of an index.

use furrow_raster::grid::{GeoTransform, Grid};
use furrow_raster::png::{self, ColourRamp, Picture, PngError};

use crate::picture::View;
use crate::pipeline::fold_blocks;
use crate::scenes::{Admitted, Rasters};
use crate::stack::IndexBlock;
use crate::status::NdviError;

/// Smallest picture that is tried when larger ones have too many bytes.
const LEAST_SIZE: u32 = 256;

/// Draws an index with the longer side at most `max_size` pixels.
///
/// The scene is averaged while it is read, so that memory holds the picture and not the scene.
///
/// # Errors
/// [`NdviError`] when a file cannot be read.
pub async fn render_index(
    rasters: &Rasters,
    call: &Admitted,
    view: &View,
    max_size: u32,
    ramp: ColourRamp,
) -> Result<Picture, NdviError> {
    let longer = view.window.width.max(view.window.height);
    let reduced = Reduced::new(view, longer.div_ceil(max_size));
    let windows = view.mosaic.lattice.within(view.window);
    let step = |reduced: &mut Reduced, block: &IndexBlock| {
        reduced.add(block);
        Ok(Vec::<()>::new())
    };
    let metrics = rasters.metrics();
    let reduced = fold_blocks(&view.mosaic, windows, call, metrics, reduced, step, None).await?;
    call.run(move || reduced.draw(max_size, &ramp)).await
}

/// Averages over squares of pixels.
struct Reduced {
    grid: Grid,
    factor: u32,
    first_col: u32,
    first_row: u32,
    coverage: Option<std::sync::Arc<furrow_raster::coverage::Coverage>>,
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl Reduced {
    fn new(view: &View, factor: u32) -> Self {
        let grid = coarser(&view.grid(), factor);
        let count = grid.width as usize * grid.height as usize;
        Self {
            grid,
            factor,
            first_col: view.window.col,
            first_row: view.window.row,
            coverage: view.coverage.clone(),
            sums: vec![0.0; count],
            counts: vec![0; count],
        }
    }

    fn add(&mut self, block: &IndexBlock) {
        let window = block.window;
        let mut values = block.indices[0].values.clone();
        if let Some(coverage) = &self.coverage {
            coverage.clip(window, &mut values);
        }
        let rows = values.chunks_exact(window.width as usize);
        for (row, line) in (window.row..).zip(rows) {
            let start = ((row - self.first_row) / self.factor) as usize * self.grid.width as usize;
            for (col, value) in (window.col..)
                .zip(line)
                .filter(|(_, value)| !value.is_nan())
            {
                let place = start + ((col - self.first_col) / self.factor) as usize;
                self.sums[place] += f64::from(*value);
                self.counts[place] += 1;
            }
        }
    }

    fn draw(&self, max_size: u32, ramp: &ColourRamp) -> Result<Picture, NdviError> {
        let mut size = max_size;
        let mut times = 1;
        loop {
            let (grid, values) = self.means(times);
            match png::render(&grid, &values, size, ramp) {
                Ok(picture) => return Ok(picture),
                // Noise does not pack; a coarser picture is better than none.
                Err(PngError::TooLarge { .. }) if size > LEAST_SIZE => {
                    size = size * 3 / 4;
                    let longer = self.grid.width.max(self.grid.height);
                    times = longer.div_ceil(size);
                }
                Err(error) => return Err(NdviError::Fault(error.to_string())),
            }
        }
    }

    /// Averages over squares of so many of the squares, each pixel of the scene with the same weight
    /// wherever data is missing, and their grid.
    fn means(&self, times: u32) -> (Grid, Vec<f32>) {
        let grid = coarser(&self.grid, times);
        let count = grid.width as usize * grid.height as usize;
        let (mut sums, mut counts) = (vec![0.0; count], vec![0_u32; count]);
        let (width, times) = (self.grid.width as usize, times as usize);
        for (place, (sum, count)) in self.sums.iter().zip(&self.counts).enumerate() {
            let (col, row) = (place % width / times, place / width / times);
            let onto = row * grid.width as usize + col;
            sums[onto] += sum;
            counts[onto] += count;
        }
        #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
        let mean = |(sum, count): (&f64, &u32)| (sum / f64::from(*count)) as f32;
        let values = sums.iter().zip(&counts).map(mean).collect();
        (grid, values)
    }
}

/// The grid of squares of so many pixels of a grid.
fn coarser(grid: &Grid, factor: u32) -> Grid {
    Grid {
        width: grid.width.div_ceil(factor),
        height: grid.height.div_ceil(factor),
        transform: GeoTransform {
            pixel_width: grid.transform.pixel_width * f64::from(factor),
            pixel_height: grid.transform.pixel_height * f64::from(factor),
            ..grid.transform
        },
        ..*grid
    }
}

#[cfg(test)]
mod tests {
    use furrow_raster::png::ColourStop;

    use super::*;

    #[test]
    fn a_picture_made_smaller_again_weighs_pixels_not_averages() {
        let transform = GeoTransform {
            origin_x: 0.0,
            origin_y: 0.0,
            pixel_width: 20.0,
            pixel_height: 20.0,
        };
        let reduced = Reduced {
            grid: Grid {
                width: 3,
                height: 2,
                transform,
                epsg: 32631,
            },
            factor: 2,
            first_col: 0,
            first_row: 0,
            coverage: None,
            // One pixel of 9 beside four of 1, nothing below; then a square alone.
            sums: vec![9.0, 4.0, 6.0, 0.0, 0.0, 0.0],
            counts: vec![1, 4, 2, 0, 0, 0],
        };

        let (grid, values) = reduced.means(2);

        assert_eq!((grid.width, grid.height), (2, 1));
        assert_eq!(grid.transform.pixel_width.to_bits(), 40.0_f64.to_bits());
        assert_eq!(values, [13.0 / 5.0, 3.0]);
    }

    #[test]
    fn noise_is_drawn_smaller_until_it_fits() {
        let side = 2048;
        let transform = GeoTransform {
            origin_x: 0.0,
            origin_y: 0.0,
            pixel_width: 10.0,
            pixel_height: 10.0,
        };
        let noise = |place: u32| {
            let mixed = (place ^ place >> 11).wrapping_mul(2_654_435_761);
            f64::from(mixed.wrapping_mul(mixed >> 7 | 1) >> 8) / f64::from(1 << 24)
        };
        let reduced = Reduced {
            grid: Grid {
                width: side,
                height: side,
                transform,
                epsg: 32631,
            },
            factor: 1,
            first_col: 0,
            first_row: 0,
            coverage: None,
            sums: (0..side * side).map(noise).collect(),
            counts: vec![1; (side * side) as usize],
        };
        let stop = |value, rgb| ColourStop { value, rgb };
        let stops = vec![stop(0.0, [0; 3]), stop(1.0, [255; 3])];
        let ramp = ColourRamp::new(stops).expect("a ramp");

        let picture = reduced.draw(side, &ramp).expect("drawn");

        assert!(picture.png.len() <= 1 << 20);
        assert_eq!((picture.grid.width, picture.enlargement), (side / 2, 1));
    }
}
