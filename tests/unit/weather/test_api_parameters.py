"""What may be asked of weather, and what is refused in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from farm.weather.api_spans import day_span, hour_span, season_span, week_span
from farm.weather.parameters import (
    ChillQuery,
    CurrentAtPosition,
    DailyQuery,
    EvapotranspirationQuery,
    FrostQuery,
    HeatQuery,
    HourlyAtPosition,
    RainQuery,
    SpannedQuery,
    WindowsQuery,
    parsed,
)

NOW = datetime(2026, 3, 29, 12, 34, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")
KATHMANDU = ZoneInfo("Asia/Kathmandu")


class Asked:
    """A request, of which only the query is read."""

    def __init__(self, query: str) -> None:
        self.query_params = QueryDict(query)


def read(kind: Any, query: str = "") -> dict[str, Any]:
    return parsed(kind, Asked(query))  # type: ignore[arg-type]


def refusal(kind: Any, query: str) -> dict[str, Any]:
    with pytest.raises(ValidationError) as caught:
        read(kind, query)
    return dict(caught.value.detail)  # type: ignore[arg-type]


# --- What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "zone",
    [
        "%2B02:00",
        "+02:00",
        "-3",
        "UTC%2B2",
        "UTC-03:30",
        "GMT%2B1",
        "Etc/GMT%2B5",
        "Etc/GMT-14",
        "EST",
        "0",
        "Z5",
        "%E2%88%923",
    ],
)
def test_an_offset_is_no_time_zone(zone: str) -> None:
    assert "offset" in refusal(SpannedQuery, f"time_zone={zone}")["time_zone"][0]


@pytest.mark.parametrize(
    "zone", ["Europe/Atlantis", "europe/brussels", "localtime", "../../etc/passwd", "", "a" * 5000]
)
def test_an_unknown_zone_is_refused_and_not_repeated_at_length(zone: str) -> None:
    sentence = refusal(SpannedQuery, f"time_zone={zone}")["time_zone"][0]

    assert "no time zone" in sentence
    assert len(sentence) < 200


@pytest.mark.parametrize("zone", ["Europe/Brussels", "Asia/Kathmandu", "UTC", "Etc/UTC"])
def test_a_zone_with_a_name_is_taken(zone: str) -> None:
    assert read(SpannedQuery, f"time_zone={zone}")["time_zone"] == zone


@pytest.mark.parametrize(
    ("kind", "query", "named"),
    [
        (CurrentAtPosition, "latitude=91&longitude=4", "latitude"),
        (CurrentAtPosition, "latitude=-90.01&longitude=4", "latitude"),
        (CurrentAtPosition, "latitude=50&longitude=181", "longitude"),
        (CurrentAtPosition, "latitude=nan&longitude=4", "latitude"),
        (CurrentAtPosition, "latitude=50&longitude=inf", "longitude"),
        (CurrentAtPosition, "latitude=50&longitude=-Infinity", "longitude"),
        (CurrentAtPosition, "latitude=fifty&longitude=4", "latitude"),
        (CurrentAtPosition, "latitude=50", "longitude"),
        (HourlyAtPosition, "latitude=50&longitude=4&farm=1", "farm"),
        (SpannedQuery, "form=csv", "form"),
        (SpannedQuery, "units=imperial", "units"),
        (SpannedQuery, "from=yesterday", "from"),
        (SpannedQuery, "from=2026-02-30", "from"),
        (SpannedQuery, "from=2026-03-01T10:00:00", "from"),
        (SpannedQuery, "from=1939-12-31", "from"),
        (SpannedQuery, "to=2101-01-01", "to"),
        (SpannedQuery, "from=2026-03-01&from=2026-03-02", "from"),
        (SpannedQuery, "columns=" + ",".join(f"c{n}" for n in range(5000)), "columns"),
        (SpannedQuery, "columns=" + "x" * 5000, "columns"),
        (SpannedQuery, "columns=", "columns"),
        (SpannedQuery, "columns=dew_point_c,,weather_code", "columns"),
        (DailyQuery, "day_start=06:00", "day_start"),
        (HeatQuery, "method=magic", "method"),
        (HeatQuery, "lower=nan", "lower"),
        (HeatQuery, "start=2026-03-01T00:00:00Z", "start"),
        (EvapotranspirationQuery, "equation=hargreaves", "equation"),
        (EvapotranspirationQuery, "equation=fao56&reference=tall", "reference"),
        (EvapotranspirationQuery, "step=week", "step"),
        (FrostQuery, "crop=apple", "stage"),
        (FrostQuery, "stage=bloom", "crop"),
        (WindowsQuery, "profile=" + "p" * 81, "profile"),
        (RainQuery, "dry_below_mm=0", "dry_below_mm"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(kind: Any, query: str, named: str) -> None:
    assert set(refusal(kind, query)) == {named}


def test_columns_are_names_each_once() -> None:
    assert read(SpannedQuery, "columns=a,b,a")["columns"] == ("a", "b")


# --- Hours --------------------------------------------------------------------------------------


def test_hours_are_the_last_day_and_the_coming_week_unless_told() -> None:
    span = hour_span({}, zone=BRUSSELS, now=NOW)

    assert span.start == datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert span.end == datetime(2026, 4, 5, 12, tzinfo=UTC)


def test_a_day_of_hours_has_23_where_clocks_go_forward() -> None:
    day = date(2026, 3, 29)

    span = hour_span({"from": day, "to": day}, zone=BRUSSELS, now=NOW)

    assert span.start == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert span.end - span.start == timedelta(hours=23)


def test_a_day_begins_where_the_clock_of_its_zone_says() -> None:
    day = date(2026, 3, 29)

    span = hour_span({"from": day, "to": day}, zone=KATHMANDU, now=NOW)

    assert span.start == datetime(2026, 3, 28, 18, 15, tzinfo=UTC)


def test_a_day_without_midnight_begins_with_its_first_instant() -> None:
    # Beirut, 2026-03-29: clocks go from 00:00 to 01:00.
    day = date(2026, 3, 29)

    span = hour_span({"from": day, "to": day}, zone=ZoneInfo("Asia/Beirut"), now=NOW)

    assert span.start == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert span.end - span.start == timedelta(hours=23)


def test_an_instant_bounds_hours_as_it_is() -> None:
    first = datetime.fromisoformat("2026-03-01T10:00:00+05:45")

    span = hour_span({"from": first, "to": date(2026, 3, 2)}, zone=BRUSSELS, now=NOW)

    assert span.start == datetime(2026, 3, 1, 4, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 3, 2), date(2026, 3, 1)),
        (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
    ],
)
def test_a_span_that_ends_before_it_begins_is_refused(first: date, last: date) -> None:
    for span in (hour_span, day_span):
        with pytest.raises(ValidationError, match="before it begins"):
            span({"from": first, "to": last}, zone=BRUSSELS, now=NOW)


def test_at_most_400_days_are_shown_by_the_hour() -> None:
    last = date(2026, 3, 1)

    hour_span({"from": last - timedelta(days=399), "to": last}, zone=BRUSSELS, now=NOW)
    with pytest.raises(ValidationError, match="401 days; 400 are the most"):
        hour_span({"from": last - timedelta(days=400), "to": last}, zone=BRUSSELS, now=NOW)


# --- Days ---------------------------------------------------------------------------------------


def test_days_are_a_week_back_and_a_week_ahead_unless_told() -> None:
    span = day_span({}, zone=BRUSSELS, now=NOW)

    assert (span.first_day, span.last_day, span.count) == (date(2026, 3, 22), date(2026, 4, 5), 15)


def test_today_is_the_day_of_the_zone() -> None:
    late = datetime(2026, 3, 29, 19, tzinfo=UTC)

    assert day_span({}, zone=KATHMANDU, now=late).first_day == date(2026, 3, 23)
    assert day_span({}, zone=BRUSSELS, now=late).first_day == date(2026, 3, 22)


def test_ten_years_of_days_are_the_most() -> None:
    last = date(2026, 3, 1)

    day_span({"from": last - timedelta(days=3659), "to": last}, zone=BRUSSELS, now=NOW)
    with pytest.raises(ValidationError, match="3661 days; 3660 are the most"):
        day_span({"from": last - timedelta(days=3660), "to": last}, zone=BRUSSELS, now=NOW)


def test_a_midnight_at_which_days_end_is_no_day_more() -> None:
    midnight = datetime(2026, 3, 2, tzinfo=BRUSSELS)

    assert day_span(
        {"from": date(2026, 3, 1), "to": midnight}, zone=BRUSSELS, now=NOW
    ).last_day == date(2026, 3, 1)


def test_weeks_are_whole_ones_from_monday_on() -> None:
    span = week_span({}, zone=BRUSSELS, now=NOW)

    assert (span.first_day, span.last_day) == (date(2026, 2, 2), date(2026, 3, 29))
    assert (span.first_day.weekday(), span.count) == (0, 8 * 7)


def test_hours_reach_over_the_first_night_and_the_last_sum_of_days() -> None:
    days = day_span({"from": date(2026, 3, 1), "to": date(2026, 3, 1)}, zone=BRUSSELS, now=NOW)

    hours = days.hours(zone=BRUSSELS)

    assert hours.start <= datetime(2026, 2, 28, 11, tzinfo=UTC)  # the noon before
    assert hours.end > datetime(2026, 3, 1, 23, tzinfo=UTC)  # the stamp of the day's last sum


# --- Seasons ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latitude", "today", "first"),
    [
        (50.8, date(2026, 3, 29), date(2025, 11, 1)),
        (50.8, date(2026, 10, 31), date(2025, 11, 1)),
        (50.8, date(2026, 11, 1), date(2026, 11, 1)),
        (-33.9, date(2026, 3, 29), date(2025, 5, 1)),
        (-33.9, date(2026, 6, 1), date(2026, 5, 1)),
    ],
)
def test_chill_begins_with_the_winter_of_its_hemisphere(
    latitude: float, today: date, first: date
) -> None:
    span = season_span(
        read(ChillQuery),
        latitude_deg=latitude,
        northern=(11, 1),
        southern=(5, 1),
        zone=BRUSSELS,
        now=datetime(today.year, today.month, today.day, 12, tzinfo=UTC),
    )

    assert span.first_day == first
    assert span.last_day == today + timedelta(days=7)


def test_a_season_may_begin_when_the_farmer_says_and_cross_the_year() -> None:
    query = read(HeatQuery, "start=2025-10-05&to=2026-02-01")

    span = season_span(
        query, latitude_deg=-34.0, northern=(1, 1), southern=(7, 1), zone=BRUSSELS, now=NOW
    )

    assert (span.first_day, span.last_day) == (date(2025, 10, 5), date(2026, 2, 1))


@pytest.mark.parametrize("query", ["start=2026-02-02&to=2026-02-01", "start=2024-01-01"])
def test_a_season_that_is_reversed_or_endless_is_refused(query: str) -> None:
    with pytest.raises(ValidationError):
        season_span(
            read(HeatQuery, query),
            latitude_deg=50.8,
            northern=(1, 1),
            southern=(7, 1),
            zone=BRUSSELS,
            now=NOW,
        )
