"""Real threads on a real PostgreSQL: one feed is fetched once, two uploads lose nothing."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection

from farm.weather.blocks import ROW_OF, unpack_values
from farm.weather.feeds import ensure_feeds, lease
from farm.weather.models import WeatherDay, WeatherFeed, WeatherPlace
from farm.weather.places import shared_place
from farm.weather.series import HOUR
from farm.weather.store import store_hours
from tests.unit.imagery.test_two_writers import WRITERS, at_once
from tests.unit.weather.refresh_world import NOW, ToldProvider
from tests.unit.weather.store_world import NOON, hours, new_farm, new_place

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite in memory has one connection: no two writers"
    ),
]


def test_of_many_at_once_one_fetches_a_feed() -> None:
    place = new_place(farm=new_farm())
    feed = ensure_feeds(place=place, providers=(ToldProvider(),), now=NOW)[0]

    taken = at_once(lambda _: lease(feed=WeatherFeed.objects.get(pk=feed.pk), now=NOW))

    assert sum(taken) == 1


def test_many_uploads_at_once_lose_no_hour() -> None:
    place = new_place(farm=new_farm())

    at_once(
        lambda number: store_hours(
            place=place,
            source="station",
            hourly=hours(NOON + number * HOUR, air_temperature_c=[float(number)]),
        )
    )

    block = unpack_values([WeatherDay.objects.get().values])[0]
    found = block[ROW_OF["air_temperature_c"]][12 : 12 + WRITERS]
    assert np.array_equal(found[: min(WRITERS, 12)], np.arange(min(WRITERS, 12)))


def test_a_coordinate_asked_for_at_once_is_one_place() -> None:
    found = at_once(lambda _: shared_place(longitude=4.35, latitude=50.85).pk)

    assert len(set(found)) == 1
    assert WeatherPlace.objects.count() == 1
