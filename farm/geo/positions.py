"""Coordinates of a GeoJSON geometry, checked and counted before anything is built from them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from farm.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_VERTICES = 100_000  # of one outline; the services refuse more
MAX_PARTS = 1_000  # polygons of one outline
MAX_RINGS = 10_000  # outer rings and holes of one outline

Position = tuple[float, float]  # longitude, latitude; degrees
Ring = list[Position]

# The one reference system GeoJSON has, under the names that older files give it.
_WGS84_NAMES = frozenset(
    {
        "urn:ogc:def:crs:ogc:1.3:crs84",
        "urn:ogc:def:crs:ogc::crs84",
        "urn:ogc:def:crs:epsg::4326",
        "http://www.opengis.net/def/crs/ogc/1.3/crs84",
        "epsg:4326",
        "ogc:crs84",
    }
)


def rings_of_geojson(geometry: object) -> list[list[Ring]]:
    """Take the rings of a Polygon or MultiPolygon: per part the outer ring, then its holes.

    Raises:
        InvalidInputError: A type, count, number or closure is wrong; the sentence names the ring.
    """
    if not isinstance(geometry, dict):
        msg = "An outline is a GeoJSON geometry: an object with “type” and “coordinates”."
        raise InvalidInputError(msg, reason="OUTLINE_TYPE")
    refuse_foreign_crs(geometry)
    kind = geometry.get("type")
    coordinates = geometry.get("coordinates")
    if kind == "Polygon":
        parts = [coordinates]
    elif kind == "MultiPolygon":
        parts = _list(coordinates, "The coordinates of a MultiPolygon")
    else:
        sent = f"“{kind}”" if isinstance(kind, str) and len(kind) < 40 else "something else"
        msg = f"An outline is a Polygon or a MultiPolygon; this is {sent}."
        raise InvalidInputError(msg, reason="OUTLINE_TYPE")
    if not parts:
        msg = "The outline is empty."
        raise InvalidInputError(msg, reason="OUTLINE_EMPTY")
    if len(parts) > MAX_PARTS:
        msg = f"The outline has {len(parts):,} parts; at most {MAX_PARTS:,} are accepted."
        raise InvalidInputError(msg, reason="OUTLINE_TOO_LARGE")
    _refuse_many(parts)
    return [
        [_ring(ring, name) for ring, name in _named_rings(part, number, len(parts))]
        for number, part in enumerate(parts, start=1)
    ]


def refuse_foreign_crs(document: dict[object, object]) -> None:
    """Refuse a “crs” member other than WGS 84 (RFC 7946, section 4, knows no other).

    Raises:
        InvalidInputError: The document names another reference system.
    """
    crs = document.get("crs")
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and name.strip().lower() in _WGS84_NAMES:
        return
    named = f"“{name}”" if isinstance(name, str) and len(name) < 80 else "another one"
    msg = (
        f"Coordinates must be WGS 84 longitude and latitude (EPSG:4326); the document names "
        f"{named} as its reference system. Export it as EPSG:4326."
    )
    raise InvalidInputError(msg, reason="OUTLINE_CRS")


def _refuse_many(parts: list[object]) -> None:
    """Count rings and positions without looking at them."""
    rings = [ring for part in parts if isinstance(part, list) for ring in part]
    vertices = sum(len(ring) for ring in rings if isinstance(ring, list))
    if vertices > MAX_VERTICES or len(rings) > MAX_RINGS:
        msg = (
            f"The outline has {vertices:,} corners in {len(rings):,} rings; at most "
            f"{MAX_VERTICES:,} corners in {MAX_RINGS:,} rings are accepted."
        )
        raise InvalidInputError(msg, reason="OUTLINE_TOO_LARGE")


def _named_rings(part: object, number: int, count: int) -> Iterator[tuple[object, str]]:
    of_part = f" of part {number}" if count > 1 else ""
    rings = _list(part, f"The coordinates{of_part}")
    if not rings:
        msg = f"The outline{of_part} is empty."
        raise InvalidInputError(msg, reason="OUTLINE_EMPTY")
    for index, ring in enumerate(rings):
        yield ring, f"hole {index}{of_part}" if index else f"the outer ring{of_part}"


def _ring(ring: object, name: str) -> Ring:
    positions = [
        _position(position, name, number)
        for number, position in enumerate(_list(ring, name), start=1)
    ]
    if len(positions) < 4:
        msg = (
            f"{_capital(name)} has {len(positions)} positions; a closed ring has at least four "
            "(three corners, and the first again)."
        )
        raise InvalidInputError(msg, reason="OUTLINE_RING_TOO_SHORT")
    if positions[0] != positions[-1]:
        msg = f"{_capital(name)} is not closed: its last position must repeat its first."
        raise InvalidInputError(msg, reason="OUTLINE_RING_OPEN")
    return positions


def _position(position: object, name: str, number: int) -> Position:
    where = f"position {number} of {name}"
    if not isinstance(position, list) or not 2 <= len(position) <= 4:
        msg = f"{_capital(where)} is not a pair of longitude and latitude."
        raise InvalidInputError(msg, reason="OUTLINE_POSITION")
    lon, lat = (_degrees(value, where) for value in position[:2])
    if -180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0:
        return lon, lat
    if abs(lon) <= 90.0 and abs(lat) <= 180.0:
        hint = "it looks as if longitude and latitude are swapped (longitude comes first)"
        reason = "OUTLINE_SWAPPED"
    elif max(abs(lon), abs(lat)) > 1000.0:
        hint = "it looks like metres of a projected map; export the fields as EPSG:4326"
        reason = "OUTLINE_CRS"
    else:
        hint = "longitude goes from −180 to 180, latitude from −90 to 90"
        reason = "OUTLINE_POSITION"
    msg = f"{_capital(where)} is [{lon:.10g}, {lat:.10g}]: {hint}."
    raise InvalidInputError(msg, reason=reason)


def _degrees(value: object, where: str) -> float:
    # bool is an int to Python, not to a map.
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    msg = f"{_capital(where)} holds something that is not a finite number."
    raise InvalidInputError(msg, reason="OUTLINE_POSITION")


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        msg = f"{_capital(name)} must be a list."
        raise InvalidInputError(msg, reason="OUTLINE_TYPE")
    return value


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
