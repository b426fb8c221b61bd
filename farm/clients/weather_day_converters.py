"""Between ``farm.weather.domain``, ``domain_et`` and the messages about hours, days, air and ET."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from farm.clients import weather_converters as converters
from farm.rpc.weather.v1 import weather_pb2
from farm.weather.domain import (
    Aggregate,
    AirColumns,
    DaysOfStations,
    DayStart,
    JudgedHours,
    Stamp,
    StationDays,
)
from farm.weather.domain_et import EtColumns, EtEquation, EtEstimates, EtReference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from farm.weather.domain import LocalHours, StationHours
    from farm.weather.domain_et import EtDays, EtHours, EtMethod
    from farm.weather.series import Column

_STAMPS = {Stamp.END: weather_pb2.STAMP_END, Stamp.BEGIN: weather_pb2.STAMP_BEGIN}
_DAY_STARTS = {
    DayStart.MIDNIGHT: weather_pb2.DAY_START_MIDNIGHT,
    DayStart.NINE: weather_pb2.DAY_START_NINE,
}
_AGGREGATES = {
    Aggregate.MEAN: weather_pb2.AGGREGATE_MEAN,
    Aggregate.MIN: weather_pb2.AGGREGATE_MIN,
    Aggregate.MAX: weather_pb2.AGGREGATE_MAX,
    Aggregate.SUM: weather_pb2.AGGREGATE_SUM,
}
_EQUATIONS = {
    EtEquation.FAO56: weather_pb2.ET_EQUATION_FAO56,
    EtEquation.ASCE2005: weather_pb2.ET_EQUATION_ASCE2005,
}
_REFERENCES = {
    EtReference.SHORT: weather_pb2.ET_REFERENCE_SHORT,
    EtReference.TALL: weather_pb2.ET_REFERENCE_TALL,
}

# What each call reads of hours; the rest need not travel.
AIR_COLUMNS = (
    "air_temperature_c",
    "relative_humidity_percent",
    "dew_point_c",
    "surface_pressure_hpa",
)
ET_COLUMNS = (*AIR_COLUMNS, "wind_speed_m_s", "shortwave_radiation_mj_m2")


def samples_to_request(
    *,
    times: NDArray[np.int64],
    columns: Mapping[str, Column],
    step_s: int,
    stamp: Stamp,
    phase_s: int,
    completeness_share: float,
) -> weather_pb2.ResampleHoursRequest:
    """Write a logger's samples."""
    request = weather_pb2.ResampleHoursRequest(
        times=times.tolist(),  # the one field of numbers that is no column
        step_seconds=step_s,
        stamp=_STAMPS[stamp],
        phase_seconds=phase_s,
        completeness_share=completeness_share,
    )
    converters.write_columns(request.samples, columns)
    return request


def judged_from_proto(answer: weather_pb2.ResampleHoursResponse) -> JudgedHours:
    """Read the hours that samples became."""
    return JudgedHours(
        hourly=converters.hourly_from_proto(answer.hours),
        flags=converters.flags_from_proto(answer.flags),
    )


def write_local_hours(
    message: weather_pb2.LocalHours, local: LocalHours, *, only: Iterable[str]
) -> None:
    """Write hours with the zone that cuts them.

    Args:
        message: Empty.
        local: The hours.
        only: Names of the columns that the call reads.
    """
    converters.write_hourly(message.hours, local.hours, only=only)
    message.time_zone = local.time_zone
    message.completeness_share = local.completeness_share


def hours_to_days_request(
    *,
    stations: Sequence[StationHours],
    time_zone: str,
    day_start: DayStart,
    completeness_share: float,
    observed_until: datetime | None,
) -> weather_pb2.AggregateDaysRequest:
    """Write hours that are to be cut into days."""
    request = weather_pb2.AggregateDaysRequest(
        time_zone=time_zone,
        day_start=_DAY_STARTS[day_start],
        completeness_share=completeness_share,
    )
    for station in stations:
        _write_station(request.stations.add(), station)
    if observed_until is not None:
        request.observed_until.CopyFrom(converters.timestamp_of(observed_until))
    return request


def days_of_stations_from_proto(answer: weather_pb2.AggregateDaysResponse) -> DaysOfStations:
    """Read the days of all stations."""
    return DaysOfStations(
        stations=tuple(_days_from_proto(station) for station in answer.stations),
        tzdb_version=answer.tzdb_version,
    )


def air_from_proto(answer: weather_pb2.DescribeAirResponse, count: int) -> AirColumns:
    """Read what the air is like."""

    def column(values: bytes) -> Column:
        return converters.column_from_bytes(values, count)

    return AirColumns(
        vapour_pressure_kpa=column(answer.vapour_pressure_kpa),
        vapour_pressure_deficit_kpa=column(answer.vapour_pressure_deficit_kpa),
        dew_point_c=column(answer.dew_point_c),
        wet_bulb_c=column(answer.wet_bulb_c),
        delta_t_k=column(answer.delta_t_k),
        temperature_humidity_index=column(answer.temperature_humidity_index),
        relative_humidity_percent=column(answer.relative_humidity_percent),
        pressure_hpa=column(answer.pressure_hpa),
        methods=converters.methods_from_proto(answer.methods),
    )


def et_method_to_proto(method: EtMethod) -> weather_pb2.EtMethod:
    """Say how evapotranspiration is computed."""
    return weather_pb2.EtMethod(
        equation=_EQUATIONS[method.equation],
        reference=_REFERENCES[method.reference],
        fills_missing=method.fills_missing,
        floors_at_zero=method.floors_at_zero,
    )


def hourly_et_request(
    *, stations: Sequence[EtHours], method: EtMethod, with_intermediates: bool
) -> weather_pb2.EstimateHourlyEtRequest:
    """Write stations' hours."""
    request = weather_pb2.EstimateHourlyEtRequest(
        method=et_method_to_proto(method), with_intermediates=with_intermediates
    )
    for station in stations:
        message = request.stations.add(
            station_id=station.station_id, site=converters.site_to_proto(station.site)
        )
        converters.write_hourly(message.hours, station.hours, only=ET_COLUMNS)
    return request


def daily_et_request(
    *, stations: Sequence[EtDays], method: EtMethod, with_intermediates: bool
) -> weather_pb2.EstimateDailyEtRequest:
    """Write stations' days."""
    request = weather_pb2.EstimateDailyEtRequest(
        method=et_method_to_proto(method), with_intermediates=with_intermediates
    )
    for station in stations:
        message = request.stations.add(
            station_id=station.station_id, site=converters.site_to_proto(station.site)
        )
        converters.write_daily(message.days, station.days)
    return request


def estimates_from_proto(
    answer: weather_pb2.EstimateHourlyEtResponse | weather_pb2.EstimateDailyEtResponse,
) -> EtEstimates:
    """Read evapotranspiration."""
    return EtEstimates(
        stations=tuple(
            EtColumns(
                station_id=columns.station_id,
                et_mm=np.frombuffer(columns.et_mm, "<f8"),
                filled=converters.bytes_column(columns.filled),
                intermediates=converters.named_columns(columns.intermediates),
            )
            for columns in answer.stations
        ),
        method=converters.method_from_proto(answer.method),
    )


def _write_station(message: weather_pb2.StationHours, station: StationHours) -> None:
    message.station_id = station.station_id
    converters.write_hourly(message.hours, station.hours)
    for column in station.further:
        message.further.add(
            name=column.name,
            values=converters.column_to_bytes(column.values),
            aggregate=_AGGREGATES[column.aggregate],
        )


def _days_from_proto(message: weather_pb2.StationDays) -> StationDays:
    return StationDays(
        station_id=message.station_id,
        days=converters.daily_from_proto(message.days),
        coverage=converters.named_columns(message.coverage),
        further=converters.named_columns(message.further),
        day_bounds=np.array(message.day_bounds, dtype=np.int64),
        is_partial=converters.bytes_column(message.is_partial),
        is_provisional=converters.bytes_column(message.is_provisional),
    )
