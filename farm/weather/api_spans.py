"""Which hours or days a request is about: what was asked for, or what a farmer expects.

Days are those of a zone; an hour of a span bears a stamp in ``[start, end)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MOST_HOURLY_DAYS = 400
MOST_DAYS = 3660  # ten years
# Hours beyond a span of days that its first and last night, and its last sums, are made of.
MARGIN = timedelta(hours=36)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourSpan:
    """Hours stamped from ``start`` to before ``end``, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpan:
    """Local days, both included."""

    first_day: date
    last_day: date

    @property
    def count(self) -> int:
        """Number of days."""
        return (self.last_day - self.first_day).days + 1

    def hours(self, *, zone: ZoneInfo) -> HourSpan:
        """Return all hours that may count for one of the days, or for a night of theirs."""
        return HourSpan(
            start=day_begins(self.first_day, zone) - MARGIN,
            end=day_begins(self.last_day + DAY, zone) + MARGIN,
        )


def hour_span(
    query: Mapping[str, Any],
    *,
    zone: ZoneInfo,
    now: datetime,
    before: timedelta = DAY,
    after: timedelta = 7 * DAY,
) -> HourSpan:
    """Return the hours of a request; by default those from ``before`` to ``after`` now.

    Raises:
        ValidationError: The span ends before it begins, or is longer than 400 days.
    """
    first, last = query.get("from"), query.get("to")
    around = now.replace(minute=0, second=0, microsecond=0)
    if first is None and last is None:
        return HourSpan(start=around - before, end=around + after)
    end = None if last is None else _end_of(last, zone)
    if first is None:
        assert end is not None, "one of the two is there"  # noqa: S101
        start = end - before - after
    else:
        start = _begin_of(first, zone)
    if end is None:
        end = max(around + after, start + DAY)
    _refuse_reversed(start, end, query)
    _refuse_long(end - start, most=MOST_HOURLY_DAYS)
    return HourSpan(start=start, end=end)


def day_span(
    query: Mapping[str, Any],
    *,
    zone: ZoneInfo,
    now: datetime,
    before: int = 7,
    after: int = 7,
    most: int = MOST_DAYS,
) -> DaySpan:
    """Return the days of a request; by default ``before`` past ones, today, and ``after`` coming.

    Raises:
        ValidationError: The span ends before it begins, or has more than ``most`` days.
    """
    today = now.astimezone(zone).date()
    first, last = query.get("from"), query.get("to")
    if isinstance(first, datetime) and isinstance(last, datetime):
        _refuse_reversed(first, last, query)
    last_day = None if last is None else _last_day_of(last, zone)
    if first is not None:
        first_day = _day_of(first, zone)
    elif last_day is not None:
        first_day = last_day - timedelta(days=before + after)
    else:
        first_day = today - timedelta(days=before)
    if last_day is None:
        last_day = max(today + timedelta(days=after), first_day)
    _refuse_reversed(first_day, last_day + DAY, query)
    _refuse_long((last_day - first_day) + DAY, most=most)
    return DaySpan(first_day=first_day, last_day=last_day)


def week_span(query: Mapping[str, Any], *, zone: ZoneInfo, now: datetime) -> DaySpan:
    """Return whole weeks, Monday to Sunday; by default the last eight with the present one."""
    days = day_span(query, zone=zone, now=now, before=7 * 7, after=0)
    monday = days.first_day - timedelta(days=days.first_day.weekday())
    sunday = days.last_day + timedelta(days=6 - days.last_day.weekday())
    return DaySpan(first_day=monday, last_day=sunday)


def season_span(
    query: Mapping[str, Any],
    *,
    latitude_deg: float,
    northern: tuple[int, int],
    southern: tuple[int, int],
    zone: ZoneInfo,
    now: datetime,
) -> DaySpan:
    """Return the days from the beginning of a season to a week ahead.

    Args:
        query: With ``start`` and ``to``, where given.
        latitude_deg: Says which of the two beginnings counts.
        northern: Month and day on which the season begins north of the equator.
        southern: The same south of it.
        zone: Cuts the days.
        now: The time.

    Raises:
        ValidationError: It ends before it begins, or is longer than 400 days.
    """
    today = now.astimezone(zone).date()
    last_day: date = query.get("to") or today + timedelta(days=7)
    first_day: date | None = query.get("start")
    if first_day is None:
        month, day = northern if latitude_deg >= 0 else southern
        # The season in which the span ends, or today where it goes beyond.
        until = min(last_day, today)
        first_day = date(until.year, month, day)
        if first_day > until:
            first_day = date(until.year - 1, month, day)
    elif "to" not in query:
        last_day = max(last_day, first_day)
    if first_day > last_day:
        msg = f"The span ends ({last_day}) before it begins ({first_day})."
        raise serializers.ValidationError({"to": [msg]})
    _refuse_long((last_day - first_day) + DAY, most=MOST_HOURLY_DAYS)
    return DaySpan(first_day=first_day, last_day=last_day)


def instant(moment: date | datetime | None, *, zone: ZoneInfo, now: datetime) -> datetime:
    """Return an instant: the one given, the end of the day given, or now."""
    return now if moment is None else _end_of(moment, zone)


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day, UTC.

    Where clocks skip midnight, Python reads it by the offset before, which is the first instant
    of the date; where there are two midnights, the first.
    """
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _begin_of(moment: date | datetime, zone: ZoneInfo) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return day_begins(moment, zone)


def _end_of(moment: date | datetime, zone: ZoneInfo) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return day_begins(moment + DAY, zone)


def _day_of(moment: date | datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def _last_day_of(moment: date | datetime, zone: ZoneInfo) -> date:
    """An instant ends before itself: midnight belongs to no day that it ends."""
    if isinstance(moment, datetime):
        return (moment - timedelta(microseconds=1)).astimezone(zone).date()
    return moment


def _refuse_reversed(start: date, end: date, query: Mapping[str, Any]) -> None:
    if start >= end:
        msg = f"The span ends ({query.get('to')}) before it begins ({query.get('from')})."
        raise serializers.ValidationError({"to": [msg]})


def _refuse_long(length: timedelta, *, most: int) -> None:
    # A day more for a change of clocks within.
    if length >= timedelta(days=most + 1):
        msg = f"The span has {length.days} days; {most} are the most here."
        raise serializers.ValidationError({"to": [msg]})
