"""Frost of the nights, past and coming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from farm.weather.daily import COMPLETENESS_SHARE
from farm.weather.domain import LocalHours
from farm.weather.tables import Freshness, freshness_of

if TYPE_CHECKING:
    from datetime import date

    from farm.clients.weather import WeatherClient
    from farm.weather.domain_risks import FrostNight, FrostThresholds
    from farm.weather.series import Method
    from farm.weather.tables import Weather


@dataclass(frozen=True, slots=True, kw_only=True)
class FrostReport:
    """Nights, each noon to noon local time and dated by its morning."""

    nights: tuple[FrostNight, ...]
    thresholds: FrostThresholds | None  # None: 0 °C
    method: Method
    time_zone: str
    freshness: Freshness


def frost(
    *,
    weather: Weather,
    client: WeatherClient,
    first_day: date | None = None,
    last_day: date | None = None,
    thresholds: FrostThresholds | None = None,
) -> FrostReport:
    """Assess the frost of each night against what a crop's stage endures.

    Args:
        weather: The place's weather; it begins half a day before the first morning.
        client: Of furrow-weather.
        first_day: Date of the first morning that is answered; None: of the first hour.
        last_day: Of the last one.
        thresholds: Critical temperatures; None: 0 °C is the only one.
    """
    hours = LocalHours(
        hours=weather.hourly, time_zone=weather.time_zone, completeness_share=COMPLETENESS_SHARE
    )
    answer = client.assess_frost(hours=hours, site=weather.site, thresholds=thresholds)
    nights = tuple(
        night
        for night in answer.nights
        if (first_day is None or night.date >= first_day)
        and (last_day is None or night.date <= last_day)
    )
    return FrostReport(
        nights=nights,
        thresholds=thresholds,
        method=answer.method,
        time_zone=weather.time_zone,
        freshness=freshness_of(weather),
    )
