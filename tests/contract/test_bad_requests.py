"""Bad outlines, names and queries get a clear error and cost nothing.

As in ``test_bad_input.py``, the fixture ``unharmed`` looks around every test.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from farm.farms.models import Farm
from tests.contract.farm_site import assert_refused, square
from tests.unit.imagery.observation_making import make_scene as scene_row

if TYPE_CHECKING:
    from tests.contract.farm_site import Site

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unharmed")]


# --- Outlines -------------------------------------------------------------------------------------


def polygon(*ring: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in ring]]}


def round_field(corners: int) -> dict[str, Any]:
    """A circle of so many corners and its first one again."""
    around = (2 * math.pi * number / corners for number in range(corners))
    ring = [(3.0235 + 1e-3 * math.cos(a), 50.816 + 1e-3 * math.sin(a)) for a in around]
    return polygon(*ring, ring[0])


BOW_TIE = polygon((3.02, 50.81), (3.03, 50.82), (3.03, 50.81), (3.02, 50.82), (3.02, 50.81))
HUGE = polygon((-60, -20), (60, -20), (60, 60), (-60, 60), (-60, -20))
OUTLINES: dict[str, tuple[Any, str, str]] = {
    "nothing": ({}, "OUTLINE_TYPE", "Polygon"),
    "no geometry": (None, "", ""),
    "a text": ("POLYGON EMPTY", "", ""),
    "a point": ({"type": "Point", "coordinates": [3, 50]}, "OUTLINE_TYPE", "“Point”"),
    "empty": ({"type": "Polygon", "coordinates": []}, "OUTLINE_EMPTY", "empty"),
    "no parts": ({"type": "MultiPolygon", "coordinates": []}, "OUTLINE_EMPTY", "empty"),
    "two corners": (
        polygon((3, 50), (3.1, 50), (3, 50)),
        "OUTLINE_RING_TOO_SHORT",
        "at least four",
    ),
    "open": (
        polygon((3, 50), (3.1, 50), (3.1, 50.1), (3, 50.1)),
        "OUTLINE_RING_OPEN",
        "not closed",
    ),
    "a line": (
        polygon((3, 50), (3.1, 50), (3.2, 50), (3, 50)),
        "OUTLINE_CROSSES_ITSELF",
        "touches itself",
    ),
    "a bow tie": (BOW_TIE, "OUTLINE_CROSSES_ITSELF", "crosses or touches itself near 3.025° E"),
    "half the globe": (HUGE, "OUTLINE_TOO_LARGE", "ha"),
    "across the date line": (
        polygon((-179.9, 1), (179.9, 1), (179.9, 1.1), (-179.9, 1.1), (-179.9, 1)),
        "OUTLINE_ANTIMERIDIAN",
        "180° meridian",
    ),
    "smaller than a step": (
        polygon((3, 50), (3.000001, 50), (3.000001, 50.000001), (3, 50)),
        "OUTLINE_TOO_SMALL",
        "m²",
    ),
    "latitude first": (
        polygon((50.1, 130), (50.2, 130), (50.2, 130.1), (50.1, 130)),
        "OUTLINE_SWAPPED",
        "swapped",
    ),
    "metres": (
        polygon((501e3, 56e5), (502e3, 56e5), (502e3, 57e5), (501e3, 56e5)),
        "OUTLINE_CRS",
        "EPSG:4326",
    ),
    "another system": (
        {**square(), "crs": {"type": "name", "properties": {"name": "EPSG:32631"}}},
        "OUTLINE_CRS",
        "EPSG:32631",
    ),
    "words for numbers": (
        {"type": "Polygon", "coordinates": [[["3", "50"], [4, 50], [4, 51], ["3", "50"]]]},
        "OUTLINE_POSITION",
        "not a finite number",
    ),
    "numbers beyond all": (
        {"type": "Polygon", "coordinates": [[[10**400, 50], [4, 50], [4, 51], [10**400, 50]]]},
        "OUTLINE_POSITION",
        "not a finite number",
    ),
    "100,001 corners": (round_field(100_000), "OUTLINE_TOO_LARGE", "100,001 corners"),
    "10,001 rings": (
        {"type": "Polygon", "coordinates": [square()["coordinates"][0]] * 10_001},
        "OUTLINE_TOO_LARGE",
        "10,001 rings",
    ),
}


@pytest.mark.parametrize("kind", OUTLINES)
def test_an_outline_that_is_none_is_refused_in_words_wherever_it_is_sent(
    site: Site, kind: str
) -> None:
    outline, reason, words = OUTLINES[kind]

    asked, drawn = site.statistics(outlines=outline), site.draw(outline)

    if reason:
        assert_refused(asked, code="invalid_input", reason=reason, words=words)
        assert_refused(drawn, code="invalid_input", reason=reason, words=words)
    else:
        for answer in (asked, drawn):
            assert answer.status_code == 422, answer.content
            assert_refused(answer, reason=answer.json().get("reason", ""), words="outline")


def test_swapped_axes_that_only_the_other_fields_give_away_are_refused(site: Site) -> None:
    swapped = square(lon=50.815, lat=3.0225)

    assert_refused(site.draw(swapped), reason="OUTLINE_SWAPPED", words="swapped")


def test_numbers_that_json_does_not_know_are_refused(site: Site) -> None:
    assert site.scene is not None
    body = f'{{"index": "ndvi", "scene": {site.scene.pk}, "outlines": '
    body += '{"type": "Polygon", "coordinates": [[[NaN, 50], [4, Infinity], [4, 51], [NaN, 50]]]}}'

    answer = site.client.post("/api/v1/statistics/", body, content_type="application/json")

    assert_refused(answer, status=400, code="unparsable", words="JSON")


def test_an_outline_far_from_any_scene_is_answered_with_no_number_not_with_zero(
    site: Site,
) -> None:
    # It is no error: the outline is sound, and that no scene shows it is the answer.
    far = square(lon=-70.0, lat=-33.0)

    by_scene = site.statistics(outlines=far)
    del_scene = {"index": "ndvi", "farm": site.farm.pk, "outlines": far}
    by_farm = site.client.post("/api/v1/statistics/", del_scene, format="json")

    assert by_scene.status_code == 200, by_scene.content
    (row,) = by_scene.json()["scenes"][0]["results"]
    assert (row["mean"], row["median"], row["effective_pixels"]) == (None, None, 0.0)
    assert row["covered_area_m2"] == 0.0
    assert by_farm.status_code == 200, by_farm.content
    assert by_farm.json()["scenes"] == []


# --- Names ----------------------------------------------------------------------------------------


def test_what_does_not_exist_or_is_anothers_is_not_found(site: Site) -> None:
    foreign = scene_row(Farm.objects.create(name="Other Farm"))
    field = site.farm.fields.get()
    raster = f"/api/v1/fields/{field.pk}/indices/ndvi/raster.png"

    for answer, words in [
        (site.statistics(index="ndvj"), "ndvj"),
        (site.statistics(index="sqrt(nir)"), "no index"),
        (site.client.get(f"/api/v1/fields/{field.pk}/indices/ndvj/latest"), "ndvj"),
        (site.client.get(f"/api/v1/farms/{site.farm.pk}/ndvj/timeseries"), "ndvj"),
        (site.client.get("/api/v1/indices/ndvj/"), "ndvj"),
        (site.statistics(scene=999_999), "no scene 999999"),
        (site.statistics(scene=foreign.pk), f"no scene {foreign.pk}"),
        (site.client.get(raster, {"scene": foreign.pk}), f"no scene {foreign.pk}"),
        (site.client.get(raster, {"scene": 999_999}), "no scene 999999"),
        (site.client.get("/api/v1/scenes/999999/"), "scene"),
        (site.client.get("/api/v1/fields/999999/indices/ndvi/latest"), "field"),
    ]:
        reason = "INDEX_UNKNOWN" if "index" in answer.json()["detail"] else ""
        assert_refused(answer, status=404, code="not_found", reason=reason, words=words)
    foreign.farm.delete()


def test_an_index_whose_bands_the_scene_lacks_names_them(site: Site) -> None:
    assert site.scene is not None
    field = site.farm.fields.get()
    address = f"/api/v1/fields/{field.pk}/indices/ndre/raster"

    for answer in [
        site.statistics(index="ndre"),
        site.client.get(f"{address}.png", {"scene": site.scene.pk}),
        site.client.get(f"{address}.tif", {"scene": site.scene.pk}),
    ]:
        assert_refused(answer, reason="BAND_MISSING", words="lacks rededge1")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"size": "100000"}, "size"),
        ({"size": "-1"}, "size"),
        ({"scene": "0x10"}, "scene"),
        ({"date": "2024-13-01"}, "date"),
        ({"min_clear_share": "nan"}, "min_clear_share"),
    ],
)
def test_a_query_that_makes_no_sense_names_the_parameter(
    site: Site, query: dict[str, str], words: str
) -> None:
    field = site.farm.fields.get()

    answer = site.client.get(f"/api/v1/fields/{field.pk}/indices/ndvi/raster.png", query)

    assert_refused(answer, code="invalid_input", words=words)


@pytest.mark.parametrize("number", [2**63, 10**30])
def test_a_number_that_no_row_can_have_is_refused(site: Site, number: int) -> None:
    answers = [
        site.statistics(scene=number),
        site.client.post(
            "/api/v1/statistics/",
            {"index": "ndvi", "farm": number, "outlines": square()},
            format="json",
        ),
        site.client.get(f"/api/v1/scenes/{number}/"),
        site.client.get(f"/api/v1/farms/{number}/scenes/"),
    ]

    assert {answer.status_code for answer in answers} <= {404, 422}
    assert all(answer.json()["request_id"] for answer in answers)


def test_a_body_that_is_nested_or_long_without_end_is_refused(site: Site) -> None:
    nested = '{"stac_item": ' + "[" * 500_000 + "]" * 500_000 + "}"
    long = b" " * (16 * 1024 * 1024 + 1)

    deep = site.client.post(site.scenes_url, nested, content_type="application/json")
    too_long = site.client.post(site.scenes_url, long, content_type="application/json")

    assert_refused(deep, status=400, code="unparsable", words="nested too deep")
    assert_refused(too_long, status=413, code="too_large", words="longer than")
