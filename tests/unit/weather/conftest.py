"""A weather service in memory on a real socket, and a client of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.clients.channel import channel_to, close_channels
from farm.clients.services import WEATHER
from farm.clients.weather import WeatherClient
from farm.clients.weather_fakes import InMemoryWeather, serving_weather

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def weather_service() -> InMemoryWeather:
    """What answers; its requests and failures are a test's to read and set."""
    return InMemoryWeather()


@pytest.fixture
def weather_client(weather_service: InMemoryWeather) -> Iterator[WeatherClient]:
    """A client of ``weather_service``."""
    with serving_weather(weather_service) as target:
        yield WeatherClient(channel_to(target, WEATHER))
        close_channels()
