"""One series out of all sources."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import nan

import numpy as np
import pytest

from farm.errors import InvalidInputError
from farm.weather.assembly import AssembledWeather, assembled
from farm.weather.forecasts import store_forecast
from farm.weather.models import WeatherFeed, WeatherPlace
from farm.weather.series import HOUR, Flag
from farm.weather.store import store_hours
from tests.unit.weather.store_world import NOON, hours, new_farm, new_place


@pytest.fixture
def place(db: None) -> WeatherPlace:
    return new_place()


def seen(place: WeatherPlace, *, start: datetime = NOON, count: int = 4) -> AssembledWeather:
    return assembled(place=place, start=start, end=start + count * HOUR, now=NOON + 4 * HOUR)


def temperatures(weather: AssembledWeather) -> list[float]:
    return weather.hourly.columns["air_temperature_c"].tolist()


def same(found: list[float], expected: list[float]) -> bool:
    return np.array_equal(found, expected, equal_nan=True)


def names(weather: AssembledWeather, column: str) -> list[str]:
    index = weather.sources[column]
    return [weather.source_names[at] for at in index]


def test_of_each_hour_and_variable_the_best_source_is_taken(place: WeatherPlace) -> None:
    station = hours(NOON, air_temperature_c=[1, nan, nan, nan])
    archive = hours(NOON, air_temperature_c=[10, 20, nan, nan], precipitation_mm=[0, 1, 2, 3])
    power = hours(NOON, air_temperature_c=[100, 200, 300, nan])
    store_hours(place=place, source="nasa_power", hourly=power)
    store_hours(place=place, source="open_meteo_archive", hourly=archive)
    store_hours(place=place, source="station", hourly=station)

    found = seen(place)

    assert same(temperatures(found), [1, 20, 300, nan])
    assert names(found, "air_temperature_c") == ["station", "open_meteo_archive", "nasa_power", ""]
    assert names(found, "precipitation_mm") == ["open_meteo_archive"] * 4
    assert found.observed_until == NOON + 3 * HOUR
    assert "wind_speed_m_s" not in found.hourly.columns


def test_humidity_and_dew_point_of_an_hour_are_of_one_source(place: WeatherPlace) -> None:
    station = hours(
        NOON,
        relative_humidity_percent=[70, nan, nan, 73],
        dew_point_c=[nan, 8, nan, 9],
    )
    archive = hours(
        NOON,
        air_temperature_c=[14, 14, 14, 14],
        relative_humidity_percent=[50, 51, 52, 53],
        dew_point_c=[4, 5, 6, 7],
    )
    store_hours(place=place, source="open_meteo_archive", hourly=archive)
    store_hours(place=place, source="station", hourly=station)

    found = seen(place)

    assert same(found.hourly.columns["relative_humidity_percent"].tolist(), [70, nan, 52, 73])
    assert same(found.hourly.columns["dew_point_c"].tolist(), [nan, 8, 6, 9])
    assert names(found, "dew_point_c") == ["", "station", "open_meteo_archive", "station"]
    assert temperatures(found) == [14, 14, 14, 14]


def test_a_dew_point_that_nobody_gave_a_humidity_to_is_taken(place: WeatherPlace) -> None:
    station = hours(NOON, air_temperature_c=[14, 14], relative_humidity_percent=[70, nan])
    power = hours(NOON, dew_point_c=[4, 5])
    store_hours(place=place, source="nasa_power", hourly=power)
    store_hours(place=place, source="station", hourly=station)

    found = seen(place, count=2)

    assert same(found.hourly.columns["dew_point_c"].tolist(), [nan, 5])


def test_an_impossible_value_is_shown_and_never_computed_with(place: WeatherPlace) -> None:
    flags = {"air_temperature_c": np.array([0, Flag.RANGE, Flag.STEP, Flag.RANGE], np.uint8)}
    station = hours(NOON, air_temperature_c=[1, 99, 30, 98])
    store_hours(place=place, source="station", hourly=station, flags=flags)
    store_hours(
        place=place, source="nasa_power", hourly=hours(NOON, air_temperature_c=[5, nan, 5, 7])
    )

    found = seen(place)

    assert same(temperatures(found), [1, nan, 30, 7])
    assert same(found.rejected["air_temperature_c"].tolist(), [nan, 99, nan, nan])
    assert found.flags["air_temperature_c"].tolist() == [0, Flag.RANGE, Flag.STEP, 0]


def test_a_forecast_is_of_the_hours_after_the_last_that_came_to_pass(place: WeatherPlace) -> None:
    came = hours(NOON - HOUR, air_temperature_c=[0, 1, nan])
    store_hours(place=place, source="open_meteo", hourly=came)
    store_forecast(
        place=place,
        source="open_meteo",
        issued_at=NOON,
        fetched_at=NOON,
        hourly=hours(NOON - HOUR, air_temperature_c=[7, 8, 9, 10]),
    )

    found = seen(place)

    assert same(temperatures(found), [1, 9, 10, nan])
    assert found.observed_until == NOON
    assert found.issued_at == NOON


def test_of_two_forecasts_the_newest_counts(place: WeatherPlace) -> None:
    for earlier_h, value in ((6, 1.0), (0, 2.0)):
        issued_at = NOON - earlier_h * HOUR
        store_forecast(
            place=place,
            source="open_meteo",
            issued_at=issued_at,
            fetched_at=issued_at,
            hourly=hours(NOON, air_temperature_c=[value] * 4),
        )

    assert temperatures(seen(place)) == [2, 2, 2, 2]


def test_an_old_forecast_of_a_better_source_fills_up_a_fresh_one(place: WeatherPlace) -> None:
    for source, age_h, values in (("open_meteo", 30, [1.0] * 4), ("met_norway", 1, [2.0] * 2)):
        store_forecast(
            place=place,
            source=source,
            issued_at=NOON - age_h * HOUR,
            fetched_at=NOON - age_h * HOUR,
            hourly=hours(NOON, air_temperature_c=values),
        )

    assert temperatures(seen(place)) == [2, 2, 1, 1]


def test_a_span_before_the_newest_hour_holds_no_forecast(place: WeatherPlace) -> None:
    store_hours(place=place, source="open_meteo", hourly=hours(NOON, air_temperature_c=[1]))
    later = hours(NOON + 3 * 24 * HOUR, air_temperature_c=[2])
    store_hours(place=place, source="open_meteo", hourly=later)
    store_forecast(
        place=place,
        source="met_norway",
        issued_at=NOON,
        fetched_at=NOON,
        hourly=hours(NOON, air_temperature_c=[7, 8, 9, 10]),
    )

    found = seen(place)

    assert same(temperatures(found), [1, nan, nan, nan])
    assert found.observed_until == later.start
    assert found.issued_at is None


def test_a_station_of_the_half_hour_sets_the_axis(place: WeatherPlace) -> None:
    half = timedelta(minutes=30)
    station = hours(NOON + half, air_temperature_c=[1, nan])
    store_hours(place=place, source="station", hourly=station)
    power = hours(
        NOON,
        air_temperature_c=[10, 20, 40],
        precipitation_mm=[2, 4, 0],
        wind_direction_deg=[350, 10, 20],
    )
    store_hours(place=place, source="nasa_power", hourly=power)

    found = seen(place, count=2)

    assert found.hourly.start == NOON + half
    assert temperatures(found) == [1, 30]
    assert found.hourly.columns["precipitation_mm"].tolist() == [3, 2]
    assert found.hourly.columns["wind_direction_deg"].tolist() == [350, 10]


def test_a_logger_that_was_set_to_another_minute_loses_no_hour(place: WeatherPlace) -> None:
    half_past = NOON + 24 * HOUR + timedelta(minutes=30)
    store_hours(place=place, source="station", hourly=hours(NOON, air_temperature_c=[1, 2]))
    store_hours(place=place, source="station", hourly=hours(half_past, air_temperature_c=[4, 6]))

    found = seen(place, count=48)

    assert found.observed_until == NOON + 25 * HOUR
    assert same(temperatures(found)[:3], [1, 2, nan])
    assert same(temperatures(found)[24:27], [nan, 5, nan])


def test_nothing_stored_is_no_column_and_no_age(place: WeatherPlace) -> None:
    found = seen(place)

    assert dict(found.hourly.columns) == {}
    assert found.observed_until is None
    assert found.age_s is None
    assert not found.is_stale


def test_a_provider_that_went_silent_is_named(place: WeatherPlace) -> None:
    store_hours(place=place, source="open_meteo", hourly=hours(NOON, air_temperature_c=[1]))
    feed = WeatherFeed.objects.create(
        place=place,
        provider="open_meteo",
        product="forecast",
        succeeded_at=NOON,
        failures=5,
        error_detail="Open-Meteo answers 503.",
    )

    late = assembled(place=place, start=NOON, end=NOON + HOUR, now=NOON + 5 * HOUR)
    assert late.is_stale
    assert late.age_s == 5 * 3600
    assert "2026-06-01 12:00 UTC" in late.stale_reason
    assert "503" in late.stale_reason

    feed.succeeded_at = NOON + 4 * HOUR
    feed.save()
    assert not assembled(place=place, start=NOON, end=NOON + HOUR, now=NOON + 5 * HOUR).is_stale


@pytest.mark.django_db
def test_what_is_simulated_says_so() -> None:
    place = new_place(farm=new_farm(is_demo=True))
    store_hours(place=place, source="simulated", hourly=hours(NOON, air_temperature_c=[1]))

    assert seen(place).is_simulated


def test_a_real_farm_shows_nothing_that_is_simulated(place: WeatherPlace) -> None:
    store_hours(place=place, source="simulated", hourly=hours(NOON, air_temperature_c=[1]))
    store_hours(
        place=place, source="simulated", hourly=hours(NOON + 24 * HOUR, air_temperature_c=[1])
    )
    store_forecast(
        place=place,
        source="simulated",
        issued_at=NOON,
        fetched_at=NOON,
        hourly=hours(NOON + HOUR, air_temperature_c=[2]),
    )

    found = seen(place)

    assert not found.hourly.columns
    assert not found.is_simulated
    assert found.observed_until is None


@pytest.mark.parametrize("days", [0, -1, 13_000])
def test_a_span_without_sense_is_refused(place: WeatherPlace, days: int) -> None:
    with pytest.raises(InvalidInputError, match="hours are answered"):
        assembled(place=place, start=NOON, end=NOON + timedelta(days=days), now=NOON)


def test_a_year_is_one_query_of_blocks(
    place: WeatherPlace, django_assert_max_num_queries: object
) -> None:
    first = datetime(2025, 6, 1, tzinfo=UTC)
    year = np.arange(8760.0)
    sent = hours(first, air_temperature_c=list(year))
    store_hours(place=place, source="nasa_power", hourly=sent)

    with django_assert_max_num_queries(5):  # type: ignore[operator]
        found = assembled(place=place, start=first, end=first + 8760 * HOUR, now=NOON)

    assert (found.hourly.columns["air_temperature_c"] == year).all()
