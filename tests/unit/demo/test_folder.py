"""Folders of scenes: which files belong together, and what is said of the others."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from farm.demo.folder import FolderContents, read_folder
from farm.demo.folder_names import group_prefix, moment_in_name
from farm.errors import InvalidInputError
from tests.unit.demo.conftest import Generated

IMAGERY = Path(__file__).resolve().parents[4] / "shared" / "data" / "imagery"
FIELDS = '{"type": "FeatureCollection", "features": []}'


def make(root: Path, *names: str) -> FolderContents:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    return read_folder(root)


def shared(name: str) -> Path:
    folder = IMAGERY / name
    if not folder.exists():
        assert not os.environ.get("CI"), f"{name} of the shared data must be there in CI"
        pytest.skip(f"the shared data folder is absent: {name} was not read")
    return folder


def test_our_own_demo_is_read_with_times_from_the_metadata(generated: Generated) -> None:
    contents = read_folder(generated.folder)

    assert [one.name for one in contents.scenes] == [one.scene_name for one in generated.truth]
    assert contents.scenes[0].acquired_at == datetime(2021, 3, 26, 10, 56, 21, 24_000, tzinfo=UTC)
    assert all(one.is_simulated for one in contents.scenes)
    assert all(len(one.files) == 9 for one in contents.scenes)
    assert all(len(one.metadata_files) == 1 for one in contents.scenes)
    assert contents.fields is not None
    assert contents.notes == ()


def test_118_real_dates_are_read_from_folders_per_resolution() -> None:
    contents = read_folder(shared("s2_l2a_flanders_a"))

    assert len(contents.scenes) == 118
    assert contents.scenes[0].name == "20170804T105328"
    assert [file.name for file in contents.scenes[0].files] == [
        "10m_20170804T105328.tif", "20m_20170804T105328.tif", "scl_20170804T105328.tif",
    ]  # fmt: skip
    assert contents.scenes[0].acquired_at == datetime(2017, 8, 4, 10, 53, 28, tzinfo=UTC)
    assert len(contents.fields["features"]) == 7
    assert not any(one.is_simulated for one in contents.scenes)
    assert len(contents.notes) == 1
    assert contents.notes[0].startswith("crop_type.tif was left out")


def test_real_flat_files_with_a_day_only_are_noon() -> None:
    contents = read_folder(shared("s2_openeo_valladolid_small"))

    assert len(contents.scenes) == 31
    assert contents.scenes[0].acquired_at == datetime(2019, 1, 27, 12, tzinfo=UTC)
    assert any("noon UTC" in note for note in contents.notes)
    assert any("no fields.geojson" in note for note in contents.notes)


def test_flat_bands_group_by_tile_and_moment(tmp_path: Path) -> None:
    contents = make(
        tmp_path,
        "T31UES_20210520T105031_B04_10m.tif",
        "T31UES_20210520T105031_SCL_20m.tif",
        "T31UDS_20210520T105031_B04_10m.tif",
        "T31UES_20210525T105031_B04_10m.tif",
    )

    assert {one.name: len(one.files) for one in contents.scenes} == {
        "T31UES_20210520T105031": 2,
        "T31UDS_20210520T105031": 1,
        "T31UES_20210525T105031": 1,
    }


def test_landsat_names_go_by_the_first_date(tmp_path: Path) -> None:
    name = "LC08_L2SP_199025_20210520_20210530_02_T1_"
    contents = make(tmp_path, f"{name}SR_B4.TIF", f"{name}SR_B5.TIF", f"{name}QA_PIXEL.TIF")

    (scene,) = contents.scenes
    assert scene.acquired_at.date().isoformat() == "2021-05-20"
    assert len(scene.files) == 3


def test_a_date_in_the_folders_name_serves_its_files(tmp_path: Path) -> None:
    contents = make(
        tmp_path, "S2A_31UES_20210520_0_L2A/B04.tif", "S2A_31UES_20210520_0_L2A/B08.tif"
    )

    (scene,) = contents.scenes
    assert (scene.name, len(scene.files)) == ("S2A_31UES_20210520", 2)


def test_a_safe_tree_is_one_scene_by_its_metadata(tmp_path: Path, generated: Generated) -> None:
    product = tmp_path / "S2A_MSIL2A_20210326T105621_N0301_R051_T31UES_20210326T165621.SAFE"
    bands = product / "GRANULE" / "L2A_T31UES" / "IMG_DATA"
    metadata = next(generated.folder.rglob("MTD_MSIL2A.xml"))
    names = ("R10m/T31UES_20210326T105621_B04_10m.tif", "R20m/T31UES_20210326T105621_B8A_20m.tif")
    for name in names:
        (bands / name).parent.mkdir(parents=True)
        (bands / name).write_bytes(b"")
    shutil.copy(metadata, product / "MTD_MSIL2A.xml")
    (bands / "R10m" / "T31UES_20210326T105621_B02_10m.jp2").write_bytes(b"")

    contents = read_folder(tmp_path)

    (scene,) = contents.scenes
    assert scene.name == product.name.removesuffix(".SAFE")
    assert (len(scene.files), len(scene.metadata_files)) == (2, 1)
    assert any("JPEG 2000" in note for note in contents.notes)


@pytest.mark.parametrize(
    "xml",
    [
        "<a",
        "<a/>",
        "<a><PRODUCT_START_TIME>yesterday</PRODUCT_START_TIME></a>",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    ],
)
def test_metadata_that_cannot_be_read_is_named_and_names_of_files_serve(
    xml: str, tmp_path: Path
) -> None:
    (tmp_path / "MTD_MSIL2A.xml").write_text(xml)

    contents = make(tmp_path, "T31UES_20210520T105031_B04_10m.tif")

    assert len(contents.scenes) == 1
    assert contents.notes[0].startswith("MTD_MSIL2A.xml was passed over")


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        ("fields.geojson", FIELDS, None),
        ("parcels.geojson", FIELDS, None),
        ("fields.geojson", "{", "not readable JSON"),
        ("fields.geojson", "[" * 200_000, "not readable JSON"),
        ("fields.geojson", '{"type": "Feature"}', "not a GeoJSON FeatureCollection"),
        ("notes.txt", "", "There is no fields.geojson"),
    ],
)
def test_fields_are_read_or_it_is_said_why_not(
    name: str, text: str, note: str | None, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)

    contents = make(tmp_path, "20210520T105031.tif")

    assert (contents.fields == json.loads(FIELDS)) is (note is None)
    assert any(note in one for one in contents.notes) if note else contents.notes == ()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "no GeoTIFF among its 0 files"),
        (("readme.txt",), "no GeoTIFF among its 1 files"),
        (("B04.tif", "B08.tif"), "none of its 2 GeoTIFF files could be placed"),
    ],
)
def test_a_folder_without_scenes_is_refused_in_words(
    names: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        make(tmp_path, *names)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="is not a folder"):
        read_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("T31UES_20210520T105031_B04", datetime(2021, 5, 20, 10, 50, 31, tzinfo=UTC)),
        ("2021-05-20_B04", datetime(2021, 5, 20, 12, tzinfo=UTC)),
        ("2021-05-20T10-50-31", datetime(2021, 5, 20, 10, 50, 31, tzinfo=UTC)),
        ("20210231_then_20210301", datetime(2021, 3, 1, 12, tzinfo=UTC)),
        ("1234520210520", None),
        ("199025", None),
        ("tile_31_B04", None),
    ],
)
def test_dates_are_found_in_names(name: str, at: datetime | None) -> None:
    moment = moment_in_name(name)

    assert (moment.at if moment else None) == at


def test_bands_and_resolutions_are_no_part_of_a_scenes_name() -> None:
    assert group_prefix("SIM_T31UES_B8A_20m_20210520T105031") == "SIM_T31UES"
    assert group_prefix("20210520_B04") == ""
