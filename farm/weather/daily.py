"""Weather by the local day: hours cut as the place's clock cuts them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.domain import Aggregate, DayStart, FurtherColumn, StationDays, StationHours
from farm.weather.domain_et import EtDays, EtMethod
from farm.weather.hourly import sources_within
from farm.weather.tables import Step, WeatherTable, freshness_of, missing_of, units_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from farm.clients.weather import WeatherClient
    from farm.weather.series import Column, HourlyWeather, Method
    from farm.weather.tables import Weather

COMPLETENESS_SHARE = 0.9
# A day's reference ET wherever a farmer sees it: FAO-56 by the day, short grass. A wet winter day
# comes out below zero, where the equation speaks of no evaporation any more.
DAILY_ET = EtMethod(floors_at_zero=True)

HUMIDITY = ("relative_humidity_percent", "dew_point_c")
AIR = ("air_temperature_c", *HUMIDITY)
EVAPOTRANSPIRATION = (*AIR, "wind_speed_m_s", "shortwave_radiation_mj_m2")

ET_COLUMN = "reference_et_mm"
VPD_COLUMN = "vapour_pressure_deficit_mean_kpa"

# Hourly variable → daily columns that are made of it.
DAILY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "air_temperature_c": (
        "temperature_mean_c",
        "temperature_min_c",
        "temperature_max_c",
        "night_temperature_min_c",
    ),
    "relative_humidity_percent": (
        "relative_humidity_mean_percent",
        "relative_humidity_min_percent",
        "relative_humidity_max_percent",
    ),
    "dew_point_c": ("dew_point_mean_c",),
    "wind_speed_m_s": ("wind_speed_mean_m_s", "wind_speed_max_m_s"),
    "wind_gust_m_s": ("wind_gust_max_m_s",),
    "wind_direction_deg": ("wind_direction_deg",),
    "precipitation_mm": ("precipitation_mm",),
    "shortwave_radiation_mj_m2": ("shortwave_radiation_mj_m2",),
    "surface_pressure_hpa": ("surface_pressure_mean_hpa",),
    "cloud_cover_percent": ("cloud_cover_mean_percent",),
    "precipitation_probability_percent": ("precipitation_probability_max_percent",),
    "weather_code": ("weather_code_max",),
}
MADE_OF: Mapping[str, tuple[str, ...]] = {
    **{name: (variable,) for variable, names in DAILY_COLUMNS.items() for name in names},
    ET_COLUMN: EVAPOTRANSPIRATION,
    VPD_COLUMN: AIR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDays:
    """Days of a place, cut to those that were asked for.

    Attributes:
        station: The days; all its columns and bounds have been cut.
        columns: Name → (days,) float64, further ones among them.
        coverage: Name of a column → (days,) share of its hours that have a value.
        methods: How computed columns were made.
        tzdb_version: Of the zone's rules.
    """

    station: StationDays
    columns: Mapping[str, Column]
    coverage: Mapping[str, Column]
    methods: tuple[Method, ...]
    tzdb_version: str


def daily(
    *,
    weather: Weather,
    client: WeatherClient,
    first_day: date | None = None,
    last_day: date | None = None,
    day_start: DayStart = DayStart.MIDNIGHT,
    completeness_share: float = COMPLETENESS_SHARE,
    method: EtMethod = DAILY_ET,
) -> WeatherTable:
    """Return the local days of a place, with reference ET and vapour pressure deficit.

    Args:
        weather: The place's weather; hours before and after the days make their nights whole.
        client: Of furrow-weather.
        first_day: First day that is answered; None: that of the first hour.
        last_day: Last day; None: that of the last hour.
        day_start: Where days begin.
        completeness_share: Of a day's hours that must be there; below it there is no value.
        method: Of the daily reference ET.
    """
    days = local_days(
        weather=weather,
        client=client,
        first_day=first_day,
        last_day=last_day,
        day_start=day_start,
        completeness_share=completeness_share,
        method=method,
    )
    return WeatherTable(
        step=Step.DAY,
        time_zone=weather.time_zone,
        dates=days.station.days.days(),
        columns=days.columns,
        units=units_of(days.columns),
        made_of={
            name: sources_within(weather, MADE_OF[name]) for name in days.columns if name in MADE_OF
        },
        methods=days.methods,
        missing=missing_of(days.columns),
        coverage={name: share for name, share in days.coverage.items() if (share < 1).any()},
        is_partial=days.station.is_partial,
        is_provisional=days.station.is_provisional,
        freshness=freshness_of(weather),
    )


def local_days(
    *,
    weather: Weather,
    client: WeatherClient,
    first_day: date | None = None,
    last_day: date | None = None,
    day_start: DayStart = DayStart.MIDNIGHT,
    completeness_share: float = COMPLETENESS_SHARE,
    method: EtMethod | None = DAILY_ET,
    further: tuple[FurtherColumn, ...] = (),
) -> LocalDays:
    """Cut hours into days; arguments as of :func:`daily`.

    ``method`` is None for plain weather; ``further`` columns are cut along.
    """
    methods: tuple[Method, ...] = ()
    if method is not None and has_air(weather.hourly):
        deficit, methods = _deficit(weather=weather, client=client)
        further += (deficit,)
    answer = client.aggregate_days(
        stations=[StationHours(hours=weather.hourly, further=further)],
        time_zone=weather.time_zone,
        day_start=day_start,
        completeness_share=completeness_share,
        observed_until=weather.observed_until or weather.hourly.start - timedelta(hours=1),
    )
    station = _cut(answer.stations[0], first_day=first_day, last_day=last_day)
    columns = {**station.days.columns, **station.further}
    if method is not None and has_all_for_et(weather.hourly) and station.days.count:
        estimates = client.estimate_daily_et(
            stations=[EtDays(site=weather.site, days=station.days)], method=method
        )
        columns[ET_COLUMN] = estimates.stations[0].et_mm
        methods = (_as_method_of(estimates.method, ET_COLUMN), *methods)
    return LocalDays(
        station=station,
        columns=columns,
        coverage={
            name: share
            for variable, share in station.coverage.items()
            for name in DAILY_COLUMNS[variable]
            if name in station.days.columns and name != "night_temperature_min_c"
        },
        methods=methods,
        tzdb_version=answer.tzdb_version,
    )


def has_air(hourly: HourlyWeather) -> bool:
    """Whether temperature and any form of humidity are known of some hour."""
    return "air_temperature_c" in hourly.columns and any(
        name in hourly.columns for name in HUMIDITY
    )


def has_all_for_et(hourly: HourlyWeather) -> bool:
    """Whether all that reference ET rests on is known of some hour."""
    return has_air(hourly) and all(
        name in hourly.columns for name in ("wind_speed_m_s", "shortwave_radiation_mj_m2")
    )


def _deficit(
    *, weather: Weather, client: WeatherClient
) -> tuple[FurtherColumn, tuple[Method, ...]]:
    air = client.describe_air(site=weather.site, hourly=weather.hourly)
    vpd = air.vapour_pressure_deficit_kpa
    return FurtherColumn(name=VPD_COLUMN, values=vpd, aggregate=Aggregate.MEAN), tuple(
        _as_method_of(how, VPD_COLUMN)
        for how in air.methods
        if how.quantity == "vapour_pressure_deficit_kpa"
    )


def _as_method_of(method: Method, quantity: str) -> Method:
    return replace(method, quantity=quantity)


def _cut(station: StationDays, *, first_day: date | None, last_day: date | None) -> StationDays:
    days = station.days
    first = 0 if first_day is None else (first_day - days.first_day).days
    last = days.count if last_day is None else (last_day - days.first_day).days + 1
    rows = slice(min(max(first, 0), days.count), max(min(last, days.count), 0))
    if rows == slice(0, days.count):
        return station

    def cut(columns: Mapping[str, Column]) -> dict[str, Column]:
        return {name: column[rows] for name, column in columns.items()}

    count = max(0, rows.stop - rows.start)
    return replace(
        station,
        days=replace(
            days,
            first_day=days.first_day + timedelta(days=rows.start),
            count=count,
            columns=cut(days.columns),
        ),
        coverage=cut(station.coverage),
        further=cut(station.further),
        day_bounds=station.day_bounds[rows.start : rows.start + count + 1],
        is_partial=np.asarray(station.is_partial[rows]),
        is_provisional=np.asarray(station.is_provisional[rows]),
    )
