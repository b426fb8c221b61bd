"""Hours and places for tests of what is stored."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from farm.farms.models import Farm
from farm.fields.models import Field
from farm.fields.services import set_outline
from farm.geo import outline_of_geojson
from farm.weather.models import WeatherPlace
from farm.weather.series import HourlyWeather

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def hours(start: datetime, **columns: list[float]) -> HourlyWeather:
    """Hours with these columns, all of one length."""
    count = len(next(iter(columns.values())))
    made = {name: np.array(values, float) for name, values in columns.items()}
    return HourlyWeather(start=start, count=count, columns=made)


def new_farm(**values: object) -> Farm:
    return Farm.objects.create(**{"name": "Hill Farm", **values})


def new_place(**values: object) -> WeatherPlace:
    return WeatherPlace.objects.create(
        **{"longitude": 4.3, "latitude": 50.8, "time_zone": "Europe/Brussels", **values}
    )


def new_field(farm: Farm, *, longitude: float, latitude: float, side_deg: float = 0.002) -> Field:
    west, south, east, north = longitude, latitude, longitude + side_deg, latitude + side_deg
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    field = Field(farm=farm, name=f"{longitude} {latitude}")
    set_outline(field, outline_of_geojson({"type": "Polygon", "coordinates": [ring]}))
    field.save()
    return field
