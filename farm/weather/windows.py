"""When something can be done: windows of a kind of decision, and what ends them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.domain import HOUR_S
from farm.weather.domain_windows import FACTOR_WORDS, STATUS_WORDS
from farm.weather.hourly import between, table_of_hours
from farm.weather.thresholds import thresholds_of

if TYPE_CHECKING:
    from farm.clients.weather import WeatherClient
    from farm.weather.domain_windows import DecisionWindows, LimitingFactor, Thresholds
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
class SpanWindow:
    """A window, or as much of it as lies in the span that was asked for."""

    from_: datetime  # beginning of the first hour
    until: datetime  # end of the last
    ended_by: LimitingFactor | None  # of the hour after it; None: the span or the hours end
    ended_in: str | None  # status of that hour
    least_margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HourNow:
    """The hour in which somebody asks, at a glance."""

    status: str | None  # None: something that is needed is not known
    limiting_factor: str | None
    margin: float  # NaN where it is not known
    lasts_until: datetime | None  # the status does; None: to the end of the span at least


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsReport:
    """Hours judged, and the windows among them."""

    # Words ``status`` and ``limiting_factor``, column ``margin``: distance from the threshold as a
    # share of its scale, negative where it is broken.
    table: WeatherTable
    windows: tuple[SpanWindow, ...]
    hour_now: HourNow | None  # None: the span is of another time
    thresholds: Thresholds
    min_hours: int


def windows(
    *,
    weather: Weather,
    client: WeatherClient,
    profile: DecisionProfile,
    start: datetime | None = None,
    end: datetime | None = None,
    now: datetime | None = None,
) -> WindowsReport:
    """Judge every hour by a profile's thresholds.

    Args:
        weather: The place's weather; hours before and after those that are answered tell whether
            leaves are wet and whether it stays dry.
        client: Of furrow-weather.
        profile: Kind, thresholds, and the least length of a window.
        start: First stamp that is answered, the end of its hour; None: the weather's own.
        end: Before which the stamps end.
        now: The moment of which ``hour_now`` is.

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
    table = between(table, start=start, end=end)
    return WindowsReport(
        table=table,
        windows=_within(table, found),
        hour_now=None if now is None else _hour_of(table, now),
        thresholds=thresholds,
        min_hours=profile.min_hours,
    )


def _within(table: WeatherTable, found: DecisionWindows) -> tuple[SpanWindow, ...]:
    """Cut windows to the hours of a table."""
    if table.stamps_s is None or not table.count:
        return ()
    begin_s, end_s = int(table.stamps_s[0]) - HOUR_S, int(table.stamps_s[-1])
    stamps_s = found.hours.stamps_s()
    shown = []
    for window in found.windows:
        until_s = int(window.until.timestamp())
        from_s = max(int(window.from_.timestamp()), begin_s)
        is_cut, until_s = until_s > end_s, min(until_s, end_s)
        if from_s >= until_s:
            continue
        margins = found.margin[(stamps_s > from_s) & (stamps_s <= until_s)]
        after = found.status[stamps_s == until_s + HOUR_S]
        shown.append(
            SpanWindow(
                from_=datetime.fromtimestamp(from_s, UTC),
                until=datetime.fromtimestamp(until_s, UTC),
                ended_by=None if is_cut else window.ended_by,
                ended_in=None if is_cut or not len(after) else STATUS_WORDS[int(after[0])],
                least_margin=float(np.min(margins)),
            )
        )
    return tuple(shown)


def _hour_of(table: WeatherTable, now: datetime) -> HourNow | None:
    """Say how the hour is that a moment lies in; hours are stamped with their end."""
    if table.stamps_s is None:
        return None
    row = int(np.searchsorted(table.stamps_s, now.timestamp()))
    if row == table.count or table.stamps_s[row] - HOUR_S > now.timestamp():
        return None
    codes, words = table.words["status"]
    factors, factor_words = table.words["limiting_factor"]
    others = np.flatnonzero(codes[row:] != codes[row])
    last_s = int(table.stamps_s[row + others[0] - 1]) if len(others) else None
    return HourNow(
        status=words[int(codes[row])],
        limiting_factor=factor_words[int(factors[row])],
        margin=float(table.columns["margin"][row]),
        lasts_until=None if last_s is None else datetime.fromtimestamp(last_s, UTC),
    )
