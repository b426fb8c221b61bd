"""Swapped axes that only a farm's other fields give away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from farm.errors import InvalidInputError
from farm.geo.measure import distance_m

if TYPE_CHECKING:
    from farm.geo.outline import Outline

FAR_M = 1_000_000.0  # no farm has fields this far apart by intent …
NEAR_M = 200_000.0  # … when the same numbers swapped lie this near


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """Where the fields of a farm lie: the mean of their centroids, degrees."""

    lon: float
    lat: float


def refuse_swapped_axes(*, outline: Outline, neighbourhood: Neighbourhood | None) -> None:
    """Refuse an outline that lies far from the farm, and near it once its axes are swapped.

    Args:
        outline: What was sent.
        neighbourhood: Of the farm's fields; None where it has none yet, and nothing can be said.

    Raises:
        InvalidInputError: Longitude and latitude look swapped.
    """
    if neighbourhood is None or abs(outline.centroid_lon) > 90.0:
        return
    home = (neighbourhood.lon, neighbourhood.lat)
    if distance_m(home, (outline.centroid_lon, outline.centroid_lat)) <= FAR_M:
        return
    if distance_m(home, (outline.centroid_lat, outline.centroid_lon)) <= NEAR_M:
        msg = (
            "It looks as if longitude and latitude are swapped: as sent, the outline lies more "
            "than 1,000 km from the farm's other fields; swapped, it lies among them."
        )
        raise InvalidInputError(msg, reason="OUTLINE_SWAPPED")
