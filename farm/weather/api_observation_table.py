"""Observed hours as CSV: what was measured or stored, with its flags and where it is from."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from farm.fields.tables import as_text_cell
from farm.weather.flag_words import words_of
from farm.weather.units import UnitSystem, column_in, name_in
from farm.weather.variables import HOURLY_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from farm.weather.assembly import AssembledWeather

ROWS_A_CHUNK = 500


def observation_lines(
    weather: AssembledWeather, *, zone: ZoneInfo, system: UnitSystem
) -> Iterator[str]:
    """Write a header and a line for each observed hour (RFC 4180), some hundred at a time.

    A value that cannot be stands there with its flag, though nothing is computed from it. Hours
    that nobody observed are left out; forecasts are none.
    """
    names = [
        name for name in HOURLY_NAMES if name in weather.hourly.columns or name in weather.rejected
    ]
    columns = [_values(weather, name) for name in names]
    # NaN everywhere: no hour at all.
    is_known = np.zeros(weather.hourly.count, dtype=bool)
    for column in columns:
        is_known |= ~np.isnan(column)
    until = weather.observed_until
    is_known &= _stamps(weather) <= (-math.inf if until is None else until.timestamp())
    shown = [
        column_in(name, column, system=system) for name, column in zip(names, columns, strict=True)
    ]
    header = ["time", *(name_in(name, system=system) for name in names), "sources", "flags"]
    yield _text([header])
    rows = np.flatnonzero(is_known)
    stamps = _stamps(weather)
    for first in range(0, len(rows), ROWS_A_CHUNK):
        chunk = rows[first : first + ROWS_A_CHUNK]
        cells = [_cells(column[chunk]) for column in shown]
        sources = _sources(weather, names, chunk, system=system)
        flags = _flags(weather, names, chunk, system=system)
        times = [
            datetime.fromtimestamp(int(stamp), UTC).astimezone(zone).isoformat()
            for stamp in stamps[chunk]
        ]
        yield _text(list(zip(times, *cells, sources, flags, strict=True)))


def _stamps(weather: AssembledWeather) -> NDArray[np.int64]:
    first = int(weather.hourly.start.timestamp())
    return first + 3600 * np.arange(weather.hourly.count, dtype=np.int64)


def _values(weather: AssembledWeather, name: str) -> NDArray[np.float64]:
    nothing = np.full(weather.hourly.count, np.nan)
    good = weather.hourly.columns.get(name, nothing)
    return np.where(np.isnan(good), weather.rejected.get(name, nothing), good)


def _cells(values: NDArray[np.float64]) -> list[str]:
    # Six decimals are below what any instrument tells apart; a double's tail is noise of units.
    return [
        "" if value != value else f"{value + 0.0:.6f}".rstrip("0").rstrip(".")
        for value in values.tolist()
    ]


def _sources(
    weather: AssembledWeather,
    names: Sequence[str],
    rows: NDArray[np.intp],
    *,
    system: UnitSystem,
) -> list[str]:
    """One word where all values of an hour have one source, else one for each column."""
    said: list[str] = []
    of_columns = {name: weather.sources[name] for name in names if name in weather.sources}
    for row in rows.tolist():
        by_column = {
            name: weather.source_names[codes[row]]
            for name, codes in of_columns.items()
            if codes[row] < len(weather.source_names) and weather.source_names[codes[row]]
        }
        words = sorted(set(by_column.values()))
        said.append(
            as_text_cell(words[0])
            if len(words) == 1
            else " ".join(
                f"{name_in(name, system=system)}:{word}" for name, word in by_column.items()
            )
        )
    return said


def _flags(
    weather: AssembledWeather,
    names: Sequence[str],
    rows: NDArray[np.intp],
    *,
    system: UnitSystem,
) -> list[str]:
    flagged = {name: weather.flags[name] for name in names if name in weather.flags}
    said = []
    for row in rows.tolist():
        found = []
        for name, flags in flagged.items():
            code = int(flags[row])
            if code:
                found.append(f"{name_in(name, system=system)}:{'+'.join(words_of(code))}")
        said.append(" ".join(found))
    return said


def _text(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
