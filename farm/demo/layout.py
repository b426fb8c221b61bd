"""The invented farm: where it lies and how its fields are drawn, in metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely import MultiPolygon, Polygon
from shapely.geometry import mapping

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = Polygon | MultiPolygon

EPSG = 32631  # WGS 84 / UTM zone 31N
# Upper left corner of the scenes, metres, on the 10 m and 20 m grids of Sentinel-2 tile T31UES
# (whose corner is 499980, 5700000).
ULX, ULY = 501_980.0, 5_630_000.0

# The pictures are drawn for this many metres; smaller scenes show the same farm, smaller.
_DRAWN_FOR_M = 5_120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoField:
    """A field of the invented farm."""

    name: str
    external_id: str
    crop: str
    shape: Shape  # metres in EPSG:32631
    is_water_inside: bool = False  # its hole is a pond


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    name: str
    crop: str
    # Parts, each an outer ring and its holes; metres right of and below the farm's corner.
    parts: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]
    is_water_inside: bool = False


_POND = tuple(
    (1010 + 55 * float(np.cos(a)), 1010 + 40 * float(np.sin(a)))
    for a in np.linspace(0, 2 * np.pi, 13)[:-1]
)

_DRAWINGS = (
    _Drawing(
        name="Long Acre",
        crop="winter wheat",
        parts=((((0, 0), (150, 12), (118, 620), (-22, 600)),),),
    ),
    _Drawing(
        name="Second Strip",
        crop="sugar beet",
        parts=((((162, 13), (318, 24), (280, 642), (130, 622)),),),
    ),
    _Drawing(
        name="Third Strip",
        crop="winter wheat",
        parts=((((330, 25), (470, 36), (428, 655), (292, 643)),),),
    ),
    _Drawing(
        name="Church Corner",
        crop="maize",
        parts=((((500, 40), (940, 90), (915, 320), (700, 300), (680, 640), (462, 660)),),),
    ),
    _Drawing(
        name="Pond Field",
        crop="grass",
        is_water_inside=True,
        parts=((((730, 760), (1250, 735), (1310, 1180), (1120, 1290), (760, 1255)), _POND),),
    ),
    _Drawing(
        name="Both Sides of the Lane",
        crop="sugar beet",
        parts=(
            (((0, 700), (300, 725), (285, 1010), (-20, 985)),),
            (((0, 1015), (283, 1038), (270, 1230), (-15, 1210)),),
        ),
    ),
    _Drawing(
        name="Home Meadow",
        crop="grass",
        parts=((((330, 720), (520, 735), (610, 830), (600, 1010), (470, 1080), (330, 1035)),),),
    ),
    _Drawing(
        name="Kitchen Plot",
        crop="maize",
        parts=((((640, 1090), (690, 1093), (688, 1134), (639, 1131)),),),
    ),
    _Drawing(
        name="Mill Field",
        crop="maize",
        parts=((((1000, 100), (1480, 150), (1450, 640), (970, 590)),),),
    ),
    _Drawing(
        name="Stony Piece",
        crop="cover crop",
        parts=((((1520, 160), (1790, 200), (1850, 420), (1700, 610), (1490, 560)),),),
    ),
    _Drawing(
        name="River Wedge",
        crop="winter wheat",
        parts=((((1420, 720), (1900, 690), (1480, 1210)),),),
    ),
)


def demo_fields(*, size_m: float) -> tuple[DemoField, ...]:
    """Draw the farm's eleven fields into a square of this size, metres."""
    zoom = min(size_m / _DRAWN_FOR_M, 1.0)
    # The farm lies a little off the middle, its fields turned like the valley.
    corner = np.array([ULX + 0.30 * size_m, ULY - 0.30 * size_m])
    angle = np.deg2rad(7.0)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

    def ring(corners: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
        right_down = np.asarray(corners, dtype=np.float64) * zoom
        return np.asarray((right_down * [1.0, -1.0]) @ turn + corner)

    fields = []
    for number, drawing in enumerate(_DRAWINGS, start=1):
        parts = [
            Polygon(ring(rings[0]), [ring(hole) for hole in rings[1:]]) for rings in drawing.parts
        ]
        fields.append(
            DemoField(
                name=drawing.name,
                external_id=f"demo-{number:02d}",
                crop=drawing.crop,
                shape=_as_published(parts[0] if len(parts) == 1 else MultiPolygon(parts)),
                is_water_inside=drawing.is_water_inside,
            )
        )
    return tuple(fields)


def feature_collection(fields: tuple[DemoField, ...]) -> dict[str, Any]:
    """Write the fields as GeoJSON, WGS 84, eight decimals (a millimetre)."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "name": field.name,
                    "external_id": field.external_id,
                    "crop": field.crop,
                    "simulated": True,
                },
                "geometry": mapping(_to_wgs84(field.shape)),
            }
            for field in fields
        ],
    }


def _as_published(shape: Shape) -> Shape:
    """Round to what the GeoJSON says, so that the truth belongs to the published outline."""
    back = Transformer.from_crs(4326, EPSG, always_xy=True)
    return shapely.transform(_to_wgs84(shape), lambda xy: np.column_stack(back.transform(*xy.T)))


def _to_wgs84(shape: Shape) -> Shape:
    there = Transformer.from_crs(EPSG, 4326, always_xy=True)
    return shapely.transform(shape, lambda xy: np.round(np.column_stack(there.transform(*xy.T)), 8))
