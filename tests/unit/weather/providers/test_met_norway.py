"""MET Norway: one file and one entry of the registry; its terms are kept."""

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
from farm.weather.providers.met_norway import MetNorway, read_entries
from tests.unit.weather.providers.answers import asked, met_norway, recorded_met_norway
from tests.unit.weather.providers.provider_server import NOW, Reply, as_json

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from farm.weather.providers.http import PoliteSession
    from tests.unit.weather.providers.provider_server import Clock, ProviderServer

TODAY = NOW.date()
TEN = datetime(2026, 3, 28, 10, tzinfo=UTC)


def entries(count: int = 3) -> Any:
    return met_norway(
        [
            (
                TEN + timedelta(hours=hour),
                {"air_temperature": 9.0 + hour, "wind_speed": 4.0},
                {"precipitation_amount": float(hour)},
            )
            for hour in range(count)
        ]
    )


@pytest.mark.django_db
def test_a_recorded_forecast_is_read_and_asked_again_only_when_it_expires(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    body, headers, given_at = recorded_met_norway()
    told = json.loads(body)["properties"]["timeseries"]
    server.will(Reply(body=body, headers=headers))
    clock.now = given_at
    request = asked(
        longitude=-0.1,
        latitude=51.5,
        elevation_m=25.0,
        first_day=date(2020, 7, 20),
        last_day=date(2020, 7, 30),
        now=given_at,
    )

    fetched = MetNorway().fetch(request=request, session=session)
    again = MetNorway().fetch(request=request, session=session)

    assert len(server.seen) == 1
    assert server.seen[0].path == "/weatherapi/locationforecast/2.0/complete"
    assert server.seen[0].parameters == {"lat": "51.5000", "lon": "-0.1000", "altitude": "25"}
    assert "farm@example.org" in server.seen[0].headers["User-Agent"]
    assert fetched.asked_again_from == datetime(2020, 7, 20, 12, 16, 23, tzinfo=UTC)
    assert fetched.issued_at == datetime(2020, 7, 20, 1, 30, 57, tzinfo=UTC)
    assert (fetched.source, fetched.elevation_m) == ("met_norway", 25)
    assert fetched.observed_until is None
    hourly = fetched.hourly
    assert again.hourly.columns.keys() == hourly.columns.keys()
    assert hourly.start == datetime(2020, 7, 20, 11, tzinfo=UTC)
    assert hourly.columns["air_temperature_c"][0] == 18.8
    assert hourly.columns["dew_point_c"][0] == 7.2
    assert hourly.columns["wind_direction_deg"][0] == 349.3
    # Every value is there once, and the six-hourly end has gaps between.
    last = datetime.fromisoformat(told[-1]["time"])
    assert hourly.stamps()[-1] == last
    known = ~np.isnan(hourly.columns["air_temperature_c"])
    assert known.sum() == len(told)
    assert known.sum() < hourly.count


def test_rain_is_stamped_with_the_end_of_its_hour() -> None:
    _, _, columns = read_entries(json.dumps(entries()), request=asked())

    stamps, rain = columns["precipitation_mm"]
    assert stamps[0] == int((TEN + timedelta(hours=1)).timestamp())
    assert rain.tolist() == [0.0, 1.0, 2.0]
    assert columns["air_temperature_c"][0][0] == int(TEN.timestamp())


def test_rain_of_six_hours_is_not_taken_for_that_of_one() -> None:
    document = entries(1)
    data = document["properties"]["timeseries"][0]["data"]
    data["next_6_hours"] = {"details": {"precipitation_amount": 12.0}}
    del data["next_1_hours"]

    _, _, columns = read_entries(json.dumps(document), request=asked())

    assert "precipitation_mm" not in columns


def test_pressure_at_sea_level_is_not_taken_for_that_of_the_place() -> None:
    document = entries(1)
    details = document["properties"]["timeseries"][0]["data"]["instant"]["details"]
    details["air_pressure_at_sea_level"] = 1023.2

    _, _, columns = read_entries(json.dumps(document), request=asked())

    assert "surface_pressure_hpa" not in columns


@pytest.mark.django_db
def test_after_it_expired_it_is_asked_for_by_its_date(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    modified = "Sat, 28 Mar 2026 08:41:20 GMT"
    server.will(
        as_json(
            entries(),
            headers={"Last-Modified": modified, "Expires": "Sat, 28 Mar 2026 10:00:00 GMT"},
        ),
        Reply(status=304, headers={"Expires": "Sat, 28 Mar 2026 10:30:00 GMT"}),
    )
    request = asked(first_day=TODAY, last_day=TODAY)

    MetNorway().fetch(request=request, session=session)
    clock.pass_by(3600)
    fetched = MetNorway().fetch(request=request, session=session)

    assert server.seen[1].headers["If-Modified-Since"] == modified
    temperatures = fetched.hourly.columns["air_temperature_c"]
    # The last hour of rain ends where no temperature is given any more.
    np.testing.assert_array_equal(temperatures, [9.0, 10.0, 11.0, np.nan])
    assert fetched.asked_again_from == datetime(2026, 3, 28, 10, 30, tzinfo=UTC)


def test_nobody_without_a_name_asks(
    server: ProviderServer, session: PoliteSession, settings: SettingsWrapper
) -> None:
    settings.WEATHER_CONTACT = ""

    with pytest.raises(ProviderRefusedError, match="FURROW_WEATHER_CONTACT"):
        MetNorway().fetch(request=asked(first_day=TODAY, last_day=TODAY), session=session)

    assert server.seen == []


def test_it_has_no_past(session: PoliteSession, server: ProviderServer) -> None:
    with pytest.raises(NoSuchDaysError):
        MetNorway().fetch(request=asked(product="archive"), session=session)
    with pytest.raises(NoSuchDaysError):
        MetNorway().fetch(request=asked(), session=session)

    assert server.seen == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("properties", "meta", "units", "wind_speed"), "knots", "wind_speed is not in m/s"),
        (("properties", "meta", "updated_at"), "yesterday", "is no time"),
        (("properties", "meta", "updated_at"), "2026-03-28T08:41:20", "has no time zone"),
        (("properties", "timeseries"), [], "has no hours"),
        (("properties", "timeseries"), [{}] * 1001, "at most 1000"),
        (("properties", "timeseries", 1), None, r"timeseries\[1\] is nothing"),
        (("properties", "timeseries", 1, "time"), "2026-03-28T10:00:00Z", "is there twice"),
        (("properties", "timeseries", 1, "time"), "2026-03-28T10:20:00Z", "not a whole hour"),
        (("properties", "timeseries", 1, "time"), 7, "is int, not a text"),
        (("properties", "timeseries", 1, "data", "instant"), [], "is list, not an object"),
        (("geometry", "coordinates"), [4.5], "for which place"),
        (("geometry", "coordinates"), [4.5, 0.0, 12], "km from"),
        (("geometry", "coordinates"), [4.5, 51.25, 12_000], "ground lies"),
        (("geometry", "coordinates", 0), "4.5", "is str, not a number"),
    ],
)
def test_what_cannot_be_believed_is_refused(path: tuple[Any, ...], value: Any, said: str) -> None:
    document = entries()
    *way, last = path
    inner = document
    for step in way:
        inner = inner[step]
    inner[last] = value

    with pytest.raises(ProviderInvalidError, match=said):
        read_entries(json.dumps(document), request=asked())
