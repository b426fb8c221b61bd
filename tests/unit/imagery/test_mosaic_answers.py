"""A day of several scenes over HTTP: one number, the same in series, pictures and statistics."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from farm.accounts.models import User
from farm.clients.fakes import Failure
from farm.imagery import observation_selectors
from farm.imagery.models import MosaicPart, Observation, SceneState
from farm.imagery.scene_services import delete_scene
from farm.imagery.storage import object_store
from tests.unit.imagery.ndvi_server import WritingNdvi, serving
from tests.unit.imagery.observation_making import (
    PASS,
    RECEIPT,
    days,
    make_farm,
    make_field,
    make_observation,
    make_scene,
    square,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.farms.models import Farm
    from farm.fields.models import Field
    from farm.imagery.models import Scene


@pytest.fixture
def farm(user: User) -> Farm:
    return make_farm(user)


@pytest.fixture
def field(farm: Farm) -> Field:
    return make_field(farm)


@pytest.fixture
def ndvi(tmp_path: Path, settings: SettingsWrapper) -> Iterator[WritingNdvi]:
    with serving(settings, tmp_path / "store") as service:
        yield service


@pytest.fixture
def tiles(farm: Farm) -> list[Scene]:
    return [
        make_scene(farm, radiometry_verdict="consistent", processing_baseline="05.09"),
        make_scene(farm, radiometry_verdict="undecided", processing_baseline="05.10"),
    ]


@pytest.fixture
def look(field: Field, tiles: list[Scene]) -> Observation:
    """Two tiles that show half of the field each, and what was put together of them."""
    for tile in tiles:
        make_observation(field, tile, covered_area_m2=15_000.0, mean=0.3)
    return make_mosaic(field, tiles)


def make_mosaic(field: Field, scenes: list[Scene], **values: Any) -> Observation:
    receipt = RECEIPT | {
        "scene": {"id": scenes[0].pk},
        "scenes": [{"id": scene.pk} for scene in scenes],
    }
    look = make_observation(
        field, scenes[0], **{"is_mosaic": True, "mean": 0.7, "receipt": receipt} | values
    )
    for position, scene in enumerate(scenes):
        MosaicPart.objects.create(
            observation=look, scene=scene, position=position, effective_pixels=150.0
        )
    return look


def url(field: Field, what: str) -> str:
    return f"/api/v1/fields/{field.pk}/indices/ndvi/{what}"


def test_the_latest_number_is_that_of_the_mosaic(
    api_client: APIClient, field: Field, tiles: list[Scene], look: Observation
) -> None:
    answer = api_client.get(url(field, "latest")).json()

    assert (answer["mean"], answer["is_mosaic"], answer["is_partial"]) == (0.7, True, False)
    assert answer["scene"]["id"] == tiles[0].pk
    assert answer["scene_ids"] == [tile.pk for tile in tiles]
    assert answer["radiometry_verdict"] == "undecided", "the weakest of the parts"
    assert [scene["id"] for scene in answer["receipt"]["scenes"]] == answer["scene_ids"]


def test_a_mosaic_that_is_put_together_anew_while_it_is_read_is_found_again(
    api_client: APIClient,
    field: Field,
    tiles: list[Scene],
    look: Observation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks, reads = observation_selectors._LOOKS, []

    def rows(*, pk: int) -> list[Observation]:
        if not reads:
            look.delete()
            make_mosaic(field, tiles)
        reads.append(pk)
        return looks.rows(pk=pk)

    monkeypatch.setattr(observation_selectors, "_LOOKS", SimpleNamespace(rows=rows))

    answer = api_client.get(url(field, "latest"))

    assert (answer.status_code, len(reads)) == (200, 2)
    assert answer.json()["scene_ids"] == [tile.pk for tile in tiles]


def test_a_series_shows_the_day_once_and_its_parts_as_duplicates(
    api_client: APIClient, field: Field, tiles: list[Scene], look: Observation
) -> None:
    dropped = api_client.get(url(field, "timeseries")).json()
    kept = api_client.get(url(field, "timeseries"), {"duplicates": "keep"}).json()

    columns = dropped["columns"]
    ids = [tile.pk for tile in tiles]
    assert (columns["mean"], columns["is_mosaic"], columns["scene_ids"]) == ([0.7], [True], [ids])
    assert columns["radiometry_verdict"] == ["undecided"]
    assert dropped["duplicate_count"] == 2
    marks = zip(kept["columns"]["is_mosaic"], kept["columns"]["is_duplicate"], strict=True)
    assert sorted(marks) == [
        (False, True),
        (False, True),
        (True, False),
    ]
    assert "scenes" not in dropped["receipts"][0], "scenes are named by the column"


def test_a_mosaic_outranks_a_part_that_shows_as_much(
    api_client: APIClient, field: Field, tiles: list[Scene], look: Observation
) -> None:
    Observation.objects.filter(is_mosaic=False).update(covered_area_m2=30_000.0)

    assert api_client.get(url(field, "latest")).json()["is_mosaic"] is True


def test_the_csv_of_a_series_names_the_scenes(
    api_client: APIClient, field: Field, tiles: list[Scene], look: Observation
) -> None:
    answer = api_client.get(url(field, "timeseries"), {"format": "csv"})

    header, row = (line.split(",") for line in answer.content.decode().splitlines())
    values = dict(zip(header, row, strict=True))
    assert values["is_mosaic"] == "true"
    assert values["scene_ids"] == f"{tiles[0].pk} {tiles[1].pk}"


def test_a_farm_counts_the_mosaic_and_not_its_parts(
    api_client: APIClient, farm: Farm, field: Field, tiles: list[Scene], look: Observation
) -> None:
    base = f"/api/v1/farms/{farm.pk}/ndvi"
    latest = api_client.get(f"{base}/latest").json()
    series = api_client.get(f"{base}/timeseries").json()["columns"]

    ids = [tile.pk for tile in tiles]
    assert (latest["mean"], latest["scene_ids"]) == (0.7, ids)
    assert latest["fields"][0]["scene_ids"] == ids
    assert latest["fields"][0]["is_mosaic"] is True
    assert latest["fields"][0]["radiometry_verdict"] == "undecided"
    assert (series["mean"], series["scene_ids"], series["is_mosaic"]) == ([0.7], [ids], [True])
    assert series["radiometry_verdicts"] == [["undecided"]]


@pytest.mark.parametrize("state", [SceneState.HELD, SceneState.FAILED, SceneState.NEW])
def test_a_mosaic_of_a_scene_that_is_not_ready_is_not_published(
    api_client: APIClient,
    farm: Farm,
    field: Field,
    tiles: list[Scene],
    look: Observation,
    state: SceneState,
) -> None:
    tiles[1].state = state
    tiles[1].save()

    base = f"/api/v1/farms/{farm.pk}/ndvi"
    latest = api_client.get(url(field, "latest")).json()
    series = api_client.get(url(field, "timeseries")).json()["columns"]
    of_farm = api_client.get(f"{base}/latest").json()
    farm_series = api_client.get(f"{base}/timeseries").json()["columns"]

    assert (latest["is_mosaic"], latest["mean"]) == (False, 0.3)
    assert series["is_mosaic"] == farm_series["is_mosaic"] == [False]
    assert of_farm["fields"][0]["is_mosaic"] is False


def test_pictures_and_files_show_the_scenes_of_the_number_in_their_order(
    api_client: APIClient, field: Field, tiles: list[Scene], look: Observation, ndvi: WritingNdvi
) -> None:
    ids = [str(tile.pk) for tile in tiles]

    for query in ({}, {"date": "2024-06-25"}):
        answer = api_client.get(url(field, "raster.png"), query)
        assert answer["X-Scene-Ids"] == " ".join(ids)
    b"".join(api_client.get(url(field, "raster.tif")).streaming_content)
    api_client.get(url(field, "raster.png"), {"scene": ids[1]})

    shown = [[scene.scene_id for scene in request.scenes] for request in ndvi.rendered]
    assert shown == [ids, ids, ids[1:]]
    (written,) = ndvi.written
    assert [scene.scene_id for scene in written.scenes] == ids


def test_another_order_is_another_picture_and_another_file(
    api_client: APIClient, field: Field, tiles: list[Scene], look: Observation, ndvi: WritingNdvi
) -> None:
    def etags() -> list[str]:
        answers = [api_client.get(url(field, what)) for what in ("raster.png", "raster.tif")]
        b"".join(answers[1].streaming_content)
        return [answer["ETag"] for answer in answers]

    before = etags()
    look.delete()
    make_mosaic(field, tiles[::-1])

    assert not set(before) & set(etags())


def test_files_of_a_mosaic_go_with_any_of_its_scenes(
    api_client: APIClient, field: Field, tiles: list[Scene], look: Observation, ndvi: WritingNdvi
) -> None:
    b"".join(api_client.get(url(field, "raster.tif")).streaming_content)
    assert list(ndvi.store.rglob("*.tif"))

    delete_scene(scene=tiles[1], store=object_store())

    assert not list(ndvi.store.rglob("*.tif"))


def test_a_kept_file_that_is_gone_is_not_taken_for_one_that_never_was(
    api_client: APIClient, field: Field, tiles: list[Scene], look: Observation, ndvi: WritingNdvi
) -> None:
    b"".join(api_client.get(url(field, "raster.tif")).streaming_content)
    (file,) = ndvi.store.rglob("*.tif")
    file.unlink()
    ndvi.failures["WriteIndex"] = Failure(code=grpc.StatusCode.DEADLINE_EXCEEDED)

    answer = api_client.get(url(field, "raster.tif"))

    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert "is gone" in answer.json()["detail"]


def test_a_file_says_of_itself_what_it_was_made_of(
    api_client: APIClient, field: Field, tiles: list[Scene], look: Observation, ndvi: WritingNdvi
) -> None:
    tiles[1].name = "tile\n" + "é" * 155
    tiles[1].save()

    b"".join(api_client.get(url(field, "raster.tif")).streaming_content)

    tags = dict(ndvi.written[0].tags)
    assert tags["SCENES"].startswith(f"{tiles[0].name}; tile é")
    assert tags["ACQUIRED_AT"] == "2024-06-25T10:40:00Z; 2024-06-25T10:40:00Z"
    assert tags["PLATFORM"] == "sentinel-2"
    assert tags["PROCESSING_BASELINE"] == "05.09; 05.10"
    assert tags["SCALE_OFFSET"] == "nir × 0.0001 + -0.1, red × 0.0001 + -0.1"
    assert tags["RADIOMETRY_VERDICT"] == "undecided"
    assert (tags["INDEX"], tags["MASK"]) == ("ndvi", "SCL classes 4, 5, 6 and 7 are kept.")
    assert {"CATALOGUE_VERSION", "FURROW_VERSION", "MASK_DILATION_M", "MOSAIC"} < set(tags)
    assert "IS_SIMULATED" not in tags
    assert len(tags) <= 32
    assert all(len(value.encode()) <= 1024 and value.isprintable() for value in tags.values())


def test_a_file_of_a_simulated_scene_says_so(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    make_observation(field, make_scene(farm, is_simulated=True))

    b"".join(api_client.get(url(field, "raster.tif")).streaming_content)

    assert ndvi.written[0].tags["IS_SIMULATED"] == "yes"
    assert ndvi.written[0].tags["SIMULATED"] == "YES"


def test_a_file_whose_tags_would_differ_is_written_anew(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    scene = make_scene(farm, radiometry_verdict="undecided")
    make_observation(field, scene)
    first = api_client.get(url(field, "raster.tif"))
    b"".join(first.streaming_content)

    scene.radiometry_verdict = "consistent"
    scene.save()
    second = api_client.get(url(field, "raster.tif"))
    b"".join(second.streaming_content)

    assert first["ETag"] != second["ETag"]
    assert [request.tags["RADIOMETRY_VERDICT"] for request in ndvi.written] == [
        "undecided",
        "consistent",
    ]


# --- Statistics over outlines -------------------------------------------------------------------


def ask(client: APIClient, farm: Farm, **values: Any) -> dict[str, Any]:
    document = {"index": "ndvi", "farm": farm.pk, "outlines": square(3.0, 51.0)} | values
    answer = client.post("/api/v1/statistics/", document, format="json")
    assert answer.status_code == 200, answer.content
    result: dict[str, Any] = answer.json()
    return result


def test_scenes_of_one_day_are_one_answer_in_which_each_pixel_counts_once(
    api_client: APIClient, farm: Farm, tiles: list[Scene], ndvi: WritingNdvi
) -> None:
    ndvi.shows = {
        str(tiles[0].pk): dict.fromkeys(range(15), 0.4),
        str(tiles[1].pk): dict.fromkeys(range(10, 40), 0.8),
    }

    answer = ask(api_client, farm)

    (day,) = answer["scenes"]
    assert (day["is_mosaic"], day["scene_ids"]) == (True, [tiles[1].pk, tiles[0].pk])
    assert (day["scene"]["id"], day["radiometry_verdict"]) == (tiles[1].pk, "undecided")
    assert [scene["id"] for scene in day["receipt"]["scenes"]] == day["scene_ids"]
    (result,) = day["results"]
    assert result["mean"] == pytest.approx((30 * 0.8 + 10 * 0.4) / 40)
    assert result["effective_pixels"] == 40
    assert answer["left_out_count"] == 0


def test_of_scenes_of_one_day_the_one_that_shows_an_outline_whole_is_taken_alone(
    api_client: APIClient, farm: Farm, tiles: list[Scene], ndvi: WritingNdvi
) -> None:
    ndvi.shows = {
        str(tiles[0].pk): dict.fromkeys(range(40), 0.4),
        str(tiles[1].pk): dict.fromkeys(range(10), 0.8),
    }

    (day,) = ask(api_client, farm)["scenes"]

    assert (day["is_mosaic"], day["scene_ids"]) == (False, [tiles[0].pk])
    assert day["results"][0]["mean"] == pytest.approx(0.4)


def test_days_are_counted_not_scenes(
    api_client: APIClient, farm: Farm, tiles: list[Scene], ndvi: WritingNdvi
) -> None:
    earlier = make_scene(farm, acquired_at=PASS - days(5))
    make_scene(farm, acquired_at=PASS - days(10))
    every = [*tiles, earlier]
    ndvi.shows = {str(scene.pk): dict.fromkeys(range(40), 0.5) for scene in every}

    answer = ask(api_client, farm, max_scenes=2)

    # Of two tiles that show the same, the one whose scale and offset are known to be true.
    assert [day["scene_ids"] for day in answer["scenes"]] == [[tiles[0].pk], [earlier.pk]]
    assert answer["left_out_count"] == 1


def test_each_outline_comes_once_a_day_also_where_outlines_need_different_scenes(
    api_client: APIClient, farm: Farm, tiles: list[Scene], ndvi: WritingNdvi
) -> None:
    outlines = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": square(3.0 + number / 100, 51.0), "properties": {}}
            for number in range(3)
        ],
    }
    ndvi.shows = {
        str(tiles[0].pk): dict.fromkeys(range(15), 0.4),
        str(tiles[1].pk): dict.fromkeys(range(10, 40), 0.8),
    }

    answer = ask(api_client, farm, outlines=outlines)
    table = api_client.post(
        "/api/v1/statistics/?format=csv",
        {"index": "ndvi", "farm": farm.pk, "outlines": outlines},
        format="json",
    )

    places = [result["outline"] for day in answer["scenes"] for result in day["results"]]
    assert sorted(places) == [0, 1, 2]
    assert len(table.content.decode().splitlines()) == 4
    assert f"{tiles[1].pk} {tiles[0].pk},true" in table.content.decode()
