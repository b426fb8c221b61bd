"""What a provider of weather is: a further one is a file with such a class and a registry line.

Days are UTC days throughout, because blocks are kept by UTC day; hours are stamped as
:class:`~farm.weather.series.HourlyWeather` says, whatever the provider's own custom is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from datetime import date, datetime

    from farm.weather.providers.http import PoliteSession
    from farm.weather.series import HourlyWeather


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Whom answers name, because the licence of the data asks for it."""

    text: str
    url: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpan:
    """UTC days, both ends included."""

    first_day: date
    last_day: date

    def overlap(self, other: DaySpan) -> DaySpan | None:
        """Return the days in both, or None."""
        first, last = max(self.first_day, other.first_day), min(self.last_day, other.last_day)
        return DaySpan(first_day=first, last_day=last) if first <= last else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """Which weather is wanted.

    ``product`` is a value of :class:`farm.weather.models.WeatherProduct`.
    """

    product: str
    longitude: float  # degrees, -180 to 180, east positive
    latitude: float  # degrees, -90 to 90
    first_day: date  # UTC; days that the product does not reach are left out of the answer
    last_day: date  # UTC, included
    now: datetime  # with zone
    elevation_m: float | None = None  # of the place; None: the provider's own ground

    @property
    def days(self) -> DaySpan:
        """The days asked for."""
        return DaySpan(first_day=self.first_day, last_day=self.last_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a provider answered, read and checked as far as an answer can be by itself.

    Attributes:
        source: Value of :class:`farm.weather.models.WeatherSource` that the hours are kept under.
        hourly: The hours, in our units. Impossible values are still there: judging them is not the
            provider's task.
        issued_at: When the forecast was issued; None where the provider does not say.
        elevation_m: Ground that the values stand for; None where the provider does not say.
        observed_until: Stamp of the last hour that is no forecast; None where every hour is one.
        asked_again_from: Before this moment the provider has nothing new; None where it does not
            say.
    """

    source: str
    hourly: HourlyWeather
    issued_at: datetime | None
    elevation_m: float | None
    observed_until: datetime | None
    asked_again_from: datetime | None = None


@runtime_checkable
class Provider(Protocol):
    """A provider of weather by the hour."""

    key: str  # in settings, feeds and metrics
    title: str  # for people
    products: tuple[str, ...]  # the most settled first
    most_days: int  # of one request
    attribution: Attribution

    def host_key(self, product: str) -> str:
        """Return the name of the ``ProviderHost`` whose breaker and bucket a product counts for."""
        ...

    def source_of(self, product: str) -> str:
        """Return the ``WeatherSource`` that hours of a product are kept under."""
        ...

    def reach(self, product: str, now: datetime) -> DaySpan:
        """Return the UTC days that a product can be asked for now."""
        ...

    def fetch(self, *, request: FetchRequest, session: PoliteSession) -> Fetched:
        """Ask for the hours of those of the wanted days that the product reaches.

        Raises:
            ProviderError: One of :mod:`farm.weather.providers.errors`; nothing else is raised for
                whatever the provider answers.
        """
        ...
