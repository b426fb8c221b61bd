"""Which providers there are, and which of them this farm's server asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from farm.observability.metrics import WEATHER_PROVIDER_BREAKER_OPEN
from farm.weather.providers.hosts import hosts_left_alone
from farm.weather.providers.met_norway import MetNorway
from farm.weather.providers.nasa_power import NasaPower
from farm.weather.providers.open_meteo import OpenMeteo

if TYPE_CHECKING:
    from datetime import datetime

    from farm.weather.providers.interface import Attribution, Provider

# A further provider is a file and a line here; its key also goes into orchestrator.env's list of
# names, and its source into WeatherSource and farm.weather.sources.
KNOWN: tuple[Provider, ...] = (OpenMeteo(), NasaPower(), MetNorway())

_BY_KEY = {provider.key: provider for provider in KNOWN}
_BY_SOURCE = {
    provider.source_of(product): provider for provider in KNOWN for product in provider.products
}


def providers() -> tuple[Provider, ...]:
    """Return the providers that are asked, in the order of the setting; perhaps none."""
    return tuple(
        _BY_KEY[key]
        for key in settings.WEATHER_PROVIDERS
        if key != MetNorway.key or settings.WEATHER_CONTACT
    )


def provider_of(key: str) -> Provider | None:
    """Return the provider that is asked under a key, or None where it is not asked any more."""
    return next((provider for provider in providers() if provider.key == key), None)


def attribution_of(source: str) -> Attribution | None:
    """Return whom an answer names that holds hours of a source; None where nobody asks for it."""
    provider = _BY_SOURCE.get(source)
    return None if provider is None else provider.attribution


def set_breaker_gauges(*, now: datetime) -> None:
    """Note of every provider that is asked whether one of its hosts is left alone."""
    left_alone = hosts_left_alone(now=now)
    for provider in providers():
        keys = {provider.host_key(product) for product in provider.products}
        WEATHER_PROVIDER_BREAKER_OPEN.labels(provider.key).set(int(bool(keys & left_alone)))
