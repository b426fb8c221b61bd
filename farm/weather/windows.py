"""When something can be done: windows of a kind of decision, and what ends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from farm.weather.domain_windows import FACTOR_WORDS, STATUS_WORDS
from farm.weather.hourly import between, table_of_hours
from farm.weather.thresholds import thresholds_of

if TYPE_CHECKING:
    from datetime import datetime

    from farm.clients.weather import WeatherClient
    from farm.weather.domain_windows import Thresholds, Window
    from farm.weather.models import DecisionProfile
    from farm.weather.tables import Weather, WeatherTable

# What each kind takes, for the provenance of its hours.
_NEEDS = (
    "air_temperature_c",
    "relative_humidity_percent",
    "dew_point_c",
    "wind_speed_m_s",
    "wind_gust_m_s",
    "precipitation_mm",
    "cloud_cover_percent",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsReport:
    """Hours judged, and the windows among them."""

    # Words ``status`` and ``limiting_factor``, column ``margin``: distance from the threshold as a
    # share of its scale, negative where it is broken.
    table: WeatherTable
    windows: tuple[Window, ...]
    thresholds: Thresholds
    min_hours: int


def windows(
    *,
    weather: Weather,
    client: WeatherClient,
    profile: DecisionProfile,
    start: datetime | None = None,
    end: datetime | None = None,
) -> WindowsReport:
    """Judge every hour by a profile's thresholds.

    Args:
        weather: The place's weather; hours before and after those that are answered tell whether
            leaves are wet and whether it stays dry.
        client: Of furrow-weather.
        profile: Kind, thresholds, and the least length of a window.
        start: First stamp that is answered; None: the weather's own.
        end: Before which the stamps end.

    Raises:
        InvalidInputError: The profile's thresholds make no sense.
    """
    thresholds = thresholds_of(profile.kind, profile.thresholds)
    found = client.find_windows(
        hourly=weather.hourly,
        site=weather.site,
        thresholds=thresholds,
        min_hours=profile.min_hours,
    )
    table = table_of_hours(
        weather=weather,
        columns={"margin": found.margin},
        words={
            "status": (found.status, STATUS_WORDS),
            "limiting_factor": (found.limiting_factor, FACTOR_WORDS),
        },
        methods=found.methods,
        made_of=dict.fromkeys(("margin", "status", "limiting_factor"), _NEEDS),
    )
    return WindowsReport(
        table=between(table, start=start, end=end),
        windows=tuple(
            window
            for window in found.windows
            if (start is None or window.until > start) and (end is None or window.from_ < end)
        ),
        thresholds=thresholds,
        min_hours=profile.min_hours,
    )
