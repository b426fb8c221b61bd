"""Times as loggers write them into Unix seconds; what a clock shows twice or never is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn
from zoneinfo import ZoneInfo

import numpy as np

from farm.weather.station_csv_options import Fold, TimeForm
from farm.weather.station_csv_text import refused, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from farm.weather.station_csv_options import CsvOptions

_TIME = re.compile(
    r"\s*(\d{1,4})[-./](\d{1,2})[-./](\d{1,4})"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
    r"\s*(Z|[+-]\d{2}(?::?\d{2})?)?\s*",
    re.ASCII,
)
_UNIX = re.compile(r"\s*(\d{1,12})(?:\.0*)?\s*", re.ASCII)
FIRST_YEAR = 1900
# Clocks of loggers run ahead a little.
AHEAD = timedelta(minutes=10)
QUARTER_S = 900
_AT_NO_TIME = 2**62


def times_of(
    cells: Sequence[str], *, lines: Sequence[int], header: str, options: CsvOptions, now: datetime
) -> NDArray[np.int64]:
    """Read the times of a file.

    Args:
        cells: Date and time of each row.
        lines: Its number in the file.
        header: Name of the column, for sentences.
        options: How times are written, and in which zone.
        now: No row may be later.

    Returns:
        (rows,) int64, Unix seconds.

    Raises:
        InvalidInputError: A time makes no sense, is of a year before 1900 or in the future, or the
            clock showed it twice or never; the sentence names row and column.
    """
    if options.time_form is TimeForm.UNIX:
        found = [_UNIX.fullmatch(cell) for cell in cells]
        _all_found(found, cells, lines, header)
        seconds = np.array([int(match[1]) for match in found if match], np.int64)
    else:
        seconds = _local_times(cells, lines=lines, header=header, options=options)
    first = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp())
    last = int((now + AHEAD).timestamp())
    for wrong, words in (
        (seconds > last, "is in the future"),
        (seconds < first, f"is of a year before {FIRST_YEAR}"),
    ):
        rows = np.flatnonzero(wrong)
        if len(rows):
            _refuse(int(rows[0]), cells, lines, header, words)
    return seconds


def _local_times(
    cells: Sequence[str], *, lines: Sequence[int], header: str, options: CsvOptions
) -> NDArray[np.int64]:
    walls = np.empty(len(cells), np.int64)
    offsets = np.full(len(cells), _AT_NO_TIME, np.int64)
    plain = _plain_walls(cells) if options.time_form is TimeForm.YEAR_FIRST else None
    if plain is not None:
        walls = plain
    cells_to_read = () if plain is not None else cells
    days: dict[tuple[str, str, str], int] = {}
    for row, cell in enumerate(cells_to_read):
        match = _TIME.fullmatch(cell)
        if match is None:
            _refuse(row, cells, lines, header, "is no time in the form of `time_form`")
        key = (match[1], match[2], match[3])
        day = days.get(key)
        if day is None:
            try:
                day = days[key] = _day_s(key, options.time_form)
            except ValueError:
                _refuse(row, cells, lines, header, "is no day in the form of `time_form`")
        clock = _clock_s(*match.group(4, 5, 6, 7))
        if clock is None:
            _refuse(row, cells, lines, header, "is no time of a day")
        walls[row] = day + clock
        if match[8]:
            offset = _offset_s(match[8])
            if offset is None:
                _refuse(row, cells, lines, header, "has an offset that is none")
            offsets[row] = offset
    is_bare = offsets == _AT_NO_TIME
    if is_bare.any():
        bare = np.flatnonzero(is_bare)
        zone = ZoneInfo(options.time_zone)
        found = _offsets(walls[bare], zone=zone)
        earlier, later = found[0], found[1]
        skipped = bare[earlier < later]
        if len(skipped):
            words = f"is a time that clocks skip in {options.time_zone}"
            _refuse(int(skipped[0]), cells, lines, header, words)
        chosen = _folded(walls[bare], earlier=earlier, later=later, fold=options.fold)
        unsure = bare[chosen == _AT_NO_TIME]
        if len(unsure):
            words = (
                f"is a time that clocks show twice in {options.time_zone}; write offsets, or say "
                "by `fold` which of the two is meant"
            )
            _refuse(int(unsure[0]), cells, lines, header, words)
        offsets[bare] = chosen
    return walls - offsets


def _plain_walls(cells: Sequence[str]) -> NDArray[np.int64] | None:
    """Read times that are all written alike, `2026-03-29 02:30` or with seconds, as one array.

    Ten times as fast as one after another. None where any is written otherwise: whoever reads them
    one by one finds it.
    """
    width = len(cells[0])
    if width not in (16, 19) or any(len(cell) != width for cell in cells):
        return None
    text = np.array(cells, dtype=f"U{width}")
    signs = text.view(np.uint32).reshape(len(cells), width)
    marks = {4: "-", 7: "-", 13: ":", 16: ":"}
    for at in range(width):
        if at == 10:
            is_right = (signs[:, at] == ord(" ")) | (signs[:, at] == ord("T"))
        elif at in marks:
            is_right = signs[:, at] == ord(marks[at])
        else:
            is_right = (signs[:, at] >= ord("0")) & (signs[:, at] <= ord("9"))
        if not is_right.all():
            return None
    try:
        return text.astype("datetime64[s]").astype(np.int64)
    except ValueError:  # such as 24:00, or a thirteenth month
        return None


def _day_s(parts: tuple[str, ...], form: TimeForm) -> int:
    first, second, third = (int(part) for part in parts)
    if form is TimeForm.YEAR_FIRST:
        year, month, day = first, second, third
    elif form is TimeForm.DAY_FIRST:
        year, month, day = third, second, first
    else:
        year, month, day = third, first, second
    # Two digits of a year are a guess that nobody has to make.
    if year < 1000:
        raise ValueError
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())


def _clock_s(
    hour: str | None, minute: str | None, second: str | None, half: str | None
) -> int | None:
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in "Pp" else 0)
    # Loggers write the end of a day as 24:00.
    is_end = (hours, minutes, seconds) == (24, 0, 0)
    if not is_end and (hours > 23 or minutes > 59 or seconds > 59):
        return None
    return hours * 3600 + minutes * 60 + seconds


def _offset_s(text: str) -> int | None:
    if text == "Z":
        return 0
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 15 or minutes > 59:
        return None
    return (-1 if text[0] == "-" else 1) * (hours * 3600 + minutes * 60)


def _offsets(walls: NDArray[np.int64], *, zone: ZoneInfo) -> NDArray[np.int64]:
    """Return the offsets of wall times: (2, rows), the one before a change of clocks and after it.

    Asked of the zone once a quarter of an hour, because no clock is changed more finely since 1900
    but for the end of local mean time.
    """
    quarters, rows = np.unique(walls // QUARTER_S, return_inverse=True)
    found = np.empty((2, len(quarters)), np.int64)
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall has no zone yet
    for at, quarter in enumerate(quarters.tolist()):
        wall = (epoch + timedelta(seconds=quarter * QUARTER_S)).replace(tzinfo=zone)
        for fold in (0, 1):
            offset = wall.replace(fold=fold).utcoffset()
            found[fold, at] = round(offset.total_seconds()) if offset is not None else 0
    return np.asarray(found[:, rows])


def _folded(
    walls: NDArray[np.int64],
    *,
    earlier: NDArray[np.int64],
    later: NDArray[np.int64],
    fold: Fold,
) -> NDArray[np.int64]:
    """Choose between the two offsets of each wall time; ``_AT_NO_TIME`` where nobody can say."""
    chosen = earlier.copy()
    is_twice = earlier > later
    if not is_twice.any() or fold is Fold.EARLIER:
        return chosen
    if fold is Fold.LATER:
        return np.where(is_twice, later, chosen)
    chosen[is_twice] = _AT_NO_TIME
    if fold is Fold.IN_ORDER:
        rows = np.flatnonzero(is_twice)
        seen: dict[int, list[int]] = {}
        for row in rows.tolist():
            seen.setdefault(int(walls[row]), []).append(row)
        # A file that runs backwards shows the later one first.
        is_descending = len(walls) > 1 and walls[0] > walls[-1]
        for pair in seen.values():
            if len(pair) == 2:
                first, second = reversed(pair) if is_descending else pair
                chosen[first], chosen[second] = earlier[first], later[second]
    return chosen


def _all_found(
    found: Sequence[object], cells: Sequence[str], lines: Sequence[int], header: str
) -> None:
    if not all(found):
        row = next(at for at, match in enumerate(found) if not match)
        _refuse(row, cells, lines, header, "is no number of seconds since 1970")


def _refuse(
    row: int, cells: Sequence[str], lines: Sequence[int], header: str, words: str
) -> NoReturn:
    msg = f"Row {lines[row]}, column “{shortened(header)}”: “{shortened(cells[row])}” {words}."
    raise refused(msg, reason="CSV_TIME_INVALID")
