"""Profiles are checked whenever they are saved, by whomever: a wrong threshold is no decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models.signals import pre_save
from django.dispatch import receiver

from farm.errors import InvalidInputError
from farm.weather.models import CropProfile, DecisionProfile, FieldWater, SoilProfile
from farm.weather.thresholds import rules_of, thresholds_of

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_STAGE_DAYS = 400
MOST_FROST_STAGES = 30


def check_decision(profile: DecisionProfile) -> None:
    """Check the thresholds of a decision.

    Raises:
        InvalidInputError: One is unknown, missing or makes no sense; the sentence names it.
    """
    thresholds_of(profile.kind, profile.thresholds)
    _within("min_hours", profile.min_hours, 1, 72)


def check_crop(crop: CropProfile) -> None:
    """Check a crop, against the ranges of water.proto.

    Raises:
        InvalidInputError: A number makes no sense; the sentence names it.
    """
    days = _list("stage_days", crop.stage_days, 4)
    for row, value in enumerate(days):
        if isinstance(value, bool) or not isinstance(value, int):
            raise _refused(f"stage_days[{row}] is no whole number.")
        _within(f"stage_days[{row}]", value, 1, MOST_STAGE_DAYS)
    for name in ("single_coefficients", "basal_coefficients"):
        for row, value in enumerate(_list(name, getattr(crop, name), 3)):
            _within(f"{name}[{row}]", value, 0, 2)
    _within("initial_height_m", crop.initial_height_m, 0, 30)
    _within("max_height_m", crop.max_height_m, crop.initial_height_m, 30)
    _within("initial_root_depth_m", crop.initial_root_depth_m, 0.01, 10)
    _within("max_root_depth_m", crop.max_root_depth_m, crop.initial_root_depth_m, 10)
    _within("depletion_share", crop.depletion_share, 0.1, 0.8)
    _within("heat_lower_c", crop.heat_lower_c, -20, 40)
    if crop.heat_upper_c is not None:
        _within("heat_upper_c", crop.heat_upper_c, crop.heat_lower_c + 0.1, 60)
    _check_frost_stages(crop.frost_stages)
    relation = (crop.ndvi_slope, crop.ndvi_intercept)
    given = {bool(crop.ndvi_calibration), *(value is not None for value in relation)}
    if len(given) > 1:
        msg = "A calibration has a name, a slope and an intercept, or none of them."
        raise _refused(msg)
    for name, value in zip(("ndvi_slope", "ndvi_intercept"), relation, strict=True):
        if value is not None:
            _within(name, value, -10, 10)


def check_soil(soil: SoilProfile) -> None:
    """Check a soil likewise.

    Raises:
        InvalidInputError: A number makes no sense; the sentence names it.
    """
    _within("wilting_point_m3_m3", soil.wilting_point_m3_m3, 0, 0.69)
    _within("field_capacity_m3_m3", soil.field_capacity_m3_m3, soil.wilting_point_m3_m3, 0.7)
    if soil.field_capacity_m3_m3 <= soil.wilting_point_m3_m3:
        raise _refused("field_capacity_m3_m3 must be above wilting_point_m3_m3.")
    _within("evaporation_depth_m", soil.evaporation_depth_m, 0.05, 0.3)
    _within("readily_evaporable_mm", soil.readily_evaporable_mm, 0, 50)
    if soil.curve_number is not None:
        _within("curve_number", soil.curve_number, 1, 100)


def check_field_water(water: FieldWater) -> None:
    """Check what a field's balance stands on.

    Raises:
        InvalidInputError: A share or a rule makes no sense; the sentence names it.
    """
    _within("initial_depletion_share", water.initial_depletion_share, 0, 1)
    for name in ("wetted_share", "efficiency_share"):
        _within(name, getattr(water, name), 0.01, 1)
    rules_of(water.rules)


_CHECKS: dict[type, Callable[[Any], None]] = {
    DecisionProfile: check_decision,
    CropProfile: check_crop,
    SoilProfile: check_soil,
    FieldWater: check_field_water,
}


def check(row: Any) -> None:
    """Check any row of these four.

    Raises:
        InvalidInputError: Something in it makes no sense.
    """
    _CHECKS[type(row)](row)


@receiver(pre_save, sender=DecisionProfile)
@receiver(pre_save, sender=CropProfile)
@receiver(pre_save, sender=SoilProfile)
@receiver(pre_save, sender=FieldWater)
def _check_before_save(sender: type, instance: Any, raw: bool, **_: object) -> None:
    del sender
    if not raw:
        check(instance)


def _check_frost_stages(stages: Any) -> None:
    if not isinstance(stages, list) or len(stages) > MOST_FROST_STAGES:
        raise _refused(f"frost_stages is a list of at most {MOST_FROST_STAGES} stages.")
    names = {"stage", "kills_tenth_c", "kills_nine_tenths_c"}
    for row, stage in enumerate(stages):
        if not isinstance(stage, dict) or set(stage) != names:
            raise _refused(f"frost_stages[{row}] has stage, kills_tenth_c, kills_nine_tenths_c.")
        if not isinstance(stage["stage"], str) or not 0 < len(stage["stage"].encode()) <= 80:
            raise _refused(f"frost_stages[{row}].stage is a name of at most 80 bytes.")
        tenth, nine_tenths = stage["kills_tenth_c"], stage["kills_nine_tenths_c"]
        _within(f"frost_stages[{row}].kills_tenth_c", tenth, -50, 10)
        _within(f"frost_stages[{row}].kills_nine_tenths_c", nine_tenths, -60, tenth)


def _list(name: str, value: Any, length: int) -> list[Any]:
    if not isinstance(value, list) or len(value) != length:
        raise _refused(f"{name} is a list of {length} numbers.")
    return value


def _within(name: str, value: Any, least: float, most: float) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # NaN, the infinite and whole numbers beyond every float are in no range.
    if not is_number or not least <= value <= most:
        raise _refused(f"{name} is {str(value)[:40]}; it must be from {least:g} to {most:g}.")


def _refused(detail: str) -> InvalidInputError:
    return InvalidInputError(detail, reason="PROFILE_INVALID")
