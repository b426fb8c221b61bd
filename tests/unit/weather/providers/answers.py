"""Answers as providers write them: recorded ones beside the repository, and generated ones."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from farm.weather.providers.interface import DaySpan, FetchRequest
from tests.unit.weather.providers.provider_server import NOW

WEATHER = Path(__file__).parents[4].parent / "shared/data/weather"
DAY = date(2026, 3, 27)
PLACE = {"longitude": 4.5, "latitude": 51.25}


def recorded(name: str) -> bytes:
    path = WEATHER / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is absent; CI needs it")
        pytest.skip(f"shared/data/weather/{name} is absent")
    return path.read_bytes()


def asked(**changes: Any) -> FetchRequest:
    given = {"product": "forecast", **PLACE, "first_day": DAY, "last_day": DAY, "now": NOW}
    return FetchRequest(**(given | changes))  # type: ignore[arg-type]


def days(first: date = DAY, last: date | None = None) -> DaySpan:
    return DaySpan(first_day=first, last_day=last or first)


def stamps(first: date = DAY, count: int = 24) -> list[int]:
    begin = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp())
    return [begin + 3600 * hour for hour in range(count)]


UNITS = {
    "time": "unixtime",
    "temperature_2m": "°C",
    "relative_humidity_2m": "%",
    "dew_point_2m": "°C",
    "wind_speed_10m": "m/s",
    "wind_gusts_10m": "m/s",
    "wind_direction_10m": "°",
    "precipitation": "mm",
    "shortwave_radiation": "W/m²",
    "surface_pressure": "hPa",
    "cloud_cover": "%",
    "precipitation_probability": "%",
    "weather_code": "wmo code",
}


def open_meteo(
    *, first: date = DAY, count: int = 24, units: dict[str, Any] | None = None, **columns: Any
) -> dict[str, Any]:
    """An answer of Open-Meteo; ``columns`` replace those of temperature and wind."""
    hourly = columns or {
        "temperature_2m": [10.0 + hour / 10 for hour in range(count)],
        "wind_speed_10m": [3.0] * count,
    }
    return {
        **PLACE,
        "generationtime_ms": 0.1,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "elevation": 12.0,
        "hourly_units": {name: UNITS[name] for name in ("time", *hourly)} | (units or {}),
        "hourly": {"time": stamps(first, count), **hourly},
    }


POWER_HEADER = """-BEGIN HEADER-
NASA/POWER Source Native Resolution Hourly Data
Dates (month/day/year): 03/26/2026 through 03/27/2026 in {standard}
Location: latitude  {latitude}   longitude {longitude}
elevation from MERRA-2: Average for 0.5 x 0.625 degree lat/lon region = {ground} meters
The value for missing source data that cannot be computed or is outside of the sources \
availability range: -999
parameter(s):
{parameters}
-END HEADER-
"""
POWER_LINES = {
    "T2M": "T2M     MERRA-2 Temperature at 2 Meters (C)",
    "PS": "PS      MERRA-2 Surface Pressure (kPa)",
    "PRECTOTCORR": "PRECTOTCORR     MERRA-2 Precipitation Corrected (mm/hour)",
    "ALLSKY_SFC_SW_DWN": "ALLSKY_SFC_SW_DWN     CERES SYN1deg All Sky Surface Shortwave Downward"
    " Irradiance ({sun})",
}


def power(
    rows: dict[str, list[float]],
    *,
    first: datetime,
    sun: str = "MJ/hr",
    standard: str = "UTC",
    ground: str = "12.5",
    latitude: float = PLACE["latitude"],
    longitude: float = PLACE["longitude"],
) -> str:
    """An hourly answer of NASA POWER."""
    head = POWER_HEADER.format(
        standard=standard,
        ground=ground,
        latitude=latitude,
        longitude=longitude,
        parameters="\n".join(POWER_LINES[name].format(sun=sun) for name in rows),
    )
    lines = [f"YEAR,MO,DY,HR,{','.join(rows)}"]
    for row, values in enumerate(zip(*rows.values(), strict=True)):
        at = first + timedelta(hours=row)
        lines.append(f"{at.year},{at.month},{at.day},{at.hour}," + ",".join(map(str, values)))
    return head + "\n".join(lines) + "\n"


def met_norway(entries: list[tuple[datetime, dict[str, Any], dict[str, Any] | None]]) -> Any:
    """An answer of MET Norway: time, instants, and what it says of the next hour."""
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [*PLACE.values(), 12]},
        "properties": {
            "meta": {
                "updated_at": "2026-03-28T08:41:20Z",
                "units": {
                    "air_temperature": "celsius",
                    "wind_speed": "m/s",
                    "precipitation_amount": "mm",
                },
            },
            "timeseries": [
                {
                    "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                    "data": {"instant": {"details": instant}}
                    | ({"next_1_hours": {"details": coming}} if coming is not None else {}),
                }
                for at, instant, coming in entries
            ],
        },
    }


def recorded_met_norway() -> tuple[bytes, dict[str, str], datetime]:
    """The recorded answer, its headers, and when it was given."""
    document = json.loads(recorded("metno_locationforecast/lat51.5lon-0.1altitude25_complete.json"))
    headers = {name: document["headers"][name] for name in ("Expires", "Last-Modified")}
    given_at = datetime(2020, 7, 20, 11, 44, 31, tzinfo=UTC)  # its header "Date"
    return json.dumps(document["data"]).encode(), headers, given_at
