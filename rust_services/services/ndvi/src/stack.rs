//! Bands, masks and indices of a scene on one grid, computed block by block.
//!
//! The grid is that of the coarsest band an index names. Finer bands are averaged over whole pixels
//! of it; masks are looked up where a pixel's centre lies.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use furrow_index::Bands;
use furrow_raster::crs::Crs;
use furrow_raster::grid::{Grid, Window};
use furrow_raster::mask::{HiddenPixels, PixelSize, Rule, reach};
use furrow_raster::resample::{Alignment, GridsDisagree, coarsest};
use furrow_raster::samples::Samples;
use furrow_raster::zonal::PixelState;
use furrow_service_kit::Cancel;
use furrow_service_kit::metrics::Metrics;
use futures::future::try_join_all;

use crate::blocks::Lattice;
use crate::parts::{FetchedPart, MAX_READ_BYTES, Part, Pixels};
use crate::request::{BandPlace, IndexSpec, MaskSpec, Radiometry, Reading, SceneSpec};
use crate::scenes::{Admitted, Raster, Rasters};
use crate::status::NdviError;

/// Most pixels of a mask layer that are looked at for one block, growth included.
const MAX_MASK_PIXELS: u64 = 32 << 20;

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
        let read = self.bands.iter().map(|band| band.read(&decoded, window));
        let bands: Vec<Reflectance> = read.collect();
        let named = self.bands.iter().zip(&bands);
        let by_name =
            Bands::new(named.map(|(band, read)| (band.name.as_str(), read.values.as_slice())));
        let mut indices = Vec::with_capacity(self.indices.len());
        for index in &self.indices {
            cancel.check()?;
            let mut values = vec![0.0; hidden.len()];
            index
                .formula
                .evaluate(&by_name, &index.constants, index.valid, &mut values)
                .map_err(|error| NdviError::Fault(error.to_string()))?;
            let of_index: Vec<&Reflectance> =
                index.bands.iter().map(|band| &bands[*band]).collect();
            let states = judge(&mut values, &of_index, &hidden);
            indices.push(IndexValues { values, states });
        }
        Ok(IndexBlock { window, indices })
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

impl StackedMask {
    /// Whether each pixel of a layer hides the ground. Where the layer's file holds nothing, nothing
    /// says that the ground is clear.
    fn hidden(&self, pixels: &Pixels) -> Vec<bool> {
        let (samples, width) = (&pixels.bands[0], pixels.window.width as usize);
        let mut hidden = self
            .rule
            .hidden(samples, width, self.pixel, self.dilation_m);
        if let Some(nodata) = self.nodata {
            for (place, flag) in hidden.iter_mut().enumerate() {
                let value = samples.get_f64(place);
                // The file's nodata is compared as stored, so equality is exact.
                *flag |= value == nodata || value.is_nan();
            }
        }
        if let Some(mask) = &pixels.mask {
            for (place, flag) in hidden.iter_mut().enumerate() {
                *flag |= mask.get_f64(place) <= 0.0;
            }
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

/// Puts a stack together.
struct Builder {
    grid: Grid,
    crs: Option<Crs>,
    sources: Vec<Source>,
    bands: Vec<StackedBand>,
    masks: Vec<StackedMask>,
}

impl Builder {
    fn new(grid: Grid) -> Self {
        Self {
            grid,
            crs: None,
            sources: Vec::new(),
            bands: Vec::new(),
            masks: Vec::new(),
        }
    }

    /// Adds a band; gives the size of its file's chunks in pixels of the grid.
    fn add_band(
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

    fn add_mask(&mut self, mask: &MaskSpec, raster: Arc<Raster>) -> Result<(), NdviError> {
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

    fn finish(self, indices: Vec<IndexSpec>, chunk: (u32, u32)) -> Stack {
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

/// A band over a block: reflectance, `NaN` where there is none.
struct Reflectance {
    values: Vec<f64>,
    /// Where the sensor was blinded; empty where nowhere.
    saturated: Vec<bool>,
}

impl StackedBand {
    /// Whether the file leaves this pixel out as holding nothing. Without a nodata value it means 0.
    fn is_left_out(&self, pixels: &Pixels, place: usize) -> bool {
        self.radiometry.nodata.is_some() && pixels.left_out[self.plane].get(place) == Some(&true)
    }

    fn reading(&self, pixels: &Pixels, place: usize) -> Reading {
        if self.is_left_out(pixels, place) {
            return Reading::NoData;
        }
        if let Some(mask) = &pixels.mask
            && mask.get_f64(place) <= 0.0
        {
            return Reading::NoData;
        }
        self.radiometry
            .read(pixels.bands[self.plane].get_f64(place))
    }

    fn read(&self, decoded: &DecodedBlock, window: Window) -> Reflectance {
        let count = usize::try_from(window.pixel_count()).unwrap_or(usize::MAX);
        let Some(pixels) = &decoded.parts[self.source] else {
            return Reflectance {
                values: vec![f64::NAN; count],
                saturated: Vec::new(),
            };
        };
        let samples: &Samples = &pixels.bands[self.plane];
        let mut numbers = vec![0.0; samples.len()];
        samples.copy_to_f64(0..samples.len(), &mut numbers);
        if !pixels.left_out[self.plane].is_empty() {
            for (place, number) in numbers.iter_mut().enumerate() {
                if self.is_left_out(pixels, place) {
                    *number = f64::NAN;
                }
            }
        }
        if let Some(mask) = &pixels.mask {
            for (place, number) in numbers.iter_mut().enumerate() {
                if mask.get_f64(place) <= 0.0 {
                    *number = f64::NAN;
                }
            }
        }
        let mut saturated = Vec::new();
        for (place, number) in numbers.iter_mut().enumerate() {
            let reading = self.radiometry.read(*number);
            if reading == Reading::Saturated {
                if saturated.is_empty() {
                    saturated = vec![false; samples.len()];
                }
                saturated[place] = true;
            }
            if !matches!(reading, Reading::Number(_)) {
                *number = f64::NAN;
            }
        }
        let is_same_grid = self.alignment.factor() == 1 && samples.len() == count;
        if !is_same_grid {
            // Digital numbers are averaged as 32-bit floats, which hold all 16-bit ones exactly.
            #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
            let rounded: Vec<f32> = numbers.iter().map(|number| *number as f32).collect();
            let means = self.alignment.average(window, &rounded);
            numbers = means.into_iter().map(f64::from).collect();
            if !saturated.is_empty() {
                saturated = self.alignment.any(window, &saturated);
            }
        }
        for number in &mut numbers {
            *number = self.radiometry.reflectance(*number);
        }
        // A mean over pixels of which one was blinded is no measurement.
        for (number, _) in numbers
            .iter_mut()
            .zip(&saturated)
            .filter(|(_, blind)| **blind)
        {
            *number = f64::NAN;
        }
        Reflectance {
            values: numbers,
            saturated,
        }
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
}

/// Says what became of each pixel, and takes away values that do not count.
fn judge(values: &mut [f32], bands: &[&Reflectance], hidden: &[bool]) -> Vec<PixelState> {
    let blind = |band: &Reflectance, place: usize| band.saturated.get(place) == Some(&true);
    let state = |place: usize, value: f32| {
        let missing = |band: &&Reflectance| band.values[place].is_nan() && !blind(band, place);
        if bands.iter().any(missing) {
            PixelState::NoData
        } else if bands.iter().any(|band| blind(band, place)) {
            PixelState::Saturated
        } else if hidden[place] {
            PixelState::Masked
        } else if value.is_nan() {
            PixelState::Undefined
        } else {
            PixelState::Valid
        }
    };
    let pixels = values.iter_mut().enumerate();
    pixels
        .map(|(place, value)| {
            let state = state(place, *value);
            if state != PixelState::Valid {
                *value = f32::NAN;
            }
            state
        })
        .collect()
}
