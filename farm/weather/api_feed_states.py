"""How the feeds of a place stand, with what is known of their hosts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from farm.weather.models import ProviderHost, WeatherFeed
from farm.weather.refresh_providers import providers_for

if TYPE_CHECKING:
    from datetime import date, datetime

    from farm.weather.models import WeatherPlace
    from farm.weather.providers.interface import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """One product of one provider for one place."""

    provider: str
    title: str
    product: str
    due_at: datetime | None
    attempted_at: datetime | None
    succeeded_at: datetime | None
    age_s: int | None  # since it last brought data
    failures: int  # in a row
    error_code: str
    error_detail: str
    is_in_flight: bool
    host_open_until: datetime | None  # not asked before; None: it is
    covered_from: date | None
    covered_to: date | None
    attribution: str
    attribution_url: str
    licence: str


def feed_states(*, place: WeatherPlace, now: datetime) -> list[FeedState]:
    """List the feeds of a place by provider and product."""
    open_until = {
        host.name: host.open_until
        for host in ProviderHost.objects.filter(open_until__gt=now).only("name", "open_until")
    }
    asked = {provider.key: provider for provider in providers_for(place)}
    return [
        _state(feed, provider=asked.get(feed.provider), open_until=open_until, now=now)
        for feed in WeatherFeed.objects.filter(place=place)
    ]


def _state(
    feed: WeatherFeed,
    *,
    provider: Provider | None,  # None: it is asked no more
    open_until: dict[str, datetime | None],
    now: datetime,
) -> FeedState:
    attribution = provider.attribution if provider else None
    return FeedState(
        provider=feed.provider,
        title=provider.title if provider else feed.provider,
        product=feed.product,
        due_at=feed.due_at,
        attempted_at=feed.attempted_at,
        succeeded_at=feed.succeeded_at,
        age_s=int((now - feed.succeeded_at).total_seconds()) if feed.succeeded_at else None,
        failures=feed.failures,
        error_code=feed.error_code,
        error_detail=feed.error_detail,
        is_in_flight=feed.leased_until is not None and feed.leased_until > now,
        host_open_until=open_until.get(provider.host_key(feed.product)) if provider else None,
        covered_from=feed.covered_from,
        covered_to=feed.covered_to,
        attribution=attribution.text if attribution else "",
        attribution_url=attribution.url if attribution else "",
        licence=attribution.licence if attribution else "",
    )
