"""Two bands of noise as cloud-optimized files, for tests of where files may lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer

from farm.imagery.domain import Band, FieldOutline, IndexFormula, ObjectRef, SceneSource

if TYPE_CHECKING:
    from pathlib import Path

    from farm.clients.ndvi import NdviClient
    from farm.imagery.domain import FieldSummary

EPSG = 32631
WEST, NORTH = 500_000.0, 5_650_000.0
TILE = 512
NDVI = IndexFormula(name="ndvi", formula="(nir - red) / (nir + red)")
TIMEOUT_S = 30.0
TO_DEGREES = Transformer.from_crs(EPSG, 4326, always_xy=True)


def write_bands(folder: Path, *, side: int) -> None:
    """Write `red.tif` and `nir.tif`, square, 10 m: values that hardly pack."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(11)
    for name, level in (("red", 2_000), ("nir", 6_000)):
        with rasterio.open(
            folder / f"{name}.tif",
            "w",
            driver="COG",
            width=side,
            height=side,
            count=1,
            dtype="uint16",
            crs=EPSG,
            transform=Affine(10, 0, WEST, 0, -10, NORTH),
            compress="deflate",
            blocksize=TILE,
            overview_resampling="nearest",
        ) as file:
            file.write(random.integers(level - 1_900, level + 1_900, (1, side, side), "uint16"))


def outline(*, col: float, row: float, width: float, height: float) -> bytes:
    """A rectangle of pixels, in degrees."""
    box = shapely.box(
        WEST + 10 * col, NORTH - 10 * (row + height), WEST + 10 * (col + width), NORTH - 10 * row
    )
    corners = [TO_DEGREES.transform(x, y) for x, y in box.exterior.coords]
    return bytes(shapely.to_wkb(shapely.Polygon(corners)))


def scene(red: ObjectRef, nir: ObjectRef) -> SceneSource:
    """The two bands as a scene."""
    bands = (Band(name="red", object=red), Band(name="nir", object=nir))
    return SceneSource(scene_id="noise", bands=bands)


def summary(ndvi: NdviClient, source: SceneSource, outline_wkb: bytes) -> FieldSummary:
    """NDVI over one field."""
    answers = ndvi.summarize_fields(
        scenes=[source],
        indices=[NDVI],
        fields=[FieldOutline(field_id="a", outline_wkb=outline_wkb)],
        timeout_s=TIMEOUT_S,
    )
    (found,) = answers
    return found
