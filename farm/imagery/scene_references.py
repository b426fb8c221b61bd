"""Scenes whose files stay where they are: which files and bands a reference names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from farm.errors import InvalidInputError
from farm.imagery.domain import ObjectRef
from farm.imagery.metadata import SceneMetadata
from farm.imagery.metadata_stac import parse_stac_item
from farm.imagery.scene_files import ReferencedFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneReference:
    """What a reference comes down to."""

    files: tuple[ReferencedFile, ...]
    bands: Mapping[str, tuple[str, int]]  # name of the band → (file name, band from 1)
    metadata: SceneMetadata


def reference_from_stac(item: Any) -> SceneReference:
    """Take the bands and masks of a STAC item.

    Raises:
        InvalidInputError: It is no item, or names no GeoTIFF of a band that is known.
    """
    metadata = parse_stac_item(item)
    if not metadata.assets:
        msg = "The STAC item names no GeoTIFF of a band that is known."
        raise InvalidInputError(msg, reason="BANDS_UNKNOWN")
    return _reference(
        [(asset.name, ObjectRef(url=asset.href), asset.band_number) for asset in metadata.assets],
        metadata,
    )


def reference_from_list(assets: Sequence[Mapping[str, Any]]) -> SceneReference:
    """Take a list of bands with their places.

    Args:
        assets: Each with `name`, `band`, and one of `url` and `key`.
    """
    listed = [
        (
            str(asset["name"]),
            ObjectRef(url=asset.get("url", ""), key=asset.get("key", "")),
            int(asset.get("band", 1)),
        )
        for asset in assets
    ]
    return _reference(listed, SceneMetadata())


def _reference(
    listed: Sequence[tuple[str, ObjectRef, int]], metadata: SceneMetadata
) -> SceneReference:
    """Name each file once, by the end of its place, which people recognise in messages."""
    names: dict[ObjectRef, str] = {}
    bands: dict[str, tuple[str, int]] = {}
    for name, ref, number in listed:
        if name in bands:
            msg = f"The band “{name}” is named twice."
            raise InvalidInputError(msg, reason="BAND_TWICE")
        if ref not in names:
            place = (ref.url or ref.key).partition("?")[0]
            stem = place.rpartition("/")[2][:120] or name
            taken = set(names.values())
            names[ref] = stem if stem not in taken else f"{name}-{stem}"
        bands[name] = (names[ref], number)
    files = tuple(ReferencedFile(name=name, object=ref) for ref, name in names.items())
    return SceneReference(files=files, bands=bands, metadata=metadata)
