"""An index over a whole farm, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from farm.accounts.models import User
from farm.imagery.index_farm_api import FarmIndexLatestView, FarmIndexTimeSeriesView
from farm.imagery.index_schemas import FarmFieldSchema, FarmLatestSchema
from farm.imagery.series_schemas import FarmColumnsSchema, FarmSeriesSchema
from tests.unit.imagery.observation_making import (
    NOW,
    PASS,
    RECEIPT,
    days,
    make_farm,
    make_field,
    make_observation,
    make_scene,
)

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries
    from rest_framework.test import APIClient

    from farm.farms.models import Farm


@pytest.fixture(autouse=True)
def _fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for view in (FarmIndexLatestView, FarmIndexTimeSeriesView):
        monkeypatch.setattr(view, "now", lambda self: NOW)


@pytest.fixture
def farm(user: User) -> Farm:
    return make_farm(user)


def url(farm: Farm, what: str, index: str = "ndvi") -> str:
    return f"/api/v1/farms/{farm.pk}/{index}/{what}"


def test_a_farms_number_weighs_fields_by_the_area_they_show(
    api_client: APIClient, farm: Farm
) -> None:
    scene = make_scene(farm)
    make_observation(make_field(farm, name="A"), scene, mean=0.2, valid_share=0.5)
    make_observation(make_field(farm, name="B", lon=3.01), scene, mean=0.8)

    answer = api_client.get(url(farm, "latest")).json()

    # Half a field at 0.2 and a whole one, as large, at 0.8.
    assert answer["mean"] == pytest.approx(0.6, abs=1e-6)
    assert answer["effective_area_m2"] / answer["farm_area_m2"] == pytest.approx(0.75, abs=1e-6)
    assert (answer["field_count"], answer["scene_ids"]) == (2, [scene.pk])
    assert answer["is_partial"] is True
    assert [row["field_name"] for row in answer["fields"]] == ["A", "B"]


def test_a_field_never_seen_and_one_seen_long_ago_are_missing_by_name(
    api_client: APIClient, farm: Farm
) -> None:
    make_observation(make_field(farm, name="fresh"), make_scene(farm), mean=0.5)
    old = make_scene(farm, acquired_at=PASS - days(11))
    make_observation(make_field(farm, name="old", lon=3.01), old, mean=0.9)
    make_field(farm, name="unseen", lon=3.02)

    answer = api_client.get(url(farm, "latest")).json()
    wider = api_client.get(url(farm, "latest"), {"window_days": 12}).json()

    assert answer["mean"] == 0.5
    assert [(row["field_name"], row["missing_reason"]) for row in answer["missing"]] == [
        ("old", "last seen more than 10 days before the newest look"),
        ("unseen", "no clear look"),
    ]
    assert [(row["field_name"], row["is_counted"]) for row in answer["fields"]] == [
        ("fresh", True),
        ("old", False),
    ]
    assert wider["mean"] == pytest.approx(0.7, abs=1e-6)


def test_of_a_fields_scenes_of_the_newest_day_the_clearest_counts(
    api_client: APIClient, farm: Farm
) -> None:
    field = make_field(farm)
    make_observation(field, make_scene(farm), mean=0.5)
    tile = make_scene(farm, acquired_at=PASS + timedelta(seconds=14))
    make_observation(field, tile, mean=0.7, valid_share=0.6)
    make_observation(field, make_scene(farm, acquired_at=PASS - days(3)), mean=0.1)

    answer = api_client.get(url(farm, "latest")).json()

    assert answer["fields"][0]["mean"] == 0.5


@pytest.mark.parametrize("verdicts", [("consistent", "undecided"), ("undecided", "consistent")])
def test_of_two_equal_scenes_of_one_moment_every_answer_takes_the_sure_one(
    api_client: APIClient, farm: Farm, verdicts: tuple[str, str]
) -> None:
    field = make_field(farm)
    scenes = [make_scene(farm, radiometry_verdict=verdict) for verdict in verdicts]
    for scene in scenes:
        make_observation(field, scene)
    sure = scenes[verdicts.index("consistent")].pk
    of_field = f"/api/v1/fields/{field.pk}/indices/ndvi"

    (row,) = api_client.get(url(farm, "latest")).json()["fields"]

    assert (row["scene_id"], row["radiometry_verdict"]) == (sure, "consistent")
    assert row["outline_sha256"] == field.outline_sha256
    assert api_client.get(f"{of_field}/latest").json()["scene"]["id"] == sure
    columns = api_client.get(f"{of_field}/timeseries").json()["columns"]
    assert (columns["scene_id"], columns["radiometry_verdict"]) == ([sure], ["consistent"])
    columns = api_client.get(url(farm, "timeseries")).json()["columns"]
    assert (columns["scene_ids"], columns["radiometry_verdicts"]) == ([[sure]], [["consistent"]])


def test_numbers_of_an_earlier_outline_do_not_count(api_client: APIClient, farm: Farm) -> None:
    field = make_field(farm)
    make_observation(field, make_scene(farm), outline_sha256="0" * 64)

    answer = api_client.get(url(farm, "latest"))
    series = api_client.get(url(farm, "timeseries")).json()

    assert (answer.status_code, answer.json()["code"]) == (404, "no_clear_observation")
    assert (series["count"], series["outdated_count"]) == (0, 1)


def test_a_farm_without_a_clear_look_is_a_404_in_words(api_client: APIClient, farm: Farm) -> None:
    empty = api_client.get(url(farm, "latest"))
    make_field(farm)
    unseen = api_client.get(url(farm, "latest"))

    assert empty.json()["detail"] == "The farm “Hill Farm” has no fields."
    assert unseen.json()["detail"] == (
        "No scene shows 50% of any of the 1 fields of the farm “Hill Farm” for ndvi."
    )


def test_a_farms_latest_costs_the_same_queries_for_any_number_of_fields(
    api_client: APIClient, farm: Farm, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    scenes = [make_scene(farm, acquired_at=PASS - days(age)) for age in range(3)]
    for number in range(6):
        field = make_field(farm, name=f"F{number}", lon=3.0 + number / 100)
        for scene in scenes:
            make_observation(field, scene)

    with django_assert_num_queries(3):
        assert api_client.get(url(farm, "latest")).json()["field_count"] == 6
    with django_assert_num_queries(4):
        assert api_client.get(url(farm, "timeseries")).json()["count"] == 3


def test_a_farms_csv_has_a_row_for_each_field_also_for_those_not_seen(
    api_client: APIClient, farm: Farm
) -> None:
    make_observation(make_field(farm, name="=1+1"), make_scene(farm))
    make_field(farm, name="unseen", lon=3.02)

    answer = api_client.get(url(farm, "latest"), {"format": "csv"})

    header, first, second = answer.content.decode().splitlines()
    assert header.startswith("field_id,field_name,acquired_at,age_days,stale,is_counted,mean")
    # A spreadsheet must not run a field's name.
    assert ",'=1+1,2024-06-25T10:40:00Z,6.06,false,true,0.6," in first
    assert second.endswith(",unseen" + "," * 23 + "no clear look")


def test_a_farms_series_has_a_point_a_day_with_the_fields_it_lacks(
    api_client: APIClient, farm: Farm
) -> None:
    first, second = make_field(farm, name="A"), make_field(farm, name="B", lon=3.01)
    early, late = make_scene(farm, acquired_at=PASS - days(5)), make_scene(farm)
    make_observation(first, early, mean=0.2)
    make_observation(second, early, mean=0.4)
    make_observation(first, late, mean=0.5)
    make_observation(second, late, mean=None)

    answer = api_client.get(url(farm, "timeseries")).json()

    columns = answer["columns"]
    assert {len(column) for column in columns.values()} == {answer["count"]} == {2}
    assert columns["day"] == ["2024-06-20", "2024-06-25"]
    assert columns["mean"] == [pytest.approx(0.3, abs=1e-6), 0.5]
    assert columns["missing_field_count"] == [0, 1]
    assert columns["is_partial"] == [False, True]
    assert columns["scene_ids"] == [[early.pk], [late.pk]]
    assert (len(answer["receipts"]), columns["receipts"]) == (1, [[0], [0]])


def test_a_field_computed_later_by_another_version_keeps_its_own_receipt(
    api_client: APIClient, farm: Farm
) -> None:
    scene = make_scene(farm)
    own = RECEIPT | {"engine": {"version": "2"}, "scene": {"id": scene.pk}}
    make_observation(make_field(farm, name="A"), scene)
    make_observation(make_field(farm, name="B", lon=3.01), scene, receipt=own)

    answer = api_client.get(url(farm, "timeseries")).json()

    assert answer["columns"]["receipts"] == [[0, 1]]
    assert [receipt.get("engine") for receipt in answer["receipts"]] == [None, {"version": "2"}]


def test_fields_on_two_tiles_of_one_pass_are_one_point(api_client: APIClient, farm: Farm) -> None:
    west, east = make_field(farm, name="A"), make_field(farm, name="B", lon=3.01)
    left, right = make_scene(farm), make_scene(farm, acquired_at=PASS + timedelta(seconds=14))
    make_observation(west, left, mean=0.2)
    make_observation(west, right, mean=0.9, valid_share=0.1)
    make_observation(east, right, mean=0.4)

    answer = api_client.get(url(farm, "timeseries")).json()

    assert answer["columns"]["mean"] == [pytest.approx(0.3, abs=1e-6)]
    assert answer["columns"]["scene_ids"] == [[left.pk, right.pk]]
    assert answer["duplicate_count"] == 1


def test_the_series_of_a_farm_comes_as_csv(api_client: APIClient, farm: Farm) -> None:
    make_observation(make_field(farm), make_scene(farm))

    answer = api_client.get(url(farm, "timeseries"), {"format": "csv"})

    header, row = answer.content.decode().splitlines()
    assert header.startswith("day,acquired_at,mean,")
    assert row.startswith("2024-06-25,2024-06-25T10:40:00Z,0.6,")
    assert "receipts" not in header


@pytest.mark.parametrize("what", ["latest", "timeseries"])
def test_a_foreign_farm_is_a_404_like_one_that_does_not_exist(
    other_client: APIClient, farm: Farm, what: str
) -> None:
    make_observation(make_field(farm), make_scene(farm))

    foreign = other_client.get(url(farm, what))
    absent = other_client.get(f"/api/v1/farms/999999/ndvi/{what}")

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.json()["code"] == absent.json()["code"] == "not_found"


def test_the_document_names_what_a_farm_is_answered(api_client: APIClient, farm: Farm) -> None:
    make_observation(make_field(farm), make_scene(farm))

    latest = api_client.get(url(farm, "latest")).json()
    series = api_client.get(url(farm, "timeseries")).json()

    assert set(FarmLatestSchema().fields) == set(latest)
    assert set(FarmFieldSchema().fields) == set(latest["fields"][0])
    assert set(FarmSeriesSchema().fields) == set(series)
    assert set(FarmColumnsSchema().fields) == set(series["columns"])


def test_the_farms_own_routes_keep_working(api_client: APIClient, farm: Farm) -> None:
    assert api_client.get(f"/api/v1/farms/{farm.pk}/").status_code == 200
    assert api_client.get(f"/api/v1/farms/{farm.pk}/fields/").status_code == 200


def test_an_unknown_index_of_a_farm_is_a_404_in_words(api_client: APIClient, farm: Farm) -> None:
    answer = api_client.get(url(farm, "latest", index="lai"))

    assert answer.status_code == 404
    assert "Known are: ndvi" in answer.json()["detail"]
