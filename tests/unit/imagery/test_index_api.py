"""The catalogue, the latest look and the time series of a field, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from farm.accounts.models import User
from farm.imagery.catalogue import index_named
from farm.imagery.index_api import FieldIndexLatestView, FieldIndexTimeSeriesView
from farm.imagery.index_examples import LATEST, SERIES
from farm.imagery.index_schemas import FieldLatestSchema
from farm.imagery.models import SceneState
from farm.imagery.series_schemas import FieldColumnsSchema, FieldSeriesSchema
from tests.unit.imagery.observation_making import (
    NOW,
    PASS,
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
    from farm.fields.models import Field


@pytest.fixture(autouse=True)
def _fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for view in (FieldIndexLatestView, FieldIndexTimeSeriesView):
        monkeypatch.setattr(view, "now", lambda self: NOW)


@pytest.fixture
def farm(user: User) -> Farm:
    return make_farm(user)


@pytest.fixture
def field(farm: Farm) -> Field:
    return make_field(farm)


def url(field: Field, what: str, index: str = "ndvi") -> str:
    return f"/api/v1/fields/{field.pk}/indices/{index}/{what}"


# --- The catalogue ------------------------------------------------------------------------------


def test_the_catalogue_lists_formula_range_reference_and_colours(api_client: APIClient) -> None:
    answer = api_client.get("/api/v1/indices/").json()

    ndvi = answer["indices"][0]
    assert len(answer["indices"]) == 12
    assert ndvi["formula"] == "(nir - red) / (nir + red)"
    assert (ndvi["valid_min"], ndvi["valid_max"]) == (-1.0, 1.0)
    assert ndvi["reference"]["url"] == "https://ntrs.nasa.gov/citations/19740022614"
    assert ndvi["stops"][0]["colour"].startswith("#")


def test_one_index_has_its_own_address(api_client: APIClient) -> None:
    assert api_client.get("/api/v1/indices/evi/").json()["constants"]["c2"] == 7.5


def test_an_unknown_index_is_a_404_that_names_the_known_ones(api_client: APIClient) -> None:
    answer = api_client.get("/api/v1/indices/lai/")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert "ndvi, evi" in answer.json()["detail"]
    assert answer.json()["reason"] == "INDEX_UNKNOWN"


def test_the_catalogue_needs_a_log_in(anonymous_client: APIClient, db: None) -> None:
    assert anonymous_client.get("/api/v1/indices/").status_code == 401


# --- Latest -------------------------------------------------------------------------------------


def test_the_latest_look_carries_numbers_age_scene_and_receipt(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    make_observation(field, make_scene(farm, acquired_at=PASS - days(5)), mean=0.3)
    scene = make_scene(farm, is_simulated=True)
    make_observation(field, scene, mean=0.61)

    answer = api_client.get(url(field, "latest")).json()

    assert answer["field"] == {"id": field.pk, "name": "North"}
    assert (answer["mean"], answer["unit"]) == (0.61, "1")
    assert answer["acquired_at"] == "2024-06-25T10:40:00Z"
    assert answer["age_days"] == pytest.approx(6.06)
    assert (answer["stale"], answer["is_partial"]) == (False, False)
    assert answer["scene"]["id"] == scene.pk
    assert answer["scene"]["is_simulated"] is True
    assert answer["receipt"]["formula"] == "(nir - red) / (nir + red)"
    assert answer["receipt"]["outline_sha256"] == field.outline_sha256
    assert answer["receipt"]["computed_at"] == answer["computed_at"]
    assert answer["histogram"] == {"min": -1.0, "max": 1.0, "effective_pixels": [0.0, 100.0, 0.0]}


def test_a_cloudy_newer_scene_does_not_hide_a_clear_older_one(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    make_observation(field, make_scene(farm, acquired_at=PASS - days(5)), mean=0.3)
    make_observation(field, make_scene(farm), valid_share=0.49)

    assert api_client.get(url(field, "latest")).json()["mean"] == 0.3
    newer = api_client.get(url(field, "latest"), {"min_clear_share": "0.4"}).json()
    assert (newer["mean"], newer["is_partial"]) == (0.6, True)


def test_a_clear_corner_of_the_field_is_no_clear_look(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    make_observation(field, make_scene(farm), covered_area_m2=3_000.0)

    assert api_client.get(url(field, "latest")).status_code == 404


def test_of_two_scenes_of_one_day_the_clearer_is_taken(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    make_observation(field, make_scene(farm), mean=0.5, valid_share=0.95)
    later = make_scene(farm, acquired_at=PASS + timedelta(seconds=14))
    make_observation(field, later, mean=0.7, valid_share=0.6)

    assert api_client.get(url(field, "latest")).json()["mean"] == 0.5


def test_an_old_number_is_stale(api_client: APIClient, farm: Farm, field: Field) -> None:
    make_observation(field, make_scene(farm, acquired_at=NOW - days(15.1)))

    answer = api_client.get(url(field, "latest")).json()

    assert answer["stale"] is True
    assert answer["stale_after_days"] == 15


def test_no_clear_look_is_a_404_that_says_how_many_were_tried_and_why(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    make_observation(field, make_scene(farm, acquired_at=PASS - days(1)), mean=None)
    make_observation(field, make_scene(farm, acquired_at=PASS - days(2)), valid_share=0.2)
    make_observation(field, make_scene(farm), outline_sha256="0" * 64)

    answer = api_client.get(url(field, "latest"))

    assert answer.status_code == 404
    assert answer.json()["code"] == "no_clear_observation"
    assert answer.json()["detail"] == (
        "3 scenes were looked at, and none shows the field “North” clearly enough: 1 without a "
        "single clear pixel, 1 showing less than 50% of it, 1 computed for an earlier outline."
    )


def test_a_field_nobody_computed_says_so(api_client: APIClient, field: Field) -> None:
    answer = api_client.get(url(field, "latest"))

    assert answer.json()["detail"].startswith("No scene of the farm has been computed for ndvi")


@pytest.mark.parametrize("state", [SceneState.HELD, SceneState.FAILED, SceneState.INGESTING])
def test_numbers_of_a_scene_that_is_not_ready_are_not_shown(
    api_client: APIClient, farm: Farm, field: Field, state: SceneState
) -> None:
    make_observation(field, make_scene(farm, state=state))

    assert api_client.get(url(field, "latest")).status_code == 404
    assert api_client.get(url(field, "timeseries")).json()["count"] == 0


def test_the_latest_look_costs_three_queries(
    api_client: APIClient,
    farm: Farm,
    field: Field,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for age in range(4):
        make_observation(field, make_scene(farm, acquired_at=PASS - days(age)))

    with django_assert_num_queries(3):
        api_client.get(url(field, "latest"))


# --- Who may see it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "what", ["latest", "timeseries", "raster.png", "raster.tif", "legend.json"]
)
def test_a_foreign_field_is_a_404_like_one_that_does_not_exist(
    other_client: APIClient, farm: Farm, field: Field, what: str
) -> None:
    make_observation(field, make_scene(farm))

    foreign = other_client.get(url(field, what))
    absent = other_client.get(f"/api/v1/fields/999999/indices/ndvi/{what}")

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.json()["code"] == absent.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "what", ["latest", "timeseries", "raster.png", "raster.tif", "legend.json"]
)
def test_an_unknown_index_of_a_field_is_a_404_in_words(
    api_client: APIClient, field: Field, what: str
) -> None:
    answer = api_client.get(url(field, what, index="lai"))

    assert answer.status_code == 404
    assert "Known are: ndvi" in answer.json()["detail"]


def test_the_legend_is_that_of_the_catalogue(api_client: APIClient, field: Field) -> None:
    legend = api_client.get(url(field, "legend.json", index="ndmi")).json()

    stops = index_named("ndmi").stops
    assert [stop["value"] for stop in legend["stops"]] == [stop.value for stop in stops]
    assert [int(stop["colour"][1:], 16) for stop in legend["stops"]] == [s.rgb for s in stops]


# --- Time series --------------------------------------------------------------------------------


def season(farm: Farm, field: Field, *means: float | None) -> list[Any]:
    """A look every five days, the last one at ``PASS``."""
    first = PASS - days(5 * (len(means) - 1))
    return [
        make_observation(field, make_scene(farm, acquired_at=first + days(5 * number)), mean=mean)
        for number, mean in enumerate(means)
    ]


def test_a_series_has_a_column_for_each_number_all_of_one_length(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    looks = season(farm, field, 0.2, None, 0.5)

    answer = api_client.get(url(field, "timeseries")).json()

    columns = answer["columns"]
    assert {len(column) for column in columns.values()} == {answer["count"]} == {3}
    assert columns["mean"] == [0.2, None, 0.5]
    assert columns["acquired_at"][-1] == "2024-06-25T10:40:00Z"
    assert columns["scene_id"] == [look.scene_id for look in looks]
    assert columns["is_partial"] == [False, True, False]
    assert (answer["time_zone"], answer["unit"], answer["stale"]) == ("UTC", "1", False)


def test_alike_receipts_are_sent_once(api_client: APIClient, farm: Farm, field: Field) -> None:
    season(farm, field, 0.2, 0.3)
    other = make_scene(farm, acquired_at=PASS + days(1))
    make_observation(field, other, receipt={"mask": "none", "scene": {"id": other.pk}})

    answer = api_client.get(url(field, "timeseries")).json()

    assert answer["columns"]["receipt"] == [0, 0, 1]
    assert [receipt["mask"] for receipt in answer["receipts"]] == [
        "SCL classes 4, 5, 6 and 7 are kept.",
        "none",
    ]


def test_a_series_is_stale_when_its_newest_value_is_old(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    make_observation(field, make_scene(farm, acquired_at=NOW - days(20)))
    make_observation(field, make_scene(farm, acquired_at=NOW - days(1)), mean=None)

    assert api_client.get(url(field, "timeseries")).json()["stale"] is True


def test_an_empty_series_has_empty_columns_and_is_stale(
    api_client: APIClient, field: Field
) -> None:
    answer = api_client.get(url(field, "timeseries")).json()

    assert answer["columns"]["mean"] == []
    assert (answer["count"], answer["stale"], answer["receipts"]) == (0, True, [])


def test_two_scenes_of_one_solar_day_are_one_point_unless_asked_for(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    make_observation(field, make_scene(farm), mean=0.5)
    tile = make_scene(farm, acquired_at=PASS + timedelta(seconds=14))
    make_observation(field, tile, mean=0.4, valid_share=0.3)

    once = api_client.get(url(field, "timeseries")).json()
    both = api_client.get(url(field, "timeseries"), {"duplicates": "keep"}).json()

    assert (once["columns"]["mean"], once["duplicate_count"]) == ([0.5], 1)
    assert both["columns"]["mean"] == [0.5, 0.4]
    assert both["columns"]["is_duplicate"] == [False, True]


def test_numbers_of_an_earlier_outline_are_left_out_and_counted(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    season(farm, field, 0.2, 0.3)
    old = make_scene(farm, acquired_at=PASS - days(90))
    make_observation(field, old, outline_sha256="0" * 64)

    answer = api_client.get(url(field, "timeseries")).json()

    assert (answer["count"], answer["outdated_count"]) == (2, 1)


def test_min_valid_share_leaves_cloudy_looks_out(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    season(farm, field, 0.2, None, 0.5)

    answer = api_client.get(url(field, "timeseries"), {"min_valid_share": "0.5"}).json()

    assert answer["columns"]["mean"] == [0.2, 0.5]


def test_the_limit_keeps_the_newest_in_either_order(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    season(farm, field, 0.1, 0.2, 0.3)

    rising = api_client.get(url(field, "timeseries"), {"limit": 2}).json()
    falling = api_client.get(url(field, "timeseries"), {"limit": 2, "order": "desc"}).json()

    assert (rising["columns"]["mean"], rising["is_truncated"]) == ([0.2, 0.3], True)
    assert falling["columns"]["mean"] == [0.3, 0.2]


def test_days_of_a_span_are_included_and_cut_by_the_farms_clock(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    farm.time_zone = "Pacific/Auckland"
    farm.save()
    # 22:40 UTC on the 24th is 10:40 on the 25th in New Zealand.
    make_observation(field, make_scene(farm, acquired_at=PASS - timedelta(hours=12)))

    local = api_client.get(url(field, "timeseries"), {"from": "2024-06-25", "to": "2024-06-25"})
    utc_day = api_client.get(url(field, "timeseries"), {"to": "2024-06-24"})
    instant = api_client.get(url(field, "timeseries"), {"to": "2024-06-24T22:40:00Z"})

    assert (local.json()["count"], local.json()["time_zone"]) == (1, "Pacific/Auckland")
    assert utc_day.json()["count"] == 0
    assert instant.json()["count"] == 0


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2024-06-01T10:00:00"}, "from"),
        ({"from": "2024-13-01"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"from": "2024-06-02", "to": "2024-06-01"}, "to"),
        ({"min_valid_share": "1.5"}, "min_valid_share"),
        ({"min_valid_share": "nan"}, "min_valid_share"),
        ({"limit": "5001"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"order": "up"}, "order"),
        ({"form": "2024-06-01"}, "form"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(
    api_client: APIClient, field: Field, query: dict[str, str], name: str
) -> None:
    answer = api_client.get(url(field, "timeseries"), query)

    assert answer.status_code == 422
    assert name in answer.json()["errors"]


def test_the_series_comes_as_csv_by_parameter_and_by_accept(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    season(farm, field, 0.2, None)

    by_parameter = api_client.get(url(field, "timeseries"), {"format": "csv"})
    by_accept = api_client.get(url(field, "timeseries"), headers={"Accept": "text/csv"})

    lines = by_parameter.content.decode().splitlines()
    assert by_parameter.content == by_accept.content
    assert by_parameter["Content-Type"].startswith("text/csv")
    assert f'filename="field-{field.pk}-ndvi.csv"' in by_parameter["Content-Disposition"]
    assert lines[0].startswith("acquired_at,mean,median,p10,p90,min,max,standard_deviation")
    assert lines[1].startswith("2024-06-20T10:40:00Z,0.2,0.62,0.4,0.8,0.2,0.9,0.1,1.0,1.0")
    assert lines[2].startswith("2024-06-25T10:40:00Z,,,,,,,,0.0,0.0")
    assert len(lines) == 3


def test_a_refusal_comes_as_a_problem_even_where_csv_was_asked_for(
    other_client: APIClient, field: Field
) -> None:
    answer = other_client.get(url(field, "timeseries"), {"format": "csv"})

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_a_series_costs_the_same_queries_for_any_length(
    api_client: APIClient,
    farm: Farm,
    field: Field,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    season(farm, field, *[0.5] * 8)

    with django_assert_num_queries(4):
        api_client.get(url(field, "timeseries"))


# --- The document -------------------------------------------------------------------------------


def test_the_examples_of_the_document_have_the_shape_of_the_answers(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    season(farm, field, 0.2)

    latest = api_client.get(url(field, "latest")).json()
    series = api_client.get(url(field, "timeseries")).json()

    assert set(LATEST.value) == set(latest) == set(FieldLatestSchema().fields)
    assert set(SERIES.value) == set(series) == set(FieldSeriesSchema().fields)
    assert set(SERIES.value["columns"]) == set(series["columns"])
    assert set(FieldColumnsSchema().fields) == set(series["columns"])
