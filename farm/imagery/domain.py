"""Values that imagery is described with; what ``farm.clients.ndvi`` takes and gives.

Each mirrors one message of ``protos/farm/rpc/ndvi/v1/ndvi.proto``, word by word; units, ranges and
limits stand there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRef:
    """Where a file lies; exactly one of the two is set."""

    key: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A band of a scene and how its digital numbers become reflectance."""

    name: str
    object: ObjectRef
    band_number: int = 1  # from 1
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None
    min_digital_number: float | None = None
    max_digital_number: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRule:
    """Classes that hide the ground, and those of them that grow."""

    masked: tuple[int, ...]
    dilated: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BitRule:
    """Bits that hide the ground, and those of them that grow."""

    masked: int
    dilated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskLayer:
    """A raster of classes or bits that says which pixels do not show the ground."""

    object: ObjectRef
    rule: ClassRule | BitRule
    band_number: int = 1
    dilation_m: float = 0.0  # 0 to 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSource:
    """One acquisition, as the service reads it."""

    scene_id: str
    bands: tuple[Band, ...]
    masks: tuple[MaskLayer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFormula:
    """An index as data."""

    name: str
    formula: str
    constants: Mapping[str, float] = field(default_factory=dict)
    valid_min: float | None = None
    valid_max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOutline:
    """A field to summarize."""

    field_id: str
    outline_wkb: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The grid that numbers were computed on."""

    epsg: int
    width: int
    height: int
    geotransform: tuple[float, float, float, float, float, float]  # GDAL's order


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSummary:
    """An index over one field; statistics are None where no pixel has a value."""

    field_id: str
    index: str
    grid: Grid
    covered_pixels: float
    covered_area_m2: float
    outline_area_m2: float
    effective_pixels: float
    valid_share: float
    clear_share: float
    edge_share: float
    mean: float | None
    standard_deviation: float | None
    min: float | None
    max: float | None
    median: float | None
    quantiles: tuple[float, ...]
    histogram: tuple[float, ...]
    scene_pixels: tuple[float, ...] = ()  # effective pixels from each scene, in the order asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterBand:
    """A band as its file describes it."""

    data_type: str
    description: str
    nodata: float | None
    scale: float | None
    offset: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterDescription:
    """What one file holds."""

    grid: Grid
    bands: tuple[RasterBand, ...]
    compression: str
    is_tiled: bool
    overview_count: int
    size_bytes: int
    bounds_wgs84: tuple[float, float, float, float]  # west, south, east, north
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalNumbers:
    """Distribution of a band's digital numbers that are data."""

    band: str
    measured_pixels: int
    nodata_pixels: int
    min: float | None
    quantile_01: float | None
    median: float | None
    quantile_99: float | None
    max: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourStop:
    """One step of a colour ramp."""

    value: float
    rgb: int  # 0xRRGGBB


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPicture:
    """A rendered index."""

    png: bytes
    grid: Grid
    bounds_wgs84: tuple[float, float, float, float]


class Encoding(Enum):
    """How values of an index file are stored."""

    FLOAT32 = "float32"
    INT16 = "int16"


class Compression(Enum):
    """How blocks of an index file are packed."""

    DEFLATE = "deflate"
    ZSTD = "zstd"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """An index written into the object store."""

    key: str
    size_bytes: int
    grid: Grid
    sha256: str


class Resampling(Enum):
    """How an index is looked up between its pixels."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"


@dataclass(frozen=True, slots=True, kw_only=True)
class TileLayer:
    """What tiles are drawn of: everything but the place."""

    scenes: tuple[SceneSource, ...]  # 1 to 8 of one day, the preferred first
    index: IndexFormula
    stops: tuple[ColourStop, ...]  # 2 to 64, ascending
    resampling: Resampling
    outline_wkb: bytes | None = None  # None: all that the scenes cover
