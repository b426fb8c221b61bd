"""Single fields and lists of them over HTTP."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from farm.farms.models import Farm
from farm.fields.models import Field
from farm.fields.services import create_field
from farm.geo import outline_of_geojson
from tests.unit.fields.drawings import collection, feature, square


@pytest.fixture
def address(farm: Farm) -> str:
    return f"/api/v1/farms/{farm.pk}/fields/"


def test_a_feature_comes_back_with_what_was_measured(manager: APIClient, address: str) -> None:
    sent = feature(square(), name="Long Acre", crop="wheat", external_id="17")

    answer = manager.post(address, sent)

    field = answer.json()
    assert answer.status_code == 201
    assert answer["Content-Type"] == "application/geo+json"
    assert answer["Location"] == f"/api/v1/fields/{field['id']}/"
    assert (field["type"], field["geometry"]["type"]) == ("Feature", "Polygon")
    assert field["bbox"] == pytest.approx([4.0, 51.0, 4.004, 51.004])
    measured = field["properties"]
    assert measured["area_ha"] == pytest.approx(12.49, abs=0.01)
    assert measured["area_m2"] == pytest.approx(10_000 * measured["area_ha"])
    assert measured["perimeter_m"] == pytest.approx(1_451.5, abs=1.0)
    assert measured["centroid"] == pytest.approx([4.002, 51.002])
    assert manager.get(answer["Location"]).json() == field


@pytest.mark.parametrize("content_type", ["application/geo+json", "application/json"])
def test_both_content_types_are_taken_and_given(
    content_type: str, manager: APIClient, address: str
) -> None:
    body = json.dumps(feature(name="A"))

    answer = manager.post(
        address, body, content_type=content_type, headers={"accept": content_type}
    )

    assert (answer.status_code, answer["Content-Type"]) == (201, content_type)


def test_what_is_sent_back_unchanged_changes_nothing(manager: APIClient, field: Field) -> None:
    address = f"/api/v1/fields/{field.pk}/"
    before = manager.get(address).json()

    after = manager.put(address, before).json()

    for one in (before, after):
        del one["properties"]["updated_at"]
    assert after == before


def test_a_patch_changes_what_it_names(manager: APIClient, field: Field) -> None:
    address = f"/api/v1/fields/{field.pk}/"

    renamed = manager.patch(address, {"properties": {"name": "Short Acre"}}).json()
    redrawn = manager.patch(address, {"geometry": square(side=0.002)}).json()

    assert renamed["properties"]["crop"] == "wheat"
    assert renamed["properties"]["area_m2"] == pytest.approx(field.area_m2, abs=0.01)
    assert redrawn["properties"]["name"] == "Short Acre"
    assert redrawn["properties"]["area_m2"] == pytest.approx(field.area_m2 / 4, rel=1e-3)
    assert redrawn["properties"]["outline_sha256"] != field.outline_sha256


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (feature(), "NAME_MISSING"),
        ({"type": "Feature", "properties": {"name": "A"}, "geometry": None}, "OUTLINE_EMPTY"),
        (square(), "FEATURE_TYPE"),
        ([], "FEATURE_TYPE"),
        ("text", "FEATURE_TYPE"),
        ({"type": "Feature", "properties": [], "geometry": square()}, "FEATURE_PROPERTIES"),
        (feature(name="x" * 121), "FEATURE_PROPERTIES"),
        (feature(name={"first": "A"}), "FEATURE_PROPERTIES"),
        (feature(name="nul\x00"), "FEATURE_PROPERTIES"),
        ({**feature(name="A"), "crs": {"properties": {"name": "EPSG:3857"}}}, "OUTLINE_CRS"),
        (feature({"type": "Point", "coordinates": [4, 51]}, name="A"), "OUTLINE_TYPE"),
    ],
)
def test_a_bad_feature_is_refused_with_its_reason(
    body: object, reason: str, manager: APIClient, address: str
) -> None:
    answer = manager.post(address, body)

    assert (answer.status_code, answer.json()["reason"]) == (422, reason)
    assert not Field.objects.exists()


@pytest.mark.parametrize("body", ["", "{", '{"type": NaN}', "[" * 100_000, '"\\ud800"', "1" * 5000])
def test_a_body_that_is_no_json_is_a_400_or_422(
    body: str, manager: APIClient, address: str
) -> None:
    answer = manager.post(address, body, content_type="application/geo+json")

    assert answer.status_code in {400, 422}


def test_a_body_beyond_the_bound_is_a_413(manager: APIClient, address: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

    answer = manager.post(address, feature(name="A", note="x" * 1_000))

    assert answer.status_code == 413


def test_an_external_id_names_one_field(manager: APIClient, address: str) -> None:
    manager.post(address, feature(name="A", external_id="17"))
    other = manager.post(address, feature(square(4.01), name="B")).json()

    twice = manager.post(address, feature(square(4.02), name="C", external_id="17"))
    taken = manager.patch(f"/api/v1/fields/{other['id']}/", {"properties": {"external_id": "17"}})

    assert (twice.status_code, twice.json()["reason"]) == (409, "EXTERNAL_ID_TAKEN")
    assert (taken.status_code, taken.json()["reason"]) == (409, "EXTERNAL_ID_TAKEN")


def test_swapped_axes_are_refused_where_other_fields_give_them_away(
    manager: APIClient, address: str, field: Field
) -> None:
    swapped = {
        "type": "Polygon",
        "coordinates": [[[y, x] for x, y in square(4.01)["coordinates"][0]]],
    }

    created = manager.post(address, feature(swapped, name="B"))
    imported = manager.post(address, collection(feature(swapped, name="B")))

    assert (created.status_code, created.json()["reason"]) == (422, "OUTLINE_SWAPPED")
    assert "swapped" in imported.json()["errors"]["features.0"][0]


def test_a_known_version_is_not_sent_again(manager: APIClient, field: Field) -> None:
    address = f"/api/v1/fields/{field.pk}/"
    etag = manager.get(address)["ETag"]

    assert manager.get(address, headers={"if-none-match": etag}).status_code == 304
    assert manager.get(address, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_write_to_a_version_that_is_gone_is_refused(manager: APIClient, field: Field) -> None:
    address = f"/api/v1/fields/{field.pk}/"
    etag = manager.get(address)["ETag"]
    body = {"properties": {"name": "First"}}

    first = manager.patch(address, body, headers={"if-match": etag})
    late = manager.patch(address, {"properties": {"name": "Late"}}, headers={"if-match": etag})

    assert first.status_code == 200
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert manager.delete(address, headers={"if-match": etag}).status_code == 412
    assert manager.delete(address, headers={"if-match": first["ETag"]}).status_code == 204


@pytest.fixture
def three(farm: Farm) -> None:
    for lon, name, crop in ((4.0, "North", "wheat"), (4.1, "=1+1", "maize"), (4.2, "South", "")):
        outline = outline_of_geojson(square(lon))
        create_field(farm=farm, name=name, crop=crop, outline=outline)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["=1+1", "North", "South"]),
        ("?search=OUT", ["South"]),
        ("?search=maize", ["=1+1"]),
        ("?crop=WHEAT", ["North"]),
        ("?bbox=4.05,50,4.15,52", ["=1+1"]),
        ("?bbox=4.004,51.004,4.1,52", ["=1+1", "North"]),
        ("?bbox=5,50,6,52", []),
        ("?ordering=-id", ["South", "=1+1", "North"]),
        ("?page_size=2&page=2", ["South"]),
    ],
)
def test_the_list_is_filtered_and_paged(
    query: str, names: list[str], three: None, manager: APIClient, address: str
) -> None:
    listed = manager.get(address + query).json()

    assert listed["type"] == "FeatureCollection"
    assert [one["properties"]["name"] for one in listed["features"]] == names


@pytest.mark.parametrize(
    "box", ["1,2,3", "a,b,c,d", "nan,0,1,1", "5,50,4,52", "4,52,5,50", "1,2,3,4,5", "1e999,0,1,1"]
)
def test_a_bad_box_is_refused(box: str, manager: APIClient, address: str) -> None:
    answer = manager.get(address, {"bbox": box})

    assert (answer.status_code, answer.json()["reason"]) == (422, "BBOX_INVALID")


@pytest.mark.parametrize("how", [{"query": "?format=csv"}, {"accept": "text/csv"}])
def test_the_list_as_csv_has_all_fields_and_no_formulas(
    how: dict[str, str], three: None, manager: APIClient, address: str
) -> None:
    headers = {"accept": how["accept"]} if "accept" in how else {}

    answer = manager.get(address + how.get("query", ""), headers=headers)

    text = answer.getvalue().decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["name"] for row in rows] == ["'=1+1", "North", "South"]
    assert float(rows[1]["area_ha"]) == pytest.approx(12.49, abs=0.01)
    assert float(rows[1]["centroid_lon"]) == pytest.approx(4.002)


def test_the_list_takes_three_queries_however_long(
    farm: Farm, manager: APIClient, address: str, django_assert_num_queries: Callable[..., Any]
) -> None:
    for number in range(30):
        outline = outline_of_geojson(square(4.0 + number / 100))
        create_field(farm=farm, name=f"Field {number}", outline=outline)

    with django_assert_num_queries(3):  # the farm, the count, the page
        assert manager.get(address).json()["count"] == 30
    with django_assert_num_queries(2):  # the farm, the fields
        assert len(manager.get(address + "?format=csv").getvalue().splitlines()) == 31


def test_one_field_takes_one_query(
    manager: APIClient, field: Field, django_assert_num_queries: Callable[..., Any]
) -> None:
    with django_assert_num_queries(1):
        assert manager.get(f"/api/v1/fields/{field.pk}/").status_code == 200


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "coordinates", "geometry", "properties", "features", "name", "crs", "x"]
            ),
            inner | st.sampled_from(["Feature", "FeatureCollection", "Polygon", "MultiPolygon"]),
            max_size=5,
        )
    ),
    max_leaves=15,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=JSON)
def test_no_body_is_a_fault_of_ours(manager: APIClient, address: str, body: object) -> None:
    answer = manager.post(address, json.dumps(body), content_type="application/geo+json")

    assert answer.status_code in {200, 201, 400, 422}
