"""Open-Meteo: which host for which days, which units, and what is not believed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from farm.weather.providers.errors import (
    NoSuchDaysError,
    ProviderInvalidError,
    ProviderRefusedError,
)
from farm.weather.providers.open_meteo import OpenMeteo, read_hours
from tests.unit.weather.providers.answers import DAY, asked, days, open_meteo, recorded, stamps
from tests.unit.weather.providers.provider_server import NOW, Reply, as_json

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from farm.weather.providers.http import PoliteSession
    from farm.weather.providers.interface import Fetched
    from tests.unit.weather.providers.provider_server import ProviderServer


def read(document: Any, **changes: Any) -> Fetched:
    request = asked(**changes)
    return read_hours(json.dumps(document), request=request, days=request.days)


# --- What is asked ---


@pytest.mark.django_db
def test_a_forecast_is_asked_with_its_past_in_our_units(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(as_json(open_meteo(count=48)))

    fetched = OpenMeteo().fetch(
        request=asked(last_day=date(2026, 4, 4), elevation_m=12.4), session=session
    )

    (seen,) = server.seen
    assert seen.path == "/v1/forecast"
    assert seen.parameters["wind_speed_unit"] == "ms"
    assert seen.parameters["temperature_unit"] == "celsius"
    assert seen.parameters["precipitation_unit"] == "mm"
    assert (seen.parameters["timezone"], seen.parameters["timeformat"]) == ("GMT", "unixtime")
    assert (seen.parameters["past_days"], seen.parameters["forecast_days"]) == ("1", "8")
    assert seen.parameters["elevation"] == "12"
    assert "wind_gusts_10m" in seen.parameters["hourly"].split(",")
    assert "apikey" not in seen.parameters
    assert fetched.source == "open_meteo"
    assert (fetched.elevation_m, fetched.issued_at) == (12, None)
    assert fetched.observed_until == datetime(2026, 3, 28, 9, tzinfo=UTC)
    assert fetched.hourly.count == 48


@pytest.mark.django_db
def test_the_past_is_asked_of_the_archive(server: ProviderServer, session: PoliteSession) -> None:
    first = date(2025, 6, 1)
    server.will(as_json(open_meteo(first=first)))

    fetched = OpenMeteo().fetch(
        request=asked(product="archive", first_day=first, last_day=date(2025, 6, 30)),
        session=session,
    )

    (seen,) = server.seen
    assert seen.path == "/of-the-archive/v1/archive"
    assert (seen.parameters["start_date"], seen.parameters["end_date"]) == (
        "2025-06-01",
        "2025-06-30",
    )
    assert "precipitation_probability" not in seen.parameters["hourly"]
    assert fetched.source == "open_meteo_archive"
    assert fetched.observed_until == datetime(2025, 6, 1, 23, tzinfo=UTC)


@pytest.mark.django_db
def test_a_customer_asks_the_customers_host(
    server: ProviderServer, session: PoliteSession, settings: SettingsWrapper
) -> None:
    server.will(as_json(open_meteo()))
    settings.OPEN_METEO_KEY = "k3y"

    OpenMeteo().fetch(request=asked(), session=session)
    settings.OPEN_METEO_URL = "https://api.open-meteo.com"
    query = OpenMeteo()._query(asked(), days())

    assert server.seen[0].parameters["apikey"] == "k3y"
    assert query.url == "https://customer-api.open-meteo.com/v1/forecast"


def test_the_hosts_together_have_every_day() -> None:
    archive, forecast = (OpenMeteo().reach(product, NOW) for product in ("archive", "forecast"))

    assert (archive.first_day, archive.last_day) == (date(1940, 1, 1), date(2026, 3, 23))
    # 92 days back and sixteen with today, as the documentation has it.
    assert (forecast.first_day, forecast.last_day) == (date(2025, 12, 26), date(2026, 4, 12))
    assert archive.overlap(forecast) is not None


@pytest.mark.parametrize(
    "request_changes",
    [
        {"first_day": date(2020, 1, 1), "last_day": date(2020, 1, 2)},
        {"first_day": date(2027, 1, 1), "last_day": date(2027, 1, 2)},
        {"product": "archive", "first_day": date(2000, 1, 1), "last_day": date(2020, 1, 2)},
        {"latitude": float("nan")},
        {"longitude": 200.0},
    ],
)
def test_what_cannot_be_had_is_not_asked(
    request_changes: dict[str, Any], server: ProviderServer, session: PoliteSession
) -> None:
    with pytest.raises(NoSuchDaysError):
        OpenMeteo().fetch(request=asked(**request_changes), session=session)

    assert server.seen == []


def test_a_long_past_costs_as_many_calls_as_they_count() -> None:
    provider, archive = OpenMeteo(), {"product": "archive", "first_day": date(2025, 1, 1)}

    day = provider._query(asked(**archive), days(date(2025, 1, 1)))
    year = provider._query(asked(**archive), days(date(2025, 1, 1), date(2025, 12, 31)))

    assert day.cost == pytest.approx(1.1)  # eleven variables
    assert year.cost == pytest.approx(1.1 * 365 / 14)


# --- Recorded answers ---


@pytest.mark.django_db
def test_a_recorded_forecast_is_read(server: ProviderServer, session: PoliteSession) -> None:
    body = recorded("open_meteo/forecast-4418bd.json")
    told = json.loads(body)
    server.will(Reply(body=body))
    request = asked(
        longitude=-47.9,
        latitude=-15.8,
        first_day=date(2023, 10, 25),
        last_day=date(2023, 10, 28),
        now=datetime(2023, 10, 26, 12, tzinfo=UTC),
    )

    fetched = OpenMeteo().fetch(request=request, session=session)

    # Its clock is three hours behind UTC: its first hour is 03:00 here.
    hourly = fetched.hourly
    assert hourly.start == datetime(2023, 10, 25, 3, tzinfo=UTC)
    assert fetched.elevation_m == 1134
    assert (
        hourly.columns["air_temperature_c"].tolist()
        == (told["hourly"]["temperature_2m"][: hourly.count])
    )
    assert hourly.end == datetime(2023, 10, 29, tzinfo=UTC)


@pytest.mark.django_db
def test_a_recorded_archive_is_read(server: ProviderServer, session: PoliteSession) -> None:
    body = recorded("open_meteo/archive-43cae1.json")
    server.will(Reply(body=body))
    request = asked(
        product="archive",
        longitude=-130.8,
        latitude=-12.5,
        first_day=date(2022, 12, 29),
        last_day=date(2022, 12, 30),
    )

    fetched = OpenMeteo().fetch(request=request, session=session)

    assert fetched.hourly.start == datetime(2022, 12, 29, 9, tzinfo=UTC)
    assert fetched.hourly.count == 24
    assert fetched.hourly.columns["air_temperature_c"][[0, -1]].tolist() == [25.2, 24.2]
    assert fetched.observed_until == datetime(2022, 12, 30, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("archive-466132.json", "hourly_units is nothing"),  # days only
        ("air-quality-28475d.json", "nothing of"),
        ("search-053f48.json", "longitude is nothing"),
        ("search-ecd5a0.json", "longitude is nothing"),
    ],
)
def test_other_recorded_answers_are_not_taken_for_weather(name: str, said: str) -> None:
    text = recorded(f"open_meteo/{name}").decode()
    told = json.loads(text)
    place = {name: told.get(name, 0.0) for name in ("longitude", "latitude")}
    request = asked(**place, first_day=date(2022, 12, 29), last_day=date(2023, 1, 8))

    with pytest.raises(ProviderInvalidError, match=said):
        read_hours(text, request=request, days=request.days)


# --- Units ---


def test_kilometres_and_metres_of_the_same_hour_give_one_answer() -> None:
    in_metres = [0.0, 0.5, 1.0, 2.5, 7.5, 12.0, 33.0, None]
    in_kilometres = [None if v is None else v * 3.6 for v in in_metres]
    more = {"wind_gusts_10m": "km/h"}

    by_metres = read(open_meteo(count=8, wind_speed_10m=in_metres, wind_gusts_10m=in_metres))
    by_kilometres = read(
        open_meteo(
            count=8,
            units={"wind_speed_10m": "km/h"} | more,
            wind_speed_10m=in_kilometres,
            wind_gusts_10m=in_kilometres,
        )
    )

    for name in ("wind_speed_m_s", "wind_gust_m_s"):
        np.testing.assert_allclose(
            by_kilometres.hourly.columns[name],
            by_metres.hourly.columns[name],
            rtol=1e-14,  # two roundings
            atol=0,
        )


@pytest.mark.parametrize(
    ("theirs", "unit", "given", "ours", "wanted"),
    [
        ("temperature_2m", "°C", 21.5, "air_temperature_c", 21.5),
        ("temperature_2m", "°F", 212.0, "air_temperature_c", 100.0),
        ("temperature_2m", "°F", -40.0, "air_temperature_c", -40.0),
        ("dew_point_2m", "°F", 32.0, "dew_point_c", 0.0),
        ("wind_speed_10m", "mp/h", 100.0, "wind_speed_m_s", 44.704),
        ("wind_speed_10m", "kn", 100.0, "wind_speed_m_s", 51.4444),
        ("precipitation", "inch", 1.0, "precipitation_mm", 25.4),
        ("shortwave_radiation", "W/m²", 1000.0, "shortwave_radiation_mj_m2", 3.6),
        ("surface_pressure", "hPa", 1013.2, "surface_pressure_hpa", 1013.2),
    ],
)
def test_known_units_are_converted(
    theirs: str, unit: str, given: float, ours: str, wanted: float
) -> None:
    fetched = read(open_meteo(count=1, units={theirs: unit}, **{theirs: [given]}))

    assert fetched.hourly.columns[ours][0] == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("unit", ["Bft", "", None, 7, "M/S", "km/h\u200b"])
def test_unknown_units_are_refused(unit: Any) -> None:
    with pytest.raises(ProviderInvalidError, match=r"wind_speed_10m is in .* is known"):
        read(open_meteo(units={"wind_speed_10m": unit}))


def test_a_variable_that_the_model_does_not_have_is_absent() -> None:
    document = open_meteo(
        count=2,
        units={"wind_gusts_10m": "undefined"},
        temperature_2m=[1.0, 2.0],
        wind_gusts_10m=[None, None],
    )

    columns = read(document).hourly.columns
    document["hourly"]["wind_gusts_10m"] = [None, 3.0]

    assert list(columns) == ["air_temperature_c"]
    with pytest.raises(ProviderInvalidError, match="in undefined"):
        read(document)


def test_a_column_without_a_unit_is_refused() -> None:
    document = open_meteo()
    del document["hourly_units"]["temperature_2m"]

    with pytest.raises(ProviderInvalidError, match="no unit"):
        read(document)


# --- Values ---


def test_null_is_absent_and_not_zero() -> None:
    fetched = read(open_meteo(count=3, temperature_2m=[1.0, None, 0]))

    np.testing.assert_array_equal(fetched.hourly.columns["air_temperature_c"], [1.0, np.nan, 0.0])


def test_absurd_values_are_kept_for_whoever_judges_them() -> None:
    fetched = read(open_meteo(count=2, temperature_2m=[1e30, -500.0]))

    assert fetched.hourly.columns["air_temperature_c"].tolist() == [1e30, -500.0]


def test_what_is_missing_at_the_end_is_not_observed() -> None:
    fetched = read(open_meteo(temperature_2m=[5.0] * 20 + [None] * 4), product="archive")

    assert fetched.observed_until == datetime(2026, 3, 27, 19, tzinfo=UTC)


def test_an_archive_that_has_nothing_yet_has_observed_nothing() -> None:
    fetched = read(open_meteo(temperature_2m=[None] * 24), product="archive")

    assert fetched.observed_until is None
    assert fetched.hourly.count == 24


def test_hours_that_nobody_gave_are_gaps() -> None:
    document = open_meteo(count=4, temperature_2m=[1.0, 2.0, 3.0, 4.0])
    del document["hourly"]["time"][1]
    del document["hourly"]["temperature_2m"][1]

    fetched = read(document)

    np.testing.assert_array_equal(
        fetched.hourly.columns["air_temperature_c"], [1.0, np.nan, 3.0, 4.0]
    )


def test_hours_of_other_days_are_left_out() -> None:
    fetched = read(open_meteo(first=DAY - timedelta(days=1), count=72))

    assert (fetched.hourly.start, fetched.hourly.count) == (
        datetime(2026, 3, 27, tzinfo=UTC),
        24,
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"temperature_2m": [1.0] * 23}, "has 23 values for 24 hours"),
        ({"temperature_2m": [1.0] * 25}, "has 25 values for 24 hours"),
        ({"temperature_2m": [1.0] * 99_000}, "entries; at most"),
        ({"temperature_2m": ["1.0"] * 24}, r"\[0\] is str, not a number"),
        ({"temperature_2m": [1.0] * 23 + [True]}, r"\[23\] is bool, not a number"),
        ({"temperature_2m": [1.0] * 23 + [[1]]}, r"\[23\] is list, not a number"),
        ({"temperature_2m": [1.0] * 23 + [10**400]}, "without an end"),
        ({"temperature_2m": 7}, "is int, not an array"),
        ({"time": []}, "has no hours"),
        ({"time": None}, "hourly.time is nothing, not an array"),
        ({"time": [0] * 24}, "time 1 is there twice"),
        ({"time": stamps()[::-1]}, "time 1 comes before"),
        ({"time": [stamp + 60 for stamp in stamps()]}, "time 0 is not a whole hour"),
        ({"time": [stamp + 0.5 for stamp in stamps()]}, "no seconds since 1970"),
        ({"time": [1e300] * 24}, "no seconds since 1970"),
        ({"time": ["now"] * 24}, "is str, not a number"),
        ({"time": stamps(date(2026, 1, 1))}, "has nothing of 2026-03-27"),
    ],
)
def test_hours_that_make_no_sense_are_refused(change: dict[str, Any], said: str) -> None:
    document = open_meteo()
    document["hourly"] |= change

    with pytest.raises(ProviderInvalidError, match=said):
        read(document)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"latitude": 48.0}, "361 km from 51.25, 4.5"),
        ({"latitude": 4.5, "longitude": 51.25}, "km from"),  # the two swapped
        ({"latitude": 91}, "no place on Earth"),
        ({"latitude": None}, "latitude is nothing"),
        ({"longitude": "4.5"}, "longitude is str"),
        ({"elevation": 12_000}, "ground lies at 12000 m"),
        ({"elevation": -9999.0}, "ground lies at -9999 m"),
        ({"elevation": "12"}, "elevation is str"),
        ({"hourly": []}, "hourly is list, not an object"),
        ({"hourly_units": None}, "hourly_units is nothing"),
        ({"hourly_units": {"time": "fortnights", "temperature_2m": "°C"}}, "neither unixtime nor"),
        ({"utc_offset_seconds": "x", "hourly_units": {"time": "iso8601"}}, "is str"),
    ],
)
def test_a_provider_that_lies_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ProviderInvalidError, match=said):
        read(open_meteo() | change)


@pytest.mark.parametrize("document", [None, 7, [], "weather", True])
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(ProviderInvalidError, match="not an object"):
        read(document)


def test_a_refusal_within_a_good_answer_is_one() -> None:
    with pytest.raises(ProviderRefusedError, match="Daily limit"):
        read({"error": True, "reason": "Daily limit exceeded"})


def test_a_cell_across_the_date_line_is_near() -> None:
    fetched = read(open_meteo() | {"longitude": -179.95}, longitude=179.95)

    assert fetched.hourly.count == 24


def test_a_place_without_ground_has_none() -> None:
    assert read(open_meteo() | {"elevation": None}).elevation_m is None
