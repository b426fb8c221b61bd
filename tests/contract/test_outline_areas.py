"""Areas of outlines, of real parcels and by PROJ, and outlines that are refused."""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import shape

from tests.contract.field_data import field_data
from tests.contract.rust_examples import run_example

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


def areas(outlines: list[BaseGeometry], **grid: Any) -> list[dict]:
    """Summaries without values: what the outlines cover."""
    task = {
        "epsg": 4326,
        "outlines": [shapely.to_wkb(outline, hex=True) for outline in outlines],
        "quantiles": [],
        "block": 1,
        **grid,
    }
    return json.loads(run_example("zonal", json.dumps(task).encode()))


@pytest.mark.parametrize("country", ["at", "be_vlg", "ch", "dk", "ec_si", "es_cat", "ie", "nl"])
def test_real_parcels_cover_their_geodesic_area(country: str) -> None:
    features = field_data(f"parcels/{country}.geojson")["features"]
    reference = field_data(f"parcels/{country}.reference.json")["features"]
    valid = [index for index, expected in enumerate(reference) if expected["valid"]]
    outlines = [shape(features[index]["geometry"]) for index in valid]
    west, south, east, north = shapely.total_bounds(outlines)
    pixel = 0.0001
    grid = {
        "origin": [west - pixel, north + pixel],
        "pixel_size": pixel,
        "width": math.ceil((east - west) / pixel) + 2,
        "height": math.ceil((north - south) / pixel) + 2,
    }

    answers = areas(outlines, **grid)

    assert len(answers) >= 90
    # Straight in degrees on PROJ's cylindrical equal-area map, once edges have many vertices.
    equal_area = Transformer.from_crs(4326, 6933, always_xy=True)
    for index, outline, answer in zip(valid, outlines, answers, strict=True):
        dense = shapely.segmentize(outline, 2e-5)
        flat = shapely.transform(dense, equal_area.transform, interleaved=False)
        assert answer["outline_area_m2"] == pytest.approx(flat.area, rel=1e-7, abs=1e-3)
        assert answer["covered_area_m2"] == pytest.approx(flat.area, rel=2e-6, abs=1e-3)
        # The reference's edges are geodesics. Against one of length L, a parallel encloses up to
        # L³ tan(latitude) / 12 R more; no edge is longer than half the perimeter.
        longest = reference[index]["geodesic_perimeter_m"] / 2
        bulge = longest**3 * math.tan(math.radians(60)) / (12 * 6_371_000)
        geodesic = reference[index]["geodesic_area_m2"]
        assert answer["outline_area_m2"] == pytest.approx(geodesic, rel=1e-6, abs=bulge + 1e-3)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("invalid/hourglass.geojson", "NoArea"),
        ("invalid/ring_not_closed.geojson", "RingNotClosed"),
    ],
)
def test_invalid_outlines_are_refused(name: str, reason: str) -> None:
    document = field_data(name)
    ring = document.get("geometry", document)["coordinates"][0]
    # Written by hand, because GEOS refuses or closes what is not closed.
    wkb = struct.pack("<BIII", 1, 3, 1, len(ring)) + b"".join(
        struct.pack("<2d", *point) for point in ring
    )
    task = {
        "epsg": 4326,
        "origin": [-180, 90],
        "pixel_size": 0.01,
        "width": 36_000,
        "height": 18_000,
        "outlines": [wkb.hex()],
        "quantiles": [],
        "block": 1,
    }

    with pytest.raises(AssertionError, match=reason):
        run_example("zonal", json.dumps(task).encode())
