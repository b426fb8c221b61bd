"""What is wrong with an outline, in words for the person who drew it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import shapely

from farm.errors import InvalidInputError

if TYPE_CHECKING:
    from shapely import MultiPolygon

# GEOS' reason, what it means to somebody who draws fields, and our reason code.
_WORDS = {
    "Self-intersection": ("The outline crosses or touches itself", "OUTLINE_CROSSES_ITSELF"),
    "Ring Self-intersection": ("The outline touches itself", "OUTLINE_CROSSES_ITSELF"),
    "Hole lies outside shell": ("A hole lies outside its outline", "OUTLINE_HOLE_OUTSIDE"),
    "Holes are nested": ("A hole lies inside another hole", "OUTLINE_HOLES_OVERLAP"),
    "Interior is disconnected": ("Holes cut the field into pieces", "OUTLINE_HOLES_OVERLAP"),
    "Nested shells": ("One part of the field lies inside another part", "OUTLINE_PARTS_OVERLAP"),
    "Duplicate Rings": ("The same ring is given twice", "OUTLINE_RING_TWICE"),
    "Too few points in geometry component": (
        "A ring has fewer than three different corners",
        "OUTLINE_RING_TOO_SHORT",
    ),
}
# Edges whose bounding boxes an edge meets, on average. Borders of real fields meet a handful; in
# combs, stars and spirals of long slanting edges every box meets every other, and looking for
# crossings, which goes by boxes, would take the square of the corners: half a minute for 60,000.
MAX_MEETINGS = 300
_PAIRS_AT_ONCE = 4_000_000  # 64 MB

_REASON = re.compile(r"^(?P<reason>[^\[]+)(?:\[(?P<x>\S+) (?P<y>\S+)\])?$")


def refuse_invalid(outline: MultiPolygon) -> None:
    """Refuse an outline that is not valid by the Simple Features rules.

    Raises:
        InvalidInputError: The sentence names what is wrong and about where.
    """
    _refuse_intricate(outline)
    _refuse_repeated_rings(outline)
    if shapely.is_valid(outline):
        return
    match = _REASON.match(str(shapely.is_valid_reason(outline)))
    reason = match["reason"].strip() if match else ""
    words, code = _WORDS.get(reason, ("The outline is not valid", "OUTLINE_INVALID"))
    if reason == "Self-intersection" and all(shapely.is_valid(part) for part in outline.geoms):
        words = "Two parts of the field overlap or share an edge (join them into one)"
        code = "OUTLINE_PARTS_OVERLAP"
    where = ""
    if match and match["x"]:
        where = f" near {place_in_words(float(match['x']), float(match['y']))}"
    msg = f"{words}{where}."
    raise InvalidInputError(msg, reason=code)


def _refuse_intricate(outline: MultiPolygon) -> None:
    """Refuse what cannot be checked in time that grows with the corners."""
    corners, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(outline)), return_index=True
    )
    is_edge = ring[:-1] == ring[1:]
    ends = np.stack([corners[:-1][is_edge], corners[1:][is_edge]])
    count = ends.shape[1]
    if count <= MAX_MEETINGS:
        return
    boxes = shapely.box(*ends.min(axis=0).T, *ends.max(axis=0).T)
    tree = shapely.STRtree(boxes)
    step, met = max(1, _PAIRS_AT_ONCE // count), 0
    for first in range(0, count, step):
        met += tree.query(boxes[first : first + step]).shape[1]
        if met > MAX_MEETINGS * count:
            msg = (
                f"The outline of {count:,} corners is too intricate to be checked: its long edges "
                "lie across one another like the teeth of a comb. Draw it in several fields."
            )
            raise InvalidInputError(msg, reason="OUTLINE_TOO_INTRICATE")


def place_in_words(lon: float, lat: float) -> str:
    """Write a position as on a map: ``5.12345° E, 51.2° N`` (five decimals are about a metre)."""
    east_west = "E" if lon >= 0 else "W"
    north_south = "N" if lat >= 0 else "S"
    return f"{_short(lon)}° {east_west}, {_short(lat)}° {north_south}"


def _short(degrees: float) -> str:
    text = f"{abs(degrees):.5f}".rstrip("0").rstrip(".")
    return text or "0"


def _refuse_repeated_rings(outline: MultiPolygon) -> None:
    """Name a ring that stands twice; GEOS would only speak of an intersection."""
    seen: set[bytes] = set()
    for part in outline.geoms:
        for ring in (part.exterior, *part.interiors):
            key = shapely.to_wkb(shapely.normalize(shapely.Polygon(ring)))
            if key in seen:
                lon, lat = ring.coords[0]
                where = place_in_words(lon, lat)
                msg = f"The same ring is given twice; it starts near {where}."
                raise InvalidInputError(msg, reason="OUTLINE_RING_TWICE")
            seen.add(key)
