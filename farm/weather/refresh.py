"""Fetches weather: from a provider, past furrow-weather's judgement, into the database.

A provider that is down leaves what is stored as it is; what went wrong stands on the feed.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from farm.clients.weather import weather_client
from farm.errors import FarmError
from farm.observability.metrics import WEATHER_REFRESHES
from farm.weather.feeds import (
    ensure_feeds,
    lease,
    next_due,
    note_failure,
    note_success,
    postpone,
    renew,
)
from farm.weather.forecasts import store_forecast
from farm.weather.models import WeatherFeed, WeatherPlace, WeatherProduct
from farm.weather.providers.errors import ProviderError
from farm.weather.providers.http import polite_session
from farm.weather.providers.interface import DaySpan, FetchRequest
from farm.weather.refresh_providers import hurried_session, providers_for
from farm.weather.refresh_spans import came_to_pass, merged_cover, spans_to_fetch
from farm.weather.series import HOUR
from farm.weather.store import store_hours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from farm.clients.weather import WeatherClient
    from farm.weather.providers.http import PoliteSession
    from farm.weather.providers.interface import Fetched, Provider
    from farm.weather.series import Flags, HourlyWeather

log = logging.getLogger("furrow.weather")

# What is younger is not fetched again for somebody who looks at a coordinate.
FRESH_FOR = timedelta(hours=1)
ON_DEMAND_S = 8.0
JUDGE_TIMEOUT_S = 10.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What became of a feed."""

    feed: WeatherFeed
    # "stored", "unchanged", "failed", "busy": somebody else is fetching it, or "gone": the place
    # moved or was deleted meanwhile, and nothing is kept.
    outcome: str
    error: FarmError | None = None


class _FeedGoneError(Exception):
    """What was fetched is of a place that is no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collaborators:
    """With whom weather is fetched."""

    client: WeatherClient
    session: PoliteSession


def collaborators() -> Collaborators:
    """Return the configured ones: the default of jobs."""
    return Collaborators(client=weather_client(), session=polite_session())


def hurried() -> Collaborators:
    """Return those of somebody who waits: the default of views."""
    return Collaborators(client=weather_client(), session=hurried_session())


def refresh_feed(
    *,
    feed: WeatherFeed,
    provider: Provider,
    now: datetime,
    tools: Collaborators,
    is_cancelled: Callable[[], bool] = lambda: False,
    most_spans: int | None = None,
) -> Refreshed:
    """Fetch what a feed lacks, unless somebody else is at it.

    Args:
        feed: The feed, with its place.
        provider: Whose it is.
        now: The time.
        tools: With whom.
        is_cancelled: Asked between two fetches.
        most_spans: Most fetches; the rest of a long past waits for the next time.

    Raises:
        ServiceUnavailableError: furrow-weather does not answer. That is no failure of the provider;
            the feed is given back and is due again in some minutes, or every attempt would ask the
            provider for what nobody can judge.
    """
    if not lease(feed=feed, now=now):
        return Refreshed(feed=feed, outcome="busy")
    reach = provider.reach(feed.product, now)
    begun = time.monotonic()
    spans = spans_to_fetch(feed=feed, reach=reach, most_days=provider.most_days, now=now)
    cover = (feed.covered_from, feed.covered_to)
    not_before: datetime | None = None
    has_changed = False
    is_whole = True
    for number, span in enumerate(spans):
        if is_cancelled() or (most_spans is not None and number >= most_spans):
            is_whole = False
            break
        if number:
            renew(feed=feed, now=now + timedelta(seconds=time.monotonic() - begun))
        try:
            fetched = _fetch(feed, provider, span, now=now, tools=tools)
            has_changed |= _store(feed, fetched, now=now, tools=tools)
        except _FeedGoneError:
            return Refreshed(feed=feed, outcome="gone")
        except ProviderError as error:
            # What came before it stays, and is not asked for again.
            feed.covered_from, feed.covered_to = cover
            WeatherFeed.objects.filter(pk=feed.pk).update(
                covered_from=cover[0], covered_to=cover[1]
            )
            return _failed(feed, error, now=now)
        except FarmError:
            feed.covered_from, feed.covered_to = cover
            postpone(feed=feed, now=now)
            raise
        cover = merged_cover(cover, came_to_pass(span, now=now))
        not_before = fetched.asked_again_from
    due_at = None
    if feed.place.farm_id:
        due_at = next_due(product=feed.product, now=now, not_before=not_before)
        due_at = due_at if is_whole else now + timedelta(minutes=1)
    note_success(feed=feed, now=now, covered_from=cover[0], covered_to=cover[1], due_at=due_at)
    outcome = "stored" if has_changed else "unchanged"
    WEATHER_REFRESHES.labels(feed.provider, feed.product, outcome).inc()
    return Refreshed(feed=feed, outcome=outcome)


def refreshed_place(
    place: WeatherPlace,
    now: datetime,
    *,
    deadline_s: float = ON_DEMAND_S,
    tools: Collaborators | None = None,
) -> WeatherPlace:
    """Fetch a shared place's weather where it is older than an hour; return the place.

    Whatever fails, what is stored is good enough to be shown with its age: nothing of a provider or
    of furrow-weather is raised.

    Args:
        place: A place, usually one without a farm.
        now: The time.
        deadline_s: How long whoever asks may wait, seconds. No further fetch begins after it.
        tools: With whom; the configured ones by default.
    """
    ends_at = time.monotonic() + deadline_s
    providers = providers_for(place)
    feeds = ensure_feeds(place=place, providers=providers, now=now)
    by_key = {provider.key: provider for provider in providers}
    current = [feed for feed in feeds if feed.product == WeatherProduct.FORECAST] or feeds
    for feed in current:
        if feed.succeeded_at is not None and now - feed.succeeded_at < FRESH_FOR:
            continue
        if feed.attempted_at is not None and feed.failures and now - feed.attempted_at < HOUR / 12:
            continue  # it has just failed; the next one may not
        if time.monotonic() >= ends_at:
            break
        feed.place = place
        try:
            done = refresh_feed(
                feed=feed,
                provider=by_key[feed.provider],
                now=now,
                tools=tools or hurried(),
                is_cancelled=lambda: time.monotonic() >= ends_at,
                most_spans=1,
            )
        except FarmError as error:
            log.warning("A place's weather was not judged.", extra={"error": error.detail})
            break
        if done.outcome == "busy" and feed.succeeded_at is None:
            _wait_for_other(feed, ends_at=ends_at)
    return place


def _fetch(
    feed: WeatherFeed, provider: Provider, span: DaySpan, *, now: datetime, tools: Collaborators
) -> Fetched:
    place = feed.place
    return provider.fetch(
        request=FetchRequest(
            product=feed.product,
            longitude=place.longitude,
            latitude=place.latitude,
            first_day=span.first_day,
            last_day=span.last_day,
            now=now,
            elevation_m=place.elevation_m,
        ),
        session=tools.session,
    )


def _store(feed: WeatherFeed, fetched: Fetched, *, now: datetime, tools: Collaborators) -> bool:
    """Judge and keep what was fetched; say whether any of it is new.

    Raises:
        _FeedGoneError: The place moved far or was deleted since.
    """
    if not fetched.hourly.count:
        return False
    flags = tools.client.judge_hours(hourly=fetched.hourly, timeout_s=JUDGE_TIMEOUT_S)
    with transaction.atomic():
        # Whoever moves a place holds it, and deletes its feeds.
        WeatherPlace.objects.select_for_update().filter(pk=feed.place_id).first()
        if not WeatherFeed.objects.filter(pk=feed.pk).exists():
            raise _FeedGoneError
        return _keep(feed, fetched, flags, now=now)


def _keep(
    feed: WeatherFeed, fetched: Fetched, flags: Mapping[str, Flags], *, now: datetime
) -> bool:
    hourly, place = fetched.hourly, feed.place
    if place.elevation_m is None and fetched.elevation_m is not None:
        place.elevation_m, place.elevation_source = fetched.elevation_m, feed.provider
        WeatherPlace.objects.filter(pk=place.pk, elevation_m=None).update(
            elevation_m=fetched.elevation_m, elevation_source=feed.provider
        )
    past = 0
    if fetched.observed_until is not None:
        past = max(0, min(hourly.count, (fetched.observed_until - hourly.start) // HOUR + 1))
    has_changed = False
    if past:
        came, marks = _part(hourly, flags, 0, past)
        stored = store_hours(place=place, source=fetched.source, hourly=came, flags=marks)
        has_changed = stored.has_changed
    if past < hourly.count:
        coming, marks = _part(hourly, flags, past, hourly.count)
        has_changed |= store_forecast(
            place=place,
            source=fetched.source,
            issued_at=fetched.issued_at or now,
            fetched_at=now,
            hourly=coming,
            flags=marks,
        )
    return has_changed


def _part(
    hourly: HourlyWeather, flags: Mapping[str, Flags], first: int, last: int
) -> tuple[HourlyWeather, dict[str, Flags]]:
    part = replace(
        hourly,
        start=hourly.start + first * HOUR,
        count=last - first,
        columns={name: column[first:last] for name, column in hourly.columns.items()},
    )
    return part, {name: column[first:last] for name, column in flags.items()}


def _failed(feed: WeatherFeed, error: ProviderError, *, now: datetime) -> Refreshed:
    note_failure(feed=feed, now=now, error=error)
    WEATHER_REFRESHES.labels(feed.provider, feed.product, "failed").inc()
    log.info(
        "A feed of weather failed.",
        extra={
            "provider": feed.provider,
            "product": feed.product,
            "code": error.code,
            "detail": error.detail,
            "failures": feed.failures,
        },
    )
    return Refreshed(feed=feed, outcome="failed", error=error)


def _wait_for_other(feed: WeatherFeed, *, ends_at: float) -> None:
    """Wait until whoever fetches a feed has given it back: it is the first there will be to see."""
    while time.monotonic() < ends_at:
        if WeatherFeed.objects.filter(pk=feed.pk, leased_until=None).exists():
            return
        time.sleep(POLL_S)
