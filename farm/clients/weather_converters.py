"""Between columns and the messages of ``series.proto``. Absent stays None or NaN.

A column travels as one buffer of bytes each way; no number becomes a Python float. Messages are
written where they lie in the request: a message that is put into another one is copied as a whole,
which costs more than everything else.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
from google.protobuf import timestamp_pb2

from farm.rpc.weather.v1 import series_pb2
from farm.weather.domain import Days, Hours
from farm.weather.series import DailyWeather, HourlyWeather, Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from google.protobuf.message import Message
    from numpy.typing import NDArray

    from farm.weather.series import Column, Flags, Site

_HOURLY = tuple(
    field.name for field in series_pb2.HourlyWeather.DESCRIPTOR.fields if field.name != "hours"
)
_DAILY = tuple(
    field.name for field in series_pb2.DailyWeather.DESCRIPTOR.fields if field.name != "days"
)


def column_to_bytes(column: Column) -> bytes:
    """Write a column as little-endian doubles."""
    return np.ascontiguousarray(column, dtype="<f8").tobytes()


def column_from_bytes(values: bytes, count: int) -> Column:
    """Read a column as a view of the bytes; one that is empty is all NaN."""
    if not values:
        return np.full(count, np.nan)
    return np.frombuffer(values, "<f8")


def present_column(values: bytes) -> Column | None:
    """Read a column; None where it is empty."""
    return np.frombuffer(values, "<f8") if values else None


def bytes_column(values: bytes) -> NDArray[np.uint8]:
    """Read one byte a value."""
    return np.frombuffer(values, np.uint8)


def timestamp_of(moment: datetime) -> timestamp_pb2.Timestamp:
    """Write an instant; fractions of seconds fall away, because the service takes whole ones."""
    return timestamp_pb2.Timestamp(seconds=int(moment.timestamp() // 1))


def moment_of(timestamp: timestamp_pb2.Timestamp) -> datetime:
    """Read an instant, UTC."""
    return timestamp.ToDatetime(tzinfo=UTC)


def optional_moment(message: Message, name: str) -> datetime | None:
    """Read an instant that may be absent."""
    return moment_of(getattr(message, name)) if message.HasField(name) else None


def hours_from_proto(message: series_pb2.Hours) -> Hours:
    """Read an axis of hours."""
    return Hours(start=moment_of(message.start), count=message.count)


def days_to_proto(days: Days) -> series_pb2.Days:
    """Write an axis of days."""
    return series_pb2.Days(first_day=days.first_day.isoformat(), count=days.count)


def days_from_proto(message: series_pb2.Days) -> Days:
    """Read an axis of days."""
    return Days(first_day=date.fromisoformat(message.first_day), count=message.count)


def write_hourly(
    message: series_pb2.HourlyWeather, hourly: HourlyWeather, *, only: Iterable[str] = _HOURLY
) -> None:
    """Write hours.

    Args:
        message: Empty.
        hourly: The hours.
        only: Names of the columns that the call needs; others stay here.
    """
    message.hours.start.CopyFrom(timestamp_of(hourly.start))
    message.hours.count = hourly.count
    write_columns(message, {name: hourly.columns[name] for name in only if name in hourly.columns})


def write_columns(message: Message, columns: Mapping[str, Column]) -> None:
    """Write columns into the fields of their names."""
    for name, column in columns.items():
        setattr(message, name, column_to_bytes(column))


def hourly_from_proto(message: series_pb2.HourlyWeather) -> HourlyWeather:
    """Read hours; columns are views that cannot be written to."""
    axis = hours_from_proto(message.hours)
    columns = ((name, present_column(getattr(message, name))) for name in _HOURLY)
    return HourlyWeather(
        start=axis.start,
        count=axis.count,
        columns={name: column for name, column in columns if column is not None},
    )


def write_daily(message: series_pb2.DailyWeather, daily: DailyWeather) -> None:
    """Write days into an empty message."""
    message.days.CopyFrom(days_to_proto(Days(first_day=daily.first_day, count=daily.count)))
    write_columns(message, daily.columns)


def daily_from_proto(message: series_pb2.DailyWeather) -> DailyWeather:
    """Read days; columns are views that cannot be written to."""
    axis = days_from_proto(message.days)
    columns = ((name, present_column(getattr(message, name))) for name in _DAILY)
    return DailyWeather(
        first_day=axis.first_day,
        count=axis.count,
        columns={name: column for name, column in columns if column is not None},
    )


def named_columns(messages: Iterable[series_pb2.NamedColumn]) -> dict[str, Column]:
    """Read columns with names."""
    return {message.name: np.frombuffer(message.values, "<f8") for message in messages}


def flags_from_proto(messages: Iterable[series_pb2.ColumnFlags]) -> dict[str, Flags]:
    """Read what was found about columns."""
    return {message.column: bytes_column(message.flags) for message in messages}


def site_to_proto(site: Site) -> series_pb2.Site:
    """Write a place."""
    return series_pb2.Site(
        latitude_deg=site.latitude_deg,
        longitude_deg=site.longitude_deg,
        elevation_m=site.elevation_m,
        wind_height_m=site.wind_height_m,
    )


def method_from_proto(message: series_pb2.Method) -> Method:
    """Read how a number was made."""
    return Method(quantity=message.quantity, name=message.name, source=message.source)


def methods_from_proto(messages: Iterable[series_pb2.Method]) -> tuple[Method, ...]:
    """Read how numbers were made."""
    return tuple(method_from_proto(message) for message in messages)
