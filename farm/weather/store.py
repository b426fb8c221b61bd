"""Hours into the database: the same hours again change nothing, and nothing is ever lost by NaN."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction

from farm.errors import InvalidInputError
from farm.observability.metrics import WEATHER_FLAGGED, WEATHER_HOURS_STORED
from farm.weather.blocks import (
    HOURS_A_DAY,
    VARIABLES,
    flags_of,
    pack_flags,
    pack_values,
    unpack_flags,
    unpack_values,
    values_of,
)
from farm.weather.models import WeatherDay, WeatherPlace
from farm.weather.series import HOUR, Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from farm.weather.series import Flags, HourlyWeather

# Blocks of one statement: 90 KB of parameters a hundred, far below every database's bounds.
ROWS_A_STATEMENT = 200
FLAG_NAMES = {
    Flag.RANGE: "range",
    Flag.STEP: "step",
    Flag.PERSISTENCE: "persistence",
    Flag.CONSISTENCY: "consistency",
    Flag.SPARSE: "sparse",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOutcome:
    """What storing hours changed."""

    hours_new: int  # that had no value before
    hours_changed: int  # that had another one
    hours_unchanged: int
    days_written: int  # blocks
    flagged_values: int  # of those sent

    @property
    def has_changed(self) -> bool:
        """Whether anything was written."""
        return self.days_written > 0


@transaction.atomic
def store_hours(
    *,
    place: WeatherPlace,
    source: str,
    hourly: HourlyWeather,
    flags: Mapping[str, Flags] | None = None,
    phase_s: int | None = None,
    is_dry: bool = False,
) -> StoreOutcome:
    """Keep hours that came to pass, all or none of them.

    A new value takes the place of an older one with its flags; where there is none (NaN) the older
    one stays, so a source that answers less than before deletes nothing.

    Args:
        place: Where.
        source: One of ``WeatherSource``.
        hourly: The hours.
        flags: What was found about them, by column; absent: nothing.
        phase_s: Seconds past the whole hour at which the hours end; by default those of the start.
        is_dry: Write nothing, only say what would change.

    Raises:
        InvalidInputError: The days hold hours of this source that end at another minute.
    """
    flags = flags or {}
    if phase_s is None:
        phase_s = phase_of(hourly.start)
    values, marks, first_day = _by_day(hourly, flags, phase_s=phase_s)
    # Two uploads at once would each merge into what the other has not written yet.
    WeatherPlace.objects.select_for_update().filter(pk=place.pk).first()
    days = [first_day + timedelta(days=row) for row in range(len(values))]
    kept, kept_marks, is_kept = _kept(
        place, source, first_day=first_day, count=len(days), phase_s=phase_s
    )
    is_sent = ~np.isnan(values)
    merged = np.where(is_sent, values, kept)
    # A gap may carry a flag too: too few samples to make an hour of.
    is_marked = is_sent | ((marks > 0) & np.isnan(kept))
    merged_marks = np.where(is_marked, marks, kept_marks)
    was = ~np.isnan(kept)
    differs = is_sent & was & (values != kept)
    is_dirty = (is_sent & ~was).any((1, 2)) | differs.any((1, 2))
    is_dirty |= (merged_marks != kept_marks).any((1, 2))
    is_dirty &= is_kept | is_marked.any((1, 2))
    rows = np.flatnonzero(is_dirty)
    outcome = _outcome(is_sent=is_sent, was=was, differs=differs, days=len(rows), marks=marks)
    if is_dry:
        return outcome
    _write(
        [
            WeatherDay(
                place=place,
                source=source,
                day=days[row],
                phase_s=phase_s,
                values=pack_values(merged[row]),
                flags=pack_flags(merged_marks[row]),
            )
            for row in rows
        ]
    )
    _count(source, outcome, marks=marks[rows])
    return outcome


def phase_of(moment: datetime) -> int:
    """Return how many seconds past the whole hour a stamp is."""
    return moment.minute * 60 + moment.second


def _by_day(
    hourly: HourlyWeather, flags: Mapping[str, Flags], *, phase_s: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8], date]:
    """Lay hours out as (days, variables, 24), from the UTC day of the first stamp on."""
    start = hourly.start.astimezone(UTC)
    first_day = start.date()
    midnight = datetime.combine(first_day, time(), UTC) + timedelta(seconds=phase_s)
    before, rest = divmod(start - midnight, HOUR)
    if rest:
        msg = f"The hours begin at {start:%H:%M:%S} UTC, which is not {phase_s} s past an hour."
        raise InvalidInputError(msg, reason="PHASE_INVALID")
    count = -(-(before + hourly.count) // HOURS_A_DAY)
    slots = slice(before, before + hourly.count)
    values = np.full((VARIABLES, count * HOURS_A_DAY), np.nan)
    values[:, slots] = values_of(columns=hourly.columns, hours=hourly.count)
    marks = np.zeros((VARIABLES, count * HOURS_A_DAY), dtype=np.uint8)
    marks[:, slots] = flags_of(columns=flags, hours=hourly.count)
    shape = (VARIABLES, count, HOURS_A_DAY)
    return (
        values.reshape(shape).transpose(1, 0, 2),
        marks.reshape(shape).transpose(1, 0, 2),
        first_day,
    )


def _kept(
    place: WeatherPlace, source: str, *, first_day: date, count: int, phase_s: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.bool_]]:
    """Return what is stored of the days, laid out likewise, and which days there are."""
    values = np.full((count, VARIABLES, HOURS_A_DAY), np.nan)
    marks = np.zeros((count, VARIABLES, HOURS_A_DAY), dtype=np.uint8)
    is_kept = np.zeros(count, dtype=bool)
    stored = list(
        WeatherDay.objects.filter(
            place=place,
            source=source,
            day__range=(first_day, first_day + timedelta(days=count - 1)),
        )
        .order_by("day")
        .values_list("day", "phase_s", "values", "flags")
    )
    if not stored:
        return values, marks, is_kept
    for day, stored_phase_s, _, _ in stored:
        if stored_phase_s != phase_s:
            msg = (
                f"The hours of {day} end {stored_phase_s // 60} minutes past the hour, those sent "
                f"{phase_s // 60} minutes past it."
            )
            raise InvalidInputError(msg, reason="PHASE_DIFFERS")
    rows = [(day - first_day).days for day, *_ in stored]
    values[rows] = unpack_values([row[2] for row in stored])
    marks[rows] = unpack_flags([row[3] for row in stored])
    is_kept[rows] = True
    return values, marks, is_kept


def _write(blocks: list[WeatherDay]) -> None:
    for first in range(0, len(blocks), ROWS_A_STATEMENT):
        WeatherDay.objects.bulk_create(
            blocks[first : first + ROWS_A_STATEMENT],
            update_conflicts=True,
            update_fields=["phase_s", "values", "flags", "updated_at"],
            unique_fields=["place", "source", "day"],
        )


def _outcome(
    *,
    is_sent: NDArray[np.bool_],
    was: NDArray[np.bool_],
    differs: NDArray[np.bool_],
    days: int,
    marks: NDArray[np.uint8],
) -> StoreOutcome:
    any_sent, any_new = is_sent.any(1), (is_sent & ~was).any(1)
    changed = differs.any(1)
    new = any_new & ~was.any(1)
    unchanged = any_sent & ~any_new & ~changed
    return StoreOutcome(
        hours_new=int(new.sum()),
        hours_changed=int(any_sent.sum() - new.sum() - unchanged.sum()),
        hours_unchanged=int(unchanged.sum()),
        days_written=days,
        flagged_values=int((marks > 0).sum()),
    )


def _count(source: str, outcome: StoreOutcome, *, marks: NDArray[np.uint8]) -> None:
    WEATHER_HOURS_STORED.labels(source).inc(outcome.hours_new + outcome.hours_changed)
    for bit, name in FLAG_NAMES.items():
        found = int(((marks & bit) > 0).sum())
        if found:
            WEATHER_FLAGGED.labels(name).inc(found)
