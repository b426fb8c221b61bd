"""Columns of weather from a seed: what both sides read, as files of little-endian doubles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 20_261_123
ZONE = "Europe/Brussels"  # two changes of the clock a year
START = datetime(1991, 1, 1, tzinfo=UTC)
HOURS_30_YEARS = 262_800
STATIONS = 1_000
HOURS_1_YEAR = 8_760
STATION_START = datetime(2023, 1, 1, tzinfo=UTC)
LATITUDE_DEG, LONGITUDE_DEG, ELEVATION_M, WIND_HEIGHT_M = 50.8, 4.35, 100.0, 10.0
COLUMNS = (
    "air_temperature_c",
    "relative_humidity_percent",
    "wind_speed_m_s",
    "surface_pressure_hpa",
    "shortwave_radiation_mj_m2",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Where the columns lie; each file is (hours,) or (stations, hours) float64."""

    folder: Path
    stations: int
    hours: int
    start: datetime

    def path(self, column: str) -> Path:
        """The file of a column."""
        return self.folder / f"{column}.f64"

    def column(self, name: str) -> NDArray[np.float64]:
        """Read a column: (stations, hours)."""
        return np.fromfile(self.path(name), "<f8").reshape(self.stations, self.hours)


def weather(cache: Path, *, stations: int, hours: int, start: datetime) -> Weather:
    """Make the columns, once.

    Args:
        cache: Folder for the files.
        stations: How many, each with another phase and level.
        hours: Of each.
        start: Stamp of the first hour, UTC.
    """
    folder = cache / f"weather-{SEED}-{stations}x{hours}"
    made = Weather(folder=folder, stations=stations, hours=hours, start=start)
    if not (folder / "whole").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name, values in _columns(stations, hours).items():
            values.astype("<f8").tofile(made.path(name))
        (folder / "whole").touch()
    return made


def _columns(stations: int, hours: int) -> dict[str, NDArray[np.float64]]:
    """Daily and yearly waves with slow noise; one hour in a hundred is missing."""
    random = np.random.default_rng(SEED)
    hour = np.arange(hours)
    day_wave = np.sin(2 * np.pi * (hour - 9) / 24)
    year_wave = np.sin(2 * np.pi * (hour / 24 - 110) / 365.25)
    level = random.normal(0, 3, (stations, 1))
    slow = np.repeat(random.normal(0, 3, (stations, hours // 24 + 1)), 24, axis=1)[:, :hours]
    noise = random.normal(0, 0.5, (stations, hours))
    temperature = 10 + level + 9 * year_wave + 4 * day_wave + slow + noise
    humidity = np.clip(75 - 15 * day_wave + random.normal(0, 8, (stations, hours)), 5, 100)
    wind = random.gamma(2, 1.7, (stations, hours))
    pressure = 1003 + random.normal(0, 6, (stations, hours))
    sun = np.clip(day_wave + 0.4 * year_wave, 0, None) * (2.2 + 0.8 * year_wave)
    sun = sun * random.uniform(0.3, 1, (stations, hours))
    made = dict(zip(COLUMNS, (temperature, humidity, wind, pressure, sun), strict=True))
    for values in made.values():
        values[random.random((stations, hours)) < 0.01] = np.nan
    return made
