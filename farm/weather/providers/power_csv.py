"""The CSV of NASA POWER: a header of sentences, then a table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.providers.errors import ProviderInvalidError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from farm.weather.series import Column

MOST_LINES = 20_000
MOST_COLUMNS = 40
MISSING = -999.0

_BEGIN, _END = "-BEGIN HEADER-", "-END HEADER-"
_NUMBER = r"([-+]?\d+(?:\.\d+)?)"
_PLACE = re.compile(rf"location:\s*latitude\s+{_NUMBER}\s+longitude\s+{_NUMBER}", re.IGNORECASE)
_GROUND = re.compile(rf"elevation from .*=\s*{_NUMBER}\s*meters", re.IGNORECASE)
_FILL = re.compile(rf"value for missing .*:\s*{_NUMBER}\s*$", re.IGNORECASE)
_LOCAL = re.compile(r"dates \(month/day/year\):.* in LST", re.IGNORECASE)
# The unit stands in the last brackets: `PS   MERRA-2 Surface Pressure (kPa)`.
_PARAMETER = re.compile(r"([A-Z][A-Z0-9_]*)\s+.*\(([^()]*)\)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerTable:
    """An answer.

    Attributes:
        stamps: (rows,) int64, seconds since 1970 of the hour or day given, in the order given.
        columns: Parameter → (rows,) float64, NaN where it is missing.
        units: Parameter → unit as they spell it.
    """

    latitude: float
    longitude: float
    elevation_m: float | None
    is_local_solar: bool
    stamps: NDArray[np.int64]
    columns: Mapping[str, Column]
    units: Mapping[str, str]


def _refused(what: str) -> ProviderInvalidError:
    return ProviderInvalidError(f"The answer {what}.")


def read_table(text: str, *, has_hours: bool) -> PowerTable:
    """Read an answer.

    Args:
        text: The whole of it.
        has_hours: Whether there is to be a column of hours.

    Raises:
        ProviderInvalidError: Something is missing, or is no number; the sentence names the line.
    """
    lines = [line.strip() for line in text.splitlines()]
    if len(lines) > MOST_LINES:
        raise _refused(f"has {len(lines)} lines; at most {MOST_LINES} make sense")
    if not lines or lines[0] != _BEGIN or _END not in lines:
        raise _refused("has no header, so nobody knows its units")
    end = lines.index(_END)
    header = lines[1:end]
    place = next((found for line in header if (found := _PLACE.match(line))), None)
    if place is None:
        raise _refused("does not say for which place it is")
    ground = next((found for line in header if (found := _GROUND.match(line))), None)
    fill = next((found for line in header if (found := _FILL.search(line))), None)
    units = {found[1]: found[2].strip() for line in header if (found := _PARAMETER.fullmatch(line))}
    stamps, columns = _rows(
        lines, begin=end + 1, has_hours=has_hours, missing=float(fill[1]) if fill else MISSING
    )
    return PowerTable(
        latitude=float(place[1]),
        longitude=float(place[2]),
        elevation_m=float(ground[1]) if ground else None,
        is_local_solar=any(_LOCAL.match(line) for line in header),
        stamps=stamps,
        columns=columns,
        units=units,
    )


def _rows(
    lines: list[str], *, begin: int, has_hours: bool, missing: float
) -> tuple[NDArray[np.int64], dict[str, Column]]:
    names = lines[begin].split(",") if begin < len(lines) else []
    if not 0 < len(names) <= MOST_COLUMNS or len(set(names)) != len(names):
        raise _refused("has no table, or one whose columns make no sense")
    rows: list[list[float]] = []
    for at, line in enumerate(lines[begin + 1 :], start=begin + 2):
        if not line:
            continue
        cells = line.split(",")
        if len(cells) != len(names):
            raise _refused(f"has {len(cells)} values for {len(names)} columns in line {at}")
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError as error:
            raise _refused(f"holds what is no number in line {at}") from error
    if not rows:
        raise _refused("has no rows")
    table = np.array(rows)
    if not np.isfinite(table).all():
        raise _refused("holds what is no number")
    by_name = {name: table[:, column] for column, name in enumerate(names)}
    stamps = _stamps(by_name, has_hours=has_hours)
    time_names = {"YEAR", "MO", "DY", "DOY", "HR"}
    return stamps, {
        name: np.where(values == missing, np.nan, values)
        for name, values in by_name.items()
        if name not in time_names
    }


def _stamps(by_name: Mapping[str, Column], *, has_hours: bool) -> NDArray[np.int64]:
    """Return seconds since 1970 from the columns of the calendar."""
    has_months = {"MO", "DY"} <= by_name.keys()
    wanted = ["YEAR", *(["MO", "DY"] if has_months else ["DOY"]), *(["HR"] if has_hours else [])]
    if not set(wanted) <= by_name.keys() or ("HR" in by_name) is not has_hours:
        raise _refused(f"has no columns {', '.join(wanted)}")
    limits = {"YEAR": (1900, 2200), "MO": (1, 12), "DY": (1, 31), "DOY": (1, 366), "HR": (0, 23)}
    parts: dict[str, NDArray[np.int64]] = {}
    for name in wanted:
        low, high = limits[name]
        values = by_name[name]
        if np.any((values < low) | (values > high) | (values != np.floor(values))):
            raise _refused(f"has a {name} that is none")
        parts[name] = values.astype(np.int64)
    years = (parts["YEAR"] - 1970).astype("datetime64[Y]")
    if has_months:
        months = years.astype("datetime64[M]") + (parts["MO"] - 1).astype("timedelta64[M]")
        days = months.astype("datetime64[D]") + (parts["DY"] - 1).astype("timedelta64[D]")
        is_real = days.astype("datetime64[M]") == months
    else:
        days = years.astype("datetime64[D]") + (parts["DOY"] - 1).astype("timedelta64[D]")
        is_real = days.astype("datetime64[Y]") == years
    if not is_real.all():
        raise _refused("has a day that is not in the calendar")
    seconds: NDArray[np.int64] = days.astype(np.int64) * 86_400
    return seconds + parts["HR"] * 3600 if has_hours else seconds
