"""Bands are known by mapping, by the file's own words, or by its name."""

from __future__ import annotations

import pytest

from farm.clients.converters import description_from_proto
from farm.clients.fakes import raster
from farm.errors import InvalidInputError
from farm.imagery.bands import band_named, recognise_bands, recognise_platform
from farm.imagery.domain import RasterDescription
from farm.imagery.models import AssetRole, Platform

S2, LANDSAT, OTHER = Platform.SENTINEL_2, Platform.LANDSAT, Platform.OTHER


def file(*bands: str, pixel_size: float = 10.0) -> RasterDescription:
    return description_from_proto(raster(bands, pixel_size=pixel_size))


@pytest.mark.parametrize(
    ("text", "platform", "expected"),
    [
        ("B04", S2, "red"),
        ("B4", S2, "red"),
        ("B8A", S2, "nir08"),
        ("B08", S2, "nir"),
        ("B05", S2, "rededge1"),
        ("B05", LANDSAT, "nir"),
        ("SR_B5", LANDSAT, "nir"),
        ("nir08", LANDSAT, "nir"),
        ("nir08", S2, "nir08"),
        ("B10", LANDSAT, None),  # thermal
        ("B04", OTHER, None),  # whose?
        ("Red", OTHER, "red"),
        ("SCL", S2, "scl"),
        ("QA_PIXEL", LANDSAT, "qa_pixel"),
        ("pixel_qa", LANDSAT, "pixel_qa"),
        ("T31UES_20180420T105619_B04_10m", S2, "red"),
        ("LC08_L2SP_199025_20180421_02_T1_SR_B4", LANDSAT, "red"),
        ("LC08_L2SP_199025_20180421_02_T1_QA_RADSAT", LANDSAT, "qa_radsat"),
        ("Band 4 (red)", S2, "red"),
        ("reddish", S2, None),
    ],
)
def test_a_name_is_a_band(text: str, platform: str, expected: str | None) -> None:
    assert band_named(text, platform=platform) == expected


def test_bands_are_found_by_the_files_own_words() -> None:
    files = {"10m.tif": file("B02", "B04"), "scl.tif": file("SCL", pixel_size=20)}

    found = {band.name: band for band in recognise_bands(files, platform=S2)}

    assert {name: band.band_number for name, band in found.items()} == {
        "blue": 1,
        "red": 2,
        "scl": 1,
    }
    assert found["scl"].role is AssetRole.MASK
    assert found["scl"].pixel_size == 20


def test_a_file_of_one_band_is_known_by_its_name() -> None:
    files = {"20180420_B04.tif": file(""), "20180420_SCL.tif": file("")}

    assert {band.name for band in recognise_bands(files, platform=S2)} == {"red", "scl"}


def test_a_name_says_nothing_of_a_file_with_several_bands() -> None:
    files = {"red.tif": file("", "")}

    with pytest.raises(InvalidInputError, match="No band was recognised"):
        recognise_bands(files, platform=S2)


def test_the_finest_of_a_band_is_taken() -> None:
    files = {"r20.tif": file("B04", pixel_size=20), "r10.tif": file("B04", pixel_size=10)}

    (band,) = recognise_bands(files, platform=S2)

    assert band.file_name == "r10.tif"


def test_a_band_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="comes twice"):
        recognise_bands({"a.tif": file("B04"), "b.tif": file("B04")}, platform=S2)


def test_a_mapping_overrides_the_files_words() -> None:
    files = {"drone.tif": file("B04", "B08")}

    found = recognise_bands(files, platform=OTHER, mapping={"nir": ("drone.tif", 1)})

    assert [(band.name, band.band_number) for band in found] == [("nir", 1)]


@pytest.mark.parametrize(
    ("mapping", "word"),
    [
        ({"crimson": ("a.tif", 1)}, "no band “crimson”"),
        ({"red": ("b.tif", 1)}, "was not sent"),
        ({"red": ("a.tif", 2)}, "has 1 bands"),
        ({"scl": ("a.tif", 1)}, "No band was recognised"),  # a mask alone is no scene
    ],
)
def test_a_mapping_to_what_is_not_there_is_refused(
    mapping: dict[str, tuple[str, int]], word: str
) -> None:
    with pytest.raises(InvalidInputError, match=word):
        recognise_bands({"a.tif": file("x")}, platform=S2, mapping=mapping)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.tif": ["B02", "B08"]}, S2),
        ({"a.tif": ["B04"], "scl.tif": ["SCL"]}, S2),
        ({"a.tif": ["B04", "pixel_qa"]}, LANDSAT),
        ({"a.tif": [""], "X_QA_PIXEL.TIF": [""]}, LANDSAT),
        ({"a.tif": ["red", "nir"]}, OTHER),
    ],
)
def test_the_platform_is_told_by_what_only_it_has(
    files: dict[str, list[str]], expected: Platform
) -> None:
    described = {name: file(*bands) for name, bands in files.items()}

    assert recognise_platform(described) is expected
