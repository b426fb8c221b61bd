"""Hours into the database and not out of it again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import nan

import numpy as np
import pytest

from farm.errors import InvalidInputError
from farm.weather.blocks import ROW_OF, unpack_flags, unpack_values
from farm.weather.models import WeatherDay, WeatherPlace
from farm.weather.series import Flag
from farm.weather.store import store_hours
from tests.unit.weather.store_world import hours, new_place

LATE = datetime(2026, 6, 1, 22, tzinfo=UTC)


@pytest.fixture
def place(db: None) -> WeatherPlace:
    return new_place()


def stored(place: WeatherPlace, name: str) -> dict[date, list[float]]:
    rows = WeatherDay.objects.filter(place=place).order_by("day")
    return {row.day: unpack_values([row.values])[0][ROW_OF[name]].tolist() for row in rows}


def test_hours_lie_in_the_blocks_of_their_utc_days(place: WeatherPlace) -> None:
    outcome = store_hours(
        place=place, source="station", hourly=hours(LATE, air_temperature_c=[1, 2, 3])
    )

    found = stored(place, "air_temperature_c")
    assert found[date(2026, 6, 1)][22:] == [1, 2]
    assert found[date(2026, 6, 2)][0] == 3
    assert np.isnan(found[date(2026, 6, 2)][1:]).all()
    assert (outcome.hours_new, outcome.days_written) == (3, 2)


def test_the_same_hours_again_write_nothing(place: WeatherPlace) -> None:
    sent = hours(LATE, air_temperature_c=[1, nan, 3])
    flags = {"air_temperature_c": np.array([0, 0, Flag.STEP], np.uint8)}
    store_hours(place=place, source="station", hourly=sent, flags=flags)
    before = list(WeatherDay.objects.values_list("pk", "updated_at"))

    again = store_hours(place=place, source="station", hourly=sent, flags=flags)

    assert not again.has_changed
    assert (again.hours_new, again.hours_changed, again.hours_unchanged) == (0, 0, 2)
    assert list(WeatherDay.objects.values_list("pk", "updated_at")) == before


def test_a_new_value_takes_the_place_of_the_old_one_with_its_flags(place: WeatherPlace) -> None:
    marked = {"air_temperature_c": np.array([Flag.RANGE], np.uint8)}
    bad = hours(LATE, air_temperature_c=[99])
    store_hours(place=place, source="station", hourly=bad, flags=marked)

    outcome = store_hours(place=place, source="station", hourly=hours(LATE, air_temperature_c=[9]))

    row = WeatherDay.objects.get()
    assert outcome.hours_changed == 1
    assert stored(place, "air_temperature_c")[row.day][22] == 9
    assert not unpack_flags([row.flags]).any()


def test_what_is_absent_deletes_nothing(place: WeatherPlace) -> None:
    flags = {"air_temperature_c": np.array([Flag.STEP, 0], np.uint8)}
    first = hours(LATE, air_temperature_c=[1, 2])
    store_hours(place=place, source="station", hourly=first, flags=flags)

    store_hours(place=place, source="station", hourly=hours(LATE, air_temperature_c=[nan, 5]))

    row = WeatherDay.objects.get()
    assert stored(place, "air_temperature_c")[row.day][22:] == [1, 5]
    assert unpack_flags([row.flags])[0][0, 22:].tolist() == [Flag.STEP, 0]


def test_another_variable_joins_the_hour(place: WeatherPlace) -> None:
    store_hours(place=place, source="station", hourly=hours(LATE, air_temperature_c=[1]))

    store_hours(place=place, source="station", hourly=hours(LATE, precipitation_mm=[0.2]))

    day = date(2026, 6, 1)
    assert stored(place, "air_temperature_c")[day][22] == 1
    assert stored(place, "precipitation_mm")[day][22] == 0.2


def test_a_gap_that_carries_a_flag_is_kept_as_such(place: WeatherPlace) -> None:
    flags = {"air_temperature_c": np.array([Flag.SPARSE], np.uint8)}

    store_hours(
        place=place, source="station", hourly=hours(LATE, air_temperature_c=[nan]), flags=flags
    )

    row = WeatherDay.objects.get()
    assert np.isnan(unpack_values([row.values])).all()
    assert unpack_flags([row.flags])[0][0, 22] == Flag.SPARSE


def test_nothing_but_gaps_makes_no_row(place: WeatherPlace) -> None:
    store_hours(place=place, source="station", hourly=hours(LATE, air_temperature_c=[nan, nan]))

    assert not WeatherDay.objects.exists()


def test_sources_do_not_touch_each_other(place: WeatherPlace) -> None:
    store_hours(place=place, source="station", hourly=hours(LATE, air_temperature_c=[1]))
    store_hours(place=place, source="nasa_power", hourly=hours(LATE, air_temperature_c=[2]))

    assert WeatherDay.objects.count() == 2


def test_hours_that_end_at_another_minute_are_refused_whole(place: WeatherPlace) -> None:
    store_hours(place=place, source="station", hourly=hours(LATE, air_temperature_c=[1]))
    half_past = hours(LATE - timedelta(days=1, minutes=30), air_temperature_c=[1.0] * 48)

    with pytest.raises(InvalidInputError, match="30 minutes past"):
        store_hours(place=place, source="station", hourly=half_past)

    assert WeatherDay.objects.count() == 1


def test_years_are_stored_in_a_bounded_number_of_queries(
    place: WeatherPlace, django_assert_max_num_queries: object
) -> None:
    year = hours(datetime(2025, 1, 1, tzinfo=UTC), air_temperature_c=[1.0] * 8760)

    with django_assert_max_num_queries(8):  # type: ignore[operator]
        outcome = store_hours(place=place, source="nasa_power", hourly=year)

    assert outcome.days_written == 365
