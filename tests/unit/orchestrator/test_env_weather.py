"""What the environment says of weather."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from orchestrator.env import WeatherProviders, parse


def weather(**variables: str) -> WeatherProviders:
    return parse(variables, project_dir=Path("/nowhere")).weather


def test_without_a_word_the_public_services_are_asked() -> None:
    found = weather()

    assert found.keys == ("open_meteo", "nasa_power")
    assert found.nasa_power_url == "https://power.larc.nasa.gov"
    assert found.contact == ""


def test_none_asks_nobody() -> None:
    assert weather(FURROW_WEATHER_PROVIDERS="none").keys == ()


def test_the_order_is_kept_and_nobody_stands_twice() -> None:
    found = weather(FURROW_WEATHER_PROVIDERS="nasa_power, Open_Meteo,nasa_power")

    assert found.keys == ("nasa_power", "open_meteo")


def test_an_address_ends_without_a_slash() -> None:
    assert weather(FURROW_OPEN_METEO_URL="http://127.0.0.1:8/").open_meteo_url.endswith(":8")


@pytest.mark.parametrize(
    "variables",
    [
        {"FURROW_WEATHER_PROVIDERS": "wetter"},
        {"FURROW_WEATHER_PROVIDERS": "met_norway"},  # without a contact
        {"FURROW_NASA_POWER_URL": "ftp://example.org"},
        {"FURROW_OPEN_METEO_URL": "https://user:word@example.org"},
        {"FURROW_MET_NORWAY_URL": "https://example.org/?key=1"},
        {"FURROW_WEATHER_CONTACT": "a\nHost: b"},
        {"FURROW_OPEN_METEO_KEY": "schlüssel"},
    ],
)
def test_nonsense_is_refused_in_a_sentence(variables: dict[str, str]) -> None:
    with pytest.raises(ImproperlyConfigured, match="FURROW_"):
        weather(**variables)


def test_a_key_is_never_in_the_sentence() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        weather(FURROW_OPEN_METEO_KEY="ge\nheim")

    assert "heim" not in str(refused.value)
