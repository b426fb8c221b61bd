"""What a request is about: whose weather, in which zone and units, seen from which moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from farm.accounts.principal import principal_of
from farm.errors import ConflictError, NoWeatherError
from farm.farms.selectors import visible_farm
from farm.weather.assembly import assembled
from farm.weather.parameters import parsed
from farm.weather.places import place_of_farm, zone_of
from farm.weather.units import UnitSystem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from rest_framework.request import Request

    from farm.farms.models import Farm
    from farm.imagery.index_queries import QuerySerializer
    from farm.weather.api_spans import HourSpan
    from farm.weather.assembly import AssembledWeather
    from farm.weather.models import WeatherPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request, parsed and allowed."""

    place: WeatherPlace
    farm: Farm | None  # None: of a coordinate
    zone: ZoneInfo  # cuts days; times are shown in it
    system: UnitSystem
    query: Mapping[str, Any]
    now: datetime

    def weather(self, span: HourSpan) -> AssembledWeather:
        """Assemble the hours of a span, their days to be cut by the zone that was asked for.

        Raises:
            NoWeatherError: Nobody said anything of them; the sentence says why, where that is
                known.
        """
        weather = self.any_weather(span)
        if not weather.hourly.columns and not weather.rejected:
            raise NoWeatherError(_nothing_known(weather), reason="NO_WEATHER")
        return weather

    def any_weather(self, span: HourSpan) -> AssembledWeather:
        """Assemble them likewise, also where there are none."""
        weather = assembled(place=self.place, start=span.start, end=span.end, now=self.now)
        return replace(weather, time_zone=self.zone.key)

    def about(self) -> dict[str, Any]:
        """Say whose weather it is."""
        place = self.place
        about: dict[str, Any] = {
            "place": {
                "longitude": place.longitude,
                "latitude": place.latitude,
                "elevation_m": place.elevation_m,
                "elevation_source": place.elevation_source,
            }
        }
        if self.farm is not None:
            farm = self.farm
            about["farm"] = {"id": farm.pk, "name": farm.name, "is_demo": farm.is_demo}
        return about


def farm_question(
    request: Request, *, farm_id: int, query: type[QuerySerializer], now: datetime
) -> Question:
    """Take a request about a farm apart.

    Raises:
        NotFoundError: There is no such farm, or the principal may not see it.
        ValidationError: A parameter makes no sense.
        ConflictError: Nobody knows where the farm's weather is of.
    """
    farm = visible_farm(principal=principal_of(request), farm_id=farm_id)
    said = parsed(query, request)
    return question_of(place=known_place(farm), farm=farm, said=said, now=now)


def question_of(
    *, place: WeatherPlace, farm: Farm | None, said: Mapping[str, Any], now: datetime
) -> Question:
    """Put a question together from what was said."""
    return Question(
        place=place,
        farm=farm,
        zone=ZoneInfo(said.get("time_zone") or zone_of(place) or "UTC"),
        system=UnitSystem(said.get("units", UnitSystem.METRIC)),
        query=said,
        now=now,
    )


def known_place(farm: Farm) -> WeatherPlace:
    """Return where a farm's weather is of.

    Raises:
        ConflictError: The farm has no field yet, and nobody set a position.
    """
    place = place_of_farm(farm=farm)
    if place is None:
        msg = (
            f"The farm “{farm.name}” has no fields, so nobody knows where its weather is of. Add a "
            "field, or set the location."
        )
        raise ConflictError(msg, reason="WEATHER_LOCATION_UNKNOWN")
    return place


def _nothing_known(weather: AssembledWeather) -> str:
    words = "No weather is known for this span."
    if weather.age_s is None:
        words += " Nothing has been fetched or sent yet."
    return f"{words} {weather.stale_reason}".rstrip()
