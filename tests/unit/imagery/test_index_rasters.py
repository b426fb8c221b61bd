"""Pictures and files of an index, over HTTP: which scene, which headers, when nothing is done."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from farm.accounts.models import User
from farm.clients.channel import close_channels
from farm.imagery.catalogue import index_named
from farm.imagery.models import SceneState
from farm.imagery.scene_services import delete_scene
from farm.imagery.storage import object_store
from tests.unit.imagery.ndvi_server import PNG_BYTES, WritingNdvi, file_of, serving
from tests.unit.imagery.observation_making import (
    PASS,
    days,
    make_farm,
    make_field,
    make_observation,
    make_scene,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django import DjangoAssertNumQueries
    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.farms.models import Farm
    from farm.fields.models import Field


@pytest.fixture
def farm(user: User) -> Farm:
    return make_farm(user)


@pytest.fixture
def field(farm: Farm) -> Field:
    return make_field(farm, name="Kleine Weide/2")


@pytest.fixture
def ndvi(tmp_path: Path, settings: SettingsWrapper) -> Iterator[WritingNdvi]:
    with serving(settings, tmp_path / "store") as service:
        yield service


def url(field: Field, what: str, index: str = "ndvi") -> str:
    return f"/api/v1/fields/{field.pk}/indices/{index}/{what}"


def content(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


# --- PNG ----------------------------------------------------------------------------------------


def test_a_picture_comes_with_bounds_legend_scene_and_a_file_name(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    scene = make_scene(farm, is_simulated=True)
    make_observation(field, scene)

    answer = api_client.get(url(field, "raster.png"), headers={"Accept": "image/png"})

    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer.content == PNG_BYTES
    assert answer["X-Bounds-WGS84"] == "3.01420000,50.81220000,3.02840000,50.82120000"
    assert answer["Link"].startswith(f"</api/v1/fields/{field.pk}/indices/ndvi/legend.json>")
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["X-Scene-Id"] == str(scene.pk)
    assert answer["X-Simulated"] == "true"
    name = "Kleine-Weide-2-ndvi-2024-06-25-simulated.png"
    assert answer["Content-Disposition"] == f'inline; filename="{name}"'


def test_the_service_is_asked_for_the_stops_of_the_legend_the_outline_and_the_mask(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    make_observation(field, make_scene(farm))

    api_client.get(url(field, "raster.png"), {"size": 64})
    legend = api_client.get(url(field, "legend.json")).json()

    (request,) = ndvi.rendered
    assert [(stop.value, f"#{stop.rgb:06x}") for stop in request.stops] == [
        (stop["value"], stop["colour"]) for stop in legend["stops"]
    ]
    assert request.outline_wkb == bytes(field.outline_wkb)
    assert request.max_size == 64
    assert request.index.formula == index_named("ndvi").formula
    assert [mask.object.key.rsplit("/")[-1] for mask in request.scenes[0].masks] == ["scl.tif"]


def test_an_unchanged_picture_is_a_304_without_asking_the_service(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    make_observation(field, make_scene(farm))
    etag = api_client.get(url(field, "raster.png"))["ETag"]

    answer = api_client.get(url(field, "raster.png"), headers={"If-None-Match": etag})

    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    assert answer["Cache-Control"] == "private, no-cache"
    assert len(ndvi.rendered) == 1


def test_the_etag_changes_with_size_index_outline_scale_and_scene(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    scene = make_scene(farm, bands=("red", "nir", "green"))
    make_observation(field, scene)
    other = make_scene(farm, acquired_at=PASS - days(5))

    def etag(what: str = "raster.png", index: str = "ndvi", **query: object) -> str:
        answer = api_client.get(url(field, what, index), {"scene": scene.pk} | query)
        if answer.streaming:  # read to its end, which closes the file
            b"".join(answer.streaming_content)
        return str(answer["ETag"])

    tags = [etag(), etag(size=64), etag(index="gndvi"), etag(scene=other.pk), etag("raster.tif")]
    scene.offset_override = 0.0
    scene.save()
    tags.append(etag())
    field.outline_sha256 = "1" * 64
    field.save()
    tags.append(etag())

    assert len(set(tags)) == len(tags)
    assert etag() == tags[-1]


def test_a_304_costs_four_queries(
    api_client: APIClient,
    farm: Farm,
    field: Field,
    ndvi: WritingNdvi,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_observation(field, make_scene(farm))
    etag = api_client.get(url(field, "raster.png"))["ETag"]

    with django_assert_num_queries(4):
        api_client.get(url(field, "raster.png"), headers={"If-None-Match": etag})


# --- Which scene --------------------------------------------------------------------------------


def test_without_a_wish_the_latest_clear_scene_is_shown(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    clear = make_scene(farm, acquired_at=PASS - days(5))
    make_observation(field, clear)
    make_observation(field, make_scene(farm), mean=None)

    assert api_client.get(url(field, "raster.png"))["X-Scene-Id"] == str(clear.pk)


def test_a_day_gives_its_clearest_scene(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    clear = make_scene(farm)
    make_observation(field, clear)
    cloudy = make_scene(farm, acquired_at=PASS + timedelta(seconds=14))
    make_observation(field, cloudy, valid_share=0.2)

    answer = api_client.get(url(field, "raster.png"), {"date": "2024-06-25"})

    assert answer["X-Scene-Id"] == str(clear.pk)


def test_a_cloudy_scene_may_be_asked_for_by_id(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    cloudy = make_scene(farm)
    make_observation(field, cloudy, mean=None)

    answer = api_client.get(url(field, "raster.png"), {"scene": cloudy.pk})

    assert answer["X-Scene-Id"] == str(cloudy.pk)


@pytest.mark.parametrize("what", ["raster.png", "raster.tif"])
def test_a_day_without_a_scene_over_the_field_is_a_404_in_words(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi, what: str
) -> None:
    make_scene(farm, west=4.0, east=5.0)
    make_scene(farm, state=SceneState.HELD)

    answer = api_client.get(url(field, what), {"date": "2024-06-25"})

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert "No ready scene of 2024-06-25 reaches" in answer.json()["detail"]


def test_no_clear_scene_is_a_404_of_its_own(
    api_client: APIClient, field: Field, ndvi: WritingNdvi
) -> None:
    answer = api_client.get(url(field, "raster.png"), headers={"Accept": "image/*"})

    assert (answer.status_code, answer.json()["code"]) == (404, "no_clear_observation")


def test_a_scene_of_another_farm_is_a_404(
    api_client: APIClient, field: Field, ndvi: WritingNdvi
) -> None:
    foreign = make_scene(make_farm())

    answer = api_client.get(url(field, "raster.png"), {"scene": foreign.pk})

    assert answer.status_code == 404


def test_a_held_scene_is_not_drawn_and_says_why(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    held = make_scene(
        farm, state=SceneState.HELD, state_reason="The offset is still in the pixels."
    )

    answer = api_client.get(url(field, "raster.tif"), {"scene": held.pk})

    assert (answer.status_code, answer.json()["reason"]) == (409, "SCENE_NOT_READY")
    assert "The offset is still in the pixels." in answer.json()["detail"]
    assert not ndvi.written


def test_a_scene_without_the_bands_is_a_422_that_names_them(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    scene = make_scene(farm)

    answer = api_client.get(url(field, "raster.png", index="ndmi"), {"scene": scene.pk})

    assert (answer.status_code, answer.json()["reason"]) == (422, "BAND_MISSING")
    assert "lacks swir16" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("what", "query", "name"),
    [
        ("raster.png", {"size": "15"}, "size"),
        ("raster.png", {"size": "2049"}, "size"),
        ("raster.png", {"date": "2024-06-25", "scene": "1"}, "scene"),
        ("raster.png", {"date": "June"}, "date"),
        ("raster.png", {"encoding": "int16"}, "encoding"),
        ("raster.tif", {"encoding": "int8"}, "encoding"),
        ("raster.tif", {"compression": "lzw"}, "compression"),
        ("raster.tif", {"size": "64"}, "size"),
    ],
)
def test_a_bad_raster_parameter_is_refused_by_name(
    api_client: APIClient, field: Field, what: str, query: dict[str, str], name: str
) -> None:
    answer = api_client.get(url(field, what), query)

    assert answer.status_code == 422
    assert name in answer.json()["errors"]


# --- GeoTIFF ------------------------------------------------------------------------------------


def test_a_file_is_written_once_and_streamed_from_then_on(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    make_observation(field, make_scene(farm))

    first = api_client.get(url(field, "raster.tif"), {"compression": "zstd"})
    second = api_client.get(url(field, "raster.tif"), {"compression": "zstd"})

    (request,) = ndvi.written
    assert content(first) == content(second) == file_of(request.key)
    assert request.key.startswith(f"derived/{farm.pk}/")
    assert request.scenes[0].bands[0].object.key.split("/")[2] in request.key
    assert first["Content-Type"].startswith("image/tiff")
    assert first["Content-Length"] == str(len(file_of(request.key)))
    assert "Kleine-Weide-2-ndvi-2024-06-25.tif" in first["Content-Disposition"]
    assert first["ETag"] == second["ETag"]


def test_other_encodings_are_other_files(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    make_observation(field, make_scene(farm))

    for encoding in ("float32", "int16"):
        content(api_client.get(url(field, "raster.tif"), {"encoding": encoding}))

    assert len({request.key for request in ndvi.written}) == 2
    assert [request.encoding for request in ndvi.written] == [1, 2]


def test_an_unchanged_file_is_a_304_without_asking_the_service(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    make_observation(field, make_scene(farm))
    first = api_client.get(url(field, "raster.tif"))
    content(first)

    answer = api_client.get(url(field, "raster.tif"), headers={"If-None-Match": first["ETag"]})

    assert answer.status_code == 304
    assert len(ndvi.written) == 1


def test_derived_files_go_with_their_scene(
    api_client: APIClient, farm: Farm, field: Field, ndvi: WritingNdvi
) -> None:
    scene = make_scene(farm)
    make_observation(field, scene)
    content(api_client.get(url(field, "raster.tif")))

    delete_scene(scene=scene, store=object_store())

    assert not list(ndvi.store.rglob("*.tif"))


def test_a_service_that_is_down_is_a_503_in_words(
    api_client: APIClient, farm: Farm, field: Field, tmp_path: Path, settings: SettingsWrapper
) -> None:
    settings.NDVI_TARGET = f"unix:{tmp_path / 'nobody.sock'}"
    make_observation(field, make_scene(farm))

    answer = api_client.get(url(field, "raster.png"))
    close_channels()

    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
