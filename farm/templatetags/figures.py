"""Numbers as people read them: three digits, the unit that fits, a dash where nothing is known."""

from __future__ import annotations

import math
from typing import Any

from django import template

register = template.Library()

UNKNOWN = "–"
_DURATIONS = ((1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))
_LONG_DURATIONS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_BYTES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


@register.filter
def seconds(value: Any) -> str:
    """A short time: ``430 µs``, ``12.3 ms``, ``1.25 s``."""
    number = _number(value)
    if number is None:
        return UNKNOWN
    if number == 0:
        return "0"
    for size, unit in _DURATIONS:
        # Rounded first, so that 999.9 ms is 1 s and not 1000 ms.
        if float(f"{number / size:.3g}") < 1000 or unit == "s":
            return f"{_three_digits(number / size)} {unit}"
    raise AssertionError  # the last unit takes everything


@register.filter
def age(value: Any) -> str:
    """A long time in its largest whole unit: ``40 s``, ``12 min``, ``3 h``, ``9 d``."""
    number = _number(value)
    if number is None:
        return UNKNOWN
    for size, unit in _LONG_DURATIONS:
        # Two of a unit at least: 90 min say more than 1 h.
        if number >= 2 * size:
            return f"{number / size:.0f} {unit}"
    return f"{max(0.0, number):.0f} s"


@register.filter
def percent(value: Any) -> str:
    """A share of 0 to 1: ``0 %``, ``0.02 %``, ``12.5 %``, ``99.95 %``."""
    number = _number(value)
    if number is None:
        return UNKNOWN
    share = 100 * number
    if share == 0:
        return "0 %"
    # Near the whole the last nines are what counts.
    text = f"{share:.3f}".rstrip("0").rstrip(".") if 90 < share < 100 else _three_digits(share)
    return f"{text} %"


@register.filter
def figure(value: Any) -> str:
    """A plain number: ``0.25``, ``12.5``, ``4,096``."""
    number = _number(value)
    return UNKNOWN if number is None else _three_digits(number)


@register.filter
def size(value: Any) -> str:
    """Bytes: ``512 B``, ``12.5 KiB``, ``1.25 GiB``."""
    number = _number(value)
    if number is None:
        return UNKNOWN
    for large, unit in _BYTES:
        if number >= large:
            return f"{_three_digits(number / large)} {unit}"
    return f"{number:.0f} B"


def _number(value: Any) -> float | None:
    """The value as a finite number; None for what is absent, endless or none at all."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _three_digits(number: float) -> str:
    if abs(number) >= 100:
        return f"{number:,.0f}"
    if number != 0 and abs(number) < 0.001:
        return "< 0.001" if number > 0 else "> -0.001"
    text = f"{number:#.3g}"
    return text.rstrip("0").rstrip(".") if "." in text else text
