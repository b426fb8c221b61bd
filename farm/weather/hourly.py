"""Weather by the hour, as it is known: what was observed, then what is forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.domain import HOUR_S, Hours
from farm.weather.tables import Step, WeatherTable, freshness_of, missing_of, units_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from farm.weather.series import Column, Method
    from farm.weather.tables import Weather

# Every hourly table has a row for each hour of the span, whether or not something is known of it.


def hourly(
    *, weather: Weather, start: datetime | None = None, end: datetime | None = None
) -> WeatherTable:
    """Return the hours of a place with the source and flags of every value.

    Args:
        weather: The place's weather.
        start: First stamp that is answered; None: the weather's own.
        end: Before which the stamps end; None: the weather's own.
    """
    table = table_of_hours(weather=weather, columns=weather.hourly.columns)
    table = replace(
        table,
        sources=dict(weather.sources),
        source_names=tuple(weather.source_names),
        flags={name: flags for name, flags in weather.flags.items() if flags.any()},
        rejected=dict(weather.rejected),
    )
    return between(table, start=start, end=end)


def table_of_hours(
    *,
    weather: Weather,
    columns: Mapping[str, Column],
    words: Mapping[str, tuple[NDArray[np.uint8], tuple[str | None, ...]]] | None = None,
    methods: tuple[Method, ...] = (),
    made_of: Mapping[str, tuple[str, ...]] | None = None,
) -> WeatherTable:
    """Return columns along the weather's own hours.

    Args:
        weather: The place's weather.
        columns: Name → (hours,) float64.
        words: Name → (hours,) uint8, and what it points at.
        methods: How they were made.
        made_of: Name → hourly variables that it rests on.
    """
    stamps_s = Hours(start=weather.hourly.start, count=weather.hourly.count).stamps_s()
    return WeatherTable(
        step=Step.HOUR,
        time_zone=weather.time_zone,
        stamps_s=stamps_s,
        columns=dict(columns),
        words=dict(words or {}),
        units=units_of(columns),
        made_of={
            name: sources_within(weather, variables) for name, variables in (made_of or {}).items()
        },
        methods=methods,
        missing=missing_of(columns),
        is_provisional=is_forecast(stamps_s, weather),
        freshness=freshness_of(weather),
    )


def between(table: WeatherTable, *, start: datetime | None, end: datetime | None) -> WeatherTable:
    """Return the rows of an hourly table that are stamped from ``start`` to before ``end``."""
    stamps_s = table.stamps_s
    if stamps_s is None or (start is None and end is None):
        return table
    first = 0 if start is None else int(np.searchsorted(stamps_s, start.timestamp()))
    last = len(stamps_s) if end is None else int(np.searchsorted(stamps_s, end.timestamp()))
    rows = slice(first, max(first, last))
    columns = {name: column[rows] for name, column in table.columns.items()}
    return replace(
        table,
        stamps_s=stamps_s[rows],
        columns=columns,
        words={name: (codes[rows], words) for name, (codes, words) in table.words.items()},
        sources={name: sources[rows] for name, sources in table.sources.items()},
        flags={name: flags[rows] for name, flags in table.flags.items() if flags[rows].any()},
        rejected={
            name: column[rows]
            for name, column in table.rejected.items()
            if not np.isnan(column[rows]).all()
        },
        missing=missing_of(columns),
        is_provisional=table.is_provisional[rows],
    )


def is_forecast(stamps_s: NDArray[np.int64], weather: Weather) -> NDArray[np.uint8]:
    """Return (hours,) uint8: 1 where the hour is later than the last observed one."""
    if weather.observed_until is None:
        return np.ones(len(stamps_s), np.uint8)
    return (stamps_s > weather.observed_until.timestamp()).astype(np.uint8)


def sources_within(weather: Weather, variables: tuple[str, ...]) -> tuple[str, ...]:
    """Return the sources that any value of some variables is of, the best first."""
    used = {
        int(place)
        for name in variables
        if name in weather.sources
        for place in np.flatnonzero(np.bincount(weather.sources[name]))
    }
    return tuple(weather.source_names[place] for place in sorted(used) if place)


def stamp_of(row: int, weather: Weather) -> datetime:
    """Return the stamp of a row, UTC."""
    return datetime.fromtimestamp(weather.hourly.start.timestamp() + row * HOUR_S, UTC)
