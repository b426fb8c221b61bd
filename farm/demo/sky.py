"""Clouds, their shadows and haze over a simulated scene."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from farm.demo.terrain import PIXEL_M, smooth_noise

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

CLOUD_HEIGHT_M = 500.0
_LATITUDE_DEG = 50.8
# From this opacity on a pixel counts as cloud; the thin rim below it is a pixel or two wide, so
# that a mask without dilation is visibly too small and one with it is right.
_THICK, _MEDIUM, _THIN_SHADOW = 0.60, 0.10, 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """What stands between the ground and the sensor; each (rows, cols) float64 at 10 m."""

    cloud: NDArray[np.float64]  # opacity 0–1
    shadow: NDArray[np.float64]  # darkening 0–1
    cirrus: NDArray[np.float64]  # added reflectance, 0–0.05


def make_sky(
    *,
    size_px: int,
    cloud_share: float,
    cirrus_share: float,
    day: date,
    generator: np.random.Generator,
) -> Sky:
    """Draw the sky of a day.

    Args:
        size_px: Side of the scene.
        cloud_share: Share of the scene under cloud, 0–1.
        cirrus_share: Share of the scene under thin cirrus, 0–1.
        day: Decides how high the sun stands, hence how far shadows fall.
        generator: Source of chance.
    """
    cloud = _patches(size_px, 18.0, cloud_share, generator)
    cirrus = 0.05 * _patches(size_px, 45.0, cirrus_share, generator)
    # The sun stands in the south south-east when Sentinel-2 passes: shadows fall north north-west.
    length_px = CLOUD_HEIGHT_M / math.tan(math.radians(sun_elevation_deg(day))) / PIXEL_M
    up = min(round(length_px * math.cos(math.radians(20.0))), size_px)
    left = min(round(length_px * math.sin(math.radians(20.0))), size_px)
    shadow = np.zeros_like(cloud)
    shadow[: size_px - up, : size_px - left] = cloud[up:, left:]
    return Sky(cloud=cloud, shadow=shadow * (1.0 - cloud), cirrus=cirrus)


def scene_classes(
    *, ndvi: NDArray[np.float64], water: NDArray[np.float64], sky: Sky
) -> NDArray[np.uint8]:
    """Classify like Sen2Cor's SCL, on the 20 m grid.

    Args:
        ndvi: (rows, cols) at 10 m, of the ground.
        water: (rows, cols) at 10 m, share of the pixel under water.
        sky: Of the same grid.

    Returns:
        (rows / 2, cols / 2): 3 shadow, 4 vegetation, 5 bare, 6 water, 8 and 9 cloud, 10 cirrus.
    """
    classes = np.where(halve(ndvi) > 0.35, 4, 5).astype(np.uint8)
    classes[halve(water) > 0.5] = 6
    classes[halve(sky.cirrus) > 0.005] = 10
    classes[halve(sky.shadow) > _THIN_SHADOW] = 3
    classes[halve(sky.cloud) > _MEDIUM] = 8
    classes[halve(sky.cloud) > _THICK] = 9
    return classes


def halve(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average two by two pixels: (rows, cols) becomes (rows / 2, cols / 2)."""
    rows, cols = values.shape
    return np.asarray(values.reshape(rows // 2, 2, cols // 2, 2).mean(axis=(1, 3)))


def sun_elevation_deg(day: date) -> float:
    """Height of the sun near noon, degrees.

    Source: declination by Cooper (1969), doi:10.1016/0038-092X(69)90047-4.
    """
    declination = 23.45 * math.sin(2.0 * math.pi * (284 + day.timetuple().tm_yday) / 365.0)
    return max(90.0 - _LATITUDE_DEG + declination, 5.0)


def _patches(
    size_px: int, radius_px: float, share: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Patches over about this share of the scene, 1 inside and falling to 0 over a few pixels."""
    surface = smooth_noise(size_px, min(radius_px, size_px / 8), generator)
    if share <= 0.0:
        return np.zeros_like(surface)
    if share >= 1.0:
        return np.clip(0.92 + 0.04 * surface, 0.75, 1.0)
    edge = np.quantile(surface, 1.0 - share)
    return np.clip((surface - edge) / 0.35, 0.0, 1.0)
