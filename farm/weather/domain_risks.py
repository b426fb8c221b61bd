"""Frost, disease and rain, as furrow-weather takes and answers them. See ``domain``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    import numpy as np
    from numpy.typing import NDArray

    from farm.weather.domain import Hours
    from farm.weather.series import Method

WETNESS_UNKNOWN = 255  # of ``DiseaseAssessment.is_wet``


@dataclass(frozen=True, slots=True, kw_only=True)
class FrostThresholds:
    """Critical temperatures of a stage (Snyder and de Melo-Abreu 2005, chapter 4)."""

    stage: str  # name of crop and stage, at most 80 bytes; comes back in sentences
    kills_tenth_c: float  # half an hour at it kills a tenth
    kills_nine_tenths_c: float  # below the other
    canopy_below_screen_k: float = 0.0  # 0 to 6; on a clear calm night


class FrostKind(StrEnum):
    """How cold comes."""

    NONE = "none"  # no hour at or below 0 °C
    RADIATIVE = "radiative"
    ADVECTIVE = "advective"


class FrostRisk(StrEnum):
    """How bad it is for the stage."""

    NONE = "none"
    POSSIBLE = "possible"  # within the doubt
    DAMAGING = "damaging"
    SEVERE = "severe"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrostNight:
    """One night, noon to noon local time."""

    date: date  # of the morning
    min_temperature_c: float | None  # None: too few hours
    min_at: datetime | None
    min_wet_bulb_c: float | None
    hours_below_zero: float
    kind: FrostKind | None  # None: wind or cloud is missing
    risk: FrostRisk | None  # None: too few hours
    margin_k: float | None  # least temperature above the critical one; negative: below
    coverage: float  # share of the night's hours that have a temperature, 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FrostAssessment:
    """Frost of each night, ascending."""

    nights: tuple[FrostNight, ...]
    method: Method


@dataclass(frozen=True, slots=True, kw_only=True)
class InfectionModel:
    """A pathogen by the generic model (Magarey et al. 2005)."""

    name: str  # of pathogen and crop, at most 80 bytes
    min_temperature_c: float
    optimum_temperature_c: float
    max_temperature_c: float
    min_wetness_h: float  # at the optimum, 1 to 100
    max_wetness_h: float  # at any temperature, not below the other
    dry_interruption_h: float  # 1 to 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DiseaseDay:
    """One local day; None where too few hours are known."""

    date: date
    wet_h: float | None
    humid_h: float | None  # hours of 90 % and more
    min_temperature_c: float | None
    is_hutton_day: bool | None  # by itself: 10 °C, 6 h
    is_hutton_period: bool | None  # the second such day in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Infection:
    """A spell of wetness in which the pathogen may infect."""

    from_: datetime  # first wet hour
    until: datetime  # when the requirement was met, or the last hour where it was not
    wet_h: float
    required_h: float
    severity: float  # share of the requirement; from 1 on it infects


@dataclass(frozen=True, slots=True, kw_only=True)
class DiseaseAssessment:
    """Wetness by the hour, days of risk, infections."""

    hours: Hours
    is_wet: NDArray[np.uint8]  # (hours,) 0 dry, 1 wet, ``WETNESS_UNKNOWN``
    days: tuple[DiseaseDay, ...]
    infections: tuple[Infection, ...]
    methods: tuple[Method, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RainSum:
    """Rain of the last hours."""

    hours: int
    rain_mm: float | None  # None: too few hours are known
    coverage: float  # 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DrySpell:
    """Dry days in a row."""

    first_day: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RainSummary:
    """Rain up to an instant."""

    sums: tuple[RainSum, ...]  # of the last 1, 3, 6, 12, 24, 48, 72, 168, 336 and 720 hours
    dry_spells: tuple[DrySpell, ...]  # ascending; the last may go on
    dry_days: int | None  # up to the last whole day; None: a day in between is not known
    method: Method
