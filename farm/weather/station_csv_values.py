"""Cells of a station's file into numbers in our units."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.station_csv_text import refused, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from farm.weather.series import Column
    from farm.weather.station_csv_options import CsvColumn

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
# What ``float`` reads and no logger writes: 1_000, infinity, digits of other scripts.
_ODD = re.compile(r"[^0-9eE+.\-]", re.ASCII)
# A bucket that tips backwards by noise is no reset.
COUNTER_NOISE_MM = 0.05


def decimal_sign(columns: Sequence[Sequence[str]], *, delimiter: str) -> str:
    """Return the decimal sign: a comma where cells are written so and commas part no cells."""
    if delimiter == ",":
        # Quoted cells may still hold one.
        found = any(_WITH_COMMA.fullmatch(cell.strip()) for cells in columns for cell in cells[:50])
        return "," if found else "."
    for cells in columns:
        for cell in cells[:2000]:
            if _WITH_COMMA.fullmatch(cell.strip()):
                return ","
    return "."


def numbers_of(
    cells: Sequence[str],
    *,
    lines: Sequence[int],
    header: str,
    missing: frozenset[str],
    decimal: str,
) -> Column:
    """Read a column of numbers.

    Args:
        cells: Its cells.
        lines: Their rows' numbers in the file.
        header: Its name, for sentences.
        missing: Lower-case texts that stand for no value.
        decimal: ``.`` or ``,``.

    Returns:
        (rows,) float64, NaN where there is no value.

    Raises:
        InvalidInputError: A cell is no number: a formula, a word, a date; the sentence names row
            and column.
    """
    known: dict[str, float] = {}
    values = np.empty(len(cells))
    for row, cell in enumerate(cells):
        value = known.get(cell)
        if value is None:
            value = _number(cell, missing=missing, decimal=decimal)
            if value is None:
                msg = (
                    f"Row {lines[row]}, column “{shortened(header)}”: “{shortened(cell)}” is no "
                    "number."
                )
                raise refused(msg, reason="CSV_VALUE_INVALID")
            known[cell] = value
        values[row] = value
    return values


def _number(cell: str, *, missing: frozenset[str], decimal: str) -> float | None:
    text = cell.strip()
    if text.lower() in missing:
        return np.nan
    if decimal == ",":
        if "." in text:  # 1.234,5: which of the two is meant nobody can say
            return None
        text = text.replace(",", ".")
        if text.lower() in missing:
            return np.nan
    if _ODD.search(text) or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if np.isfinite(value) else None


def converted(values: Column, *, column: CsvColumn, step_s: int) -> Column:
    """Return a column in our unit.

    Args:
        values: (rows,) float64 in the file's unit.
        column: What it is.
        step_s: Length of a row's interval; an amount is made of a mean power by it.
    """
    conversion = column.conversion
    scale = conversion.scale * (step_s if conversion.is_power else 1)
    return np.asarray(values * scale + conversion.offset)


def increments(values: Column, *, times: NDArray[np.int64], step_s: int) -> tuple[Column, int, int]:
    """Return what fell in each interval, of a counter that only rises.

    Where it falls, it was reset, and what it shows has fallen since. What fell while rows or cells
    are missing belongs to no interval and is left out, never spread.

    Args:
        values: (rows,) float64, what the counter shows, mm.
        times: (rows,) int64, Unix seconds, ascending.
        step_s: From one row to the next.

    Returns:
        (rows,) float64, the first one NaN; number of resets; number of gaps whose rain is lost.
    """
    amounts = np.full(len(values), np.nan)
    rows = np.flatnonzero(~np.isnan(values))
    shown = values[rows]
    rise = np.diff(shown)
    is_next = np.diff(times[rows]) <= 1.5 * step_s
    is_reset = rise < -COUNTER_NOISE_MM
    amount = np.where(is_reset, shown[1:], np.maximum(rise, 0.0))
    amounts[rows[1:]] = np.where(is_next, amount, np.nan)
    lost = int((~is_next & (rise != 0)).sum())
    return amounts, int((is_reset & is_next).sum()), lost


def at_ten_metres(speed: Column, *, height_m: float) -> Column:
    """Return wind speed at 10 m, where every stored wind is (FAO-56, eq 47, both ways)."""
    if height_m == 10.0:
        return speed
    return np.asarray(speed * np.log(67.8 * 10.0 - 5.42) / np.log(67.8 * height_m - 5.42))
