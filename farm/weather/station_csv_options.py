"""What a person says about a station's file: what each column is, and what clock its times are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import available_timezones

from farm.errors import InvalidInputError
from farm.weather.domain import Stamp
from farm.weather.station_csv_units import Conversion, conversion_of

MOST_COLUMNS = 512
ENCODINGS = ("utf-8", "utf-16", "windows-1252", "iso-8859-1")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
STEPS_S = tuple(step for step in range(60, 3601) if 3600 % step == 0)
PHASES_S = (0, 900, 1800, 2700)
# Of a float that nobody measured; more by ``missing``.
MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "--", "---", "-99", "-999", "-9999",
           "-99.9", "-99.99", "-999.0", "-999.9", "-9999.0", "6999", "-6999")  # fmt: skip


class TimeForm(StrEnum):
    """In which order a time is written."""

    YEAR_FIRST = "ymd"  # 2026-03-29 02:30, with or without an offset
    DAY_FIRST = "dmy"  # 29.03.2026 02:30
    MONTH_FIRST = "mdy"  # 03/29/2026 02:30
    UNIX = "unix"  # seconds since 1970


class Fold(StrEnum):
    """What a time means that the clock shows twice when summer time ends."""

    REFUSE = "refuse"
    EARLIER = "earlier"
    LATER = "later"
    IN_ORDER = "in_order"  # the first one of two is the earlier; one that stands alone is refused


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvColumn:
    """A column of the file."""

    header: str
    variable: str  # of ``HOURLY``
    conversion: Conversion
    is_counter: bool = False  # rain: the number only rises, until it is reset


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvOptions:
    """How a file is read."""

    time_columns: tuple[str, ...]  # one header, or date and time
    columns: tuple[CsvColumn, ...]
    time_zone: str  # IANA name, of times without an offset
    time_form: TimeForm = TimeForm.YEAR_FIRST
    fold: Fold = Fold.REFUSE
    stamp: Stamp = Stamp.END
    step_s: int | None = None  # None: what most rows are apart
    phase_s: int = 0
    completeness_share: float = 0.75
    encoding: str | None = None  # None: by the bytes
    delimiter: str | None = None  # None: by the header
    decimal: str | None = None  # "." or ","; None: by delimiter and cells
    header_row: int = 1  # from 1
    rows_after_header: int = 0  # of units and the like, left out
    missing: frozenset[str] = frozenset(MISSING)  # lower case
    wind_height_m: float = 10.0  # of the sensor


def parse_options(given: Mapping[str, Any], *, time_zone: str) -> CsvOptions:
    """Read what a request says about a file.

    Args:
        given: ``time`` (header, or list of two), ``columns`` (header → ``{"variable", "unit",
            "is_counter"}``), and any of ``time_zone``, ``time_form``, ``fold``, ``stamp``,
            ``step_s``, ``phase_s``, ``completeness_share``, ``encoding``, ``delimiter``,
            ``decimal``, ``header_row``, ``rows_after_header``, ``missing`` (list of texts), and
            ``wind_height_m``.
        time_zone: The farm's, where the request names none.

    Raises:
        InvalidInputError: Something is unknown or makes no sense; the sentence names it.
    """
    if not isinstance(given, Mapping):
        raise _refused("What is said about the file is no object of names and values.")
    unknown = set(given) - _KNOWN
    if unknown:
        name = str(min(unknown))[:64]
        raise _refused(f"There is no option “{name}”; known are: {', '.join(sorted(_KNOWN))}.")
    times = given.get("time")
    times = (times,) if isinstance(times, str) else times
    if not (
        isinstance(times, (list, tuple))
        and len(times) in (1, 2)
        and all(isinstance(one, str) and one.strip() for one in times)
    ):
        raise _refused("`time` names the column of the time, or two: date and time.")
    zone = given.get("time_zone") or time_zone
    if not isinstance(zone, str) or zone not in available_timezones():
        raise _refused(f"“{str(zone)[:64]}” is no time zone such as Europe/Brussels.")
    delimiter = _choice(given, "delimiter", tuple(DELIMITERS), default=None)
    missing = given.get("missing", [])
    if not (isinstance(missing, (list, tuple)) and len(missing) <= 50):
        raise _refused("`missing` is a list of at most 50 texts.")
    own = {str(text).strip().lower()[:64] for text in missing}
    return CsvOptions(
        time_columns=tuple(one.strip() for one in times),
        columns=_columns(given.get("columns")),
        time_zone=zone,
        time_form=TimeForm(_choice(given, "time_form", tuple(TimeForm), default="ymd")),
        fold=Fold(_choice(given, "fold", tuple(Fold), default="refuse")),
        stamp=Stamp(_choice(given, "stamp", tuple(Stamp), default="end")),
        step_s=_choice(given, "step_s", STEPS_S, default=None),
        phase_s=_choice(given, "phase_s", PHASES_S, default=0),
        completeness_share=_number(given, "completeness_share", 0.01, 1.0, default=0.75),
        encoding=_choice(given, "encoding", ENCODINGS, default=None),
        delimiter=DELIMITERS[delimiter] if delimiter else None,
        decimal=_choice(given, "decimal", (".", ","), default=None),
        header_row=int(_number(given, "header_row", 1, 100, default=1)),
        rows_after_header=int(_number(given, "rows_after_header", 0, 100, default=0)),
        missing=frozenset(MISSING) | own,
        wind_height_m=_number(given, "wind_height_m", 0.5, 100, default=10.0),
    )


_KNOWN = {
    "time", "columns", "time_zone", "time_form", "fold", "stamp", "step_s", "phase_s",
    "completeness_share", "encoding", "delimiter", "decimal", "header_row", "rows_after_header",
    "missing", "wind_height_m",
}  # fmt: skip


def _columns(given: Any) -> tuple[CsvColumn, ...]:
    if not isinstance(given, Mapping) or not given:
        raise _refused("`columns` says of each header which variable it is, and in which unit.")
    if len(given) > MOST_COLUMNS:
        raise _refused(f"`columns` names {len(given)}; {MOST_COLUMNS} are the most.")
    columns = []
    for header, said in given.items():
        if not isinstance(said, Mapping) or set(said) - {"variable", "unit", "is_counter"}:
            msg = f"Of the column “{header[:64]}” variable and unit are asked for."
            raise _refused(msg)
        variable, unit = str(said.get("variable", "")), str(said.get("unit", ""))
        is_counter = said.get("is_counter", False)
        if not isinstance(is_counter, bool) or (is_counter and variable != "precipitation_mm"):
            raise _refused(f"The column “{header[:64]}”: only precipitation can be a counter.")
        conversion = conversion_of(variable=variable, unit=unit)
        columns.append(
            CsvColumn(
                header=header.strip(),
                variable=variable,
                conversion=conversion,
                is_counter=is_counter,
            )
        )
    variables = [column.variable for column in columns]
    twice = {name for name in variables if variables.count(name) > 1}
    if twice:
        raise _refused(f"Two columns are said to be {min(twice)}.")
    return tuple(columns)


def _choice(given: Mapping[str, Any], name: str, known: tuple[Any, ...], *, default: Any) -> Any:
    value = given.get(name)
    if value is None:
        return default
    if type(value) not in {str, int} or value not in known:
        words = ", ".join(str(one) for one in known)
        raise _refused(f"`{name}` is “{str(value)[:64]}”; it must be one of {words}.")
    return value


def _number(
    given: Mapping[str, Any], name: str, least: float, most: float, *, default: float
) -> float:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise _refused(f"`{name}` is “{str(value)[:64]}”; it must be from {least:g} to {most:g}.")
    return value


def _refused(detail: str) -> InvalidInputError:
    return InvalidInputError(detail, reason="CSV_OPTIONS_INVALID")
