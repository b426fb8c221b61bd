"""Which pixels do not show the ground, by the product's own quality layers.

Dilation is off unless ``MASK_DILATION_M`` says otherwise. Clouds and shadows in SCL are drawn too
narrow (Zekoll et al. 2021, doi 10.3390/rs13010137, find a margin of 100 to 200 m useful), but a
margin takes whole fields from small clips and makes numbers that nobody can reproduce from the
product alone. So the operator decides, and the receipt of every number states the metres.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from farm.imagery.domain import BitRule, ClassRule, MaskLayer, ObjectRef
from farm.imagery.models import AssetRole, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from farm.imagery.models import Scene, SceneAsset

# Sentinel-2 Level-2A scene classification, Products Specification Document, table of SCL classes:
# 4 vegetation, 5 bare soil, 6 water, 7 unclassified. All other values hide the ground: 0 no data,
# 1 saturated, 2 cast shadow, 3 cloud shadow, 8 and 9 cloud, 10 cirrus, 11 snow, 12 on undefined.
SCL_KEPT = (4, 5, 6, 7)
SCL_VEGETATION = 4
SCL_MASKED = tuple(value for value in range(256) if value not in SCL_KEPT)
SCL_DILATED = (3, 8, 9, 10)

# Landsat Collection 2 QA_PIXEL, Level 2 Science Product Guide, table of bits: 0 fill, 1 dilated
# cloud, 2 cirrus, 3 cloud, 4 cloud shadow. Bit 1 is a margin already, so it does not grow again.
QA_PIXEL_MASKED = 0b1_1111
QA_PIXEL_DILATED = 0b1_1100

# Landsat Collection 1 pixel_qa, LaSRC Product Guide: 0 fill, 3 cloud shadow, 4 snow, 5 cloud. The
# same words as above with other bits, which is why the two are told apart by name.
PIXEL_QA_MASKED = 0b11_1001
PIXEL_QA_DILATED = 0b10_1000

# Any bit: bands saturated on board, or terrain hid the pixel (bit 11).
QA_RADSAT_MASKED = 0xFFFF

_RULES: dict[str, ClassRule | BitRule] = {
    "scl": ClassRule(masked=SCL_MASKED, dilated=SCL_DILATED),
    "qa_pixel": BitRule(masked=QA_PIXEL_MASKED, dilated=QA_PIXEL_DILATED),
    "pixel_qa": BitRule(masked=PIXEL_QA_MASKED, dilated=PIXEL_QA_DILATED),
    "qa_radsat": BitRule(masked=QA_RADSAT_MASKED),
}
MASK_NAMES = frozenset(_RULES)

_WORDS = {
    "scl": "SCL classes 4, 5, 6 and 7 are kept",
    "qa_pixel": "QA_PIXEL bits 0 to 4 (fill, dilated cloud, cirrus, cloud, shadow) are masked",
    "pixel_qa": "pixel_qa bits 0, 3, 4 and 5 (fill, shadow, snow, cloud) are masked",
    "qa_radsat": "QA_RADSAT: any bit (saturated or hidden by terrain) is masked",
}

# Largest numbers that are measurements. Collection 1 surface reflectance is valid to 10,000, and
# negative values come wrapped to unsigned (LaSRC Product Guide); Collection 2 is valid to 43,636,
# which is reflectance 1 (Level 2 Science Product Guide). Sentinel-2 writes 65,535 where it was
# saturated.
_LARGEST_MEASUREMENT = {"pixel_qa": 10_000.0, "qa_pixel": 43_636.0}
_LARGEST_UNSATURATED = 65_534.0


def mask_dilation_m() -> float:
    """Return by how many metres clouds and shadows grow, 0 to 1000."""
    return float(settings.MASK_DILATION_M)


def mask_layers(scene: Scene, assets: Iterable[SceneAsset]) -> tuple[MaskLayer, ...]:
    """Describe a scene's masks for furrow-ndvi, SCL first.

    Args:
        scene: The scene; its platform has no say, because the layer's name fixes its meaning.
        assets: The scene's assets; bands among them are passed over.
    """
    del scene
    dilation_m = mask_dilation_m()
    masks = [asset for asset in assets if asset.role == AssetRole.MASK]
    masks.sort(key=lambda asset: list(_RULES).index(asset.name))
    return tuple(
        MaskLayer(
            object=ObjectRef(key=asset.object_key, url=asset.url),
            band_number=asset.band_number,
            rule=_RULES[asset.name],
            dilation_m=dilation_m,
        )
        for asset in masks
    )


def mask_words(assets: Iterable[SceneAsset]) -> str:
    """Say in a sentence how a scene is masked, for receipts."""
    words = [_WORDS[asset.name] for asset in assets if asset.role == AssetRole.MASK]
    if not words:
        return "No mask: the scene has no quality layer."
    grown = f"; clouds and shadows grow by {mask_dilation_m():g} m" if mask_dilation_m() else ""
    return f"{'; '.join(words)}{grown}."


def measured_range(
    scene: Scene, assets: Iterable[SceneAsset], asset: SceneAsset
) -> tuple[float | None, float | None]:
    """Return the smallest and largest digital number of a band that is a measurement.

    Both are None for anything but 16-bit satellite numbers. 0 is never a measurement there, even
    where the file names another nodata value.
    """
    if scene.platform == Platform.OTHER or asset.data_type != "uint16":
        return None, None
    names = {other.name for other in assets if other.role == AssetRole.MASK}
    largest = next(
        (_LARGEST_MEASUREMENT[name] for name in _LARGEST_MEASUREMENT if name in names),
        _LARGEST_UNSATURATED,
    )
    return 1.0, largest
