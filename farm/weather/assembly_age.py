"""How old a place's weather is, in words where it is too old."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from farm.weather.models import WeatherFeed, WeatherProduct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Any

    from farm.weather.models import WeatherPlace

    # As FEED_COLUMNS.
    Feed = tuple[str, str, datetime | None, str, int]

# Forecast feeds are fetched about every hour; three failures in a row are no coincidence.
STALE_AFTER = timedelta(hours=3)
FEED_COLUMNS = ("provider", "product", "succeeded_at", "error_detail", "failures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """How old weather is."""

    age_s: float | None  # since the newest of it was fetched; None where there is nothing
    reason: str = ""  # a sentence where it is older than it should be


def age_of(*, place: WeatherPlace, observed_until: datetime | None, now: datetime) -> Age:
    """Judge the age of a place's weather.

    Its age is that of the newest successful answer of a provider. Without any provider it is the
    age of the newest observed hour.
    """
    rows = WeatherFeed.objects.filter(place=place).values_list("place_id", *FEED_COLUMNS)
    return age_from_feeds(feeds_by_place(rows)[place.pk], observed_until=observed_until, now=now)


def feeds_by_place(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[Feed]]:
    """Group rows of ``place_id`` and ``FEED_COLUMNS`` by place; a place without any has none."""
    feeds: dict[int, list[Feed]] = defaultdict(list)
    for place_id, *feed in rows:
        feeds[place_id].append(tuple(feed))
    return feeds


def age_from_feeds(feeds: Sequence[Feed], *, observed_until: datetime | None, now: datetime) -> Age:
    """Judge likewise, from feeds that were read."""
    answers = [succeeded_at for _, _, succeeded_at, _, _ in feeds if succeeded_at is not None]
    current = [feed for feed in feeds if feed[1] == WeatherProduct.FORECAST]
    fresh = [at for _, _, at, _, _ in current if at is not None and now - at <= STALE_AFTER]
    is_observed = observed_until is not None and now - observed_until <= STALE_AFTER
    newest = max(answers, default=observed_until)
    if newest is None:
        return Age(age_s=None, reason="" if not feeds else _why(feeds, since="never"))
    if not answers and observed_until is not None and now > observed_until:
        newest = observed_until
    age_s = max(0.0, (now - newest).total_seconds())
    if fresh or is_observed:
        return Age(age_s=age_s)
    if current:
        last = max((feed[2] for feed in current if feed[2] is not None), default=None)
        since = f"not since {last:%Y-%m-%d %H:%M} UTC" if last else "never"
        return Age(age_s=age_s, reason=_why(current, since=since))
    if observed_until is not None:
        words = f"The newest hour is of {observed_until:%Y-%m-%d %H:%M} UTC."
        return Age(age_s=age_s, reason=words)
    return Age(age_s=age_s)


def _why(feeds: Sequence[Feed], *, since: str) -> str:
    names = ", ".join(dict.fromkeys(feed[0] for feed in feeds))
    details = [feed[3] for feed in feeds if feed[4] and feed[3]]
    return f"{names} answered {since}." + (f" {details[0]}" if details else "")
