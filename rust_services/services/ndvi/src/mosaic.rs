//! Several scenes of one day as one: a grid that goes on beyond the first scene's edges, and indices
//! whose every pixel is taken from the first scene that shows it.

use std::sync::Arc;

use furrow_raster::coverage::Coverage;
use furrow_raster::crs::Crs;
use furrow_raster::grid::{Grid, Window};
use furrow_raster::outline::Outline;
use furrow_service_kit::Cancel;
use furrow_service_kit::metrics::Metrics;

use crate::blocks::Lattice;
use crate::request::{IndexSpec, SceneSpec};
use crate::scenes::{Admitted, Rasters};
use crate::stack::{FetchedBlock, IndexBlock, Stack, stacks};
use crate::status::NdviError;

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
    stack: Stack,
}

/// Opens what the indices need of the scenes, the preferred one first, and sorts it by grids.
///
/// # Errors
/// [`NdviError`] when a file cannot be used, or bands and masks do not fit together.
pub async fn mosaics(
    rasters: &Rasters,
    call: &Admitted,
    scenes: &[SceneSpec],
    indices: &[IndexSpec],
) -> Result<Vec<Mosaic>, NdviError> {
    let [scene] = scenes else {
        return Err(NdviError::request("scenes", "may hold only one scene"));
    };
    let stacks = stacks(rasters, call, scene, indices).await?;
    Ok(stacks.into_iter().map(Mosaic::of_one).collect())
}

/// What was read of a block.
#[derive(Debug)]
pub struct Fetched {
    block: FetchedBlock,
}

/// A block of which more is to be read.
#[derive(Debug)]
pub struct Unfinished {
    window: Window,
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
            stack,
        }
    }

    /// Reads what a block needs of the preferred scene.
    ///
    /// # Errors
    /// [`NdviError`] when a store fails.
    pub async fn fetch(&self, window: Window) -> Result<Fetched, NdviError> {
        let block = self.stack.fetch(window).await?;
        Ok(Fetched { block })
    }

    /// Reads more for a block.
    ///
    /// # Errors
    /// [`NdviError`] when a store fails.
    pub async fn fetch_more(&self, unfinished: Unfinished) -> Result<Fetched, NdviError> {
        self.fetch(unfinished.window).await
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
        let block = self.stack.compute(fetched.block, cancel, metrics)?;
        Ok(Computed::Whole(block))
    }

    /// The indices over a window: read and computed, one scene after the other.
    ///
    /// # Errors
    /// [`NdviError`] when a file cannot be read, or nobody waits any more.
    pub async fn block(
        self: &Arc<Self>,
        window: Window,
        call: &Admitted,
        metrics: &Metrics,
    ) -> Result<IndexBlock, NdviError> {
        let mut fetched = self.fetch(window).await?;
        loop {
            let mosaic = Arc::clone(self);
            let (cancel, metrics) = (call.cancel.clone(), metrics.clone());
            let computed = call
                .run(move || mosaic.compute(fetched, &cancel, &metrics))
                .await?;
            match computed {
                Computed::Whole(block) => return Ok(block),
                Computed::Partly(unfinished) => fetched = self.fetch_more(unfinished).await?,
            }
        }
    }

    /// The pixels of an outline.
    ///
    /// # Errors
    /// [`NdviError::Outline`].
    pub fn coverage_of(&self, outline: &Outline, field_id: &str) -> Result<Coverage, NdviError> {
        let on_grid = outline.on_grid(&self.crs, &self.grid);
        let coverage = on_grid.and_then(|outline| Coverage::of(&outline));
        coverage.map_err(|source| NdviError::Outline {
            field_id: field_id.to_owned(),
            source,
        })
    }
}
