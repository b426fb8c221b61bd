"""Reads STAC items as providers write them: versions 1.0 and 1.1, raster extension 1 and 2."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.utils.dateparse import parse_datetime

from farm.errors import InvalidInputError
from farm.imagery.bands import band_named
from farm.imagery.masks import MASK_NAMES
from farm.imagery.metadata import AssetReference, BandRadiometry, RadiometrySource, SceneMetadata
from farm.imagery.models import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

# Real items are 20 to 60 kB with some 60 assets.
MAX_STAC_BYTES = 2 * 1024 * 1024
MAX_ASSETS = 256

# Part of a product's name that states the baseline: `_N0509_` for 05.09.
_BASELINE_IN_NAME = re.compile(r"_N(\d{2})(\d{2})_")
_EPSG = re.compile(r"(?:EPSG:)?(\d{4,6})")

# The same property by its two names: Earth Search 1 and 0.
_OFFSET_APPLIED = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied")
_PRODUCT_NAMES = ("s2:product_uri", "sentinel:product_id", "landsat:product_id")


def read_stac_item(content: bytes) -> SceneMetadata:
    """Read a STAC item from its JSON text.

    Raises:
        InvalidInputError: It is too large, no JSON, or no item.
    """
    if len(content) > MAX_STAC_BYTES:
        msg = f"The metadata file is longer than the {MAX_STAC_BYTES:,} bytes that are read."
        raise InvalidInputError(msg, reason="METADATA_INVALID")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        msg = f"The metadata file is no JSON: {error}."
        raise InvalidInputError(msg, reason="METADATA_INVALID") from error
    return parse_stac_item(document)


def parse_stac_item(item: Any) -> SceneMetadata:
    """Read a STAC item that was parsed already.

    Raises:
        InvalidInputError: It is no item, or has too many assets.
    """
    is_item = isinstance(item, dict) and item.get("type") == "Feature"
    properties = item.get("properties") if is_item else None
    assets = item.get("assets") if is_item else None
    if not isinstance(properties, dict) or not isinstance(assets, dict):
        msg = "This is no STAC item: it needs the type “Feature”, properties and assets."
        raise InvalidInputError(msg, reason="METADATA_INVALID")
    if len(assets) > MAX_ASSETS:
        msg = f"The STAC item has {len(assets)} assets; {MAX_ASSETS} are read at most."
        raise InvalidInputError(msg, reason="METADATA_INVALID")
    platform = _platform(properties)
    cloud_percent = _number(properties.get("eo:cloud_cover"))
    return SceneMetadata(
        origin=RadiometrySource.STAC,
        name=_plain(str(item.get("id", "")))[:160],
        platform=platform,
        acquired_at=_instant(properties.get("datetime")),
        processing_baseline=_baseline(properties),
        cloud_cover_share=None if cloud_percent is None else cloud_percent / 100,
        epsg=_epsg(properties),
        bands=_declared_bands(assets, platform),
        is_offset_applied=_offset_applied(properties),
        landsat_collection=_landsat_collection(item, properties),
        assets=tuple(_references(assets, platform)),
    )


def _platform(properties: Mapping[str, Any]) -> str:
    words = f"{properties.get('constellation', '')} {properties.get('platform', '')}".lower()
    if "sentinel-2" in words or "sentinel 2" in words:
        return Platform.SENTINEL_2
    return Platform.LANDSAT if "landsat" in words else Platform.OTHER


def _baseline(properties: Mapping[str, Any]) -> str:
    for name in ("s2:processing_baseline", "processing:version"):
        stated = str(properties.get(name) or "")
        if re.fullmatch(r"\d{2}\.\d{2}", stated):
            return stated
    for name in _PRODUCT_NAMES:
        match = _BASELINE_IN_NAME.search(str(properties.get(name) or ""))
        if match:
            return f"{match[1]}.{match[2]}"
    return ""


def _offset_applied(properties: Mapping[str, Any]) -> bool | None:
    for name in _OFFSET_APPLIED:
        if isinstance(properties.get(name), bool):
            return bool(properties[name])
    return None


def _landsat_collection(item: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    number = str(properties.get("landsat:collection_number") or "")
    # Level-1 items hold radiance-like numbers that the surface reflectance scale does not fit.
    is_level_2 = str(properties.get("landsat:correction") or "").startswith("L2S")
    if number in {"01", "02"} and is_level_2:
        return number
    return "02" if str(item.get("collection") or "") == "landsat-c2-l2" else ""


def _epsg(properties: Mapping[str, Any]) -> int | None:
    for name in ("proj:epsg", "proj:code"):
        match = _EPSG.fullmatch(str(properties.get(name) or ""))
        if match:
            return int(match[1])
    return None


def _declared_bands(assets: Mapping[str, Any], platform: str) -> dict[str, BandRadiometry]:
    declared: dict[str, BandRadiometry] = {}
    for key, asset in assets.items():
        name = _asset_name(key, asset, platform)
        if name is None or name in MASK_NAMES or name in declared:
            continue
        scale, offset = _scale_and_offset(asset)
        if scale is not None or offset is not None:
            declared[name] = BandRadiometry(
                scale=1.0 if scale is None else scale, offset=offset or 0.0
            )
    return declared


def _scale_and_offset(asset: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Look in the three places that versions of the raster extension know."""
    for place, prefix in ((asset.get("raster:bands"), ""), (asset.get("bands"), "raster:")):
        if isinstance(place, list) and len(place) == 1 and isinstance(place[0], dict):
            scale = _number(place[0].get(f"{prefix}scale"))
            offset = _number(place[0].get(f"{prefix}offset"))
            if scale is not None or offset is not None:
                return scale, offset
    return _number(asset.get("raster:scale")), _number(asset.get("raster:offset"))


def _references(assets: Mapping[str, Any], platform: str) -> Iterator[AssetReference]:
    """List the GeoTIFFs that are bands or masks, the finest of each."""
    finest: dict[str, AssetReference] = {}
    for key, asset in assets.items():
        name = _asset_name(key, asset, platform)
        href = str(asset.get("href") or "") if isinstance(asset, dict) else ""
        if name is None or not _path_of(href).lower().endswith((".tif", ".tiff")):
            continue
        size = _pixel_size(asset)
        other = finest.get(name)
        if other is None or (size or math.inf) < (other.pixel_size or math.inf):
            finest[name] = AssetReference(name=name, href=href, pixel_size=size)
    yield from finest.values()


def _path_of(href: str) -> str:
    try:
        return urlsplit(href).path
    except ValueError:  # brackets that hold no address
        return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _asset_name(key: str, asset: Any, platform: str) -> str | None:
    """Name the band that an asset holds; None for pictures, texts and whatever is not used."""
    if not isinstance(asset, dict):
        return None
    bands = _list(asset.get("eo:bands")) or _list(asset.get("bands"))
    if len(bands) > 1:
        return None  # a true-colour picture, not measurements
    roles = _list(asset.get("roles"))
    if {"overview", "thumbnail", "visual"} & {str(role) for role in roles}:
        return None
    words = [key]
    if bands and isinstance(bands[0], dict):
        words += [str(bands[0].get("name") or "")]
    for word in words:
        name = band_named(word, platform=platform)
        if name is not None:
            return name
    return None


def _pixel_size(asset: Mapping[str, Any]) -> float | None:
    transform = asset.get("proj:transform")
    if isinstance(transform, list) and transform:
        return _number(transform[0])
    return _number(asset.get("gsd"))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return number if math.isfinite(number) else None


def _plain(text: str) -> str:
    """Leave out what no name holds: control characters, and halves of a character."""
    return "".join(letter for letter in text if letter.isprintable())


def _instant(value: Any) -> datetime | None:
    try:
        instant = parse_datetime(str(value or ""))
    except ValueError:
        return None
    if instant is None:
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
