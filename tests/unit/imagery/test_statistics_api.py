"""Statistics over ad-hoc outlines, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from farm.accounts.models import Scope, User
from farm.accounts.principal import Principal
from farm.farms.models import Role
from farm.imagery.models import SceneState
from farm.imagery.statistics import MAX_OUTLINES
from tests.unit.imagery.ndvi_server import WritingNdvi, serving
from tests.unit.imagery.observation_making import PASS, days, make_farm, make_scene, square

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.farms.models import Farm

URL = "/api/v1/statistics/"


@pytest.fixture
def farm(user: User) -> Farm:
    return make_farm(user, role=Role.VIEWER)


@pytest.fixture
def ndvi(tmp_path: Path, settings: SettingsWrapper) -> Iterator[WritingNdvi]:
    with serving(settings, tmp_path / "store") as service:
        yield service


def feature(lon: float, **members: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": square(lon, 51.0)} | members


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def test_a_viewer_gets_the_numbers_of_each_outline_in_the_order_sent(
    api_client: APIClient, farm: Farm, ndvi: WritingNdvi
) -> None:
    scene = make_scene(farm)
    outlines = collection(feature(3.0, id="plot-a"), feature(3.01))

    answer = api_client.post(URL, {"index": "ndvi", "scene": scene.pk, "outlines": outlines})

    assert answer.status_code == 200
    (found,) = answer.json()["scenes"]
    assert found["scene"]["id"] == scene.pk
    assert [(row["outline"], row["id"], row["mean"]) for row in found["results"]] == [
        (0, "plot-a", 0.5),
        (1, None, 0.6),
    ]
    assert (found["results"][0]["p10"], found["results"][0]["p90"]) == (0.4, 0.6)
    assert found["receipt"]["index"]["formula"] == "(nir - red) / (nir + red)"


def test_the_service_is_asked_with_the_mask_and_scale_of_the_fields_numbers(
    api_client: APIClient, farm: Farm, ndvi: WritingNdvi
) -> None:
    scene = make_scene(farm)

    api_client.post(URL, {"index": "ndvi", "scene": scene.pk, "outlines": square(3.0, 51.0)})

    (request,) = ndvi.summarized
    assert {(band.scale, band.offset) for band in request.scenes[0].bands} == {(0.0001, -0.1)}
    assert len(request.scenes[0].masks) == 1
    assert list(request.quantiles) == [0.1, 0.9]


def test_a_farm_gives_its_newest_ready_scenes_that_reach_an_outline(
    api_client: APIClient, farm: Farm, ndvi: WritingNdvi
) -> None:
    scenes = [make_scene(farm, acquired_at=PASS - days(age)) for age in range(3)]
    make_scene(farm, acquired_at=PASS + days(1), state=SceneState.HELD)
    make_scene(farm, acquired_at=PASS + days(1), west=10.0, east=11.0)

    answer = api_client.post(
        URL,
        {"index": "ndvi", "farm": farm.pk, "max_scenes": 2, "outlines": feature(3.0)},
    ).json()

    assert [found["scene"]["id"] for found in answer["scenes"]] == [scenes[0].pk, scenes[1].pk]
    assert answer["left_out_count"] == 1


def test_a_span_bounds_the_scenes_of_a_farm(
    api_client: APIClient, farm: Farm, ndvi: WritingNdvi
) -> None:
    old = make_scene(farm, acquired_at=PASS - days(10))
    make_scene(farm)

    body = {"index": "ndvi", "farm": farm.pk, "to": "2024-06-20", "outlines": square(3.0, 51.0)}
    answer = api_client.post(URL, body).json()

    assert [found["scene"]["id"] for found in answer["scenes"]] == [old.pk]


def test_a_scene_that_lacks_a_band_is_skipped_by_name_among_several(
    api_client: APIClient, farm: Farm, ndvi: WritingNdvi
) -> None:
    full = make_scene(farm, bands=("nir", "red", "nir08", "swir16"))
    bare = make_scene(farm, acquired_at=PASS - days(1))

    body = {"index": "ndmi", "farm": farm.pk, "max_scenes": 5, "outlines": square(3.0, 51.0)}
    answer = api_client.post(URL, body).json()
    alone = api_client.post(URL, {"index": "ndmi", "scene": bare.pk, "outlines": square(3.0, 51.0)})

    assert [found["scene"]["id"] for found in answer["scenes"]] == [full.pk]
    assert answer["skipped"][0]["scene"]["id"] == bare.pk
    assert "lacks swir16" in answer["skipped"][0]["reason"]
    assert (alone.status_code, alone.json()["reason"]) == (422, "BAND_MISSING")


def test_the_table_has_a_row_for_each_scene_and_outline(
    api_client: APIClient, farm: Farm, ndvi: WritingNdvi
) -> None:
    scene = make_scene(farm)
    body = {
        "index": "ndvi",
        "scene": scene.pk,
        "outlines": collection(feature(3.0), feature(3.01)),
    }

    answer = api_client.post(f"{URL}?format=csv", body)

    header, first, second = answer.content.decode().splitlines()
    assert header.startswith("scene_id,scene_name,is_simulated,acquired_at,outline,id,mean")
    assert first.startswith(f"{scene.pk},{scene.name},false,2024-06-25T10:40:00Z,0,,0.5,")
    assert second.startswith(f"{scene.pk},{scene.name},false,2024-06-25T10:40:00Z,1,,0.6,")
    assert 'filename="statistics.csv"' in answer["Content-Disposition"]


def test_a_foreign_scene_and_a_foreign_farm_are_404s(other_client: APIClient, farm: Farm) -> None:
    scene = make_scene(farm)
    outlines = square(3.0, 51.0)

    by_scene = other_client.post(URL, {"index": "ndvi", "scene": scene.pk, "outlines": outlines})
    by_farm = other_client.post(URL, {"index": "ndvi", "farm": farm.pk, "outlines": outlines})

    assert (by_scene.status_code, by_farm.status_code) == (404, 404)


def test_a_held_scene_gives_no_numbers(api_client: APIClient, farm: Farm) -> None:
    held = make_scene(farm, state=SceneState.HELD, state_reason="The offset is still in.")

    answer = api_client.post(
        URL, {"index": "ndvi", "scene": held.pk, "outlines": square(3.0, 51.0)}
    )

    assert (answer.status_code, answer.json()["reason"]) == (409, "SCENE_NOT_READY")


def test_a_key_that_may_only_read_may_ask(
    api_client: APIClient,
    user: User,
    farm: Farm,
    ndvi: WritingNdvi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = Principal(user=user, scopes=frozenset({Scope.READ.value}))
    monkeypatch.setattr("farm.accounts.permissions.principal_of", lambda request: reader)
    scene = make_scene(farm)

    answer = api_client.post(
        URL, {"index": "ndvi", "scene": scene.pk, "outlines": square(3.0, 51.0)}
    )

    assert answer.status_code == 200


BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[3, 51], [3.1, 51.1], [3.1, 51], [3, 51.1], [3, 51]]],
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"index": "lai"}, "There is no index “lai”"),
        ({"outlines": collection()}, "0 outlines were sent; 1 to 100"),
        ({"outlines": collection(*[feature(3.0)] * (MAX_OUTLINES + 1))}, "101 outlines were sent"),
        ({"outlines": BOW_TIE}, "cross"),
        ({"outlines": collection(feature(3.0), feature(3.0, geometry=BOW_TIE))}, "Outline 2: "),
        ({"outlines": {"type": "FeatureCollection"}}, "no list of features"),
        ({"outlines": collection({"type": "Polygon"})}, "must be a Feature"),
        ({"outlines": feature(3.0, id="x" * 257)}, "more than 256 characters"),
        ({"outlines": [1, 2]}, "must be a GeoJSON object"),
        ({"outlines": {"type": "Point", "coordinates": [3, 51]}}, "Point"),
        ({"farm": 1}, "either a scene, or a farm"),
        ({"from": "2024-06-01"}, "goes with a farm"),
        ({"max_scenes": 11}, "max_scenes"),
        ({"indexes": "ndvi"}, "no such parameter"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_before_any_work(
    api_client: APIClient, farm: Farm, ndvi: WritingNdvi, change: dict[str, Any], words: str
) -> None:
    scene = make_scene(farm)
    body = {"index": "ndvi", "scene": scene.pk, "outlines": square(3.0, 51.0)} | change

    answer = api_client.post(URL, body)

    assert answer.status_code in {404, 422}
    assert words in str(answer.json())
    assert not ndvi.summarized


def test_a_body_that_is_no_object_is_refused(api_client: APIClient, db: None) -> None:
    assert api_client.post(URL, [1, 2]).status_code == 422
