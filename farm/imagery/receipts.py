"""The receipt of a number: everything that it depends on, so that anybody can compute it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from farm.imagery.catalogue import catalogue
from farm.imagery.masks import mask_dilation_m, mask_words
from farm.imagery.models import weakest_verdict
from farm.imagery.scene_source import bind_bands, effective_radiometry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from farm.imagery.catalogue import Index
    from farm.imagery.domain import Grid
    from farm.imagery.models import Scene

# Changes with the shape of the receipt.
RECEIPT_VERSION = 1

MOSAIC_RULE = "each pixel from the first scene that shows it"


def receipt(
    *,
    scenes: Sequence[Scene],
    index: Index,
    grid: Grid,
    engine_version: str,
    computed_at: datetime,
) -> dict[str, Any]:
    """Write the receipt of an index in a scene, or in several of one day.

    What differs from scene to scene stands below ``scene`` (of a mosaic below ``scenes``, in the
    order in which they were asked for a pixel), so that the receipts of a season of one product are
    alike in the rest and are shown once.

    Args:
        scenes: With their assets, as they were judged; of a mosaic the preferred one first.
        index: The index.
        grid: The grid it was computed on.
        engine_version: Version of furrow-ndvi.
        computed_at: When.
    """
    parts = [_scene(scene, index) | {"computed_at": computed_at.isoformat()} for scene in scenes]
    radiometry = [_radiometry(scene, index) for scene in scenes]
    whole = {
        "version": RECEIPT_VERSION,
        "scene": parts[0],
        "radiometry": radiometry[0],
        "mask": {"rule": mask_of(scenes), "dilation_m": mask_dilation_m()},
        "index": {
            "id": index.id,
            "formula": index.formula,
            "constants": dict(index.constants),
            "valid_min": index.valid_min,
            "valid_max": index.valid_max,
            "catalogue_version": catalogue().version,
        },
        "grid": {
            "epsg": grid.epsg,
            "pixel_width": abs(grid.geotransform[1]),
            "pixel_height": abs(grid.geotransform[5]),
        },
        "weighting": "each pixel by the exact share of it inside the outline",
        "engine": {"name": "furrow-ndvi", "version": engine_version},
    }
    if len(scenes) > 1:
        whole["scenes"] = parts
        whole["radiometry"] = {
            "verdict": weakest_verdict(scene.radiometry_verdict for scene in scenes),
            "scenes": radiometry,
        }
        whole["mosaic"] = {"rule": MOSAIC_RULE, "scene_count": len(scenes)}
    return whole


def mask_of(scenes: Sequence[Scene]) -> str:
    """Say how scenes are masked: once where all are masked alike."""
    words = [mask_words(scene.assets.all()) for scene in scenes]
    if len(set(words)) == 1:
        return words[0]
    return " ".join(
        f"Scene {number} of {len(words)}: {each}" for number, each in enumerate(words, start=1)
    )


def _scene(scene: Scene, index: Index) -> dict[str, Any]:
    assets = list(scene.assets.all())
    bound = bind_bands(index, assets) or {}
    return {
        "id": scene.pk,
        "name": scene.name,
        "platform": scene.platform,
        "is_simulated": scene.is_simulated,
        "acquired_at": scene.acquired_at.isoformat(),
        "assets": {
            asset.name: {
                "object": asset.object_key or public_address(asset.url),
                "band_number": asset.band_number,
            }
            for asset in assets
            if asset.role == "mask" or asset in bound.values()
        },
        "radiometry_reason": scene.radiometry_reason,
    }


def _radiometry(scene: Scene, index: Index) -> dict[str, Any]:
    return {
        "processing_baseline": scene.processing_baseline,
        "source": scene.radiometry_source,
        "verdict": scene.radiometry_verdict,
        "bands": {
            name: {"asset": asset, "scale": scale, "offset": offset}
            for name, (asset, scale, offset) in bands_in_use(scene, index).items()
        },
    }


def bands_in_use(scene: Scene, index: Index) -> dict[str, tuple[str, float, float]]:
    """Return for each band of an index what it is read from, with its scale and offset."""
    bound = bind_bands(index, scene.assets.all()) or {}
    return {
        name: (asset.name, *effective_radiometry(scene=scene, asset=asset))
        for name, asset in bound.items()
    }


def public_address(url: str) -> str:
    """Leave out what may be a secret: user and password, and the signature behind “?”.

    Everybody who sees a number sees its receipt.
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
