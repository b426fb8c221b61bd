"""Numbers, dates and texts that no database or encoder takes are refused in words."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from farm.accounts.models import ApiKey, User
from farm.clients.fakes import InMemoryNdvi
from farm.farms.models import Farm, Role
from farm.fields.models import Field
from farm.imagery.models import Scene
from tests.unit.imagery.observation_making import (
    make_farm,
    make_field,
    make_observation,
    make_scene,
    square,
)

ENORMOUS = "9" * 20
LONGEST = "9" * 400
SURROGATE = "\\ud800"  # as JSON writes it
NUL = "\\u0000"


@pytest.fixture
def farm(user: User) -> Farm:
    return make_farm(user, role=Role.OWNER, time_zone="Pacific/Kiritimati")


@pytest.fixture
def field(farm: Farm) -> Field:
    return make_field(farm, lon=-179.5)


@pytest.fixture
def scene(farm: Farm, field: Field) -> Scene:
    scene = make_scene(farm, west=-180.0, east=-179.0)
    make_observation(field, scene)
    return scene


def places(farm: Farm, field: Field, scene: Scene) -> dict[str, Any]:
    return {"farm": farm.pk, "field": field.pk, "scene": scene.pk}


@pytest.mark.parametrize("number", [ENORMOUS, LONGEST])
@pytest.mark.parametrize(
    "path",
    [
        "farms/{n}/",
        "farms/{n}/members/",
        "farms/{farm}/members/{n}/",
        "farms/{n}/fields/",
        "farms/{n}/scenes/",
        "farms/{n}/ndvi/latest",
        "farms/{n}/ndvi/timeseries",
        "fields/{n}/",
        "fields/{n}/indices/ndvi/latest",
        "fields/{field}/indices/ndvi/raster.png?scene={n}",
        "fields/{field}/indices/ndvi/raster.tif?scene={n}",
        "scenes/{n}/",
        "jobs/{n}/",
        "keys/{n}/",
        "farms/?page={n}",
        "farms/?page_size={n}",
        "farms/{farm}/fields/?page={n}",
        "jobs/?farm={n}",
        "jobs/?subject_id={n}",
        "jobs/?subject_id=-{n}",
        "jobs/?subject_id=1.5",
        "keys/?farm={n}",
        "fields/{field}/indices/ndvi/timeseries?limit={n}",
        "farms/{farm}/ndvi/latest?window_days={n}",
    ],
)
def test_a_number_too_large_for_a_row_is_found_nowhere(
    api_client: APIClient, farm: Farm, field: Field, scene: Scene, path: str, number: str
) -> None:
    where = path.format(n=number, **places(farm, field, scene))

    answer = api_client.get(f"/api/v1/{where}")

    assert answer.status_code in {200, 404, 422}, answer.content


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01",
        "9999-12-31",
        "0001-01-01T00:00:00%2B14:00",
        "9999-12-31T23:59:59-12:00",
        "0000-00-00",
        "2024-06-01%00",
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "farms/{farm}/scenes/?acquired_from={t}",
        "farms/{farm}/scenes/?acquired_to={t}",
        "fields/{field}/indices/ndvi/timeseries?from={t}",
        "fields/{field}/indices/ndvi/timeseries?to={t}",
        "farms/{farm}/ndvi/timeseries?to={t}",
        "fields/{field}/indices/ndvi/raster.png?date={t}",
        "fields/{field}/indices/ndvi/raster.tif?date={t}",
    ],
)
def test_the_ends_of_the_calendar_are_no_fault_of_ours(
    api_client: APIClient, farm: Farm, field: Field, scene: Scene, path: str, moment: str
) -> None:
    where = path.format(t=moment, **places(farm, field, scene))

    answer = api_client.get(f"/api/v1/{where}")

    assert answer.status_code in {200, 404, 422}, answer.content


@pytest.mark.parametrize(
    "query", ["search", "crop", "external_id", "bbox", "ordering", "format", "page", "page_size"]
)
@pytest.mark.parametrize("value", ["%00", "a%00b", "%ED%A0%80", "%FF", "nan", "1e400", "x" * 5000])
def test_odd_bytes_in_a_query_are_no_fault_of_ours(
    api_client: APIClient, farm: Farm, field: Field, query: str, value: str
) -> None:
    answer = api_client.get(f"/api/v1/farms/{farm.pk}/fields/?{query}={value}")

    assert answer.status_code in {200, 404, 406, 422}, answer.content


@pytest.mark.parametrize("share", ["nan", "inf", "1e400", "-0", "1e-320", "5e-324"])
@pytest.mark.parametrize("path", ["fields/{field}/indices/ndvi/latest", "farms/{farm}/ndvi/latest"])
def test_odd_shares_are_no_fault_of_ours(
    api_client: APIClient, farm: Farm, field: Field, scene: Scene, path: str, share: str
) -> None:
    where = path.format(**places(farm, field, scene))

    answer = api_client.get(f"/api/v1/{where}?min_clear_share={share}")

    assert answer.status_code in {200, 422}, answer.content


BODIES = [
    ("farms/", '{"name": "%s"}'),
    ("farms/", '{"name": "a", "time_zone": "%s"}'),
    ("farms/{farm}/members/", '{"username": "%s", "role": "viewer"}'),
    ("keys/", '{"name": "%s", "scopes": ["read"]}'),
    ("auth/token/", '{"username": "%s", "password": "%s"}'),
    ("auth/token/refresh/", '{"refresh": "%s"}'),
    (
        "farms/{farm}/fields/",
        '{"type": "Feature", "properties": {"name": "%s"}, "geometry": GEOMETRY}',
    ),
    (
        "farms/{farm}/fields/",
        '{"type": "Feature", "properties": {"name": "a", "external_id": "%s"},'
        ' "geometry": GEOMETRY}',
    ),
    (
        "farms/{farm}/fields/?on_error=skip",
        '{"type": "FeatureCollection", "features": [{"type": "Feature",'
        ' "properties": {"name": "%s"}, "geometry": GEOMETRY}]}',
    ),
    (
        "statistics/?format=json",
        '{"index": "ndvi", "scene": SCENE, "outlines":'
        ' {"type": "Feature", "id": "%s", "geometry": GEOMETRY}}',
    ),
    (
        "statistics/?format=csv",
        '{"index": "ndvi", "scene": SCENE, "outlines":'
        ' {"type": "Feature", "id": "%s", "geometry": GEOMETRY}}',
    ),
    ("statistics/", '{"index": "%s", "scene": SCENE, "outlines": GEOMETRY}'),
    ("farms/{farm}/scenes/", '{"name": "%s", "assets": [ASSET]}'),
    ("farms/{farm}/scenes/", '{"assets": [{"name": "%s", "key": "a"}]}'),
    ("farms/{farm}/scenes/", '{"assets": [{"name": "red", "key": "scenes/FARM/%s/10m.tif"}]}'),
    ("farms/{farm}/scenes/", '{"assets": [ASSET], "bands": {"%s": {"file": "10m.tif"}}}'),
    ("farms/{farm}/scenes/", '{"assets": [ASSET], "bands": {"red": {"file": "%s"}}}'),
    (
        "farms/{farm}/scenes/",
        '{"stac_item": {"type": "Feature", "id": "%s", "properties":'
        ' {"datetime": "2024-06-01T10:00:00Z", "constellation": "sentinel-2"}, "assets":'
        ' {"red": {"href": "https://tiles.example/red.tif"},'
        ' "nir": {"href": "https://tiles.example/nir.tif"}}}}',
    ),
    (
        "farms/{farm}/scenes/",
        '{"stac_item": {"type": "Feature", "id": "a", "properties":'
        ' {"datetime": "2024-06-01T10:00:00Z"}, "assets":'
        ' {"red": {"href": "https://tiles.example/%s.tif"}}}}',
    ),
    (
        "farms/{farm}/scenes/",
        '{"stac_item": {"type": "Feature", "id": "a", "properties":'
        ' {"datetime": "2024-06-01T10:00:00Z"}, "assets":'
        ' {"red": {"href": "https://[%s/red.tif"}}}}',
    ),
]


@pytest.mark.usefixtures("ndvi", "store")
@pytest.mark.parametrize("text", [NUL, SURROGATE, "x" * 4000, "=1+1"], ids=ascii)
@pytest.mark.parametrize(("path", "body"), BODIES)
def test_texts_that_no_database_holds_are_refused(
    api_client: APIClient,
    farm: Farm,
    field: Field,
    scene: Scene,
    path: str,
    body: str,
    text: str,
) -> None:
    body = (
        body.replace("%s", f"a{text}")
        .replace("GEOMETRY", json.dumps(square(-179.5, 51.0)))
        .replace("SCENE", str(scene.pk))
        .replace("ASSET", '{"name": "red", "key": "scenes/FARM/a/10m.tif"}')
        .replace("FARM", str(farm.pk))
    )

    answer = api_client.generic(
        "POST", f"/api/v1/{path.format(farm=farm.pk)}", body, "application/json"
    )

    assert answer.status_code < 500, answer.content
    # What was taken can be shown.
    assert api_client.get(f"/api/v1/farms/{farm.pk}/scenes/").status_code == 200


@pytest.mark.usefixtures("ndvi", "store")
@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", LONGEST, "1e400"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("scenes/SCENE/", '{"scale_override": %s}'),
        ("scenes/SCENE/", '{"offset_override": %s}'),
        ("farms/FARM/scenes/", '{"assets": [ASSET], "scale_override": %s}'),
        ("farms/FARM/scenes/", '{"assets": [{"name": "red", "key": "a", "band": %s}]}'),
        (
            "farms/FARM/scenes/",
            '{"stac_item": {"type": "Feature", "id": "a", "properties":'
            ' {"datetime": "2024-06-01T10:00:00Z", "eo:cloud_cover": %s}, "assets":'
            ' {"red": {"href": "https://tiles.example/red.tif",'
            ' "raster:bands": [{"scale": %s, "offset": %s}]}}}}',
        ),
        ("statistics/", '{"index": "ndvi", "scene": %s, "outlines": GEOMETRY}'),
        ("statistics/", '{"index": "ndvi", "farm": %s, "outlines": GEOMETRY}'),
        ("statistics/", '{"index": "ndvi", "farm": FARM, "max_scenes": %s, "outlines": GEOMETRY}'),
        ("keys/", '{"name": "a", "scopes": ["read"], "farm": %s}'),
        (
            "farms/FARM/fields/",
            '{"type": "Feature", "properties": {"name": "a"}, "geometry": {"type": "Polygon",'
            ' "coordinates": [[[%s, 1], [1, 2], [2, 2], [%s, 1]]]}}',
        ),
    ],
)
def test_numbers_that_are_none_are_refused(
    api_client: APIClient, farm: Farm, field: Field, scene: Scene, path: str, body: str, number: str
) -> None:
    def filled(text: str) -> str:
        return (
            text.replace("%s", number)
            .replace("GEOMETRY", json.dumps(square(-179.5, 51.0)))
            .replace("SCENE", str(scene.pk))
            .replace("ASSET", '{"name": "red", "key": "scenes/FARM/a/10m.tif"}')
            .replace("FARM", str(farm.pk))
        )

    method = "PATCH" if path.startswith("scenes") else "POST"
    answer = api_client.generic(method, f"/api/v1/{filled(path)}", filled(body), "application/json")

    assert answer.status_code < 500, answer.content
    assert api_client.get(f"/api/v1/farms/{farm.pk}/scenes/").status_code == 200


@pytest.mark.usefixtures("ndvi", "store")
@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
        "1969-12-31T23:59:59Z",
        "2201-01-01T00:00:00Z",
    ],
)
def test_a_scene_of_an_impossible_year_is_refused(
    api_client: APIClient, farm: Farm, moment: str
) -> None:
    form = {"files": [SimpleUploadedFile("10m.tif", b"pixels")], "acquired_at": moment}

    answer = api_client.post(f"/api/v1/farms/{farm.pk}/scenes/", form, format="multipart")

    assert answer.status_code == 422, answer.content
    assert not Scene.objects.exists()


def test_a_key_that_ends_with_the_calendar_can_be_rotated(api_client: APIClient) -> None:
    body = {"name": "a", "scopes": ["read"], "expires_at": "9999-12-31T23:59:59Z"}
    key = api_client.post("/api/v1/keys/", body).json()
    ApiKey.objects.update(created_at=timezone.now() - timedelta(days=1))

    answer = api_client.post(f"/api/v1/keys/{key['id']}/rotate/", {})

    assert answer.status_code == 201
    assert answer.json()["expires_at"].startswith("9999-12-31")


@pytest.mark.usefixtures("ndvi", "store")
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("tag", ["nodata", "scale", "offset"])
def test_a_tag_that_is_no_number_is_refused_or_left_out(
    api_client: APIClient, farm: Farm, service: InMemoryNdvi, tag: str, number: float
) -> None:
    known = service.describe

    def odd(place: str) -> Any:
        answer = known(place)
        assert answer is not None
        for band in answer.bands:
            setattr(band, tag, number)
        return answer

    service.describe = odd
    form = {"files": [SimpleUploadedFile("10m.tif", b"pixels")]}

    answer = api_client.post(f"/api/v1/farms/{farm.pk}/scenes/", form, format="multipart")

    assert answer.status_code == (201 if tag == "nodata" else 422), answer.content
    assert api_client.get(f"/api/v1/farms/{farm.pk}/scenes/").status_code == 200
