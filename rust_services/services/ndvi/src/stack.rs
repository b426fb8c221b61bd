//! Bands, masks and indices of a scene on one grid, computed block by block.
//!
//! The grid is that of the coarsest band an index names. Finer bands are averaged over whole pixels
//! of it; masks are looked up where a pixel's centre lies.

mod build;
mod judge;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use furrow_index::Bands;
use furrow_raster::crs::Crs;
use furrow_raster::grid::{Grid, Window};
use furrow_raster::mask::{HiddenPixels, PixelSize, Rule};
use furrow_raster::resample::{Alignment, coarsest};
use furrow_raster::zonal::PixelState;
use furrow_service_kit::metrics::Metrics;
use furrow_service_kit::{Cancel, CpuScope};
use futures::future::try_join_all;

use crate::blocks::Lattice;
use crate::parts::{FetchedPart, MAX_READ_BYTES, Part, Pixels};
use crate::request::{BandPlace, IndexSpec, MaskSpec, Radiometry, Reading, SceneSpec};
use crate::scenes::{Admitted, Raster, Rasters};
use crate::status::NdviError;
use build::Builder;
use judge::{BandPixels, RunOfBand, judge};
use rayon::prelude::*;

/// Most pixels of a mask layer that are looked at for one block, growth included.
const MAX_MASK_PIXELS: u64 = 32 << 20;

/// Pixels that go through all steps of an index together: what they need stays in the first and
/// second caches.
const RUN: usize = 4096;

/// Runs that one thread takes at once.
const RUNS_AT_ONCE: usize = 16;

/// Everything that is computed on one grid.
#[derive(Debug)]
pub struct Stack {
    /// The grid.
    pub grid: Grid,
    /// Its reference system.
    pub crs: Crs,
    /// How it is cut.
    pub lattice: Lattice,
    /// The indices; their `bands` are places in this stack.
    pub indices: Vec<IndexSpec>,
    sources: Vec<Source>,
    bands: Vec<StackedBand>,
    masks: Vec<StackedMask>,
}

/// Bands of one file that are read together.
#[derive(Debug)]
struct Source {
    raster: Arc<Raster>,
    bands: Vec<u16>,
    /// Which of its pixels a block needs.
    need: Need,
}

#[derive(Debug)]
enum Need {
    /// Those within the block.
    Aligned(Alignment),
    /// Those at the block's pixel centres, and so many columns and rows around them.
    Nearest { halo: (u32, u32) },
}

#[derive(Debug)]
struct StackedBand {
    name: String,
    source: usize,
    plane: usize,
    alignment: Alignment,
    radiometry: Radiometry,
}

#[derive(Debug)]
struct StackedMask {
    source: usize,
    rule: Rule,
    pixel: PixelSize,
    dilation_m: f64,
    /// What the file itself says means "no data".
    nodata: Option<f64>,
}

/// Opens what the indices need of a scene and sorts it by grids.
///
/// # Errors
/// [`NdviError`] when a file cannot be used, or bands and masks do not fit together.
pub async fn stacks(
    rasters: &Rasters,
    call: &Admitted,
    scene: &SceneSpec,
    indices: &[IndexSpec],
) -> Result<Vec<Stack>, NdviError> {
    let needed = |place: &usize| indices.iter().any(|index| index.bands.contains(place));
    let bands = scene.bands.iter().enumerate();
    let places: Vec<Option<&BandPlace>> = bands
        .map(|(place, band)| needed(&place).then_some(&band.place))
        .collect();
    let masks = scene.masks.iter().map(|mask| &mask.place);
    let locations = places.iter().flatten().copied().chain(masks);
    let opened = rasters
        .open_all(locations.map(|place| &place.location), call)
        .await?;

    let mut grids: Vec<(Grid, Vec<IndexSpec>)> = Vec::new();
    for index in indices {
        let of_bands = index.bands.iter().filter_map(|band| {
            let place = places[*band]?;
            Some(&opened[&place.location].grid)
        });
        let grid = *coarsest(of_bands)
            .ok_or_else(|| NdviError::Fault("an index without bands was accepted".to_owned()))?;
        match grids.iter_mut().find(|(known, _)| *known == grid) {
            Some((_, sharing)) => sharing.push(index.clone()),
            None => grids.push((grid, vec![index.clone()])),
        }
    }
    grids
        .into_iter()
        .map(|(grid, indices)| {
            let raster_at = |place: &BandPlace| Arc::clone(&opened[&place.location]);
            Stack::new(grid, scene, indices, raster_at)
        })
        .collect()
}

impl Stack {
    fn new(
        grid: Grid,
        scene: &SceneSpec,
        mut indices: Vec<IndexSpec>,
        raster_at: impl Fn(&BandPlace) -> Arc<Raster>,
    ) -> Result<Self, NdviError> {
        let mut stack = Builder::new(grid);
        let mut chunk = (1, 1);
        let mut places: Vec<usize> = Vec::new();
        for index in &mut indices {
            for band in &mut index.bands {
                let spec = &scene.bands[*band];
                *band = if let Some(known) = places.iter().position(|place| place == band) {
                    known
                } else {
                    let raster = raster_at(&spec.place);
                    let size = stack.add_band(&spec.name, &spec.place, spec.radiometry, raster)?;
                    chunk = (chunk.0.max(size.0), chunk.1.max(size.1));
                    places.push(*band);
                    places.len() - 1
                };
            }
        }
        for mask in &scene.masks {
            stack.add_mask(mask, raster_at(&mask.place))?;
        }
        Ok(stack.finish(indices, chunk))
    }

    /// A stack of one band on its own grid, with the masks given: no index, for measuring.
    ///
    /// # Errors
    /// [`NdviError`] when the file has no such band or a mask lies elsewhere.
    pub fn of_band(
        name: &str,
        place: &BandPlace,
        radiometry: Radiometry,
        raster: Arc<Raster>,
        masks: &[(MaskSpec, Arc<Raster>)],
    ) -> Result<Self, NdviError> {
        let mut stack = Builder::new(raster.grid);
        let chunk = stack.add_band(name, place, radiometry, raster)?;
        for (mask, raster) in masks {
            stack.add_mask(mask, Arc::clone(raster))?;
        }
        Ok(stack.finish(Vec::new(), chunk))
    }

    /// Reads what a block needs.
    ///
    /// # Errors
    /// [`NdviError`] when a store fails.
    pub async fn fetch(&self, window: Window) -> Result<FetchedBlock, NdviError> {
        let left = AtomicU64::new(MAX_READ_BYTES);
        let left = &left;
        let parts = self.sources.iter().map(async |source| {
            let Some(needed) = source.window(&self.grid, window) else {
                return Ok(None);
            };
            source.check_size(needed)?;
            let part = Part {
                raster: Arc::clone(&source.raster),
                bands: source.bands.clone(),
                window: needed,
            };
            part.fetch(left).await.map(Some)
        });
        Ok(FetchedBlock {
            window,
            parts: try_join_all(parts).await?,
        })
    }

    /// Computes the indices over a block.
    ///
    /// # Errors
    /// [`NdviError`] for damaged data, or when nobody waits any more.
    pub fn compute(
        &self,
        fetched: FetchedBlock,
        cancel: &Cancel,
        metrics: &Metrics,
    ) -> Result<IndexBlock, NdviError> {
        let window = fetched.window;
        let decoded = fetched.decode(cancel, metrics)?;
        let hidden = self.hidden(&decoded, window);
        let bands: Vec<BandPixels<'_>> = self
            .bands
            .iter()
            .map(|band| band.pixels(&decoded, window))
            .collect();
        let indices = self.indices.iter().map(|index| {
            cancel.check()?;
            self.compute_index(index, &bands, &hidden)
        });
        Ok(IndexBlock {
            window,
            indices: indices.collect::<Result<_, NdviError>>()?,
        })
    }

    /// An index over all pixels of a block, run by run on all threads of the pool.
    fn compute_index(
        &self,
        index: &IndexSpec,
        bands: &[BandPixels<'_>],
        hidden: &[bool],
    ) -> Result<IndexValues, NdviError> {
        let mut values = vec![f32::NAN; hidden.len()];
        let mut states = vec![PixelState::NoData; hidden.len()];
        let compute = |number: usize,
                       values: &mut [f32],
                       states: &mut [PixelState],
                       hidden: &[bool]| {
            let mut read: Vec<RunOfBand> = index.bands.iter().map(|_| RunOfBand::new()).collect();
            let runs = values.chunks_mut(RUN).zip(states.chunks_mut(RUN));
            for (place, ((values, states), hidden)) in runs.zip(hidden.chunks(RUN)).enumerate() {
                let start = (number * RUNS_AT_ONCE + place) * RUN;
                for (read, band) in read.iter_mut().zip(&index.bands) {
                    bands[*band].read(start..start + values.len(), read);
                }
                let names = index
                    .bands
                    .iter()
                    .map(|band| self.bands[*band].name.as_str());
                let by_name = Bands::new(names.zip(read.iter().map(RunOfBand::values)));
                index
                    .formula
                    .evaluate(&by_name, &index.constants, index.valid, values)
                    .map_err(|error| NdviError::Fault(error.to_string()))?;
                judge(values, states, &read, hidden);
            }
            Ok::<_, NdviError>(())
        };
        let cpu = CpuScope::current();
        values
            .par_chunks_mut(RUNS_AT_ONCE * RUN)
            .zip(states.par_chunks_mut(RUNS_AT_ONCE * RUN))
            .zip(hidden.par_chunks(RUNS_AT_ONCE * RUN))
            .enumerate()
            .try_for_each(|(number, ((values, states), hidden))| {
                cpu.run(|| compute(number, values, states, hidden))
            })?;
        Ok(IndexValues {
            values,
            states,
            sources: Vec::new(),
        })
    }

    /// Whether a mask hides each pixel of a block.
    pub fn hidden(&self, decoded: &DecodedBlock, window: Window) -> Vec<bool> {
        let mut hidden = vec![false; usize::try_from(window.pixel_count()).unwrap_or(usize::MAX)];
        for mask in &self.masks {
            let Some(pixels) = &decoded.parts[mask.source] else {
                // The layer says nothing of this place.
                hidden.fill(true);
                continue;
            };
            let known = HiddenPixels {
                grid: self.sources[mask.source].raster.grid,
                window: pixels.window,
                hidden: mask.hidden(pixels),
            };
            known.hide(&self.grid, window, &mut hidden);
        }
        hidden
    }
}

impl Source {
    /// Refuses a layer so much finer than the grid, or grown so far, that one block of it does not
    /// fit into memory.
    fn check_size(&self, needed: Window) -> Result<(), NdviError> {
        let found = needed.pixel_count();
        if matches!(self.need, Need::Nearest { .. }) && found > MAX_MASK_PIXELS {
            return Err(NdviError::TooLarge {
                what: "the number of pixels of a mask layer that one block needs",
                found,
                allowed: MAX_MASK_PIXELS,
            });
        }
        Ok(())
    }

    fn window(&self, onto: &Grid, block: Window) -> Option<Window> {
        match &self.need {
            Need::Aligned(alignment) => alignment.fine_window(block),
            Need::Nearest { halo } => {
                let grid = &self.raster.grid;
                let needed = HiddenPixels::window_needed(grid, onto, block)?;
                Some(grown(needed, *halo, grid))
            }
        }
    }
}

/// A window with so many columns and rows more on each side, as far as the grid has them.
fn grown(window: Window, (cols, rows): (u32, u32), grid: &Grid) -> Window {
    let col = window.col.saturating_sub(cols);
    let row = window.row.saturating_sub(rows);
    Window {
        col,
        row,
        width: window.col_end().saturating_add(cols).min(grid.width) - col,
        height: window.row_end().saturating_add(rows).min(grid.height) - row,
    }
}

/// Bytes of a block; None for a file that has no pixel there.
#[derive(Debug)]
pub struct FetchedBlock {
    /// Where it lies.
    pub window: Window,
    parts: Vec<Option<FetchedPart>>,
}

/// Pixels of a block.
#[derive(Debug)]
pub struct DecodedBlock {
    parts: Vec<Option<Pixels>>,
}

impl FetchedBlock {
    /// Decodes everything.
    ///
    /// # Errors
    /// [`NdviError`] for damaged data, or when nobody waits any more.
    pub fn decode(self, cancel: &Cancel, metrics: &Metrics) -> Result<DecodedBlock, NdviError> {
        let parts = self.parts.into_iter();
        let decoded = parts.map(|part| part.map(|part| part.decode(cancel, metrics)).transpose());
        Ok(DecodedBlock {
            parts: decoded.collect::<Result<_, _>>()?,
        })
    }
}

impl DecodedBlock {
    /// What each pixel of a stack of one band is, row by row.
    pub fn readings<'a>(&'a self, stack: &'a Stack) -> impl Iterator<Item = Reading> + 'a {
        let band = &stack.bands[0];
        let pixels = self.parts[band.source].as_ref();
        pixels.into_iter().flat_map(move |pixels| {
            let count = pixels.bands[band.plane].len();
            (0..count).map(move |place| band.reading(pixels, place))
        })
    }
}

/// Indices over a block.
#[derive(Debug)]
pub struct IndexBlock {
    /// Where it lies.
    pub window: Window,
    /// In the order of the stack's indices.
    pub indices: Vec<IndexValues>,
}

/// An index over a block, row by row.
#[derive(Debug)]
pub struct IndexValues {
    /// Values; `NaN` unless the state is valid.
    pub values: Vec<f32>,
    /// What became of each pixel.
    pub states: Vec<PixelState>,
    /// The scene that each pixel was taken from, by its place in the request; empty where the
    /// request has one scene.
    pub sources: Vec<u8>,
}
