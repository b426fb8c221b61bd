"""From GeoJSON to one canonical outline, and back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import shapely

from farm.errors import InvalidInputError
from farm.geo.measure import measure_outline
from farm.geo.positions import rings_of_geojson
from farm.geo.validity import refuse_invalid

if TYPE_CHECKING:
    from shapely import MultiPolygon, Polygon

MAX_WKB_BYTES = 1_048_576  # what the services and the column accept
# A single "field" larger than Belgium's arable land is a mistake of units or axes.
MAX_AREA_M2 = 1e10  # 1,000,000 ha
# A hundredth of a 10 m pixel: below it no satellite number means anything.
MIN_AREA_M2 = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A valid outline in WGS 84 and its measures.

    The WKB is canonical: the same area drawn from another first corner, in the other direction or
    with its parts in another order has the same bytes, hence the same SHA-256.
    """

    wkb: bytes  # MultiPolygon, 2-D, little-endian
    sha256: str  # of the WKB, hexadecimal
    area_m2: float  # geodesic, holes subtracted
    perimeter_m: float  # geodesic, outer rings
    west: float  # degrees
    south: float
    east: float
    north: float
    centroid_lon: float
    centroid_lat: float


def outline_of_geojson(geometry: object) -> Outline:
    """Read a GeoJSON Polygon or MultiPolygon (RFC 7946); a third coordinate is dropped.

    Nothing is repaired: an outline that crosses itself or is not closed is refused with the place,
    because a silent repair would change the area that is paid for.

    Args:
        geometry: The parsed JSON of the geometry.

    Raises:
        InvalidInputError: It is no valid outline; the sentence says why and where, the
            reason is one of ``OUTLINE_…``.
    """
    polygons = [shapely.Polygon(rings[0], rings[1:]) for rings in rings_of_geojson(geometry)]
    outline = shapely.MultiPolygon(polygons)
    _refuse_wide(outline)
    refuse_invalid(outline)
    canonical = _canonical(outline)
    wkb = shapely.to_wkb(canonical, byte_order=1, output_dimension=2, flavor="iso")
    if len(wkb) > MAX_WKB_BYTES:
        msg = f"The outline takes {len(wkb):,} bytes; at most {MAX_WKB_BYTES:,} are accepted."
        raise InvalidInputError(msg, reason="OUTLINE_TOO_LARGE")

    measures = measure_outline(canonical)
    _refuse_absurd_area(measures.area_m2)
    west, south, east, north = canonical.bounds
    return Outline(
        wkb=wkb,
        sha256=hashlib.sha256(wkb).hexdigest(),
        area_m2=measures.area_m2,
        perimeter_m=measures.perimeter_m,
        west=west,
        south=south,
        east=east,
        north=north,
        centroid_lon=canonical.centroid.x,
        centroid_lat=canonical.centroid.y,
    )


def geojson_of_wkb(wkb: bytes | memoryview) -> dict[str, Any]:
    """Write an outline as GeoJSON: a Polygon where it has one part."""
    outline = cast("MultiPolygon", shapely.from_wkb(bytes(wkb)))
    single: MultiPolygon | Polygon = outline.geoms[0] if len(outline.geoms) == 1 else outline
    geojson: dict[str, Any] = json.loads(shapely.to_geojson(single))
    return geojson


def _canonical(outline: MultiPolygon) -> MultiPolygon:
    """Fix the first corner, the direction of rings (RFC 7946, 3.1.6) and the order of parts."""
    # Adding zero turns -0.0 into 0.0, which has other bytes.
    unsigned = shapely.transform(outline, lambda coordinates: coordinates + 0.0)
    return shapely.orient_polygons(shapely.normalize(unsigned))


def _refuse_wide(outline: MultiPolygon) -> None:
    west, _, east, _ = outline.bounds
    if east - west > 180.0:
        msg = (
            "The outline reaches across the 180° meridian (or around half the globe); "
            "this is not supported. Draw one field on each side of it."
        )
        raise InvalidInputError(msg, reason="OUTLINE_ANTIMERIDIAN")


def _refuse_absurd_area(area_m2: float) -> None:
    if not area_m2 >= MIN_AREA_M2:
        msg = f"The outline encloses {area_m2:.3g} m²; a field has at least {MIN_AREA_M2:g} m²."
        raise InvalidInputError(msg, reason="OUTLINE_TOO_SMALL")
    if area_m2 > MAX_AREA_M2:
        msg = (
            f"The outline encloses {area_m2 / 1e4:,.0f} ha; "
            f"a field has at most {MAX_AREA_M2 / 1e4:,.0f} ha."
        )
        raise InvalidInputError(msg, reason="OUTLINE_TOO_LARGE")
