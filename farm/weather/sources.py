"""Which source goes before which, and what each is."""

from __future__ import annotations

from farm.weather.models import WeatherSource

# Of an hour and variable the first source that has a value is taken: what was measured on the spot,
# then what was computed from measurements afterwards, then what a model said at the time.
PRECEDENCE: tuple[str, ...] = (
    WeatherSource.STATION,
    WeatherSource.OPEN_METEO_ARCHIVE,
    WeatherSource.NASA_POWER,
    WeatherSource.OPEN_METEO,
    WeatherSource.MET_NORWAY,
    WeatherSource.SIMULATED,
)
NO_SOURCE = 0  # where a column's source stands and none gave the value

_RANK = {source: rank for rank, source in enumerate(PRECEDENCE)}


def rank_of(source: str) -> int:
    """Return the place of a source in the order, 0 first; unknown ones come last."""
    return _RANK.get(source, len(PRECEDENCE))


def title_of(source: str) -> str:
    """Return how people call a source."""
    return WeatherSource(source).label if source in WeatherSource.values else source
