"""A scene made from a seed: as large as a Sentinel-2 tile, with fields, noise and clouds.

Digital numbers are those of a product with an offset: reflectance is (number - 1000) / 10,000, and
0 means "no data". Noise is chosen so that Deflate with predictor 2 leaves a little more than half.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.transform import Affine
from shapely import to_wkb
from shapely.geometry import Polygon

EPSG = 32631
WEST, NORTH = 600_000.0, 5_700_000.0  # upper left corner, m
PIXEL_M = 10.0
FULL_SIDE = 10_980
OFFSET = 1000  # digital number of reflectance 0
SCL_MASKED = (3, 8, 9, 10)  # cloud shadow, clouds, cirrus
VERSION = 4  # counts up when the same seed makes another scene

NOISE = 22.0  # standard deviation, digital numbers
TILE = 512


@dataclass(frozen=True, slots=True)
class Scene:
    """Files of a scene on a side of so many pixels of 10 m."""

    folder: Path
    side: int

    @property
    def red(self) -> Path:
        """Red, uint16, 10 m."""
        return self.folder / "red.tif"

    @property
    def nir(self) -> Path:
        """Near infrared, uint16, 10 m."""
        return self.folder / "nir.tif"

    @property
    def classes(self) -> Path:
        """Scene classification, uint8, 20 m."""
        return self.folder / "scl.tif"

    @property
    def fields(self) -> Path:
        """Outlines of fields."""
        return self.folder / "fields.json"


def scene(cache: Path, *, side: int = FULL_SIDE, fields: int = 10_000, seed: int = 7) -> Scene:
    """Make the scene, or take it from the cache.

    Args:
        cache: Folder of scenes; made where it is missing.
        side: Columns and rows of the bands, an even number.
        fields: How many outlines.
        seed: Decides every pixel and outline.

    Returns:
        The scene, with all its files.
    """
    found = Scene(cache / f"v{VERSION}-{side}-{fields}-{seed}", side)
    done = found.folder / "done"
    if not done.exists():
        found.folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(seed)
        _write_rasters(found, rng)
        found.fields.write_text(json.dumps(outlines(rng, side, fields)))
        done.touch()
    return found


def _write_rasters(target: Scene, rng: np.random.Generator) -> None:
    side = target.side
    half = side // 2
    parcels = _parcels(rng, side)
    green = rng.uniform(0.05, 1.0, parcels.max() + 1).astype(np.float32)  # of each parcel
    soil = rng.uniform(0.7, 1.3, parcels.max() + 1).astype(np.float32)
    wetness = _smooth(rng, half, 40)
    cloud = _smooth(rng, half, 12) + 0.3 * _smooth(rng, half, 90)
    shadow = np.roll(cloud, (25, 25), (0, 1))
    common = {
        "driver": "GTiff", "crs": f"EPSG:{EPSG}", "count": 1, "tiled": True, "blockxsize": TILE,
        "blockysize": TILE, "compress": "deflate", "predictor": 2, "num_threads": "all_cpus",
    }  # fmt: skip
    fine = Affine(PIXEL_M, 0, WEST, 0, -PIXEL_M, NORTH)
    bands = {**common, "dtype": "uint16", "nodata": 0, "width": side, "height": side,
             "transform": fine}  # fmt: skip
    with (
        rasterio.open(target.red, "w", **bands) as red,
        rasterio.open(target.nir, "w", **bands) as nir,
    ):
        for row in range(0, side, TILE):
            rows = min(TILE, side - row)
            window = rasterio.windows.Window(0, row, side, rows)
            coarse = slice(row // 2, (row + rows + 1) // 2)
            of_parcel = parcels[coarse].repeat(2, 0)[:rows].repeat(2, 1)
            vigour = green[of_parcel] + 0.1 * wetness[coarse].repeat(2, 0)[:rows].repeat(2, 1)
            white = np.clip(cloud[coarse] - 0.9, 0, 1).repeat(2, 0)[:rows].repeat(2, 1) * 5000
            bright = soil[of_parcel]
            # The outermost columns of an orbit's edge hold nothing.
            empty = np.arange(side) < (side // 12) * (
                1 - np.arange(row, row + rows)[:, None] / side
            )
            for file, level in ((red, 1900 - 1500 * vigour), (nir, 1700 + 2300 * vigour)):
                noise = rng.standard_normal((rows, side), dtype=np.float32) * NOISE
                number = np.clip(OFFSET + level * bright + white + noise, 1, 20_000)
                number[empty] = 0
                file.write(number.astype(np.uint16), 1, window=window)
    scl = np.where(wetness > 2.2, 6, np.where(green[parcels] > 0.35, 4, 5)).astype(np.uint8)
    scl[(shadow > 1.05)] = 3
    scl[cloud > 0.8] = 10
    scl[cloud > 0.9] = 8
    scl[cloud > 1.15] = 9
    coarse_pixels = Affine(2 * PIXEL_M, 0, WEST, 0, -2 * PIXEL_M, NORTH)
    classes = {**common, "predictor": 1, "dtype": "uint8", "nodata": 0, "width": half,
               "height": half, "transform": coarse_pixels}  # fmt: skip
    with rasterio.open(target.classes, "w", **classes) as file:
        file.write(scl, 1)


def _smooth(rng: np.random.Generator, side: int, cells: int) -> NDArray[np.float32]:
    """Noise without sharp borders, so many cells wide, of mean 0 and deviation near 1."""
    knots = rng.standard_normal((cells + 2, cells + 2)).astype(np.float32)
    place = np.arange(side, dtype=np.float32) * (cells / side)
    cell = place.astype(np.intp)
    share = place - cell
    share = share * share * (3 - 2 * share)
    rows = knots[cell] * (1 - share[:, None]) + knots[cell + 1] * share[:, None]
    found: NDArray[np.float32] = rows[:, cell] * (1 - share) + rows[:, cell + 1] * share
    return found


def _parcels(rng: np.random.Generator, side: int) -> NDArray[np.int32]:
    """Number of the parcel of each 20 m pixel: crooked rectangles of a few hectares."""
    half = side // 2
    bend = 12 * _smooth(rng, half, 30)
    across = np.arange(half, dtype=np.float32)
    per_row = half // 14 + 4
    row: NDArray[np.int32] = ((across[:, None] - bend) / 14).astype(np.int32) + 1
    shift = rng.uniform(0, 1, row.max() + 1).astype(np.float32)
    col = ((across[None, :] + bend) / 16 + shift[row]).astype(np.int32) + 1
    found: NDArray[np.int32] = row * np.int32(per_row) + col
    return found


def chosen(target: Scene, count: int) -> list[dict[str, Any]]:
    """So many of the scene's outlines, spread over all of it."""
    every: list[dict[str, Any]] = json.loads(target.fields.read_text())
    step = max(1, len(every) // count)
    # Lattices of a hundred by hundred: a step of ten alone would be ten columns.
    order = [(number * 7919) % len(every) for number in range(0, len(every), step)]
    return [every[number] for number in order[:count]]


def outlines(rng: np.random.Generator, side: int, count: int) -> list[dict[str, object]]:
    """Outlines of 2 to 50 ha with 5 to 60 corners, one in each cell of a lattice.

    Returns:
        For each its number, corners in metres of the scene's reference system and WKB in degrees,
        hexadecimal. Corners are those of the degrees, to the last bit that a projection keeps.
    """
    to_degrees = Transformer.from_crs(EPSG, 4326, always_xy=True)
    to_metres = Transformer.from_crs(4326, EPSG, always_xy=True)
    per_side = int(np.ceil(np.sqrt(count)))
    step = side * PIXEL_M / per_side
    found: list[dict[str, object]] = []
    for number in range(count):
        corners = int(rng.integers(5, 61))
        hectares = float(np.exp(rng.uniform(np.log(2), np.log(50))))
        turns = np.sort((np.arange(corners) + rng.uniform(-0.35, 0.35, corners)) / corners)
        radii = rng.uniform(0.75, 1.25, corners)
        ring = radii[:, None] * np.column_stack(
            (np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns))
        )
        ring *= np.sqrt(hectares * 10_000 / Polygon(ring).area)
        cell = np.array((number % per_side, number // per_side)) + rng.uniform(0.3, 0.7, 2)
        ring += (WEST + cell[0] * step, NORTH - cell[1] * step)
        lon, lat = to_degrees.transform(ring[:, 0], ring[:, 1])
        x, y = to_metres.transform(lon, lat)
        found.append(
            {
                "number": number,
                "metres": [[*point] for point in zip(x.tolist(), y.tolist(), strict=True)],
                "wkb": to_wkb(Polygon(np.column_stack((lon, lat))), hex=True),
            }
        )
    return found
