"""What PROJ makes of a point: the operation to hold a reference system against, and its points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Transformer
from pyproj.transformer import TransformerGroup

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj.aoi import AreaOfUse

# An operation whose area holds this share of a system's area holds it, but for rounded borders.
WHOLE_SHARE = 0.95
NO_ACCURACY = 999.0
# S-JTSK reaches over Czechia and Slovakia. The one operation for both is good to 6 m, Czechia's
# own to 1 m.
PREFERRED = {4156: "Inverse of S-JTSK to WGS 84 (5)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """From WGS 84 to a geographic system, degrees to degrees, longitude first."""

    name: str
    pipeline: str  # in PROJ's words
    accuracy_m: float | None  # as EPSG states it; None where it does not
    area: AreaOfUse | None


@cache
def operations(base: int) -> tuple[Operation, ...]:
    """List the operations to a geographic system that need no grid file, in PROJ's order."""
    group = TransformerGroup(4326, base, always_xy=True)
    return tuple(
        Operation(
            name=found.description,
            pipeline=found.definition,
            accuracy_m=found.accuracy if found.accuracy >= 0 else None,
            area=found.area_of_use,
        )
        for found in group.transformers
        if "Ballpark" not in found.description  # a guess that there is no shift
    )


def best_operation(base: int, area: AreaOfUse) -> Operation | None:
    """Choose by area, then by stated accuracy, then by PROJ's order; None where there is none."""

    def rank(operation: Operation) -> tuple[float, float]:
        if base in PREFERRED and PREFERRED[base] in operation.name:
            return (-2.0, 0.0)
        share = held_share(operation.area, area)
        accuracy = NO_ACCURACY if operation.accuracy_m is None else operation.accuracy_m
        return (-1.0 if share >= WHOLE_SHARE else -round(share, 2), accuracy)

    return min(operations(base), key=rank, default=None)


def held_share(holder: AreaOfUse | None, area: AreaOfUse) -> float:
    """Say which share of an area of degrees another one holds, 0 to 1."""
    if holder is None:
        return 0.0
    total = inside = 0.0
    for west, east in _spans(area):
        total += east - west
        for start, end in _spans(holder):
            inside += max(0.0, min(east, end) - max(west, start))
    height = min(area.north, holder.north) - max(area.south, holder.south)
    share = inside / total if total else 1.0
    return share * min(1.0, max(0.0, height / ((area.north - area.south) or 1.0)))


def _spans(area: AreaOfUse) -> list[tuple[float, float]]:
    """Return west and east, in two parts where the area crosses the antimeridian."""
    if area.west <= area.east:
        return [(area.west, area.east)]
    return [(area.west, 180.0), (-180.0, area.east)]


def base_code(crs: CRS) -> int:
    """Return the code of the geographic system that a system is drawn on."""
    document = crs.to_json_dict()
    return int(document.get("base_crs", document)["id"]["code"])


def points_inside(area: AreaOfUse, *, seed: int, count: int) -> NDArray[np.float64]:
    """Draw longitudes and latitudes: near the four corners, then anywhere; (count, 2), degrees."""
    east = area.east + 360 if area.east < area.west else area.east
    shares = np.random.default_rng(seed).random((count, 2))
    shares[:4] = [(0, 0), (1, 0), (0, 1), (1, 1)]
    shares = 0.02 + 0.96 * shares
    lon = area.west + (east - area.west) * shares[:, 0]
    lat = area.south + (area.north - area.south) * shares[:, 1]
    # Microdegrees, so that a text holds a point as it is.
    points = np.column_stack((np.where(lon > 180, lon - 360, lon), np.clip(lat, -89.9, 89.9)))
    return np.round(points, 6)


def projected(
    crs: CRS, operation: Operation | None, points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Carry points to a system, east and north in its units; infinite where PROJ has none.

    Args:
        crs: The system.
        operation: To its geographic system; None: its degrees are taken for those of WGS 84.
        points: (n, 2), degrees of WGS 84, longitude first.
    """
    x, y = points.T
    for step in _steps(crs, operation):
        x, y = step.transform(x, y)
    return np.column_stack((x, y))


def unprojected(
    crs: CRS, operation: Operation | None, points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Carry points of a system to WGS 84: the way back, with the arguments of ``projected``.

    Shifts by seven parameters have no exact way back in PROJ: they end some millimetres beside.
    """
    x, y = points.T
    for step in reversed(_steps(crs, operation)):
        x, y = step.transform(x, y, direction="INVERSE")
    return np.column_stack((x, y))


def _steps(crs: CRS, operation: Operation | None) -> list[Transformer]:
    found = []
    if operation is not None and not operation.pipeline.startswith("proj=noop"):
        found.append(Transformer.from_pipeline(operation.pipeline))
    if not crs.is_geographic:
        found.append(Transformer.from_crs(base_code(crs), crs, always_xy=True))
    return found


def distances_m(
    crs: CRS, found: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Metres between points of a system, on its plane or along the equator's degrees."""
    east, north = (found - wanted).T
    if crs.is_geographic:
        east = (east + 180) % 360 - 180
        return np.hypot(east * np.cos(np.radians(wanted[:, 1])), north) * 111_320
    return np.hypot(east, north) * crs.axis_info[0].unit_conversion_factor
