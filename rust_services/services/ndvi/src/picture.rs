//! What pictures and files of an index share: their window, their bounds, and values clipped to an
//! outline.

use std::sync::Arc;

use furrow_raster::coverage::Coverage;
use furrow_raster::crs::Crs;
use furrow_raster::grid::{Grid, Window};
use furrow_raster::outline::Outline;

use crate::mosaic::{Mosaic, mosaics};
use crate::request::{IndexSpec, SceneSpec};
use crate::scenes::{Admitted, Rasters};
use crate::status::NdviError;

/// Points that each side of a box is divided by before it is carried to WGS 84: its edges bend.
const POINTS_PER_SIDE: u32 = 32;

/// An index over a window of its grid.
#[derive(Debug)]
pub struct View {
    /// The scenes on the grid.
    pub mosaic: Arc<Mosaic>,
    /// The window.
    pub window: Window,
    /// The pixels that are kept; None: all.
    pub coverage: Option<Arc<Coverage>>,
}

impl View {
    /// An index over the pixels that an outline touches, or over all that the scenes cover.
    ///
    /// # Errors
    /// [`NdviError`] when a file or the outline cannot be used, the outline lies outside, or the
    /// window is too large.
    pub async fn open(
        rasters: &Rasters,
        call: &Admitted,
        scenes: &[SceneSpec],
        index: &IndexSpec,
        outline: Option<Outline>,
        max_pixels: u64,
    ) -> Result<Self, NdviError> {
        let mut opened = mosaics(rasters, call, scenes, std::slice::from_ref(index)).await?;
        let mosaic = opened.pop().map(Arc::new);
        let mosaic = mosaic.ok_or_else(|| NdviError::Fault("no grid for an index".to_owned()))?;
        let mut window = mosaic.grid.full_window();
        let mut coverage = None;
        if let Some(outline) = outline {
            let on_grid = Arc::clone(&mosaic);
            let found = call.run(move || on_grid.coverage_of(&outline, "")).await?;
            window = found
                .window()
                .ok_or_else(|| NdviError::request("outline_wkb", "lies outside the raster"))?;
            coverage = Some(Arc::new(found));
        }
        if window.pixel_count() > max_pixels {
            return Err(NdviError::TooLarge {
                what: "the number of pixels",
                found: window.pixel_count(),
                allowed: max_pixels,
            });
        }
        Ok(Self {
            mosaic,
            window,
            coverage,
        })
    }

    /// The grid of the window.
    pub fn grid(&self) -> Grid {
        self.mosaic.grid.crop(self.window)
    }
}

/// West, south, east and north of a grid in WGS 84, degrees.
///
/// # Errors
/// [`NdviError::Crs`] where the reference system does not reach.
pub fn bounds_wgs84(grid: &Grid, crs: &Crs, object: &str) -> Result<Vec<f64>, NdviError> {
    let (width, height) = (f64::from(grid.width), f64::from(grid.height));
    let mut outline = Vec::new();
    for step in 0..=POINTS_PER_SIDE {
        let share = f64::from(step) / f64::from(POINTS_PER_SIDE);
        let (col, row) = (share * width, share * height);
        for (col, row) in [(col, 0.0), (col, height), (0.0, row), (width, row)] {
            outline.push(grid.transform.to_world(col, row));
        }
    }
    crs.unproject(&mut outline)
        .map_err(|source| NdviError::Crs {
            object: object.to_owned(),
            source,
        })?;
    let nothing = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    let bounds = outline
        .iter()
        .fold(nothing, |[west, south, east, north], &(lon, lat)| {
            [west.min(lon), south.min(lat), east.max(lon), north.max(lat)]
        });
    Ok(bounds.to_vec())
}
