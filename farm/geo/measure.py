"""Area and perimeter on the ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pyproj import Geod

if TYPE_CHECKING:
    from shapely import MultiPolygon


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """How large an outline is."""

    area_m2: float
    perimeter_m: float


@lru_cache(maxsize=1)
def _wgs84() -> Geod:
    return Geod(ellps="WGS84")


def measure_outline(outline: MultiPolygon) -> Measures:
    """Measure along geodesics of WGS 84 (Karney 2013, doi:10.1007/s00190-012-0578-z).

    Args:
        outline: Outer rings counter-clockwise and holes clockwise, so that holes subtract.

    Returns:
        Area without the holes, and the length of the outer rings.
    """
    area_m2, perimeter_m = _wgs84().geometry_area_perimeter(outline)
    return Measures(area_m2=area_m2, perimeter_m=perimeter_m)


def distance_m(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Length of the geodesic between two positions (longitude, latitude; degrees)."""
    _, _, length_m = _wgs84().inv(*start, *end)
    return float(length_m)
