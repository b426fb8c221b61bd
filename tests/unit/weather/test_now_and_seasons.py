"""The weather now, and what adds up over a season."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from farm.clients import weather_fakes
from farm.clients.weather_fakes import HEAT_C
from farm.weather.agro import agro
from farm.weather.chill import chill
from farm.weather.current import current
from farm.weather.domain_risks import WETNESS_UNKNOWN, InfectionModel
from farm.weather.domain_seasons import HeatMethod
from farm.weather.frost import frost
from farm.weather.heat import DEGREE_DAYS, TOTAL, heat
from farm.weather.rain import rain
from farm.weather.series import Flag
from tests.unit.weather.weather_world import START, told

if TYPE_CHECKING:
    from typing import Any

    from farm.clients.weather import WeatherClient
    from farm.clients.weather_fakes import InMemoryWeather


def test_now_is_the_latest_observed_hour_and_the_nearest_forecast_one(
    weather_client: WeatherClient,
) -> None:
    weather = told(days=2, observed_days=1)
    now = START + timedelta(hours=25, minutes=10)

    found = current(weather=weather, client=weather_client, now=now)

    assert found.observed is not None
    assert found.forecast is not None
    assert found.observed.at == START + timedelta(hours=23)
    assert found.observed.age_s == 2 * 3600 + 600
    assert found.observed.sources["air_temperature_c"] == "station"
    assert found.forecast.at == START + timedelta(hours=25)
    assert found.forecast.sources["air_temperature_c"] == "open_meteo"
    assert found.observed.values["delta_t_k"] == 1.0
    # As it was given, not as it was worked out from it.
    assert found.observed.values["relative_humidity_percent"] == 80.0
    assert found.units["wet_bulb_c"] == "°C"


def test_an_hour_without_temperature_is_not_the_latest(weather_client: WeatherClient) -> None:
    weather = told(days=1)
    weather.hourly.columns["air_temperature_c"][20:] = np.nan
    flags = np.zeros(24, np.uint8)
    flags[19] = Flag.STEP
    weather = replace(weather, flags={"air_temperature_c": flags})

    found = current(weather=weather, client=weather_client, now=START + timedelta(days=1))

    assert found.observed is not None
    assert found.observed.at == START + timedelta(hours=19)
    assert found.observed.flags == {"air_temperature_c": Flag.STEP}
    assert found.forecast is None


def test_nothing_known_is_nothing_now(weather_client: WeatherClient) -> None:
    weather = replace(told(days=1), observed_until=None)
    weather = replace(weather, hourly=replace(weather.hourly, columns={}))

    found = current(weather=weather, client=weather_client, now=START)

    assert (found.observed, found.forecast) == (None, None)


def test_leaves_are_wet_dry_or_unknown(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    from farm.clients import weather_fakes

    def wet(request):
        answer = weather_fakes._disease(request)
        answer.is_wet = bytes([0, 1, WETNESS_UNKNOWN]) + bytes(request.hours.hours.hours.count - 3)
        return answer

    weather_service.answers["AssessDisease"] = wet
    model = InfectionModel(
        name="scab",
        min_temperature_c=1,
        optimum_temperature_c=20,
        max_temperature_c=35,
        min_wetness_h=6,
        max_wetness_h=40,
        dry_interruption_h=8,
    )

    report = agro(
        weather=told(days=1),
        client=weather_client,
        end=START + timedelta(hours=3),
        model=model,
    )

    codes, words = report.table.words["leaf_wetness"]
    assert [words[code] for code in codes] == ["dry", "wet", None]
    assert report.infections
    assert report.table.made_of["reference_et_mm"] == ("station",)


def test_degree_days_say_what_they_rest_on(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    report = heat(
        weather=told(days=5, observed_days=3),
        client=weather_client,
        first_day=date(2026, 1, 2),
        last_day=date(2026, 1, 5),
        lower_c=4,
    )

    assert report.table.dates == [date(2026, 1, day) for day in (2, 3, 4, 5)]
    assert report.total_k_d == 4 * HEAT_C
    assert report.observed_total_k_d == 2 * HEAT_C
    codes, words = report.table.words["basis"]
    assert [words[code] for code in codes] == ["observed", "observed", "forecast", "forecast"]
    assert report.table.columns[TOTAL][-1] == 4 * HEAT_C
    assert report.table.units[DEGREE_DAYS] == "K d"
    assert weather_service.requests[-1].days.days.first_day == "2026-01-02"


def test_degree_days_of_days_without_a_value_are_no_total(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    def unknown(request: Any) -> Any:
        answer = weather_fakes._heat(request)
        degree_days = np.array([np.nan, np.nan, HEAT_C, np.nan])
        if request.lower_c == 5:
            degree_days[:] = np.nan
        answer.degree_days = degree_days.tobytes()
        answer.total = np.nan_to_num(degree_days).cumsum().tobytes()
        return answer

    weather_service.answers["AccumulateHeat"] = unknown
    some, none = (
        heat(
            weather=told(days=5),
            client=weather_client,
            first_day=date(2026, 1, 2),
            last_day=date(2026, 1, 5),
            lower_c=lower_c,
        )
        for lower_c in (4, 5)
    )

    assert (none.total_k_d, none.observed_total_k_d) == (None, None)
    assert np.isnan(none.table.columns[TOTAL]).all()
    assert (some.total_k_d, some.observed_total_k_d) == (HEAT_C, HEAT_C)
    expected = [np.nan, np.nan, HEAT_C, HEAT_C]
    assert np.array_equal(some.table.columns[TOTAL], expected, equal_nan=True)


def test_warmth_by_the_hour_takes_the_hours_of_its_days_alone(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    heat(
        weather=told(days=5),
        client=weather_client,
        first_day=date(2026, 1, 2),
        last_day=date(2026, 1, 3),
        method=HeatMethod.HOURLY,
    )

    sent = weather_service.requests[-1].hours.hours.hours
    assert sent.start.ToDatetime(tzinfo=UTC) == datetime(2026, 1, 1, 23, tzinfo=UTC)
    assert sent.count == 48


def test_chill_is_told_at_the_end_of_each_local_day(weather_client: WeatherClient) -> None:
    report = chill(
        weather=told(days=4),
        client=weather_client,
        first_day=date(2026, 1, 2),
        last_day=date(2026, 1, 3),
    )

    assert report.table.columns["chilling_hours"].tolist() == [24, 48]
    assert report.state.last_hour == datetime(2026, 1, 3, 22, tzinfo=UTC)


def test_a_season_of_chill_goes_on(weather_client: WeatherClient) -> None:
    weather = told(days=4)
    first = chill(
        weather=weather,
        client=weather_client,
        first_day=date(2026, 1, 1),
        last_day=date(2026, 1, 2),
    )

    then = chill(
        weather=weather,
        client=weather_client,
        first_day=date(2026, 1, 3),
        last_day=date(2026, 1, 4),
        state=first.state,
    )

    assert then.table.columns["chill_portions"].tolist() == [72, 96]


def test_nights_of_other_days_are_left_out(weather_client: WeatherClient) -> None:
    of_first = frost(weather=told(days=2), client=weather_client, last_day=date(2026, 1, 1))
    of_later = frost(weather=told(days=2), client=weather_client, first_day=date(2026, 1, 2))

    assert [night.date for night in of_first.nights] == [date(2026, 1, 1)]
    assert of_later.nights == ()


def test_rain_is_looked_back_at_from_an_instant(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    until = START + timedelta(hours=30)

    report = rain(weather=told(days=2), client=weather_client, until=until)

    assert report.summary.dry_days == 1
    assert weather_service.requests[0].until.ToDatetime(tzinfo=UTC) == until
    assert weather_service.requests[0].hours.time_zone == "Europe/Brussels"
