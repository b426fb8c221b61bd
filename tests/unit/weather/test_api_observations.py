"""A station's file over HTTP: kept whole or not at all, and shown again as a file."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from farm.clients.channel import close_channels
from farm.clients.weather_fakes import InMemoryWeather, serving_weather
from farm.farms.models import Membership, Role
from farm.imagery.index_clock import Clocked
from farm.weather.models import WeatherDay, WeatherForecast, WeatherPlace
from farm.weather.places import place_of_farm
from farm.weather.series import Flag, HourlyWeather
from farm.weather.store import store_hours
from tests.unit.imagery.observation_making import make_farm, make_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings
    from rest_framework.test import APIClient

    from farm.accounts.models import User
    from farm.farms.models import Farm

NOW = datetime(2026, 3, 29, 12, 20, tzinfo=UTC)
MAPPING: dict[str, Any] = {
    "time": "time",
    "time_zone": "UTC",
    "columns": {"t": {"variable": "air_temperature_c", "unit": "°C"}},
}
FILE = "time,t\n2026-03-28 10:00,7.5\n2026-03-28 11:00,8.5\n2026-03-28 12:00,\n"


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with serving_weather(InMemoryWeather()) as where:
        yield where
        close_channels()


@pytest.fixture(autouse=True)
def _service(target: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEATHER_TARGET = target
    monkeypatch.setattr(Clocked, "now", lambda self: NOW)


@pytest.fixture
def farm(user: User) -> Farm:
    farm = make_farm(user, role=Role.AGRONOMIST)
    farm.time_zone = "Europe/Brussels"
    farm.save()
    make_field(farm)
    return farm


@pytest.fixture
def place(farm: Farm) -> WeatherPlace:
    place = place_of_farm(farm=farm)
    assert place is not None
    return place


def url(farm: Farm, query: str = "") -> str:
    return f"/api/v1/farms/{farm.pk}/weather/observations/{query}"


def sent(
    client: APIClient, farm: Farm, text: str | bytes = FILE, query: str = "", **mapping: Any
) -> Any:
    """Send a file as a form."""
    content = text.encode() if isinstance(text, str) else text
    body = {
        "file": SimpleUploadedFile("station.csv", content),
        "mapping": json.dumps(MAPPING | mapping),
    }
    return client.post(url(farm, query), body, format="multipart")


def table(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_a_file_becomes_hours_and_comes_back_as_hours(api_client: APIClient, farm: Farm) -> None:
    answer = sent(api_client, farm)

    assert answer.status_code == 200, answer.content
    done = answer.json()
    assert (done["is_stored"], done["rows"], done["hours_new"]) == (True, 3, 2)
    assert done["first_hour"] == "2026-03-28T11:00:00+01:00"
    rows = table(api_client.get(url(farm)))
    assert rows == [
        {
            "time": "2026-03-28T11:00:00+01:00",
            "air_temperature_c": "7.5",
            "sources": "station",
            "flags": "",
        },
        {
            "time": "2026-03-28T12:00:00+01:00",
            "air_temperature_c": "8.5",
            "sources": "station",
            "flags": "",
        },
    ]


def test_the_same_file_again_changes_nothing(api_client: APIClient, farm: Farm) -> None:
    sent(api_client, farm)

    again = sent(api_client, farm).json()

    assert (again["hours_new"], again["hours_changed"], again["hours_unchanged"]) == (0, 0, 2)


def test_a_dry_run_says_the_same_and_stores_nothing(api_client: APIClient, farm: Farm) -> None:
    dry = sent(api_client, farm, query="?dry_run=true").json()

    assert (dry["is_stored"], dry["hours_new"]) == (False, 2)
    assert not WeatherDay.objects.exists()
    wet = sent(api_client, farm).json()
    assert {**dry, "is_stored": True} == wet


def test_a_body_of_csv_takes_its_mapping_from_the_query(api_client: APIClient, farm: Farm) -> None:
    from urllib.parse import urlencode

    query = "?" + urlencode({"mapping": json.dumps(MAPPING)})

    answer = api_client.generic("POST", url(farm, query), FILE, content_type="text/csv")

    assert answer.status_code == 200, answer.content
    assert answer.json()["hours_new"] == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("time,t\n", ""),
        ("time,t\n2026-03-28 10:00,warm\n", "“t”"),
        ("time,t\n2026-03-28 10:00,7\nyesterday,8\n", "3"),
        ("time,t\n2026-03-28 10:00,7\n2026-03-28 10:00,8\n", "2 and 3"),
        ("time,t\n2036-03-28 10:00,7\n", "2"),
        ("when,t\n2026-03-28 10:00,7\n", "time"),
        ("time,t\n2026-03-28 10:00,=1+1\n", "“t”"),
        ("time,t\n2026-03-28 10:00,inf\n", "“t”"),
        (b"\xff\xfe\x00\xd8", ""),
        ("time," + ",".join(f"c{n}" for n in range(5000)) + "\n", ""),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_by_row_and_column(
    api_client: APIClient, farm: Farm, text: str | bytes, words: str
) -> None:
    answer = sent(api_client, farm, text)

    assert answer.status_code == 422, answer.content
    assert words in answer.json()["detail"]
    assert not WeatherDay.objects.exists()


@pytest.mark.parametrize(
    "mapping",
    [
        {"columns": {"t": {"variable": "air_temperature_c", "unit": "furlong"}}},
        {"columns": {"t": {"variable": "soil_moisture", "unit": "%"}}},
        {"columns": {}},
        {"columns": {f"c{n}": {"variable": "air_temperature_c", "unit": "°C"} for n in range(999)}},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": ["Mars/Olympus"]},
        {"columns": {"\ud800": {"variable": "air_temperature_c", "unit": "°C"}}},
        {"\ud800": 1},
        {"step_s": 7},
        {"magic": 1},
        {"completeness_share": float("nan")},
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(
    api_client: APIClient, farm: Farm, mapping: dict[str, Any]
) -> None:
    answer = sent(api_client, farm, **mapping)

    assert answer.status_code == 422, answer.content
    assert answer.json()["reason"].startswith(("CSV_", "UNIT_", "VARIABLE_"))
    assert len(answer.json()["detail"]) < 2000


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"mapping": "{}"}, "file"),
        ({"file": SimpleUploadedFile("a.csv", FILE.encode())}, "mapping"),
        ({"file": SimpleUploadedFile("a.csv", FILE.encode()), "mapping": "{"}, "mapping"),
        ({"file": SimpleUploadedFile("a.csv", b""), "mapping": "{}"}, "file"),
        (
            {"file": SimpleUploadedFile("a.csv", FILE.encode()), "mapping": "{}", "zone": "x"},
            "zone",
        ),
    ],
)
def test_a_form_without_its_parts_is_refused(
    api_client: APIClient, farm: Farm, body: dict[str, Any], named: str
) -> None:
    answer = api_client.post(url(farm), body, format="multipart")

    assert answer.status_code == 422, answer.content
    assert set(answer.json()["errors"]) == {named}


def test_a_file_beyond_the_bound_is_refused_before_it_is_read(
    api_client: APIClient, farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farm.weather.api_observations.MOST_BYTES", 10)

    assert sent(api_client, farm).status_code == 413
    csv_body = api_client.generic(
        "POST", url(farm, "?mapping=%7B%7D"), FILE, content_type="text/csv"
    )
    assert csv_body.status_code == 413


def test_a_viewer_sends_nothing_and_a_stranger_finds_nothing(
    api_client: APIClient, other_client: APIClient, user: User, farm: Farm
) -> None:
    Membership.objects.filter(user=user).update(role=Role.VIEWER)

    assert sent(api_client, farm).status_code == 403
    assert sent(other_client, farm).status_code == 404
    assert other_client.get(url(farm)).status_code == 404


def test_flags_sources_and_impossible_values_are_shown(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    start = datetime(2026, 3, 28, 10, tzinfo=UTC)
    store_hours(
        place=place,
        source="station",
        hourly=HourlyWeather(
            start=start, count=2, columns={"air_temperature_c": np.array([99.0, 8.0])}
        ),
        flags={"air_temperature_c": np.array([Flag.RANGE, Flag.STEP], dtype=np.uint8)},
    )
    store_hours(
        place=place,
        source="nasa_power",
        hourly=HourlyWeather(
            start=start, count=2, columns={"precipitation_mm": np.array([np.nan, 0.2])}
        ),
    )

    first, second = table(api_client.get(url(farm), {"units": "us"}))

    assert (first["air_temperature_f"], first["flags"]) == ("210.2", "air_temperature_f:range")
    assert second["sources"] == "air_temperature_f:station precipitation_in:nasa_power"
    assert second["flags"] == "air_temperature_f:step"
    assert float(second["precipitation_in"]) == pytest.approx(0.2 / 25.4, abs=1e-6)


def test_a_forecast_is_no_observation(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    from farm.weather.forecasts import store_forecast

    store_forecast(
        place=place,
        source="open_meteo",
        issued_at=NOW,
        fetched_at=NOW,
        hourly=HourlyWeather(
            start=NOW.replace(minute=0), count=24, columns={"air_temperature_c": np.full(24, 5.0)}
        ),
        flags={},
    )

    assert WeatherForecast.objects.exists()
    assert table(api_client.get(url(farm), {"to": "2026-04-05"})) == []


def test_the_file_is_named_by_the_days_of_the_farm(api_client: APIClient, farm: Farm) -> None:
    sent(api_client, farm)
    day = {"from": "2026-03-20", "to": "2026-03-20"}

    answer = api_client.get(url(farm), day)

    assert f'"weather-{farm.pk}-20260320-20260320.csv"' in answer["Content-Disposition"]
