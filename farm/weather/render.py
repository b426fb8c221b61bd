"""A table of weather as JSON, fast: columns are written by ``json_columns``, the rest by ``json``.

The document, beside what the caller puts before it::

    step, count, time_zone, observed_until, issued_at, stale, is_simulated, is_elevation_assumed,
    is_partial, is_provisional, units, methods, sources, missing_hours | missing_days |
    missing_weeks, coverage, notes, source_runs, flags, rejected, times | dates, columns, rows

``columns`` has a list per column; ``rows`` what is known of each row of days or weeks; of hours
``forecast_from_row`` says it all. Runs and flags count rows from 0.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from farm.weather.flag_words import words_of
from farm.weather.json_columns import dates_json, numbers_json, times_json, words_json
from farm.weather.tables import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from farm.weather.tables import WeatherTable

# Finer than what is known, coarse enough to be read.
_DECIMALS = {
    "°C": 1,
    "°F": 1,
    "K": 2,
    "°F (difference)": 1,
    "%": 1,
    "m/s": 2,
    "mph": 1,
    "°": 0,
    "mm": 2,
    "in": 3,
    "MJ/m²": 3,
    "ly": 1,
    "hPa": 1,
    "inHg": 2,
    "WMO 4677": 0,
    "K d": 2,
    "°F d": 1,
    "h": 1,
    "ft": 1,
}
OTHER_DECIMALS = 3
SHARE_DECIMALS = 3
_SECTIONS = {Step.HOUR: "missing_hours", Step.DAY: "missing_days", Step.WEEK: "missing_weeks"}


def rendered(table: WeatherTable, *, before: Mapping[str, Any] | None = None) -> bytes:
    """Write a table as a JSON document.

    Args:
        table: In the units in which it is to be shown.
        before: Members that come first, such as what place it is of.
    """
    head = _json({**(before or {}), **_about(table)})
    # Members of the object, each with its name, so that columns are joined and not parsed again.
    return head[:-1] + b"," + b",".join(_bulk(table)) + b"}"


def decimals_of(unit: str) -> int:
    """Return to how many decimals a column of a unit is written."""
    return _DECIMALS.get(unit, OTHER_DECIMALS)


def _about(table: WeatherTable) -> dict[str, Any]:
    fresh = table.freshness
    zone = ZoneInfo(table.time_zone)
    about: dict[str, Any] = {
        "step": table.step,
        "count": table.count,
        "time_zone": table.time_zone,
        "observed_until": _local(fresh.observed_until, zone),
        "issued_at": _local(fresh.issued_at, zone),
        "stale": {"age_s": fresh.age_s, "reason": fresh.stale_reason} if fresh.is_stale else None,
        "is_simulated": fresh.is_simulated,
        "is_elevation_assumed": fresh.is_elevation_assumed,
        "is_partial": table.has_partial_rows,
        "is_provisional": bool(table.is_provisional.any()),
        "units": dict(table.units),
        "methods": [
            {"quantity": method.quantity, "name": method.name, "source": method.source}
            for method in table.methods
        ],
        "sources": _sources(table),
        _SECTIONS[table.step]: dict(table.missing),
        "notes": dict(table.notes),
    }
    if table.step is Step.HOUR:
        forecast = np.flatnonzero(table.is_provisional)
        about["forecast_from_row"] = int(forecast[0]) if len(forecast) else None
        about["source_runs"] = {
            name: [
                {"from_row": first, "rows": rows, "source": table.source_names[place]}
                for first, rows, place in _runs(places)
            ]
            for name, places in table.sources.items()
        }
        about["flags"] = {
            name: [
                {"from_row": first, "rows": rows, "flags": words_of(bits)}
                for first, rows, bits in _runs(flags)
            ]
            for name, flags in table.flags.items()
        }
        about["rejected"] = {
            name: [
                {"row": int(row), "value": float(column[row])}
                for row in np.flatnonzero(~np.isnan(column))
            ]
            for name, column in table.rejected.items()
        }
    return about


def _bulk(table: WeatherTable) -> Iterator[bytes]:
    if table.stamps_s is None:
        yield b'"dates":' + dates_json(table.dates)
    else:
        yield b'"times":' + times_json(table.stamps_s, time_zone=table.time_zone)
    columns = [
        (name, numbers_json(column, decimals=decimals_of(table.units.get(name, ""))))
        for name, column in table.columns.items()
    ]
    columns += [(name, words_json(codes, words)) for name, (codes, words) in table.words.items()]
    yield b'"columns":' + _object(columns)
    if table.step is not Step.HOUR:
        shares = [
            (name, numbers_json(share, decimals=SHARE_DECIMALS))
            for name, share in table.coverage.items()
        ]
        yield b'"coverage":' + _object(shares)
        rows = [("is_provisional", _truths(table.is_provisional))]
        if table.is_partial is not None:
            rows.insert(0, ("is_partial", _truths(table.is_partial)))
        yield b'"rows":' + _object(rows)


def _sources(table: WeatherTable) -> dict[str, list[str]]:
    """Return by column the sources that any of its values rest on, the best first."""
    found = {name: list(sources) for name, sources in table.made_of.items()}
    for name, places in table.sources.items():
        used = np.flatnonzero(np.bincount(places)).tolist()
        found[name] = [table.source_names[place] for place in used if place]
    return found


def _runs(values: NDArray[np.uint8]) -> Iterator[tuple[int, int, int]]:
    """Return first row, number of rows and value of every run that is not 0."""
    if not len(values):
        return
    firsts = np.concatenate([[0], np.flatnonzero(np.diff(values)) + 1])
    lengths = np.diff([*firsts, len(values)])
    for first, rows in zip(firsts.tolist(), lengths.tolist(), strict=True):
        if values[first]:
            yield first, rows, int(values[first])


def _truths(bits: NDArray[np.uint8]) -> bytes:
    return _json([bit != 0 for bit in bits.tolist()])


def _object(members: list[tuple[str, bytes]]) -> bytes:
    return b"{" + b",".join(_json(name) + b":" + value for name, value in members) + b"}"


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else moment.astimezone(zone).isoformat()
