"""A provider that answers what a test says, and a service that judges it in memory."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from farm.clients.channel import channel_to, close_channels
from farm.clients.services import WEATHER
from farm.clients.weather import WeatherClient
from farm.clients.weather_fakes import InMemoryWeather, serving_weather
from farm.weather.models import WeatherProduct
from farm.weather.providers.interface import Attribution, DaySpan, Fetched, FetchRequest
from farm.weather.refresh import Collaborators
from farm.weather.series import HourlyWeather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 6, 1, 12, 20, tzinfo=UTC)
TODAY = NOW.date()


@dataclass
class ToldProvider:
    """Gives its temperature for every hour asked, or fails."""

    key: str = "open_meteo"
    title: str = "Told"
    most_days: int = 400
    products: tuple[str, ...] = (WeatherProduct.FORECAST, WeatherProduct.ARCHIVE)
    attribution: Attribution = field(
        default_factory=lambda: Attribution(text="", url="", licence="CC0-1.0")
    )
    temperature_c: float = 10.0
    failure: Exception | None = None
    meanwhile: Callable[[], Any] = lambda: None
    requests: list[FetchRequest] = field(default_factory=list)

    def host_key(self, product: str) -> str:
        return self.key

    def source_of(self, product: str) -> str:
        return self.key if product == WeatherProduct.FORECAST else f"{self.key}_archive"

    def reach(self, product: str, now: datetime) -> DaySpan:
        if product == WeatherProduct.FORECAST:
            return DaySpan(
                first_day=now.date() - timedelta(days=90), last_day=now.date() + timedelta(days=6)
            )
        return DaySpan(first_day=date(1940, 1, 1), last_day=now.date() - timedelta(days=5))

    def fetch(self, *, request: FetchRequest, session: Any) -> Fetched:
        self.requests.append(request)
        self.meanwhile()
        if self.failure is not None:
            raise self.failure
        start = datetime.combine(request.first_day, time(), UTC)
        count = ((request.last_day - request.first_day).days + 1) * 24
        return Fetched(
            source=self.source_of(request.product),
            hourly=HourlyWeather(
                start=start,
                count=count,
                columns={"air_temperature_c": np.full(count, self.temperature_c)},
            ),
            issued_at=None,
            elevation_m=73.0,
            observed_until=request.now.replace(minute=0),
        )


@contextmanager
def judging(service: InMemoryWeather | None = None) -> Iterator[Collaborators]:
    """Collaborators of a refresh; the session is none, because nobody goes out."""
    with serving_weather(service or InMemoryWeather()) as target:
        client = WeatherClient(channel_to(target, WEATHER))
        yield Collaborators(client=client, session=None)  # type: ignore[arg-type]
        close_channels()
