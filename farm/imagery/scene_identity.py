"""What makes a scene itself: what its files hold, when it was acquired, what was said of it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from farm.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from farm.imagery.domain import RasterDescription
    from farm.imagery.models import Scene, SceneAsset
    from farm.imagery.scene_details import SceneDetails, SceneFacts


def files_identity(contents: Iterable[str]) -> str:
    """Return a SHA-256 over what all files hold, whatever their names and order."""
    return hashlib.sha256("\n".join(sorted(contents)).encode()).hexdigest()


def scene_sha256(*, identity: str, facts: SceneFacts) -> str:
    """Name a scene by what it shows and when: two cloudless nights may have the same pixels."""
    return hashlib.sha256(f"{facts.acquired_at.isoformat()}\n{identity}".encode()).hexdigest()


def description_sha256(description: RasterDescription) -> str:
    """Return a SHA-256 over what a file's header says, its size and its tags among it.

    It tells versions of a file apart that nobody reads as a whole.
    """
    said = [
        description.size_bytes,
        description.grid.epsg,
        description.grid.width,
        description.grid.height,
        description.grid.geotransform,
        [
            [band.data_type, band.description, band.nodata, band.scale, band.offset]
            for band in description.bands
        ],
        description.compression,
        sorted(description.tags.items()),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def referenced_sha256(*, place: str, description: RasterDescription) -> str:
    """Return a SHA-256 of a file that stays where it is: its address and what is there now."""
    return hashlib.sha256(f"{place}\n{description_sha256(description)}".encode()).hexdigest()


def file_records(
    *,
    facts: SceneFacts,
    contents: Mapping[str, str],
    descriptions: Mapping[str, RasterDescription],
) -> dict[str, dict[str, str]]:
    """Write down, by band, what its file held when the scene was made; for the scene's row."""
    return {
        band.name: {
            "content_sha256": contents[band.file_name],
            "description_sha256": description_sha256(descriptions[band.file_name]),
        }
        for band in facts.bands
    }


def recorded(scene: Scene, asset: SceneAsset, what: str) -> str:
    """Return what ``file_records`` wrote for a band; empty where nothing was written."""
    record = (scene.metadata or {}).get("files", {}).get(asset.name, {})
    return str(record.get(what, ""))


def refuse_known_otherwise(
    *, scene: Scene, facts: SceneFacts, contents: Mapping[str, str], details: SceneDetails
) -> None:
    """Refuse files of a known scene that are sent again with another description.

    Args:
        scene: The known one.
        facts: What was made of the files this time.
        contents: SHA-256 of each file's content, by its name.
        details: What the sender says this time; where no override is said, any will do.

    Raises:
        ConflictError: Bands, platform, scale or offset are not those of the scene.
    """
    differences = [
        *_platform(scene, facts),
        *_bands(scene, facts, contents),
        *_radiometry(scene, facts),
        *_overrides(scene, details),
    ]
    if differences:
        msg = (
            f"These files are the scene {scene.pk}, “{scene.name}”, which was described otherwise: "
            f"{'; '.join(differences)}. Change that scene, or delete it and send the files again."
        )
        raise ConflictError(msg, reason="SCENE_KNOWN_OTHERWISE")


def _platform(scene: Scene, facts: SceneFacts) -> list[str]:
    if scene.platform == facts.platform:
        return []
    return [f"its platform is {scene.platform}, not {facts.platform}"]


def _bands(scene: Scene, facts: SceneFacts, contents: Mapping[str, str]) -> list[str]:
    there = {asset.name: asset for asset in scene.assets.all()}
    here = {band.name: band for band in facts.bands}
    words = [f"{name} is a band of it, and not now" for name in sorted(there.keys() - here.keys())]
    words += [f"{name} is no band of it, but now" for name in sorted(here.keys() - there.keys())]
    for name in sorted(there.keys() & here.keys()):
        was, now = there[name], here[name]
        content = recorded(scene, was, "content_sha256")
        if content and content != contents[now.file_name]:
            words.append(f"its {name} is in another file than {now.file_name}")
        elif was.band_number != now.band_number:
            words.append(f"its {name} is band {was.band_number}, not {now.band_number}")
    return words


def _radiometry(scene: Scene, facts: SceneFacts) -> list[str]:
    declared: dict[str, Any] = (scene.metadata or {}).get("declared") or {}
    was = (declared.get("scale", scene.scale), declared.get("offset", scene.offset))
    now = (facts.radiometry.scale, facts.radiometry.offset)
    words = []
    if was != now:
        words.append(f"its scale and offset are {_numbers(*was)}, not {_numbers(*now)}")
    own = facts.radiometry.bands
    for asset in scene.assets.all():
        band = own.get(asset.name)
        of_band = (band.scale, band.offset) if band else (None, None)
        if (asset.scale, asset.offset) != of_band:
            numbers = f"{_numbers(asset.scale, asset.offset)}, not {_numbers(*of_band)}"
            words.append(f"scale and offset of its {asset.name} are {numbers}")
    if scene.processing_baseline != facts.radiometry.processing_baseline:
        baselines = (scene.processing_baseline, facts.radiometry.processing_baseline)
        words.append("its processing baseline is {}, not {}".format(*(b or "?" for b in baselines)))
    return words


def _overrides(scene: Scene, details: SceneDetails) -> list[str]:
    return [
        f"its {name.replace('_', ' ')} is {was if was is not None else 'not set'}, not {said}"
        for name, was, said in (
            ("scale_override", scene.scale_override, details.scale_override),
            ("offset_override", scene.offset_override, details.offset_override),
        )
        if said is not None and said != was
    ]


def _numbers(scale: float | None, offset: float | None) -> str:
    return "not known" if scale is None else f"{scale:g} and {offset or 0.0:g}"
