//! Files of an index, cloud-optimized, packed as their rows are computed.
//!
//! Memory holds a few rows of tiles. The smallest level of a file stands in front and is known last,
//! so packed tiles wait in a scratch file and are then copied in their order.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use furrow_raster::cog::{
    CogError, CogSpec, Compression, Encoding, Layout, TilePlace, TileSize, append_tile,
    compress_tile,
};
use furrow_raster::coverage::Coverage;
use furrow_raster::grid::{Grid, Window};
use furrow_raster::overview::{Pyramid, TileRow};
use furrow_service_kit::CpuScope;
use object_store::path::Path;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::picture::View;
use crate::pipeline::fold_blocks;
use crate::scenes::{Admitted, Rasters};
use crate::stack::IndexBlock;
use crate::status::NdviError;
use crate::store::scratch_error;

/// Entry of a file's metadata that says how its values were computed.
pub const FORMULA_TAG: &str = "FORMULA";

/// Bytes that are written at once, about.
const PART_BYTES: usize = 4 << 20;

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

/// Computes an index over a view and writes it under a key, with these tags beside its formula.
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
    mut tags: BTreeMap<String, String>,
) -> Result<WrittenIndex, NdviError> {
    let index = &view.mosaic.indices[0];
    let grid = view.grid();
    tags.insert(FORMULA_TAG.to_owned(), index.formula.to_string());
    let spec = CogSpec {
        grid,
        is_geographic: view.mosaic.crs.is_geographic(),
        tile_size: TileSize::default(),
        encoding,
        compression,
        description: index.name.clone(),
        tags,
    };
    let stores = &rasters.stores;
    let writer = Writer::new(spec, view, stores.scratch().await?);
    let windows = view.mosaic.lattice.within(view.window);
    let step =
        |writer: &mut Writer, block: &IndexBlock| writer.add(block).map(|()| Vec::<()>::new());
    let metrics = rasters.metrics();
    let writer = fold_blocks(&view.mosaic, windows, call, metrics, writer, step, None).await?;
    let mut file = call.run(move || writer.finish()).await?;
    // Dropped when the call ends before, which removes what was written.
    let mut upload = stores.begin(key).await?;
    let mut ready = None;
    loop {
        // The next part is put together while the one before is written.
        let next = call.run(move || {
            let part = file.next_part()?;
            Ok((file, part))
        });
        let written = async {
            match ready.take() {
                Some(part) => upload.add(part).await,
                None => Ok(()),
            }
        };
        let ((returned, part), ()) = tokio::try_join!(next, written)?;
        file = returned;
        if part.is_none() {
            break;
        }
        ready = part;
    }
    call.cancel.check()?;
    upload.finish().await?;
    Ok(WrittenIndex {
        size_bytes: file.size_bytes,
        grid,
        sha256: format!("{:x}", file.digest.finalize()),
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
    packed: Packed,
}

/// Packed tiles in a scratch file, as they came.
struct Packed {
    scratch: File,
    end: u64,
    /// Place and length of each in the file; by level, in the order of the level's tiles.
    tiles: Vec<Vec<(u64, usize)>>,
}

impl Packed {
    /// Packs the next row of tiles of a level, on all threads of the pool.
    fn add_row(&mut self, spec: &CogSpec, tiles: TileRow<'_>) -> Result<(), NdviError> {
        let cpu = CpuScope::current();
        let pack = |values: &mut Vec<f32>, col: usize| {
            cpu.run(|| {
                tiles.cut(col, values);
                compress_tile(spec, values)
            })
        };
        let packed: Vec<Vec<u8>> = (0..tiles.tile_count())
            .into_par_iter()
            .map_init(Vec::new, pack)
            .collect::<Result<_, CogError>>()
            .map_err(cog_error)?;
        for tile in packed {
            self.push(tiles.level, &tile).map_err(scratch_error)?;
        }
        Ok(())
    }

    /// Adds the next tile of a level.
    fn push(&mut self, level: usize, tile: &[u8]) -> io::Result<()> {
        self.scratch.write_all_at(tile, self.end)?;
        self.tiles[level].push((self.end, tile.len()));
        self.end += tile.len() as u64;
        Ok(())
    }

    fn read(&self, place: TilePlace) -> io::Result<Vec<u8>> {
        let (start, len) = self.tiles[place.level][place.index];
        let mut tile = vec![0; len];
        self.scratch.read_exact_at(&mut tile, start)?;
        Ok(tile)
    }
}

impl Writer {
    fn new(spec: CogSpec, view: &View, scratch: File) -> Self {
        Self {
            pyramid: Pyramid::new(spec.grid.width, spec.grid.height, spec.tile_size.pixels()),
            packed: Packed {
                scratch,
                end: 0,
                tiles: vec![Vec::new(); spec.levels().len()],
            },
            spec,
            window: view.window,
            coverage: view.coverage.clone(),
            rows: Vec::new(),
        }
    }

    /// Takes the next block; blocks run along rows of blocks, from top to bottom.
    fn add(&mut self, block: &IndexBlock) -> Result<(), NdviError> {
        let (window, width) = (block.window, self.window.width as usize);
        if window.col == self.window.col {
            // Every value is written over before the rows are given on.
            self.rows.resize(width * window.height as usize, f32::NAN);
        }
        let clipped = self.coverage.as_ref().map(|coverage| {
            let mut values = block.indices[0].values.clone();
            coverage.clip(window, &mut values);
            values
        });
        let values = clipped.as_ref().unwrap_or(&block.indices[0].values);
        let start = (window.col - self.window.col) as usize;
        let lines = values.chunks_exact(window.width as usize);
        for (row, line) in self.rows.chunks_exact_mut(width).zip(lines) {
            row[start..start + line.len()].copy_from_slice(line);
        }
        if window.col_end() == self.window.col_end() {
            let (spec, packed) = (&self.spec, &mut self.packed);
            self.pyramid
                .feed(&self.rows, |tiles| packed.add_row(spec, tiles))?;
        }
        Ok(())
    }

    /// The file, to be read part by part.
    fn finish(self) -> Result<Assembly, NdviError> {
        let levels = self.packed.tiles.iter();
        let sizes: Vec<Vec<usize>> = levels
            .map(|level| level.iter().map(|(_, len)| *len).collect())
            .collect();
        let layout = Layout::new(&self.spec, &sizes).map_err(cog_error)?;
        Ok(Assembly {
            packed: self.packed,
            header: layout.header().to_vec(),
            order: layout.order().collect::<Vec<_>>().into_iter(),
            digest: Sha256::new(),
            size_bytes: 0,
        })
    }
}

/// A file as it is put together: the header, then the tiles in their order.
struct Assembly {
    packed: Packed,
    /// Empty once it was given.
    header: Vec<u8>,
    order: std::vec::IntoIter<TilePlace>,
    /// Of what was given.
    digest: Sha256,
    size_bytes: u64,
}

impl Assembly {
    /// The next bytes of the file; None at its end.
    fn next_part(&mut self) -> Result<Option<Bytes>, NdviError> {
        let mut part = std::mem::take(&mut self.header);
        while part.len() < PART_BYTES {
            let Some(place) = self.order.next() else {
                break;
            };
            append_tile(&mut part, &self.packed.read(place).map_err(scratch_error)?);
        }
        self.digest.update(&part);
        self.size_bytes += part.len() as u64;
        Ok((!part.is_empty()).then(|| part.into()))
    }
}
