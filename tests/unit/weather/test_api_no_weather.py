"""A place of which no weather is known answers one thing on every route."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from farm.accounts.models import User
from farm.farms.models import Role
from farm.imagery.index_clock import Clocked
from farm.weather.models import (
    CropProfile,
    FieldWater,
    SoilProfile,
    WeatherFeed,
    WeatherPlace,
    WeatherProduct,
)
from farm.weather.places import place_of_farm
from tests.unit.imagery.observation_making import make_farm, make_field

if TYPE_CHECKING:
    from rest_framework.test import APIClient

    from farm.fields.models import Field

NOW = datetime(2026, 3, 29, 12, 20, tzinfo=UTC)
ROUTES = (
    "current",
    "hourly",
    "daily",
    "daily/?columns=precipitation_mm",
    "weekly",
    "agro",
    "gdd",
    "chill",
    "et0",
    "et0/?step=hour",
    "frost",
    "rain",
    "windows/spray",
)


@pytest.fixture
def field(user: User, monkeypatch: pytest.MonkeyPatch) -> Field:
    monkeypatch.setattr(Clocked, "now", lambda self: NOW)
    return make_field(make_farm(user, role=Role.MANAGER))


def refusal(api_client: APIClient, path: str) -> str:
    answer = api_client.get(path)
    assert answer.status_code == 404, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["reason"]) == ("no_weather", "NO_WEATHER")
    return str(answer.json()["detail"])


@pytest.mark.parametrize("what", ROUTES)
def test_a_farm_without_any_weather_is_told_so_everywhere(
    api_client: APIClient, field: Field, what: str
) -> None:
    path, _, query = what.partition("/?")
    where = f"/api/v1/farms/{field.farm_id}/weather/{path}/" + (query and f"?{query}")

    told = refusal(api_client, where)

    assert told == "No weather is known for this span. Nothing has been fetched or sent yet."


@pytest.mark.parametrize("what", ["current", "hourly", "daily", "weekly"])
def test_a_coordinate_without_any_weather_is_told_so(
    api_client: APIClient, field: Field, what: str
) -> None:
    told = refusal(api_client, f"/api/v1/weather/{what}/?latitude=50.88&longitude=4.7")

    assert told.startswith("No weather is known for this span.")


def test_a_balance_without_any_weather_is_told_so(api_client: APIClient, field: Field) -> None:
    crop, soil = CropProfile.objects.first(), SoilProfile.objects.first()
    assert crop is not None
    assert soil is not None
    FieldWater.objects.create(
        field=field, crop=crop, soil=soil, planted_on=NOW.date(), initial_depletion_share=0.0
    )

    told = refusal(api_client, f"/api/v1/fields/{field.pk}/water-balance/")

    assert told.startswith("No weather is known for this span.")


def test_it_is_said_why_nothing_could_be_fetched(api_client: APIClient, field: Field) -> None:
    place = place_of_farm(farm=field.farm)
    assert isinstance(place, WeatherPlace)
    WeatherFeed.objects.create(
        place=place,
        provider="open_meteo",
        product=WeatherProduct.FORECAST,
        due_at=NOW,
        failures=2,
        error_detail="Open-Meteo cannot be reached.",
    )

    told = refusal(api_client, f"/api/v1/farms/{field.farm_id}/weather/daily/")

    assert told.endswith("open_meteo answered never. Open-Meteo cannot be reached.")
