"""Which pixels are masked, by SCL classes and Landsat bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.imagery.domain import BitRule, ClassRule
from farm.imagery.masks import mask_layers, mask_words, measured_range
from farm.imagery.models import AssetRole, Platform, Scene, SceneAsset

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper


def mask(name: str) -> SceneAsset:
    return SceneAsset(role=AssetRole.MASK, name=name, object_key=f"{name}.tif", data_type="uint16")


def band(data_type: str = "uint16") -> SceneAsset:
    return SceneAsset(role=AssetRole.BAND, name="red", object_key="r.tif", data_type=data_type)


def test_scl_keeps_plants_soil_water_and_the_unclassified() -> None:
    (layer,) = mask_layers(Scene(), [mask("scl"), band()])

    assert isinstance(layer.rule, ClassRule)
    kept = set(range(256)) - set(layer.rule.masked)
    assert kept == {4, 5, 6, 7}


@pytest.mark.parametrize(
    ("name", "value", "is_masked"),
    [
        ("qa_pixel", 1 << 0, True),  # fill
        ("qa_pixel", 1 << 1, True),  # dilated cloud
        ("qa_pixel", 1 << 2, True),  # cirrus
        ("qa_pixel", 1 << 3, True),  # cloud
        ("qa_pixel", 1 << 4, True),  # shadow
        ("qa_pixel", 21824, False),  # clear land, as USGS publishes the value
        ("qa_pixel", 22280, True),  # high confidence cloud
        ("pixel_qa", 322, False),  # Collection 1: clear
        ("pixel_qa", 328, True),  # Collection 1: cloud shadow
        ("pixel_qa", 480, True),  # Collection 1: cloud
        ("qa_radsat", 1 << 3, True),  # band 4 saturated
        ("qa_radsat", 0, False),
    ],
)
def test_landsat_bits_mask_what_they_mean(name: str, value: int, is_masked: bool) -> None:
    (layer,) = mask_layers(Scene(), [mask(name)])

    assert isinstance(layer.rule, BitRule)
    assert bool(value & layer.rule.masked) is is_masked


def test_scl_comes_first_because_classes_are_looked_up_in_the_first_layer() -> None:
    layers = mask_layers(Scene(), [mask("qa_radsat"), mask("scl")])

    assert layers[0].object.key == "scl.tif"


def test_nothing_grows_unless_the_operator_says_so(settings: SettingsWrapper) -> None:
    assert mask_layers(Scene(), [mask("scl")])[0].dilation_m == 0

    settings.MASK_DILATION_M = 60

    (layer,) = mask_layers(Scene(), [mask("scl")])
    assert layer.dilation_m == 60
    assert isinstance(layer.rule, ClassRule)
    assert set(layer.rule.dilated) == {3, 8, 9, 10}
    assert "60 m" in mask_words([mask("scl")])


def test_a_scene_without_a_mask_says_so() -> None:
    assert mask_words([band()]).startswith("No mask")


@pytest.mark.parametrize(
    ("platform", "other", "expected"),
    [
        (Platform.SENTINEL_2, "scl", (1, 65_534)),
        (Platform.LANDSAT, "qa_pixel", (1, 43_636)),
        (Platform.LANDSAT, "pixel_qa", (1, 10_000)),
        (Platform.OTHER, "scl", (None, None)),
    ],
)
def test_numbers_beyond_what_the_instrument_measures_are_none(
    platform: Platform, other: str, expected: tuple[float | None, float | None]
) -> None:
    red = band()

    assert measured_range(Scene(platform=platform), [red, mask(other)], red) == expected


def test_reflectance_in_floating_point_has_no_such_border() -> None:
    red = band("float32")

    assert measured_range(Scene(platform=Platform.SENTINEL_2), [red], red) == (None, None)
