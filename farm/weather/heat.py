"""Degree days of a season."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.daily import COMPLETENESS_SHARE, local_days
from farm.weather.domain import LocalHours
from farm.weather.domain_seasons import HeatMethod
from farm.weather.hourly import sources_within
from farm.weather.series import DailyWeather
from farm.weather.tables import Step, WeatherTable, freshness_of, units_of

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from farm.clients.weather import WeatherClient
    from farm.weather.domain import StationDays
    from farm.weather.domain_seasons import HeatColumns
    from farm.weather.series import HourlyWeather
    from farm.weather.tables import Weather

DEGREE_DAYS = "degree_days_k_d"
TOTAL = "total_k_d"
# What a day's degree days rest on; None: it is missing.
BASIS_WORDS: tuple[str | None, ...] = (None, "observed", "interpolated", "forecast")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatReport:
    """Degree days, and how many days of them are missing."""

    table: WeatherTable  # columns ``DEGREE_DAYS`` and ``TOTAL``, words ``basis``
    # Up to the last day; missing days add nothing. None: there is no day but missing ones.
    total_k_d: float | None
    observed_total_k_d: float | None  # of days that are not forecast
    days_missing: int
    days_interpolated: int
    lower_c: float
    upper_c: float | None
    method: HeatMethod


def heat(
    *,
    weather: Weather,
    client: WeatherClient,
    first_day: date,
    last_day: date,
    method: HeatMethod = HeatMethod.SINGLE_SINE,
    lower_c: float = 10.0,
    upper_c: float | None = None,
    most_interpolated_days: int = 0,
) -> HeatReport:
    """Count degree days from a day on, such as sowing; it may lie in another year.

    Args:
        weather: The place's weather.
        client: Of furrow-weather.
        first_day: From which they are added up, local.
        last_day: Up to which.
        method: How a day is counted; models hold only with the method they were made with.
        lower_c: Lower threshold, -20 to 40.
        upper_c: Upper threshold, above the lower; None: none.
        most_interpolated_days: Missing days in a row that may be filled, 0 to 2.
    """
    days = local_days(
        weather=weather, client=client, first_day=first_day, last_day=last_day, method=None
    ).station
    source: DailyWeather | LocalHours = DailyWeather(
        first_day=days.days.first_day,
        count=days.days.count,
        columns={
            name: days.days.columns.get(name, np.full(days.days.count, np.nan))
            for name in ("temperature_min_c", "temperature_max_c")
        },
    )
    if method is HeatMethod.HOURLY:
        # The days' own instants alone: others would add days of their own to the total.
        source = LocalHours(
            hours=hours_of_days(weather.hourly, days),
            time_zone=weather.time_zone,
            completeness_share=COMPLETENESS_SHARE,
        )
    columns = client.accumulate_heat(
        source=source,
        method=method,
        lower_c=lower_c,
        upper_c=upper_c,
        most_interpolated_days=most_interpolated_days,
    )
    return _report(
        columns,
        is_partial=days.is_partial,
        is_provisional=days.is_provisional,
        weather=weather,
        method=method,
        lower_c=lower_c,
        upper_c=upper_c,
    )


def hours_of_days(hourly: HourlyWeather, days: StationDays) -> HourlyWeather:
    """Return the hours whose instants lie in some local days."""
    begin, end = (datetime.fromtimestamp(int(days.day_bounds[row]), UTC) for row in (0, -1))
    return hourly.between(begin, end)


def _report(
    heat_columns: HeatColumns,
    *,
    is_partial: NDArray[np.uint8],
    is_provisional: NDArray[np.uint8],
    weather: Weather,
    method: HeatMethod,
    lower_c: float,
    upper_c: float | None,
) -> HeatReport:
    daily = heat_columns.degree_days
    known = ~np.isnan(daily)
    is_interpolated = heat_columns.is_interpolated.astype(bool)
    is_coming = is_provisional.astype(bool)
    basis = np.select([~known, is_interpolated, is_coming], [0, 2, 3], default=1).astype(np.uint8)
    # Before the first day that has a value nothing has been added up.
    totals = np.where(np.logical_or.accumulate(known), heat_columns.total, np.nan)
    observed = daily[known & ~is_coming]
    columns = {DEGREE_DAYS: daily, TOTAL: totals}
    made_of = sources_within(weather, ("air_temperature_c",))
    table = WeatherTable(
        step=Step.DAY,
        time_zone=weather.time_zone,
        dates=heat_columns.days.dates(),
        columns=columns,
        words={"basis": (basis, BASIS_WORDS)},
        units=units_of(columns),
        made_of=dict.fromkeys(columns, made_of),
        methods=(heat_columns.method,),
        missing={DEGREE_DAYS: heat_columns.days_missing, TOTAL: int(np.isnan(totals).sum())},
        is_partial=is_partial,
        is_provisional=is_provisional,
        freshness=freshness_of(weather),
    )
    return HeatReport(
        table=table,
        total_k_d=float(totals[-1]) if known.any() else None,
        observed_total_k_d=float(observed.sum()) if len(observed) else None,
        days_missing=heat_columns.days_missing,
        days_interpolated=int(is_interpolated.sum()),
        lower_c=lower_c,
        upper_c=upper_c,
        method=method,
    )
