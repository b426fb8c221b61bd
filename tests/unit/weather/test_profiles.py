"""Profiles: what everybody begins with is sound, and nothing unsound is ever saved."""

from __future__ import annotations

import pytest
from django.apps import apps

from farm.errors import InvalidInputError
from farm.weather import profiles
from farm.weather.defaults import install
from farm.weather.models import (
    CropProfile,
    DecisionKind,
    DecisionProfile,
    FieldWater,
    SoilProfile,
)
from tests.unit.weather.store_world import new_farm, new_field

pytestmark = pytest.mark.django_db


def put_defaults() -> None:
    install(
        decisions=DecisionProfile.objects,
        crops=CropProfile.objects,
        soils=SoilProfile.objects,
    )


def test_everybody_begins_with_profiles_that_are_sound_and_name_their_source() -> None:
    put_defaults()
    kinds = DecisionProfile.objects.filter(farm=None, is_default=True)
    rows = [
        *DecisionProfile.objects.all(),
        *CropProfile.objects.all(),
        *SoilProfile.objects.all(),
    ]

    assert set(kinds.values_list("kind", flat=True)) == set(DecisionKind.values)
    assert CropProfile.objects.count() >= 12
    assert SoilProfile.objects.count() == 9
    for row in rows:
        profiles.check(row)
        assert row.source


def test_they_are_put_in_once_and_what_was_changed_stays() -> None:
    put_defaults()
    SoilProfile.objects.filter(name="loam").update(readily_evaporable_mm=8.5)
    before = DecisionProfile.objects.count()

    put_defaults()

    assert DecisionProfile.objects.count() == before
    assert SoilProfile.objects.get(name="loam").readily_evaporable_mm == 8.5


def test_numbers_are_those_of_their_sources() -> None:
    put_defaults()
    loam = SoilProfile.objects.get(name="loam")
    maize = CropProfile.objects.get(name="maize")
    apple = {one["stage"]: one for one in CropProfile.objects.get(name="apple").frost_stages}
    spray = DecisionProfile.objects.get(kind="spray", farm=None).thresholds

    # FAO-56, table 19: 0.20–0.30 and 0.07–0.17 m³/m³, 8–10 mm.
    assert (loam.field_capacity_m3_m3, loam.wilting_point_m3_m3) == (0.25, 0.12)
    assert maize.basal_coefficients == [0.15, 1.15, 0.15]  # table 17
    # WSU EB0913: 28 °F and 25 °F.
    assert (apple["full bloom"]["kills_tenth_c"], apple["full bloom"]["kills_nine_tenths_c"]) == (
        -2.2,
        -3.9,
    )
    assert spray["min_wind_m_s"] == pytest.approx(3 / 3.6, abs=0.01)
    assert (spray["min_delta_t_k"], spray["marginal_delta_t_k"], spray["max_delta_t_k"]) == (
        2,
        8,
        10,
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"max_wind_m_s": "fast"},
        {"max_wind_m_s": float("nan")},
        {"min_wind_m_s": 9},  # above the greatest
        {"colour": 1},
    ],
)
def test_a_wrong_threshold_is_not_saved(changed: dict[str, object]) -> None:
    put_defaults()
    profile = DecisionProfile.objects.get(kind="spray", farm=None)
    profile.thresholds = {**profile.thresholds, **changed}

    with pytest.raises(InvalidInputError):
        profile.save()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stage_days", [20, 30, 40]),
        ("stage_days", [20, 30, 40, 0]),
        ("basal_coefficients", [0.1, 3, 0.2]),
        ("basal_coefficients", [0.1, 10**400, 0.2]),
        ("stage_days", [20, 30, 40, 10**400]),
        ("depletion_share", 0.9),
        ("max_height_m", 0.001),
        ("heat_upper_c", 5),
        ("frost_stages", [{"stage": "x", "kills_tenth_c": -5, "kills_nine_tenths_c": -2}]),
        ("frost_stages", [{"stage": "x"}]),
        ("ndvi_slope", 1.4),  # without a name
    ],
)
def test_a_wrong_crop_is_not_saved(name: str, value: object) -> None:
    put_defaults()
    crop = CropProfile.objects.get(name="maize")
    setattr(crop, name, value)

    with pytest.raises(InvalidInputError):
        crop.save()


def test_a_soil_holds_more_at_field_capacity_than_at_wilting() -> None:
    put_defaults()
    soil = SoilProfile.objects.get(name="loam")
    soil.wilting_point_m3_m3 = soil.field_capacity_m3_m3

    with pytest.raises(InvalidInputError, match="above"):
        soil.save()


def test_a_rule_without_an_amount_is_not_saved() -> None:
    put_defaults()
    field = new_field(new_farm(), longitude=4, latitude=50)
    water = FieldWater(
        field=field,
        crop=CropProfile.objects.get(name="maize"),
        soil=SoilProfile.objects.get(name="loam"),
        planted_on="2026-05-01",
        rules={"allowed_depletion_share": 0.5},
    )

    with pytest.raises(InvalidInputError, match="amount"):
        water.save()


def test_the_migration_puts_them_in() -> None:
    from importlib import import_module

    CropProfile.objects.all().delete()
    import_module("farm.migrations.0004_weather_profiles").add(apps, None)

    assert CropProfile.objects.filter(name="maize").exists()
