"""Feeds: who fetches what, one at a time over all processes, and when again."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from farm.weather.models import WeatherFeed, WeatherPlace, WeatherProduct
from farm.weather.providers.errors import ProviderRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from farm.errors import FarmError
    from farm.weather.providers.interface import Provider

# Longer than any fetch with all its attempts; whoever was killed loses the feed after it.
LEASE = timedelta(minutes=3)
# Models run every one to six hours; an archive gains a day a day.
EVERY = {
    WeatherProduct.FORECAST: timedelta(hours=1),
    WeatherProduct.ARCHIVE: timedelta(hours=24),
}
# Spread by so much to either side, or all farms of the world would ask at the full hour.
JITTER_SHARE = 0.15
FIRST_BACK_OFF = timedelta(minutes=5)
MAX_BACK_OFF = timedelta(hours=6)
REFUSED_BACK_OFF = timedelta(hours=24)

_chance = secrets.SystemRandom()


def ensure_feeds(
    *, place: WeatherPlace, providers: Sequence[Provider], now: datetime
) -> list[WeatherFeed]:
    """Make the feeds that a place should have; return those of the providers, in their order.

    Feeds of providers that are asked no more stay, to show what they once brought, and are due no
    more. Those of a shared place are due only when somebody asks.
    """
    wanted = [(one.key, product) for one in providers for product in one.products]
    known = {(feed.provider, feed.product): feed for feed in place.feeds.all()}
    missing = [pair for pair in wanted if pair not in known]
    if missing:
        due_at = now if place.farm_id else None
        WeatherFeed.objects.bulk_create(
            [
                WeatherFeed(place=place, provider=key, product=product, due_at=due_at)
                for key, product in missing
            ],
            ignore_conflicts=True,
        )
        known = {(feed.provider, feed.product): feed for feed in place.feeds.all()}
    unwanted = [feed.pk for pair, feed in known.items() if pair not in wanted and feed.due_at]
    if unwanted:
        WeatherFeed.objects.filter(pk__in=unwanted).update(due_at=None)
    idle = [known[pair].pk for pair in wanted if pair in known and known[pair].due_at is None]
    if idle and place.farm_id:
        WeatherFeed.objects.filter(pk__in=idle, due_at=None).update(due_at=now)
    return [known[pair] for pair in wanted if pair in known]


def lease(*, feed: WeatherFeed, now: datetime) -> bool:
    """Take a feed for one fetch; False while somebody else has it."""
    is_free = Q(leased_until=None) | Q(leased_until__lte=now)
    taken = WeatherFeed.objects.filter(is_free, pk=feed.pk).update(
        leased_until=now + LEASE, attempted_at=now
    )
    if taken:
        feed.leased_until, feed.attempted_at = now + LEASE, now
    return bool(taken)


def renew(*, feed: WeatherFeed, now: datetime) -> None:
    """Hold a feed for one more fetch."""
    feed.leased_until = now + LEASE
    WeatherFeed.objects.filter(pk=feed.pk).update(leased_until=feed.leased_until)


def note_success(
    *,
    feed: WeatherFeed,
    now: datetime,
    covered_from: date | None,
    covered_to: date | None,
    due_at: datetime | None,
) -> None:
    """Give a feed back with what it brought."""
    feed.leased_until = None
    feed.succeeded_at = now
    feed.failures = 0
    feed.error_code = feed.error_detail = ""
    feed.covered_from, feed.covered_to = covered_from, covered_to
    feed.due_at = due_at
    _give_back(feed, "succeeded_at", "covered_from", "covered_to", "due_at")


def note_failure(*, feed: WeatherFeed, now: datetime, error: FarmError) -> None:
    """Give a feed back with what went wrong; it is tried again later and later."""
    feed.leased_until = None
    feed.failures += 1
    feed.error_code, feed.error_detail = error.code[:48], error.detail
    if feed.place.farm_id:
        feed.due_at = now + back_off(failures=feed.failures, error=error)
    _give_back(feed, "due_at")


def postpone(*, feed: WeatherFeed, now: datetime) -> None:
    """Give a feed back for some minutes: what came could not be judged, by no provider's fault.

    Days that were stored before count; neither a failure nor a success is noted.
    """
    feed.leased_until = None
    if feed.place.farm_id:
        feed.due_at = now + FIRST_BACK_OFF * _chance.uniform(0.75, 1.25)
    _give_back(feed, "covered_from", "covered_to", "due_at")


def next_due(*, product: str, now: datetime, not_before: datetime | None) -> datetime:
    """Return when a product is to be fetched again, spread a little."""
    every = EVERY[WeatherProduct(product)]
    share = _chance.uniform(1 - JITTER_SHARE, 1 + JITTER_SHARE)
    due_at = now + every * share
    if not_before is None:
        return due_at
    return max(due_at, not_before + every * JITTER_SHARE * _chance.random())


def back_off(*, failures: int, error: FarmError) -> timedelta:
    """Return how long to wait after failures in a row: from 5 min on, doubled, 6 h at most."""
    if isinstance(error, ProviderRefusedError):
        return REFUSED_BACK_OFF * _chance.uniform(0.8, 1.2)
    middle = min(MAX_BACK_OFF, FIRST_BACK_OFF * 2.0 ** min(max(failures, 1) - 1, 16))
    wait = middle * _chance.uniform(0.5, 1.5)
    asked_s = getattr(error, "retry_after_s", None)
    return max(wait, timedelta(seconds=asked_s)) if asked_s else wait


def due_farm_ids(*, now: datetime, limit: int) -> list[int]:
    """Return farms of which a feed is due and that nobody is fetching, the longest due first."""
    feeds = WeatherFeed.objects.filter(due_at__lte=now, place__farm__isnull=False)
    idle = feeds.filter(Q(leased_until=None) | Q(leased_until__lte=now)).order_by("due_at")
    ids = idle.values_list("place__farm_id", flat=True)[: 4 * limit]
    return [pk for pk in dict.fromkeys(ids) if pk is not None][:limit]


def _give_back(feed: WeatherFeed, *columns: str) -> None:
    # No ``save``: the feed may be gone, with its farm or because its place moved.
    written = ("leased_until", "failures", "error_code", "error_detail", *columns)
    WeatherFeed.objects.filter(pk=feed.pk).update(**{name: getattr(feed, name) for name in written})
