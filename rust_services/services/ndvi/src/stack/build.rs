//! How a stack is put together from the bands and masks of a scene.

use std::sync::Arc;

use furrow_raster::crs::Crs;
use furrow_raster::grid::Grid;
use furrow_raster::mask::{PixelSize, reach};
use furrow_raster::resample::{Alignment, GridsDisagree};

use super::{Need, Source, Stack, StackedBand, StackedMask};
use crate::blocks::Lattice;
use crate::request::{BandPlace, IndexSpec, MaskSpec, Radiometry};
use crate::scenes::Raster;
use crate::status::NdviError;

/// Puts a stack together.
pub(super) struct Builder {
    grid: Grid,
    crs: Option<Crs>,
    sources: Vec<Source>,
    bands: Vec<StackedBand>,
    masks: Vec<StackedMask>,
}

impl Builder {
    pub(super) fn new(grid: Grid) -> Self {
        Self {
            grid,
            crs: None,
            sources: Vec::new(),
            bands: Vec::new(),
            masks: Vec::new(),
        }
    }

    /// Adds a band; gives the size of its file's chunks in pixels of the grid.
    pub(super) fn add_band(
        &mut self,
        name: &str,
        place: &BandPlace,
        radiometry: Radiometry,
        raster: Arc<Raster>,
    ) -> Result<(u32, u32), NdviError> {
        let band = band_of(&raster, place.band_number)?;
        let alignment = Alignment::between(&raster.grid, &self.grid).map_err(|source| {
            NdviError::GridsDisagree {
                name: format!("band {name}"),
                source,
            }
        })?;
        let image = raster.tiff.full();
        let of_file = raster.tiff.bands[usize::from(band)].nodata;
        let of_request = radiometry.nodata;
        let radiometry = Radiometry {
            nodata: of_request
                .map(|nodata| image.data_type.nodata_held(nodata))
                .or(of_file),
            ..radiometry
        };
        let factor = alignment.factor();
        let chunk = (
            image.chunk_width.div_ceil(factor),
            image.chunk_height.div_ceil(factor),
        );
        if self.crs.is_none() {
            self.crs = Some(raster.crs.clone());
        }
        let (source, of_source) = self.plane_of(raster, band, alignment);
        self.bands.push(StackedBand {
            name: name.to_owned(),
            source,
            plane: of_source,
            alignment,
            radiometry,
        });
        Ok(chunk)
    }

    /// Where a band is read: with the others of its file.
    fn plane_of(&mut self, raster: Arc<Raster>, band: u16, alignment: Alignment) -> (usize, usize) {
        let same_file = |source: &Source| Arc::ptr_eq(&source.raster, &raster);
        let Some(source) = self.sources.iter().position(same_file) else {
            self.sources.push(Source {
                raster,
                bands: vec![band],
                need: Need::Aligned(alignment),
            });
            return (self.sources.len() - 1, 0);
        };
        let bands = &mut self.sources[source].bands;
        let known = bands.iter().position(|known| *known == band);
        let plane = known.unwrap_or_else(|| {
            bands.push(band);
            bands.len() - 1
        });
        (source, plane)
    }

    pub(super) fn add_mask(
        &mut self,
        mask: &MaskSpec,
        raster: Arc<Raster>,
    ) -> Result<(), NdviError> {
        let band = band_of(&raster, mask.place.band_number)?;
        if raster.grid.epsg != self.grid.epsg {
            return Err(NdviError::GridsDisagree {
                name: format!("mask {}", mask.place.location),
                source: GridsDisagree::ReferenceSystem {
                    fine: raster.grid.epsg,
                    coarse: self.grid.epsg,
                },
            });
        }
        let pixel = pixel_size(&raster);
        self.masks.push(StackedMask {
            source: self.sources.len(),
            rule: mask.rule,
            pixel,
            dilation_m: mask.dilation_m,
            nodata: raster.tiff.bands[usize::from(band)].nodata,
        });
        self.sources.push(Source {
            raster,
            bands: vec![band],
            need: Need::Nearest {
                halo: reach(pixel, mask.dilation_m),
            },
        });
        Ok(())
    }

    pub(super) fn finish(self, indices: Vec<IndexSpec>, chunk: (u32, u32)) -> Stack {
        let of_bands = self.bands.iter().map(|band| {
            let factor = u64::from(band.alignment.factor());
            factor * factor
        });
        let of_masks = self.masks.iter().map(|mask| {
            let mask = &self.sources[mask.source].raster.grid;
            finer_pixels(mask, &self.grid)
        });
        let reads = of_bands.chain(of_masks).fold(0, u64::saturating_add);
        Stack {
            lattice: Lattice::new(&self.grid, chunk, reads),
            crs: self.crs.expect("a stack has at least one band"),
            grid: self.grid,
            indices,
            sources: self.sources,
            bands: self.bands,
            masks: self.masks,
        }
    }
}

/// About how many pixels of a fine grid lie in one of a coarse one, at least 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast of a positive float saturates"
)]
fn finer_pixels(fine: &Grid, coarse: &Grid) -> u64 {
    let area = |grid: &Grid| grid.transform.pixel_width * grid.transform.pixel_height;
    (area(coarse) / area(fine)).ceil().max(1.0) as u64
}

/// The band from 0, if the file has it.
fn band_of(raster: &Raster, band_number: u32) -> Result<u16, NdviError> {
    let found = raster.tiff.bands.len();
    let band = u16::try_from(band_number - 1).ok();
    band.filter(|band| usize::from(*band) < found)
        .ok_or_else(|| NdviError::BandMissing {
            object: raster.object.name.clone(),
            band_number,
            found,
        })
}

/// Size of a raster's pixels in metres; of a raster in degrees, at its middle.
fn pixel_size(raster: &Raster) -> PixelSize {
    let transform = &raster.grid.transform;
    let unit_m = raster.crs.metres_per_unit();
    let narrowing = if raster.crs.is_geographic() {
        let (_, middle) = transform.to_world(0.0, f64::from(raster.grid.height) / 2.0);
        middle.to_radians().cos().max(0.01)
    } else {
        1.0
    };
    PixelSize {
        width_m: transform.pixel_width * unit_m * narrowing,
        height_m: transform.pixel_height * unit_m,
    }
}
