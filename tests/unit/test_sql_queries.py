"""What each GET route asks the database, kept in a table: a query more is seen before it is felt.

The table is ``tests/golden/sql_queries.json``: route → the tables that each query touches, in
order. With ``REWRITE_SQL_QUERIES=1`` in the environment it is written anew.
"""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from rest_framework.test import APIClient

from farm.accounts.models import Scope, User
from farm.accounts.principal import Principal
from farm.accounts.services import create_key
from farm.clients.channel import close_channels
from farm.clients.weather_fakes import InMemoryWeather, serving_weather
from farm.farms.models import Role
from farm.imagery.models import MosaicPart, Scene
from farm.jobs.models import Job, JobKind
from farm.weather.places import shared_place
from tests.unit.imagery.ndvi_server import serving
from tests.unit.imagery.observation_making import (
    PASS,
    days,
    make_farm,
    make_field,
    make_observation,
    make_scene,
)
from tests.unit.weather.water_making import add_hours, add_water, add_weather

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper

    from farm.farms.models import Farm

TABLE = Path(__file__).parents[1] / "golden" / "sql_queries.json"
TOUCHED = re.compile(r'(?:FROM|JOIN|INTO|UPDATE) "(\w+)"')
SMALL, LARGE = 1, 4  # fields, days and members
HERE = {"latitude": "51.0", "longitude": "3.0"}

# Route → what its address names.
ADDRESSES: dict[str, tuple[str, ...]] = {
    "auth-login": (),
    "auth-me": (),
    "farm-detail": ("farm_id",),
    "farm-index-latest": ("farm_id", "index"),
    "farm-index-tiles": ("farm_id", "index"),
    "farm-index-timeseries": ("farm_id", "index"),
    "farm-list": (),
    "farm-member-detail": ("farm_id", "user_id"),
    "farm-member-list": ("farm_id",),
    "farm-weather-agro": ("farm_id",),
    "farm-weather-chill": ("farm_id",),
    "farm-weather-current": ("farm_id",),
    "farm-weather-daily": ("farm_id",),
    "farm-weather-et0": ("farm_id",),
    "farm-weather-feeds": ("farm_id",),
    "farm-weather-frost": ("farm_id",),
    "farm-weather-gdd": ("farm_id",),
    "farm-weather-hourly": ("farm_id",),
    "farm-weather-location": ("farm_id",),
    "farm-weather-observations": ("farm_id",),
    "farm-weather-profiles": ("farm_id",),
    "farm-weather-rain": ("farm_id",),
    "farm-weather-weekly": ("farm_id",),
    "farm-weather-windows": ("farm_id", "kind"),
    "field-detail": ("field_id",),
    "field-index-latest": ("field_id", "index"),
    "field-index-legend": ("field_id", "index"),
    "field-index-raster-png": ("field_id", "index"),
    "field-index-raster-tif": ("field_id", "index"),
    "field-index-tiles": ("field_id", "index"),
    "field-index-timeseries": ("field_id", "index"),
    "field-irrigation-list": ("field_id",),
    "field-list": ("farm_id",),
    "field-water-balance": ("field_id",),
    "field-water-setup": ("field_id",),
    "index-detail": ("index",),
    "index-list": (),
    "job-detail": ("job_id",),
    "job-list": (),
    "key-detail": ("key_id",),
    "key-list": (),
    "scene-detail": ("scene_id",),
    "scene-list": ("farm_id",),
    "weather-current": (),
    "weather-daily": (),
    "weather-hourly": (),
    "weather-weekly": (),
}


@pytest.fixture(autouse=True)
def _services(tmp_path: Path, settings: SettingsWrapper, db: None) -> Iterator[None]:
    with serving(settings, tmp_path / "store"), serving_weather(InMemoryWeather()) as target:
        settings.WEATHER_TARGET = target
        yield
        close_channels()


def get_routes() -> set[str]:
    """The names of all routes below ``/api/v1/`` that answer a GET."""

    def walk(resolver: Any, prefix: str) -> Iterator[tuple[str, Any]]:
        for pattern in resolver.url_patterns:
            path = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern, path)
            else:
                yield path, pattern

    return {
        pattern.name
        for path, pattern in walk(get_resolver(), "")
        if path.startswith("api/v1/") and hasattr(getattr(pattern.callback, "cls", None), "get")
    }


def stocked(size: int) -> dict[str, Any]:
    """A farm with so many fields, days of two tiles that are put together, members and keys."""
    user = User.objects.create_user(f"owner-{size}")
    farm = make_farm(user, role=Role.OWNER, name=f"Farm {size}")
    fields = [make_field(farm, name=f"F{n}", lon=3.0 + n / 100) for n in range(size)]
    for day in range(size):
        tiles = [
            make_scene(farm, acquired_at=PASS - days(5 * day) + timedelta(seconds=14 * number))
            for number in range(2)
        ]
        for field in fields:
            for tile in tiles:
                make_observation(field, tile, covered_area_m2=15_000.0)
            look = make_observation(field, tiles[0], is_mosaic=True)
            for position, tile in enumerate(tiles):
                MosaicPart.objects.create(
                    observation=look, scene=tile, position=position, effective_pixels=150.0
                )
        add_member(farm, number=day)
        add_water(fields[0])
    add_weather(farm, days=size)
    add_hours(shared_place(longitude=3.0, latitude=51.0), days=size)  # asked for before
    scene = Scene.objects.filter(farm=farm).order_by("-acquired_at", "-pk")[0]
    jobs = [
        Job.objects.create(
            farm=farm,
            kind=JobKind.INGEST_SCENE,
            subject_id=each.pk,
            idempotency_key=str(each.pk),
        )
        for each in Scene.objects.filter(farm=farm)
    ]
    for number in range(size):
        key = create_key(principal=Principal(user=user), name=f"key {number}", scopes=Scope.values)
    return {
        "key": key.text,
        "farm_id": farm.pk,
        "field_id": fields[0].pk,
        "scene_id": scene.pk,
        "job_id": jobs[0].pk,
        "key_id": key.key.pk,
        "user_id": user.pk,
        "index": "ndvi",
        "kind": "spray",
    }


def add_member(farm: Farm, *, number: int) -> None:
    member = User.objects.create_user(f"member-{farm.pk}-{number}")
    farm.memberships.create(user=member, role=Role.VIEWER)


def asked(stock: dict[str, Any], route: str) -> list[list[str]]:
    """The tables that each query of a GET touches, for a client with an API key."""
    client = APIClient(headers={"Authorization": f"Api-Key {stock['key']}"})
    address = reverse(route, kwargs={name: stock[name] for name in ADDRESSES[route]})
    client.get(reverse("index-list"))  # from now on the key counts as used
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address, HERE if route.startswith("weather-") else {})
        if answer.streaming:
            b"".join(answer.streaming_content)
    assert answer.status_code == 200, answer.content
    return [sorted(set(TOUCHED.findall(query["sql"]))) for query in queries.captured_queries]


def recorded() -> dict[str, list[list[str]]]:
    table: dict[str, list[list[str]]] = json.loads(TABLE.read_text())
    return table


def test_every_get_route_is_in_the_table() -> None:
    assert get_routes() == set(ADDRESSES)
    if not os.environ.get("REWRITE_SQL_QUERIES"):
        assert set(recorded()) == set(ADDRESSES)


def test_each_route_asks_what_the_table_says_and_no_more_for_more_rows() -> None:
    stocks = stocked(SMALL), stocked(LARGE)

    small, large = ({route: asked(stock, route) for route in ADDRESSES} for stock in stocks)
    if os.environ.get("REWRITE_SQL_QUERIES"):
        TABLE.write_text(json.dumps(small, indent=1) + "\n")

    assert small == large, "a query for each row"
    assert small == recorded()
