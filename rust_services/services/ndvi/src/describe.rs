//! What a file holds, from its header alone.

use furrow_rpc::ndvi::v1 as proto;

use crate::convert::grid_message;
use crate::picture::bounds_wgs84;
use crate::scenes::Raster;
use crate::status::NdviError;

/// Tags that are answered, and bytes of each.
const MAX_TAGS: usize = 64;
const MAX_TAG_BYTES: usize = 1024;

/// Describes a raster.
///
/// # Errors
/// [`NdviError::Crs`] where the reference system does not reach the raster.
pub fn describe_raster(raster: &Raster) -> Result<proto::DescribeRasterResponse, NdviError> {
    let tiff = &raster.tiff;
    let bands = tiff.bands.iter().map(|band| proto::RasterBand {
        data_type: band.data_type.name().to_owned(),
        description: cut(band.description.as_deref().unwrap_or_default()),
        nodata: band.nodata,
        scale: band.scale,
        offset: band.offset,
    });
    let tags = tiff.tags.iter().take(MAX_TAGS);
    Ok(proto::DescribeRasterResponse {
        grid: Some(grid_message(&raster.grid)),
        bands: bands.collect(),
        compression: tiff.compression().to_ascii_lowercase(),
        tiled: tiff.is_tiled(),
        overview_count: u32::try_from(tiff.images.len() - 1).unwrap_or(u32::MAX),
        size_bytes: raster.object.size,
        bounds_wgs84: bounds_wgs84(&raster.grid, &raster.crs, &raster.object.name)?,
        tags: tags.map(|(name, value)| (cut(name), cut(value))).collect(),
    })
}

/// A text of at most so many bytes, cut between characters.
fn cut(text: &str) -> String {
    let fitting = text
        .char_indices()
        .take_while(|(at, c)| at + c.len_utf8() <= MAX_TAG_BYTES);
    fitting.map(|(_, c)| c).collect()
}
