"""Units that loggers write, and how they become ours."""

from __future__ import annotations

from dataclasses import dataclass

from farm.errors import InvalidInputError
from farm.weather.variables import HOURLY_BY_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """Ours is ``scale`` × theirs + ``offset``."""

    scale: float = 1.0
    offset: float = 0.0
    is_power: bool = False  # mean power over the interval; an amount is made of it by its length


_TEMPERATURE = {
    "c": Conversion(),
    "f": Conversion(scale=5 / 9, offset=-160 / 9),
    "k": Conversion(offset=-273.15),
}
_PERCENT = {"%": Conversion(), "1": Conversion(scale=100)}
# International knot and mile, exact.
_SPEED = {
    "m/s": Conversion(),
    "km/h": Conversion(scale=1 / 3.6),
    "mph": Conversion(scale=0.44704),
    "kn": Conversion(scale=1852 / 3600),
    "ft/s": Conversion(scale=0.3048),
}
_CONVERSIONS: dict[str, dict[str, Conversion]] = {
    "air_temperature_c": _TEMPERATURE,
    "dew_point_c": _TEMPERATURE,
    "relative_humidity_percent": _PERCENT,
    "wind_speed_m_s": _SPEED,
    "wind_gust_m_s": _SPEED,
    "wind_direction_deg": {"deg": Conversion()},
    "precipitation_mm": {
        "mm": Conversion(),
        "cm": Conversion(scale=10),
        "in": Conversion(scale=25.4),
    },
    "shortwave_radiation_mj_m2": {
        "mj/m2": Conversion(),
        "kj/m2": Conversion(scale=1e-3),
        "j/cm2": Conversion(scale=0.01),
        "wh/m2": Conversion(scale=0.0036),
        # A calorie (thermochemical, 4.184 J) on a square centimetre.
        "langley": Conversion(scale=0.04184),
        "w/m2": Conversion(scale=1e-6, is_power=True),
    },
    "surface_pressure_hpa": {
        "hpa": Conversion(),
        "pa": Conversion(scale=0.01),
        "kpa": Conversion(scale=10),
        "mmhg": Conversion(scale=1.33322387415),
        "inhg": Conversion(scale=33.8638866667),
    },
    "cloud_cover_percent": _PERCENT | {"okta": Conversion(scale=12.5)},
    "weather_code": {"1": Conversion()},
}
_SPELLINGS = {
    "°c": "c", "degc": "c", "deg c": "c", "celsius": "c",
    "°f": "f", "degf": "f", "deg f": "f", "fahrenheit": "f",
    "kelvin": "k",
    "percent": "%", "pct": "%", "fraction": "1", "wmo 4677": "1", "code": "1",
    "ms": "m/s", "m s-1": "m/s", "mps": "m/s",
    "kmh": "km/h", "kph": "km/h", "km h-1": "km/h",
    "mi/h": "mph", "kt": "kn", "kts": "kn", "knots": "kn", "fps": "ft/s",
    "°": "deg", "degrees": "deg",
    "inch": "in", "inches": "in", '"': "in", "l/m2": "mm", "l/m²": "mm",
    "mj/m²": "mj/m2", "kj/m²": "kj/m2", "j/cm²": "j/cm2", "wh/m²": "wh/m2", "w/m²": "w/m2",
    "ly": "langley", "langleys": "langley", "cal/cm2": "langley",
    "mbar": "hpa", "mb": "hpa", "millibar": "hpa",
    "oktas": "okta",
}  # fmt: skip


def conversion_of(*, variable: str, unit: str) -> Conversion:
    """Return how a unit becomes the variable's own.

    Raises:
        InvalidInputError: There is no such variable, or it is not measured in that unit.
    """
    known = _CONVERSIONS.get(variable)
    if known is None:
        words = ", ".join(_CONVERSIONS)
        msg = f"There is no variable “{variable[:64]}”; known are: {words}."
        raise InvalidInputError(msg, reason="CSV_VARIABLE_UNKNOWN")
    name = unit.strip().lower()
    found = known.get(_SPELLINGS.get(name, name))
    if found is None:
        title = HOURLY_BY_NAME[variable].title
        msg = f"“{unit[:32]}” is no unit of {title}; known are: {', '.join(known)}."
        raise InvalidInputError(msg, reason="CSV_UNIT_UNKNOWN")
    return found
