//! Indices over many fields in one pass over the scenes.
//!
//! Fields are taken together as long as the values kept for their quantiles fit into a budget; for
//! all fields of a farm that is one pass. Each block is read and decoded once and given to every
//! field that it touches; a field is answered as soon as its last block was seen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use furrow_raster::coverage::{Coverage, ShareSum};
use furrow_raster::grid::{Grid, Window};
use furrow_raster::zonal::{
    Accumulator, Block, HistogramSpec, PixelState, Summary, SummarySpec, most_bytes_kept,
};
use furrow_service_kit::{Cancel, CpuScope};
use rayon::prelude::*;

use crate::mosaic::{Mosaic, mosaics};
use crate::pipeline::{Answers, fold_blocks, send_all};
use crate::request::{FieldSpec, IndexSpec, SceneSpec};
use crate::scenes::{Admitted, Rasters};
use crate::stack::{IndexBlock, IndexValues};
use crate::status::NdviError;

/// Bytes of the values that are kept at once for quantiles, over all fields and indices of a pass.
const KEPT_BYTES: u64 = 128 << 20;

/// Memory that the pixels of all outlines of a request may take on one grid, bytes. Ten thousand
/// fields of a farm take a fifth.
const MAX_COVERAGE_BYTES: u64 = 256 << 20;

/// What is to be summarized.
#[derive(Debug)]
pub struct Order {
    /// The acquisitions, the preferred one first.
    pub scenes: Vec<SceneSpec>,
    /// The indices; their bands are places in the first scene's list.
    pub indices: Vec<IndexSpec>,
    /// The fields.
    pub fields: Vec<FieldSpec>,
    /// Quantiles, each above 0 and below 1.
    pub quantiles: Vec<f64>,
    /// Bins of the histogram; 0: none.
    pub histogram_bins: usize,
}

/// What to compute of an index. Without a valid range there is nothing to divide into bins.
fn spec(index: &IndexSpec, quantiles: &[f64], bins: usize) -> SummarySpec {
    let range = index.valid.min.zip(index.valid.max).filter(|_| bins > 0);
    SummarySpec {
        quantiles: quantiles.to_vec(),
        histogram: range.map(|(min, max)| HistogramSpec { min, max, bins }),
    }
}

/// An index over a field.
#[derive(Debug)]
pub struct SummarizedField {
    /// The field.
    pub field_id: String,
    /// Name of the index.
    pub index: String,
    /// The numbers.
    pub summary: Summary,
    /// Effective pixels taken from each scene, in the order of the request.
    pub scene_pixels: Vec<f64>,
    /// Grid they were computed on.
    pub grid: Grid,
}

/// Summarizes indices over fields and sends each answer as soon as it is known.
///
/// # Errors
/// [`NdviError`] when a file or outline cannot be used, or the caller has gone.
pub async fn summarize_fields(
    rasters: &Rasters,
    call: &Admitted,
    order: Order,
    max_pixels: u64,
    answers: &Answers<SummarizedField>,
) -> Result<(), NdviError> {
    let opened = mosaics(rasters, call, &order.scenes, &order.indices).await?;
    let fields = Arc::new(order.fields);
    for mosaic in opened {
        let mosaic = Arc::new(mosaic);
        let (on_grid, all) = (Arc::clone(&mosaic), Arc::clone(&fields));
        let cancel = call.cancel.clone();
        let covered = call.run(move || cover(&on_grid, &all, &cancel)).await?;
        let indices = mosaic.indices.iter();
        let specs: Arc<[SummarySpec]> = indices
            .map(|index| spec(index, &order.quantiles, order.histogram_bins))
            .collect();
        for pass in passes(covered, specs.len() as u64, max_pixels)? {
            let (on_grid, all, specs) =
                (Arc::clone(&mosaic), Arc::clone(&fields), Arc::clone(&specs));
            let planned = call.run(move || {
                let (mut pass, windows) = Pass::plan(&on_grid, &all, pass, &specs);
                let untouched = pass.finish_untouched();
                Ok((pass, windows, untouched))
            });
            let (pass, windows, untouched) = planned.await?;
            send_all(answers, untouched).await?;
            let metrics = rasters.metrics();
            let step = |pass: &mut Pass, block: &IndexBlock| Ok(pass.add(block));
            fold_blocks(&mosaic, windows, call, metrics, pass, step, Some(answers)).await?;
        }
    }
    Ok(())
}

/// Place of a field in the request, and its pixels.
type CoveredField = (usize, Coverage);

/// Coverage of every field, from top to bottom of the grid.
fn cover(
    mosaic: &Mosaic,
    fields: &[FieldSpec],
    cancel: &Cancel,
) -> Result<Vec<CoveredField>, NdviError> {
    let taken = AtomicU64::new(0);
    let cover = |(place, field): (usize, &FieldSpec)| {
        cancel.check()?;
        let coverage = mosaic.coverage_of(&field.outline, &field.field_id)?;
        let more = coverage.byte_len() as u64;
        let found = taken.fetch_add(more, Relaxed) + more;
        if found > MAX_COVERAGE_BYTES {
            return Err(NdviError::TooLarge {
                what: "the memory in bytes that all outlines take",
                found,
                allowed: MAX_COVERAGE_BYTES,
            });
        }
        Ok((place, coverage))
    };
    let cpu = CpuScope::current();
    let covered = fields.par_iter().enumerate();
    let covered = covered.map(|field| cpu.run(|| cover(field)));
    let mut covered: Vec<CoveredField> = covered.collect::<Result<_, NdviError>>()?;
    covered.sort_by_key(|(place, coverage)| {
        let first = coverage.window().map(|window| (window.row, window.col));
        (first, *place)
    });
    Ok(covered)
}

/// Fields taken together so that the values kept stay within the budget.
fn passes(
    covered: Vec<CoveredField>,
    indices: u64,
    max_pixels: u64,
) -> Result<Vec<Vec<CoveredField>>, NdviError> {
    let mut passes: Vec<Vec<CoveredField>> = Vec::new();
    let mut kept = 0;
    for field in covered {
        let found = field.1.touched_pixels() * indices;
        if found > max_pixels {
            return Err(NdviError::TooLarge {
                what: "the number of pixels of one field, times its indices,",
                found,
                allowed: max_pixels,
            });
        }
        let more = most_bytes_kept(&field.1) * indices;
        kept += more;
        match passes.last_mut() {
            Some(pass) if kept <= KEPT_BYTES => pass.push(field),
            _ => {
                kept = more;
                passes.push(vec![field]);
            }
        }
    }
    Ok(passes)
}

/// Fields that are summarized together.
struct Pass {
    grid: Grid,
    index_names: Vec<String>,
    /// None once it was answered.
    fields: Vec<Option<OpenField>>,
    /// For each block, by its first column and row, the fields that it touches.
    of_block: BTreeMap<(u32, u32), Vec<usize>>,
}

/// A field that waits for blocks.
struct OpenField {
    field_id: String,
    coverage: Coverage,
    /// One an index.
    accumulators: Vec<Accumulator>,
    /// For each index, effective pixels by scene; empty where there is one scene.
    taken: Vec<Vec<ShareSum>>,
    blocks_left: usize,
}

impl Pass {
    fn plan(
        mosaic: &Mosaic,
        fields: &[FieldSpec],
        covered: Vec<CoveredField>,
        specs: &[SummarySpec],
    ) -> (Self, Vec<Window>) {
        let mut touched: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        let mut open = Vec::with_capacity(covered.len());
        let sources = match mosaic.scene_count() {
            1 => 0,
            several => several,
        };
        for (place, coverage) in covered {
            let mut blocks_left = 0;
            for number in coverage
                .window()
                .into_iter()
                .flat_map(|window| mosaic.lattice.touched(window))
            {
                let block = mosaic.lattice.window(number);
                // A box touches blocks that the field itself may not.
                if coverage.spans_within(block).next().is_some() {
                    touched.entry(number).or_default().push(open.len());
                    blocks_left += 1;
                }
            }
            open.push(Some(OpenField {
                field_id: fields[place].field_id.clone(),
                coverage,
                accumulators: specs.iter().map(Accumulator::new).collect(),
                taken: vec![vec![ShareSum::default(); sources]; specs.len()],
                blocks_left,
            }));
        }
        let mut windows = Vec::with_capacity(touched.len());
        let mut of_block = BTreeMap::new();
        for (number, touching) in touched {
            let window = part_in_use(mosaic.lattice.window(number), &touching, &open);
            of_block.insert((window.col, window.row), touching);
            windows.push(window);
        }
        let pass = Self {
            grid: mosaic.grid,
            index_names: mosaic
                .indices
                .iter()
                .map(|index| index.name.clone())
                .collect(),
            fields: open,
            of_block,
        };
        (pass, windows)
    }

    /// Adds a block to the fields that it touches; gives those that are done.
    fn add(&mut self, block: &IndexBlock) -> Vec<SummarizedField> {
        let key = (block.window.col, block.window.row);
        let touching = self.of_block.remove(&key).unwrap_or_default();
        let mut taken: Vec<(usize, OpenField)> = touching
            .into_iter()
            .filter_map(|place| Some((place, self.fields[place].take()?)))
            .collect();
        let cpu = CpuScope::current();
        taken
            .par_iter_mut()
            .for_each(|(_, field)| cpu.run(|| field.add(block)));
        let mut done = Vec::new();
        for (place, field) in taken {
            if field.blocks_left == 0 {
                done.push(field);
            } else {
                self.fields[place] = Some(field);
            }
        }
        self.answers(done)
    }

    /// Fields that no block touches: they lie outside the raster.
    fn finish_untouched(&mut self) -> Vec<SummarizedField> {
        let fields = self.fields.iter_mut();
        let done = fields
            .filter_map(|field| field.take_if(|field| field.blocks_left == 0))
            .collect();
        self.answers(done)
    }

    fn answers(&self, done: Vec<OpenField>) -> Vec<SummarizedField> {
        let (cpu, grid) = (CpuScope::current(), self.grid);
        done.into_par_iter()
            .flat_map_iter(|field| cpu.run(|| field.finish(&self.index_names, grid)))
            .collect()
    }
}

/// The smallest part of a block that holds all its fields' pixels.
fn part_in_use(block: Window, touching: &[usize], fields: &[Option<OpenField>]) -> Window {
    let parts = touching.iter().filter_map(|place| {
        let field = fields[*place].as_ref()?;
        field.coverage.window()?.intersection(&block)
    });
    parts.reduce(hull).unwrap_or(block)
}

fn hull(a: Window, b: Window) -> Window {
    let (col, row) = (a.col.min(b.col), a.row.min(b.row));
    Window {
        col,
        row,
        width: a.col_end().max(b.col_end()) - col,
        height: a.row_end().max(b.row_end()) - row,
    }
}

impl OpenField {
    fn add(&mut self, block: &IndexBlock) {
        for (taken, index) in self.taken.iter_mut().zip(&block.indices) {
            add_taken(&self.coverage, block.window, index, taken);
        }
        for (accumulator, index) in self.accumulators.iter_mut().zip(&block.indices) {
            let of_index = Block {
                window: block.window,
                values: &index.values,
                states: &index.states,
            };
            accumulator.add(&self.coverage, &of_index);
        }
        self.blocks_left -= 1;
    }

    fn finish(self, index_names: &[String], grid: Grid) -> Vec<SummarizedField> {
        let Self {
            field_id,
            coverage,
            accumulators,
            taken,
            ..
        } = self;
        let named = index_names.iter().zip(accumulators).zip(taken);
        named
            .map(|((index, accumulator), taken)| {
                let summary = accumulator.finish(&coverage);
                let scene_pixels = if taken.is_empty() {
                    vec![summary.effective_pixels]
                } else {
                    taken.into_iter().map(ShareSum::pixels).collect()
                };
                SummarizedField {
                    field_id: field_id.clone(),
                    index: index.clone(),
                    summary,
                    scene_pixels,
                    grid,
                }
            })
            .collect()
    }
}

/// Adds the effective pixels of a block to the scenes that they were taken from.
fn add_taken(coverage: &Coverage, window: Window, index: &IndexValues, taken: &mut [ShareSum]) {
    if taken.is_empty() {
        return;
    }
    let width = window.width as usize;
    for (row, span) in coverage.spans_within(window) {
        let start = (row - window.row) as usize * width + (span.col - window.col) as usize;
        for place in start..start + span.len as usize {
            if index.states[place] == PixelState::Valid && index.values[place].is_finite() {
                taken[usize::from(index.sources[place])].add(span.share, 1);
            }
        }
    }
}
