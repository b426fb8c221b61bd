"""Thresholds and rules as profiles keep them, names and numbers, made into what is computed with.

Names are those of the messages in ``windows.proto`` and ``water.proto``. Everything is checked when
a profile is saved, so that a typing error is found by whoever makes it and not by whoever sprays.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from farm.errors import InvalidInputError
from farm.weather.domain_water import IrrigationRules, RainAction, ReplacedEt
from farm.weather.domain_windows import (
    DiseaseThresholds,
    FrostProtectionThresholds,
    HarvestThresholds,
    IrrigationThresholds,
    SprayThresholds,
)
from farm.weather.models import DecisionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from farm.weather.domain_windows import Thresholds

Values = TypeVar("Values")

KINDS: Mapping[str, type[Thresholds]] = {
    DecisionKind.SPRAY: SprayThresholds,
    DecisionKind.FROST: FrostProtectionThresholds,
    DecisionKind.IRRIGATION: IrrigationThresholds,
    DecisionKind.HARVEST: HarvestThresholds,
    DecisionKind.DISEASE: DiseaseThresholds,
}
# Ending of a name → least and greatest number that makes any sense.
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("_m_s", 0, 60),
    ("_hours_after", 0, 48),
    ("_hours_before", 0, 96),
    ("_hours_ahead", 0, 72),
    ("_wet_hours", 1, 96),
    ("_hours", 0, 4),  # around sunset and sunrise
    ("_percent", 0, 100),
    ("_share", 0, 1),
    ("_stress", 0, 1),
    ("_kpa", 0, 10),
    ("_bulb_c", -30, 40),
    ("_c", -50, 60),
    ("_k", 0, 40),
    ("_mm", 0, 500),
    ("forecast_days", 1, 16),
    ("_days", 1, 400),
    ("_irrigation", 0, 400),
    ("_event", 0, 400),
)
# The lower of two limits → the upper; they may be equal where the contract says so.
_ORDERS: tuple[tuple[str, str], ...] = (
    ("min_wind_m_s", "max_wind_m_s"),
    ("min_delta_t_k", "marginal_delta_t_k"),
    ("marginal_delta_t_k", "max_delta_t_k"),
    ("min_temperature_c", "max_temperature_c"),
    ("start_wet_bulb_c", "stop_wet_bulb_c"),
    ("marginal_relative_humidity_percent", "max_relative_humidity_percent"),
    ("marginal_wet_hours", "risk_wet_hours"),
    ("min_mm", "max_mm"),
)
_AMOUNTS = (
    "constant_mm",
    "target_depletion_mm",
    "target_depletion_share",
    "replaced_days",
    "replaces_since_irrigation",
    "replaces_since_event",
)
_ABOVE_ZERO = ("efficiency_share", "wetted_share")
_LATER = ("first_day", "last_day")  # said by the request, not by the profile


def thresholds_of(kind: str, mapping: Mapping[str, Any]) -> Thresholds:
    """Return the thresholds of a kind of decision; every one has to be there.

    Args:
        kind: A ``DecisionKind``.
        mapping: Name → number, as a profile keeps them.

    Raises:
        InvalidInputError: A name is unknown or missing, or a value makes no sense; the sentence
            names it.
    """
    if kind not in KINDS:
        msg = f"There is no kind of decision “{kind}”; known are: {', '.join(KINDS)}."
        raise InvalidInputError(msg, reason="KIND_UNKNOWN")
    return _checked(KINDS[kind], mapping, left_out=())


def rules_of(
    mapping: Mapping[str, Any], *, first_day: int = 0, last_day: int = 0
) -> IrrigationRules | None:
    """Return the rules of a field's irrigation; None where there are none.

    Args:
        mapping: Name → value, as a field's setup keeps them; empty: no advice.
        first_day: First day on which advice is given, counted from 0.
        last_day: Last one.

    Raises:
        InvalidInputError: A name is unknown, a value makes no sense, or not exactly one amount is
            given.
    """
    if not mapping:
        return None
    _refuse_unnamed(mapping)
    # By identity, because 0 mm is an amount and equals False.
    given = [
        name
        for name in _AMOUNTS
        if mapping.get(name) is not None and mapping.get(name) is not False
    ]
    if len(given) != 1:
        found = ", ".join(given) or "none"
        msg = f"Exactly one amount is asked for, of {', '.join(_AMOUNTS)}; found {found}."
        raise InvalidInputError(msg, reason="RULES_INVALID")
    rules = _checked(IrrigationRules, mapping, left_out=_LATER)
    if rules.forecast_rain_mm is not None and not (rules.forecast_days and rules.forecast_action):
        msg = "forecast_rain_mm asks for forecast_days and forecast_action beside it."
        raise InvalidInputError(msg, reason="RULES_INVALID")
    return replace(rules, first_day=first_day, last_day=last_day)


def _checked(
    kind: type[Values], mapping: Mapping[str, Any], *, left_out: tuple[str, ...]
) -> Values:
    _refuse_unnamed(mapping)
    known = {column.name: column for column in fields(kind) if column.name not in left_out}  # type: ignore[arg-type]
    unknown = [str(name) for name in mapping if name not in known]
    if unknown:
        msg = f"There is no threshold “{unknown[0][:80]}”; known are: {', '.join(known)}."
        raise InvalidInputError(msg, reason="THRESHOLD_UNKNOWN")
    given = {name: value for name, value in mapping.items() if value is not None}
    missing = [
        name for name, column in known.items() if column.default is MISSING and name not in given
    ]
    if missing:
        msg = f"The threshold “{missing[0]}” is missing."
        raise InvalidInputError(msg, reason="THRESHOLD_MISSING")
    values = {name: _value(name, str(known[name].type), value) for name, value in given.items()}
    for lower, upper in _ORDERS:
        if lower in values and upper in values and values[lower] > values[upper]:
            msg = f"{lower} is {values[lower]:g}, above {upper}, {values[upper]:g}."
            raise InvalidInputError(msg, reason="THRESHOLD_INVALID")
    return kind(**dict.fromkeys(left_out, 0), **values)


def _refuse_unnamed(mapping: Any) -> None:
    if not isinstance(mapping, dict):
        raise InvalidInputError("Names and values are asked for.", reason="THRESHOLDS_INVALID")


def _value(name: str, kind: str, value: Any) -> Any:
    if kind.startswith("RainAction"):
        return _word(name, RainAction, value)
    if kind.startswith("ReplacedEt"):
        return _word(name, ReplacedEt, value)
    if kind.startswith("bool"):
        if not isinstance(value, bool):
            _refuse(name, value, "true or false")
        return value
    if kind.startswith("tuple"):
        is_list = isinstance(value, list | tuple)
        if not is_list or any(type(day) is not int or not 0 <= day <= 6 for day in value):
            _refuse(name, value, "a list of days, 0 Monday to 6 Sunday")
        return tuple(sorted(set(value)))
    least, most = next(
        ((least, most) for ending, least, most in _RANGES if name.endswith(ending)), (0, 1000)
    )
    is_whole = kind.startswith("int")
    if not isinstance(value, int | float) or isinstance(value, bool):
        _refuse(name, value, "a whole number" if is_whole else "a number")
    # First the range, which NaN, the infinite and whole numbers beyond every float are out of.
    if not least <= value <= most or (name in _ABOVE_ZERO and value == 0):
        _refuse(name, value, f"{least:g} to {most:g}")
    if is_whole and value != int(value):
        _refuse(name, value, "a whole number")
    return int(value) if is_whole else float(value)


def _word(name: str, words: type[RainAction] | type[ReplacedEt], value: Any) -> Any:
    if value not in list(words):
        _refuse(name, value, f"one of {', '.join(words)}")
    return words(value)


def _refuse(name: str, value: Any, allowed: str) -> None:
    msg = f"{name} is {str(value)[:80]!r}; {allowed} is asked for."
    raise InvalidInputError(msg, reason="THRESHOLD_INVALID")
