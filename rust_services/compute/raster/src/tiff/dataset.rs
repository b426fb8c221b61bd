//! A file as a whole: its image, overviews and masks, its bands, and where it lies.

use std::collections::BTreeMap;
use std::ops::Range;

use super::bytes::{Gap, SparseBytes};
use super::directory::{Directory, Reader};
use super::error::at_most;
use super::georeference::{self, Georeference};
use super::image::Image;
use super::metadata::{self, Words};
use super::{Limits, TiffError, layout, tags};
use crate::grid::Grid;
use crate::samples::DataType;

/// `NewSubfileType`: a smaller version of another image.
const REDUCED: u64 = 1;
/// `NewSubfileType`: a mask of another image.
const MASK: u64 = 4;

/// What is known of one band.
#[derive(Debug, Clone, PartialEq)]
pub struct BandInfo {
    /// Type of the stored values.
    pub data_type: DataType,
    /// What the file calls the band.
    pub description: Option<String>,
    /// The stored value that means "no value"; NaN among them.
    pub nodata: Option<f64>,
    /// Factor from stored values to the quantity; absent where the file says nothing.
    pub scale: Option<f64>,
    /// What is added after the factor; absent where the file says nothing.
    pub offset: Option<f64>,
}

/// A TIFF whose header is read and whose sizes are checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Tiff {
    /// The image at full resolution, then overviews by decreasing size.
    pub images: Vec<Image>,
    /// Masks by decreasing size: one band of `uint8`, 0 where a pixel holds no value.
    pub masks: Vec<Image>,
    /// The bands, alike in every image.
    pub bands: Vec<BandInfo>,
    /// GDAL's items of metadata about the file as a whole.
    pub tags: BTreeMap<String, String>,
    /// EPSG code of the reference system.
    pub epsg: Option<u32>,
    /// GDAL's six coefficients, as the file has them: rotation and direction are not checked.
    pub transform: Option<[f64; 6]>,
    georeference: Georeference,
}

/// What came of parsing.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "made a few times a file, and a box would only get in the way of a match"
)]
pub enum Parsed {
    /// The header, complete.
    Ready(Tiff),
    /// Bytes to insert before parsing again; inside the file and never empty.
    NeedMore(Range<u64>),
}

/// Reads the header of a TIFF as far as its bytes are at hand.
///
/// A header of up to 64 KiB at the start, as cloud-optimised files have, takes one request; each
/// further one brings a directory or its values, and their number is bounded by the limits. A
/// caller that inserts less than was asked for gets the same answer again.
///
/// # Errors
/// [`TiffError`] for what is no TIFF, is corrupt, needs features not read here or passes a limit.
pub fn parse(bytes: &SparseBytes, limits: &Limits) -> Result<Parsed, TiffError> {
    match read(bytes, limits) {
        Ok(tiff) => Ok(Parsed::Ready(tiff)),
        Err(Gap::Missing(range)) => {
            at_most(
                "the number of requests for a header",
                bytes.insertions() as u64 + 1,
                limits.max_requests as u64,
            )?;
            Ok(Parsed::NeedMore(range))
        }
        Err(Gap::Bad(error)) => Err(error),
    }
}

fn read(bytes: &SparseBytes, limits: &Limits) -> Result<Tiff, Gap> {
    let reader = Reader::open(bytes, limits)?;
    let directories = reader.directories()?;
    let mut kinds = Vec::with_capacity(directories.len());
    for directory in &directories {
        let kind = reader.number(directory, tags::NEW_SUBFILE_TYPE)?;
        kinds.push(kind.unwrap_or(0));
    }
    let main = kinds.iter().position(|kind| kind & (REDUCED | MASK) == 0);
    let main = main.unwrap_or(0);
    let full = layout::read(&reader, &directories[main])?;
    let (overviews, masks) = others(&reader, &directories, &kinds, main, &full)?;
    let georeference = georeference::read(&reader, &directories[main])?;
    let words = match reader.text(&directories[main], tags::GDAL_METADATA)? {
        Some(xml) => metadata::parse(&xml)?,
        None => Words::default(),
    };
    let nodata = reader.text(&directories[main], tags::GDAL_NODATA)?;
    let nodata = nodata.and_then(|text| metadata::nodata(&text, full.data_type));
    let band = |index| {
        let words = words.bands.get(&index).cloned().unwrap_or_default();
        BandInfo {
            data_type: full.data_type,
            description: words.description,
            nodata,
            scale: words.scale,
            offset: words.offset,
        }
    };
    Ok(Tiff {
        bands: (0..full.bands).map(band).collect(),
        images: std::iter::once(full).chain(overviews).collect(),
        masks,
        tags: words.items,
        epsg: georeference.epsg,
        transform: georeference.transform,
        georeference,
    })
}

/// Overviews and masks, each by decreasing size. Further pages are no part of the raster.
fn others(
    reader: &Reader<'_>,
    directories: &[Directory],
    kinds: &[u64],
    main: usize,
    full: &Image,
) -> Result<(Vec<Image>, Vec<Image>), Gap> {
    let (mut overviews, mut masks) = (Vec::new(), Vec::new());
    for (index, (directory, kind)) in directories.iter().zip(kinds).enumerate() {
        let is_mask = kind & MASK != 0;
        if index == main || kind & (REDUCED | MASK) == 0 {
            continue;
        }
        match layout::read(reader, directory) {
            Ok(image) if is_mask => masks.push(image),
            Ok(image) if is_overview(&image, full) => overviews.push(image),
            Ok(_) => {}
            // Numbers come from full resolution, so an overview of another kind is only not offered.
            Err(Gap::Bad(TiffError::Unsupported { .. })) if !is_mask => {}
            Err(gap) => return Err(gap),
        }
    }
    for images in [&mut overviews, &mut masks] {
        images.sort_by_key(|image| std::cmp::Reverse(image.full_window().pixel_count()));
    }
    Ok((overviews, masks))
}

fn is_overview(image: &Image, full: &Image) -> bool {
    (image.bands, image.data_type, image.storage) == (full.bands, full.data_type, full.storage)
        && image.width <= full.width
        && image.height <= full.height
        && image.full_window() != full.full_window()
}

impl Tiff {
    /// The image at full resolution.
    pub fn full(&self) -> &Image {
        &self.images[0]
    }

    /// The mask of the image at full resolution.
    pub fn mask(&self) -> Option<&Image> {
        self.masks
            .first()
            .filter(|mask| mask.full_window() == self.full().full_window())
    }

    /// The name GDAL gives the compression.
    pub fn compression(&self) -> &'static str {
        self.full().compression.name()
    }

    /// Whether the image is cut into tiles rather than strips.
    pub fn is_tiled(&self) -> bool {
        self.full().is_tiled
    }

    /// Where the pixels lie.
    ///
    /// # Errors
    /// [`TiffError::NotGeoreferenced`] without reference system or transform,
    /// [`TiffError::CrsUnsupported`] for a system without EPSG code, [`TiffError::Unsupported`] for a
    /// grid that is rotated, not north-up, tied down by control points alone, or in another unit than
    /// its system's.
    pub fn grid(&self) -> Result<Grid, TiffError> {
        let transform = georeference::north_up(&self.georeference)?;
        let epsg = match (self.epsg, &self.georeference.citation) {
            (Some(epsg), _) => epsg,
            (None, Some(citation)) => {
                return Err(TiffError::CrsUnsupported {
                    citation: citation.clone(),
                });
            }
            (None, None) => {
                return Err(TiffError::NotGeoreferenced {
                    missing: "reference system",
                });
            }
        };
        georeference::check_unit(&self.georeference, epsg)?;
        Ok(Grid {
            width: self.full().width,
            height: self.full().height,
            transform,
            epsg,
        })
    }
}
