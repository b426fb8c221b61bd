"""Turns a scene's rows into what furrow-ndvi reads, for whoever asks.

The one place, so that every number, picture and file of a scene rests on the same bands, the same
scale and offset and the same mask.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from farm.errors import InvalidInputError
from farm.imagery.catalogue import STAND_INS
from farm.imagery.domain import Band, ObjectRef, SceneSource
from farm.imagery.masks import mask_layers, measured_range
from farm.imagery.models import AssetRole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from farm.imagery.catalogue import Index
    from farm.imagery.domain import IndexFormula
    from farm.imagery.models import Scene, SceneAsset


def scene_source(*, scene: Scene, bands: Iterable[str]) -> SceneSource:
    """Describe a scene for furrow-ndvi.

    Args:
        scene: With its assets; ``prefetch_related("assets")`` saves a query.
        bands: Names of the bands to read, as formulas call them; see ``formula_bands``.

    Raises:
        InvalidInputError: The scene has no such band, nor one that stands in for it.
    """
    assets = list(scene.assets.all())
    by_name = {asset.name: asset for asset in assets if asset.role == AssetRole.BAND}
    read = []
    for name in bands:
        asset = by_name.get(name) or by_name.get(STAND_INS.get(name, ""))
        if asset is None:
            has = ", ".join(sorted(by_name)) or "none"
            msg = f"The scene “{scene.name}” has no band “{name}”; its bands are: {has}."
            raise InvalidInputError(msg, reason="BAND_MISSING")
        read.append(_band(scene=scene, assets=assets, asset=asset, name=name))
    return SceneSource(
        scene_id=str(scene.pk), bands=tuple(read), masks=tuple(mask_layers(scene, assets))
    )


def bind_bands(index: Index, assets: Iterable[SceneAsset]) -> dict[str, SceneAsset] | None:
    """Say which asset each band of an index is read from; None when one is missing."""
    by_name = {asset.name: asset for asset in assets if asset.role == AssetRole.BAND}
    sources = index.band_sources(by_name)
    return None if sources is None else {band: by_name[name] for band, name in sources.items()}


def formula_bands(indices: Iterable[Index]) -> tuple[str, ...]:
    """List the bands that some formulas name, each once, in the order of first mention."""
    return tuple(dict.fromkeys(band for index in indices for band in index.bands))


def computable_indices(*, scene: Scene, indices: Iterable[Index]) -> tuple[Index, ...]:
    """Keep the indices that the scene's bands and radiometry allow."""
    available = band_names(scene)
    return tuple(
        index
        for index in indices
        if index.formula_for(available, has_reflectance=has_reflectance(scene)) is not None
    )


def require_index(*, scene: Scene, index: Index) -> IndexFormula:
    """Return the formula of an index for a scene.

    Raises:
        InvalidInputError: The scene lacks a band, or the reflectance that the formula needs.
    """
    missing = index.missing_bands(band_names(scene))
    if missing:
        msg = f"The scene “{scene.name}” lacks {', '.join(missing)}, which {index.id} is made of."
        raise InvalidInputError(msg, reason="BAND_MISSING")
    if index.needs_reflectance and not has_reflectance(scene):
        msg = (
            f"{index.id} needs reflectance, but the scale and offset of the scene “{scene.name}” "
            "are not known."
        )
        raise InvalidInputError(msg, reason="REFLECTANCE_MISSING")
    return index.as_formula()


def band_names(scene: Scene) -> Collection[str]:
    """Name the bands a scene has."""
    return {asset.name for asset in scene.assets.all() if asset.role == AssetRole.BAND}


def has_reflectance(scene: Scene) -> bool:
    """Say whether digital numbers of the scene can be turned into reflectance."""
    scale = scene.scale if scene.scale_override is None else scene.scale_override
    return scale is not None


def source_digest(sources: Sequence[SceneSource], *parts: object) -> str:
    """Return a SHA-256 over scene sources and whatever else a result depends on.

    Equal digests mean equal results: keys of objects contain the hash of their content.

    Args:
        sources: Bands with scale and offset, and masks with their rules; the preferred first.
        parts: Plain values that JSON can hold.
    """
    document = [[asdict(source) for source in sources], *parts]
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def effective_radiometry(*, scene: Scene, asset: SceneAsset) -> tuple[float, float]:
    """Return scale and offset of a band: the operator's, else the band's own, else the scene's.

    Where nothing is known, digital numbers pass unchanged; ``has_reflectance`` then says no.
    """
    scale = _first_known(scene.scale_override, asset.scale, scene.scale, 1.0)
    offset = _first_known(scene.offset_override, asset.offset, scene.offset, 0.0)
    return scale, offset


def _band(*, scene: Scene, assets: list[SceneAsset], asset: SceneAsset, name: str) -> Band:
    scale, offset = effective_radiometry(scene=scene, asset=asset)
    smallest, largest = measured_range(scene, assets, asset)
    return Band(
        name=name,
        object=ObjectRef(key=asset.object_key, url=asset.url),
        band_number=asset.band_number,
        scale=scale,
        offset=offset,
        nodata=asset.nodata,
        min_digital_number=smallest,
        max_digital_number=largest,
    )


def _first_known(*values: float | None) -> float:
    return next(value for value in values if value is not None)
