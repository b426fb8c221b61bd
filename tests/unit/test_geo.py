"""Outlines: what is accepted, what is refused in which words, what is measured."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farm.errors import InvalidInputError
from farm.geo import (
    Neighbourhood,
    geojson_of_wkb,
    outline_of_geojson,
    place_in_words,
    refuse_foreign_crs,
    refuse_swapped_axes,
)

FIELDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "fields"
COUNTRIES = (
    "at", "be_vlg", "ch", "dk", "ec_si", "es_cat", "ie", "india_10k", "nl", "us_usda_cropland",
)  # fmt: skip


def reference_data(relative: str) -> Path:
    path = FIELDS / relative
    if not path.exists():
        assert not os.environ.get("CI"), f"{relative} of the shared data must be there in CI"
        pytest.skip(f"the shared data folder is absent: {relative} was not compared")
    return path


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def square(lon: float = 4.0, lat: float = 51.0, side: float = 0.01) -> list[list[float]]:
    return [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]


def refusal(geometry: object) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        outline_of_geojson(geometry)
    return caught.value


@pytest.mark.parametrize("country", COUNTRIES)
def test_real_parcels_measure_as_the_reference_says(country: str) -> None:
    parcels = json.loads(reference_data(f"parcels/{country}.geojson").read_text())["features"]
    reference = json.loads((FIELDS / f"parcels/{country}.reference.json").read_text())["features"]

    for parcel, expected in zip(parcels, reference, strict=True):
        if not expected["valid"]:
            assert "touches itself" in refusal(parcel["geometry"]).detail
            continue
        outline = outline_of_geojson(parcel["geometry"])

        assert outline.area_m2 == pytest.approx(expected["geodesic_area_m2"], rel=1e-6)
        assert outline.perimeter_m == pytest.approx(expected["geodesic_perimeter_m"], rel=1e-6)
        box = (outline.west, outline.south, outline.east, outline.north)
        assert box == pytest.approx(expected["bbox"], abs=1e-12)
        centroid = (outline.centroid_lon, outline.centroid_lat)
        assert centroid == pytest.approx(expected["centroid_lonlat_planar"], abs=1e-7)


@pytest.mark.parametrize(
    "name", ["ch_rounded_5dp", "hourglass", "nl_rounded_5dp", "ring_not_closed"]
)
def test_real_invalid_outlines_are_refused_with_the_place(name: str) -> None:
    document = json.loads(reference_data(f"invalid/{name}.geojson").read_text())
    for feature in document.get("features", [document]):
        error = refusal(feature.get("geometry", feature))

        expected = feature.get("properties", {}).get("invalid_reason", "")
        if "[" in expected:
            lon, lat = (float(x) for x in expected.partition("[")[2].rstrip("]").split())
            assert place_in_words(lon, lat) in error.detail
        assert error.reason.startswith("OUTLINE_")


def test_an_outline_survives_the_way_out_and_in_again() -> None:
    with_hole = polygon(square(), square(4.002, 51.002, 0.003))

    outline = outline_of_geojson(with_hole)

    assert outline_of_geojson(geojson_of_wkb(outline.wkb)) == outline
    assert geojson_of_wkb(outline.wkb)["type"] == "Polygon"
    assert outline.wkb[0] == 1
    assert shapely.from_wkb(outline.wkb).geom_type == "MultiPolygon"


def test_the_same_area_drawn_differently_is_the_same_outline() -> None:
    ring = square()
    turned = [*ring[2:-1], *ring[:3]]
    parts = [[square()], [square(4.1)]]

    first = outline_of_geojson(polygon(ring))

    assert outline_of_geojson(polygon(turned)) == first
    assert outline_of_geojson(polygon(ring[::-1])) == first
    two = outline_of_geojson({"type": "MultiPolygon", "coordinates": parts})
    assert outline_of_geojson({"type": "MultiPolygon", "coordinates": parts[::-1]}) == two
    assert outline_of_geojson(polygon(square(0.0, 0.0))).sha256 == (
        outline_of_geojson(polygon([[-0.0, 0.0], *square(0.0, 0.0)[1:-1], [-0.0, 0.0]])).sha256
    )


def test_heights_are_dropped() -> None:
    high = [[*position, 12.5] for position in square()]

    assert outline_of_geojson(polygon(high)) == outline_of_geojson(polygon(square()))


def test_holes_are_subtracted_and_rings_turn_as_the_standard_says() -> None:
    whole = outline_of_geojson(polygon(square()))
    hole = outline_of_geojson(polygon(square(4.002, 51.002, 0.003)))

    holed = outline_of_geojson(polygon(square(), square(4.002, 51.002, 0.003)))

    assert holed.area_m2 == pytest.approx(whole.area_m2 - hole.area_m2, rel=1e-9)
    written = shapely.geometry.shape(geojson_of_wkb(holed.wkb))
    assert written.exterior.is_ccw
    assert not written.interiors[0].is_ccw


@pytest.mark.parametrize(
    ("geometry", "reason", "words"),
    [
        (polygon([[4, 51], [4.01, 51.01], [4.01, 51], [4, 51.01], [4, 51]]),
         "OUTLINE_CROSSES_ITSELF", "crosses or touches itself near 4.005° E, 51.005° N"),
        (polygon(square()[:-1]), "OUTLINE_RING_OPEN", "The outer ring is not closed"),
        (polygon(square(), square(4.002, 51.002, 0.003)[:-1]),
         "OUTLINE_RING_OPEN", "Hole 1 is not closed"),
        (polygon(square(), square(4.5, 51.5, 0.003)), "OUTLINE_HOLE_OUTSIDE", "hole lies outside"),
        (polygon(square(), square(4.002, 51.002, 0.003), square(4.002, 51.002, 0.003)),
         "OUTLINE_RING_TWICE", "same ring is given twice"),
        (polygon(square(), square()), "OUTLINE_RING_TWICE", "same ring is given twice"),
        (polygon([[4, 51], [4, 51], [4, 51], [4, 51]]),
         "OUTLINE_RING_TOO_SHORT", "fewer than three different corners"),
        (polygon([[4, 51], [4.1, 51], [4, 51]]), "OUTLINE_RING_TOO_SHORT", "3 positions"),
        ({"type": "MultiPolygon", "coordinates": [[square()], [square(4.005, 51.005)]]},
         "OUTLINE_PARTS_OVERLAP", "overlap or share an edge"),
        ({"type": "MultiPolygon", "coordinates": [[square()], [square(4.01)]]},
         "OUTLINE_PARTS_OVERLAP", "overlap or share an edge"),
        (polygon([[y, x] for x, y in square(151.2, -33.8)]), "OUTLINE_SWAPPED", "swapped"),
        (polygon(square(501_360, 5_629_680, 100)), "OUTLINE_CRS", "metres of a projected map"),
        (polygon(square(200, 51)), "OUTLINE_POSITION", "longitude goes from −180 to 180"),
        (polygon([[179.99, 10], [-179.99, 10], [-179.99, 10.01], [179.99, 10.01], [179.99, 10]]),
         "OUTLINE_ANTIMERIDIAN", "180° meridian"),
        (polygon(square(4, 50, 2)), "OUTLINE_TOO_LARGE", "at most 1,000,000 ha"),
        (polygon(square(side=1e-6)), "OUTLINE_TOO_SMALL", "at least 1 m²"),
        (polygon(), "OUTLINE_EMPTY", "empty"),
        ({"type": "MultiPolygon", "coordinates": []}, "OUTLINE_EMPTY", "empty"),
        ({"type": "Point", "coordinates": [4, 51]}, "OUTLINE_TYPE", "“Point”"),
        ({"type": "GeometryCollection", "geometries": []}, "OUTLINE_TYPE", "“GeometryCollection”"),
        ({"type": "Polygon"}, "OUTLINE_TYPE", "must be a list"),
        (None, "OUTLINE_TYPE", "GeoJSON geometry"),
        (polygon([[4, 51], [4.1, "51"], [4.1, 51.1], [4, 51]]), "OUTLINE_POSITION", "Position 2"),
        (polygon([[4, 51], [4.1, True], [4.1, 51.1], [4, 51]]), "OUTLINE_POSITION", "finite"),
        (polygon([[4, 51], [4.1, math.nan], [4.1, 51.1], [4, 51]]), "OUTLINE_POSITION", "finite"),
        (polygon([[4, 51], [4.1, 10**400], [4.1, 51.1], [4, 51]]), "OUTLINE_POSITION", "finite"),
        ({**polygon(square()), "crs": {"type": "name", "properties": {"name": "EPSG:31370"}}},
         "OUTLINE_CRS", "“EPSG:31370”"),
    ],
)  # fmt: skip
def test_a_bad_outline_is_refused_in_words(geometry: object, reason: str, words: str) -> None:
    error = refusal(geometry)

    assert error.reason == reason
    assert words in error.detail


def test_older_names_of_wgs_84_are_no_foreign_reference_system() -> None:
    refuse_foreign_crs({"crs": {"properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}})
    refuse_foreign_crs({"crs": None})


def test_more_corners_than_the_limit_are_refused_before_anything_is_built() -> None:
    error = refusal(polygon([[0.0, 0.0]] * 100_001))

    assert error.reason == "OUTLINE_TOO_LARGE"
    assert "100,001 corners" in error.detail


def test_more_bytes_than_a_service_takes_are_refused() -> None:
    count = 70_000
    angles = [2 * math.pi * step / count for step in range(count)]
    ring = [[4 + 0.1 * math.cos(angle), 51 + 0.1 * math.sin(angle)] for angle in angles]

    assert "bytes" in refusal(polygon([*ring, ring[0]])).detail


@pytest.mark.parametrize("turned", [0.0, math.pi / 4])
def test_a_comb_is_an_outline_unless_all_its_edges_lie_across_one_another(turned: float) -> None:
    teeth = 400
    upright = [(x, y) for tooth in range(teeth) for x, y in comb_tooth(tooth / teeth, 0.5 / teeth)]
    corners = [(0.0, -0.1), *upright, (upright[-1][0], -0.1)]
    cos, sin = math.cos(turned), math.sin(turned)
    ring = [[4 + 0.01 * (x * cos - y * sin), 51 + 0.01 * (x * sin + y * cos)] for x, y in corners]
    closed = polygon([*ring, ring[0]])

    if turned:
        # Every edge's bounding box meets every other's: to check them all takes the square.
        assert refusal(closed).reason == "OUTLINE_TOO_INTRICATE"
    else:
        assert outline_of_geojson(closed).area_m2 > 1e5


def comb_tooth(x: float, width: float) -> list[tuple[float, float]]:
    return [(x, 0.0), (x, 1.0), (x + width, 1.0), (x + width, 0.0)]


def test_more_parts_than_the_limit_are_refused() -> None:
    parts = [[square(4 + 0.001 * step, 51, 0.0005)] for step in range(1_001)]

    error = refusal({"type": "MultiPolygon", "coordinates": parts})

    assert "1,001 parts" in error.detail


def test_axes_that_only_fit_the_farm_when_swapped_are_refused() -> None:
    home = Neighbourhood(lon=4.0, lat=51.0)
    swapped = outline_of_geojson(polygon([[y, x] for x, y in square()]))
    abroad = outline_of_geojson(polygon(square(35.0, -1.0)))

    with pytest.raises(InvalidInputError, match="swapped"):
        refuse_swapped_axes(outline=swapped, neighbourhood=home)
    refuse_swapped_axes(outline=abroad, neighbourhood=home)
    refuse_swapped_axes(outline=swapped, neighbourhood=None)


def test_places_are_written_as_on_a_map() -> None:
    assert place_in_words(5.123454, 51.2) == "5.12345° E, 51.2° N"
    assert place_in_words(-0.5, -33.0) == "0.5° W, 33° S"
    assert place_in_words(0.0, 0.0) == "0° E, 0° N"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "crs", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)
DEGREES = st.one_of(
    st.floats(-200, 200, allow_nan=False), st.sampled_from([0.0, -0.0, 180.0, -180.0, 90.0, 5e-324])
)
RINGS = st.lists(st.tuples(DEGREES, DEGREES).map(list), min_size=3, max_size=8).map(
    lambda ring: [*ring, ring[0]]
)
GEOMETRIES = st.one_of(
    JSON_VALUES,
    st.builds(lambda c: {"type": "Polygon", "coordinates": c}, JSON_VALUES),
    st.builds(lambda c: {"type": "MultiPolygon", "coordinates": c}, JSON_VALUES),
    st.builds(lambda c: {"type": "Polygon", "coordinates": c}, st.lists(RINGS, max_size=3)),
    st.builds(
        lambda c: {"type": "MultiPolygon", "coordinates": c},
        st.lists(st.lists(RINGS, max_size=2), max_size=3),
    ),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(GEOMETRIES)
def test_any_input_is_an_outline_or_a_refusal(geometry: object) -> None:
    try:
        outline = outline_of_geojson(geometry)
    except InvalidInputError:
        return
    assert outline.area_m2 >= 1.0
    assert outline_of_geojson(geojson_of_wkb(outline.wkb)).sha256 == outline.sha256
