"""Metric numbers in the units that farms in the United States use, with names that say so.

A name carries its unit as its last words, and a converted one carries the new unit: what was
``air_temperature_c`` is ``air_temperature_f``. What has no other unit there (percent, degrees of
a compass, kilopascals of a vapour pressure deficit, codes) keeps its number and its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from farm.weather.render import decimals_of
from farm.weather.tables import unit_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


class UnitSystem(StrEnum):
    """In which units an answer is written."""

    METRIC = "metric"
    US = "us"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """``value × factor + offset``, and how name and unit change."""

    ending: str  # of a name in metric units
    us_ending: str
    unit: str
    us_unit: str
    factor: float
    offset: float = 0.0

    def of(self, value: Any) -> Any:
        """Convert a number or an array of any shape; NaN stays NaN."""
        return value * self.factor + self.offset


# NIST SP 811 (2008), appendix B: inch 25.4 mm, foot 0.3048 m, mile 1609.344 m, acre as 43 560 ft²,
# conventional inch of mercury 3386.389 Pa, langley 41 840 J/m².
_INCH_MM = 25.4
CONVERSIONS = (
    # Differences before temperatures: a Kelvin more is 1.8 degrees Fahrenheit more.
    Conversion(
        ending="_k_d", us_ending="_f_d", unit="K d", us_unit="°F d", factor=1.8
    ),  # degree days
    Conversion(ending="_k", us_ending="_f", unit="K", us_unit="°F (difference)", factor=1.8),
    Conversion(ending="_c", us_ending="_f", unit="°C", us_unit="°F", factor=1.8, offset=32.0),
    Conversion(
        ending="_m_s", us_ending="_mph", unit="m/s", us_unit="mph", factor=3600.0 / 1609.344
    ),
    Conversion(ending="_mj_m2", us_ending="_ly", unit="MJ/m²", us_unit="ly", factor=1e6 / 41_840.0),
    Conversion(ending="_hpa", us_ending="_inhg", unit="hPa", us_unit="inHg", factor=1 / 33.86389),
    Conversion(ending="_mm", us_ending="_in", unit="mm", us_unit="in", factor=1 / _INCH_MM),
    Conversion(ending="_m", us_ending="_ft", unit="m", us_unit="ft", factor=1 / 0.3048),
)
# Names whose last word only looks like a unit.
_KEPT_ENDINGS = ("_m3_m3",)
# Numbers without a unit that are worked out.
_RATIOS = {"coverage", "least_margin", "utah_units", "positive_utah_units", "chill_portions"}


def conversion_of(name: str) -> Conversion | None:
    """Return how a column of this metric name is converted; None: it stays as it is."""
    if name.endswith(_KEPT_ENDINGS):
        return None
    return next((each for each in CONVERSIONS if name.endswith(each.ending)), None)


def name_in(name: str, *, system: UnitSystem) -> str:
    """Return what a column of this metric name is called in an answer."""
    conversion = conversion_of(name) if system is UnitSystem.US else None
    if conversion is None:
        return name
    return name.removesuffix(conversion.ending) + conversion.us_ending


def unit_in(name: str, unit: str, *, system: UnitSystem) -> str:
    """Return the unit of a column, given its metric name and unit."""
    conversion = conversion_of(name) if system is UnitSystem.US else None
    return unit if conversion is None else conversion.us_unit


def column_in(name: str, values: NDArray[Any], *, system: UnitSystem) -> NDArray[Any]:
    """Convert a column; the array itself where nothing changes.

    Args:
        name: Metric name.
        values: (rows,) float64, NaN where absent.
        system: Of the answer.
    """
    conversion = conversion_of(name) if system is UnitSystem.US else None
    converted: NDArray[Any] = values if conversion is None else conversion.of(values)
    return converted


def document_in(document: Any, *, system: UnitSystem) -> Any:
    """Convert every number of a JSON document by its name, at any depth, to its unit's decimals.

    Lists take the name they stand under; texts, truth values and absent ones stay. Metric
    ``thresholds`` stay to the last digit: they are what somebody has set.
    """
    return _converted(document, "", system)


def metric_value(name: str, value: float, *, system: UnitSystem) -> float:
    """Turn a number that was given in a system's units into metric ones.

    Args:
        name: Its metric name, such as ``lower_c``.
        value: As given.
        system: Of the request.
    """
    conversion = conversion_of(name) if system is UnitSystem.US else None
    return value if conversion is None else (value - conversion.offset) / conversion.factor


def _converted(value: Any, name: str, system: UnitSystem) -> Any:
    match value:
        case dict():
            if name == "thresholds" and system is UnitSystem.METRIC:
                return value
            return {
                name_in(member, system=system): _converted(each, member, system)
                for member, each in value.items()
            }
        case list() | tuple():
            return [_converted(item, name, system) for item in value]
        case bool() | None | str():
            return value
        case int() | float():
            conversion = conversion_of(name) if system is UnitSystem.US else None
            return _rounded(value if conversion is None else conversion.of(value), name, system)
        case _:
            return value


def _rounded(value: float, name: str, system: UnitSystem) -> float:
    unit = unit_in(name, unit_of(name), system=system)
    if not isinstance(value, float) or (unit == "1" and name not in _RATIOS):
        return value  # such as a count or a latitude
    return round(value, decimals_of(unit))
