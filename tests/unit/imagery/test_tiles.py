"""TileJSON over HTTP: which scenes, which addresses, what is kept, who gets it."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import shapely

from farm.accounts.models import User
from farm.imagery.models import SceneState
from farm.imagery.storage import object_store
from farm.imagery.tile_signing import STEP_S, expiry_of, signature
from farm.rpc.ndvi.v1 import ndvi_pb2
from tests.unit.imagery.observation_making import (
    PASS,
    days,
    make_farm,
    make_field,
    make_observation,
    make_scene,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.farms.models import Farm
    from farm.fields.models import Field

KEY = bytes(range(32))


@pytest.fixture(autouse=True)
def tiles(tmp_path: Path, settings: SettingsWrapper) -> None:
    settings.STORE_ROOT = tmp_path / "store"
    settings.TILE_KEY = KEY


@pytest.fixture
def farm(user: User) -> Farm:
    return make_farm(user)


@pytest.fixture
def field(farm: Farm) -> Field:
    return make_field(farm)


def of_field(field: Field, index: str = "ndvi") -> str:
    return f"/api/v1/fields/{field.pk}/indices/{index}/tiles"


def of_farm(farm: Farm, index: str = "ndvi") -> str:
    return f"/api/v1/farms/{farm.pk}/{index}/tiles"


def parts_of(answer: dict[str, Any]) -> list[str]:
    """Farm, layer, expiry, signature, zoom, column and row of the address."""
    (address,) = answer["tiles"]
    prefix = "http://testserver/tiles/"
    assert address.startswith(prefix)
    return str(address).removeprefix(prefix).split("/")


def layer_of(answer: dict[str, Any]) -> ndvi_pb2.TileLayer:
    farm, layer, *_ = parts_of(answer)
    with object_store().open(f"derived/{farm}/layers/{layer}.binpb") as file:
        content = file.read()
    assert hashlib.sha256(content).hexdigest() == layer
    return ndvi_pb2.TileLayer.FromString(content)


def test_a_fields_tiles_are_described_signed_and_kept_as_a_layer(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    scene = make_scene(farm)
    make_observation(field, scene)

    answer = api_client.get(of_field(field))

    found = answer.json()
    assert (answer.status_code, found["tilejson"], found["scheme"]) == (200, "3.0.0", "xyz")
    assert found["bounds"] == [field.west, field.south, field.east, field.north]
    assert (found["index"], found["scene_ids"]) == ("ndvi", [scene.pk])
    assert 0 <= found["minzoom"] < found["maxzoom"] <= 24
    assert found["attribution"] == f"Contains modified Copernicus Sentinel data {PASS.year}"
    layer = layer_of(found)
    assert layer.outline_wkb == bytes(field.outline_wkb)
    assert layer.resampling == ndvi_pb2.RESAMPLING_BILINEAR
    assert [stop.value for stop in layer.stops] == [
        stop["value"] for stop in found["legend"]["stops"]
    ]
    assert [mask.object.key.rsplit("/")[-1] for mask in layer.scenes[0].masks] == ["scl.tif"]
    assert answer["Cache-Control"] == "private, no-store"


def test_an_address_is_signed_for_farm_layer_and_time(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    make_observation(field, make_scene(farm))

    answer = api_client.get(of_field(field), {"size": 512}).json()

    farm_id, layer, expires, signed, *tile = parts_of(answer)
    assert tile == ["{z}", "{x}", "{y}@2x.png"]
    assert farm_id == str(farm.pk)
    wanted = hmac.new(KEY, f"{farm_id}/{layer}/{expires}".encode(), "sha256").digest()
    assert urlsafe_b64decode(signed + "=") == wanted
    assert datetime.fromisoformat(answer["expires_at"]).timestamp() == int(expires)
    left = int(expires) - datetime.now(UTC).timestamp()
    assert 3_590 < left <= 75 * 60


def test_the_signature_is_the_one_that_furrow_ndvi_computes() -> None:
    # The worked example of services/ndvi/src/tile_address.rs.
    layer = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    signed = signature(farm_id=12, layer=layer, expires_s=1_800_000_000, key=bytes([7] * 32))
    assert signed == "x1-Ic-epeMkZpO5GoVC4iLwRG0hJ1TDBncd97XgkVIA"


def test_addresses_of_a_quarter_of_an_hour_are_the_same() -> None:
    start = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    same = {expiry_of(start + timedelta(seconds=second)) for second in (0, 1, STEP_S - 1)}
    assert same == {start + timedelta(minutes=75)}
    assert expiry_of(start + timedelta(seconds=STEP_S)) == start + timedelta(minutes=90)


def test_the_same_layer_is_written_once_and_another_look_is_another_layer(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    scene = make_scene(farm)
    make_observation(field, scene)

    def digest(**query: str) -> str:
        return parts_of(api_client.get(of_field(field), query).json())[1]

    layers = [digest(), digest(resampling="nearest"), digest(scene=str(scene.pk))]
    scene.offset_override = 0.0
    scene.save()
    layers.append(digest())

    assert layers[0] == layers[2]
    assert len(set(layers)) == 3


def test_a_farms_tiles_show_the_box_around_its_fields_on_the_newest_clear_day(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    other = make_field(farm, name="other", lon=field.west + 0.02)
    new, old = make_scene(farm), make_scene(farm, acquired_at=PASS - days(5))
    make_observation(field, old)
    make_observation(other, new)

    answer = api_client.get(of_farm(farm)).json()
    of_day = api_client.get(of_farm(farm), {"date": f"{PASS - days(5):%Y-%m-%d}"}).json()

    assert answer["scene_ids"] == [new.pk]
    assert of_day["scene_ids"] == [old.pk]
    box = [field.west, min(field.south, other.south), other.east, max(field.north, other.north)]
    assert answer["bounds"] == box
    assert shapely.from_wkb(layer_of(answer).outline_wkb).bounds == tuple(box)


def test_a_farms_layer_never_mixes_simulated_and_real_scenes(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    other = make_field(farm, name="other", lon=field.west + 0.02)
    real = make_scene(farm, acquired_at=PASS + timedelta(minutes=1))
    simulated = make_scene(farm, is_simulated=True)
    make_observation(field, real)
    make_observation(other, simulated)

    for query in ({}, {"date": f"{PASS:%Y-%m-%d}"}):
        answer = api_client.get(of_farm(farm), query).json()
        assert (answer["scene_ids"], answer["is_simulated"]) == ([real.pk], False)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"scene": 10**9}, 404, "not_found"),
        ({"date": "2019-01-01"}, 404, "not_found"),
        ({"size": 300}, 422, "invalid_input"),
        ({"resampling": "cubic"}, 422, "invalid_input"),
        ({"sizes": 256}, 422, "invalid_input"),
    ],
)
@pytest.mark.parametrize("route", [of_field, of_farm])
def test_what_cannot_be_shown_is_refused(
    api_client: APIClient,
    farm: Farm,
    field: Field,
    route: Any,
    query: dict[str, Any],
    status: int,
    code: str,
) -> None:
    make_observation(field, make_scene(farm))
    subject = field if route is of_field else farm

    answer = api_client.get(route(subject), query)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_pixels_that_are_held_are_not_shown(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    scene = make_scene(farm, state=SceneState.HELD)
    for route in (of_field(field), of_farm(farm)):
        answer = api_client.get(route, {"scene": scene.pk})
        assert (answer.status_code, answer.json()["reason"]) == (409, "SCENE_NOT_READY")


def test_a_farm_without_fields_and_a_farm_without_a_clear_look_say_so(
    api_client: APIClient, user: User, farm: Farm, field: Field
) -> None:
    bare = api_client.get(of_farm(make_farm(user, name="bare"))).json()
    unseen = api_client.get(of_farm(farm)).json()
    assert bare["reason"] == "NO_FIELDS"
    assert unseen["code"] == "no_clear_observation"


def test_without_a_key_there_are_no_tiles(
    api_client: APIClient, farm: Farm, field: Field, settings: SettingsWrapper
) -> None:
    settings.TILE_KEY = None
    make_observation(field, make_scene(farm))

    answer = api_client.get(of_field(field))

    assert (answer.status_code, answer.json()["reason"]) == (404, "TILES_OFF")
    assert not object_store().exists(f"derived/{farm.pk}/layers")
