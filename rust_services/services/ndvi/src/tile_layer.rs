//! What tiles are drawn of: from a message, or from the object that holds one.

use std::sync::Arc;

use furrow_raster::mercator::{MAX_ZOOM, Tile};
use furrow_raster::outline::Outline;
use furrow_raster::png::ColourRamp;
use furrow_raster::warp::Resampling;
use furrow_rpc::ndvi::v1 as proto;

use crate::convert;
use crate::request::{IndexSpec, SceneSpec};
use crate::status::NdviError;

/// A layer whose every part was checked.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Acquisitions of one day, the preferred one first.
    pub scenes: Vec<SceneSpec>,
    /// The index.
    pub index: IndexSpec,
    /// What is shown; None: all.
    pub outline: Option<Outline>,
    /// Colours.
    pub ramp: Arc<ColourRamp>,
    /// How values are carried to the tile.
    pub resampling: Resampling,
}

impl Layer {
    /// Checks a layer. An outline may have many points: call it on the compute pool.
    ///
    /// # Errors
    /// [`NdviError`] for whatever the contract does not allow.
    pub fn from_message(layer: proto::TileLayer) -> Result<Self, NdviError> {
        let resampling = match layer.resampling() {
            proto::Resampling::Nearest => Resampling::Nearest,
            proto::Resampling::Bilinear => Resampling::Bilinear,
            proto::Resampling::Unspecified => {
                return Err(NdviError::request("layer.resampling", "is missing"));
            }
        };
        let ramp = convert::ramp(&layer.stops)?;
        let scenes = convert::scenes(layer.scenes)?;
        let index = convert::one_index(layer.index, &scenes)?;
        let outline = layer.outline_wkb.map(|wkb| convert::outline(&wkb, ""));
        Ok(Self {
            scenes,
            index,
            outline: outline.transpose()?,
            ramp: Arc::new(ramp),
            resampling,
        })
    }
}

/// The tile of a zoom, column and row.
///
/// # Errors
/// [`NdviError::Request`] where there is none.
pub fn tile_at(zoom: u32, column: u32, row: u32) -> Result<Tile, NdviError> {
    Tile::new(zoom, column, row).ok_or_else(|| {
        let reason = format!(
            "{zoom}/{column}/{row} is none: zooms go from 0 to {MAX_ZOOM}, columns and rows to \
             below two to the power of the zoom"
        );
        NdviError::request("tile", reason)
    })
}
