"""Which band of which file is `red`: by an explicit mapping, the file's own words, or its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from farm.errors import InvalidInputError
from farm.imagery.catalogue import KNOWN_BANDS
from farm.imagery.masks import MASK_NAMES
from farm.imagery.models import AssetRole, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from farm.imagery.domain import RasterDescription

# ESA, Sentinel-2 User Handbook, table of spectral bands.
SENTINEL_2_BANDS: Mapping[str, str] = {
    "b1": "coastal",
    "b2": "blue",
    "b3": "green",
    "b4": "red",
    "b5": "rededge1",
    "b6": "rededge2",
    "b7": "rededge3",
    "b8": "nir",
    "b8a": "nir08",
    "b9": "nir09",
    "b11": "swir16",
    "b12": "swir22",
}
# USGS, Landsat 8-9 Operational Land Imager; panchromatic, cirrus and thermal bands are not used.
LANDSAT_BANDS: Mapping[str, str] = {
    "b1": "coastal",
    "b2": "blue",
    "b3": "green",
    "b4": "red",
    "b5": "nir",
    "b6": "swir16",
    "b7": "swir22",
}
_BY_PLATFORM: Mapping[str, Mapping[str, str]] = {
    Platform.SENTINEL_2: SENTINEL_2_BANDS,
    Platform.LANDSAT: LANDSAT_BANDS,
}

# Words that providers use for the catalogue's names. STAC calls Landsat's only near infrared nir08.
SYNONYMS: Mapping[str, str] = {
    "rededge": "rededge1",
    "red_edge": "rededge1",
    "redege1": "rededge1",
    "near_infrared": "nir",
    "swir1": "swir16",
    "swir2": "swir22",
    "bqa": "qa_pixel",
}

_TOKEN_BREAK = re.compile(r"[^a-z0-9]+")
_BAND_NUMBER = re.compile(r"b0*(\d{1,2}a?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBand:
    """A band of a file and what it is for."""

    name: str
    role: AssetRole
    file_name: str
    band_number: int  # from 1
    pixel_size: float  # units of the reference system
    data_type: str
    nodata: float | None
    scale: float | None  # as the file declares it
    offset: float | None


def recognise_platform(files: Mapping[str, RasterDescription]) -> Platform:
    """Tell the platform from the bands' names; OTHER where they do not say.

    Args:
        files: What each file holds, by its name.
    """
    words = set()
    for file_name, description in files.items():
        words |= set(_tokens(file_name))
        for band in description.bands:
            words |= set(_tokens(band.description))
    if words & {"pixel", "radsat"} and "qa" in words:
        return Platform.LANDSAT
    numbers = {_number(word) for word in words}
    if "scl" in words or numbers & {"b8", "b8a", "b12"}:
        return Platform.SENTINEL_2
    return Platform.OTHER


def recognise_bands(
    files: Mapping[str, RasterDescription],
    *,
    platform: str,
    mapping: Mapping[str, tuple[str, int]] | None = None,
) -> tuple[FoundBand, ...]:
    """Find the bands and masks that are known by name; others are passed over.

    Where a band comes in several pixel sizes, the finest is taken.

    Args:
        files: What each file holds, by its name.
        platform: Decides what `B05` means.
        mapping: Name of the band → (file name, number of the band from 1); overrides everything.

    Raises:
        InvalidInputError: Nothing is recognised, the mapping names what is not there, or a band
            comes twice in one pixel size.
    """
    if mapping:
        found = [_mapped(files, name, *place) for name, place in mapping.items()]
    else:
        found = list(_named(files, platform))
    bands: dict[str, FoundBand] = {}
    for band in found:
        other = bands.get(band.name)
        if other is not None and other.pixel_size == band.pixel_size:
            msg = (
                f"The band “{band.name}” comes twice: in {other.file_name} (band "
                f"{other.band_number}) and in {band.file_name} (band {band.band_number})."
            )
            raise InvalidInputError(msg, reason="BAND_TWICE")
        if other is None or band.pixel_size < other.pixel_size:
            bands[band.name] = band
    if not any(band.role is AssetRole.BAND for band in bands.values()):
        raise InvalidInputError(_nothing_found(files), reason="BANDS_UNKNOWN")
    return tuple(bands.values())


def band_named(text: str, *, platform: str) -> str | None:
    """Return the catalogue name that a description or a file's stem stands for."""
    for name in _candidates(_tokens(text)):
        known = _known_name(name, platform)
        if known is not None:
            return known
    return None


def _named(files: Mapping[str, RasterDescription], platform: str) -> Iterable[FoundBand]:
    for file_name, description in files.items():
        for number, band in enumerate(description.bands, start=1):
            name = band_named(band.description, platform=platform)
            if name is None and len(description.bands) == 1:
                stem = file_name.rpartition(".")[0] or file_name
                name = band_named(stem, platform=platform)
            if name is not None:
                yield _found(description, file_name, name, number)


def _mapped(
    files: Mapping[str, RasterDescription], name: str, file_name: str, number: int
) -> FoundBand:
    if name not in KNOWN_BANDS | MASK_NAMES:
        known = ", ".join(sorted(KNOWN_BANDS | MASK_NAMES))
        msg = f"There is no band “{name[:64]}”. Known are: {known}."
        raise InvalidInputError(msg, reason="BANDS_UNKNOWN")
    description = files.get(file_name)
    if description is None:
        msg = f"The mapping of “{name}” names the file “{file_name[:160]}”, which was not sent."
        raise InvalidInputError(msg, reason="BANDS_UNKNOWN")
    if not 1 <= number <= len(description.bands):
        msg = f"{file_name} has {len(description.bands)} bands; the mapping asks for {number}."
        raise InvalidInputError(msg, reason="BANDS_UNKNOWN")
    return _found(description, file_name, name, number)


def _found(description: RasterDescription, file_name: str, name: str, number: int) -> FoundBand:
    band = description.bands[number - 1]
    return FoundBand(
        name=name,
        role=AssetRole.MASK if name in MASK_NAMES else AssetRole.BAND,
        file_name=file_name,
        band_number=number,
        pixel_size=abs(description.grid.geotransform[1]),
        data_type=band.data_type,
        nodata=band.nodata,
        scale=band.scale,
        offset=band.offset,
    )


def _known_name(word: str, platform: str) -> str | None:
    name = SYNONYMS.get(word, word)
    if name in KNOWN_BANDS or name in MASK_NAMES:
        if platform == Platform.LANDSAT and name == "nir08":
            return "nir"
        return name
    number = _number(word)
    return _BY_PLATFORM.get(platform, {}).get(number) if number else None


def _number(word: str) -> str:
    match = _BAND_NUMBER.fullmatch(word)
    return f"b{match[1]}" if match else ""


def _tokens(text: str) -> Sequence[str]:
    return [token for token in _TOKEN_BREAK.split(text.lower()) if token]


def _candidates(tokens: Sequence[str]) -> Iterable[str]:
    """Yield pairs of tokens before single ones, so that QA_PIXEL is not taken apart."""
    yield from (f"{first}_{second}" for first, second in pairwise(tokens))
    # From the end: product names begin with tile and date, and end with the band.
    yield from reversed(tokens)


def _nothing_found(files: Mapping[str, RasterDescription]) -> str:
    said = []
    for file_name, description in list(files.items())[:5]:
        words = [band.description or "–" for band in description.bands[:12]]
        said.append(f"{file_name}: {', '.join(words)}")
    return (
        "No band was recognised. Name the platform, or say which band is which in `bands`. "
        f"The files describe their bands as: {'; '.join(said)}."
    )
