"""Between ``farm.weather.domain_seasons`` and the messages about warmth and chill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from farm.clients import weather_converters as converters
from farm.clients.weather_day_converters import write_local_hours
from farm.rpc.weather.v1 import weather_pb2
from farm.weather.domain import LocalHours
from farm.weather.domain_seasons import (
    ChillColumns,
    ChillDays,
    ChillState,
    HeatColumns,
    HeatMethod,
)

if TYPE_CHECKING:
    from farm.weather.series import DailyWeather, HourlyWeather

_HEAT_METHODS = {
    HeatMethod.AVERAGE: weather_pb2.HEAT_METHOD_AVERAGE,
    HeatMethod.CLAMPED: weather_pb2.HEAT_METHOD_CLAMPED,
    HeatMethod.SINGLE_SINE: weather_pb2.HEAT_METHOD_SINGLE_SINE,
    HeatMethod.DOUBLE_SINE: weather_pb2.HEAT_METHOD_DOUBLE_SINE,
    HeatMethod.HOURLY: weather_pb2.HEAT_METHOD_HOURLY,
}
_TEMPERATURE = ("air_temperature_c",)


def heat_to_request(
    *,
    source: DailyWeather | LocalHours,
    method: HeatMethod,
    lower_c: float,
    upper_c: float | None,
    most_interpolated_days: int,
) -> weather_pb2.AccumulateHeatRequest:
    """Write warmth that is to be counted."""
    request = weather_pb2.AccumulateHeatRequest(
        method=_HEAT_METHODS[method],
        lower_c=lower_c,
        upper_c=upper_c,
        most_interpolated_days=most_interpolated_days,
    )
    if isinstance(source, LocalHours):
        write_local_hours(request.hours, source, only=_TEMPERATURE)
    else:
        converters.write_daily(request.days, source)
    return request


def heat_from_proto(answer: weather_pb2.AccumulateHeatResponse) -> HeatColumns:
    """Read degree days."""
    return HeatColumns(
        days=converters.days_from_proto(answer.days),
        degree_days=np.frombuffer(answer.degree_days, "<f8"),
        total=np.frombuffer(answer.total, "<f8"),
        days_missing=answer.days_missing,
        is_interpolated=converters.bytes_column(answer.is_interpolated),
        method=converters.method_from_proto(answer.method),
    )


def chill_to_request(
    *, source: HourlyWeather | ChillDays, state: ChillState | None
) -> weather_pb2.AccumulateChillRequest:
    """Write hours or days, and what a season is remembered by."""
    request = weather_pb2.AccumulateChillRequest()
    if isinstance(source, ChillDays):
        converters.write_daily(request.days.days, source.days)
        request.days.latitude_deg = source.latitude_deg
        request.days.has_neighbours = source.has_neighbours
    else:
        converters.write_hourly(request.hours, source, only=_TEMPERATURE)
    if state is not None:
        request.state.CopyFrom(_state_to_proto(state))
    return request


def chill_from_proto(answer: weather_pb2.AccumulateChillResponse) -> ChillColumns:
    """Read the chill of every hour, and what to go on from."""
    return ChillColumns(
        hours=converters.hours_from_proto(answer.hours),
        chilling_hours=np.frombuffer(answer.chilling_hours, "<f8"),
        utah_units=np.frombuffer(answer.utah_units, "<f8"),
        positive_utah_units=np.frombuffer(answer.positive_utah_units, "<f8"),
        chill_portions=np.frombuffer(answer.chill_portions, "<f8"),
        state=_state_from_proto(answer.state),
        methods=converters.methods_from_proto(answer.methods),
    )


def _state_to_proto(state: ChillState) -> weather_pb2.ChillState:
    return weather_pb2.ChillState(
        last_hour=converters.timestamp_of(state.last_hour),
        chilling_hours=state.chilling_hours,
        utah_units=state.utah_units,
        positive_utah_units=state.positive_utah_units,
        chill_portions=state.chill_portions,
        intermediate=state.intermediate,
        hours_missing=state.hours_missing,
        longest_gap_hours=state.longest_gap_hours,
        open_gap_hours=state.open_gap_hours,
    )


def _state_from_proto(message: weather_pb2.ChillState) -> ChillState:
    return ChillState(
        last_hour=converters.moment_of(message.last_hour),
        chilling_hours=message.chilling_hours,
        utah_units=message.utah_units,
        positive_utah_units=message.positive_utah_units,
        chill_portions=message.chill_portions,
        intermediate=message.intermediate,
        hours_missing=message.hours_missing,
        longest_gap_hours=message.longest_gap_hours,
        open_gap_hours=message.open_gap_hours,
    )
