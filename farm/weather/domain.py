"""Hours, days and air, as furrow-weather takes and answers them.

The names are those of ``protos/farm/rpc/weather/v1/weather.proto``, where units, ranges and meaning
of each stand. Columns are (hours,) or (days,) float64, NaN where there is no value; what is absent
is None. Further nouns have files of their own: ``domain_et``, ``domain_seasons``, ``domain_risks``,
``domain_water``, ``domain_windows``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from farm.weather.series import Column, DailyWeather, Flags, HourlyWeather, Method

HOUR_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A regular axis of hours."""

    start: datetime  # stamp of the first, UTC
    count: int

    def stamps_s(self) -> NDArray[np.int64]:
        """Return the stamp of every hour as (hours,) int64, Unix seconds."""
        first = int(self.start.timestamp())
        return np.arange(first, first + self.count * HOUR_S, HOUR_S, dtype=np.int64)

    def stamps(self) -> list[datetime]:
        """Return the stamp of every hour, UTC."""
        start = self.start.astimezone(UTC)
        return [start + timedelta(hours=row) for row in range(self.count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """A regular axis of days."""

    first_day: date
    count: int

    def dates(self) -> list[date]:
        """Return every day."""
        return [self.first_day + timedelta(days=row) for row in range(self.count)]


class Stamp(StrEnum):
    """What a sample's time means for sums and means."""

    END = "end"
    BEGIN = "begin"


class DayStart(StrEnum):
    """Where a local day begins."""

    MIDNIGHT = "midnight"
    NINE = "nine"  # as rain gauges are read; the day bears the date on which it begins


class Aggregate(StrEnum):
    """What becomes of a further column when days are made of hours."""

    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    SUM = "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedHours:
    """Hours made of samples, and what was found about them."""

    hourly: HourlyWeather
    flags: Mapping[str, Flags]  # name of a column → (hours,) uint8, bits of ``Flag``


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherColumn:
    """A column that is no weather variable, such as evapotranspiration."""

    name: str  # 1 to 64 bytes, each once
    values: Column  # (hours,)
    aggregate: Aggregate


@dataclass(frozen=True, slots=True, kw_only=True)
class StationHours:
    """One station's or farm's hours."""

    hours: HourlyWeather
    station_id: str = ""  # at most 64 bytes; comes back
    further: tuple[FurtherColumn, ...] = ()  # at most 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalHours:
    """Hours and the zone that cuts them into days."""

    hours: HourlyWeather
    time_zone: str  # IANA name
    completeness_share: float = 0.9  # above 0, at most 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDays:
    """Days of one station."""

    station_id: str
    days: DailyWeather
    # Hourly column → (days,) share of the hours there should be that have a value, 0 to 1.
    coverage: Mapping[str, Column] = field(default_factory=dict)
    further: Mapping[str, Column] = field(default_factory=dict)  # (days,)
    day_bounds: NDArray[np.int64]  # (days + 1,) Unix seconds: the beginnings and the last end
    is_partial: NDArray[np.uint8]  # (days,) 1 when the hours do not reach over the whole day
    is_provisional: NDArray[np.uint8]  # (days,) 1 when an hour of it is forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysOfStations:
    """Days of all stations, in the order asked."""

    stations: tuple[StationDays, ...]
    tzdb_version: str  # such as `2026b`


@dataclass(frozen=True, slots=True, kw_only=True)
class AirColumns:
    """What the air is like; each (hours,), NaN where something it needs is absent."""

    vapour_pressure_kpa: Column
    vapour_pressure_deficit_kpa: Column  # not negative
    dew_point_c: Column
    wet_bulb_c: Column  # psychrometric, at station pressure
    delta_t_k: Column  # dry minus wet bulb
    temperature_humidity_index: Column  # of cattle
    relative_humidity_percent: Column  # as given or from the dew point
    pressure_hpa: Column  # as given or from the elevation
    methods: tuple[Method, ...] = ()
