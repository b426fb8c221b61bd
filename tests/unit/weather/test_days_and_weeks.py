"""Local days and ISO weeks of a place's hours, with what is missing said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from farm.clients.weather_fake_days import DAILY_ET_MM
from farm.weather.daily import ET_COLUMN, VPD_COLUMN, daily
from farm.weather.domain import DayStart
from farm.weather.domain_et import EtMethod
from farm.weather.evapotranspiration import (
    FILLED,
    OF_DAYS,
    OF_HOURS,
    evapotranspiration,
    hourly_evapotranspiration,
)
from farm.weather.hourly import hourly
from farm.weather.series import Flag
from farm.weather.weekly import weekly
from tests.unit.weather.weather_world import START, told

if TYPE_CHECKING:
    from farm.clients.weather import WeatherClient
    from farm.clients.weather_fakes import InMemoryWeather


def with_gap(weather, name: str, rows: slice):
    column = weather.hourly.columns[name].copy()
    column[rows] = np.nan
    columns = {**weather.hourly.columns, name: column}
    return replace(weather, hourly=replace(weather.hourly, columns=columns))


def test_hours_show_source_and_flag_of_each_value_within_the_span() -> None:
    weather = told(days=2, observed_days=1)
    flags = np.zeros(48, np.uint8)
    flags[1], flags[30] = Flag.RANGE, Flag.STEP
    rejected = np.full(48, np.nan)
    rejected[1] = 99.0
    weather = replace(
        weather, flags={"air_temperature_c": flags}, rejected={"air_temperature_c": rejected}
    )

    table = hourly(
        weather=weather, start=START + timedelta(hours=20), end=START + timedelta(hours=32)
    )

    assert table.count == 12
    assert table.is_provisional.tolist() == [0] * 4 + [1] * 8
    assert table.sources["air_temperature_c"].tolist() == [1] * 4 + [2] * 8
    assert table.flags["air_temperature_c"][10] == Flag.STEP
    assert table.rejected == {}  # the one that was rejected is outside the span
    assert table.units["wind_speed_m_s"] == "m/s"


def test_days_are_cut_to_those_asked_for_and_count_what_is_missing(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    weather = with_gap(told(days=4, observed_days=2), "precipitation_mm", slice(24, 48))

    table = daily(
        weather=weather,
        client=weather_client,
        first_day=date(2026, 1, 2),
        last_day=date(2026, 1, 3),
        day_start=DayStart.NINE,
    )

    assert table.dates == [date(2026, 1, 2), date(2026, 1, 3)]
    assert np.isnan(table.columns["precipitation_mm"][0])
    assert table.missing["precipitation_mm"] == 1
    assert table.missing["temperature_mean_c"] == 0
    assert table.is_provisional.tolist() == [0, 1]
    assert table.columns[ET_COLUMN].tolist() == [DAILY_ET_MM] * 2
    assert table.made_of["temperature_max_c"] == ("station", "open_meteo")
    assert {method.quantity for method in table.methods} >= {ET_COLUMN}
    assert weather_service.requests[-2].completeness_share == 0.9
    asked = weather_service.requests[-1].method
    assert (asked.equation, asked.reference, asked.floors_at_zero) == (1, 1, True)
    assert len(weather_service.requests) == 3


def test_what_cannot_be_worked_out_is_no_column(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    table = daily(weather=told(days=1, air_temperature_c=3.0), client=weather_client)

    assert ET_COLUMN not in table.columns
    assert VPD_COLUMN not in table.columns
    assert len(weather_service.requests) == 1


def test_nothing_observed_makes_every_day_provisional(weather_client: WeatherClient) -> None:
    weather = replace(told(days=2), observed_until=None)

    assert daily(weather=weather, client=weather_client).is_provisional.all()


def test_a_week_with_a_missing_day_has_no_value_and_says_so(
    weather_client: WeatherClient,
) -> None:
    # Monday 29 December to Sunday 11 January; Wednesday the 7th has no rain.
    start = datetime(2025, 12, 28, 23, tzinfo=UTC)
    weather = with_gap(told(days=14, start=start), "precipitation_mm", slice(9 * 24, 10 * 24))

    table = weekly(weather=weather, client=weather_client)

    assert table.dates == [date(2025, 12, 29), date(2026, 1, 5)]
    assert table.columns["precipitation_mm"][0] == pytest.approx(7 * 24 * 0.5)
    assert np.isnan(table.columns["precipitation_mm"][1])
    assert table.coverage["precipitation_mm"].tolist() == [1.0, pytest.approx(6 / 7)]
    assert table.columns["temperature_mean_c"].tolist() == [10.0, 10.0]
    assert table.missing["precipitation_mm"] == 1
    assert "wind_direction_deg" not in table.columns


def test_a_chance_of_rain_is_asked_of_the_days_to_come_alone(weather_client: WeatherClient) -> None:
    name, daily_name = "precipitation_probability_percent", "precipitation_probability_max_percent"
    start = datetime(2025, 12, 28, 23, tzinfo=UTC)
    weather = told(days=14, start=start, observed_days=9, **{name: 30.0})

    past = with_gap(weather, name, slice(0, 9 * 24))
    week = weekly(weather=past, client=weather_client)
    assert np.isnan(week.columns[daily_name][0])  # a week gone by has none
    assert week.columns[daily_name][1] == 30.0
    assert week.coverage[daily_name].tolist() == [0.0, 1.0]

    lacking = with_gap(past, name, slice(11 * 24, 12 * 24))
    week = weekly(weather=lacking, client=weather_client)
    assert np.isnan(week.columns[daily_name]).all()
    assert week.coverage[daily_name][1] == pytest.approx(6 / 7)


def test_a_week_that_has_only_begun_is_partial_and_empty(weather_client: WeatherClient) -> None:
    start = datetime(2025, 12, 28, 23, tzinfo=UTC)

    table = weekly(weather=told(days=9, start=start, observed_days=8), client=weather_client)

    assert table.is_partial is not None
    assert table.is_partial.tolist() == [0, 1]
    assert table.is_provisional.tolist() == [0, 1]
    assert np.isnan(table.columns["temperature_max_c"][1])


def test_days_of_a_week_count_by_their_length(weather_client: WeatherClient) -> None:
    # The week in which clocks went forward: Sunday 29 March has 23 hours.
    start = datetime(2026, 3, 22, 23, tzinfo=UTC)
    weather = told(days=7, start=start, air_temperature_c=0.0)
    column = weather.hourly.columns["air_temperature_c"].copy()
    column[6 * 24 : 6 * 24 + 23] = 10.0
    hours = replace(
        weather.hourly, count=7 * 24 - 1, columns={"air_temperature_c": column[: 7 * 24 - 1]}
    )

    table = weekly(weather=replace(weather, hourly=hours), client=weather_client)

    assert table.columns["temperature_mean_c"][0] == pytest.approx(230 / 167)


def test_both_equations_are_told_apart(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    table = evapotranspiration(weather=told(days=2), client=weather_client, method=EtMethod())

    assert table.columns[OF_HOURS].tolist() == [6.0, 6.0]
    assert table.columns[OF_DAYS].tolist() == [4.0, 4.0]
    assert [method.quantity for method in table.methods] == [OF_HOURS, OF_DAYS]
    assert "stay in the sum" in table.notes["reference_et"]
    floors = {
        type(request).__name__: request.method.floors_at_zero
        for request in weather_service.requests
        if "Et" in type(request).__name__
    }
    assert floors == {"EstimateHourlyEtRequest": False, "EstimateDailyEtRequest": True}


def test_what_was_filled_is_said_in_words(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    from farm.clients import weather_fake_days

    def filled(request):
        answer = weather_fake_days.hourly_et(request)
        answer.stations[0].filled = bytes([0, 1, 2 | 4, 8])
        return answer

    weather_service.answers["EstimateHourlyEt"] = filled
    weather = told(days=1)
    weather = replace(
        weather,
        hourly=replace(
            weather.hourly,
            count=4,
            columns={name: column[:4] for name, column in weather.hourly.columns.items()},
        ),
    )

    table = hourly_evapotranspiration(
        weather=weather, client=weather_client, method=EtMethod(fills_missing=True)
    )

    codes, words = table.words[FILLED]
    assert [words[code] for code in codes] == [None, "radiation", "humidity, wind", None]
