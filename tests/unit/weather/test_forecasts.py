"""Forecasts: kept as issued, thinned with age, held against what came."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from farm.weather.forecasts import forecast_errors, store_forecast, thin_forecasts
from farm.weather.models import WeatherForecast, WeatherPlace
from farm.weather.series import HOUR
from farm.weather.store import store_hours
from tests.unit.weather.store_world import NOON, hours, new_farm, new_place


@pytest.fixture
def place(db: None) -> WeatherPlace:
    return new_place()


def issue(
    place: WeatherPlace, issued_at: datetime, values: list[float], *, fetched_h: int = 0
) -> bool:
    return store_forecast(
        place=place,
        source="open_meteo",
        issued_at=issued_at,
        fetched_at=issued_at + fetched_h * HOUR,
        hourly=hours(NOON, air_temperature_c=values),
    )


def test_the_same_issue_is_one_row(place: WeatherPlace) -> None:
    assert issue(place, NOON, [1, 2])
    assert not issue(place, NOON, [1, 2], fetched_h=1)

    row = WeatherForecast.objects.get()
    assert row.fetched_at == NOON + HOUR


def test_an_issue_that_was_completed_takes_the_place_of_its_beginning(place: WeatherPlace) -> None:
    issue(place, NOON, [1, 2])

    assert issue(place, NOON, [1, 2, 3], fetched_h=1)
    assert WeatherForecast.objects.get().hours == 3


def test_where_the_provider_names_no_issue_the_same_words_are_the_same_issue(
    place: WeatherPlace,
) -> None:
    issue(place, NOON, [1, 2])

    assert not issue(place, NOON + HOUR, [1, 2])
    assert issue(place, NOON + 2 * HOUR, [1, 3])
    assert WeatherForecast.objects.count() == 2


def test_those_of_coordinates_are_thinned_after_a_day_and_soon_go(place: WeatherPlace) -> None:
    for days in (17, 3, 2):
        for at in (0, 3):
            issue(place, NOON - timedelta(days=days, hours=-at), [days + at / 10])
    issue(place, NOON - 2 * HOUR, [0])
    issue(place, NOON - HOUR, [1])

    assert thin_forecasts(now=NOON) == 4
    assert thin_forecasts(now=NOON) == 0
    assert WeatherForecast.objects.count() == 4


@pytest.mark.django_db
def test_old_issues_are_thinned_to_one_a_day_and_then_go() -> None:
    place = new_place(farm=new_farm())
    for days in (800, 70, 10):
        for at in (0, 3):
            issue(place, NOON - timedelta(days=days, hours=-at), [days + at / 10])

    assert thin_forecasts(now=NOON) == 3
    assert thin_forecasts(now=NOON) == 0

    kept = WeatherForecast.objects.order_by("issued_at").values_list("issued_at", flat=True)
    first = [NOON - timedelta(days=70), NOON - timedelta(days=10)]
    assert list(kept) == [*first, first[1] + 3 * HOUR]


def test_a_forecast_is_held_against_what_came(place: WeatherPlace) -> None:
    store_hours(
        place=place, source="nasa_power", hourly=hours(NOON, air_temperature_c=[10, 20, 30])
    )
    store_hours(place=place, source="station", hourly=hours(NOON, air_temperature_c=[11]))
    for earlier_h, said in ((0, [0, 22, 0]), (-1, [0, 0, 27])):
        issue(place, NOON - earlier_h * HOUR, said)

    errors = {
        one.variable: one for one in forecast_errors(place=place, lead_h=1, now=NOON + 9 * HOUR)
    }

    found = errors["air_temperature_c"]
    assert found.count == 2
    assert found.bias == pytest.approx((2 - 3) / 2)
    assert found.mean_absolute == pytest.approx((2 + 3) / 2)
