//! Files of an index, cloud-optimized, packed as their rows are computed.
//!
//! Memory holds a few rows of tiles and the packed file once, never the scene as numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use furrow_raster::cog::{
    CogError, CogSpec, Compression, Encoding, Layout, TileSize, append_tile, compress_tile,
};
use furrow_raster::coverage::Coverage;
use furrow_raster::grid::{Grid, Window};
use furrow_raster::overview::{Pyramid, Tile};
use object_store::path::Path;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::picture::View;
use crate::pipeline::fold_blocks;
use crate::scenes::{Admitted, Rasters};
use crate::stack::IndexBlock;
use crate::status::NdviError;

/// A file that was written.
#[derive(Debug)]
pub struct WrittenIndex {
    /// Bytes of the file.
    pub size_bytes: u64,
    /// Its grid.
    pub grid: Grid,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

/// Computes an index over a view and writes it under a key.
///
/// # Errors
/// [`NdviError`] when a file cannot be read, a value does not fit the encoding or the store fails.
pub async fn write_index(
    rasters: &Rasters,
    call: &Admitted,
    view: &View,
    key: &Path,
    encoding: Encoding,
    compression: Compression,
) -> Result<WrittenIndex, NdviError> {
    let index = &view.stack.indices[0];
    let grid = view.grid();
    let spec = CogSpec {
        grid,
        is_geographic: view.stack.crs.is_geographic(),
        tile_size: TileSize::default(),
        encoding,
        compression,
        description: index.name.clone(),
        tags: BTreeMap::from([("FORMULA".to_owned(), index.formula.to_string())]),
    };
    let writer = Writer::new(spec, view);
    let windows = view.stack.lattice.within(view.window);
    let step =
        |writer: &mut Writer, block: &IndexBlock| writer.add(block).map(|()| Vec::<()>::new());
    let metrics = rasters.metrics();
    let writer = fold_blocks(&view.stack, windows, call, metrics, writer, step, None).await?;
    let (parts, sha256) = call
        .run(move || {
            let parts = writer.finish().map_err(cog_error)?;
            let mut digest = Sha256::new();
            for part in &parts {
                digest.update(part);
            }
            Ok((parts, format!("{:x}", digest.finalize())))
        })
        .await?;
    let size_bytes = parts.iter().map(|part| part.len() as u64).sum();
    call.cancel.check()?;
    rasters.stores.put(key, parts).await?;
    Ok(WrittenIndex {
        size_bytes,
        grid,
        sha256,
    })
}

fn cog_error(error: CogError) -> NdviError {
    match error {
        CogError::OutOfInt16 { .. } => {
            NdviError::request("encoding", format!("is refused: {error}"))
        }
        other => NdviError::Fault(other.to_string()),
    }
}

/// Packs rows into tiles as blocks arrive.
struct Writer {
    spec: CogSpec,
    window: Window,
    coverage: Option<Arc<Coverage>>,
    /// Rows of the row of blocks that is being filled, all columns wide.
    rows: Vec<f32>,
    pyramid: Pyramid,
    /// By level, in the order of the level's tiles.
    packed: Vec<Vec<Vec<u8>>>,
}

impl Writer {
    fn new(spec: CogSpec, view: &View) -> Self {
        Self {
            pyramid: Pyramid::new(spec.grid.width, spec.grid.height, spec.tile_size.pixels()),
            packed: vec![Vec::new(); spec.levels().len()],
            spec,
            window: view.window,
            coverage: view.coverage.clone(),
            rows: Vec::new(),
        }
    }

    /// Takes the next block; blocks run along rows of blocks, from top to bottom.
    fn add(&mut self, block: &IndexBlock) -> Result<(), NdviError> {
        let (window, width) = (block.window, self.window.width as usize);
        let mut values = block.indices[0].values.clone();
        if let Some(coverage) = &self.coverage {
            coverage.clip(window, &mut values);
        }
        if window.col == self.window.col {
            self.rows = vec![f32::NAN; width * window.height as usize];
        }
        let start = (window.col - self.window.col) as usize;
        let lines = values.chunks_exact(window.width as usize);
        for (row, line) in self.rows.chunks_exact_mut(width).zip(lines) {
            row[start..start + line.len()].copy_from_slice(line);
        }
        if window.col_end() == self.window.col_end() {
            let tiles = self.pyramid.push_rows(&self.rows);
            self.rows = Vec::new();
            self.pack(tiles).map_err(cog_error)?;
        }
        Ok(())
    }

    fn pack(&mut self, tiles: Vec<Tile>) -> Result<(), CogError> {
        let packed: Vec<(usize, Vec<u8>)> = tiles
            .into_par_iter()
            .map(|tile| Ok((tile.level, compress_tile(&self.spec, &tile.values)?)))
            .collect::<Result<_, CogError>>()?;
        // Tiles of a level arrive in its order; the parallel map keeps it.
        for (level, tile) in packed {
            self.packed[level].push(tile);
        }
        Ok(())
    }

    /// The file in parts, so that it stands in memory once.
    fn finish(mut self) -> Result<Vec<Bytes>, CogError> {
        let sizes: Vec<Vec<usize>> = self
            .packed
            .iter()
            .map(|level| level.iter().map(Vec::len).collect())
            .collect();
        let layout = Layout::new(&self.spec, &sizes)?;
        let mut parts = vec![Bytes::copy_from_slice(layout.header())];
        for place in layout.order() {
            let tile = std::mem::take(&mut self.packed[place.level][place.index]);
            let mut framed = Vec::with_capacity(tile.len() + 8);
            append_tile(&mut framed, &tile);
            parts.push(framed.into());
        }
        Ok(parts)
    }
}
