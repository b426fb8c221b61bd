"""The variables of weather by the hour: one list, one order, one unit each.

The names are those of ``HourlyWeather`` in ``protos/farm/rpc/weather/v1/series.proto``, and of
columns in every answer of the API. Blocks in the database keep one row a variable in this order, so
entries are appended and never moved or removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Semantics(StrEnum):
    """What the value stamped with an hour is of."""

    INSTANT = "instant"  # the moment of the stamp
    AMOUNT = "amount"  # the sum over the hour that ends at the stamp
    EXTREME = "extreme"  # the greatest within the hour that ends at the stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable; its name carries the unit."""

    name: str
    unit: str  # as people write it, metric
    semantics: Semantics
    title: str


def _variable(name: str, unit: str, semantics: Semantics, title: str) -> Variable:
    return Variable(name=name, unit=unit, semantics=semantics, title=title)


HOURLY = (
    _variable("air_temperature_c", "°C", Semantics.INSTANT, "air temperature"),
    _variable("relative_humidity_percent", "%", Semantics.INSTANT, "relative humidity"),
    _variable("dew_point_c", "°C", Semantics.INSTANT, "dew point"),
    _variable("wind_speed_m_s", "m/s", Semantics.INSTANT, "wind speed"),
    _variable("wind_gust_m_s", "m/s", Semantics.EXTREME, "wind gust"),
    _variable("wind_direction_deg", "°", Semantics.INSTANT, "wind direction"),
    _variable("precipitation_mm", "mm", Semantics.AMOUNT, "precipitation"),
    _variable("shortwave_radiation_mj_m2", "MJ/m²", Semantics.AMOUNT, "short-wave radiation"),
    _variable("surface_pressure_hpa", "hPa", Semantics.INSTANT, "pressure at the station"),
    _variable("cloud_cover_percent", "%", Semantics.INSTANT, "cloud cover"),
    _variable(
        "precipitation_probability_percent", "%", Semantics.INSTANT, "probability of precipitation"
    ),
    _variable("weather_code", "WMO 4677", Semantics.INSTANT, "weather code"),
)

HOURLY_BY_NAME = {variable.name: variable for variable in HOURLY}
HOURLY_NAMES = tuple(HOURLY_BY_NAME)
