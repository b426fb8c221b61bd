"""Columns of weather along a regular axis: what the client of furrow-weather takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Column = NDArray[np.float64]  # (hours,) or (days,), NaN where there is no value
    Flags = NDArray[np.uint8]  # likewise; bits of ``Flag``

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyWeather:
    """Weather by the hour: stamped t are the instants at t, and amounts of the hour that ends at t.

    Attributes:
        start: Stamp of the first hour, UTC, at a whole quarter of an hour.
        count: Number of hours.
        columns: Name of ``farm.weather.variables.HOURLY`` → (hours,) float64, NaN where absent. A
            variable that is nowhere known is left out.
    """

    start: datetime
    count: int
    columns: Mapping[str, Column] = field(default_factory=dict)

    @property
    def end(self) -> datetime:
        """One hour after the last stamp."""
        return self.start + self.count * HOUR

    def stamps(self) -> list[datetime]:
        """Return the stamp of every hour, UTC."""
        return [self.start + row * HOUR for row in range(self.count)]

    def between(self, start: datetime, end: datetime) -> HourlyWeather:
        """Return the hours stamped from ``start`` to before ``end``, as views."""
        first = max(0, -((self.start - start) // HOUR))
        last = max(first, min(self.count, -((self.start - end) // HOUR)))
        return HourlyWeather(
            start=self.start + first * HOUR,
            count=last - first,
            columns={name: column[first:last] for name, column in self.columns.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyWeather:
    """Weather by the local day; columns as in ``DailyWeather`` of the contract."""

    first_day: date
    count: int
    columns: Mapping[str, Column] = field(default_factory=dict)

    def days(self) -> list[date]:
        """Return every day."""
        return [self.first_day + timedelta(days=row) for row in range(self.count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place and its instruments."""

    latitude_deg: float  # -90 to 90
    longitude_deg: float  # -180 to 180, east positive
    elevation_m: float  # -450 to 6,500
    wind_height_m: float = 10.0  # 0.5 to 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How a number was made."""

    quantity: str
    name: str
    source: str


class Flag:
    """What was found about a value; bits, as in ``ColumnFlags`` of the contract."""

    RANGE = 1  # cannot be; left out of every computation, never deleted
    STEP = 2  # too far from the hour before
    PERSISTENCE = 4  # stuck for too long
    CONSISTENCY = 8  # contradicts another column
    SPARSE = 16  # made of fewer samples than there should be


def utc(moment: datetime) -> datetime:
    """Return a moment with its zone, in UTC."""
    return moment.astimezone(UTC)
