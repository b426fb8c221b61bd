"""Reads JSON that others wrote: every value is checked for its type, and refused with its place."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from farm.weather.providers.errors import ProviderInvalidError

if TYPE_CHECKING:
    from farm.weather.series import Column

_COLUMN_TYPES = {int, float, type(None)}


class _NotANumberError(ValueError):
    pass


def _constant(word: str) -> float:
    raise _NotANumberError(word)


def parse_json(text: str) -> object:
    """Parse JSON; ``NaN`` and ``Infinity``, which JSON does not know, are refused."""
    try:
        value: object = json.loads(text, parse_constant=_constant)
    except _NotANumberError as error:
        msg = f"The answer holds {error} where a number should be."
        raise ProviderInvalidError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = "The answer is not JSON, or only the beginning of it."
        raise ProviderInvalidError(msg) from error
    return value


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__


def mapping(value: object, path: str) -> dict[str, Any]:
    """Return an object of JSON."""
    if not isinstance(value, dict):
        msg = f"The answer's {path} is {_kind(value)}, not an object."
        raise ProviderInvalidError(msg)
    return value


def sequence(value: object, path: str, *, most: int) -> list[Any]:
    """Return an array of JSON with at most so many entries."""
    if not isinstance(value, list):
        msg = f"The answer's {path} is {_kind(value)}, not an array."
        raise ProviderInvalidError(msg)
    if len(value) > most:
        msg = f"The answer's {path} has {len(value)} entries; at most {most} make sense."
        raise ProviderInvalidError(msg)
    return value


def text(value: object, path: str) -> str:
    """Return a string."""
    if not isinstance(value, str):
        msg = f"The answer's {path} is {_kind(value)}, not a text."
        raise ProviderInvalidError(msg)
    return value


def number(value: object, path: str) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"The answer's {path} is {_kind(value)}, not a number."
        raise ProviderInvalidError(msg)
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        msg = f"The answer's {path} is not a finite number."
        raise ProviderInvalidError(msg)
    return found


def column(value: object, path: str, *, count: int) -> Column:
    """Return numbers, one an hour: (count,) float64, ``null`` as NaN."""
    values = sequence(value, path, most=max(count, 1) * 2 + 1000)
    if len(values) != count:
        msg = f"The answer's {path} has {len(values)} values for {count} hours."
        raise ProviderInvalidError(msg)
    if not set(map(type, values)) <= _COLUMN_TYPES:
        row = next(row for row, entry in enumerate(values) if type(entry) not in _COLUMN_TYPES)
        msg = f"The answer's {path}[{row}] is {_kind(values[row])}, not a number."
        raise ProviderInvalidError(msg)
    try:
        read = np.array(values, dtype=np.float64)
    except OverflowError:
        read = np.full(count, np.inf)
    if np.isinf(read).any():
        msg = f"The answer's {path} holds a number without an end."
        raise ProviderInvalidError(msg)
    return read


def moment(value: object, path: str) -> datetime:
    """Return a moment in UTC from ISO 8601 with its zone."""
    given = text(value, path)
    try:
        found = datetime.fromisoformat(given)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        msg = f"The answer's {path} is no time."
        raise ProviderInvalidError(msg) from error
    msg = f"The answer's {path} has no time zone."
    raise ProviderInvalidError(msg)
