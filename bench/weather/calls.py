"""What goes over gRPC: daily evapotranspiration in batches, local days of many stations."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.weather.generated import (
    COLUMNS,
    ELEVATION_M,
    LATITUDE_DEG,
    LONGITUDE_DEG,
    ZONE,
    Weather,
)
from farm.rpc.weather.v1 import series_pb2, weather_pb2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.weather.service import Service

STATIONS_PER_CALL = 40  # of a year in five columns: 14 MB, below the limit of a message
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Tasks that call a service of their own."""

    program: Path
    repetitions: int
    serve: Callable[[Path], AbstractContextManager[Service]]

    def daily_et(self, many: Weather, out: Path) -> tuple[float, float]:
        """Days of all stations in one call; median seconds and the service's peak in MiB.

        Building the message and reading the answer are counted: a caller has to.
        """
        columns = _days(many)
        with self.serve(self.program) as running:
            seconds, found = [], np.empty(0)
            for _ in range(self.repetitions + 1):
                begun = time.perf_counter()
                answer = running.stub.EstimateDailyEt(_et_request(columns, many), timeout=TIMEOUT_S)
                found = np.concatenate(
                    [np.frombuffer(station.et_mm, "<f8") for station in answer.stations]
                )
                seconds.append(time.perf_counter() - begun)
            found.tofile(out)
            return statistics.median(seconds[1:]), running.peak_mib()

    def throughput(self, one: Weather, many: Weather, *, rounds: int) -> list[str]:
        """Local days over gRPC: one long station, and a thousand in batches."""
        rates: dict[str, list[float]] = {"one": [], "many": []}
        peaks: list[float] = []
        for _ in range(rounds):
            for name, columns in (("one", one), ("many", many)):
                with self.serve(self.program) as running:
                    self._aggregate(running, columns)
                    begun = running.cpu_s()
                    for _ in range(self.repetitions):
                        self._aggregate(running, columns)
                    hours = columns.stations * columns.hours * self.repetitions
                    rates[name].append(hours / (running.cpu_s() - begun))
                    if name == "many":
                        peaks.append(running.peak_mib())
        single, batch = (statistics.median(rates[name]) / 1e6 for name in ("one", "many"))
        return [
            "Local days over gRPC, every column of a day that five of an hour give, the night's"
            " minimum and coverage included, per CPU second of furrow-weather (reading, checking,"
            " writing of messages included):",
            "",
            f"- one station, 262,800 hours a call: {single:.1f} million hours"
            f" ({min(rates['one']) / 1e6:.1f}–{max(rates['one']) / 1e6:.1f})",
            f"- 1,000 stations of a year, {STATIONS_PER_CALL} a call: {batch:.1f} million hours"
            f" ({min(rates['many']) / 1e6:.1f}–{max(rates['many']) / 1e6:.1f}),"
            f" {batch / single - 1:+.0%}",
            f"- peak memory of the service with 1,000 stations: {max(peaks):.0f} MiB",
        ]

    def _aggregate(self, running: Service, columns: Weather) -> None:
        for request in _day_requests(columns):
            running.stub.AggregateDays(request, timeout=TIMEOUT_S)


def _day_requests(weather: Weather) -> Iterator[weather_pb2.AggregateDaysRequest]:
    values = {name: weather.column(name) for name in COLUMNS}
    for first in range(0, weather.stations, STATIONS_PER_CALL):
        request = weather_pb2.AggregateDaysRequest(
            time_zone=ZONE,
            day_start=weather_pb2.DAY_START_MIDNIGHT,
            completeness_share=0.9,
        )
        for station in range(first, min(first + STATIONS_PER_CALL, weather.stations)):
            hours = request.stations.add(station_id=str(station)).hours
            hours.hours.start.FromDatetime(weather.start)
            hours.hours.count = weather.hours
            for name, column in values.items():
                setattr(hours, name, column[station].tobytes())
        yield request


def _days(weather: Weather) -> dict[str, NDArray[np.float64]]:
    """The days that the peer makes of the hours: (stations, days) each."""
    days = weather.hours // 24
    hours = {
        name: weather.column(name)[:, : days * 24].reshape(weather.stations, days, 24)
        for name in ("air_temperature_c", "wind_speed_m_s", "shortwave_radiation_mj_m2")
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        lowest = np.nanmin(hours["air_temperature_c"], axis=2)
        return {
            "temperature_min_c": lowest,
            "temperature_max_c": np.nanmax(hours["air_temperature_c"], axis=2),
            "vapour_pressure_kpa": 0.6108 * np.exp(17.27 * lowest / (lowest + 237.3)),
            "wind_speed_mean_m_s": np.nanmean(hours["wind_speed_m_s"], axis=2),
            "shortwave_radiation_mj_m2": np.nansum(hours["shortwave_radiation_mj_m2"], axis=2),
        }


def _et_request(
    columns: dict[str, NDArray[np.float64]], weather: Weather
) -> weather_pb2.EstimateDailyEtRequest:
    request = weather_pb2.EstimateDailyEtRequest(
        method=weather_pb2.EtMethod(
            equation=weather_pb2.ET_EQUATION_ASCE2005, reference=weather_pb2.ET_REFERENCE_SHORT
        )
    )
    site = series_pb2.Site(
        latitude_deg=LATITUDE_DEG,
        longitude_deg=LONGITUDE_DEG,
        elevation_m=ELEVATION_M,
        wind_height_m=10,
    )
    first_day = weather.start.date().isoformat()
    for station in range(weather.stations):
        added = request.stations.add(station_id=str(station), site=site)
        added.days.days.first_day = first_day
        added.days.days.count = weather.hours // 24
        for name, column in columns.items():
            setattr(added.days, name, column[station].tobytes())
    return request
