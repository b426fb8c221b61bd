"""What a request may change of a table: which columns it has, and in which units they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from rest_framework import serializers

from farm.weather.tables import missing_of
from farm.weather.units import UnitSystem, column_in, name_in, unit_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from farm.weather.series import Column
    from farm.weather.tables import WeatherTable

Value = TypeVar("Value")


def with_columns(
    table: WeatherTable, *, names: Sequence[str] | None, system: UnitSystem
) -> WeatherTable:
    """Keep only the columns that were asked for.

    Args:
        table: In metric units.
        names: As the answer calls them in ``system``, or by their metric names; None: all.
        system: Of the answer.

    Raises:
        ValidationError: The answer has no such column; the sentence names those it has.
    """
    if names is None:
        return table
    known = {name_in(name, system=system): name for name in (*table.columns, *table.words)}
    shown = list(known)
    known |= {name: name for name in (*table.columns, *table.words)}
    unknown = [name for name in names if name not in known]
    if unknown:
        msg = f"There is no column “{unknown[0]}”; known are: {', '.join(shown)}."
        raise serializers.ValidationError({"columns": [msg]})
    kept = {known[name] for name in names}
    return replace(
        table,
        columns=_only(table.columns, kept),
        words=_only(table.words, kept),
        units=_only(table.units, kept),
        sources=_only(table.sources, kept),
        made_of=_only(table.made_of, kept),
        flags=_only(table.flags, kept),
        rejected=_only(table.rejected, kept),
        missing=_only(table.missing, kept),
        coverage=_only(table.coverage, kept),
        methods=tuple(
            method
            for method in table.methods
            # A method of something that is no column, such as a season's total, is of all.
            if method.quantity in kept or method.quantity not in table.units
        ),
    )


def of_days(table: WeatherTable, *, first_day: date | None, last_day: date | None) -> WeatherTable:
    """Keep the rows of a table of days that were asked for, both ends included.

    Args:
        table: Of days.
        first_day: None: from its own first one.
        last_day: None: to its own last one.
    """
    kept = np.array(
        [
            (first_day is None or day >= first_day) and (last_day is None or day <= last_day)
            for day in table.dates
        ],
        dtype=bool,
    )
    columns = {name: column[kept] for name, column in table.columns.items()}
    return replace(
        table,
        dates=[day for day, is_kept in zip(table.dates, kept, strict=True) if is_kept],
        columns=columns,
        words={name: (codes[kept], words) for name, (codes, words) in table.words.items()},
        missing=missing_of(columns),
        coverage={name: share[kept] for name, share in table.coverage.items()},
        is_partial=None if table.is_partial is None else table.is_partial[kept],
        is_provisional=table.is_provisional[kept],
    )


def in_units(table: WeatherTable, *, system: UnitSystem) -> WeatherTable:
    """Return a metric table in the units of a system, its columns named by them."""
    if system is UnitSystem.METRIC:
        return table

    def renamed(values: Mapping[str, Value]) -> dict[str, Value]:
        return {name_in(name, system=system): value for name, value in values.items()}

    def converted(columns: Mapping[str, Column]) -> dict[str, Column]:
        return renamed(
            {name: column_in(name, values, system=system) for name, values in columns.items()}
        )

    return replace(
        table,
        columns=converted(table.columns),
        words=renamed(table.words),
        units=renamed(
            {name: unit_in(name, unit, system=system) for name, unit in table.units.items()}
        ),
        sources=renamed(table.sources),
        made_of=renamed(table.made_of),
        flags=renamed(table.flags),
        rejected=converted(table.rejected),
        missing=renamed(table.missing),
        coverage=renamed(table.coverage),
        methods=tuple(
            replace(method, quantity=name_in(method.quantity, system=system))
            for method in table.methods
        ),
    )


def _only(values: Mapping[str, Value], kept: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in kept}
