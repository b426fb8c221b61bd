"""What a new scene is: put together from what the sender says, its metadata and its files."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from farm.errors import InvalidInputError
from farm.imagery.bands import recognise_bands, recognise_platform
from farm.imagery.metadata import FileRadiometry, SceneMetadata, declare_radiometry
from farm.imagery.metadata_safe import MAX_XML_BYTES, read_safe_metadata
from farm.imagery.metadata_stac import MAX_STAC_BYTES, read_stac_item
from farm.imagery.models import AssetRole, Platform
from farm.imagery.observation_quality import FIRST_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from farm.imagery.bands import FoundBand
    from farm.imagery.domain import RasterDescription
    from farm.imagery.metadata import DeclaredRadiometry

# Overrides: reflectance of the strangest product is within these of its digital numbers.
MIN_SCALE = 1e-9
MAX_SCALE = 1.0
MAX_OFFSET = 1.0
MAX_METADATA_BYTES = max(MAX_XML_BYTES, MAX_STAC_BYTES)

# `20180420T105629` or `20180420`, with or without dashes, as product and file names carry it.
_MOMENT_IN_NAME = re.compile(
    r"(?<!\d)(20\d{2})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2}):?(\d{2}))?(?!\d)"
)
# GDAL's items that hold the time of acquisition; TIFFTAG_DATETIME is when the file was written.
_TIME_TAGS = ("ACQUISITION", "ACQUISITION_TIME", "ACQUISITION_DATETIME", "DATETIME")


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneDetails:
    """What the sender says; empty or None where nothing was said."""

    name: str = ""
    platform: str = ""
    acquired_at: datetime | None = None
    scale_override: float | None = None
    offset_override: float | None = None
    # Name of the band → (file name, number of the band from 1).
    bands: Mapping[str, tuple[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    is_simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFacts:
    """What is known of a new scene before any pixel was read."""

    name: str
    platform: str
    acquired_at: datetime
    bands: tuple[FoundBand, ...]
    radiometry: DeclaredRadiometry
    metadata: Mapping[str, Any]  # for the scene's row, as JSON
    epsg: int
    bounds_wgs84: tuple[float, float, float, float]  # west, south, east, north
    is_simulated: bool  # somebody says so: the sender, the files' tags or a name


def read_metadata(content: bytes | None) -> SceneMetadata:
    """Read a metadata file: `MTD_MSIL2A.xml` or a STAC item, told apart by how it begins.

    Raises:
        InvalidInputError: It is neither.
    """
    if not content:
        return SceneMetadata()
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return read_safe_metadata(content)
    return read_stac_item(content)


def settle_facts(
    *,
    details: SceneDetails,
    metadata: SceneMetadata,
    descriptions: Mapping[str, RasterDescription],
    bands: Mapping[str, tuple[str, int]] | None = None,
) -> SceneFacts:
    """Decide what the scene is; the sender's word goes before the metadata's, that before guesses.

    Args:
        details: What the sender says.
        metadata: What XML or STAC says.
        descriptions: What each file holds, by its name.
        bands: Which band is which where a reference says so; the sender's mapping goes before it.

    Raises:
        InvalidInputError: No band is recognised, or nobody says when the scene was acquired, or
            it was acquired at an impossible time.
    """
    platform = details.platform or metadata.platform or recognise_platform(descriptions)
    mapping = details.bands or bands or None
    found = recognise_bands(descriptions, platform=platform, mapping=mapping)
    _refuse_odd_scale(found)
    radiometry = declare_radiometry(
        platform=platform,
        metadata=metadata,
        files=[
            FileRadiometry(
                name=band.name, data_type=band.data_type, scale=band.scale, offset=band.offset
            )
            for band in found
            if band.role is AssetRole.BAND
        ],
        masks=[band.name for band in found if band.role is AssetRole.MASK],
    )
    used = {band.file_name for band in found}
    bounds = [descriptions[name].bounds_wgs84 for name in used]
    stem = sorted(used)[0].rpartition(".")[0]
    acquired_at = details.acquired_at or metadata.acquired_at or _moment(descriptions)
    if acquired_at is None:
        msg = "Neither metadata nor files say when the scene was acquired; send `acquired_at`."
        raise InvalidInputError(msg, reason="ACQUIRED_AT_MISSING")
    _refuse_impossible(acquired_at)
    name = (details.name or metadata.name or stem)[:160]
    return SceneFacts(
        name=name,
        platform=Platform(platform),
        acquired_at=acquired_at,
        bands=found,
        radiometry=radiometry,
        metadata=metadata_document(metadata, radiometry),
        epsg=next(iter(descriptions.values())).grid.epsg,
        bounds_wgs84=(
            min(each[0] for each in bounds),
            min(each[1] for each in bounds),
            max(each[2] for each in bounds),
            max(each[3] for each in bounds),
        ),
        is_simulated=details.is_simulated or _is_simulated((name, *used), descriptions.values()),
    )


def is_simulated_name(name: str) -> bool:
    """Say whether a name tells that no satellite took this."""
    return name.upper().startswith("SIM_")


def metadata_document(metadata: SceneMetadata, declared: DeclaredRadiometry) -> dict[str, Any]:
    """Put into JSON what was read and what was made of it."""
    return {
        "origin": metadata.origin,
        "name": metadata.name,
        "platform": metadata.platform,
        "acquired_at": metadata.acquired_at.isoformat() if metadata.acquired_at else None,
        "processing_baseline": metadata.processing_baseline,
        "cloud_cover_share": metadata.cloud_cover_share,
        "epsg": metadata.epsg,
        "is_offset_applied": metadata.is_offset_applied,
        "landsat_collection": metadata.landsat_collection,
        "declared": {
            "scale": declared.scale,
            "offset": declared.offset,
            "source": declared.source,
            "reason": declared.reason,
        },
    }


def _refuse_odd_scale(bands: Iterable[FoundBand]) -> None:
    """Refuse a scale or offset tag that is no number: whatever it meant, pixels cannot follow it.

    Raises:
        InvalidInputError: A file has one; the sentence names it.
    """
    for band in bands:
        if not all(math.isfinite(number) for number in (band.scale or 0.0, band.offset or 0.0)):
            msg = f"{band.file_name}: the scale or offset that the file itself names is no number."
            raise InvalidInputError(msg, reason="RADIOMETRY_INVALID")


def _refuse_impossible(acquired_at: datetime) -> None:
    """Refuse a year without satellites, and the future: such a scene would be the latest for ever.

    Raises:
        InvalidInputError: It was not acquired then.
    """
    if acquired_at.year < FIRST_YEAR or acquired_at > timezone.now() + timedelta(days=1):
        msg = f"The scene cannot have been acquired at {acquired_at.isoformat()}."
        raise InvalidInputError(msg, reason="ACQUIRED_AT_IMPOSSIBLE")


def _is_simulated(names: Iterable[str], descriptions: Iterable[RasterDescription]) -> bool:
    return any(is_simulated_name(name) for name in names) or any(
        description.tags.get("SIMULATED", "").upper() == "YES" for description in descriptions
    )


def _moment(descriptions: Mapping[str, RasterDescription]) -> datetime | None:
    return _moment_in_tags(descriptions.values()) or _moment_in_names(descriptions)


def _moment_in_tags(descriptions: Iterable[RasterDescription]) -> datetime | None:
    for description in descriptions:
        for name in _TIME_TAGS:
            try:
                moment = parse_datetime(description.tags.get(name, ""))
            except ValueError:
                continue
            if moment is not None:
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _moment_in_names(names: Iterable[str]) -> datetime | None:
    for name in names:
        match = _MOMENT_IN_NAME.search(name)
        if match:
            try:
                year, month, day, hour, minute, second = (int(p or 0) for p in match.groups())
                return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
            except ValueError:  # digits that look like a day and are none
                continue
    return None
