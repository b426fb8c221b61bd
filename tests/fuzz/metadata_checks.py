"""What must hold for any bytes that are given as a product's metadata.

Called with new inputs by ``tests/fuzz/fuzz_metadata.py`` and with known ones by
``tests/fuzz/test_metadata_corpus.py``; ``docs/testing.md`` tells how.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from farm.errors import InvalidInputError
from farm.imagery.bands import KNOWN_BANDS
from farm.imagery.masks import MASK_NAMES
from farm.imagery.metadata import declare_radiometry
from farm.imagery.metadata_safe import read_safe_metadata
from farm.imagery.metadata_stac import read_stac_item
from farm.imagery.models import Platform

if TYPE_CHECKING:
    from collections.abc import Callable

    from farm.imagery.metadata import SceneMetadata

# What a column of the database and an answer of the API hold.
LONGEST_NAME = 160


def check_stac_item(content: bytes) -> None:
    """Read a STAC item: a refusal with a reason, or metadata that can be stored."""
    _check(content, read_stac_item)


def check_safe_xml(content: bytes) -> None:
    """Read a product's XML: a refusal with a reason, or metadata that can be stored."""
    _check(content, read_safe_metadata)


def _check(content: bytes, read: Callable[[bytes], SceneMetadata]) -> None:
    try:
        metadata = read(content)
    except InvalidInputError as error:
        assert error.reason == "METADATA_INVALID"  # noqa: PT017 - the error may also not come
        str(error).encode()
        return
    assert metadata.platform in Platform.values
    assert len(metadata.name) <= LONGEST_NAME
    for text in (metadata.name, metadata.processing_baseline):
        assert "\0" not in text
        text.encode()  # halves of a character cannot be stored
    assert metadata.acquired_at is None or metadata.acquired_at.tzinfo is not None
    share = metadata.cloud_cover_share
    assert share is None or math.isfinite(share)
    assert metadata.epsg is None or 0 < metadata.epsg < 10**6
    for name, band in metadata.bands.items():
        assert name in KNOWN_BANDS
        assert math.isfinite(band.scale)
        assert math.isfinite(band.offset)
    names = [asset.name for asset in metadata.assets]
    assert len(set(names)) == len(names)
    for asset in metadata.assets:
        assert asset.name in KNOWN_BANDS | MASK_NAMES
    for platform in Platform.values:
        declared = declare_radiometry(platform=platform, metadata=metadata)
        # JSON of the API has neither NaN nor infinities.
        json.dumps([declared.scale, declared.offset, declared.reason], allow_nan=False)
