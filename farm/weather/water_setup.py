"""A field's crop, soil, irrigations and rules, as furrow-weather takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.errors import InvalidInputError
from farm.weather.domain_water import Crop, Irrigation, NdviKcb, NdviObservation, Soil
from farm.weather.thresholds import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from farm.weather.domain import Days
    from farm.weather.domain_water import IrrigationRules
    from farm.weather.models import CropProfile, FieldIrrigation, FieldWater, SoilProfile
    from farm.weather.ndvi_looks import NdviLook

MOST_NAME_BYTES, MOST_CALIBRATION_BYTES = 80, 200


def season_days(crop: CropProfile) -> int:
    """Return the length of a crop's season in days."""
    return sum(int(days) for days in crop.stage_days)


def crop_of(profile: CropProfile) -> Crop:
    """Return a crop that is sown on the first day."""
    return Crop(
        name=_cut(profile.name, MOST_NAME_BYTES),
        planted_day=0,
        stage_days=tuple(int(days) for days in profile.stage_days),
        single_coefficients=tuple(float(each) for each in profile.single_coefficients),
        basal_coefficients=tuple(float(each) for each in profile.basal_coefficients),
        initial_height_m=profile.initial_height_m,
        max_height_m=profile.max_height_m,
        initial_root_depth_m=profile.initial_root_depth_m,
        max_root_depth_m=profile.max_root_depth_m,
        depletion_share=profile.depletion_share,
    )


def soil_of(profile: SoilProfile) -> Soil:
    """Return a soil."""
    return Soil(
        name=_cut(profile.name, MOST_NAME_BYTES),
        field_capacity_m3_m3=profile.field_capacity_m3_m3,
        wilting_point_m3_m3=profile.wilting_point_m3_m3,
        evaporation_depth_m=profile.evaporation_depth_m,
        readily_evaporable_mm=profile.readily_evaporable_mm,
        curve_number=profile.curve_number,
    )


def given_water(irrigations: Iterable[FieldIrrigation], *, axis: Days) -> tuple[Irrigation, ...]:
    """Return the irrigations of some days, ascending; others are of another season."""
    counted = (((irrigation.day - axis.first_day).days, irrigation) for irrigation in irrigations)
    return tuple(
        Irrigation(
            day=day,
            depth_mm=irrigation.depth_mm,
            wetted_share=irrigation.wetted_share,
            efficiency_share=irrigation.efficiency_share,
        )
        for day, irrigation in sorted(counted, key=lambda pair: pair[0])
        if 0 <= day < axis.count
    )


def ndvi_relation(
    setup: FieldWater, looks: Sequence[NdviLook], *, first_day: date
) -> NdviKcb | None:
    """Return how basal coefficients follow from looks at a field; None where they do not.

    Raises:
        InvalidInputError: The setup asks for it, but the crop has no calibration, or coefficients
            are single.
    """
    if not setup.uses_ndvi:
        return None
    crop = setup.crop
    if not crop.ndvi_calibration or crop.ndvi_slope is None or crop.ndvi_intercept is None:
        msg = f"“{crop.name}” has no calibration of coefficients from NDVI."
        raise InvalidInputError(msg, reason="CALIBRATION_MISSING")
    if not setup.uses_dual_coefficients:
        msg = "NDVI gives basal coefficients; they are part of dual coefficients only."
        raise InvalidInputError(msg, reason="CALIBRATION_MISSING")
    return NdviKcb(
        calibration=_cut(crop.ndvi_calibration, MOST_CALIBRATION_BYTES),
        slope=crop.ndvi_slope,
        intercept=crop.ndvi_intercept,
        observations=tuple(
            NdviObservation(day=(look.day - first_day).days, ndvi=look.ndvi) for look in looks
        ),
    )


def irrigation_rules(
    setup: FieldWater, *, first_day: date, today: date, last_row: int
) -> IrrigationRules | None:
    """Return the rules from today on; None where there are none or the season is over.

    What they do not say of the share that is wetted or reaches the roots, the setup does.
    """
    row = max(0, (today - first_day).days)
    if not setup.rules or row > last_row:
        return None
    usual = {"wetted_share": setup.wetted_share, "efficiency_share": setup.efficiency_share}
    return rules_of({**usual, **setup.rules}, first_day=row, last_day=last_row)


def _cut(name: str, most_bytes: int) -> str:
    return name.encode()[:most_bytes].decode(errors="ignore")
