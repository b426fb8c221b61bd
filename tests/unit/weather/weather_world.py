"""A place's weather as the use cases take it, and a service in memory that answers them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.series import HourlyWeather, Site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from farm.weather.series import Column, Flags

SITE = Site(latitude_deg=50.8, longitude_deg=4.3, elevation_m=60)
# The first of January 2026 by the clock of Brussels.
START = datetime(2025, 12, 31, 23, tzinfo=UTC)
USUAL = {
    "air_temperature_c": 10.0,
    "relative_humidity_percent": 80.0,
    "wind_speed_m_s": 3.0,
    "precipitation_mm": 0.5,
    "shortwave_radiation_mj_m2": 0.4,
}


@dataclass(frozen=True, kw_only=True)
class ToldWeather:
    """Weather that a test says."""

    hourly: HourlyWeather
    observed_until: datetime | None
    time_zone: str = "Europe/Brussels"
    site: Site = SITE
    flags: Mapping[str, Flags] = field(default_factory=dict)
    rejected: Mapping[str, Column] = field(default_factory=dict)
    sources: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    source_names: Sequence[str] = ("", "station", "open_meteo")
    issued_at: datetime | None = None
    age_s: float | None = 600.0
    is_stale: bool = False
    stale_reason: str = ""
    is_simulated: bool = False
    is_elevation_assumed: bool = False


def told(
    *, days: int = 14, start: datetime = START, observed_days: float | None = None, **columns: float
) -> ToldWeather:
    """Weather of so many days, the first of them observed, each column with one value."""
    count = days * 24
    observed = count if observed_days is None else int(observed_days * 24)
    values = {name: np.full(count, value) for name, value in (columns or USUAL).items()}
    sources = np.where(np.arange(count) < observed, 1, 2).astype(np.uint8)
    return ToldWeather(
        hourly=HourlyWeather(start=start, count=count, columns=values),
        observed_until=start + timedelta(hours=observed - 1),
        sources=dict.fromkeys(values, sources),
    )
