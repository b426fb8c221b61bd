"""When a product was taken, by its metadata."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException, ElementTree

from farm.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

MAX_XML_BYTES = 16 * 1024 * 1024  # a real one has about 60 kB


def acquisition_time(metadata: Path) -> datetime:
    """Read PRODUCT_START_TIME of a Sentinel-2 product.

    Raises:
        InvalidInputError: The file is no such metadata, or does not say when.
    """
    try:
        if metadata.stat().st_size > MAX_XML_BYTES:
            msg = "It is larger than 16 MiB, which no product metadata is."
            raise InvalidInputError(msg, reason="METADATA_TOO_LARGE")
        root = ElementTree.fromstring(metadata.read_bytes())
    except (ElementTree.ParseError, DefusedXmlException, OSError, ValueError) as error:
        msg = f"It is not readable XML ({error})."
        raise InvalidInputError(msg, reason="METADATA_UNREADABLE") from error
    element = root.find(".//PRODUCT_START_TIME")
    text = (element.text or "").strip() if element is not None else ""
    try:
        start = datetime.fromisoformat(text)
    except ValueError as error:
        msg = "It has no readable PRODUCT_START_TIME."
        raise InvalidInputError(msg, reason="METADATA_TIME_MISSING") from error
    return start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
