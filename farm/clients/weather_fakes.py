"""A weather service in memory, for tests: a real grpc server that keeps and answers real messages.

Tests that use it run the channel, the interceptor, the converters and the error table as they are.
What it answers has the shape of the contract and simple numbers: it computes no weather.
"""

from __future__ import annotations

import tempfile
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import grpc
import numpy as np
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from farm.clients import weather_fake_days as answers
from farm.clients.fakes import Failure, abort
from farm.clients.services import WEATHER
from farm.clients.weather_converters import column_to_bytes
from farm.rpc.weather.v1 import series_pb2, water_pb2, weather_pb2, weather_pb2_grpc, windows_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

METHOD = series_pb2.Method(quantity="all", name="in_memory", source="none")
HEAT_C = 5.0  # degree days of each day


@dataclass
class InMemoryWeather(weather_pb2_grpc.WeatherServiceServicer):
    """Answers every call in the shape of the contract, with simple numbers.

    Attributes:
        answers: Name of a method → what it answers instead.
        failures: Name of a method → how it fails.
        requests: Every request that arrived, in order.
    """

    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    requests: list[Any] = field(default_factory=list)

    def ResampleHours(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Take the mean of the samples of each hour."""
        return self._answer("ResampleHours", request, context, answers.resampled)

    def JudgeHours(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Find nothing but temperatures out of range."""
        return self._answer("JudgeHours", request, context, answers.judged)

    def AggregateDays(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Cut days by zoneinfo, and take every day that has a value for whole."""
        return self._answer("AggregateDays", request, context, answers.days)

    def DescribeAir(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer one in every column."""
        return self._answer("DescribeAir", request, context, answers.air)

    def EstimateHourlyEt(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer a quarter of a millimetre an hour."""
        return self._answer("EstimateHourlyEt", request, context, answers.hourly_et)

    def EstimateDailyEt(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer four millimetres a day."""
        return self._answer("EstimateDailyEt", request, context, answers.daily_et)

    def AccumulateHeat(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer five degree days a day."""
        return self._answer("AccumulateHeat", request, context, _heat)

    def AccumulateChill(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer one unit an hour, from the state on."""
        return self._answer("AccumulateChill", request, context, _chill)

    def AssessFrost(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer one mild night."""
        return self._answer("AssessFrost", request, context, _frost)

    def AssessDisease(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer dry leaves and one day without risk."""
        return self._answer("AssessDisease", request, context, _disease)

    def SummarizeRain(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer a millimetre for every sum, and one dry spell."""
        return self._answer("SummarizeRain", request, context, _rain)

    def BalanceWater(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer one in every column, and advice for the last day where rules are given."""
        return self._answer("BalanceWater", request, context, _water)

    def FindWindows(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer that the first hour is calm and all others suit."""
        return self._answer("FindWindows", request, context, _windows)

    def _answer(
        self, method: str, request: Any, context: Any, otherwise: Callable[[Any], Any]
    ) -> Any:
        self.requests.append(request)
        failure = self.failures.get(method)
        if failure is not None and failure.times != 0:
            if failure.times is not None:
                failure.times -= 1
            abort(context, failure)
        return self.answers.get(method, otherwise)(request)


@contextmanager
def serving_weather(service: InMemoryWeather) -> Iterator[str]:
    """Serve on a unix socket for the duration of the block.

    Yields:
        The target to connect to.
    """
    most = WEATHER.max_send_bytes
    options = [("grpc.max_receive_message_length", most), ("grpc.max_send_message_length", most)]
    with tempfile.TemporaryDirectory(prefix="furrow-weather-") as folder:
        target = f"unix:{Path(folder) / 'weather.sock'}"
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=2), options=options)
        weather_pb2_grpc.add_WeatherServiceServicer_to_server(service, server)  # type: ignore[no-untyped-call]
        state = health.HealthServicer()
        state.set(WEATHER.full_name, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(state, server)
        server.add_insecure_port(target)
        server.start()
        try:
            yield target
        finally:
            server.stop(grace=None).wait()


def _heat(request: Any) -> Any:
    if request.HasField("days"):
        axis = request.days.days
    else:
        local = answers.local_days(request.hours.hours.hours, ZoneInfo(request.hours.time_zone))
        axis = series_pb2.Days(first_day=local[0][0].isoformat(), count=len(local))
    warmth = np.full(axis.count, HEAT_C)
    return weather_pb2.AccumulateHeatResponse(
        days=axis,
        degree_days=column_to_bytes(warmth),
        total=column_to_bytes(warmth.cumsum()),
        is_interpolated=bytes(axis.count),
        method=METHOD,
    )


def _chill(request: Any) -> Any:
    if request.HasField("hours"):
        axis = request.hours.hours
    else:
        first = datetime.fromisoformat(request.days.days.days.first_day).replace(tzinfo=UTC)
        axis = series_pb2.Hours(count=24 * request.days.days.days.count)
        axis.start.FromDatetime(first)
    so_far = request.state.chilling_hours if request.HasField("state") else 0.0
    units = column_to_bytes(so_far + np.arange(1.0, axis.count + 1))
    last = axis.start.ToDatetime(tzinfo=UTC) + timedelta(hours=axis.count - 1)
    state = weather_pb2.ChillState(
        chilling_hours=so_far + axis.count,
        utah_units=so_far + axis.count,
        positive_utah_units=so_far + axis.count,
        chill_portions=so_far + axis.count,
        intermediate=0.5,
    )
    state.last_hour.FromDatetime(last)
    return weather_pb2.AccumulateChillResponse(
        hours=axis,
        chilling_hours=units,
        utah_units=units,
        positive_utah_units=units,
        chill_portions=units,
        state=state,
        methods=[METHOD],
    )


def _frost(request: Any) -> Any:
    hours = request.hours.hours.hours
    (day, _, _), *_ = answers.local_days(hours, ZoneInfo(request.hours.time_zone))
    night = weather_pb2.FrostNight(
        date=day.isoformat(),
        min_temperature_c=4.0,
        min_at=hours.start,
        min_wet_bulb_c=3.0,
        kind=weather_pb2.FROST_KIND_NONE,
        risk=weather_pb2.FROST_RISK_NONE,
        margin_k=4.0,
        coverage=1.0,
    )
    return weather_pb2.AssessFrostResponse(nights=[night], method=METHOD)


def _disease(request: Any) -> Any:
    hours = request.hours.hours.hours
    (day, _, _), *_ = answers.local_days(hours, ZoneInfo(request.hours.time_zone))
    infections = []
    if request.HasField("model"):
        infections = [
            weather_pb2.Infection(
                **{"from": hours.start}, until=hours.start, wet_h=1, required_h=4, severity=0.25
            )
        ]
    return weather_pb2.AssessDiseaseResponse(
        hours=hours,
        is_wet=bytes(hours.count),
        days=[weather_pb2.DiseaseDay(date=day.isoformat(), wet_h=0, is_hutton_day=False)],
        infections=infections,
        methods=[METHOD],
    )


def _rain(request: Any) -> Any:
    spans = (1, 3, 6, 12, 24, 48, 72, 168, 336, 720)
    day = request.until.ToDatetime(tzinfo=UTC).date()
    return weather_pb2.SummarizeRainResponse(
        sums=[weather_pb2.RainSum(hours=span, rain_mm=1.0, coverage=1.0) for span in spans],
        dry_spells=[weather_pb2.DrySpell(first_day=day.isoformat(), days=1)],
        dry_days=1,
        method=METHOD,
    )


def _water(request: Any) -> Any:
    count = request.days.count
    ones = column_to_bytes(np.ones(count))
    answer = water_pb2.BalanceWaterResponse(
        days=request.days, days_balanced=count, notes=bytes(count), methods=[METHOD]
    )
    for column in answer.DESCRIPTOR.fields:
        if column.type == column.TYPE_BYTES and column.name != "notes":
            setattr(answer, column.name, ones)
    if request.HasField("rules"):
        answer.advice.add(day=count - 1, depth_mm=20.0, reasons=["allowed_depletion_share"])
    answer.end.root_depletion_mm = 1.0
    return answer


def _windows(request: Any) -> Any:
    count = request.hours.hours.count
    status = np.full(count, windows_pb2.HOUR_STATUS_SUITABLE, np.uint8)
    factor = np.zeros(count, np.uint8)
    status[0], factor[0] = windows_pb2.HOUR_STATUS_UNSUITABLE, windows_pb2.LIMITING_FACTOR_CALM
    start = request.hours.hours.start.ToDatetime(tzinfo=UTC)
    window = windows_pb2.Window(least_margin=0.5)
    getattr(window, "from").FromDatetime(start)
    window.until.FromDatetime(start + timedelta(hours=count - 1))
    return windows_pb2.FindWindowsResponse(
        hours=request.hours.hours,
        status=status.tobytes(),
        limiting_factor=factor.tobytes(),
        margin=column_to_bytes(np.full(count, 0.5)),
        windows=[window],
        methods=[METHOD],
    )
