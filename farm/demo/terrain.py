"""What stands where: exact shares of pixels inside fields, neighbours' parcels, soil zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from farm.demo.layout import ULX, ULY, DemoField, Shape
from farm.demo.season import crops

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIXEL_M = 10.0
# Neighbours' parcels per square kilometre, about what the loam belt has.
_PARCELS_PER_KM2 = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """How one field or neighbour's parcel differs from its crop's curve."""

    crop: str
    shift_days: float
    vigour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The share of each pixel inside a field; only the window that the field touches."""

    row: int  # of the window's upper left pixel
    col: int
    shares: NDArray[np.float64]  # (rows, cols), 0–1


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """All that does not change from date to date."""

    fields: tuple[DemoField, ...]
    coverages: tuple[Coverage, ...]  # of the fields
    ponds: tuple[Coverage, ...]
    parcels: tuple[Parcel, ...]  # the fields first, then the neighbours
    neighbour: NDArray[np.int64]  # (rows, cols), index into parcels
    zones: NDArray[np.float64]  # (rows, cols), NDVI difference by soil, about ±0.08


def make_terrain(
    *, fields: tuple[DemoField, ...], size_px: int, generator: np.random.Generator
) -> Terrain:
    """Lay out the ground once for all dates."""
    own = [_parcel(field.crop, generator) for field in fields]
    neighbour, theirs = _neighbours(size_px, len(own), generator)
    ponds = tuple(
        cover_pixels(shapely.Polygon(hole), size_px=size_px)
        for field in fields
        if field.is_water_inside
        for hole in shapely.get_parts(field.shape)[0].interiors
    )
    return Terrain(
        fields=fields,
        coverages=tuple(cover_pixels(field.shape, size_px=size_px) for field in fields),
        ponds=ponds,
        parcels=(*own, *theirs),
        neighbour=neighbour,
        zones=0.035 * smooth_noise(size_px, 14.0, generator)
        + 0.015 * smooth_noise(size_px, 3.0, generator),
    )


def cover_pixels(shape: Shape, *, size_px: int) -> Coverage:
    """Share of each 10 m pixel inside a shape, exact: the clipped pixel's area over the pixel's."""
    west, south, east, north = shape.bounds
    left, right = _limits((west - ULX) / PIXEL_M, (east - ULX) / PIXEL_M, size_px)
    top, bottom = _limits((ULY - north) / PIXEL_M, (ULY - south) / PIXEL_M, size_px)
    cols, rows = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
    x, y = ULX + cols * PIXEL_M, ULY - rows * PIXEL_M
    pixels = shapely.box(x, y - PIXEL_M, x + PIXEL_M, y)
    shapely.prepare(shape)
    shares = shapely.covers(shape, pixels).astype(np.float64)
    edge = shapely.intersects(shape, pixels) & (shares == 0.0)
    shares[edge] = shapely.area(shapely.intersection(pixels[edge], shape)) / PIXEL_M**2
    return Coverage(row=top, col=left, shares=shares)


def smooth_noise(
    size_px: int, radius_px: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Draw a smooth random surface: white noise under a Gaussian filter, mean 0, deviation 1."""
    white = generator.standard_normal((size_px, size_px))
    across = np.fft.rfftfreq(size_px)
    down = np.fft.fftfreq(size_px)[:, None]
    # The Fourier transform of a Gaussian of deviation r is exp(-2 π² r² f²).
    low_pass = np.exp(-2.0 * (np.pi * radius_px) ** 2 * (across**2 + down**2))
    surface = np.fft.irfft2(np.fft.rfft2(white) * low_pass, s=white.shape)
    return np.asarray((surface - surface.mean()) / surface.std())


def _limits(low: float, high: float, size_px: int) -> tuple[int, int]:
    first = min(max(int(np.floor(low)), 0), size_px)
    return first, min(max(int(np.ceil(high)), first), size_px)


def _parcel(crop: str, generator: np.random.Generator) -> Parcel:
    return Parcel(
        crop=crop,
        shift_days=float(generator.normal(0.0, 5.0)),
        vigour=float(np.clip(generator.normal(0.97, 0.07), 0.75, 1.1)),
    )


def _neighbours(
    size_px: int, first_index: int, generator: np.random.Generator
) -> tuple[NDArray[np.int64], list[Parcel]]:
    """Cut the surroundings into the cells of random seeds, stretched along the valley."""
    area_km2 = (size_px * PIXEL_M / 1000.0) ** 2
    count = max(int(area_km2 * _PARCELS_PER_KM2), 4)
    seeds = generator.uniform(0, size_px, (count, 2)) * [1.0, 1.8]
    rows, cols = np.mgrid[0:size_px, 0:size_px]
    nearest = np.zeros((size_px, size_px), dtype=np.int64)
    least = np.full((size_px, size_px), np.inf)
    for index, (row, col) in enumerate(seeds):
        distance = (rows - row) ** 2 + (1.8 * cols - col) ** 2
        closer = distance < least
        nearest[closer] = index
        least[closer] = distance[closer]
    names = crops()
    parcels = [_parcel(names[int(generator.integers(len(names)))], generator) for _ in seeds]
    return nearest + first_index, parcels
