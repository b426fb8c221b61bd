"""A station's or logger's file into a farm's hours: all of it, or none of it and a sentence why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.models import WeatherSource
from farm.weather.station_csv_options import STEPS_S
from farm.weather.station_csv_text import CsvText, column_at, read_rows, refused, shortened
from farm.weather.station_csv_times import times_of
from farm.weather.station_csv_values import (
    at_ten_metres,
    converted,
    decimal_sign,
    increments,
    numbers_of,
)
from farm.weather.store import FLAG_NAMES, store_hours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from farm.clients.weather import WeatherClient
    from farm.weather.models import WeatherPlace
    from farm.weather.series import Column, Flags
    from farm.weather.station_csv_options import CsvOptions

RESAMPLE_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvImport:
    """What became of a file."""

    rows: int
    rows_repeated: int  # that said the same as the one before
    step_s: int
    encoding: str
    first_hour: datetime  # UTC
    last_hour: datetime
    hours: int  # between the two, gaps included
    hours_new: int
    hours_changed: int
    hours_unchanged: int
    flagged: Mapping[str, Mapping[str, int]]  # column → flag → values
    missing: Mapping[str, int]  # column → hours without a value
    counter_resets: int
    counter_gaps: int  # gaps over which a counter's rain belongs to no hour


def import_station_csv(
    *,
    place: WeatherPlace,
    content: bytes,
    options: CsvOptions,
    client: WeatherClient,
    now: datetime,
    is_dry: bool = False,
) -> CsvImport:
    """Read a file, make hours of it and keep them.

    Args:
        place: Whose station it is.
        content: The file, 16 MiB and 600,000 rows at most.
        options: What its columns and times are.
        client: Of furrow-weather, which makes hours of samples and judges them.
        now: No row may be later.
        is_dry: Store nothing, only say what would become of it.

    Raises:
        InvalidInputError: Something in it makes no sense; the sentence names row and column, and
            nothing is stored.
        ServiceUnavailableError: furrow-weather does not answer; nothing is stored.
    """
    text = read_rows(content, options=options)
    times = _times(text, options=options, now=now)
    order, repeated = _ordered(times, text=text)
    times = times[order]
    step_s = options.step_s or _step(times)
    columns, resets, lost = _columns(text, order=order, times=times, options=options, step_s=step_s)
    judged = client.resample_hours(
        times=times,
        columns=columns,
        step_s=step_s,
        stamp=options.stamp,
        phase_s=options.phase_s,
        completeness_share=options.completeness_share,
        timeout_s=RESAMPLE_TIMEOUT_S,
    )
    hourly = judged.hourly
    stored = store_hours(
        place=place,
        source=WeatherSource.STATION,
        hourly=hourly,
        flags=judged.flags,
        phase_s=options.phase_s,
        is_dry=is_dry,
    )
    stamps = hourly.stamps()
    return CsvImport(
        rows=len(text.rows),
        rows_repeated=repeated,
        step_s=step_s,
        encoding=text.encoding,
        first_hour=stamps[0].astimezone(UTC),
        last_hour=stamps[-1].astimezone(UTC),
        hours=hourly.count,
        hours_new=stored.hours_new,
        hours_changed=stored.hours_changed,
        hours_unchanged=stored.hours_unchanged,
        flagged=_flagged(judged.flags),
        missing={name: int(np.isnan(values).sum()) for name, values in hourly.columns.items()},
        counter_resets=resets,
        counter_gaps=lost,
    )


def _times(text: CsvText, *, options: CsvOptions, now: datetime) -> NDArray[np.int64]:
    places = [column_at(text, header) for header in options.time_columns]
    first = places[0]
    if len(places) == 1:
        cells = [row[first] for row in text.rows]
    else:
        second = places[1]
        cells = [f"{row[first].strip()} {row[second].strip()}" for row in text.rows]
    return times_of(
        cells,
        lines=text.lines,
        header=" ".join(options.time_columns),
        options=options,
        now=now,
    )


def _ordered(times: NDArray[np.int64], *, text: CsvText) -> tuple[NDArray[np.intp], int]:
    """Return the rows to read in ascending order, and how many only repeat the one before.

    Raises:
        InvalidInputError: A time goes back, or two rows of one time differ.
    """
    order = np.arange(len(times))
    if len(times) > 1 and times[0] > times[-1]:
        order = order[::-1]  # the newest first, as some loggers write
    steps = np.diff(times[order])
    back = np.flatnonzero(steps < 0)
    if len(back):
        before, row = int(order[back[0]]), int(order[back[0] + 1])
        msg = f"Row {text.lines[row]} is out of order: its time is before that of row"
        raise refused(f"{msg} {text.lines[before]}.", reason="CSV_TIME_ORDER")
    same = np.flatnonzero(steps == 0)
    for at in same.tolist():
        before, row = int(order[at]), int(order[at + 1])
        if text.rows[before] != text.rows[row]:
            msg = f"Rows {text.lines[before]} and {text.lines[row]} have one time and differ."
            raise refused(msg, reason="CSV_TIME_TWICE")
    return np.delete(order, same + 1), len(same)


def _step(times: NDArray[np.int64]) -> int:
    """Return what most rows are apart.

    Raises:
        InvalidInputError: That is no divisor of an hour.
    """
    apart = np.diff(times)
    if not len(apart):
        return 3600
    # Clocks drift by seconds; loggers' steps are whole minutes.
    rounded = (60 * np.round(apart / 60)).astype(int)
    step = Counter(rounded.tolist()).most_common(1)[0][0]
    if step not in STEPS_S:
        msg = (
            f"Most rows are {step:,} s apart; 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 and 60 minutes "
            "can be made hours of."
        )
        raise refused(msg, reason="CSV_STEP")
    return int(step)


def _columns(
    text: CsvText,
    *,
    order: NDArray[np.intp],
    times: NDArray[np.int64],
    options: CsvOptions,
    step_s: int,
) -> tuple[dict[str, Column], int, int]:
    rows = order.tolist()
    lines = [text.lines[row] for row in rows]
    places = [column_at(text, column.header) for column in options.columns]
    cells = [[text.rows[row][at] for row in rows] for at in places]
    decimal = options.decimal or decimal_sign(cells, delimiter=text.delimiter)
    found: dict[str, Column] = {}
    resets = lost = 0
    for column, of_column in zip(options.columns, cells, strict=True):
        values = numbers_of(
            of_column,
            lines=lines,
            header=column.header,
            missing=options.missing,
            decimal=decimal,
        )
        if np.isnan(values).all():
            continue
        values = converted(values, column=column, step_s=step_s)
        if column.is_counter:
            values, resets, lost = increments(values, times=times, step_s=step_s)
        if column.variable in ("wind_speed_m_s", "wind_gust_m_s"):
            values = at_ten_metres(values, height_m=options.wind_height_m)
        found[column.variable] = values
    if not found:
        names = ", ".join(f"“{shortened(column.header)}”" for column in options.columns[:10])
        raise refused(f"There is no value at all in {names}.", reason="CSV_EMPTY")
    return found, resets, lost


def _flagged(flags: Mapping[str, Flags]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for column, marks in flags.items():
        counts = {name: int(((marks & bit) > 0).sum()) for bit, name in FLAG_NAMES.items()}
        if any(counts.values()):
            found[column] = {name: count for name, count in counts.items() if count}
    return found
