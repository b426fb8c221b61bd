"""Places: where a farm's weather is of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from farm.errors import InvalidInputError
from farm.weather import places
from farm.weather.models import WeatherDay, WeatherPlace
from farm.weather.places import (
    place_of_farm,
    prune_places,
    set_position,
    settle,
    shared_place,
    zone_of,
)
from farm.weather.store import store_hours
from farm.weather.time_zones import nautical_zone, time_zone_at
from tests.unit.weather.store_world import NOON, hours, new_farm, new_field, new_place

pytestmark = pytest.mark.django_db


def test_a_farm_without_fields_has_no_place() -> None:
    assert place_of_farm(farm=new_farm()) is None


def test_a_farm_is_in_the_middle_of_its_fields_weighted_by_area() -> None:
    farm = new_farm()
    new_field(farm, longitude=4.0, latitude=50.0, side_deg=0.02)
    new_field(farm, longitude=4.1, latitude=50.0, side_deg=0.01)

    place = place_of_farm(farm=farm)

    assert place is not None
    # Middles 4.010 and 4.105; the first is four times as large.
    assert place.longitude == pytest.approx((4 * 4.010 + 4.105) / 5, abs=1e-3)
    assert place.time_zone == "Europe/Paris"
    assert place_of_farm(farm=farm) == place


def test_the_antimeridian_is_no_border() -> None:
    farm = new_farm()
    new_field(farm, longitude=179.99, latitude=-17.0)
    new_field(farm, longitude=-179.992, latitude=-17.0)

    place = place_of_farm(farm=farm)

    assert place is not None
    assert abs(place.longitude) == pytest.approx(180.0, abs=1e-3)
    assert place.time_zone == "Pacific/Fiji"


def test_the_farms_own_zone_goes_before_that_of_its_position() -> None:
    farm = new_farm(time_zone="Europe/Lisbon")
    new_field(farm, longitude=4.0, latitude=50.0)

    place = place_of_farm(farm=farm)

    assert place is not None
    assert zone_of(place) == "Europe/Lisbon"
    assert zone_of(new_place()) == "Europe/Brussels"


@pytest.mark.parametrize(
    ("longitude", "latitude", "zone"),
    [
        (85.32, 27.71, "Asia/Kathmandu"),
        (159.08, -31.55, "Australia/Lord_Howe"),
        (-176.5, -43.95, "Pacific/Chatham"),
        (-40.0, 30.0, "Etc/GMT+3"),
    ],
)
def test_a_position_has_a_zone(longitude: float, latitude: float, zone: str) -> None:
    assert time_zone_at(longitude=longitude, latitude=latitude) == zone


def test_the_sea_has_whole_hours() -> None:
    assert nautical_zone(longitude=-40) == "Etc/GMT+3"
    assert nautical_zone(longitude=100) == "Etc/GMT-7"
    assert nautical_zone(longitude=2) == "Etc/GMT"


def test_neighbours_share_a_place() -> None:
    first = shared_place(longitude=4.351, latitude=50.846)

    assert shared_place(longitude=4.349, latitude=50.852) == first
    assert (first.longitude, first.latitude) == (4.35, 50.85)
    assert shared_place(longitude=180, latitude=-0.001) == shared_place(longitude=-180, latitude=0)


@pytest.mark.parametrize(
    ("longitude", "latitude"), [(181, 0), (0, 91), (float("nan"), 0), (0, float("inf"))]
)
def test_what_is_no_coordinate_is_refused(longitude: float, latitude: float) -> None:
    with pytest.raises(InvalidInputError, match="must be from"):
        shared_place(longitude=longitude, latitude=latitude)


def test_places_that_nobody_asks_for_go_and_farms_stay() -> None:
    now = timezone.now()
    farm = new_farm()
    new_field(farm, longitude=4.0, latitude=50.0)
    place_of_farm(farm=farm)
    new_place(used_at=now - timedelta(days=8))
    lately = new_place(longitude=5, used_at=now - timedelta(days=6))

    assert prune_places(now=now) == 1

    assert set(WeatherPlace.objects.filter(farm=None)) == {lately}
    assert WeatherPlace.objects.filter(farm=farm).exists()


def test_their_number_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_SHARED", 3)
    for number in range(6):
        shared_place(longitude=number, latitude=0)

    assert WeatherPlace.objects.count() <= 3
    assert WeatherPlace.objects.filter(longitude=5).exists()


def test_a_farm_that_moves_far_loses_what_providers_said_and_keeps_what_it_measured() -> None:
    farm = new_farm()
    field = new_field(farm, longitude=4.0, latitude=50.0)
    place = place_of_farm(farm=farm)
    assert place is not None
    for source in ("station", "nasa_power"):
        store_hours(place=place, source=source, hourly=hours(NOON, air_temperature_c=[1]))
    assert not settle(place)

    field.delete()
    new_field(farm, longitude=5.0, latitude=50.0)

    assert settle(place)
    assert list(WeatherDay.objects.values_list("source", flat=True)) == ["station"]


def test_a_place_that_a_person_set_meanwhile_stays_there() -> None:
    farm = new_farm()
    new_field(farm, longitude=4.0, latitude=50.0)
    read_before = place_of_farm(farm=farm)
    assert read_before is not None
    set_position(farm=farm, longitude=4.2, latitude=50.1)
    new_field(farm, longitude=4.1, latitude=50.0)

    assert not settle(read_before)
    place = place_of_farm(farm=farm)
    assert place is not None
    assert (place.longitude, place.is_position_set) == (4.2, True)


def test_a_place_that_a_person_set_stays_where_it_is() -> None:
    farm = new_farm()
    new_field(farm, longitude=4.0, latitude=50.0)
    set_position(farm=farm, longitude=4.2, latitude=50.1, elevation_m=120)

    place = place_of_farm(farm=farm)

    assert place is not None
    assert not settle(place)
    assert (place.longitude, place.elevation_m, place.elevation_source) == (4.2, 120, "user")
