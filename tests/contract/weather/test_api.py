"""Weather over HTTP with the real furrow-weather behind it: a station's file in, local days out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from farm.farms.models import Farm, Membership, Role
from farm.imagery.index_clock import Clocked
from farm.weather.models import WeatherDay, WeatherPlace
from tests.unit.imagery.observation_making import make_field
from tests.unit.weather.water_making import CROP, SOIL, add_crop, add_profile, add_soil

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings
    from rest_framework.test import APIClient

    from farm.accounts.models import User
    from tests.contract.weather.weather_process import WeatherProcess

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 2, 6, 20, tzinfo=UTC)
ZONES = ("Europe/Brussels", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York")
COLUMNS = {
    "t": {"variable": "air_temperature_c", "unit": "°C"},
    "rh": {"variable": "relative_humidity_percent", "unit": "%"},
    "u": {"variable": "wind_speed_m_s", "unit": "m/s"},
    "p": {"variable": "precipitation_mm", "unit": "mm"},
    "rs": {"variable": "shortwave_radiation_mj_m2", "unit": "MJ/m²"},
}


@pytest.fixture(autouse=True)
def _service(
    weather_process: WeatherProcess, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEATHER_TARGET = weather_process.target
    monkeypatch.setattr(Clocked, "now", lambda self: NOW)


def farm_in(user: User, zone: str, *, name: str = "Hill Farm") -> Farm:
    farm = Farm.objects.create(name=name, time_zone=zone)
    Membership.objects.create(farm=farm, user=user, role=Role.MANAGER)
    make_field(farm)
    WeatherPlace.objects.create(
        farm=farm, longitude=3.0, latitude=51.0, elevation_m=20.0, time_zone="Europe/Brussels"
    )
    return farm


def hours(first: datetime, count: int) -> list[datetime]:
    return [first + timedelta(hours=row) for row in range(count)]


def file_of(stamps: list[datetime], *, speed: float = 2.5, warmth: float = 0.0) -> str:
    """A row an hour, times in UTC: warm at 14:00, rain of 0.1 mm in every hour."""
    lines = ["time,t,rh,u,p,rs"]
    for stamp in stamps:
        t = 8.0 + warmth + 4.0 * (1 - abs(stamp.hour - 14) / 12)
        sun = max(0.0, 1.8 - 0.3 * abs(stamp.hour - 12))
        lines.append(f"{stamp:%Y-%m-%d %H:%M},{t:.2f},75,{speed},0.1,{sun:.2f}")
    return "\n".join(lines) + "\n"


def send(client: APIClient, farm: Farm, text: str, **mapping: Any) -> dict[str, Any]:
    said = {"time": "time", "time_zone": "UTC", "columns": COLUMNS} | mapping
    body = {
        "file": SimpleUploadedFile("station.csv", text.encode()),
        "mapping": json.dumps(said),
    }
    answer = client.post(f"/api/v1/farms/{farm.pk}/weather/observations/", body, format="multipart")
    assert answer.status_code == 200, answer.content
    done: dict[str, Any] = answer.json()
    return done


def shown(client: APIClient, farm: Farm, what: str, **query: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/farms/{farm.pk}/weather/{what}/", query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_kilometres_an_hour_and_metres_a_second_give_one_answer(
    api_client: APIClient, user: User
) -> None:
    stamps = hours(datetime(2026, 3, 27, 1, tzinfo=UTC), 72)
    kilometres = {**COLUMNS, "u": {"variable": "wind_speed_m_s", "unit": "km/h"}}
    farms = [farm_in(user, "Europe/Brussels", name=name) for name in ("km/h", "m/s")]

    send(api_client, farms[0], file_of(stamps, speed=9.0), columns=kilometres)
    send(api_client, farms[1], file_of(stamps, speed=2.5))

    for what in ("hourly", "daily", "agro", "et0"):
        span = {"from": "2026-03-27", "to": "2026-03-29"}
        first, second = (shown(api_client, farm, what, **span) for farm in farms)
        assert first["columns"] == second["columns"], what
        assert first["units"] == second["units"]
    # 2.5 m/s each hour; the columns say so themselves.
    speeds = shown(api_client, farms[0], "daily", **span)["columns"]["wind_speed_mean_m_s"]
    assert speeds[1] == pytest.approx(2.5)


def test_fahrenheit_and_inches_of_a_station_give_the_answer_of_celsius_and_millimetres(
    api_client: APIClient, user: User
) -> None:
    stamps = hours(datetime(2026, 3, 28, 1, tzinfo=UTC), 24)
    farms = [farm_in(user, "UTC", name=name) for name in ("us", "metric")]
    columns = {
        "t": {"variable": "air_temperature_c", "unit": "°F"},
        "p": {"variable": "precipitation_mm", "unit": "in"},
    }
    us = "time,t,p\n" + "".join(f"{stamp:%Y-%m-%d %H:%M},50,0.01\n" for stamp in stamps)
    metric = "time,t,p\n" + "".join(f"{stamp:%Y-%m-%d %H:%M},10,0.254\n" for stamp in stamps)

    send(api_client, farms[0], us, columns=columns)
    send(api_client, farms[1], metric, columns={name: COLUMNS[name] for name in ("t", "p")})

    span = {"from": "2026-03-28", "to": "2026-03-28"}
    first, second = (shown(api_client, farm, "daily", **span)["columns"] for farm in farms)
    assert first == second
    assert first["temperature_mean_c"] == [10.0]
    back = shown(api_client, farms[0], "daily", units="us", **span)
    assert back["columns"]["temperature_mean_f"] == [50.0]
    # 24 × 0.01 in, which came in as inches and goes out as inches.
    assert back["columns"]["precipitation_in"] == [pytest.approx(0.24, abs=5e-4)]


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("Europe/Brussels", "2026-03-29", 23),
        ("Europe/Brussels", "2025-10-26", 25),
        ("America/New_York", "2026-03-08", 23),
        ("Asia/Kathmandu", "2026-03-08", 24),
        ("Europe/Brussels", "2026-03-28", 24),
    ],
)
def test_a_day_has_as_many_hours_as_the_clock_of_the_farm_gives_it(
    api_client: APIClient, user: User, zone: str, day: str, expected: int
) -> None:
    farm = farm_in(user, zone)
    first = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=2)
    send(api_client, farm, file_of(hours(first, 5 * 24)))

    daily = shown(api_client, farm, "daily", **{"from": day, "to": day})
    hourly = shown(api_client, farm, "hourly", **{"from": day, "to": day})

    # A tenth of a millimetre in each hour: the sum counts them.
    assert daily["columns"]["precipitation_mm"] == [pytest.approx(expected / 10, abs=1e-6)]
    assert daily["missing_days"]["precipitation_mm"] == 0
    assert daily["rows"]["is_partial"] == [False]
    assert hourly["count"] == expected
    assert len(set(hourly["times"])) == expected


@pytest.mark.parametrize("zone", ZONES)
def test_the_days_of_a_zone_hold_every_hour_once(
    api_client: APIClient, user: User, zone: str
) -> None:
    farm = farm_in(user, "Europe/Brussels")
    first = datetime(2026, 3, 1, tzinfo=UTC)
    stamps = hours(first, 31 * 24)
    send(api_client, farm, file_of(stamps))

    span = {"from": "2026-03-03", "to": "2026-03-30", "time_zone": zone}
    daily = shown(api_client, farm, "daily", **span)

    clock = ZoneInfo(zone)
    middles = [(stamp - timedelta(minutes=30)).astimezone(clock).date() for stamp in stamps]
    wanted = [0.1 * sum(middle.isoformat() == day for middle in middles) for day in daily["dates"]]
    assert daily["columns"]["precipitation_mm"] == pytest.approx(wanted, abs=6e-3)
    assert sum(wanted) == pytest.approx(0.1 * 24 * 28, abs=0.11)


def test_a_day_of_missing_hours_has_no_sum_and_says_how_many_there_are(
    api_client: APIClient, user: User
) -> None:
    farm = farm_in(user, "UTC")
    stamps = hours(datetime(2026, 3, 27, 1, tzinfo=UTC), 72)
    gap = [stamp for stamp in stamps if not (stamp.day == 28 and 6 <= stamp.hour < 12)]
    send(api_client, farm, file_of(gap))

    daily = shown(api_client, farm, "daily", **{"from": "2026-03-27", "to": "2026-03-29"})

    rain = daily["columns"]["precipitation_mm"]
    assert rain == [pytest.approx(2.4), None, pytest.approx(2.4)]
    assert daily["missing_days"]["precipitation_mm"] == 1
    assert daily["coverage"]["precipitation_mm"][1] == pytest.approx(18 / 24, abs=1e-3)


def test_a_logger_of_five_minutes_is_made_hours_of(api_client: APIClient, user: User) -> None:
    farm = farm_in(user, "UTC")
    first = datetime(2026, 3, 28, 0, 5, tzinfo=UTC)
    rows = [first + timedelta(minutes=5 * row) for row in range(24 * 12)]
    text = "time,t,p\n" + "".join(f"{row:%Y-%m-%d %H:%M},10,0.02\n" for row in rows)

    done = send(api_client, farm, text, columns={name: COLUMNS[name] for name in ("t", "p")})

    assert (done["rows"], done["step_s"], done["hours_new"]) == (288, 300, 24)
    columns = shown(api_client, farm, "daily", **{"from": "2026-03-28", "to": "2026-03-28"})[
        "columns"
    ]
    assert columns["precipitation_mm"] == [pytest.approx(288 * 0.02)]


def test_degree_days_in_fahrenheit_are_those_of_celsius_times_nine_fifths(
    api_client: APIClient, user: User
) -> None:
    farm = farm_in(user, "UTC")
    send(api_client, farm, file_of(hours(datetime(2026, 3, 20, 1, tzinfo=UTC), 10 * 24), warmth=8))
    season = {"start": "2026-03-20", "to": "2026-03-29"}

    metric = shown(api_client, farm, "gdd", lower="10", upper="30", **season)
    us = shown(api_client, farm, "gdd", lower="50", upper="86", units="us", **season)

    assert metric["season"]["total_k_d"] > 50
    assert us["season"]["total_f_d"] == pytest.approx(1.8 * metric["season"]["total_k_d"], abs=0.06)
    assert us["columns"]["total_f_d"][-1] == pytest.approx(us["season"]["total_f_d"], abs=0.1)


def test_every_route_of_a_farm_answers_with_numbers_and_methods(
    api_client: APIClient, user: User
) -> None:
    farm = farm_in(user, "Europe/Brussels")
    add_profile()
    send(api_client, farm, file_of(hours(datetime(2026, 3, 1, 1, tzinfo=UTC), 32 * 24)))

    for what in ("agro", "gdd", "chill", "et0", "frost", "rain", "windows/spray", "current"):
        answer = shown(api_client, farm, what)
        assert answer["methods"], what
        assert all(method["source"] for method in answer["methods"]), what
        assert answer["is_simulated"] is False
    assert shown(api_client, farm, "current")["observed"]["values"]["wet_bulb_c"] is not None
    chill = shown(api_client, farm, "chill", start="2026-03-02", to="2026-03-31")
    assert chill["season"]["hours_missing"] == 0
    assert chill["columns"]["chill_portions"][-1] > 0
    span = {"from": "2026-03-20", "to": "2026-03-25"}
    nights = shown(api_client, farm, "frost", **span)["nights"]
    assert {(night["risk"], night["margin_k"] is None) for night in nights} == {(None, False)}
    windows = shown(api_client, farm, "windows/spray", **{"from": "2026-03-30", "to": "2026-03-31"})
    assert set(windows["columns"]["status"]) <= {"suitable", "marginal", "unsuitable", None}
    assert any(windows["columns"]["status"])
    assert windows["times"][0] == "2026-03-30T01:00:00+02:00"
    for window in windows["windows"]:
        assert "2026-03-30T00:00:00+02:00" <= window["from"] < window["until"]
        assert window["until"] <= "2026-04-01T00:00:00+02:00"
        after = dict(zip(windows["times"], windows["columns"]["status"], strict=True))
        ends = datetime.fromisoformat(window["until"]) + timedelta(hours=1)
        assert window["ended_in"] == after.get(ends.isoformat())
    coming = shown(api_client, farm, "windows/spray")
    statuses = coming["columns"]["status"]
    differs = next((row for row, one in enumerate(statuses) if one != statuses[0]), None)
    assert coming["now"]["status"] == statuses[0]
    assert coming["now"]["limiting_factor"] == coming["columns"]["limiting_factor"][0]
    assert coming["now"]["lasts_until"] == (
        None if differs is None else coming["times"][differs - 1]
    )


def test_a_field_is_balanced_from_sowing_on(api_client: APIClient, user: User) -> None:
    farm = farm_in(user, "Europe/Brussels")
    field = farm.fields.get()
    add_crop()
    add_soil()
    dry_month = file_of(hours(datetime(2026, 3, 1, 1, tzinfo=UTC), 32 * 24)).replace(",0.1,", ",0,")
    send(api_client, farm, dry_month)
    address = f"/api/v1/fields/{field.pk}/water-balance/"
    setup = {
        "crop": CROP,
        "soil": SOIL,
        "planted_on": "2026-03-05",
        "rules": {"allowed_depletion_share": 0.5, "target_depletion_mm": 0},
    }

    assert api_client.put(f"{address}setup/", setup).status_code == 200
    dry = api_client.get(address).json()
    noted = {"day": "2026-03-20", "depth_mm": 25}
    assert api_client.post(f"/api/v1/fields/{field.pk}/irrigations/", noted).status_code == 201
    wet = api_client.get(address).json()

    row = wet["dates"].index("2026-03-20")
    assert wet["columns"]["irrigation_mm"][row] == 25.0
    assert wet["columns"]["root_depletion_mm"][:row] == dry["columns"]["root_depletion_mm"][:row]
    assert wet["columns"]["root_depletion_mm"][row] < dry["columns"]["root_depletion_mm"][row]
    assert wet["balanced_until"] >= "2026-03-31"
    assert (wet["has_rules"], wet["assumptions"]["soil"]) == (True, SOIL)


def test_a_day_has_one_reference_et_wherever_it_is_shown(api_client: APIClient, user: User) -> None:
    farm = farm_in(user, "Europe/Brussels")
    field = farm.fields.get()
    add_crop()
    add_soil()
    # Cold, calm, clear days, for which the daily equation comes out below zero, then warm ones.
    stamps = hours(datetime(2026, 1, 1, 1, tzinfo=UTC), 12 * 24)
    cold = [stamp for stamp in stamps if stamp.day < 7]
    rows = [f"{stamp:%Y-%m-%d %H:%M},-8,99,0.5,0,0.17" for stamp in cold]
    head, *warm = file_of([stamp for stamp in stamps if stamp.day >= 7]).splitlines()
    send(api_client, farm, "\n".join([head, *rows, *warm]) + "\n")
    setup = {"crop": CROP, "soil": SOIL, "planted_on": "2026-01-02"}
    address = f"/api/v1/fields/{field.pk}/water-balance/"
    assert api_client.put(f"{address}setup/", setup).status_code == 200

    span = {"from": "2026-01-02", "to": "2026-01-10"}
    by_day = shown(api_client, farm, "daily", **span)
    et0 = shown(api_client, farm, "et0", **span)
    balance = api_client.get(address, span).json()

    days = by_day["columns"]["reference_et_mm"]
    assert days == et0["columns"]["reference_et_daily_mm"]
    assert days == balance["columns"]["reference_et_mm"]
    assert min(days) == 0 < max(days)
    said = [
        method
        for answer in (by_day, balance)
        for method in answer["methods"]
        if method["quantity"] == "reference_et_mm"
    ]
    assert len(said) == 2, said
    assert said[0]["source"] == said[1]["source"]


def test_a_file_with_one_bad_row_stores_nothing(api_client: APIClient, user: User) -> None:
    farm = farm_in(user, "UTC")
    text = file_of(hours(datetime(2026, 3, 28, 1, tzinfo=UTC), 24)) + "2026-03-29 05:00,warm,,,,\n"
    body = {
        "file": SimpleUploadedFile("station.csv", text.encode()),
        "mapping": json.dumps({"time": "time", "time_zone": "UTC", "columns": COLUMNS}),
    }

    answer = api_client.post(
        f"/api/v1/farms/{farm.pk}/weather/observations/", body, format="multipart"
    )

    assert answer.status_code == 422
    assert "26" in answer.json()["detail"]
    assert "“t”" in answer.json()["detail"]
    assert not WeatherDay.objects.exists()
