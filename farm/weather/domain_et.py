"""Reference evapotranspiration, as furrow-weather takes and answers it. See ``domain``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from farm.weather.series import Column, DailyWeather, HourlyWeather, Method, Site


class EtEquation(StrEnum):
    """Which equation."""

    FAO56 = "fao56"  # FAO-56 (1998): eq 6 by the day, 53 by the hour; short reference only
    ASCE2005 = "asce2005"  # ASCE-EWRI (2005) standardized


class EtReference(StrEnum):
    """Which reference surface."""

    SHORT = "short"  # clipped grass, 0.12 m
    TALL = "tall"  # alfalfa, 0.5 m


class Filled:
    """What was taken from the ladder of missing data; bits of ``EtColumns.filled``."""

    RADIATION = 1
    HUMIDITY = 2
    WIND = 4
    PRESSURE = 8  # from the elevation


@dataclass(frozen=True, slots=True, kw_only=True)
class EtMethod:
    """How it is computed."""

    equation: EtEquation = EtEquation.FAO56
    reference: EtReference = EtReference.SHORT
    fills_missing: bool = False  # by the ladder of FAO-56, flagged; else gaps stay
    floors_at_zero: bool = False  # else negative night hours stay in sums


@dataclass(frozen=True, slots=True, kw_only=True)
class EtHours:
    """One station's hours: temperature, wind, radiation, humidity or dew point; pressure if known.

    ``station_id`` has at most 64 bytes.
    """

    site: Site
    hours: HourlyWeather
    station_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EtDays:
    """One station's days: extremes of temperature, wind, radiation or sunshine, humidity."""

    site: Site
    days: DailyWeather
    station_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EtColumns:
    """One station's evapotranspiration."""

    station_id: str
    et_mm: Column  # (hours,) or (days,), mm per hour or day
    filled: NDArray[np.uint8]  # likewise; bits of ``Filled``
    intermediates: Mapping[str, Column] = field(default_factory=dict)  # if they were asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class EtEstimates:
    """One per station, in the order asked."""

    stations: tuple[EtColumns, ...]
    method: Method
