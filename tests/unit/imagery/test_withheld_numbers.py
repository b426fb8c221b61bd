"""Numbers of scenes that are not ready, and of outlines that were redrawn, show nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.clients.ndvi import NdviClient
from farm.farms.models import Farm, Role
from farm.fields.models import Field
from farm.imagery.models import Observation, Scene, SceneState
from farm.imagery.scene_services import change_scene
from tests.unit.imagery.observation_making import (
    make_farm,
    make_field,
    make_observation,
    make_scene,
    square,
)

if TYPE_CHECKING:
    from rest_framework.test import APIClient

    from farm.accounts.models import User

SECRET = 0.678901
API = "/api/v1"
ROUTES = [
    "fields/{field}/indices/ndvi/latest",
    "fields/{field}/indices/ndvi/latest?min_clear_share=0",
    "fields/{field}/indices/ndvi/timeseries",
    "fields/{field}/indices/ndvi/timeseries?duplicates=keep",
    "fields/{field}/indices/ndvi/timeseries?format=csv",
    "farms/{farm}/ndvi/latest",
    "farms/{farm}/ndvi/latest?format=csv",
    "farms/{farm}/ndvi/timeseries",
    "farms/{farm}/ndvi/timeseries?format=csv",
]
RASTERS = [f"fields/{{field}}/indices/ndvi/raster.{kind}" for kind in ("png", "tif")]
UNREADY = [state for state in SceneState if state is not SceneState.READY]


@pytest.fixture
def farm(user: User) -> Farm:
    return make_farm(user, role=Role.OWNER)


@pytest.fixture
def field(farm: Farm) -> Field:
    return make_field(farm)


@pytest.fixture
def scene(farm: Farm, field: Field) -> Scene:
    scene = make_scene(farm)
    make_observation(field, scene, mean=SECRET, median=SECRET, p10=SECRET, p90=SECRET)
    return scene


def shown(client: APIClient, farm: Farm, field: Field) -> list[str]:
    """Routes on which the number can be read."""
    paths = [route.format(farm=farm.pk, field=field.pk) for route in ROUTES]
    return [path for path in paths if str(SECRET).encode() in client.get(f"{API}/{path}").content]


def test_a_ready_scene_shows_its_numbers_on_every_route(
    api_client: APIClient, farm: Farm, field: Field, scene: Scene
) -> None:
    assert len(shown(api_client, farm, field)) == len(ROUTES)


@pytest.mark.parametrize("state", UNREADY)
def test_a_scene_that_is_not_ready_shows_none(
    api_client: APIClient, farm: Farm, field: Field, scene: Scene, state: SceneState
) -> None:
    Scene.objects.update(state=state)

    assert shown(api_client, farm, field) == []


@pytest.mark.usefixtures("ndvi")
@pytest.mark.parametrize("state", UNREADY)
@pytest.mark.parametrize("raster", RASTERS)
def test_a_scene_that_is_not_ready_gives_no_picture(
    api_client: APIClient, field: Field, scene: Scene, raster: str, state: SceneState
) -> None:
    Scene.objects.update(state=state)
    path = f"{API}/{raster.format(field=field.pk)}"

    codes = [
        api_client.get(path, query).status_code
        for query in ({}, {"date": f"{scene.acquired_at:%Y-%m-%d}"}, {"scene": scene.pk})
    ]

    assert codes == [404, 404, 409]


@pytest.mark.parametrize("state", UNREADY)
def test_a_scene_that_is_not_ready_gives_no_statistics(
    api_client: APIClient, farm: Farm, scene: Scene, ndvi: NdviClient, state: SceneState
) -> None:
    Scene.objects.update(state=state)
    body = {"index": "ndvi", "outlines": square(3.0, 51.0)}

    by_scene = api_client.post(f"{API}/statistics/", body | {"scene": scene.pk})
    by_farm = api_client.post(f"{API}/statistics/", body | {"farm": farm.pk})

    assert by_scene.status_code == 409
    assert by_farm.json()["scenes"] == []


def test_an_override_withdraws_the_numbers_at_once(
    api_client: APIClient, farm: Farm, field: Field, scene: Scene, user: User
) -> None:
    change_scene(scene=scene, offset_override=0.0, requested_by=user)

    assert shown(api_client, farm, field) == []


def test_numbers_of_an_earlier_outline_show_nowhere(
    api_client: APIClient, farm: Farm, field: Field, scene: Scene
) -> None:
    Observation.objects.update(outline_sha256="0" * 64)

    assert shown(api_client, farm, field) == []
