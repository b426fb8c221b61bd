"""What every provider's answer must hold: of this place, of these hours, each hour once."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.providers.errors import NoSuchDaysError, ProviderInvalidError
from farm.weather.series import HOUR, HourlyWeather

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from farm.weather.providers.interface import DaySpan, FetchRequest
    from farm.weather.series import Column

HOUR_S = 3600
EARTH_RADIUS_KM = 6371.0
# Half the diagonal of the coarsest grid (1°, NASA's solar data) is 79 km at the equator.
MOST_DISTANCE_KM = 80.0
LOWEST_GROUND_M, HIGHEST_GROUND_M = -450.0, 6_500.0


def wanted_days(request: FetchRequest, reach: DaySpan, *, most_days: int) -> DaySpan:
    """Return the days to ask for.

    Raises:
        NoSuchDaysError: The product has none of them now, or they are too many for one request.
    """
    if not (abs(request.latitude) <= 90 and abs(request.longitude) <= 180):
        msg = f"{request.latitude:g}, {request.longitude:g} is no place on Earth."
        raise NoSuchDaysError(msg)
    days = request.days.overlap(reach)
    if days is None:
        msg = (
            f"{request.first_day} to {request.last_day} is out of reach: this product has"
            f" {reach.first_day} to {reach.last_day}."
        )
        raise NoSuchDaysError(msg)
    if (days.last_day - days.first_day).days >= most_days:
        msg = f"{days.first_day} to {days.last_day} is too long: at most {most_days} days at once."
        raise NoSuchDaysError(msg)
    return days


def begin_of(days: DaySpan) -> datetime:
    """Return the first stamp of the days."""
    return datetime.combine(days.first_day, time(), tzinfo=UTC)


def end_of(days: DaySpan) -> datetime:
    """Return the first stamp after the days."""
    return datetime.combine(days.last_day, time(), tzinfo=UTC) + timedelta(days=1)


def check_place(request: FetchRequest, *, longitude: float, latitude: float) -> None:
    """Refuse an answer for another place than was asked for."""
    if not (abs(latitude) <= 90 and abs(longitude) <= 360):
        msg = f"The answer is for {latitude:g}, {longitude:g}, which is no place on Earth."
        raise ProviderInvalidError(msg)
    asked, given = math.radians(request.latitude), math.radians(latitude)
    turn = math.radians(longitude - request.longitude)
    haversine = (
        math.sin((given - asked) / 2) ** 2
        + math.cos(asked) * math.cos(given) * math.sin(turn / 2) ** 2
    )
    distance_km = 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(haversine)))
    if distance_km > MOST_DISTANCE_KM:
        msg = (
            f"The answer is for {latitude:g}, {longitude:g}, {distance_km:.0f} km from"
            f" {request.latitude:g}, {request.longitude:g}, which was asked for."
        )
        raise ProviderInvalidError(msg)


def check_ground(elevation_m: float) -> float:
    """Return the height of the ground, or refuse one that is nowhere."""
    if not LOWEST_GROUND_M <= elevation_m <= HIGHEST_GROUND_M:
        msg = f"The answer's ground lies at {elevation_m:g} m, where no farm is."
        raise ProviderInvalidError(msg)
    return elevation_m


def check_hours(stamps: NDArray[np.int64]) -> None:
    """Refuse stamps that are not ascending whole hours, each once.

    Args:
        stamps: (n,) int64, seconds since 1970.
    """
    if np.any(stamps % HOUR_S):
        row = int(np.argmax(stamps % HOUR_S != 0))
        msg = f"The answer's time {row} is not a whole hour."
        raise ProviderInvalidError(msg)
    steps = np.diff(stamps)
    if np.any(steps <= 0):
        row = int(np.argmax(steps <= 0)) + 1
        word = "is there twice" if steps[row - 1] == 0 else "comes before the one above it"
        msg = f"The answer's time {row} {word}."
        raise ProviderInvalidError(msg)


def on_axis(
    columns: Mapping[str, tuple[NDArray[np.int64], Column]], days: DaySpan
) -> HourlyWeather:
    """Lay columns on one axis of hours; hours nobody gave are NaN, others than wanted are left out.

    Args:
        columns: Name → stamps (n,) int64, seconds since 1970, checked; and values (n,) float64.
        days: The days wanted.

    Raises:
        ProviderInvalidError: No value is of these days: another time was answered.
    """
    begin, end = int(begin_of(days).timestamp()), int(end_of(days).timestamp())
    inside = {
        name: (stamps[within], values[within])
        for name, (stamps, values) in columns.items()
        if (within := (stamps >= begin) & (stamps < end)).any()
    }
    if not inside:
        msg = f"The answer has nothing of {days.first_day} to {days.last_day}, which was asked for."
        raise ProviderInvalidError(msg)
    first = min(int(stamps[0]) for stamps, _ in inside.values())
    last = max(int(stamps[-1]) for stamps, _ in inside.values())
    count = (last - first) // HOUR_S + 1
    laid: dict[str, Column] = {}
    for name, (stamps, values) in inside.items():
        laid[name] = np.full(count, np.nan)
        laid[name][(stamps - first) // HOUR_S] = values
    return HourlyWeather(start=datetime.fromtimestamp(first, UTC), count=count, columns=laid)


def last_known(hourly: HourlyWeather) -> datetime | None:
    """Return the stamp of the last hour with any value."""
    known = np.zeros(hourly.count, dtype=bool)
    for column in hourly.columns.values():
        known |= ~np.isnan(column)
    rows = np.flatnonzero(known)
    return hourly.start + int(rows[-1]) * HOUR if rows.size else None
