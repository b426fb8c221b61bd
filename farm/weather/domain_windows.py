"""Decision windows, as furrow-weather takes and answers them. See ``domain``.

Names, units and ranges are those of ``protos/farm/rpc/weather/v1/windows.proto``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from farm.weather.domain import Hours
    from farm.weather.series import Column, Method


@dataclass(frozen=True, slots=True, kw_only=True)
class SprayThresholds:
    """Spraying: wind at 2 m between two limits, Delta-T, temperature, rain, inversions."""

    min_wind_m_s: float
    max_wind_m_s: float
    max_gust_m_s: float
    min_delta_t_k: float
    marginal_delta_t_k: float
    max_delta_t_k: float
    min_temperature_c: float
    max_temperature_c: float
    dry_hours_after: int
    rain_from_mm: float
    refuses_wet_leaves: bool
    inversion_cloud_below_percent: float
    inversion_wind_below_m_s: float  # at 10 m
    inversion_sunset_hours: float
    inversion_sunrise_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FrostProtectionThresholds:
    """Frost protection: when it must run."""

    start_wet_bulb_c: float
    stop_wet_bulb_c: float
    max_wind_m_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IrrigationThresholds:
    """Irrigation: when water is lost least."""

    max_wind_m_s: float
    marginal_vpd_kpa: float
    min_temperature_c: float
    rain_from_mm: float
    rain_hours_ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestThresholds:
    """Harvest and drying in the field."""

    max_relative_humidity_percent: float
    marginal_relative_humidity_percent: float
    dry_hours_before: int
    rain_from_mm: float
    min_vpd_kpa: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DiseaseThresholds:
    """Infection: when a crop is at risk."""

    min_temperature_c: float
    max_temperature_c: float
    risk_wet_hours: int
    marginal_wet_hours: int


Thresholds = (
    SprayThresholds
    | FrostProtectionThresholds
    | IrrigationThresholds
    | HarvestThresholds
    | DiseaseThresholds
)


class HourStatus(StrEnum):
    """How an hour is. Their order is that of the codes in ``DecisionWindows.status``, from 1."""

    SUITABLE = "suitable"
    MARGINAL = "marginal"
    UNSUITABLE = "unsuitable"


class LimitingFactor(StrEnum):
    """What stands against an hour most. Their order is that of the codes, from 1."""

    MISSING_DATA = "missing_data"
    CALM = "calm"
    WIND = "wind"
    GUSTS = "gusts"
    INVERSION = "inversion"
    DELTA_T_LOW = "delta_t_low"
    DELTA_T_HIGH = "delta_t_high"
    COLD = "cold"
    HEAT = "heat"
    RAIN = "rain"
    RAIN_AHEAD = "rain_ahead"
    RAIN_BEFORE = "rain_before"
    LEAF_WETNESS = "leaf_wetness"
    HUMIDITY = "humidity"
    VAPOUR_PRESSURE_DEFICIT = "vapour_pressure_deficit"
    WET_BULB = "wet_bulb"
    INFECTION = "infection"


# Code → word; 0 is nothing: an hour that cannot be judged, or that nothing stands against.
STATUS_WORDS: tuple[str | None, ...] = (None, *HourStatus)
FACTOR_WORDS: tuple[str | None, ...] = (None, *LimitingFactor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A run of hours."""

    from_: datetime  # beginning of the first hour
    until: datetime  # end of the last
    ended_by: LimitingFactor | None  # None: the hours end
    least_margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionWindows:
    """Hours judged."""

    hours: Hours
    status: NDArray[np.uint8]  # (hours,) codes of ``STATUS_WORDS``
    limiting_factor: NDArray[np.uint8]  # (hours,) codes of ``FACTOR_WORDS``
    # (hours,) distance from the threshold as a share of its scale: 0 at it, negative where it is
    # broken, at most 1; NaN where absent.
    margin: Column
    windows: tuple[Window, ...]
    methods: tuple[Method, ...]
