"""How the weather stands, as gauges that a worker sets."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np
from django.db.models import Max

from farm.observability.metrics import WEATHER_NEWEST_HOUR, WEATHER_STALE_FARMS
from farm.weather.assembly_age import FEED_COLUMNS, age_from_feeds, feeds_by_place
from farm.weather.blocks import unpack_values
from farm.weather.models import WeatherDay, WeatherFeed, WeatherPlace
from farm.weather.providers.registry import set_breaker_gauges
from farm.weather.series import HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

# A label a farm: beyond this number the rest has none.
MOST_FARMS = 500
_shown: set[str] = set()


def set_weather_gauges(*, now: datetime) -> None:
    """Note each farm's newest hour, how many are too old, and which providers are left alone."""
    places = list(WeatherPlace.objects.filter(farm__isnull=False).order_by("farm_id")[:MOST_FARMS])
    newest = newest_hours(places)
    rows = WeatherFeed.objects.filter(place__in=places).values_list("place_id", *FEED_COLUMNS)
    feeds = feeds_by_place(rows)
    seen: set[str] = set()
    stale = 0
    for place in places:
        hour = newest.get(place.pk)
        stale += bool(age_from_feeds(feeds[place.pk], observed_until=hour, now=now).reason)
        if hour is not None:
            label = str(place.farm_id)
            seen.add(label)
            WEATHER_NEWEST_HOUR.labels(label).set(hour.timestamp())
    for label in _shown - seen:
        WEATHER_NEWEST_HOUR.labels(label).set(math.nan)  # a label in a file cannot be removed
    _shown.clear()
    _shown.update(seen)
    WEATHER_STALE_FARMS.set(stale)
    set_breaker_gauges(now=now)


def newest_hours(places: Sequence[WeatherPlace]) -> dict[int, datetime]:
    """Return the newest observed hour of each place that has any, in two queries."""
    ids = [place.pk for place in places]
    days = WeatherDay.objects.filter(place_id__in=ids).order_by()
    last = dict(days.values_list("place_id").annotate(Max("day")))
    if not last:
        return {}
    newest: dict[int, datetime] = {}
    blocks = WeatherDay.objects.filter(place_id__in=ids, day__in=set(last.values())).order_by()
    for place_id, day, phase_s, values in blocks.values_list(
        "place_id", "day", "phase_s", "values"
    ):
        if last.get(place_id) != day:
            continue
        known = np.flatnonzero(~np.isnan(unpack_values([values])[0]).all(axis=0))
        if len(known):
            midnight = datetime.combine(day, time(), UTC)
            hour = midnight + int(known[-1]) * HOUR + timedelta(seconds=phase_s)
            newest[place_id] = max(newest.get(place_id, hour), hour)
    return newest
