"""Tiles as a map gets them: addresses from Django, pictures from furrow-ndvi alone.

The real service draws over HTTP; what a pixel shows is looked up in the downloaded GeoTIFF by
pyproj, an implementation of its own.
"""

from __future__ import annotations

import io
import json
import socket
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
import requests
from pyproj import Transformer
from rasterio.errors import NotGeoreferencedWarning

from farm.clients.channel import close_channels
from farm.imagery.catalogue import index_named
from farm.imagery.tile_signing import tile_address
from tests.contract.ndvi_binary import service_over
from tests.contract.test_index_contract import (
    EPSG,
    downloaded,
    farm,
    field,
    scene,
    statistics,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.farms.models import Farm
    from farm.fields.models import Field
    from farm.imagery.models import Scene

__all__ = ["farm", "field", "scene"]  # fixtures of the neighbour: the same field and scene

KEY = "5b" * 32
HALF_WORLD = 20_037_508.342789244
FROM_TILE = Transformer.from_crs(3857, EPSG, always_xy=True)

# A palette of 255 steps over the range of the legend, and rounding.
COLOUR_TOLERANCE = 2
# Pixels of the raster by which a place in a tile may be off, and some more.
BORDER = 0.15


@pytest.fixture
def service(tmp_path: Path, settings: SettingsWrapper) -> Iterator[str]:
    """The address of furrow-ndvi's own HTTP server."""
    settings.STORE_ROOT = tmp_path / "store"
    settings.TILE_KEY = bytes.fromhex(KEY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        admin = f"127.0.0.1:{free.getsockname()[1]}"
    more = {"FURROW_TILE_KEY": KEY, "FURROW_NDVI_ADMIN_LISTEN": admin}
    with service_over(settings.STORE_ROOT, **more) as running:
        settings.NDVI_TARGET = running.target
        yield f"http://{admin}"
        close_channels()


def fetched(address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    answer = requests.get(address, headers=headers, timeout=30)
    return answer.status_code, dict(answer.headers), answer.content


def tilejson(client: APIClient, route: str, **query: Any) -> dict[str, Any]:
    answer = client.get(route, query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def of_field(field: Field, index: str = "ndvi") -> str:
    return f"/api/v1/fields/{field.pk}/indices/{index}/tiles"


def at(service: str, found: dict[str, Any], z: int, x: int, y: int) -> str:
    """The address of a tile, at the service itself instead of Caddy."""
    path: str = found["tiles"][0].removeprefix("http://testserver")
    return service + path.replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))


def tiles_over(bounds: list[float], zoom: int) -> Iterator[tuple[int, int, int]]:
    west, south, east, north = bounds
    side = 2 * HALF_WORLD / 2**zoom
    (left, right), (low, high) = Transformer.from_crs(4326, 3857, always_xy=True).transform(
        [west, east], [south, north]
    )
    for x in range(int((left + HALF_WORLD) / side), int((right + HALF_WORLD) / side) + 1):
        for y in range(int((HALF_WORLD - high) / side), int((HALF_WORLD - low) / side) + 1):
            yield zoom, x, y


def places(z: int, x: int, y: int, size: int) -> tuple[np.ndarray[Any, Any], ...]:
    """Eastings and northings of a tile's pixels on the scene's grid, by pyproj."""
    side = 2 * HALF_WORLD / 2**z
    middles = (np.arange(size) + 0.5) * side / size
    columns, rows = np.meshgrid(x * side - HALF_WORLD + middles, HALF_WORLD - y * side - middles)
    east, north = FROM_TILE.transform(columns, rows)
    return np.asarray(east), np.asarray(north)


def colours_of(values: np.ndarray[Any, Any], index: str) -> np.ndarray[Any, Any]:
    stops = index_named(index).stops
    at_value = [stop.value for stop in stops]
    channels = [
        np.interp(values, at_value, [stop.rgb >> shift & 255 for stop in stops])
        for shift in (16, 8, 0)
    ]
    return np.stack(channels)


@pytest.mark.filterwarnings(f"ignore::{NotGeoreferencedWarning.__module__}.NotGeoreferencedWarning")
@pytest.mark.parametrize("size", [256, 512])
def test_a_tile_shows_the_numbers_of_the_file_and_of_the_statistic(
    api_client: APIClient, service: str, field: Field, scene: Scene, tmp_path: Path, size: int
) -> None:
    query = {"scene": scene.pk}
    found = tilejson(api_client, of_field(field), resampling="nearest", size=size, **query)
    raster = f"/api/v1/fields/{field.pk}/indices/ndvi/raster.tif"
    file = downloaded(api_client, raster, tmp_path / "index.tif", **query)
    said = statistics(api_client, field, scene, "ndvi")
    with rasterio.open(file) as source:
        values, place = source.read(1), ~source.transform

    seen: dict[tuple[int, int], int] = {}
    for tile in tiles_over(found["bounds"], found["maxzoom"]):
        code, headers, body = fetched(at(service, found, *tile))
        assert code in {200, 204}, body
        if code == 204:
            continue
        assert headers["content-type"] == "image/png"
        with rasterio.open(io.BytesIO(body)) as picture:
            assert picture.shape == (size, size)
            palette = picture.colormap(1)
            index = picture.read(1)
        shown = np.array([palette[number] for number in range(256) if number in palette])[index]
        east, north = places(*tile, size)
        columns, rows = place.c + place.a * east, place.f + place.e * north
        is_inside = (columns >= 0) & (columns < values.shape[1])
        is_inside &= (rows >= 0) & (rows < values.shape[0])
        safe = is_inside.copy()
        for axis in (columns, rows):
            safe &= np.abs(axis - np.round(axis)) > BORDER
        column, row = columns[safe].astype(int), rows[safe].astype(int)
        expected = values[row, column]
        has_value = ~np.isnan(expected)
        assert ((index[safe] > 0) == has_value).all()
        difference = shown[safe][has_value][:, :3].T - colours_of(expected[has_value], "ndvi")
        assert np.abs(difference).max() <= COLOUR_TOLERANCE
        seen.update(((c, r), 1) for c, r in zip(column[has_value], row[has_value], strict=True))
        outside = ~is_inside
        assert (index[outside & safe] == 0).all()

    # Every pixel of the file that has a value was seen, and they are what the statistic counts.
    assert len(seen) == np.count_nonzero(~np.isnan(values))
    assert np.nanmin(values) == pytest.approx(said["min"], rel=1e-6)
    assert np.nanmax(values) == pytest.approx(said["max"], rel=1e-6)


def test_an_address_opens_one_layer_for_its_time_and_nothing_else(
    api_client: APIClient, service: str, farm: Farm, field: Field, scene: Scene
) -> None:
    found = tilejson(api_client, of_field(field), scene=scene.pk)
    other = tilejson(api_client, f"/api/v1/farms/{farm.pk}/ndvi/tiles", scene=scene.pk)
    tile = next(tiles_over(found["bounds"], 15))
    good = at(service, found, *tile)
    _, _, farm_id, layer, expires, signed = good.removeprefix("http:/").split("/")[1:7]
    strange = at(service, other, *tile).split("/")[5]
    old = tile_address(
        farm_id=farm.pk,
        layer=layer,
        expires_at=field.created_at.replace(year=2020),
        size=256,
        key=bytes.fromhex(KEY),
    )
    old = at(service, {"tiles": [old]}, *tile)

    assert fetched(good)[0] == 200
    for address, reason in [
        (good.replace(signed, signed[::-1]), "tile_signature_invalid"),
        (good.replace(expires, str(int(expires) + 1)), "tile_signature_invalid"),
        (good.replace(f"/tiles/{farm_id}/", "/tiles/99/"), "tile_signature_invalid"),
        (good.replace(layer, strange), "tile_signature_invalid"),
        (old, "tile_address_expired"),
    ]:
        assert address != good
        code, headers, body = fetched(address)
        assert (code, json.loads(body)["code"]) == (403, reason), address
        assert headers["cache-control"] == "no-store"
    for place in ("15/32768/0.png", "99/0/0.png", "x/y/z.png"):
        assert fetched(good.rsplit("/", 3)[0] + "/" + place)[0] == 404


def test_a_tile_is_known_again_by_its_tag_until_the_address_expires(
    api_client: APIClient, service: str, field: Field, scene: Scene
) -> None:
    found = tilejson(api_client, of_field(field), scene=scene.pk)
    address = at(service, found, *next(tiles_over(found["bounds"], 15)))

    _, first, _ = fetched(address)
    code, again, body = fetched(address, **{"If-None-Match": first["etag"]})
    empty, *_ = fetched(at(service, found, 15, 0, 0))

    assert (code, body, again["etag"]) == (304, b"", first["etag"])
    private, age = first["cache-control"].split(", max-age=")
    assert private == "private"
    left = found["expires_at"]
    assert 3_500 < int(age) <= 75 * 60, left
    assert empty == 204


def test_callers_that_leave_give_their_slots_back(
    api_client: APIClient, service: str, field: Field, scene: Scene
) -> None:
    found = tilejson(api_client, of_field(field), scene=scene.pk)
    host, port = service.removeprefix("http://").split(":")
    path = at("", found, *next(tiles_over(found["bounds"], 15)))

    # Many ask and leave at once; the service goes on and its slots come back.
    for number in range(200):
        with socket.create_connection((host, int(port)), timeout=10) as caller:
            leaving = path.replace(".png", "@2x.png") if number % 2 else path
            caller.sendall(f"GET {leaving} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        _, _, metrics = fetched(f"{service}/metrics")
        if b"furrow_compute_slots_taken 0" in metrics:
            break
        time.sleep(0.02)

    assert b"furrow_compute_slots_taken 0" in metrics
    assert fetched(service + path)[0] == 200
