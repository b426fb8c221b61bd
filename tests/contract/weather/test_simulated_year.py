"""A simulated year and its seasons, by the real furrow-weather."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from farm.demo.water import follow_advice, water_lines
from farm.demo.weather import prepare_weather
from farm.weather.assembly import assembled
from farm.weather.models import FieldIrrigation, WeatherPlace
from farm.weather.providers.interface import FetchRequest
from farm.weather.providers.simulated import SimulatedWeather
from farm.weather.series import Flag
from farm.weather.weekly import weekly
from tests.unit.weather.store_world import new_farm, new_field
from tests.unit.weather.test_profiles import put_defaults

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from farm.clients.weather import WeatherClient
    from tests.contract.weather.weather_process import WeatherProcess

NOVEMBER = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)


@pytest.mark.parametrize("latitude", [50.8, -33.0])
def test_no_instrument_of_the_simulation_is_stuck(weather: WeatherClient, latitude: float) -> None:
    fetched = SimulatedWeather().fetch(
        request=FetchRequest(
            product="archive",
            longitude=3.06,
            latitude=latitude,
            first_day=date(2025, 11, 1),
            last_day=date(2026, 11, 22),
            now=NOVEMBER,
            elevation_m=None,
        )
    )

    flags = weather.judge_hours(hourly=fetched.hourly)

    stuck = {name: int((marks & Flag.PERSISTENCE > 0).sum()) for name, marks in flags.items()}
    assert {name: count for name, count in stuck.items() if count} == {}
    assert fetched.hourly.columns["wind_speed_m_s"].min() < 0.6


@pytest.mark.django_db
def test_the_current_week_is_known_whole(
    weather: WeatherClient, weather_process: WeatherProcess, settings: SettingsWrapper
) -> None:
    put_defaults()
    settings.WEATHER_TARGET = weather_process.target
    farm = new_farm(is_demo=True)
    new_field(farm, longitude=3.06, latitude=50.8)
    now = NOVEMBER + timedelta(days=2)  # a Wednesday
    assert prepare_weather(farm=farm, now=now)

    start = datetime(2026, 11, 22, 23, tzinfo=UTC)
    made = assembled(
        place=WeatherPlace.objects.get(farm=farm),
        start=start - timedelta(hours=12),
        end=start + timedelta(days=7, hours=12),
        now=now,
    )
    week = weekly(
        weather=made,
        client=weather,
        first_day=date(2026, 11, 23),
        last_day=date(2026, 11, 29),
    )

    assert week.dates == [date(2026, 11, 23)]
    assert {name for name, column in week.columns.items() if column[0] != column[0]} == set()
    assert "precipitation_probability_max_percent" in week.columns


@pytest.mark.django_db
def test_seasons_of_the_demo_are_those_of_the_calendar(
    weather: WeatherClient, weather_process: WeatherProcess, settings: SettingsWrapper
) -> None:
    put_defaults()
    settings.WEATHER_TARGET = weather_process.target
    farm = new_farm(is_demo=True)
    for number, crop in enumerate(("winter wheat", "maize", "sugar beet", "grass")):
        field = new_field(farm, longitude=3.06 + number / 100, latitude=50.8)
        field.crop, field.name = crop, crop.title()
        field.save()
    assert prepare_weather(farm=farm, now=NOVEMBER)
    place = WeatherPlace.objects.get(farm=farm)

    lines = list(water_lines(farm=farm, place=place, client=weather, now=NOVEMBER))

    told = {line.split("  ")[0]: line for line in lines if "  20" in line}
    assert "2026-10-15" in told["Winter Wheat"]
    assert "day 40 of 240" in told["Winter Wheat"]
    assert "ended 2026-09-21" in told["Maize"]
    assert "ended 2026-08-31" in told["Sugar Beet"]
    # Dry weeks ask for water, in the growing season alone.
    of_maize = FieldIrrigation.objects.filter(field__name="Maize")
    assert of_maize.exists()
    assert all(date(2026, 4, 25) <= one.day <= date(2026, 9, 21) for one in of_maize)
    assert any("Maize (maize):" in line and "allowed depletion share" in line for line in lines)

    count = FieldIrrigation.objects.count()
    follow_advice(farm=farm, place=place, client=weather, now=NOVEMBER)
    assert FieldIrrigation.objects.count() == count
