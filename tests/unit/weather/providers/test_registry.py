"""Which providers there are and which are asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from farm.weather.models import WeatherProduct, WeatherSource
from farm.weather.providers.interface import DaySpan, Provider
from farm.weather.providers.registry import KNOWN, attribution_of, provider_of, providers
from orchestrator import env
from tests.unit.weather.providers.answers import DAY
from tests.unit.weather.providers.provider_server import NOW

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper


def test_tests_ask_nobody() -> None:
    assert providers() == ()


def test_the_setting_names_who_is_asked_and_in_which_order(settings: SettingsWrapper) -> None:
    settings.WEATHER_PROVIDERS = ("nasa_power", "open_meteo")

    assert [provider.key for provider in providers()] == ["nasa_power", "open_meteo"]
    assert provider_of("open_meteo") is providers()[1]
    assert provider_of("met_norway") is None


def test_who_wants_a_contact_is_asked_only_with_one(settings: SettingsWrapper) -> None:
    settings.WEATHER_PROVIDERS = ("met_norway",)
    settings.WEATHER_CONTACT = ""
    without = providers()
    settings.WEATHER_CONTACT = "farm@example.org"

    assert without == ()
    assert [provider.key for provider in providers()] == ["met_norway"]


def test_the_settings_know_every_provider() -> None:
    assert set(env.WEATHER_PROVIDERS) == {provider.key for provider in KNOWN}


@pytest.mark.parametrize("provider", KNOWN, ids=lambda provider: provider.key)
def test_every_provider_is_one(provider: Provider) -> None:
    assert isinstance(provider, Provider)
    assert set(provider.products) <= set(WeatherProduct.values)
    for product in provider.products:
        assert provider.source_of(product) in WeatherSource.values
        reach = provider.reach(product, NOW)
        assert reach.first_day <= reach.last_day


@pytest.mark.parametrize(
    ("source", "licence"),
    [
        ("open_meteo", "CC BY 4.0"),
        ("open_meteo_archive", "CC BY 4.0"),
        ("met_norway", "CC BY 4.0"),
        ("nasa_power", "free of restrictions"),
    ],
)
def test_answers_can_name_whose_data_they_are(source: str, licence: str) -> None:
    attribution = attribution_of(source)

    assert attribution is not None
    assert attribution.licence == licence
    assert attribution.url.startswith("https://")


def test_a_station_of_ones_own_needs_no_attribution() -> None:
    assert attribution_of("station") is None


def test_spans_that_do_not_meet_have_nothing_in_common() -> None:
    early = DaySpan(first_day=DAY, last_day=DAY)
    late = DaySpan(first_day=DAY + timedelta(days=1), last_day=DAY + timedelta(days=3))

    assert early.overlap(late) is None
