"""What furrow-ndvi is told of a scene: bands, scale and offset, stand-ins, masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.errors import InvalidInputError
from farm.imagery.catalogue import catalogue, index_named
from farm.imagery.models import Platform
from farm.imagery.scene_source import (
    bind_bands,
    computable_indices,
    formula_bands,
    require_index,
    scene_source,
    source_digest,
)
from tests.unit.imagery.observation_making import make_farm, make_scene

if TYPE_CHECKING:
    from farm.farms.models import Farm


@pytest.fixture
def farm(db: None) -> Farm:
    return make_farm()


def test_a_band_carries_the_scenes_scale_and_offset_and_the_scenes_mask(farm: Farm) -> None:
    scene = make_scene(farm)

    source = scene_source(scene=scene, bands=("nir", "red"))

    assert [band.name for band in source.bands] == ["nir", "red"]
    assert {(band.scale, band.offset) for band in source.bands} == {(0.0001, -0.1)}
    assert source.bands[0].object.key.endswith("/nir.tif")
    assert [mask.object.key.rsplit("/")[-1] for mask in source.masks] == ["scl.tif"]


def test_zero_is_never_a_measurement_of_a_satellite(farm: Farm) -> None:
    (band,) = scene_source(scene=make_scene(farm), bands=("red",)).bands

    assert (band.min_digital_number, band.max_digital_number) == (1.0, 65_534.0)


def test_the_operators_scale_and_offset_win_over_the_bands_and_the_scenes(farm: Farm) -> None:
    scene = make_scene(farm)
    scene.assets.filter(name="red").update(scale=0.0002, offset=0.0)

    red, nir = scene_source(scene=scene, bands=("red", "nir")).bands
    scene.scale_override, scene.offset_override = 0.001, 0.5
    overridden, _ = scene_source(scene=scene, bands=("red", "nir")).bands

    assert (red.scale, red.offset) == (0.0002, 0.0)
    assert (nir.scale, nir.offset) == (0.0001, -0.1)
    assert (overridden.scale, overridden.offset) == (0.001, 0.5)


def test_the_wide_near_infrared_is_read_where_the_narrow_one_is_absent(farm: Farm) -> None:
    scene = make_scene(farm, bands=("nir", "swir16"), platform=Platform.LANDSAT)
    ndmi = index_named("ndmi")

    (nir08, _) = scene_source(scene=scene, bands=formula_bands([ndmi])).bands
    bound = bind_bands(ndmi, scene.assets.all())

    assert nir08.name == "nir08"
    assert nir08.object.key.endswith("/nir.tif")
    assert bound is not None
    assert bound["nir08"].name == "nir"


def test_a_missing_band_is_named_with_those_there_are(farm: Farm) -> None:
    scene = make_scene(farm)

    with pytest.raises(InvalidInputError, match=r"no band “swir16”; its bands are: nir, red"):
        scene_source(scene=scene, bands=("swir16",))
    with pytest.raises(InvalidInputError, match=r"lacks rededge1, which ndre is made of"):
        require_index(scene=scene, index=index_named("ndre"))


def test_an_index_of_reflectance_is_refused_where_the_scale_is_not_known(farm: Farm) -> None:
    scene = make_scene(farm, scale=None, offset=None, platform=Platform.OTHER)

    with pytest.raises(InvalidInputError, match="savi needs reflectance"):
        require_index(scene=scene, index=index_named("savi"))
    assert require_index(scene=scene, index=index_named("ndvi")).name == "ndvi"


def test_a_scene_offers_the_indices_that_its_bands_allow(farm: Farm) -> None:
    scene = make_scene(farm, bands=("red", "nir", "rededge1"))

    found = computable_indices(scene=scene, indices=catalogue().indices.values())

    assert [index.id for index in found] == [
        *("ndvi", "evi2", "savi", "osavi", "msavi", "ndre", "cire")
    ]


def test_bands_of_several_formulas_are_read_once() -> None:
    assert formula_bands([index_named("ndvi"), index_named("gndvi")]) == ("nir", "red", "green")


def test_a_digest_changes_with_scale_mask_and_style(farm: Farm) -> None:
    scene = make_scene(farm)
    before = scene_source(scene=scene, bands=("red", "nir"))
    scene.offset = 0.0
    after = scene_source(scene=scene, bands=("red", "nir"))

    assert source_digest([before]) == source_digest([before])
    digests = [
        source_digest([before]),
        source_digest([after]),
        source_digest([before], "style"),
        source_digest([before, after]),
        source_digest([after, before]),
    ]
    assert len(set(digests)) == len(digests)
