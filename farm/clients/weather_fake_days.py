"""What the weather service in memory answers of hours, days, air and evapotranspiration."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from farm.clients.weather_converters import (
    column_to_bytes,
    days_to_proto,
    hourly_from_proto,
    named_columns,
    write_hourly,
)
from farm.rpc.weather.v1 import series_pb2, weather_pb2
from farm.weather.domain import HOUR_S, Days
from farm.weather.series import Flag, HourlyWeather

if TYPE_CHECKING:
    from collections.abc import Callable

    from farm.weather.series import Column

METHOD = series_pb2.Method(quantity="all", name="in_memory", source="none")
HOURLY_ET_MM = 0.25
DAILY_ET_MM = 4.0

# Hourly column → daily column → how it becomes one.
_DAILY: dict[str, dict[str, Callable[[Column], float]]] = {
    "air_temperature_c": {
        "temperature_mean_c": np.mean,
        "temperature_min_c": np.min,
        "temperature_max_c": np.max,
        "night_temperature_min_c": np.min,
    },
    "relative_humidity_percent": {
        "relative_humidity_mean_percent": np.mean,
        "relative_humidity_min_percent": np.min,
        "relative_humidity_max_percent": np.max,
    },
    "dew_point_c": {"dew_point_mean_c": np.mean},
    "wind_speed_m_s": {"wind_speed_mean_m_s": np.mean, "wind_speed_max_m_s": np.max},
    "wind_gust_m_s": {"wind_gust_max_m_s": np.max},
    "wind_direction_deg": {"wind_direction_deg": np.mean},
    "precipitation_mm": {"precipitation_mm": np.sum},
    "shortwave_radiation_mj_m2": {"shortwave_radiation_mj_m2": np.sum},
    "surface_pressure_hpa": {"surface_pressure_mean_hpa": np.mean},
    "cloud_cover_percent": {"cloud_cover_mean_percent": np.mean},
    "precipitation_probability_percent": {"precipitation_probability_max_percent": np.max},
    "weather_code": {"weather_code_max": np.max},
}
_FURTHER: dict[int, Callable[[Column], float]] = {
    weather_pb2.AGGREGATE_MEAN: np.mean,
    weather_pb2.AGGREGATE_MIN: np.min,
    weather_pb2.AGGREGATE_MAX: np.max,
    weather_pb2.AGGREGATE_SUM: np.sum,
}


def local_days(hours: Any, zone: ZoneInfo) -> list[tuple[date, int, int]]:
    """Cut an axis of hours into local days: date, first row, row after the last."""
    start = hours.start.ToDatetime(tzinfo=UTC)
    dates = [(start + timedelta(hours=row)).astimezone(zone).date() for row in range(hours.count)]
    days = sorted(set(dates))
    return [(day, dates.index(day), dates.index(day) + dates.count(day)) for day in days]


def resampled(request: Any) -> Any:
    """Take the mean of the samples of each hour."""
    times = np.array(request.times, np.int64)
    ends = -(-(times - request.phase_seconds) // HOUR_S) * HOUR_S + request.phase_seconds
    rows = (ends - ends[0]) // HOUR_S
    count = int(rows[-1]) + 1
    samples = hourly_from_proto(request.samples)
    columns = {}
    for name, column in samples.columns.items():
        sums = np.bincount(rows, np.nan_to_num(column), count)
        given = np.bincount(rows, ~np.isnan(column), count)
        columns[name] = np.divide(sums, given, out=np.full(count, np.nan), where=given > 0)
    hourly = HourlyWeather(
        start=datetime.fromtimestamp(int(ends[0]), UTC), count=count, columns=columns
    )
    flags = [series_pb2.ColumnFlags(column=name, flags=bytes(count)) for name in columns]
    answer = weather_pb2.ResampleHoursResponse(flags=flags)
    write_hourly(answer.hours, hourly)
    return answer


def judged(request: Any) -> Any:
    """Flag temperatures above 65 °C; nothing else is found."""
    hourly = hourly_from_proto(request.hours)
    flags = {name: np.zeros(hourly.count, np.uint8) for name in hourly.columns}
    if "air_temperature_c" in flags:
        flags["air_temperature_c"][hourly.columns["air_temperature_c"] > 65] = Flag.RANGE
    return weather_pb2.JudgeHoursResponse(
        flags=[
            series_pb2.ColumnFlags(column=name, flags=found.tobytes())
            for name, found in flags.items()
        ]
    )


def days(request: Any) -> Any:
    """Cut days by zoneinfo; a day with any value is taken for whole."""
    zone = ZoneInfo(request.time_zone)
    until = (
        request.observed_until.ToDatetime(tzinfo=UTC)
        if request.HasField("observed_until")
        else None
    )
    return weather_pb2.AggregateDaysResponse(
        stations=[_station_days(station, zone, until) for station in request.stations],
        tzdb_version="2026b",
    )


def air(request: Any) -> Any:
    """Answer one in every column."""
    ones = column_to_bytes(np.ones(request.hours.hours.count))
    answer = weather_pb2.DescribeAirResponse(methods=[METHOD])
    for column in answer.DESCRIPTOR.fields:
        if column.type == column.TYPE_BYTES:
            setattr(answer, column.name, ones)
    return answer


def hourly_et(request: Any) -> Any:
    """Answer a quarter of a millimetre an hour."""
    return weather_pb2.EstimateHourlyEtResponse(
        stations=[
            _et(station.station_id, station.hours.hours.count, HOURLY_ET_MM)
            for station in request.stations
        ],
        method=METHOD,
    )


def daily_et(request: Any) -> Any:
    """Answer four millimetres a day."""
    return weather_pb2.EstimateDailyEtResponse(
        stations=[
            _et(station.station_id, station.days.days.count, DAILY_ET_MM)
            for station in request.stations
        ],
        method=METHOD,
    )


def _et(station_id: str, count: int, value: float) -> Any:
    et_mm = column_to_bytes(np.full(count, value))
    return weather_pb2.EtColumns(station_id=station_id, et_mm=et_mm, filled=bytes(count))


def _station_days(station: Any, zone: ZoneInfo, until: datetime | None) -> Any:
    axis = station.hours.hours
    cuts = local_days(axis, zone)
    hourly = hourly_from_proto(station.hours)
    daily = series_pb2.DailyWeather(days=days_to_proto(Days(first_day=cuts[0][0], count=len(cuts))))
    coverage = []
    for name, column in hourly.columns.items():
        for target, reduce in _DAILY[name].items():
            setattr(daily, target, column_to_bytes(_reduced(column, cuts, reduce)))
        given = _reduced(column, cuts, len) / np.array([last - first for _, first, last in cuts])
        shares = column_to_bytes(np.nan_to_num(given))
        coverage.append(series_pb2.NamedColumn(name=name, values=shares))
    bounds = [
        int(datetime.combine(day, datetime.min.time(), zone).timestamp())
        for day in [*(day for day, _, _ in cuts), cuts[-1][0] + timedelta(days=1)]
    ]
    ends = [hourly.start + timedelta(hours=last - 1) for _, _, last in cuts]
    further = [
        series_pb2.NamedColumn(
            name=column.name,
            values=column_to_bytes(
                _reduced(named_columns([column])[column.name], cuts, _FURTHER[column.aggregate])
            ),
        )
        for column in station.further
    ]
    return weather_pb2.StationDays(
        station_id=station.station_id,
        days=daily,
        coverage=coverage,
        further=further,
        day_bounds=bounds,
        is_partial=bytes(last - first < 23 for _, first, last in cuts),
        is_provisional=bytes(until is not None and end > until for end in ends),
    )


def _reduced(
    column: Column, cuts: list[tuple[date, int, int]], reduce: Callable[[Column], float]
) -> Column:
    def value(rows: Column) -> float:
        known = rows[~np.isnan(rows)]
        return float(reduce(known)) if len(known) else float("nan")

    return np.array([value(column[first:last]) for _, first, last in cuts])
