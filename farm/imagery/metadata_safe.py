"""Reads a Sentinel-2 product's own metadata, ``MTD_MSIL2A.xml``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError, TreeBuilder  # only to build what defusedxml parsed

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from django.utils.dateparse import parse_datetime

from farm.errors import InvalidInputError
from farm.imagery.bands import SENTINEL_2_BANDS
from farm.imagery.metadata import BandRadiometry, RadiometrySource, SceneMetadata
from farm.imagery.models import Platform

if TYPE_CHECKING:
    from datetime import datetime
    from xml.etree.ElementTree import Element

# Real files are some 60 kB with a thousand elements, seven levels deep.
MAX_XML_BYTES = 2 * 1024 * 1024
MAX_ELEMENTS = 20_000
MAX_DEPTH = 32

ROOT = "Level-2A_User_Product"

# `band_id` of BOA_ADD_OFFSET counts the instrument's bands in this order (PSD, table of band ids).
BAND_IDS = (*("b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b8a", "b9", "b10", "b11", "b12"),)


def read_safe_metadata(content: bytes) -> SceneMetadata:
    """Read `MTD_MSIL2A.xml`.

    Args:
        content: The file.

    Raises:
        InvalidInputError: It is too large or too deep, no XML, XML with entities, or of another
            product level.
    """
    root = _parse(content)
    if root.tag.rpartition("}")[2] != ROOT:
        msg = (
            "The metadata file is no MTD_MSIL2A.xml: only Sentinel-2 Level-2A products, which hold "
            "surface reflectance, are read."
        )
        raise InvalidInputError(msg, reason="METADATA_INVALID")
    quantification = _number(root, "BOA_QUANTIFICATION_VALUE")
    # Below 1 a digital number would be more than all light, and the inverse may be infinite.
    if quantification is None or quantification < 1:
        msg = "The metadata file has no BOA_QUANTIFICATION_VALUE of 1 or more."
        raise InvalidInputError(msg, reason="METADATA_INVALID")
    cloud_percent = _number(root, "Cloud_Coverage_Assessment")
    return SceneMetadata(
        origin=RadiometrySource.PRODUCT_XML,
        name=_text(root, "PRODUCT_URI").removesuffix(".SAFE"),
        platform=Platform.SENTINEL_2,
        acquired_at=_instant(_text(root, "PRODUCT_START_TIME")),
        processing_baseline=_text(root, "PROCESSING_BASELINE"),
        cloud_cover_share=None if cloud_percent is None else cloud_percent / 100,
        quantification=quantification,
        bands=_bands(root, quantification),
    )


def _parse(content: bytes) -> Element:
    if len(content) > MAX_XML_BYTES:
        msg = f"The metadata file is longer than the {MAX_XML_BYTES:,} bytes that are read."
        raise InvalidInputError(msg, reason="METADATA_INVALID")
    parser = DefusedXMLParser(target=_BoundedBuilder(), forbid_dtd=True)
    try:
        parser.feed(content)
        root: Element = parser.close()
    # A LookupError is an encoding that nobody knows.
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        msg = f"The metadata file is not XML that is read: {error}."
        raise InvalidInputError(msg, reason="METADATA_INVALID") from error
    return root


class _BoundedBuilder(TreeBuilder):
    """Builds a tree that is not too deep to be walked, nor too large for a short file."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            msg = f"elements are nested deeper than {MAX_DEPTH}"
            raise ValueError(msg)
        self._count += 1
        if self._count > MAX_ELEMENTS:
            msg = f"there are more than {MAX_ELEMENTS:,} elements"
            raise ValueError(msg)
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _bands(root: Element, quantification: float) -> dict[str, BandRadiometry]:
    """Return scale and offset of each band; products before baseline 04.00 list no offsets."""
    offsets = dict.fromkeys(SENTINEL_2_BANDS.values(), 0.0)
    for element in root.iter("BOA_ADD_OFFSET"):
        number, value = element.get("band_id", ""), _float(element.text)
        if number.isdigit() and int(number) < len(BAND_IDS) and value is not None:
            name = SENTINEL_2_BANDS.get(BAND_IDS[int(number)])
            if name is not None:
                offsets[name] = value / quantification
    return {
        name: BandRadiometry(scale=1 / quantification, offset=offset)
        for name, offset in offsets.items()
    }


def _text(root: Element, tag: str) -> str:
    element = next(root.iter(tag), None)
    return (element.text or "").strip()[:160] if element is not None else ""


def _number(root: Element, tag: str) -> float | None:
    return _float(_text(root, tag))


def _float(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _instant(text: str) -> datetime | None:
    try:
        instant = parse_datetime(text)
    except ValueError:
        return None
    return instant if instant is not None and instant.tzinfo is not None else None
