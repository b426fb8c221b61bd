"""Weather over HTTP: spans, zones, units and columns as asked, and refusals in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from farm.accounts.models import User
from farm.clients.channel import close_channels
from farm.clients.fakes import Failure
from farm.clients.weather_fakes import InMemoryWeather, serving_weather
from farm.farms.models import Membership, Role
from farm.imagery.index_clock import Clocked
from farm.jobs.models import JobKind
from farm.weather.models import (
    CropProfile,
    DecisionKind,
    DecisionProfile,
    FieldIrrigation,
    FieldWater,
    ProviderHost,
    SoilProfile,
    WeatherFeed,
    WeatherPlace,
)
from farm.weather.places import place_of_farm, shared_place
from farm.weather.series import Flag, HourlyWeather
from farm.weather.store import store_hours
from tests.unit.imagery.observation_making import make_farm, make_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings
    from rest_framework.test import APIClient

    from farm.farms.models import Farm
    from farm.fields.models import Field

# The day on which clocks go forward in Brussels.
NOW = datetime(2026, 3, 29, 12, 20, tzinfo=UTC)
START = datetime(2026, 3, 18, tzinfo=UTC)
HOURS = 20 * 24
SPRAY = {
    "min_wind_m_s": 0.8,
    "max_wind_m_s": 4.2,
    "max_gust_m_s": 7.0,
    "min_delta_t_k": 2.0,
    "marginal_delta_t_k": 8.0,
    "max_delta_t_k": 10.0,
    "min_temperature_c": 5.0,
    "max_temperature_c": 28.0,
    "dry_hours_after": 4,
    "rain_from_mm": 0.1,
    "refuses_wet_leaves": False,
    "inversion_cloud_below_percent": 30.0,
    "inversion_wind_below_m_s": 3.0,
    "inversion_sunset_hours": 2.0,
    "inversion_sunrise_hours": 1.5,
}


@pytest.fixture(scope="module")
def target() -> Iterator[tuple[InMemoryWeather, str]]:
    service = InMemoryWeather()
    with serving_weather(service) as where:
        yield service, where
        close_channels()


@pytest.fixture(autouse=True)
def service(
    target: tuple[InMemoryWeather, str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> InMemoryWeather:
    settings.WEATHER_TARGET = target[1]
    monkeypatch.setattr(Clocked, "now", lambda self: NOW)
    target[0].failures.clear()
    target[0].requests.clear()
    return target[0]


@pytest.fixture
def farm(user: User) -> Farm:
    farm = make_farm(user, role=Role.MANAGER)
    farm.time_zone = "Europe/Brussels"
    farm.save()
    return farm


@pytest.fixture
def field(farm: Farm) -> Field:
    return make_field(farm)


@pytest.fixture
def place(farm: Farm, field: Field) -> WeatherPlace:
    place = place_of_farm(farm=farm)
    assert place is not None
    hours = np.arange(HOURS, dtype=float)
    flags = np.zeros(HOURS, dtype=np.uint8)
    flags[-1] = Flag.STEP
    store_hours(
        place=place,
        source="station",
        hourly=HourlyWeather(
            start=START,
            count=HOURS,
            columns={
                "air_temperature_c": 10.0 + np.sin(hours * np.pi / 12),
                "relative_humidity_percent": np.full(HOURS, 80.0),
                "wind_speed_m_s": np.full(HOURS, 2.0),
                "shortwave_radiation_mj_m2": np.full(HOURS, 0.5),
                "precipitation_mm": np.full(HOURS, 0.1),
            },
        ),
        flags={"air_temperature_c": flags},
    )
    return place


def url(farm: Farm, what: str) -> str:
    return f"/api/v1/farms/{farm.pk}/weather/{what}/"


def refused(answer: Any, named: str) -> str:
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return str(answer.json()["errors"][named][0])


# --- Hours --------------------------------------------------------------------------------------


def test_hours_are_local_with_their_offset_and_named_by_source(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    answer = api_client.get(url(farm, "hourly"), {"from": "2026-03-29", "to": "2026-03-29"}).json()

    assert (answer["count"], len(answer["times"])) == (23, 23)
    assert answer["times"][:3] == [
        "2026-03-29T00:00:00+01:00",
        "2026-03-29T01:00:00+01:00",
        "2026-03-29T03:00:00+02:00",
    ]
    assert answer["time_zone"] == "Europe/Brussels"
    assert answer["units"]["air_temperature_c"] == "°C"
    assert answer["sources"]["air_temperature_c"] == ["station"]
    assert all(len(column) == 23 for column in answer["columns"].values())
    assert answer["farm"] == {"id": farm.pk, "name": farm.name, "is_demo": False}


def test_hours_begin_a_day_ago_and_end_in_a_week(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    answer = api_client.get(url(farm, "hourly")).json()

    assert answer["times"][0] == "2026-03-28T13:00:00+01:00"
    assert answer["count"] == 8 * 24


def test_a_zone_of_45_minutes_is_shown_by_its_clock(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    query = {"from": "2026-03-20", "to": "2026-03-20", "time_zone": "Asia/Kathmandu"}

    answer = api_client.get(url(farm, "hourly"), query).json()

    # Midnight there is 18:15 UTC; the first hour after it was measured at 19:00.
    assert answer["times"][0] == "2026-03-20T00:45:00+05:45"
    assert answer["count"] == 24


def test_us_units_change_numbers_names_and_units_together(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    span = {"from": "2026-03-20", "to": "2026-03-20"}

    metric = api_client.get(url(farm, "hourly"), span).json()
    us = api_client.get(url(farm, "hourly"), {**span, "units": "us"}).json()

    assert us["units"]["air_temperature_f"] == "°F"
    assert us["units"]["wind_speed_mph"] == "mph"
    assert "air_temperature_c" not in us["columns"]
    for fahrenheit, celsius in zip(
        us["columns"]["air_temperature_f"], metric["columns"]["air_temperature_c"], strict=True
    ):
        assert fahrenheit == pytest.approx(celsius * 1.8 + 32, abs=0.15)
    assert us["columns"]["wind_speed_mph"][0] == pytest.approx(4.47, abs=0.05)
    assert set(us["place"]) == {"longitude", "latitude", "elevation_ft", "elevation_source"}


def test_only_the_columns_that_were_asked_for_come(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    answer = api_client.get(url(farm, "hourly"), {"columns": "wind_speed_m_s"}).json()

    for member in ("columns", "units", "sources", "missing_hours", "source_runs"):
        assert set(answer[member]) == {"wind_speed_m_s"}, member


def test_a_flag_stands_beside_its_value(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    answer = api_client.get(url(farm, "hourly"), {"to": "2026-04-07"}).json()

    (found,) = answer["flags"]["air_temperature_c"]
    assert found["flags"] == ["step"]
    assert answer["columns"]["air_temperature_c"][found["from_row"]] is not None


# --- Days, weeks, seasons -----------------------------------------------------------------------


def test_days_are_those_of_the_zone_that_was_asked_for(
    api_client: APIClient, farm: Farm, place: WeatherPlace, service: InMemoryWeather
) -> None:
    query = {"from": "2026-03-20", "to": "2026-03-22", "time_zone": "America/New_York"}

    answer = api_client.get(url(farm, "daily"), {**query, "day_start": "09:00"}).json()

    assert answer["dates"] == ["2026-03-20", "2026-03-21", "2026-03-22"]
    assert answer["time_zone"] == "America/New_York"
    asked = service.requests[-2]
    assert (asked.time_zone, asked.day_start) == ("America/New_York", 2)


def test_days_are_a_week_back_and_a_week_ahead(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    dates = api_client.get(url(farm, "daily")).json()["dates"]

    assert (dates[0], dates[-1], len(dates)) == ("2026-03-22", "2026-04-05", 15)


def test_weeks_begin_on_mondays(api_client: APIClient, farm: Farm, place: WeatherPlace) -> None:
    answer = api_client.get(url(farm, "weekly")).json()

    assert answer["step"] == "week"
    assert {date.fromisoformat(day).weekday() for day in answer["dates"]} == {0}
    assert answer["dates"][-1] == "2026-03-23"


def test_degree_days_begin_with_the_year_and_say_how_they_were_counted(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    answer = api_client.get(url(farm, "gdd"), {"upper": "30", "method": "clamped"}).json()

    season = answer["season"]
    assert (season["start"], season["method"]) == ("2026-01-01", "clamped")
    assert (season["lower_c"], season["upper_c"]) == (10.0, 30.0)
    assert answer["dates"][-1] == "2026-04-05"


def test_degree_days_in_us_units_are_asked_and_answered_in_fahrenheit(
    api_client: APIClient, farm: Farm, place: WeatherPlace, service: InMemoryWeather
) -> None:
    query = {"units": "us", "lower": "50", "upper": "86", "start": "2026-03-20", "to": "2026-03-24"}

    answer = api_client.get(url(farm, "gdd"), query).json()

    asked = service.requests[-1]
    assert (asked.lower_c, asked.upper_c) == pytest.approx((10.0, 30.0))
    assert answer["season"]["lower_f"] == pytest.approx(50.0)
    # Five Kelvin days a day in memory: nine of Fahrenheit.
    assert answer["columns"]["degree_days_f_d"] == pytest.approx([9.0] * 5)
    assert answer["season"]["total_f_d"] == pytest.approx(45.0)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"lower": "-21"}, "lower"),
        ({"lower": "41"}, "lower"),
        ({"upper": "10"}, "upper"),
        ({"units": "us", "lower": "150"}, "lower"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(
    api_client: APIClient, farm: Farm, place: WeatherPlace, query: dict[str, str], named: str
) -> None:
    assert "threshold" in refused(api_client.get(url(farm, "gdd"), query), named)


def test_chill_begins_in_november(api_client: APIClient, farm: Farm, place: WeatherPlace) -> None:
    answer = api_client.get(url(farm, "chill")).json()

    assert answer["season"]["start"] == "2025-11-01"
    assert {"chilling_hours", "utah_units", "chill_portions"} <= set(answer["columns"])


@pytest.mark.parametrize(("step", "axis"), [("day", "dates"), ("hour", "times")])
def test_evapotranspiration_names_its_equation_by_day_and_hour(
    api_client: APIClient,
    farm: Farm,
    place: WeatherPlace,
    service: InMemoryWeather,
    step: str,
    axis: str,
) -> None:
    query = {"equation": "asce2005", "reference": "tall", "step": step}

    answer = api_client.get(url(farm, "et0"), query).json()

    assert (answer["step"], len(answer[axis])) == (step, answer["count"])
    assert answer["methods"]
    method = service.requests[0].method
    assert (method.equation, method.reference) == (2, 2)


def test_agro_has_air_leaves_and_days_of_risk(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    answer = api_client.get(url(farm, "agro")).json()

    assert answer["times"][0] == "2026-03-28T13:00:00+01:00"
    assert {"wet_bulb_c", "delta_t_k", "reference_et_mm", "leaf_wetness"} <= set(answer["columns"])
    assert set(answer["columns"]["leaf_wetness"]) <= {"dry", "wet", None}
    assert "days" in answer["disease"]


# --- Now ----------------------------------------------------------------------------------------


def test_now_is_the_latest_observed_hour_with_its_age(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    answer = api_client.get(url(farm, "current")).json()

    assert answer["observed"]["time"] == "2026-03-29T14:00:00+02:00"
    assert answer["observed"]["age_s"] == 20 * 60
    assert answer["observed"]["sources"]["air_temperature_c"] == "station"


def test_now_in_us_units_with_chosen_columns(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    query = {"units": "us", "columns": "air_temperature_f,delta_t_f"}

    observed = api_client.get(url(farm, "current"), query).json()["observed"]

    assert set(observed["values"]) == {"air_temperature_f", "delta_t_f"}
    assert observed["values"]["delta_t_f"] == 1.8


# --- Decisions ----------------------------------------------------------------------------------


@pytest.fixture
def profile(db: None) -> DecisionProfile:
    DecisionProfile.objects.filter(kind=DecisionKind.SPRAY).delete()
    return DecisionProfile.objects.create(
        kind=DecisionKind.SPRAY, name="usual", thresholds=SPRAY, is_default=True, source="a book"
    )


def test_windows_say_when_why_not_and_by_which_thresholds(
    api_client: APIClient, farm: Farm, place: WeatherPlace, profile: DecisionProfile
) -> None:
    answer = api_client.get(url(farm, "windows/spray")).json()

    # It is 14:20: the current hour ends at 15:00, and no window begins before it.
    assert answer["times"][0] == "2026-03-29T15:00:00+02:00"
    assert answer["windows"][0]["from"] == "2026-03-29T14:00:00+02:00"
    assert answer["count"] == 7 * 24
    assert set(answer["columns"]) == {"status", "limiting_factor", "margin"}
    assert answer["windows"][0]["ended_by"] is None
    assert answer["windows"][0]["ended_in"] is None
    assert answer["now"]["status"] == answer["columns"]["status"][0]
    assert answer["now"]["limiting_factor"] == answer["columns"]["limiting_factor"][0]
    assert answer["now"]["lasts_until"] is None  # the made-up week never changes
    assert answer["profile"]["name"] == "usual"
    assert answer["profile"]["thresholds"]["max_wind_m_s"] == 4.2


def test_windows_of_another_day_say_nothing_of_now(
    api_client: APIClient, farm: Farm, place: WeatherPlace, profile: DecisionProfile
) -> None:
    day = {"from": "2026-03-30", "to": "2026-03-30"}

    assert api_client.get(url(farm, "windows/spray"), day).json()["now"] is None


def test_the_farms_own_default_goes_before_everybodys(
    api_client: APIClient, farm: Farm, place: WeatherPlace, profile: DecisionProfile
) -> None:
    own = {**SPRAY, "max_wind_m_s": 3.0}
    DecisionProfile.objects.create(
        farm=farm, kind=DecisionKind.SPRAY, name="ours", thresholds=own, is_default=True
    )

    default = api_client.get(url(farm, "windows/spray")).json()["profile"]
    named = api_client.get(url(farm, "windows/spray"), {"profile": "usual"}).json()["profile"]
    listed = api_client.get(url(farm, "profiles")).json()["profiles"]

    assert (default["name"], default["is_of_farm"]) == ("ours", True)
    assert named["thresholds"]["max_wind_m_s"] == 4.2
    spray = [each for each in listed if each["kind"] == "spray"]
    assert [(each["name"], each["is_default"]) for each in spray] == [
        ("ours", True),
        ("usual", False),
    ]


def test_an_unknown_kind_or_profile_is_a_404_that_names_the_known_ones(
    api_client: APIClient, farm: Farm, place: WeatherPlace, profile: DecisionProfile
) -> None:
    kind = api_client.get(url(farm, "windows/harvesting"))
    name = api_client.get(url(farm, "windows/spray"), {"profile": "theirs"})

    assert (kind.status_code, kind.json()["reason"]) == (404, "KIND_UNKNOWN")
    assert "spray, frost, irrigation, harvest, disease" in kind.json()["detail"]
    assert (name.status_code, name.json()["reason"]) == (404, "PROFILE_UNKNOWN")
    assert "“usual”" in name.json()["detail"]


def test_no_profile_of_another_farm_is_found(
    api_client: APIClient, farm: Farm, place: WeatherPlace, other_user: User
) -> None:
    DecisionProfile.objects.filter(kind=DecisionKind.SPRAY).delete()
    other = make_farm(other_user, name="Far Farm")
    DecisionProfile.objects.create(
        farm=other, kind=DecisionKind.SPRAY, name="theirs", thresholds=SPRAY, is_default=True
    )

    answer = api_client.get(url(farm, "windows/spray"), {"profile": "theirs"})

    assert answer.status_code == 404
    assert api_client.get(url(farm, "windows/spray")).status_code == 404


def test_frost_is_told_against_the_stage_of_a_crop(
    api_client: APIClient, farm: Farm, place: WeatherPlace, service: InMemoryWeather
) -> None:
    crop(
        "apple of the test",
        frost_stages=[{"stage": "full bloom", "kills_tenth_c": -2.2, "kills_nine_tenths_c": -3.9}],
    )
    query = {"crop": "apple of the test", "stage": "full bloom", "from": "2026-03-18"}

    answer = api_client.get(url(farm, "frost"), query).json()

    assert answer["thresholds"]["kills_tenth_c"] == -2.2
    assert service.requests[-1].thresholds.stage == "apple of the test, full bloom"
    wrong = api_client.get(url(farm, "frost"), {**query, "stage": "budding"})
    assert (wrong.status_code, wrong.json()["reason"]) == (404, "STAGE_UNKNOWN")
    assert "full bloom" in wrong.json()["detail"]


def test_rain_is_summed_up_to_now(api_client: APIClient, farm: Farm, place: WeatherPlace) -> None:
    metric = api_client.get(url(farm, "rain")).json()
    us = api_client.get(url(farm, "rain"), {"units": "us"}).json()

    assert metric["until"] == "2026-03-29T14:20:00+02:00"
    assert metric["sums"][0] == {"hours": 1, "rain_mm": 1.0, "coverage": 1.0}
    assert us["sums"][0]["rain_in"] == 0.039  # 1 / 25.4
    assert metric["dry_spells"][0]["days"] == 1


# --- What is refused ----------------------------------------------------------------------------

TABLES = ("current", "hourly", "daily", "weekly", "agro", "gdd", "chill", "et0", "frost", "rain")


@pytest.mark.parametrize("what", TABLES)
def test_unknown_parameters_offsets_and_zones_are_refused_everywhere(
    api_client: APIClient, farm: Farm, place: WeatherPlace, what: str
) -> None:
    assert "known are" in refused(api_client.get(url(farm, what), {"form": "csv"}), "form")
    offset = refused(api_client.get(url(farm, what), {"time_zone": "+02:00"}), "time_zone")
    assert "offset" in offset
    zone = refused(api_client.get(url(farm, what), {"time_zone": "Mars/Olympus"}), "time_zone")
    assert "no time zone" in zone


@pytest.mark.parametrize("what", ["hourly", "daily", "weekly", "agro", "et0", "frost"])
def test_reversed_and_endless_spans_are_refused(
    api_client: APIClient, farm: Farm, place: WeatherPlace, what: str
) -> None:
    reverse = {"from": "2026-03-20", "to": "2026-03-19"}
    endless = {"from": "1950-01-01", "to": "2026-03-19"}

    assert "before it begins" in refused(api_client.get(url(farm, what), reverse), "to")
    assert "the most" in refused(api_client.get(url(farm, what), endless), "to")


@pytest.mark.parametrize("what", ["current", "hourly", "daily"])
def test_an_unknown_column_is_refused_with_the_known_ones(
    api_client: APIClient, farm: Farm, place: WeatherPlace, what: str
) -> None:
    sentence = refused(api_client.get(url(farm, what), {"columns": "soil_moisture"}), "columns")

    assert "soil_moisture" in sentence
    assert "known are" in sentence


@pytest.mark.parametrize("what", TABLES)
def test_a_farm_without_a_position_says_what_to_do(
    api_client: APIClient, farm: Farm, what: str
) -> None:
    answer = api_client.get(url(farm, what))

    assert (answer.status_code, answer.json()["reason"]) == (409, "WEATHER_LOCATION_UNKNOWN")
    assert "field" in answer.json()["detail"]


def test_a_service_that_is_down_is_a_503_and_plain_hours_come_all_the_same(
    api_client: APIClient, farm: Farm, place: WeatherPlace, service: InMemoryWeather
) -> None:
    import grpc

    failure = Failure(code=grpc.StatusCode.UNAVAILABLE, detail="away")
    service.failures["AggregateDays"] = failure

    assert api_client.get(url(farm, "daily")).status_code == 503
    assert api_client.get(url(farm, "hourly")).status_code == 200


# --- Coordinates --------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["current", "hourly", "daily", "weekly"])
def test_anybody_signed_in_may_ask_for_a_coordinate(
    other_client: APIClient, anonymous_client: APIClient, what: str
) -> None:
    where = {"latitude": "50.8801", "longitude": "4.7012"}
    store_hours(
        place=shared_place(longitude=4.7012, latitude=50.8801),
        source="open_meteo",
        hourly=HourlyWeather(
            start=START, count=HOURS, columns={"air_temperature_c": np.full(HOURS, 10.0)}
        ),
    )

    answer = other_client.get(f"/api/v1/weather/{what}/", where)

    assert answer.status_code == 200, answer.content
    assert answer.json()["place"]["latitude"] == 50.88
    assert answer.json()["time_zone"] == "Europe/Brussels"
    assert "farm" not in answer.json()
    assert anonymous_client.get(f"/api/v1/weather/{what}/", where).status_code == 401


def test_near_coordinates_are_one_place(api_client: APIClient) -> None:
    for latitude in ("50.8801", "50.8799"):
        where = {"latitude": latitude, "longitude": "4.7012"}
        api_client.get("/api/v1/weather/current/", where)

    assert WeatherPlace.objects.filter(farm=None).count() == 1


def test_floods_of_coordinates_are_braked_by_person(
    api_client: APIClient, other_client: APIClient
) -> None:
    where = {"latitude": "50.88", "longitude": "4.7"}

    answers = [api_client.get("/api/v1/weather/hourly/", where) for _ in range(61)]

    assert [answer.status_code for answer in answers] == [404] * 60 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert other_client.get("/api/v1/weather/hourly/", where).status_code == 404


# --- Place, feeds, jobs -------------------------------------------------------------------------


def test_the_location_is_the_fields_middle_until_somebody_sets_it(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    before = api_client.get(url(farm, "location")).json()
    put = {"longitude": 4.7012, "latitude": 50.8801, "elevation_m": 34.0}
    after = api_client.put(url(farm, "location"), put).json()
    patched = api_client.patch(url(farm, "location"), {"elevation_m": None}).json()

    assert before["is_position_set"] is False
    assert before["longitude"] == pytest.approx(field.centroid_lon, abs=1e-5)
    assert {**after, **put} == after
    assert (after["is_position_set"], after["elevation_source"]) == (True, "user")
    assert (patched["elevation_m"], patched["elevation_source"]) == (None, "")
    assert patched["latitude"] == 50.8801


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"longitude": 4.7, "latitude": 91}, "latitude"),
        ({"longitude": "nan", "latitude": 50}, "longitude"),
        ({"longitude": 4.7, "latitude": 50, "elevation_m": 9000}, "elevation_m"),
        ({"longitude": 4.7}, "latitude"),
    ],
)
def test_a_location_that_is_none_is_refused(
    api_client: APIClient, farm: Farm, body: dict[str, Any], named: str
) -> None:
    refused(api_client.put(url(farm, "location"), body), named)
    assert not WeatherPlace.objects.filter(farm=farm, is_position_set=True).exists()


def test_feeds_show_age_errors_and_an_open_breaker(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    WeatherFeed.objects.create(
        place=place,
        provider="open_meteo",
        product="forecast",
        succeeded_at=NOW - timedelta(hours=2),
        failures=3,
        error_code="provider_busy",
        error_detail="It asks for patience.",
        leased_until=NOW + timedelta(minutes=1),
    )

    (feed,) = api_client.get(url(farm, "feeds")).json()["feeds"]

    assert (feed["age_s"], feed["failures"], feed["is_in_flight"]) == (7200, 3, True)
    assert feed["error_code"] == "provider_busy"
    assert ProviderHost.objects.count() == 0


def test_a_refresh_is_a_job_and_the_same_key_the_same_job(
    api_client: APIClient, farm: Farm, place: WeatherPlace
) -> None:
    first = api_client.post(url(farm, "refresh"), HTTP_IDEMPOTENCY_KEY="now")
    second = api_client.post(url(farm, "refresh"), HTTP_IDEMPOTENCY_KEY="now")

    assert first.status_code == 202
    assert first.json()["kind"] == JobKind.REFRESH_WEATHER
    assert first.json()["subject_id"] == farm.pk
    assert second.json()["id"] == first.json()["id"]


def test_a_viewer_reads_and_writes_nothing(
    api_client: APIClient, user: User, farm: Farm, field: Field, place: WeatherPlace
) -> None:
    Membership.objects.filter(user=user).update(role=Role.VIEWER)

    assert api_client.get(url(farm, "hourly")).status_code == 200
    assert api_client.put(url(farm, "location"), {}).status_code == 403
    assert api_client.post(url(farm, "refresh")).status_code == 403
    assert api_client.post(f"/api/v1/fields/{field.pk}/irrigations/", {}).status_code == 403


# --- A field's water ----------------------------------------------------------------------------


def crop(name: str, **values: Any) -> CropProfile:
    return CropProfile.objects.create(
        name=name,
        stage_days=[20, 30, 40, 30],
        single_coefficients=[0.3, 1.2, 0.6],
        basal_coefficients=[0.15, 1.15, 0.5],
        initial_height_m=0.05,
        max_height_m=2.0,
        initial_root_depth_m=0.2,
        max_root_depth_m=1.0,
        depletion_share=0.55,
        **values,
    )


@pytest.fixture
def setup(field: Field) -> FieldWater:
    soil = SoilProfile.objects.create(
        name="loam of the test",
        field_capacity_m3_m3=0.3,
        wilting_point_m3_m3=0.15,
        readily_evaporable_mm=9.0,
    )
    return FieldWater.objects.create(
        field=field, crop=crop("maize of the test"), soil=soil, planted_on=date(2026, 3, 20)
    )


def test_a_setup_is_put_shown_and_ended(
    api_client: APIClient, field: Field, setup: FieldWater
) -> None:
    setup.delete()
    address = f"/api/v1/fields/{field.pk}/water-balance/setup/"
    said = {
        "crop": "maize of the test",
        "soil": "loam of the test",
        "planted_on": "2026-03-20",
        "rules": {"allowed_depletion_share": 0.5, "target_depletion_mm": 0},
    }

    missing = api_client.get(address)
    put = api_client.put(address, said)

    assert (missing.status_code, missing.json()["reason"]) == (404, "WATER_SETUP_MISSING")
    assert put.status_code == 200, put.content
    assert {**put.json(), **said} == put.json()
    assert api_client.get(address).json() == put.json()
    assert api_client.delete(address).status_code == 204
    assert api_client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"crop": "dragon fruit"}, "maize of the test"),
        ({"crop": "a\x00b"}, "none of the name"),
        ({"soil": 3}, ""),
        ({"planted_on": "1066-10-14"}, "1066"),
        ({"initial_depletion_share": 1.5}, ""),
        ({"wetted_share": 0}, ""),
        ({"rules": {"allowed_depletion_share": 0.5}}, "amount"),
        ({"rules": {"constant_mm": 10, "magic": 1}}, "magic"),
        ({"rules": {"constant_mm": "much"}}, "constant_mm"),
    ],
)
def test_a_setup_that_makes_no_sense_is_refused_whole(
    api_client: APIClient, field: Field, setup: FieldWater, change: dict[str, Any], words: str
) -> None:
    said = {
        "crop": "maize of the test",
        "soil": "loam of the test",
        "planted_on": "2026-03-21",
    }

    answer = api_client.put(f"/api/v1/fields/{field.pk}/water-balance/setup/", said | change)

    assert answer.status_code == 422, answer.content
    assert words in answer.content.decode()
    setup.refresh_from_db()
    assert setup.planted_on == date(2026, 3, 20)


def test_irrigations_are_noted_listed_and_struck_out(
    api_client: APIClient, field: Field, setup: FieldWater
) -> None:
    setup.efficiency_share = 0.8
    setup.save()
    address = f"/api/v1/fields/{field.pk}/irrigations/"

    noted = api_client.post(address, {"day": "2026-03-24", "depth_mm": 12.5})
    listed = api_client.get(address).json()

    assert noted.status_code == 201, noted.content
    assert noted.json()["efficiency_share"] == 0.8
    assert (listed["count"], listed["results"][0]["depth_mm"]) == (1, 12.5)
    assert api_client.delete(f"{address}{noted.json()['id']}/").status_code == 204
    assert api_client.delete(f"{address}{noted.json()['id']}/").status_code == 404


@pytest.mark.parametrize("depth", [0, -1, 501, "nan", None])
def test_an_irrigation_without_a_depth_is_refused(
    api_client: APIClient, field: Field, depth: Any
) -> None:
    body = {"day": "2026-03-24", "depth_mm": depth}

    refused(api_client.post(f"/api/v1/fields/{field.pk}/irrigations/", body), "depth_mm")
    assert not FieldIrrigation.objects.exists()


def test_an_irrigation_of_a_mistyped_year_is_refused(api_client: APIClient, field: Field) -> None:
    body = {"day": "2099-06-14", "depth_mm": 25}

    refused(api_client.post(f"/api/v1/fields/{field.pk}/irrigations/", body), "day")
    assert not FieldIrrigation.objects.exists()


def test_an_irrigation_of_another_field_is_not_found(
    api_client: APIClient, farm: Farm, field: Field
) -> None:
    other = make_field(farm, name="South", lon=3.2)
    irrigation = FieldIrrigation.objects.create(field=other, day=date(2026, 3, 24), depth_mm=5)

    answer = api_client.delete(f"/api/v1/fields/{field.pk}/irrigations/{irrigation.pk}/")

    assert answer.status_code == 404
    assert FieldIrrigation.objects.count() == 1


def test_a_balance_names_its_crop_and_soil_and_shows_the_days_asked_for(
    api_client: APIClient, field: Field, place: WeatherPlace, setup: FieldWater
) -> None:
    FieldIrrigation.objects.create(field=field, day=date(2026, 3, 24), depth_mm=12.5)
    query = {"from": "2026-03-23", "to": "2026-03-25"}

    answer = api_client.get(f"/api/v1/fields/{field.pk}/water-balance/", query)

    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert found["dates"] == ["2026-03-23", "2026-03-24", "2026-03-25"]
    assert found["columns"]["irrigation_mm"] == [0.0, 12.5, 0.0]
    assert all(len(column) == 3 for column in found["columns"].values())
    assert found["assumptions"]["crop"] == "maize of the test"
    assert found["assumptions"]["planted_on"] == "2026-03-20"
    assert found["field"] == {"id": field.pk, "name": field.name}


def test_a_balance_in_us_units_is_inches_and_feet(
    api_client: APIClient, field: Field, place: WeatherPlace, setup: FieldWater
) -> None:
    answer = api_client.get(f"/api/v1/fields/{field.pk}/water-balance/", {"units": "us"}).json()

    assert answer["columns"]["root_depletion_in"][0] == pytest.approx(1 / 25.4, abs=5e-4)
    assert answer["units"]["root_depth_ft"] == "ft"


def test_no_balance_without_crop_and_soil(
    api_client: APIClient, field: Field, place: WeatherPlace
) -> None:
    answer = api_client.get(f"/api/v1/fields/{field.pk}/water-balance/")

    assert (answer.status_code, answer.json()["reason"]) == (404, "WATER_SETUP_MISSING")


def test_a_foreign_farm_and_field_are_not_there(
    other_client: APIClient, farm: Farm, field: Field, place: WeatherPlace
) -> None:
    for what in (*TABLES, "windows/spray", "location", "feeds", "profiles"):
        assert other_client.get(url(farm, what)).status_code == 404, what
    assert other_client.get(f"/api/v1/fields/{field.pk}/water-balance/").status_code == 404
    assert other_client.post(url(farm, "refresh")).status_code == 404
