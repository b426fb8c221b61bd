"""A farm's weather and a field's water, as small as tests of all routes need them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.utils import timezone

from farm.weather.models import (
    CropProfile,
    DecisionKind,
    DecisionProfile,
    FieldIrrigation,
    FieldWater,
    SoilProfile,
)
from farm.weather.places import place_of_farm
from farm.weather.series import HourlyWeather
from farm.weather.store import store_hours

if TYPE_CHECKING:
    from farm.farms.models import Farm
    from farm.fields.models import Field
    from farm.weather.models import WeatherPlace

CROP, SOIL = "maize of tests", "loam of tests"
SETUP = {"crop": CROP, "soil": SOIL, "planted_on": "2026-04-20"}
HOURS_OF_STATION = b"time,t\n2026-03-28 10:00,7.5\n2026-03-28 11:00,8.5\n"
MAPPING = {
    "time": "time",
    "columns": {"t": {"variable": "air_temperature_c", "unit": "\N{DEGREE SIGN}C"}},
}
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


def add_crop(name: str = CROP, **values: Any) -> CropProfile:
    """A crop; the same name is the same crop."""
    crop, _ = CropProfile.objects.get_or_create(
        name=name,
        defaults={
            "stage_days": [20, 30, 40, 30],
            "single_coefficients": [0.3, 1.2, 0.6],
            "basal_coefficients": [0.15, 1.15, 0.5],
            "initial_height_m": 0.05,
            "max_height_m": 2.0,
            "initial_root_depth_m": 0.2,
            "max_root_depth_m": 1.0,
            "depletion_share": 0.55,
            **values,
        },
    )
    return crop


def add_soil(name: str = SOIL) -> SoilProfile:
    """A soil."""
    soil, _ = SoilProfile.objects.get_or_create(
        name=name,
        defaults={
            "field_capacity_m3_m3": 0.3,
            "wilting_point_m3_m3": 0.15,
            "readily_evaporable_mm": 9.0,
        },
    )
    return soil


def add_water(field: Field) -> FieldIrrigation:
    """Crop, soil, an irrigation and, where there is none, thresholds for everybody."""
    today = timezone.now().date()
    FieldWater.objects.get_or_create(
        field=field,
        defaults={"crop": add_crop(), "soil": add_soil(), "planted_on": today - timedelta(days=5)},
    )
    add_profile()
    return FieldIrrigation.objects.create(field=field, day=today, depth_mm=10.0)


def add_profile() -> DecisionProfile:
    """Thresholds of spraying for everybody, the default of their kind."""
    known = DecisionProfile.objects.filter(farm=None, kind=DecisionKind.SPRAY, is_default=True)
    return known.first() or DecisionProfile.objects.create(
        kind=DecisionKind.SPRAY, name="of tests", thresholds=SPRAY, is_default=True
    )


def add_weather(farm: Farm, *, days: int) -> None:
    """Some days of temperature up to today, from a station."""
    place = place_of_farm(farm=farm)
    assert place is not None, "the farm has a field"
    add_hours(place, days=days)


def add_hours(place: WeatherPlace, *, days: int) -> None:
    """Some days of temperature up to today at a place, from a station."""
    first = datetime.combine(timezone.now().date() - timedelta(days=days), time(), UTC)
    store_hours(
        place=place,
        source="station",
        hourly=HourlyWeather(
            start=first,
            count=24 * days,
            columns={"air_temperature_c": np.full(24 * days, 10.0)},
        ),
    )
