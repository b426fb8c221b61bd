"""Who is asked for a place's weather."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from farm.weather.providers.http import PoliteSession, user_agent
from farm.weather.providers.simulated import SimulatedWeather

if TYPE_CHECKING:
    from farm.weather.models import WeatherPlace
    from farm.weather.providers.interface import Provider

# Whoever waits for a page waits no longer than this for one provider.
HURRIED_WITHIN_S = 6.0
HURRIED_CONNECT_WITHIN_S = 2.5

_hurried: tuple[int, PoliteSession] | None = None


def providers_for(place: WeatherPlace) -> tuple[Provider, ...]:
    """Return the providers of the settings, or of a demo farm what makes its weather up.

    An invented farm asks nobody, so that a first look at the program costs no provider anything.
    """
    from farm.weather.providers.registry import providers

    if place.farm is not None and place.farm.is_demo:
        return (SimulatedWeather(),)
    return tuple(providers())


def hurried_session() -> PoliteSession:
    """Return this process's pool of connections for those who wait for the answer."""
    global _hurried
    if _hurried is None or _hurried[0] != os.getpid():
        session = PoliteSession(
            user_agent=user_agent(),
            connect_within_s=HURRIED_CONNECT_WITHIN_S,
            all_within_s=HURRIED_WITHIN_S,
        )
        _hurried = (os.getpid(), session)
    return _hurried[1]
