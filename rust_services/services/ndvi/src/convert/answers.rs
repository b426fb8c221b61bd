//! What was found, as messages.

use furrow_raster::grid::Grid;
use furrow_raster::zonal::Summary;
use furrow_rpc::common::v1 as common;
use furrow_rpc::ndvi::v1 as proto;

/// A grid as a message.
pub(crate) fn grid_message(grid: &Grid) -> common::Grid {
    common::Grid {
        epsg: grid.epsg,
        width: grid.width,
        height: grid.height,
        geotransform: grid.transform.to_gdal().to_vec(),
    }
}

/// A summary as a message.
pub(crate) fn summary_message(summary: Summary, scene_pixels: Vec<f64>) -> proto::FieldSummary {
    let values = summary.values;
    proto::FieldSummary {
        covered_pixels: summary.covered_pixels,
        covered_area_m2: summary.covered_area_m2,
        outline_area_m2: summary.outline_area_m2,
        effective_pixels: summary.effective_pixels,
        scene_pixels,
        valid_share: summary.valid_share,
        clear_share: summary.clear_share,
        edge_share: summary.edge_share,
        mean: values.as_ref().map(|values| values.mean),
        standard_deviation: values.as_ref().map(|values| values.standard_deviation),
        min: values.as_ref().map(|values| values.min),
        max: values.as_ref().map(|values| values.max),
        median: values.as_ref().map(|values| values.median),
        quantiles: values.map(|values| values.quantiles).unwrap_or_default(),
        histogram: summary.histogram,
    }
}
