"""An answer of columns along an axis: what the use cases give and the API renders."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from numpy.typing import NDArray

    from farm.weather.series import Column, Flags, HourlyWeather, Method, Site


class Weather(Protocol):
    """What the use cases need of the weather of a place; ``farm.weather.assembly`` makes it."""

    @property
    def hourly(self) -> HourlyWeather:
        """The hours; values that cannot be are left out."""

    @property
    def flags(self) -> Mapping[str, Flags]:
        """Name of a column → (hours,) uint8, bits of ``Flag``."""

    @property
    def sources(self) -> Mapping[str, NDArray[np.uint8]]:
        """Name of a column → (hours,) uint8: place in ``source_names``."""

    @property
    def source_names(self) -> Sequence[str]:
        """What ``sources`` point at; the first is empty: no value."""

    @property
    def observed_until(self) -> datetime | None:
        """Stamp of the last hour that is not forecast, UTC."""

    @property
    def issued_at(self) -> datetime | None:
        """When the forecast in it was issued."""

    @property
    def age_s(self) -> float | None:
        """Seconds since the newest data came."""

    @property
    def is_stale(self) -> bool:
        """Whether something should be newer than it is."""

    @property
    def stale_reason(self) -> str:
        """Why; empty where it is not stale."""

    @property
    def rejected(self) -> Mapping[str, Column]:
        """Name of a column → values that cannot be, NaN elsewhere."""

    @property
    def is_elevation_assumed(self) -> bool:
        """Whether nobody has said the elevation."""

    @property
    def is_simulated(self) -> bool:
        """Whether any of it was made up, for the demonstration."""

    @property
    def time_zone(self) -> str:
        """IANA name of the zone that cuts its days."""

    @property
    def site(self) -> Site:
        """Where."""


class Step(StrEnum):
    """From one row to the next."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How new the weather behind an answer is, and whether it is weather at all."""

    observed_until: datetime | None = None
    issued_at: datetime | None = None
    age_s: float | None = None
    is_stale: bool = False
    stale_reason: str = ""
    is_simulated: bool = False
    is_elevation_assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherTable:
    """Columns along an axis of hours, days or weeks.

    Attributes:
        step: What a row is.
        time_zone: IANA name of the zone that times are shown in and days are cut by.
        stamps_s: (rows,) int64, Unix seconds; of hours alone, else None.
        dates: Of days, or the Mondays of weeks; of hours empty.
        columns: Name → (rows,) float64, NaN where there is no value. The name carries the unit.
        words: Name → (rows,) uint8 with the words it points at; None among them: no value.
        units: Name of every column → unit as people write it, metric.
        sources: Name of a column → (rows,) uint8, place in ``source_names``; of hours.
        source_names: The sources; the first is empty: no value.
        made_of: Name of a column → sources that any of its values rest on.
        flags: Name of a column → (rows,) uint8, bits of ``Flag``; only columns with a flag.
        rejected: Name of a column → (rows,) values that cannot be; only columns that have any.
        methods: How computed columns were made.
        missing: Name of a column → rows without a value.
        coverage: Name of a column of days or weeks → (rows,) share of its hours or days that have
            a value, 0 to 1; only columns of which some row is not whole.
        is_partial: (rows,) uint8, 1 where the hours do not reach over the whole row; None: of
            hours, which are whole.
        is_provisional: (rows,) uint8, 1 where forecast hours are in it.
        freshness: How new it is.
        notes: What is to be read beside the numbers: code → sentence.
    """

    step: Step
    time_zone: str
    stamps_s: NDArray[np.int64] | None = None
    dates: Sequence[date] = ()
    columns: Mapping[str, Column]
    words: Mapping[str, tuple[NDArray[np.uint8], Sequence[str | None]]] = field(
        default_factory=dict
    )
    units: Mapping[str, str]
    sources: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    source_names: Sequence[str] = ()
    made_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flags: Mapping[str, Flags] = field(default_factory=dict)
    rejected: Mapping[str, Column] = field(default_factory=dict)
    methods: tuple[Method, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)
    coverage: Mapping[str, Column] = field(default_factory=dict)
    is_partial: NDArray[np.uint8] | None = None
    is_provisional: NDArray[np.uint8]
    freshness: Freshness
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.dates) if self.stamps_s is None else len(self.stamps_s)

    @property
    def has_partial_rows(self) -> bool:
        """Whether any row is made of fewer hours than it should be."""
        return self.is_partial is not None and bool(self.is_partial.any())


# Ending of a name → unit, the longest first where one ends in another.
_UNITS = (
    ("_k_d", "K d"),
    ("_mj_m2", "MJ/m²"),
    ("_percent", "%"),
    ("_m_s", "m/s"),
    ("_kpa", "kPa"),
    ("_hpa", "hPa"),
    ("_deg", "°"),
    ("_mm", "mm"),
    ("_c", "°C"),
    ("_k", "K"),
    ("_h", "h"),
    ("_m", "m"),
)
_NAMED_UNITS = {"weather_code": "WMO 4677", "weather_code_max": "WMO 4677", "chilling_hours": "h"}


def unit_of(name: str) -> str:
    """Return the unit that the name of a column ends with; `1` where it has none."""
    if name in _NAMED_UNITS:
        return _NAMED_UNITS[name]
    return next((unit for ending, unit in _UNITS if name.endswith(ending)), "1")


def units_of(names: Iterable[str]) -> dict[str, str]:
    """Return the unit of each column."""
    return {name: unit_of(name) for name in names}


def freshness_of(weather: Weather) -> Freshness:
    """Take what is known of the age of a place's weather."""
    return Freshness(
        observed_until=weather.observed_until,
        issued_at=weather.issued_at,
        age_s=weather.age_s,
        is_stale=weather.is_stale,
        stale_reason=weather.stale_reason,
        is_simulated=weather.is_simulated,
        is_elevation_assumed=weather.is_elevation_assumed,
    )


def missing_of(columns: Mapping[str, Column]) -> dict[str, int]:
    """Count the rows without a value, by column."""
    return {name: int(np.isnan(column).sum()) for name, column in columns.items()}
