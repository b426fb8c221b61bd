"""The weather now: the latest hour that was observed, and the forecast's nearest."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.daily import has_air
from farm.weather.domain import HOUR_S, AirColumns
from farm.weather.hourly import stamp_of
from farm.weather.tables import Freshness, freshness_of, units_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from farm.clients.weather import WeatherClient
    from farm.weather.series import Column, Method
    from farm.weather.tables import Weather

AIR_COLUMNS = tuple(
    column.name for column in fields(AirColumns) if column.name not in {"methods", "dew_point_c"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourOfWeather:
    """One hour; what it was given and what the air is like then.

    Attributes:
        at: Its stamp, UTC.
        age_s: Seconds from the stamp to now; negative for an hour to come.
        values: Name → number; None where there is none.
        sources: Name of a variable → source of its value.
        flags: Name of a variable → bits of ``Flag``, where there are any.
    """

    at: datetime
    age_s: float
    values: Mapping[str, float | None]
    sources: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentWeather:
    """The weather now."""

    observed: HourOfWeather | None  # the latest hour that came to pass, with a value
    forecast: HourOfWeather | None  # the nearest to now of those that are forecast
    units: Mapping[str, str]
    methods: tuple[Method, ...]
    time_zone: str
    freshness: Freshness


def current(*, weather: Weather, client: WeatherClient, now: datetime) -> CurrentWeather:
    """Return the latest observed hour and the forecast hour that is nearest to now.

    Args:
        weather: The place's weather of the last and the coming hours.
        client: Of furrow-weather.
        now: The time.
    """
    columns = dict(weather.hourly.columns)
    methods: tuple[Method, ...] = ()
    if has_air(weather.hourly):
        air = client.describe_air(site=weather.site, hourly=weather.hourly)
        methods = air.methods
        # What was given goes before what was worked out from it.
        columns = {**{name: getattr(air, name) for name in AIR_COLUMNS}, **columns}
        columns.setdefault("dew_point_c", air.dew_point_c)
    rows = _known_rows(weather.hourly.columns, weather.hourly.count)
    at_s = weather.hourly.start.timestamp() + rows * HOUR_S
    until_s = weather.observed_until.timestamp() if weather.observed_until else -np.inf
    past, coming = rows[(at_s <= until_s) & (at_s <= now.timestamp())], rows[at_s > until_s]
    nearest = None
    if len(coming):
        nearest = int(coming[np.abs(at_s[at_s > until_s] - now.timestamp()).argmin()])

    def hour(row: int) -> HourOfWeather:
        return _hour(row, columns=columns, weather=weather, now=now)

    return CurrentWeather(
        observed=hour(int(past[-1])) if len(past) else None,
        forecast=None if nearest is None else hour(nearest),
        units=units_of(columns),
        methods=methods,
        time_zone=weather.time_zone,
        freshness=freshness_of(weather),
    )


def _known_rows(columns: Mapping[str, Column], count: int) -> NDArray[np.int64]:
    """Return the rows in which the main thing, the temperature, is known; else anything is."""
    if "air_temperature_c" in columns:
        return np.flatnonzero(~np.isnan(columns["air_temperature_c"]))
    known = np.zeros(count, bool)
    for column in columns.values():
        known |= ~np.isnan(column)
    return np.flatnonzero(known)


def _hour(
    row: int, *, columns: Mapping[str, Column], weather: Weather, now: datetime
) -> HourOfWeather:
    at = stamp_of(row, weather)
    values = {name: float(column[row]) for name, column in columns.items()}
    return HourOfWeather(
        at=at,
        age_s=(now - at).total_seconds(),
        values={name: None if np.isnan(value) else value for name, value in values.items()},
        sources={
            name: weather.source_names[int(places[row])]
            for name, places in weather.sources.items()
            if places[row]
        },
        flags={name: int(bits[row]) for name, bits in weather.flags.items() if bits[row]},
    )
