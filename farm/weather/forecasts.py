"""Forecasts as they were issued: kept, thinned, and held against what came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction

from farm.weather.blocks import (
    flags_of,
    pack_flags,
    pack_values,
    unpack_values,
    values_of,
)
from farm.weather.models import WeatherDay, WeatherForecast, WeatherPlace
from farm.weather.sources import rank_of
from farm.weather.variables import HOURLY_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from django.db.models import QuerySet
    from numpy.typing import NDArray

    from farm.weather.series import Flags, HourlyWeather

    Hours = NDArray[np.float64]  # (variables,), of one hour

# As long as each issue is kept; then one a day, and none after two years.
KEPT_WHOLE = timedelta(days=60)
KEPT_THINNED = timedelta(days=730)
# Of coordinates, which nobody holds against what came; the last one outlives a provider's failure.
SHARED_KEPT_WHOLE = timedelta(days=1)
SHARED_KEPT_THINNED = timedelta(days=16)
MOST_DELETED = 5_000
# What errors are worked out from.
MOST_ISSUES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastError:
    """How far forecasts of one lead were from what came."""

    source: str
    variable: str
    lead_h: int
    count: int  # forecasts that could be compared
    bias: float  # mean of forecast minus observed, in the variable's unit
    mean_absolute: float


def store_forecast(
    *,
    place: WeatherPlace,
    source: str,
    issued_at: datetime,
    fetched_at: datetime,
    hourly: HourlyWeather,
    flags: Mapping[str, Flags] | None = None,
) -> bool:
    """Keep a forecast; the same one again only notes when it was fetched.

    Args:
        place: Where.
        source: One of ``WeatherSource``.
        issued_at: When the provider issued it; when it was fetched, where the provider does not
            say. Then a forecast that says what the newest one says is that one.
        fetched_at: When it was fetched.
        hourly: Its hours.
        flags: What was found about them, by column.

    Returns:
        Whether it says anything new.
    """
    said = {
        "start": hourly.start,
        "hours": hourly.count,
        "values": pack_values(values_of(columns=hourly.columns, hours=hourly.count)),
        "flags": pack_flags(flags_of(columns=flags or {}, hours=hourly.count)),
    }
    with transaction.atomic():
        WeatherPlace.objects.select_for_update().filter(pk=place.pk).first()
        of_source = WeatherForecast.objects.filter(place=place, source=source)
        known = of_source.filter(issued_at=issued_at).first()
        if known is None and issued_at == fetched_at:
            newest = of_source.order_by("-issued_at").first()
            known = newest if newest is not None and _says(newest, said) else None
        if known is None:
            WeatherForecast.objects.create(
                place=place, source=source, issued_at=issued_at, fetched_at=fetched_at, **said
            )
            return True
        is_new = not _says(known, said)
        known.fetched_at = max(known.fetched_at, fetched_at)
        if is_new:
            for name, value in said.items():
                setattr(known, name, value)
        known.save()
        return is_new


def thin_forecasts(*, now: datetime) -> int:
    """Keep one forecast a day of those older than 60 days, and none older than two years.

    Of coordinates one a day of those older than a day, and none older than sixteen.

    Returns:
        Number deleted, 5,000 at most; the next call goes on.
    """
    of_farms = WeatherForecast.objects.filter(place__farm__isnull=False)
    of_coordinates = WeatherForecast.objects.filter(place__farm=None)
    doomed = [
        *_too_many(of_farms, whole=now - KEPT_WHOLE, thinned=now - KEPT_THINNED),
        *_too_many(
            of_coordinates, whole=now - SHARED_KEPT_WHOLE, thinned=now - SHARED_KEPT_THINNED
        ),
    ][:MOST_DELETED]
    for first in range(0, len(doomed), 500):
        WeatherForecast.objects.filter(pk__in=doomed[first : first + 500]).delete()
    return len(doomed)


def _too_many(
    forecasts: QuerySet[WeatherForecast], *, whole: datetime, thinned: datetime
) -> list[int]:
    """Return those issued before ``thinned``, and before ``whole`` all but the first of a day."""
    old = forecasts.filter(issued_at__lt=whole)
    gone = list(old.filter(issued_at__lt=thinned).values_list("pk", flat=True)[:MOST_DELETED])
    # Whatever is a month older still was thinned before.
    lately = old.filter(issued_at__gte=max(thinned, whole - timedelta(days=30)))
    seen: set[tuple[int, str, object]] = set()
    rows = lately.order_by("issued_at").values_list("pk", "place_id", "source", "issued_at")
    for pk, place_id, source, issued_at in rows.iterator():
        key = (place_id, source, issued_at.date())
        if key in seen:
            gone.append(pk)
        seen.add(key)
    return gone


def forecast_errors(
    *, place: WeatherPlace, lead_h: int, now: datetime, days: int = 60
) -> list[ForecastError]:
    """Hold old forecasts against what came.

    Args:
        place: Where.
        lead_h: Hours from the issue to the hour that is compared, 1 to 384.
        now: The time.
        days: How far back issues are taken, 1 to 60.

    Returns:
        One entry per source and variable that could be compared.
    """
    issues = WeatherForecast.objects.filter(
        place=place, issued_at__gte=now - timedelta(days=days), issued_at__lte=now
    ).order_by("-issued_at")[:MOST_ISSUES]
    said: dict[str, list[tuple[datetime, Hours]]] = {}
    rows = issues.values_list("source", "issued_at", "start", "hours", "values")
    for source, issued_at, start, hours, values in rows:
        at = round((issued_at - start).total_seconds() / 3600) + lead_h
        if 0 <= at < hours:
            stamp = start + timedelta(hours=at)
            said.setdefault(source, []).append(
                (stamp, unpack_values([values], hours=hours)[0, :, at])
            )
    came = _observed(place, {stamp for pairs in said.values() for stamp, _ in pairs})
    errors = []
    for source, pairs in sorted(said.items()):
        both = [(forecast, came[stamp]) for stamp, forecast in pairs if stamp in came]
        if not both:
            continue
        difference = np.array([forecast - observed for forecast, observed in both])
        for row, name in enumerate(HOURLY_NAMES):
            known = difference[:, row][~np.isnan(difference[:, row])]
            if name == "wind_direction_deg":
                known = (known + 180) % 360 - 180
            if len(known):
                errors.append(
                    ForecastError(
                        source=source,
                        variable=name,
                        lead_h=lead_h,
                        count=len(known),
                        bias=float(known.mean()),
                        mean_absolute=float(np.abs(known).mean()),
                    )
                )
    return errors


def _says(forecast: WeatherForecast, said: dict[str, object]) -> bool:
    return (
        forecast.start == said["start"]
        and bytes(forecast.values) == said["values"]
        and bytes(forecast.flags) == said["flags"]
    )


def _observed(place: WeatherPlace, stamps: set[datetime]) -> dict[datetime, Hours]:
    """Return the observed values (variables,) of hours, the best source's first."""
    by_day: dict[date, list[Hours]] = {}
    rows = WeatherDay.objects.filter(
        place=place, day__in={stamp.date() for stamp in stamps}, phase_s=0
    )
    stored = sorted(rows.values_list("source", "day", "values"), key=lambda row: rank_of(row[0]))
    for _, day, values in stored:
        by_day.setdefault(day, []).append(unpack_values([values])[0])
    found: dict[datetime, Hours] = {}
    for stamp in stamps:
        for block in by_day.get(stamp.date(), []):
            hour = block[:, stamp.hour]
            known = found.get(stamp)
            found[stamp] = hour if known is None else np.where(np.isnan(known), hour, known)
    return found
