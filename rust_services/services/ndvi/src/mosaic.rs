//! Several scenes of one day as one.
//!
//! The grid is that of the first scene and goes on beyond its edges. Every pixel is taken from the
//! first scene that shows it, so it counts once; a scene is read only where those before it leave
//! pixels missing.
//!
//! ```text
//!   fetch ──> compute ──> whole: a block of indices
//!               ↑   └──> partly: what is missing, and who may show it
//!               └── fetch_more ──┘
//! ```
//!
//! A request of one scene passes through: its blocks are those of its stack.

mod extent;
mod layer;
mod merge;

use std::ops::Range;

use furrow_raster::coverage::Coverage;
use furrow_raster::crs::Crs;
use furrow_raster::grid::{Grid, Window};
use furrow_raster::outline::Outline;
use furrow_service_kit::Cancel;
use furrow_service_kit::metrics::Metrics;
use futures::future::try_join_all;

use crate::blocks::Lattice;
use crate::request::{IndexSpec, SceneSpec};
use crate::scenes::{Admitted, Rasters};
use crate::stack::{FetchedBlock, IndexBlock, Stack, stacks};
use crate::status::NdviError;
use extent::Extent;
use layer::Layer;
pub use merge::Unfinished;

/// Indices that are computed on one grid, over all scenes of a request.
#[derive(Debug)]
pub struct Mosaic {
    /// The grid.
    pub grid: Grid,
    /// Its reference system.
    pub crs: Crs,
    /// How it is cut.
    pub lattice: Lattice,
    /// The indices, in the order of a block's.
    pub indices: Vec<IndexSpec>,
    scene_count: usize,
    /// Those of the preferred scene first.
    layers: Vec<Layer>,
}

/// Opens what the indices need of the scenes, the preferred one first, and sorts it by grids.
///
/// # Errors
/// [`NdviError`] when a file cannot be used, bands and masks do not fit together, or a scene cannot
/// be carried to the first one's reference system.
pub async fn mosaics(
    rasters: &Rasters,
    call: &Admitted,
    scenes: &[SceneSpec],
    indices: &[IndexSpec],
) -> Result<Vec<Mosaic>, NdviError> {
    let [first, further @ ..] = scenes else {
        return Err(NdviError::Fault("no scene was accepted".to_owned()));
    };
    let of_first = stacks(rasters, call, first, indices).await?;
    if further.is_empty() {
        return Ok(of_first.into_iter().map(Mosaic::of_one).collect());
    }
    let mosaics = of_first.into_iter().map(async |stack| {
        let is_on_grid =
            |index: &&IndexSpec| stack.indices.iter().any(|other| other.name == index.name);
        let on_grid: Vec<&IndexSpec> = indices.iter().filter(is_on_grid).collect();
        let others = further.iter().map(async |scene| {
            let over = on_grid.iter().map(|index| index.of_scene(first, scene));
            let over = over.collect::<Result<Vec<IndexSpec>, &str>>();
            let over = over.map_err(|band| NdviError::Fault(format!("no band {band:?}")))?;
            Ok::<_, NdviError>((
                scene.scene_id.as_str(),
                stacks(rasters, call, scene, &over).await?,
            ))
        });
        Mosaic::new(stack, try_join_all(others).await?)
    });
    try_join_all(mosaics).await
}

/// What was read of a block.
#[derive(Debug)]
pub struct Fetched {
    bytes: Option<FetchedBlock>,
    /// What these bytes are for; None where the mosaic has one scene.
    unfinished: Option<Unfinished>,
}

/// What became of a block that was read.
#[derive(Debug)]
pub enum Computed {
    /// It is whole.
    Whole(IndexBlock),
    /// Pixels are missing that another scene may show: see [`Mosaic::fetch_more`].
    Partly(Unfinished),
}

impl Mosaic {
    fn of_one(stack: Stack) -> Self {
        Self {
            grid: stack.grid,
            crs: stack.crs.clone(),
            lattice: stack.lattice,
            indices: stack.indices.clone(),
            scene_count: 1,
            layers: vec![Layer::first(stack, (0, 0))],
        }
    }

    /// Joins the stack of the first scene with those of the others, by their scenes' names.
    fn new(first: Stack, others: Vec<(&str, Vec<Stack>)>) -> Result<Self, NdviError> {
        let mut extents = vec![Extent::of(&first.grid)];
        let scene_count = 1 + others.len();
        let mut further = Vec::new();
        for (scene, (name, stacks)) in (1_u8..).zip(others) {
            for stack in stacks {
                let extent = Extent::on(&first, &stack).map_err(|source| NdviError::Crs {
                    object: name.to_owned(),
                    source,
                })?;
                extents.push(extent);
                further.push((scene, stack, extent));
            }
        }
        let (grid, start) = extent::union(&first.grid, &extents)?;
        let (crs, indices) = (first.crs.clone(), first.indices.clone());
        let lattice = first.lattice.over(&grid);
        let mut layers = vec![Layer::first(first, start)];
        for (scene, stack, extent) in further {
            layers.push(Layer::further(scene, stack, &indices, extent.within(start)));
        }
        Ok(Self {
            grid,
            crs,
            lattice,
            indices,
            scene_count,
            layers,
        })
    }

    /// Scenes of the request.
    pub fn scene_count(&self) -> usize {
        self.scene_count
    }

    /// Reads what a block needs of the preferred scene.
    ///
    /// # Errors
    /// [`NdviError`] when a store fails.
    pub async fn fetch(&self, window: Window) -> Result<Fetched, NdviError> {
        if let [only] = self.layers.as_slice() {
            return Ok(Fetched {
                bytes: Some(only.stack.fetch(window).await?),
                unfinished: None,
            });
        }
        let first = self.layers[0].all_pieces(window);
        self.fetch_more(Unfinished::new(window, self.indices.len(), first))
            .await
    }

    /// Reads the next that a block needs.
    ///
    /// # Errors
    /// [`NdviError`] when a store fails.
    pub async fn fetch_more(&self, unfinished: Unfinished) -> Result<Fetched, NdviError> {
        let layer = &self.layers[unfinished.layer];
        let bytes = match unfinished.pieces.last() {
            Some(piece) => Some(layer.stack.fetch(piece.window).await?),
            None => None,
        };
        Ok(Fetched {
            bytes,
            unfinished: Some(unfinished),
        })
    }

    /// Computes the indices from what was read of a block. Call it on the compute pool.
    ///
    /// # Errors
    /// [`NdviError`] for damaged data, or when nobody waits any more.
    pub fn compute(
        &self,
        fetched: Fetched,
        cancel: &Cancel,
        metrics: &Metrics,
    ) -> Result<Computed, NdviError> {
        let Fetched { bytes, unfinished } = fetched;
        let computed = |layer: usize, bytes| {
            let stack = &self.layers[layer].stack;
            stack.compute(bytes, cancel, metrics)
        };
        let Some(mut unfinished) = unfinished else {
            let bytes = bytes.ok_or_else(|| NdviError::Fault("nothing was read".to_owned()))?;
            return Ok(Computed::Whole(computed(0, bytes)?));
        };
        if let Some(bytes) = bytes {
            let found = computed(unfinished.layer, bytes)?;
            unfinished.take(&self.layers[unfinished.layer], found);
        }
        while unfinished.pieces.is_empty() {
            cancel.check()?;
            let next = unfinished.layer + 1;
            let Some(layer) = self.layers.get(next) else {
                return Ok(Computed::Whole(unfinished.finish()));
            };
            unfinished.layer = next;
            unfinished.pieces = layer.missing_pieces(self, &unfinished);
        }
        Ok(Computed::Partly(unfinished))
    }

    /// The pixels of an outline that any scene covers.
    ///
    /// # Errors
    /// [`NdviError::Outline`].
    pub fn coverage_of(&self, outline: &Outline, field_id: &str) -> Result<Coverage, NdviError> {
        let covered = || {
            let outline = outline.on_grid(&self.crs, &self.grid)?;
            let coverage = Coverage::of(&outline)?;
            if let [_] = self.layers.as_slice() {
                return Ok(coverage);
            }
            Ok(coverage.existing(&outline, |row, cols| self.covered(row, cols)))
        };
        covered().map_err(|source| NdviError::Outline {
            field_id: field_id.to_owned(),
            source,
        })
    }

    /// Runs of columns of a row that any scene covers, ascending and apart.
    fn covered(&self, row: u32, cols: Range<u32>) -> Vec<Range<u32>> {
        let mut runs = Vec::new();
        for layer in &self.layers {
            layer.covered(self, row, cols.clone(), &mut runs);
        }
        extent::joined(runs)
    }
}
