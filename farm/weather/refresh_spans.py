"""Which days of a feed are fetched: the coming ones again and again, those past once."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from farm.weather.models import WeatherFeed, WeatherProduct
from farm.weather.providers.interface import DaySpan

if TYPE_CHECKING:
    from datetime import date, datetime

DAY = timedelta(days=1)
# A season and the one before it, for sums that begin at sowing or in winter.
PAST_OF_FARM = timedelta(days=400)
PAST_OF_COORDINATE = timedelta(days=30)
# One request; reanalyses are charged by it, and what fails is asked for again.
SPAN_DAYS = 100
# What a forecast model says of the last days is better than what it said before.
LOOKS_BACK = timedelta(days=2)
LOOKS_AHEAD = timedelta(days=16)
# Reanalyses of the last days are preliminary and change.
REVISED_FOR = timedelta(days=7)


def spans_to_fetch(
    *, feed: WeatherFeed, reach: DaySpan, most_days: int, now: datetime
) -> list[DaySpan]:
    """Return the spans that a feed lacks, within what the product reaches.

    Each joins the days that are stored by then, so that a fetch that fails leaves no hole: first
    what is newer, upwards, then what is older, downwards.
    """
    today = now.astimezone(UTC).date()
    if feed.product == WeatherProduct.FORECAST:
        first = today - LOOKS_BACK
        if feed.covered_to is not None:
            first = min(first, max(feed.covered_to - LOOKS_BACK, today - timedelta(days=90)))
        wanted = DaySpan(first_day=first, last_day=today + LOOKS_AHEAD)
        span = wanted.overlap(reach)
        if span is None:
            return []
        first = max(span.first_day, span.last_day - timedelta(days=most_days - 1))
        return [DaySpan(first_day=first, last_day=span.last_day)]
    past = PAST_OF_FARM if feed.place.farm_id else PAST_OF_COORDINATE
    reached = DaySpan(first_day=today - past, last_day=reach.last_day).overlap(reach)
    if reached is None:
        return []
    days = min(SPAN_DAYS, most_days)
    if feed.covered_from is None or feed.covered_to is None:
        return _chunks(reached, days=days)
    spans: list[DaySpan] = []
    newer = max(reached.first_day, min(feed.covered_to, reached.last_day) - REVISED_FOR)
    spans += reversed(_chunks(DaySpan(first_day=newer, last_day=reached.last_day), days=days))
    if reached.first_day < feed.covered_from:
        last = feed.covered_from - DAY
        spans += _chunks(DaySpan(first_day=reached.first_day, last_day=last), days=days)
    return spans


def came_to_pass(span: DaySpan, *, now: datetime) -> DaySpan:
    """Return a span without the days to come: those are fetched again."""
    today = now.astimezone(UTC).date()
    last = min(span.last_day, today)
    return DaySpan(first_day=min(span.first_day, last), last_day=last)


def merged_cover(
    cover: tuple[date | None, date | None], span: DaySpan
) -> tuple[date | None, date | None]:
    """Return the days that are stored, with another span."""
    first, last = cover
    return (
        span.first_day if first is None else min(first, span.first_day),
        span.last_day if last is None else max(last, span.last_day),
    )


def _chunks(span: DaySpan, *, days: int) -> list[DaySpan]:
    """Cut a span into fetches, the newest first."""
    chunks = []
    last = span.last_day
    while last >= span.first_day:
        first = max(span.first_day, last - timedelta(days=days - 1))
        chunks.append(DaySpan(first_day=first, last_day=last))
        last = first - DAY
    return chunks
