"""What a product's own metadata says, and which scale and offset follow from it.

The order is the product's XML, then STAC, then the processing baseline, then the files' own tags,
then nothing. The day of acquisition never decides: archives were reprocessed with later baselines.
The operator's override and the pixels have the last word; see ``farm.imagery.radiometry``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from farm.imagery.models import Platform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

# Sentinel-2 Level 2A: reflectance = (DN + BOA_ADD_OFFSET) / QUANTIFICATION_VALUE. The values are
# 10,000 in all baselines, and −1,000 since 04.00 (Products Specification Document, issue 14.9).
SENTINEL_2_SCALE = 1e-4
SENTINEL_2_OFFSET = -0.1
FIRST_BASELINE_WITH_OFFSET = (4, 0)

# Landsat Collection 2 Level 2 Science Product Guide: surface reflectance = DN × 0.0000275 − 0.2.
LANDSAT_2_SCALE = 2.75e-5
LANDSAT_2_OFFSET = -0.2
# Landsat Collection 1, LaSRC Product Guide.
LANDSAT_1_SCALE = 1e-4


class RadiometrySource(StrEnum):
    """Who said so."""

    OPERATOR = "operator"
    PRODUCT_XML = "product_xml"
    STAC = "stac"
    BASELINE = "processing_baseline"
    COLLECTION = "collection"
    FILE_TAGS = "file_tags"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class BandRadiometry:
    """reflectance = digital number × scale + offset."""

    scale: float
    offset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetReference:
    """A file that a STAC item names."""

    name: str  # catalogue name of band or mask
    href: str
    band_number: int = 1
    pixel_size: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneMetadata:
    """What a product's XML or STAC item says; None where it is silent."""

    origin: RadiometrySource | None = None  # PRODUCT_XML or STAC; None: no metadata was given
    name: str = ""
    platform: str = ""
    acquired_at: datetime | None = None
    processing_baseline: str = ""  # such as "05.09"
    cloud_cover_share: float | None = None  # of the whole product, 0 to 1
    epsg: int | None = None
    quantification: float | None = None
    # Names of bands → what the metadata declares for them.
    bands: Mapping[str, BandRadiometry] = field(default_factory=lambda: MappingProxyType({}))
    is_offset_applied: bool | None = None  # Earth Search: the pixels were shifted already
    landsat_collection: str = ""  # "01" or "02"
    assets: tuple[AssetReference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRadiometry:
    """Scale and offset as declared, before the pixels are asked."""

    scale: float | None  # None: nobody knows, so there is no reflectance
    offset: float | None
    source: RadiometrySource
    reason: str
    processing_baseline: str = ""
    # Bands that differ from the scene's values.
    bands: Mapping[str, BandRadiometry] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRadiometry:
    """What the files of a scene say of a band: their own tags and sample format."""

    name: str
    data_type: str
    scale: float | None
    offset: float | None


def declare_radiometry(
    *,
    platform: str,
    metadata: SceneMetadata,
    files: Sequence[FileRadiometry] = (),
    masks: Sequence[str] = (),
) -> DeclaredRadiometry:
    """Choose scale and offset by the order that the module states.

    Args:
        platform: The scene's.
        metadata: What XML or STAC said; an empty one where none was given.
        files: What the files say of each band.
        masks: Names of the scene's quality layers; they tell Landsat's collections apart.
    """
    baseline = metadata.processing_baseline
    if platform == Platform.SENTINEL_2:
        chosen = _from_metadata(metadata) or _from_baseline(baseline) or _from_tags(files)
        return chosen or _sentinel_2_default(files, baseline)
    if platform == Platform.LANDSAT:
        collection = metadata.landsat_collection or _collection_of(masks)
        return (
            _from_metadata(metadata) or _from_collection(collection) or _from_tags_or_nothing(files)
        )
    return _from_metadata(metadata) or _from_tags_or_nothing(files)


def parse_baseline(text: str) -> tuple[int, int] | None:
    """Read `05.09`; None where it is not of this form (`99.99` of test products included)."""
    major, dot, minor = text.partition(".")
    if not (dot and major.isdigit() and minor.isdigit()):
        return None
    return int(major), int(minor)


def _from_metadata(metadata: SceneMetadata) -> DeclaredRadiometry | None:
    if metadata.origin is None:
        return None
    if metadata.is_offset_applied:
        scale = _common(metadata.bands).scale if metadata.bands else SENTINEL_2_SCALE
        return DeclaredRadiometry(
            scale=scale,
            offset=0.0,
            source=metadata.origin,
            reason=(
                "earthsearch:boa_offset_applied is true: the provider has taken the offset out of "
                "the pixels, so what raster:bands declares must not be applied again"
            ),
            processing_baseline=metadata.processing_baseline,
        )
    if not metadata.bands:
        return None
    common = _common(metadata.bands)
    where = "product XML" if metadata.origin is RadiometrySource.PRODUCT_XML else "item"
    what = (
        "BOA_QUANTIFICATION_VALUE and BOA_ADD_OFFSET"
        if metadata.origin is RadiometrySource.PRODUCT_XML
        else "raster:scale and raster:offset"
    )
    return DeclaredRadiometry(
        scale=common.scale,
        offset=common.offset,
        source=metadata.origin,
        reason=f"declared by the {where} ({what})",
        processing_baseline=metadata.processing_baseline,
        bands=_different(metadata.bands, common),
    )


def _from_baseline(baseline: str) -> DeclaredRadiometry | None:
    version = parse_baseline(baseline)
    if version is None:
        return None
    is_shifted = version >= FIRST_BASELINE_WITH_OFFSET
    side = (
        "04.00 or later, so 1000 was added" if is_shifted else "below 04.00, so nothing was added"
    )
    return DeclaredRadiometry(
        scale=SENTINEL_2_SCALE,
        offset=SENTINEL_2_OFFSET if is_shifted else 0.0,
        source=RadiometrySource.BASELINE,
        reason=f"nothing declared; processing baseline {baseline} is {side} to the pixels",
        processing_baseline=baseline,
    )


def _from_collection(collection: str) -> DeclaredRadiometry | None:
    if collection == "02":
        scale, offset = LANDSAT_2_SCALE, LANDSAT_2_OFFSET
    elif collection == "01":
        scale, offset = LANDSAT_1_SCALE, 0.0
    else:
        return None
    return DeclaredRadiometry(
        scale=scale,
        offset=offset,
        source=RadiometrySource.COLLECTION,
        reason=f"surface reflectance of Landsat Collection {int(collection)} has one fixed scale",
    )


def _from_tags(files: Sequence[FileRadiometry]) -> DeclaredRadiometry | None:
    # 1 and 0 are what writers put where they know nothing, so they declare nothing.
    told = {
        file.name: BandRadiometry(scale=file.scale, offset=file.offset or 0.0)
        for file in files
        if file.scale is not None and (file.scale, file.offset or 0.0) != (1.0, 0.0)
    }
    if not told:
        return None
    common = _common(told)
    return DeclaredRadiometry(
        scale=common.scale,
        offset=common.offset,
        source=RadiometrySource.FILE_TAGS,
        reason="declared by the files' own scale and offset tags",
        bands=_different(told, common),
    )


def _from_tags_or_nothing(files: Sequence[FileRadiometry]) -> DeclaredRadiometry:
    told = _from_tags(files)
    if told is not None:
        return told
    if _are_floats(files):
        return _floats()
    return DeclaredRadiometry(
        scale=None,
        offset=None,
        source=RadiometrySource.DEFAULT,
        reason="nothing declared; indices that need reflectance are not computed",
    )


def _sentinel_2_default(files: Sequence[FileRadiometry], baseline: str) -> DeclaredRadiometry:
    if _are_floats(files):
        return _floats()
    return DeclaredRadiometry(
        scale=SENTINEL_2_SCALE,
        offset=0.0,
        source=RadiometrySource.DEFAULT,
        reason="nothing declared; no processing baseline is known, so no offset is taken out",
        processing_baseline=baseline,
    )


def _floats() -> DeclaredRadiometry:
    return DeclaredRadiometry(
        scale=1.0,
        offset=0.0,
        source=RadiometrySource.DEFAULT,
        reason="nothing declared; floating-point samples are taken as reflectance",
    )


def _are_floats(files: Sequence[FileRadiometry]) -> bool:
    return bool(files) and all(file.data_type.startswith("float") for file in files)


def _collection_of(masks: Sequence[str]) -> str:
    named = {"qa_pixel": "02", "pixel_qa": "01"}
    return next((collection for mask, collection in named.items() if mask in masks), "")


def _common(bands: Mapping[str, BandRadiometry]) -> BandRadiometry:
    """Return what most bands declare; the first named wins a tie."""
    values = list(bands.values())
    return max(values, key=values.count)


def _different(
    bands: Mapping[str, BandRadiometry], common: BandRadiometry
) -> Mapping[str, BandRadiometry]:
    return MappingProxyType({name: band for name, band in bands.items() if band != common})
