//! Web-Mercator tiles of an index.
//!
//! The index is computed on the scenes' own grid, by the same formula and masks as every other
//! number of it, and its values are carried to the tile afterwards. Where a pixel of the tile is at
//! least two of the scenes' wide, values are averaged over whole squares of pixels first, and
//! "nearest" means the square that holds the point; from the zoom on where it is narrower, "nearest"
//! shows values of single pixels, the very ones that statistics rest on.

use std::sync::Arc;

use bytes::Bytes;
use furrow_raster::coverage::Coverage;
use furrow_raster::grid::{GeoTransform, Grid};
use furrow_raster::mercator::Tile;
use furrow_raster::png::{self, ColourRamp};
use furrow_raster::warp::{Lookup, Resampling, Squares};
use furrow_rpc::ndvi::v1 as proto;
use furrow_service_kit::Cancel;

use crate::grpc::Grpc;
use crate::picture::View;
use crate::pipeline::fold_blocks;
use crate::scenes::{Admitted, Rasters};
use crate::stack::IndexBlock;
use crate::status::NdviError;
use crate::tile_layer::{Layer, tile_at};

/// EPSG code of the reference system of tiles.
const WEB_MERCATOR: u32 = 3857;

/// Most squares of one tile: several times what the largest tile needs whose pixels are about square.
const MAX_SQUARES: u64 = 8 << 20;

/// Which tile, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileOrder {
    /// The tile.
    pub tile: Tile,
    /// Pixels of a side.
    pub size: u32,
}

impl Grpc {
    /// Answers `RenderTile`.
    pub(crate) async fn tile(
        &self,
        request: proto::RenderTileRequest,
        cancel: Cancel,
    ) -> Result<proto::RenderTileResponse, NdviError> {
        let order = TileOrder {
            tile: tile_at(request.zoom, request.column, request.row)?,
            size: request.size,
        };
        if !matches!(order.size, 256 | 512) {
            let reason = format!("is {}; 256 or 512 are allowed", order.size);
            return Err(NdviError::request("size", reason));
        }
        let Some(layer) = request.layer else {
            return Err(NdviError::request("layer", "is missing"));
        };
        let slot = self.compute.admit().map_err(|_| NdviError::Busy)?;
        let call = Admitted { slot, cancel };
        let layer = call.run(move || Layer::from_message(layer)).await?;
        let png = render_tile(&self.rasters, &call, &layer, order, self.max_pixels).await?;
        Ok(proto::RenderTileResponse {
            png: png.map(Vec::from).unwrap_or_default(),
        })
    }
}

/// Draws a tile of a layer; None where no pixel of it has a value.
///
/// # Errors
/// [`NdviError`] when a file cannot be read, or nobody waits any more.
pub async fn render_tile(
    rasters: &Rasters,
    call: &Admitted,
    layer: &Layer,
    order: TileOrder,
    max_pixels: u64,
) -> Result<Option<Bytes>, NdviError> {
    let outline = layer.outline.clone();
    let view = View::open(
        rasters,
        call,
        &layer.scenes,
        &layer.index,
        outline,
        max_pixels,
    )
    .await?;
    let (mosaic, window) = (Arc::clone(&view.mosaic), view.window);
    let TileOrder { tile, size } = order;
    let lookup = call
        .run(move || Ok(Lookup::new(tile, size, &mosaic.grid, &mosaic.crs, window)))
        .await?;
    let Some(lookup) = lookup else {
        return Ok(None);
    };
    let found = lookup.square_count();
    if found > MAX_SQUARES {
        return Err(NdviError::TooLarge {
            what: "the number of averages that a tile takes",
            found,
            allowed: MAX_SQUARES,
        });
    }
    let filling = Filling {
        squares: lookup.squares(),
        coverage: view.coverage.clone(),
    };
    let windows = view.mosaic.lattice.within(lookup.window());
    let step = |filling: &mut Filling, block: &IndexBlock| {
        filling.add(block);
        Ok(Vec::<()>::new())
    };
    let metrics = rasters.metrics();
    let filled = fold_blocks(&view.mosaic, windows, call, metrics, filling, step, None).await?;
    let (resampling, ramp) = (layer.resampling, Arc::clone(&layer.ramp));
    call.run(move || draw(order, &lookup, &filled.squares, resampling, &ramp))
        .await
}

/// Averages in the making.
struct Filling {
    squares: Squares,
    coverage: Option<Arc<Coverage>>,
}

impl Filling {
    fn add(&mut self, block: &IndexBlock) {
        let values = &block.indices[0].values;
        match &self.coverage {
            None => self.squares.add(block.window, values),
            Some(coverage) => {
                let mut clipped = values.clone();
                coverage.clip(block.window, &mut clipped);
                self.squares.add(block.window, &clipped);
            }
        }
    }
}

fn draw(
    order: TileOrder,
    lookup: &Lookup,
    squares: &Squares,
    resampling: Resampling,
    ramp: &ColourRamp,
) -> Result<Option<Bytes>, NdviError> {
    if squares.is_empty() {
        return Ok(None);
    }
    let values = lookup.sample(squares, resampling);
    if values.iter().all(|value| value.is_nan()) {
        return Ok(None);
    }
    let picture = png::render(&grid_of(order), &values, order.size, ramp);
    let picture = picture.map_err(|error| NdviError::Fault(error.to_string()))?;
    Ok(Some(picture.png.into()))
}

/// The grid of a tile's own pixels.
fn grid_of(TileOrder { tile, size }: TileOrder) -> Grid {
    let bounds = tile.bounds();
    let pixel = tile.side() / f64::from(size);
    Grid {
        width: size,
        height: size,
        transform: GeoTransform {
            origin_x: bounds.west,
            origin_y: bounds.north,
            pixel_width: pixel,
            pixel_height: pixel,
        },
        epsg: WEB_MERCATOR,
    }
}
