"""Between ``farm.imagery.domain`` and the messages of ``ndvi.proto``. Absent stays None."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from farm.imagery.domain import (
    ClassRule,
    Compression,
    DigitalNumbers,
    Encoding,
    FieldSummary,
    Grid,
    IndexFile,
    IndexPicture,
    RasterBand,
    RasterDescription,
    Resampling,
)
from farm.rpc.common.v1 import common_pb2
from farm.rpc.ndvi.v1 import ndvi_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from farm.imagery.domain import (
        Band,
        ColourStop,
        FieldOutline,
        IndexFormula,
        MaskLayer,
        ObjectRef,
        SceneSource,
        TileLayer,
    )

_ENCODINGS = {
    Encoding.FLOAT32: ndvi_pb2.ENCODING_FLOAT32,
    Encoding.INT16: ndvi_pb2.ENCODING_INT16,
}
_COMPRESSIONS = {
    Compression.DEFLATE: ndvi_pb2.COMPRESSION_DEFLATE,
    Compression.ZSTD: ndvi_pb2.COMPRESSION_ZSTD,
}
_RESAMPLINGS = {
    Resampling.NEAREST: ndvi_pb2.RESAMPLING_NEAREST,
    Resampling.BILINEAR: ndvi_pb2.RESAMPLING_BILINEAR,
}


def object_to_proto(ref: ObjectRef) -> common_pb2.ObjectRef:
    """Say where a file lies."""
    if ref.url:
        return common_pb2.ObjectRef(url=ref.url)
    return common_pb2.ObjectRef(key=ref.key)


def scene_to_proto(scene: SceneSource) -> ndvi_pb2.Scene:
    """Describe an acquisition to the service."""
    return ndvi_pb2.Scene(
        scene_id=scene.scene_id,
        bands=[_band_to_proto(band) for band in scene.bands],
        masks=[_mask_to_proto(mask) for mask in scene.masks],
    )


def formula_to_proto(formula: IndexFormula) -> ndvi_pb2.IndexFormula:
    """Send an index as data."""
    return ndvi_pb2.IndexFormula(
        name=formula.name,
        formula=formula.formula,
        constants=dict(formula.constants),
        valid_min=formula.valid_min,
        valid_max=formula.valid_max,
    )


def outline_to_proto(outline: FieldOutline) -> ndvi_pb2.FieldOutline:
    """Send a field."""
    return ndvi_pb2.FieldOutline(field_id=outline.field_id, outline_wkb=outline.outline_wkb)


def stop_to_proto(stop: ColourStop) -> common_pb2.ColourStop:
    """Send a step of a colour ramp."""
    return common_pb2.ColourStop(value=stop.value, rgb=stop.rgb)


def encoding_to_proto(encoding: Encoding) -> ndvi_pb2.Encoding:
    """Name a sample format."""
    return _ENCODINGS[encoding]


def compression_to_proto(compression: Compression) -> ndvi_pb2.Compression:
    """Name a codec."""
    return _COMPRESSIONS[compression]


def tile_layer_to_proto(layer: TileLayer) -> ndvi_pb2.TileLayer:
    """Say what tiles are drawn of."""
    return ndvi_pb2.TileLayer(
        scenes=[scene_to_proto(scene) for scene in layer.scenes],
        index=formula_to_proto(layer.index),
        outline_wkb=layer.outline_wkb,
        stops=[stop_to_proto(stop) for stop in layer.stops],
        resampling=_RESAMPLINGS[layer.resampling],
    )


def tile_layer_bytes(layer: TileLayer) -> bytes:
    """Write a layer as the object that furrow-ndvi reads; equal layers give equal bytes."""
    return tile_layer_to_proto(layer).SerializeToString(deterministic=True)


def description_from_proto(answer: ndvi_pb2.DescribeRasterResponse) -> RasterDescription:
    """Read what a file holds."""
    return RasterDescription(
        grid=grid_from_proto(answer.grid),
        bands=tuple(
            RasterBand(
                data_type=band.data_type,
                description=band.description,
                nodata=_optional(band, "nodata"),
                scale=_optional(band, "scale"),
                offset=_optional(band, "offset"),
            )
            for band in answer.bands
        ),
        compression=answer.compression,
        is_tiled=answer.tiled,
        overview_count=answer.overview_count,
        size_bytes=answer.size_bytes,
        bounds_wgs84=_four(tuple(answer.bounds_wgs84)),
        tags=dict(answer.tags),
    )


def numbers_from_proto(numbers: ndvi_pb2.DigitalNumbers) -> DigitalNumbers:
    """Read how a band's digital numbers are distributed."""
    return DigitalNumbers(
        band=numbers.band,
        measured_pixels=numbers.measured_pixels,
        nodata_pixels=numbers.nodata_pixels,
        min=_optional(numbers, "min"),
        quantile_01=_optional(numbers, "quantile_01"),
        median=_optional(numbers, "median"),
        quantile_99=_optional(numbers, "quantile_99"),
        max=_optional(numbers, "max"),
    )


def summary_from_proto(answer: ndvi_pb2.SummarizeFieldsResponse) -> FieldSummary:
    """Read an index over one field."""
    summary = answer.summary
    return FieldSummary(
        field_id=answer.field_id,
        index=answer.index,
        grid=grid_from_proto(answer.grid),
        covered_pixels=summary.covered_pixels,
        covered_area_m2=summary.covered_area_m2,
        outline_area_m2=summary.outline_area_m2,
        effective_pixels=summary.effective_pixels,
        valid_share=summary.valid_share,
        clear_share=summary.clear_share,
        edge_share=summary.edge_share,
        mean=_optional(summary, "mean"),
        standard_deviation=_optional(summary, "standard_deviation"),
        min=_optional(summary, "min"),
        max=_optional(summary, "max"),
        median=_optional(summary, "median"),
        quantiles=tuple(summary.quantiles),
        histogram=tuple(summary.histogram),
        scene_pixels=tuple(summary.scene_pixels),
    )


def picture_from_proto(answer: ndvi_pb2.RenderIndexResponse) -> IndexPicture:
    """Read a rendered index."""
    return IndexPicture(
        png=answer.png,
        grid=grid_from_proto(answer.grid),
        bounds_wgs84=_four(tuple(answer.bounds_wgs84)),
    )


def file_from_proto(answer: ndvi_pb2.WriteIndexResponse, *, key: str) -> IndexFile:
    """Read what was written under a key."""
    return IndexFile(
        key=key,
        size_bytes=answer.size_bytes,
        grid=grid_from_proto(answer.grid),
        sha256=answer.sha256,
    )


def grid_from_proto(grid: common_pb2.Grid) -> Grid:
    """Read a grid."""
    coefficients = cast("tuple[float, float, float, float, float, float]", tuple(grid.geotransform))
    return Grid(epsg=grid.epsg, width=grid.width, height=grid.height, geotransform=coefficients)


def _band_to_proto(band: Band) -> ndvi_pb2.Band:
    return ndvi_pb2.Band(
        name=band.name,
        object=object_to_proto(band.object),
        band_number=band.band_number,
        scale=band.scale,
        offset=band.offset,
        nodata=band.nodata,
        min_digital_number=band.min_digital_number,
        max_digital_number=band.max_digital_number,
    )


def _mask_to_proto(mask: MaskLayer) -> ndvi_pb2.MaskLayer:
    layer = ndvi_pb2.MaskLayer(
        object=object_to_proto(mask.object),
        band_number=mask.band_number,
        dilation_m=mask.dilation_m,
    )
    if isinstance(mask.rule, ClassRule):
        layer.classes.masked.extend(mask.rule.masked)
        layer.classes.dilated.extend(mask.rule.dilated)
        layer.classes.SetInParent()  # an empty rule is still a rule of this kind
    else:
        layer.bits.masked = mask.rule.masked
        layer.bits.dilated = mask.rule.dilated
        layer.bits.SetInParent()
    return layer


def _optional(message: Message, name: str) -> float | None:
    return getattr(message, name) if message.HasField(name) else None


def _four(bounds: tuple[float, ...]) -> tuple[float, float, float, float]:
    west, south, east, north = bounds
    return (west, south, east, north)
