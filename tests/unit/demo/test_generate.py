"""The simulated scenes: what is in the files, and that they say what they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from defusedxml import ElementTree
from django.core.management import CommandError, call_command
from exactextract import exact_extract
from rasterio.io import MemoryFile

from farm.demo.generate import generate_demo
from farm.demo.plan import plan_acquisitions
from farm.demo.season import crop_ndvi, crops, spectrum_of_ndvi
from farm.geo import outline_of_geojson
from tests.unit.demo.conftest import Generated


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def band_of(generated: Generated, scene: str, band: str) -> rasterio.DatasetReader:
    (path,) = (generated.folder / "scenes" / scene).glob(f"*_{band}_*.tif")
    return rasterio.open(path)


def reflectance(generated: Generated, scene: str, band: str, *, has_offset: bool) -> Any:
    with band_of(generated, scene, band) as dataset:
        numbers = dataset.read(1, masked=True).astype(np.float64)
    return (numbers - (1000 if has_offset else 0)) / 10_000


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate_demo(out=tmp_path / name, seed=seed, dates=2, size_px=64)

    first, second, other = (digests(tmp_path / name) for name in "abc")

    assert first == second
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first if name.endswith("B04_10m.tif"))


def test_every_file_says_that_it_is_simulated(generated: Generated) -> None:
    scenes = list((generated.folder / "scenes").iterdir())

    assert len(scenes) == 12
    for scene in scenes:
        assert scene.name.startswith("SIM_")
        assert "Simulated" in (scene / "MTD_MSIL2A.xml").read_text()
        for file in scene.glob("*.tif"):
            assert file.name.startswith("SIM_")
            with rasterio.open(file) as dataset:
                assert dataset.tags()["SIMULATED"] == "YES"
    fields = json.loads((generated.folder / "fields.geojson").read_text())["features"]
    assert all(one["properties"]["simulated"] for one in fields)


def test_the_files_are_like_sentinel_2s(generated: Generated) -> None:
    scene = generated.truth[0].scene_name

    for band, pixel_m, data_type in (
        ("B04", 10, "uint16"),
        ("B8A", 20, "uint16"),
        ("SCL", 20, "uint8"),
    ):
        with band_of(generated, scene, band) as dataset:
            assert dataset.crs.to_epsg() == 32631
            assert dataset.res == (pixel_m, pixel_m)
            assert (dataset.dtypes[0], dataset.nodata) == (data_type, 0)
            assert dataset.descriptions == (band,)
            assert dataset.block_shapes == [(256, 256)]
            assert dataset.profile["compress"] == "deflate"
            assert (dataset.bounds.left - 499_980) % 20 == 0
            assert (5_700_000 - dataset.bounds.top) % 20 == 0


def test_the_metadata_states_baseline_and_offset(generated: Generated) -> None:
    for truth in generated.truth:
        path = generated.folder / "scenes" / truth.scene_name / "MTD_MSIL2A.xml"
        root = ElementTree.parse(path).getroot()

        assert root.findtext(".//PROCESSING_BASELINE") == truth.baseline
        assert root.findtext(".//BOA_QUANTIFICATION_VALUE") == "10000"
        offsets = {one.text for one in root.findall(".//BOA_ADD_OFFSET")}
        assert offsets == ({"-1000"} if truth.has_offset else set())


def test_the_offset_does_not_follow_from_the_date(generated: Generated) -> None:
    by_date = sorted((one.acquired_at, one.has_offset) for one in generated.truth)
    offsets = [has_offset for _, has_offset in by_date]

    assert offsets != sorted(offsets)
    assert {one.baseline for one in generated.truth} == {"03.01", "04.00", "05.00"}


def test_the_truth_is_what_exactextract_measures_under_a_clear_sky(generated: Generated) -> None:
    fields = json.loads((generated.folder / "fields.geojson").read_text())
    clear = [
        one for one in generated.truth if all(field.clear_share == 1.0 for field in one.fields)
    ]
    assert {one.has_offset for one in clear} == {True, False}
    for truth in clear:
        red = reflectance(generated, truth.scene_name, "B04", has_offset=truth.has_offset)
        nir = reflectance(generated, truth.scene_name, "B08", has_offset=truth.has_offset)
        with band_of(generated, truth.scene_name, "B04") as dataset:
            profile = {**dataset.profile, "dtype": "float64", "nodata": None, "predictor": 1}
            utm = _in_utm(fields)
        with MemoryFile() as memory:
            with memory.open(**profile) as written:
                written.write((nir - red) / (nir + red), 1)
            with memory.open() as ndvi:
                measured = exact_extract(ndvi, utm, "mean")

        for field, one in zip(truth.fields, measured, strict=True):
            assert one["properties"]["mean"] == pytest.approx(field.ndvi_mean, abs=1e-6)


def _in_utm(fields: dict[str, Any]) -> list[dict[str, Any]]:
    from rasterio.warp import transform_geom

    return [
        {**one, "geometry": transform_geom("EPSG:4326", "EPSG:32631", one["geometry"])}
        for one in fields["features"]
    ]


def test_one_date_is_fully_clouded_and_one_is_cut(generated: Generated) -> None:
    classes = {}
    for truth in generated.truth:
        with band_of(generated, truth.scene_name, "SCL") as dataset:
            classes[truth.scene_name] = dataset.read(1)

    clouded = [np.isin(one, (8, 9)).mean() for one in classes.values()]
    cut = [(one == 0).mean() for one in classes.values()]
    assert sum(share == 1.0 for share in clouded) == 1
    assert sum(share > 0.02 for share in cut) == 1
    assert {3, 4, 5, 6, 8, 9, 10} <= set(np.unique(np.concatenate(list(classes.values()))))


def test_no_data_is_zero_in_every_band_where_the_swath_ends(generated: Generated) -> None:
    for truth in generated.truth:
        with band_of(generated, truth.scene_name, "SCL") as dataset:
            outside = dataset.read(1) == 0
        with band_of(generated, truth.scene_name, "B8A") as dataset:
            assert np.array_equal(dataset.read(1) == 0, outside)
        with band_of(generated, truth.scene_name, "B08") as dataset:
            fine = np.kron(outside, np.ones((2, 2))).astype(bool)
            assert np.array_equal(dataset.read(1) == 0, fine)


def test_crops_differ_in_their_seasons(generated: Generated) -> None:
    fields = json.loads((generated.folder / "fields.geojson").read_text())["features"]
    crop_of = {one["properties"]["external_id"]: one["properties"]["crop"] for one in fields}

    def mean(crop: str, month: str) -> float:
        values = [
            field.ndvi_mean
            for truth in generated.truth
            if truth.acquired_at.startswith(month)
            for field in truth.fields
            if crop_of[field.external_id] == crop
        ]
        return sum(values) / len(values)

    assert mean("winter wheat", "2021-05") > mean("maize", "2021-05") + 0.4
    assert mean("maize", "2021-08") > mean("winter wheat", "2021-08") + 0.4
    assert mean("sugar beet", "2022-10") > mean("maize", "2022-10") + 0.2


def test_the_fields_have_the_shapes_that_are_hard(generated: Generated) -> None:
    fields = json.loads((generated.folder / "fields.geojson").read_text())["features"]
    outlines = [outline_of_geojson(one["geometry"]) for one in fields]

    assert 8 <= len(fields) <= 12
    assert any(one["geometry"]["type"] == "MultiPolygon" for one in fields)
    assert any(
        len(one["geometry"]["coordinates"]) == 2
        for one in fields
        if one["geometry"]["type"] == "Polygon"
    )
    # The smallest is about 0.2 ha at full size; here everything is drawn at half of it.
    assert min(one.area_m2 for one in outlines) < 1_000
    assert len({one["properties"]["external_id"] for one in fields}) == len(fields)


@pytest.mark.parametrize("crop", crops())
def test_curves_and_spectra_stay_physical(crop: str) -> None:
    for acquisition in plan_acquisitions(60):
        ndvi = crop_ndvi(crop=crop, day=acquisition.acquired_at.date(), vigour=1.1)
        spectrum = spectrum_of_ndvi(np.array([[ndvi]]))[:, 0, 0]

        assert 0.1 <= ndvi <= 0.95
        assert np.all((spectrum > 0.0) & (spectrum < 0.7))
        assert (spectrum[3] - spectrum[2]) / (spectrum[3] + spectrum[2]) == pytest.approx(
            ndvi, abs=0.06
        )


@pytest.mark.parametrize(
    ("wanted", "words"),
    [({"dates": 0}, "1 to 60"), ({"dates": 61}, "1 to 60"), ({"size": 65}, "even"),
     ({"size": 4096}, "from 64 to 2048")],
)  # fmt: skip
def test_the_command_refuses_what_it_cannot_do(
    wanted: dict[str, int], words: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("generate_demo", out=tmp_path / "out", **wanted)

    assert not (tmp_path / "out").exists()


def test_the_command_names_each_scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("generate_demo", "--out", str(tmp_path), "--dates", "2", "--size", "64")

    said = capsys.readouterr().out
    assert said.count("SIM_S2A_MSIL2A_") == 2
    assert "2 simulated scenes" in said
