from farm.rpc.common.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Encoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENCODING_UNSPECIFIED: _ClassVar[Encoding]
    ENCODING_FLOAT32: _ClassVar[Encoding]
    ENCODING_INT16: _ClassVar[Encoding]

class Compression(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPRESSION_UNSPECIFIED: _ClassVar[Compression]
    COMPRESSION_DEFLATE: _ClassVar[Compression]
    COMPRESSION_ZSTD: _ClassVar[Compression]

class Resampling(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESAMPLING_UNSPECIFIED: _ClassVar[Resampling]
    RESAMPLING_NEAREST: _ClassVar[Resampling]
    RESAMPLING_BILINEAR: _ClassVar[Resampling]
ENCODING_UNSPECIFIED: Encoding
ENCODING_FLOAT32: Encoding
ENCODING_INT16: Encoding
COMPRESSION_UNSPECIFIED: Compression
COMPRESSION_DEFLATE: Compression
COMPRESSION_ZSTD: Compression
RESAMPLING_UNSPECIFIED: Resampling
RESAMPLING_NEAREST: Resampling
RESAMPLING_BILINEAR: Resampling

class Band(_message.Message):
    __slots__ = ("name", "object", "band_number", "scale", "offset", "nodata", "min_digital_number", "max_digital_number")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    BAND_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    NODATA_FIELD_NUMBER: _ClassVar[int]
    MIN_DIGITAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MAX_DIGITAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    name: str
    object: _common_pb2.ObjectRef
    band_number: int
    scale: float
    offset: float
    nodata: float
    min_digital_number: float
    max_digital_number: float
    def __init__(self, name: _Optional[str] = ..., object: _Optional[_Union[_common_pb2.ObjectRef, _Mapping]] = ..., band_number: _Optional[int] = ..., scale: _Optional[float] = ..., offset: _Optional[float] = ..., nodata: _Optional[float] = ..., min_digital_number: _Optional[float] = ..., max_digital_number: _Optional[float] = ...) -> None: ...

class MaskLayer(_message.Message):
    __slots__ = ("object", "band_number", "classes", "bits", "dilation_m")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    BAND_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    BITS_FIELD_NUMBER: _ClassVar[int]
    DILATION_M_FIELD_NUMBER: _ClassVar[int]
    object: _common_pb2.ObjectRef
    band_number: int
    classes: ClassRule
    bits: BitRule
    dilation_m: float
    def __init__(self, object: _Optional[_Union[_common_pb2.ObjectRef, _Mapping]] = ..., band_number: _Optional[int] = ..., classes: _Optional[_Union[ClassRule, _Mapping]] = ..., bits: _Optional[_Union[BitRule, _Mapping]] = ..., dilation_m: _Optional[float] = ...) -> None: ...

class ClassRule(_message.Message):
    __slots__ = ("masked", "dilated")
    MASKED_FIELD_NUMBER: _ClassVar[int]
    DILATED_FIELD_NUMBER: _ClassVar[int]
    masked: _containers.RepeatedScalarFieldContainer[int]
    dilated: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, masked: _Optional[_Iterable[int]] = ..., dilated: _Optional[_Iterable[int]] = ...) -> None: ...

class BitRule(_message.Message):
    __slots__ = ("masked", "dilated")
    MASKED_FIELD_NUMBER: _ClassVar[int]
    DILATED_FIELD_NUMBER: _ClassVar[int]
    masked: int
    dilated: int
    def __init__(self, masked: _Optional[int] = ..., dilated: _Optional[int] = ...) -> None: ...

class Scene(_message.Message):
    __slots__ = ("scene_id", "bands", "masks")
    SCENE_ID_FIELD_NUMBER: _ClassVar[int]
    BANDS_FIELD_NUMBER: _ClassVar[int]
    MASKS_FIELD_NUMBER: _ClassVar[int]
    scene_id: str
    bands: _containers.RepeatedCompositeFieldContainer[Band]
    masks: _containers.RepeatedCompositeFieldContainer[MaskLayer]
    def __init__(self, scene_id: _Optional[str] = ..., bands: _Optional[_Iterable[_Union[Band, _Mapping]]] = ..., masks: _Optional[_Iterable[_Union[MaskLayer, _Mapping]]] = ...) -> None: ...

class IndexFormula(_message.Message):
    __slots__ = ("name", "formula", "constants", "valid_min", "valid_max")
    class ConstantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    FORMULA_FIELD_NUMBER: _ClassVar[int]
    CONSTANTS_FIELD_NUMBER: _ClassVar[int]
    VALID_MIN_FIELD_NUMBER: _ClassVar[int]
    VALID_MAX_FIELD_NUMBER: _ClassVar[int]
    name: str
    formula: str
    constants: _containers.ScalarMap[str, float]
    valid_min: float
    valid_max: float
    def __init__(self, name: _Optional[str] = ..., formula: _Optional[str] = ..., constants: _Optional[_Mapping[str, float]] = ..., valid_min: _Optional[float] = ..., valid_max: _Optional[float] = ...) -> None: ...

class FieldOutline(_message.Message):
    __slots__ = ("field_id", "outline_wkb")
    FIELD_ID_FIELD_NUMBER: _ClassVar[int]
    OUTLINE_WKB_FIELD_NUMBER: _ClassVar[int]
    field_id: str
    outline_wkb: bytes
    def __init__(self, field_id: _Optional[str] = ..., outline_wkb: _Optional[bytes] = ...) -> None: ...

class DescribeRasterRequest(_message.Message):
    __slots__ = ("object",)
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    object: _common_pb2.ObjectRef
    def __init__(self, object: _Optional[_Union[_common_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class DescribeRasterResponse(_message.Message):
    __slots__ = ("grid", "bands", "compression", "tiled", "overview_count", "size_bytes", "bounds_wgs84", "tags")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    GRID_FIELD_NUMBER: _ClassVar[int]
    BANDS_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_FIELD_NUMBER: _ClassVar[int]
    TILED_FIELD_NUMBER: _ClassVar[int]
    OVERVIEW_COUNT_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    BOUNDS_WGS84_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    grid: _common_pb2.Grid
    bands: _containers.RepeatedCompositeFieldContainer[RasterBand]
    compression: str
    tiled: bool
    overview_count: int
    size_bytes: int
    bounds_wgs84: _containers.RepeatedScalarFieldContainer[float]
    tags: _containers.ScalarMap[str, str]
    def __init__(self, grid: _Optional[_Union[_common_pb2.Grid, _Mapping]] = ..., bands: _Optional[_Iterable[_Union[RasterBand, _Mapping]]] = ..., compression: _Optional[str] = ..., tiled: _Optional[bool] = ..., overview_count: _Optional[int] = ..., size_bytes: _Optional[int] = ..., bounds_wgs84: _Optional[_Iterable[float]] = ..., tags: _Optional[_Mapping[str, str]] = ...) -> None: ...

class RasterBand(_message.Message):
    __slots__ = ("data_type", "description", "nodata", "scale", "offset")
    DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    NODATA_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    data_type: str
    description: str
    nodata: float
    scale: float
    offset: float
    def __init__(self, data_type: _Optional[str] = ..., description: _Optional[str] = ..., nodata: _Optional[float] = ..., scale: _Optional[float] = ..., offset: _Optional[float] = ...) -> None: ...

class MeasureDigitalNumbersRequest(_message.Message):
    __slots__ = ("scene", "kept_classes")
    SCENE_FIELD_NUMBER: _ClassVar[int]
    KEPT_CLASSES_FIELD_NUMBER: _ClassVar[int]
    scene: Scene
    kept_classes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, scene: _Optional[_Union[Scene, _Mapping]] = ..., kept_classes: _Optional[_Iterable[int]] = ...) -> None: ...

class MeasureDigitalNumbersResponse(_message.Message):
    __slots__ = ("bands",)
    BANDS_FIELD_NUMBER: _ClassVar[int]
    bands: _containers.RepeatedCompositeFieldContainer[DigitalNumbers]
    def __init__(self, bands: _Optional[_Iterable[_Union[DigitalNumbers, _Mapping]]] = ...) -> None: ...

class DigitalNumbers(_message.Message):
    __slots__ = ("band", "measured_pixels", "nodata_pixels", "min", "quantile_01", "median", "quantile_99", "max")
    BAND_FIELD_NUMBER: _ClassVar[int]
    MEASURED_PIXELS_FIELD_NUMBER: _ClassVar[int]
    NODATA_PIXELS_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    QUANTILE_01_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    QUANTILE_99_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    band: str
    measured_pixels: int
    nodata_pixels: int
    min: float
    quantile_01: float
    median: float
    quantile_99: float
    max: float
    def __init__(self, band: _Optional[str] = ..., measured_pixels: _Optional[int] = ..., nodata_pixels: _Optional[int] = ..., min: _Optional[float] = ..., quantile_01: _Optional[float] = ..., median: _Optional[float] = ..., quantile_99: _Optional[float] = ..., max: _Optional[float] = ...) -> None: ...

class SummarizeFieldsRequest(_message.Message):
    __slots__ = ("scenes", "indices", "fields", "quantiles", "histogram_bins")
    SCENES_FIELD_NUMBER: _ClassVar[int]
    INDICES_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_FIELD_NUMBER: _ClassVar[int]
    HISTOGRAM_BINS_FIELD_NUMBER: _ClassVar[int]
    scenes: _containers.RepeatedCompositeFieldContainer[Scene]
    indices: _containers.RepeatedCompositeFieldContainer[IndexFormula]
    fields: _containers.RepeatedCompositeFieldContainer[FieldOutline]
    quantiles: _containers.RepeatedScalarFieldContainer[float]
    histogram_bins: int
    def __init__(self, scenes: _Optional[_Iterable[_Union[Scene, _Mapping]]] = ..., indices: _Optional[_Iterable[_Union[IndexFormula, _Mapping]]] = ..., fields: _Optional[_Iterable[_Union[FieldOutline, _Mapping]]] = ..., quantiles: _Optional[_Iterable[float]] = ..., histogram_bins: _Optional[int] = ...) -> None: ...

class SummarizeFieldsResponse(_message.Message):
    __slots__ = ("field_id", "index", "summary", "grid")
    FIELD_ID_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    GRID_FIELD_NUMBER: _ClassVar[int]
    field_id: str
    index: str
    summary: FieldSummary
    grid: _common_pb2.Grid
    def __init__(self, field_id: _Optional[str] = ..., index: _Optional[str] = ..., summary: _Optional[_Union[FieldSummary, _Mapping]] = ..., grid: _Optional[_Union[_common_pb2.Grid, _Mapping]] = ...) -> None: ...

class FieldSummary(_message.Message):
    __slots__ = ("covered_pixels", "covered_area_m2", "outline_area_m2", "effective_pixels", "valid_share", "clear_share", "edge_share", "mean", "standard_deviation", "min", "max", "median", "quantiles", "histogram", "scene_pixels")
    COVERED_PIXELS_FIELD_NUMBER: _ClassVar[int]
    COVERED_AREA_M2_FIELD_NUMBER: _ClassVar[int]
    OUTLINE_AREA_M2_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_PIXELS_FIELD_NUMBER: _ClassVar[int]
    VALID_SHARE_FIELD_NUMBER: _ClassVar[int]
    CLEAR_SHARE_FIELD_NUMBER: _ClassVar[int]
    EDGE_SHARE_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STANDARD_DEVIATION_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_FIELD_NUMBER: _ClassVar[int]
    HISTOGRAM_FIELD_NUMBER: _ClassVar[int]
    SCENE_PIXELS_FIELD_NUMBER: _ClassVar[int]
    covered_pixels: float
    covered_area_m2: float
    outline_area_m2: float
    effective_pixels: float
    valid_share: float
    clear_share: float
    edge_share: float
    mean: float
    standard_deviation: float
    min: float
    max: float
    median: float
    quantiles: _containers.RepeatedScalarFieldContainer[float]
    histogram: _containers.RepeatedScalarFieldContainer[float]
    scene_pixels: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, covered_pixels: _Optional[float] = ..., covered_area_m2: _Optional[float] = ..., outline_area_m2: _Optional[float] = ..., effective_pixels: _Optional[float] = ..., valid_share: _Optional[float] = ..., clear_share: _Optional[float] = ..., edge_share: _Optional[float] = ..., mean: _Optional[float] = ..., standard_deviation: _Optional[float] = ..., min: _Optional[float] = ..., max: _Optional[float] = ..., median: _Optional[float] = ..., quantiles: _Optional[_Iterable[float]] = ..., histogram: _Optional[_Iterable[float]] = ..., scene_pixels: _Optional[_Iterable[float]] = ...) -> None: ...

class RenderIndexRequest(_message.Message):
    __slots__ = ("scenes", "index", "outline_wkb", "max_size", "stops")
    SCENES_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    OUTLINE_WKB_FIELD_NUMBER: _ClassVar[int]
    MAX_SIZE_FIELD_NUMBER: _ClassVar[int]
    STOPS_FIELD_NUMBER: _ClassVar[int]
    scenes: _containers.RepeatedCompositeFieldContainer[Scene]
    index: IndexFormula
    outline_wkb: bytes
    max_size: int
    stops: _containers.RepeatedCompositeFieldContainer[_common_pb2.ColourStop]
    def __init__(self, scenes: _Optional[_Iterable[_Union[Scene, _Mapping]]] = ..., index: _Optional[_Union[IndexFormula, _Mapping]] = ..., outline_wkb: _Optional[bytes] = ..., max_size: _Optional[int] = ..., stops: _Optional[_Iterable[_Union[_common_pb2.ColourStop, _Mapping]]] = ...) -> None: ...

class RenderIndexResponse(_message.Message):
    __slots__ = ("png", "grid", "bounds_wgs84")
    PNG_FIELD_NUMBER: _ClassVar[int]
    GRID_FIELD_NUMBER: _ClassVar[int]
    BOUNDS_WGS84_FIELD_NUMBER: _ClassVar[int]
    png: bytes
    grid: _common_pb2.Grid
    bounds_wgs84: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, png: _Optional[bytes] = ..., grid: _Optional[_Union[_common_pb2.Grid, _Mapping]] = ..., bounds_wgs84: _Optional[_Iterable[float]] = ...) -> None: ...

class WriteIndexRequest(_message.Message):
    __slots__ = ("scenes", "index", "outline_wkb", "key", "encoding", "compression", "tags")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SCENES_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    OUTLINE_WKB_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    scenes: _containers.RepeatedCompositeFieldContainer[Scene]
    index: IndexFormula
    outline_wkb: bytes
    key: str
    encoding: Encoding
    compression: Compression
    tags: _containers.ScalarMap[str, str]
    def __init__(self, scenes: _Optional[_Iterable[_Union[Scene, _Mapping]]] = ..., index: _Optional[_Union[IndexFormula, _Mapping]] = ..., outline_wkb: _Optional[bytes] = ..., key: _Optional[str] = ..., encoding: _Optional[_Union[Encoding, str]] = ..., compression: _Optional[_Union[Compression, str]] = ..., tags: _Optional[_Mapping[str, str]] = ...) -> None: ...

class WriteIndexResponse(_message.Message):
    __slots__ = ("size_bytes", "grid", "sha256")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    GRID_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    grid: _common_pb2.Grid
    sha256: str
    def __init__(self, size_bytes: _Optional[int] = ..., grid: _Optional[_Union[_common_pb2.Grid, _Mapping]] = ..., sha256: _Optional[str] = ...) -> None: ...

class TileLayer(_message.Message):
    __slots__ = ("scenes", "index", "outline_wkb", "stops", "resampling")
    SCENES_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    OUTLINE_WKB_FIELD_NUMBER: _ClassVar[int]
    STOPS_FIELD_NUMBER: _ClassVar[int]
    RESAMPLING_FIELD_NUMBER: _ClassVar[int]
    scenes: _containers.RepeatedCompositeFieldContainer[Scene]
    index: IndexFormula
    outline_wkb: bytes
    stops: _containers.RepeatedCompositeFieldContainer[_common_pb2.ColourStop]
    resampling: Resampling
    def __init__(self, scenes: _Optional[_Iterable[_Union[Scene, _Mapping]]] = ..., index: _Optional[_Union[IndexFormula, _Mapping]] = ..., outline_wkb: _Optional[bytes] = ..., stops: _Optional[_Iterable[_Union[_common_pb2.ColourStop, _Mapping]]] = ..., resampling: _Optional[_Union[Resampling, str]] = ...) -> None: ...

class RenderTileRequest(_message.Message):
    __slots__ = ("layer", "zoom", "column", "row", "size")
    LAYER_FIELD_NUMBER: _ClassVar[int]
    ZOOM_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    layer: TileLayer
    zoom: int
    column: int
    row: int
    size: int
    def __init__(self, layer: _Optional[_Union[TileLayer, _Mapping]] = ..., zoom: _Optional[int] = ..., column: _Optional[int] = ..., row: _Optional[int] = ..., size: _Optional[int] = ...) -> None: ...

class RenderTileResponse(_message.Message):
    __slots__ = ("png",)
    PNG_FIELD_NUMBER: _ClassVar[int]
    png: bytes
    def __init__(self, png: _Optional[bytes] = ...) -> None: ...
