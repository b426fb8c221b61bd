"""A provider on this machine, and a session that asks it without ever waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.weather.providers.http import PoliteSession
from tests.unit.weather.providers.provider_server import Clock, ProviderServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper


@pytest.fixture(scope="module")
def running_server() -> Iterator[ProviderServer]:
    with ProviderServer().running() as server:
        yield server


@pytest.fixture
def server(running_server: ProviderServer, settings: SettingsWrapper) -> ProviderServer:
    """Every provider at once."""
    running_server.seen.clear()
    settings.OPEN_METEO_URL = running_server.url
    settings.OPEN_METEO_ARCHIVE_URL = f"{running_server.url}/of-the-archive"
    settings.NASA_POWER_URL = running_server.url
    settings.MET_NORWAY_URL = running_server.url
    settings.WEATHER_CONTACT = "farm@example.org"
    return running_server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(clock: Clock) -> Iterator[PoliteSession]:
    polite = PoliteSession(
        user_agent="furrow/test (farm@example.org)",
        clock=clock.clock,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        jitter=lambda: 0.5,
        silent_at_most_s=0.2,
    )
    yield polite
    polite.close()
