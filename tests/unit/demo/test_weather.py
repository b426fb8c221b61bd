"""Weather of the demo farm: made up, and told so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from farm.clients.channel import channel_to, close_channels
from farm.clients.services import WEATHER
from farm.clients.weather import WeatherClient
from farm.clients.weather_fakes import InMemoryWeather, serving_weather
from farm.demo.planting import plant, sown_on
from farm.demo.weather import prepare_weather, weather_lines
from farm.farms.models import Farm
from farm.weather.models import FieldWater, WeatherDay, WeatherForecast
from tests.unit.weather.store_world import new_farm, new_field

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, 20, tzinfo=UTC)


@pytest.fixture
def client(settings: SettingsWrapper) -> Iterator[WeatherClient]:
    with serving_weather(InMemoryWeather()) as target:
        settings.WEATHER_TARGET = target
        yield WeatherClient(channel_to(target, WEATHER))
        close_channels()


@pytest.fixture
def farm(db: None) -> Farm:
    farm = new_farm(is_demo=True)
    field = new_field(farm, longitude=3.06, latitude=50.8)
    field.crop, field.name = "maize", "Mill Field"
    field.save()
    return farm


def test_the_demo_farm_has_weather_and_water_of_its_own(farm: Farm, client: WeatherClient) -> None:
    assert prepare_weather(farm=farm, now=NOW)

    assert set(WeatherDay.objects.values_list("source", flat=True)) == {"simulated"}
    assert WeatherForecast.objects.get().source == "simulated"
    assert FieldWater.objects.get().crop.name == "maize"


def test_it_tells_yesterday_today_and_the_coming_week_and_that_it_is_simulated(
    farm: Farm, client: WeatherClient
) -> None:
    prepare_weather(farm=farm, now=NOW)

    lines = list(weather_lines(farm=farm, client=client, now=NOW))

    days = [line for line in lines if re.match(r"\w{3} 2026-", line)]
    assert [line.split()[1] for line in days] == [
        str(NOW.date() + timedelta(days=ahead)) for ahead in range(-1, 8)
    ]
    assert "yesterday" in days[0]
    assert "today" in days[1]
    assert "forecast" in days[2]
    assert any("(SIMULATED)" in line for line in lines)
    assert any(line.startswith("Mill Field") for line in lines)
    assert any("window for spraying" in line for line in lines)


def test_told_twice_it_is_the_same(farm: Farm, client: WeatherClient) -> None:
    prepare_weather(farm=farm, now=NOW)
    before = list(weather_lines(farm=farm, client=client, now=NOW))

    prepare_weather(farm=farm, now=NOW)

    assert list(weather_lines(farm=farm, client=client, now=NOW)) == before
    assert WeatherForecast.objects.count() == 1


@pytest.mark.parametrize(
    ("crop", "today", "latitude", "sown"),
    [
        ("winter wheat", date(2026, 11, 23), 50.8, date(2026, 10, 15)),
        ("winter wheat", date(2026, 8, 1), 50.8, date(2025, 10, 15)),
        ("maize", date(2026, 11, 23), 50.8, date(2026, 4, 25)),
        ("maize", date(2026, 3, 1), 50.8, date(2025, 4, 25)),
        ("maize", date(2026, 11, 23), -33.0, date(2026, 10, 25)),
        ("winter wheat", date(2026, 11, 23), -33.0, date(2026, 4, 15)),
        ("wood", date(2026, 11, 23), 50.8, None),
    ],
)
def test_crops_are_sown_when_farmers_sow_them(
    crop: str, today: date, latitude: float, sown: date | None
) -> None:
    assert sown_on(crop=crop, today=today, latitude=latitude) == sown


def test_a_season_follows_the_last_one_when_its_time_has_come(
    farm: Farm, client: WeatherClient
) -> None:
    prepare_weather(farm=farm, now=NOW)
    assert FieldWater.objects.get().planted_on == date(2026, 4, 25)

    plant(farm=farm, today=date(2027, 4, 24), latitude=50.8)
    assert FieldWater.objects.get().planted_on == date(2026, 4, 25)

    plant(farm=farm, today=date(2027, 4, 25), latitude=50.8)
    assert FieldWater.objects.get().planted_on == date(2027, 4, 25)


def test_what_somebody_sowed_stays_while_it_stands(farm: Farm, client: WeatherClient) -> None:
    plant(farm=farm, today=NOW.date(), latitude=50.8)
    FieldWater.objects.update(planted_on=date(2026, 5, 20))

    plant(farm=farm, today=date(2026, 11, 23), latitude=50.8)

    assert FieldWater.objects.get().planted_on == date(2026, 5, 20)


def test_of_a_real_farm_nobody_is_asked_unless_the_settings_say_so(client: WeatherClient) -> None:
    farm = new_farm()
    new_field(farm, longitude=3.06, latitude=50.8)

    assert not prepare_weather(farm=farm, now=NOW)
    assert not WeatherDay.objects.exists()
