"""Weather by the ISO week, made of whole local days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.daily import COMPLETENESS_SHARE, ET_COLUMN, MADE_OF, VPD_COLUMN, local_days
from farm.weather.hourly import sources_within
from farm.weather.tables import Step, WeatherTable, freshness_of, missing_of, units_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from farm.clients.weather import WeatherClient
    from farm.weather.daily import LocalDays
    from farm.weather.series import Column
    from farm.weather.tables import Weather

DAYS = 7
WEEK = timedelta(days=DAYS)

_SUMS = ("precipitation_mm", "shortwave_radiation_mj_m2", ET_COLUMN)
_LEAST = ("temperature_min_c", "night_temperature_min_c", "relative_humidity_min_percent")
_GREATEST = (
    "temperature_max_c",
    "relative_humidity_max_percent",
    "wind_speed_max_m_s",
    "wind_gust_max_m_s",
    "precipitation_probability_max_percent",
    "weather_code_max",
)
# Forecasts alone have them: of what has come to pass nobody says how likely it is.
_OF_FORECASTS = ("precipitation_probability_max_percent",)
# Means of days of 23 or 25 hours count by their length. The direction of the wind has no weekly
# mean here, because a day's direction says nothing of its strength.
_MEANS = (
    "temperature_mean_c",
    "relative_humidity_mean_percent",
    "dew_point_mean_c",
    "wind_speed_mean_m_s",
    "surface_pressure_mean_hpa",
    "cloud_cover_mean_percent",
    VPD_COLUMN,
)


def weekly(
    *,
    weather: Weather,
    client: WeatherClient,
    first_day: date | None = None,
    last_day: date | None = None,
    completeness_share: float = COMPLETENESS_SHARE,
) -> WeatherTable:
    """Return ISO weeks, Monday to Sunday; a week with a missing day has no value and says so.

    Sums, means and extremes over the days that happen to be there would be those of another span.
    ``coverage`` gives the share of the seven days that are known. What only forecasts have is asked
    of the days to come alone.

    Args:
        weather: The place's weather; it should begin on a Monday and end with a Sunday.
        client: Of furrow-weather.
        first_day: First day that counts; its week is partial unless it is a Monday.
        last_day: Last day that counts.
        completeness_share: Of a day's hours that must be there.
    """
    days = local_days(
        weather=weather,
        client=client,
        first_day=first_day,
        last_day=last_day,
        completeness_share=completeness_share,
    )
    mondays, rows = _weeks(days)
    begins = days.station.day_bounds[:-1]
    until = weather.observed_until
    to_come = begins > until.timestamp() if until else np.ones(len(begins), bool)
    columns, coverage = _weekly_columns(days, rows, len(mondays), to_come=to_come)
    is_whole = np.bincount(rows, ~days.station.is_partial.astype(bool), len(mondays)) == DAYS
    provisional = np.bincount(rows, days.station.is_provisional, len(mondays)) > 0
    return WeatherTable(
        step=Step.WEEK,
        time_zone=weather.time_zone,
        dates=mondays,
        columns=columns,
        units=units_of(columns),
        made_of={name: sources_within(weather, MADE_OF[name]) for name in columns},
        methods=days.methods,
        missing=missing_of(columns),
        coverage={name: share for name, share in coverage.items() if (share < 1).any()},
        is_partial=(~is_whole).astype(np.uint8),
        is_provisional=provisional.astype(np.uint8),
        freshness=freshness_of(weather),
    )


def _weeks(days: LocalDays) -> tuple[list[date], NDArray[np.int64]]:
    """Return the Mondays, and for each day the row of its week."""
    first = days.station.days.first_day
    first_monday = first - timedelta(days=first.weekday())
    rows = (first.weekday() + np.arange(days.station.days.count)) // DAYS
    count = int(rows[-1]) + 1 if len(rows) else 0
    return [first_monday + row * WEEK for row in range(count)], rows


def _weekly_columns(
    days: LocalDays, rows: NDArray[np.int64], count: int, *, to_come: NDArray[np.bool_]
) -> tuple[dict[str, Column], dict[str, Column]]:
    lengths = np.diff(days.station.day_bounds).astype(np.float64)
    columns: dict[str, Column] = {}
    coverage: dict[str, Column] = {}
    for name, daily in days.columns.items():
        is_known = ~np.isnan(daily)
        if name in _OF_FORECASTS:
            # Days gone by lack nothing, in a week of which some day is known.
            has_any = np.bincount(rows, is_known, count) > 0
            known = np.bincount(rows, is_known | (~to_come & has_any[rows]), count)
        else:
            known = np.bincount(rows, is_known, count)
        values: Column
        if name in _SUMS:
            values = np.bincount(rows, daily, count).astype(np.float64)
        elif name in _MEANS:
            values = np.bincount(rows, daily * lengths, count) / np.bincount(rows, lengths, count)
        elif name in _LEAST:
            values = _extreme(daily, rows, count, np.fmin)
        elif name in _GREATEST:
            values = _extreme(daily, rows, count, np.fmax)
        else:
            continue
        columns[name] = np.where(known == DAYS, values, np.nan)
        coverage[name] = known / DAYS
    return columns, coverage


def _extreme(
    daily: Column, rows: NDArray[np.int64], count: int, reduce: Callable[..., Column]
) -> Column:
    out = np.full(count, np.nan)
    for week in range(count):
        of_week = daily[rows == week]
        out[week] = reduce.reduce(of_week) if len(of_week) else np.nan  # type: ignore[attr-defined]
    return out
