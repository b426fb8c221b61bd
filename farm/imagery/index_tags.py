"""What a file of an index says of itself, so that it stays honest wherever it is carried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from farm.imagery.catalogue import catalogue
from farm.imagery.masks import mask_dilation_m
from farm.imagery.models import weakest_verdict
from farm.imagery.receipts import MOSAIC_RULE, bands_in_use, mask_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from farm.imagery.catalogue import Index
    from farm.imagery.models import Scene

MAX_VALUE_BYTES = 1024  # the contract's limit
MAX_NAME_LENGTH = 100  # of one scene among several


def file_tags(*, scenes: Sequence[Scene], index: Index) -> dict[str, str]:
    """Return entries for the file's GDAL metadata; ``FORMULA`` is written by the service.

    Entries of several scenes follow the scenes' order, separated by “; ”, and are written once
    where they are all alike.

    Args:
        scenes: With their assets; the preferred first.
        index: The index.
    """
    verdict = weakest_verdict(scene.radiometry_verdict for scene in scenes)
    tags = {
        "SCENES": "; ".join(scene.name[:MAX_NAME_LENGTH] for scene in scenes),
        "ACQUIRED_AT": "; ".join(
            scene.acquired_at.isoformat().replace("+00:00", "Z") for scene in scenes
        ),
        "PLATFORM": _once(scene.platform for scene in scenes),
        "PROCESSING_BASELINE": _once(scene.processing_baseline or "unknown" for scene in scenes),
        "SCALE_OFFSET": _once(_scale_offset(scene, index) for scene in scenes),
        "SCALE_OFFSET_SOURCE": _once(scene.radiometry_source or "unknown" for scene in scenes),
        "RADIOMETRY_VERDICT": verdict or "unknown",
        "MASK": mask_of(scenes),
        "MASK_DILATION_M": f"{mask_dilation_m():g}",
        "INDEX": index.id,
        "CATALOGUE_VERSION": catalogue().version,
        "FURROW_VERSION": settings.FURROW_VERSION,
    }
    if len(scenes) > 1:
        tags["MOSAIC"] = MOSAIC_RULE
    if any(scene.is_simulated for scene in scenes):
        tags["IS_SIMULATED"] = "yes"
        # What marks a scene as simulated when the file is sent as one.
        tags["SIMULATED"] = "YES"
    return {name: _fitting(value) for name, value in tags.items()}


def _once(values: Iterable[str]) -> str:
    listed = list(values)
    return listed[0] if len(set(listed)) == 1 else "; ".join(listed)


def _scale_offset(scene: Scene, index: Index) -> str:
    bands = bands_in_use(scene, index)
    return ", ".join(
        f"{name} × {scale:g} + {offset:g}" for name, (_, scale, offset) in bands.items()
    )


def _fitting(value: str) -> str:
    """Leave out what no value may hold, and cut what is too long at a whole character."""
    plain = "".join(letter if letter.isprintable() else " " for letter in value)
    return plain.encode()[:MAX_VALUE_BYTES].decode(errors="ignore")
