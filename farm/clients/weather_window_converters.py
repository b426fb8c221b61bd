"""Between ``farm.weather.domain_windows`` and the messages of ``windows.proto``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from farm.clients import weather_converters as converters
from farm.rpc.weather.v1 import windows_pb2
from farm.weather.domain_windows import (
    FACTOR_WORDS,
    DecisionWindows,
    DiseaseThresholds,
    FrostProtectionThresholds,
    HarvestThresholds,
    IrrigationThresholds,
    LimitingFactor,
    SprayThresholds,
    Window,
)

if TYPE_CHECKING:
    from farm.weather.domain_windows import Thresholds
    from farm.weather.series import HourlyWeather, Site

# What the windows read of hours; the rest need not travel.
_COLUMNS = (
    "air_temperature_c",
    "relative_humidity_percent",
    "dew_point_c",
    "wind_speed_m_s",
    "wind_gust_m_s",
    "precipitation_mm",
    "surface_pressure_hpa",
    "cloud_cover_percent",
)


def windows_to_request(
    *, hourly: HourlyWeather, site: Site, thresholds: Thresholds, min_hours: int
) -> windows_pb2.FindWindowsRequest:
    """Write hours and thresholds; the kind of the thresholds is the kind of window."""
    request = windows_pb2.FindWindowsRequest(
        site=converters.site_to_proto(site),
        min_hours=min_hours,
    )
    converters.write_hourly(request.hours, hourly, only=_COLUMNS)
    values = asdict(thresholds)
    match thresholds:
        case SprayThresholds():
            request.spray.CopyFrom(windows_pb2.SprayThresholds(**values))
        case FrostProtectionThresholds():
            request.frost.CopyFrom(windows_pb2.FrostProtectionThresholds(**values))
        case IrrigationThresholds():
            request.irrigation.CopyFrom(windows_pb2.IrrigationThresholds(**values))
        case HarvestThresholds():
            request.harvest.CopyFrom(windows_pb2.HarvestThresholds(**values))
        case DiseaseThresholds():
            request.disease.CopyFrom(windows_pb2.DiseaseThresholds(**values))
    return request


def windows_from_proto(answer: windows_pb2.FindWindowsResponse) -> DecisionWindows:
    """Read hours judged."""
    return DecisionWindows(
        hours=converters.hours_from_proto(answer.hours),
        status=converters.bytes_column(answer.status),
        limiting_factor=converters.bytes_column(answer.limiting_factor),
        margin=converters.column_from_bytes(answer.margin, answer.hours.count),
        windows=tuple(
            Window(
                from_=converters.moment_of(getattr(window, "from")),
                until=converters.moment_of(window.until),
                ended_by=_factor(window.ended_by),
                least_margin=window.least_margin,
            )
            for window in answer.windows
        ),
        methods=converters.methods_from_proto(answer.methods),
    )


def _factor(code: int) -> LimitingFactor | None:
    word = FACTOR_WORDS[code] if code < len(FACTOR_WORDS) else None
    return None if word is None else LimitingFactor(word)
