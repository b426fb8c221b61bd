"""Warmth and chill of a season, as furrow-weather takes and answers them. See ``domain``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from farm.weather.domain import Days, Hours
    from farm.weather.series import Column, DailyWeather, Method


class HeatMethod(StrEnum):
    """How a day's warmth is counted. HOURLY takes hours, the others days."""

    AVERAGE = "average"  # mean of the extremes, then floored (McMaster and Wilhelm 1997, method 1)
    CLAMPED = "clamped"  # extremes clamped to the thresholds, then their mean (method 2)
    SINGLE_SINE = "single_sine"  # Baskerville and Emin 1969, horizontal cut-off
    DOUBLE_SINE = "double_sine"  # Allen 1976, horizontal cut-off
    HOURLY = "hourly"  # mean over the hours of the local day, horizontal cut-off


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatColumns:
    """Degree days."""

    days: Days
    degree_days: Column  # (days,) K d; NaN where missing
    total: Column  # (days,) their sum so far; missing days add nothing
    days_missing: int
    is_interpolated: NDArray[np.uint8]  # (days,) 1 where the day was interpolated
    method: Method


@dataclass(frozen=True, slots=True, kw_only=True)
class ChillDays:
    """Days of which hours are made after Linvill (1990)."""

    days: DailyWeather  # extremes of temperature
    latitude_deg: float  # -66 to 66
    has_neighbours: bool = False  # the first and last day only lend their extremes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChillState:
    """All that a season so far is remembered by; stored and sent again to the last bit."""

    last_hour: datetime  # UTC; the next request begins one hour later
    chilling_hours: float
    utah_units: float
    positive_utah_units: float
    chill_portions: float
    intermediate: float  # the portion in the making
    hours_missing: int
    longest_gap_hours: int
    open_gap_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChillColumns:
    """Cumulative values, one an hour."""

    hours: Hours
    chilling_hours: Column
    utah_units: Column
    positive_utah_units: Column
    chill_portions: Column
    state: ChillState  # to go on from
    methods: tuple[Method, ...] = ()
