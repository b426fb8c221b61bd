"""Weather in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from farm.accounts.models import User
from farm.farms.models import Farm
from farm.jobs.models import Job
from farm.weather.forecasts import store_forecast
from farm.weather.models import (
    DecisionProfile,
    FieldWater,
    ProviderHost,
    WeatherDay,
    WeatherFeed,
    WeatherForecast,
    WeatherPlace,
)
from farm.weather.store import store_hours
from tests.unit.weather.store_world import NOON, hours, new_farm, new_place
from tests.unit.weather.test_profiles import put_defaults

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_page(client: Client) -> Client:
    client.force_login(User.objects.create_superuser(username="root", password="x" * 12))
    return client


@pytest.fixture
def farm(db: None) -> Farm:
    return new_farm()


@pytest.fixture
def place(farm: Farm) -> WeatherPlace:
    place = new_place(farm=farm)
    store_hours(place=place, source="station", hourly=hours(NOON, air_temperature_c=[1, 2]))
    store_forecast(
        place=place,
        source="open_meteo",
        issued_at=NOON,
        fetched_at=NOON,
        hourly=hours(NOON, air_temperature_c=[3]),
    )
    WeatherFeed.objects.create(
        place=place, provider="open_meteo", product="forecast", failures=2, error_detail="Told 503."
    )
    return place


def change_page(row: Any) -> str:
    return reverse(f"admin:farm_{row._meta.model_name}_change", args=[row.pk])


def act(page: Client, model: str, action: str, row: Any) -> None:
    answer = page.post(
        reverse(f"admin:farm_{model}_changelist"),
        {"action": action, "_selected_action": [row.pk]},
    )
    assert answer.status_code == 302


@pytest.mark.parametrize(
    "model",
    [
        "weatherplace",
        "weatherfeed",
        "weatherday",
        "weatherforecast",
        "providerhost",
        "decisionprofile",
        "cropprofile",
        "soilprofile",
        "fieldwater",
        "fieldirrigation",
    ],
)
def test_every_list_is_shown(admin_page: Client, place: WeatherPlace, model: str) -> None:
    put_defaults()
    ProviderHost.objects.create(name="open_meteo")

    assert admin_page.get(reverse(f"admin:farm_{model}_changelist")).status_code == 200


def test_a_block_is_shown_in_words(admin_page: Client, place: WeatherPlace) -> None:
    day = admin_page.get(change_page(WeatherDay.objects.get())).content.decode()
    forecast = admin_page.get(change_page(WeatherForecast.objects.get())).content.decode()

    assert "air temperature: 1 to 2 °C, 2 of 24 hours" in day
    assert "1 of 1 hours" in forecast
    assert 'name="values"' not in day


def test_a_days_rain_is_its_sum_and_nothing_offers_to_save_it(
    admin_page: Client, place: WeatherPlace
) -> None:
    store_hours(
        place=place,
        source="station",
        hourly=hours(NOON + timedelta(days=1), precipitation_mm=[0, 1.5, 2]),
    )
    page = admin_page.get(reverse("admin:farm_weatherday_changelist")).context["cl"]
    days = [row.day for row in page.result_list]
    assert days == sorted(days, reverse=True)

    shown = admin_page.get(change_page(WeatherDay.objects.latest("day"))).content.decode()
    assert "precipitation: in all 3.5 mm, 3 of 24 hours" in shown
    assert 'name="_save"' not in shown


def test_a_feed_says_how_it_stands(admin_page: Client, place: WeatherPlace) -> None:
    page = admin_page.get(reverse("admin:farm_weatherfeed_changelist")).content.decode()

    assert "failed 2 times" in page
    assert "Told 503." in page


@pytest.mark.parametrize("model", ["weatherfeed", "weatherplace"])
def test_weather_is_fetched_at_a_click(admin_page: Client, place: WeatherPlace, model: str) -> None:
    row = place if model == "weatherplace" else WeatherFeed.objects.get()

    act(admin_page, model, "fetch_now", row)

    job = Job.objects.get()
    assert (job.kind, job.subject_id) == ("refresh_weather", place.farm_id)
    assert job.requested_by is not None


def test_a_breaker_is_closed_at_a_click(admin_page: Client) -> None:
    later = timezone.now() + timedelta(hours=1)
    host = ProviderHost.objects.create(name="open_meteo", failures=9, open_until=later)

    act(admin_page, "providerhost", "close_breaker", host)

    host.refresh_from_db()
    assert (host.failures, host.open_until) == (0, None)


def test_a_farm_is_put_where_somebody_says(admin_page: Client, place: WeatherPlace) -> None:
    inline = {
        "feeds-TOTAL_FORMS": 0,
        "feeds-INITIAL_FORMS": 0,
        "feeds-MIN_NUM_FORMS": 0,
        "feeds-MAX_NUM_FORMS": 0,
    }
    admin_page.post(
        change_page(place),
        {"longitude": "4.31", "latitude": "50.81", "elevation_m": "80", **inline},
    )

    place.refresh_from_db()
    assert (place.longitude, place.elevation_m, place.is_position_set) == (4.31, 80, True)


def test_a_refused_position_is_not_said_to_be_changed(
    admin_page: Client, place: WeatherPlace
) -> None:
    counts = ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    page = admin_page.post(
        change_page(place),
        {"longitude": "999", "latitude": "50.81", "elevation_m": "80"}
        | {f"feeds-{name}": 0 for name in counts},
        follow=True,
    )

    told = [(one.level_tag, str(one)) for one in page.context["messages"]]
    assert [level for level, _ in told] == ["error"]
    place.refresh_from_db()
    assert place.longitude == 4.3


def test_a_wrong_threshold_is_refused_in_the_form(admin_page: Client) -> None:
    put_defaults()
    profile = DecisionProfile.objects.get(kind="frost", farm=None)
    page = admin_page.post(
        change_page(profile),
        {
            "kind": "frost",
            "name": profile.name,
            "min_hours": "1",
            "is_default": "on",
            "source": "",
            "thresholds": '{"start_wet_bulb_c": 5, "stop_wet_bulb_c": 1, "max_wind_m_s": 2}',
        },
    )

    profile.refresh_from_db()
    assert page.status_code == 200
    assert "start_wet_bulb_c" in page.content.decode()
    assert profile.thresholds["start_wet_bulb_c"] == 0.5


def test_a_right_threshold_is_saved(admin_page: Client) -> None:
    put_defaults()
    profile = DecisionProfile.objects.get(kind="frost", farm=None)
    admin_page.post(
        change_page(profile),
        {
            "kind": "frost",
            "name": profile.name,
            "min_hours": "1",
            "is_default": "on",
            "source": "",
            "thresholds": '{"start_wet_bulb_c": 0, "stop_wet_bulb_c": 1, "max_wind_m_s": 2}',
        },
    )

    profile.refresh_from_db()
    assert profile.thresholds["start_wet_bulb_c"] == 0


def test_a_field_gets_its_water_by_hand(admin_page: Client, farm: Farm) -> None:
    from farm.weather.models import CropProfile, SoilProfile
    from tests.unit.weather.store_world import new_field

    put_defaults()
    field = new_field(farm, longitude=4, latitude=50)
    given = {
        "field": field.pk,
        "crop": CropProfile.objects.get(name="maize").pk,
        "soil": SoilProfile.objects.get(name="loam").pk,
        "planted_on": "2026-05-01",
        "initial_depletion_share": "0.2",
        "wetted_share": "1",
        "efficiency_share": "0.8",
        "rules": "{}",
    }
    url = reverse("admin:farm_fieldwater_add")

    wrong = [
        {"rules": rules} for rules in ('"abc"', "[1]", '{"constant_mm": 1e999}', "{", "9" * 400)
    ]
    for change in ({"initial_depletion_share": "2"}, *wrong):
        refused = admin_page.post(url, {**given, **change})
        assert refused.status_code == 200, change
        assert not FieldWater.objects.exists()

    assert admin_page.post(url, given).status_code == 302
    assert FieldWater.objects.get().crop.name == "maize"
