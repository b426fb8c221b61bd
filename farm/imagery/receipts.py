"""The receipt of a number: everything that it depends on, so that anybody can compute it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from farm.imagery.catalogue import catalogue
from farm.imagery.masks import mask_dilation_m, mask_words
from farm.imagery.scene_source import bind_bands, effective_radiometry

if TYPE_CHECKING:
    from datetime import datetime

    from farm.imagery.catalogue import Index
    from farm.imagery.domain import Grid
    from farm.imagery.models import Scene

# Changes with the shape of the receipt.
RECEIPT_VERSION = 1


def receipt(
    *, scene: Scene, index: Index, grid: Grid, engine_version: str, computed_at: datetime
) -> dict[str, Any]:
    """Write the receipt of an index in a scene.

    What differs from scene to scene stands below ``scene``, so that the receipts of a season of one
    product are alike in the rest and are shown once.

    Args:
        scene: The scene with its assets, as it was judged.
        index: The index.
        grid: The grid it was computed on.
        engine_version: Version of furrow-ndvi.
        computed_at: When.
    """
    assets = list(scene.assets.all())
    bound = bind_bands(index, assets) or {}
    bands = {}
    for name, asset in bound.items():
        scale, offset = effective_radiometry(scene=scene, asset=asset)
        bands[name] = {"asset": asset.name, "scale": scale, "offset": offset}
    return {
        "version": RECEIPT_VERSION,
        "scene": {
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
            "computed_at": computed_at.isoformat(),
        },
        "radiometry": {
            "processing_baseline": scene.processing_baseline,
            "source": scene.radiometry_source,
            "verdict": scene.radiometry_verdict,
            "bands": bands,
        },
        "mask": {"rule": mask_words(assets), "dilation_m": mask_dilation_m()},
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


def public_address(url: str) -> str:
    """Leave out what may be a secret: user and password, and the signature behind “?”.

    Everybody who sees a number sees its receipt.
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
