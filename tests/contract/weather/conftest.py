"""One furrow-weather for all tests of a file; it keeps nothing, so they share it safely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.clients.channel import channel_to, close_channels
from farm.clients.services import WEATHER
from farm.clients.weather import WeatherClient
from tests.contract.weather.weather_process import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.weather.weather_process import WeatherProcess


@pytest.fixture(scope="module")
def weather_process() -> Iterator[WeatherProcess]:
    """The program."""
    with running() as service:
        yield service
        close_channels()


@pytest.fixture(scope="module")
def weather(weather_process: WeatherProcess) -> WeatherClient:
    """A client of ``weather_process``."""
    return WeatherClient(channel_to(weather_process.target, WEATHER))
