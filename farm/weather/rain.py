"""Rain up to an instant, and dry spells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from farm.weather.daily import COMPLETENESS_SHARE
from farm.weather.domain import LocalHours
from farm.weather.tables import Freshness, freshness_of

if TYPE_CHECKING:
    from datetime import datetime

    from farm.clients.weather import WeatherClient
    from farm.weather.domain_risks import RainSummary
    from farm.weather.tables import Weather


@dataclass(frozen=True, slots=True, kw_only=True)
class RainReport:
    """Sums over the last hours and days, and spells of dry days."""

    summary: RainSummary
    until: datetime
    dry_below_mm: float
    time_zone: str
    freshness: Freshness


def rain(
    *, weather: Weather, client: WeatherClient, until: datetime, dry_below_mm: float = 1.0
) -> RainReport:
    """Sum the rain of the last 1 to 720 hours, and find dry spells.

    Args:
        weather: The place's weather; 30 days of it make all sums whole.
        client: Of furrow-weather.
        until: The instant to look back from, on or after the first hour.
        dry_below_mm: A day with less is dry.
    """
    hours = LocalHours(
        hours=weather.hourly, time_zone=weather.time_zone, completeness_share=COMPLETENESS_SHARE
    )
    summary = client.summarize_rain(hours=hours, until=until, dry_below_mm=dry_below_mm)
    return RainReport(
        summary=summary,
        until=until,
        dry_below_mm=dry_below_mm,
        time_zone=weather.time_zone,
        freshness=freshness_of(weather),
    )
