"""Writing small GeoTIFFs: one band, tiled, Deflate."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
import tifffile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

# Tag numbers and keys: OGC GeoTIFF 1.1 (19-008r4), annex on GeoKeys; 42112 and 42113 are GDAL's.
_MODEL_PIXEL_SCALE, _MODEL_TIEPOINT, _GEO_KEY_DIRECTORY = 33550, 33922, 34735
_GDAL_METADATA, _GDAL_NODATA = 42112, 42113


def write_geotiff(
    path: Path,
    pixels: NDArray[np.uint16] | NDArray[np.uint8],
    *,
    epsg: int,
    upper_left: tuple[float, float],
    pixel_m: float,
    description: str,
    items: Mapping[str, str],
) -> None:
    """Write one band; the same input gives the same bytes.

    Args:
        path: The file to write.
        pixels: (rows, cols); 0 is no data.
        epsg: A projected reference system in metres.
        upper_left: Easting and northing of the outer corner.
        pixel_m: Side of a pixel.
        description: Name of the band.
        items: Further items of the GDAL metadata.
    """
    easting, northing = upper_left
    keys = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, epsg)
    texts = "".join(
        f'  <Item name="{escape(name)}">{escape(text)}</Item>\n' for name, text in items.items()
    )
    metadata = (
        f"<GDALMetadata>\n{texts}"
        f'  <Item name="DESCRIPTION" sample="0" role="description">{escape(description)}</Item>\n'
        "</GDALMetadata>\n"
    )
    tifffile.imwrite(
        path,
        pixels,
        photometric="minisblack",
        tile=(256, 256),
        compression="adobe_deflate",
        compressionargs={"level": 6},
        predictor=2,
        metadata=None,
        software=False,
        maxworkers=1,
        extratags=[
            (_MODEL_PIXEL_SCALE, "d", 3, (pixel_m, pixel_m, 0.0), True),
            (_MODEL_TIEPOINT, "d", 6, (0.0, 0.0, 0.0, easting, northing, 0.0), True),
            (_GEO_KEY_DIRECTORY, "H", len(keys), keys, True),
            (_GDAL_METADATA, "s", 0, metadata, True),
            (_GDAL_NODATA, "s", 0, "0", True),
        ],
    )
