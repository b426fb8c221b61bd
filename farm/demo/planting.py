"""What grows on the demo farm's fields, sown when farmers of its latitude sow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from farm.fields.models import Field
from farm.weather.models import CropProfile, FieldWater, SoilProfile
from farm.weather.water_setup import season_days

if TYPE_CHECKING:
    from farm.farms.models import Farm

SOILS = ("sandy loam", "loam", "silt loam", "loamy sand")
# A reel's pass of 30 mm when half of the available water is gone and 30 mm have room.
RULES = {
    "allowed_depletion_share": 0.5,
    "allowed_depletion_mm": 30.0,
    "constant_mm": 30.0,
    "efficiency_share": 0.8,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sowing:
    month: int  # in the northern hemisphere; half a year later in the southern one
    day: int
    profile: str
    is_irrigated: bool


# Usual dates of Western Europe. Grass is counted from the beginning of growth, by the year.
_SOWINGS = {
    "winter wheat": _Sowing(month=10, day=15, profile="winter wheat", is_irrigated=False),
    "maize": _Sowing(month=4, day=25, profile="maize", is_irrigated=True),
    "sugar beet": _Sowing(month=3, day=25, profile="sugar beet", is_irrigated=True),
    "grass": _Sowing(month=3, day=1, profile="grass", is_irrigated=False),
    "cover crop": _Sowing(month=8, day=20, profile="grass", is_irrigated=False),
}


def sown_on(*, crop: str, today: date, latitude: float) -> date | None:
    """Return when a crop's running season began, or its last one; None: it is never sown.

    The day is at most a year ago, so that the weather kept of a farm reaches back to it.
    """
    sowing = _SOWINGS.get(crop)
    if sowing is None:
        return None
    month = sowing.month if latitude >= 0 else (sowing.month + 5) % 12 + 1
    of_this_year = date(today.year, month, sowing.day)
    return of_this_year if of_this_year <= today else of_this_year.replace(year=today.year - 1)


def plant(*, farm: Farm, today: date, latitude: float) -> None:
    """Give each field the crop, soil and sowing of its running or last season.

    A field that somebody has set up otherwise is left alone until a newer season has begun.
    """
    crops = {crop.name: crop for crop in CropProfile.objects.all()}
    soils = {soil.name: soil for soil in SoilProfile.objects.all()}
    for number, field in enumerate(Field.objects.filter(farm=farm).order_by("pk")):
        sown = sown_on(crop=field.crop, today=today, latitude=latitude)
        if sown is None:
            continue
        sowing = _SOWINGS[field.crop]
        crop, soil = crops.get(sowing.profile), soils.get(SOILS[number % len(SOILS)])
        known = FieldWater.objects.filter(field=field).select_related("crop").first()
        is_newer = known is None or (known.planted_on < sown and not _stands(known, today))
        if crop is None or soil is None or not is_newer:
            continue
        FieldWater.objects.update_or_create(
            field=field,
            defaults={
                "crop": crop,
                "soil": soil,
                "planted_on": sown,
                "initial_depletion_share": 0.2,
                "rules": RULES if sowing.is_irrigated else {},
            },
        )


def _stands(water: FieldWater, today: date) -> bool:
    return today < water.planted_on + timedelta(days=season_days(water.crop))
