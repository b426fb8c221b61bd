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
    let windows = view.stack.lattice.within(view.window);
    let step = |reduced: &mut Reduced, block: &IndexBlock| {
        reduced.add(block);
        Ok(Vec::<()>::new())
    };
    let metrics = rasters.metrics();
    let reduced = fold_blocks(&view.stack, windows, call, metrics, reduced, step, None).await?;
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
        let full = view.grid();
        let grid = Grid {
            width: full.width.div_ceil(factor),
            height: full.height.div_ceil(factor),
            transform: GeoTransform {
                pixel_width: full.transform.pixel_width * f64::from(factor),
                pixel_height: full.transform.pixel_height * f64::from(factor),
                ..full.transform
            },
            ..full
        };
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

    fn draw(self, max_size: u32, ramp: &ColourRamp) -> Result<Picture, NdviError> {
        #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
        let mean = |(sum, count): (&f64, &u32)| (sum / f64::from(*count)) as f32;
        let values: Vec<f32> = self.sums.iter().zip(&self.counts).map(mean).collect();
        let mut size = max_size;
        loop {
            match png::render(&self.grid, &values, size, ramp) {
                Ok(picture) => return Ok(picture),
                // Noise does not pack; a coarser picture is better than none.
                Err(PngError::TooLarge { .. }) if size > LEAST_SIZE => size = size * 3 / 4,
                Err(error) => return Err(NdviError::Fault(error.to_string())),
            }
        }
    }
}
