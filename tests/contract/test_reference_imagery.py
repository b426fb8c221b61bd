"""Indices of real scenes equal what others computed from the same pixels.

The references come from an openEO back-end, from numpy in 64-bit floats on the raw integers, from
exactextract and from the R package sen2rts. furrow-ndvi computes in 64 bits and keeps an index in
32, which is 6e-8 of a value; ``RELATIVE`` leaves room for sums over that.
"""

from __future__ import annotations

import csv
import json
import math
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
import shapely

from farm.imagery.catalogue import catalogue
from farm.imagery.domain import (
    Band,
    BitRule,
    ClassRule,
    Compression,
    Encoding,
    FieldOutline,
    IndexFormula,
    MaskLayer,
    ObjectRef,
    SceneSource,
)
from farm.imagery.masks import PIXEL_QA_MASKED
from tests.unit.imagery.real_data import real_data

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from farm.clients.ndvi import NdviClient
    from farm.imagery.domain import FieldSummary

    Kept = Callable[[str], Path]

RELATIVE = 1e-6
ABSOLUTE = 1e-8  # where an index is near 0
TIMEOUT_S = 30.0
# numpy's quantiles count equal values one by one, those of exactextract, which are ours, once with
# the sum of their weights. Ratios of whole numbers are often equal, so the two part by less than a
# step between neighbouring values. test_zonal_oracle.py holds ours against exactextract.
TIES = 1e-3
AROUND_DEGREES = 0.01  # by which an outline of a whole scene reaches beyond it

NDVI = catalogue().indices["ndvi"].as_formula()


@pytest.fixture
def kept(shared_store: Path) -> Kept:
    """Copies the rasters of a folder of real imagery into the store, once; gives the folder."""

    def keep(name: str) -> Path:
        folder = real_data(f"imagery/{name}")
        for file in folder.rglob("*.tif"):
            copy = shared_store / name / file.relative_to(folder)
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
        return folder

    return keep


def stamp(reference: dict[str, Any]) -> str:
    """`2017-08-04T10:53:28Z` as files are named: `20170804T105328`."""
    return str(reference["time"]).translate(str.maketrans("", "", "-:Z"))


def pixels(path: Path) -> np.ndarray[Any, Any]:
    """(bands, rows, cols) float64."""
    with rasterio.open(path) as raster:
        values: np.ndarray[Any, Any] = raster.read().astype(np.float64)
    return values


def classes(key: str, *, shown: Collection[int]) -> MaskLayer:
    """A mask that leaves only some classes."""
    rule = ClassRule(masked=tuple(sorted(set(range(256)) - set(shown))))
    return MaskLayer(object=ObjectRef(key=key), rule=rule)


def whole_scene(ndvi: NdviClient, key: str) -> bytes:
    """An outline around all of a raster."""
    described = ndvi.describe_raster(object=ObjectRef(key=key), timeout_s=TIMEOUT_S)
    west, south, east, north = described.bounds_wgs84
    around = AROUND_DEGREES
    outline = shapely.box(west - around, south - around, east + around, north + around)
    return bytes(shapely.to_wkb(outline))


def summarized(
    ndvi: NdviClient,
    scene: SceneSource,
    indices: Sequence[IndexFormula],
    outline_wkb: bytes,
    *,
    quantiles: Sequence[float] = (),
) -> dict[str, FieldSummary]:
    """Each index over one outline, by its name."""
    answers = ndvi.summarize_fields(
        scenes=(scene,),
        indices=indices,
        fields=[FieldOutline(field_id="all", outline_wkb=outline_wkb)],
        quantiles=quantiles,
        timeout_s=TIMEOUT_S,
    )
    return {answer.index: answer for answer in answers}


def close(expected: float) -> Any:
    return pytest.approx(expected, rel=RELATIVE, abs=ABSOLUTE)


def assert_like(found: FieldSummary, reference: dict[str, Any]) -> None:
    """Compare with an entry of a reference file: `n` and whichever statistics it has."""
    assert found.effective_pixels == close(reference["n"])
    if reference["n"] == 0:
        assert (found.mean, found.min, found.max, found.median) == (None, None, None, None)
    names = {"mean": "mean", "min": "min", "max": "max", "std": "standard_deviation"}
    for theirs, ours in names.items():
        if theirs in reference:
            assert getattr(found, ours) == close(reference[theirs]), theirs
    if "median" in reference:
        assert found.median == pytest.approx(reference["median"], rel=0, abs=TIES)


# --- An openEO back-end ---------------------------------------------------------------------------


def test_ndvi_of_each_pixel_is_that_of_an_openeo_back_end(
    shared_ndvi: NdviClient, shared_store: Path, kept: Kept
) -> None:
    folder = kept("s2_openeo_valladolid_small")
    references = json.loads((folder / "reference_ndvi_openeo_stats.json").read_text())
    assert len(references) == 31

    for reference in references:
        name = f"{reference['date']}_B04_B08.tif"
        file = ObjectRef(key=f"s2_openeo_valladolid_small/{name}")
        # No word of nodata: both files say themselves that 0 is none.
        scene = SceneSource(
            scene_id=name,
            bands=(
                Band(name="red", object=file, band_number=1, scale=1e-4),
                Band(name="nir", object=file, band_number=2, scale=1e-4),
            ),
        )
        written = shared_ndvi.write_index(
            scenes=(scene,),
            index=NDVI,
            key=f"derived/openeo/{reference['date']}.tif",
            encoding=Encoding.FLOAT32,
            compression=Compression.DEFLATE,
            timeout_s=TIMEOUT_S,
        )

        with (
            rasterio.open(shared_store / written.key) as ours,
            rasterio.open(folder / f"{reference['date']}_NDVI_openeo.tif") as theirs,
        ):
            assert (ours.crs, ours.transform, ours.shape) == (
                theirs.crs,
                theirs.transform,
                theirs.shape,
            )
            assert ours.dtypes == theirs.dtypes == ("float32",)
            found, expected = ours.read(1), theirs.read(1)
        # Outside of the parcel the back-end has no values, and neither have we.
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
        valid = found[~np.isnan(found)].astype(np.float64)
        assert valid.size == reference["valid"]
        assert valid.mean() == close(reference["mean"])
        assert (valid.min(), valid.max()) == (close(reference["min"]), close(reference["max"]))


# --- Sentinel-2, 118 dates ------------------------------------------------------------------------

FLANDERS = "s2_l2a_flanders_a"
BANDS_10M = {"blue": 1, "green": 2, "red": 3, "nir": 4}
BANDS_20M = {"rededge1": 1, "nir08": 4, "swir16": 5}
CLEAR = (4, 5, 6, 7, 11)  # of the reference, which counts snow as clear; masks.py does not
VEGETATION_AND_SOIL = (4, 5)


def flanders_scene(when: str, *, shown: Collection[int] | None = None) -> SceneSource:
    files = {
        name: (number, ObjectRef(key=f"{FLANDERS}/{size}/{when}.tif"))
        for size, bands in (("10m", BANDS_10M), ("20m", BANDS_20M))
        for name, number in bands.items()
    }
    return SceneSource(
        scene_id=when,
        bands=tuple(
            Band(name=name, object=file, band_number=number, scale=1e-4)
            for name, (number, file) in files.items()
        ),
        masks=() if shown is None else (classes(f"{FLANDERS}/scl/{when}.tif", shown=shown),),
    )


def unbounded(index: str) -> IndexFormula:
    """A formula of the catalogue without its valid range, which the reference does not know."""
    formula = catalogue().indices[index].as_formula()
    return replace(formula, valid_min=None, valid_max=None)


@pytest.fixture
def flanders(kept: Kept) -> list[dict[str, Any]]:
    dates: list[dict[str, Any]] = json.loads((kept(FLANDERS) / "reference.json").read_text())[
        "dates"
    ]
    assert len(dates) == 118
    return dates


@pytest.fixture
def all_of_flanders(shared_ndvi: NdviClient, flanders: list[dict[str, Any]]) -> bytes:
    return whole_scene(shared_ndvi, f"{FLANDERS}/10m/{stamp(flanders[0])}.tif")


def test_ndvi_of_each_sentinel_2_date_is_the_reference_clouded_or_clear(
    shared_ndvi: NdviClient, flanders: list[dict[str, Any]], all_of_flanders: bytes
) -> None:
    for reference in flanders:
        when = stamp(reference)

        every = summarized(shared_ndvi, flanders_scene(when), [NDVI], all_of_flanders)["ndvi"]
        clear = summarized(shared_ndvi, flanders_scene(when, shown=CLEAR), [NDVI], all_of_flanders)[
            "ndvi"
        ]

        assert every.covered_pixels == close(4096)
        assert every.clear_share == 1.0
        assert_like(every, reference["ndvi_all"])
        assert_like(clear, reference["ndvi_clear"])
        assert clear.clear_share == close(reference["clear_fraction_scl_4_5_6_7_11"])


def test_other_indices_of_each_sentinel_2_date_are_the_reference_at_10_and_20_metres(
    shared_ndvi: NdviClient, flanders: list[dict[str, Any]], all_of_flanders: bytes
) -> None:
    indices = [unbounded(name) for name in ("savi", "ndwi", "ndre", "ndmi")]
    compared = 0
    for reference in flanders:
        scene = flanders_scene(stamp(reference), shown=VEGETATION_AND_SOIL)

        found = summarized(shared_ndvi, scene, indices, all_of_flanders)

        fine = reference["veg_soil_only"]
        assert found["savi"].effective_pixels == close(fine["n"])
        if fine["n"]:
            assert found["savi"].mean == close(fine["savi_mean_L0.5"])
            assert found["ndwi"].mean == close(fine["ndwi_green_nir_mean"])
            compared += 1
        assert (found["savi"].grid.width, found["ndre"].grid.width) == (64, 32)
        assert_like(found["ndre"], reference["ndre_B8A_B05_20m"])
        assert_like(found["ndmi"], reference["ndmi_B8A_B11_20m"])
    assert compared > 60


def test_evi_is_the_reference_but_for_pixels_whose_denominator_is_not_positive(
    shared_ndvi: NdviClient, flanders: list[dict[str, Any]], all_of_flanders: bytes, kept: Kept
) -> None:
    # Bright haze makes the denominator of EVI zero or negative. The reference keeps such pixels,
    # we do not; there are six on five dates, and they are taken out of the reference here.
    folder = kept(FLANDERS)
    left_out = []
    for reference in flanders:
        fine, when = reference["veg_soil_only"], stamp(reference)
        if not fine["n"]:
            continue
        blue, _, red, nir = pixels(folder / "10m" / f"{when}.tif") * 1e-4
        scene_classes = pixels(folder / "scl" / f"{when}.tif")[0].repeat(2, 0).repeat(2, 1)
        denominator = nir + 6 * red - 7.5 * blue + 1
        absurd = np.isin(scene_classes, VEGETATION_AND_SOIL) & (denominator <= 0)
        values = 2.5 * (nir - red)[absurd] / denominator[absurd]
        left_out += [when] * int(absurd.sum())
        count = fine["n"] - int(absurd.sum())

        scene = flanders_scene(when, shown=VEGETATION_AND_SOIL)
        found = summarized(shared_ndvi, scene, [unbounded("evi")], all_of_flanders)["evi"]

        assert found.effective_pixels == close(count)
        assert found.mean == close((fine["evi_mean"] * fine["n"] - values.sum()) / count)
    assert (len(left_out), len(set(left_out))) == (6, 5)


# --- Landsat --------------------------------------------------------------------------------------


def test_ndvi_of_landsat_8_surface_reflectance_passes_over_numbers_that_are_none(
    shared_ndvi: NdviClient, kept: Kept
) -> None:
    # Numbers above 10,000 are negative values that were wrapped, or saturation.
    references = json.loads((kept("l8_sr_flanders_a") / "reference.json").read_text())["dates"]
    assert len(references) == 7
    for reference in references:
        file = ObjectRef(key=f"l8_sr_flanders_a/{stamp(reference)}.tif")
        scene = SceneSource(
            scene_id=stamp(reference),
            bands=tuple(
                Band(name=name, object=file, band_number=number, scale=1e-4, max_digital_number=1e4)
                for name, number in (("red", 3), ("nir", 4))
            ),
        )
        mask = MaskLayer(object=file, band_number=9, rule=BitRule(masked=PIXEL_QA_MASKED))
        outline = whole_scene(shared_ndvi, file.key)

        valid = summarized(shared_ndvi, scene, [NDVI], outline)["ndvi"]
        clear = summarized(shared_ndvi, replace(scene, masks=(mask,)), [NDVI], outline)["ndvi"]

        assert_like(valid, reference["ndvi_valid"])
        assert valid.covered_pixels - valid.effective_pixels == close(reference["n_out_of_range"])
        assert_like(clear, reference["ndvi_clear_qa"])


def test_ndvi_of_landsat_8_level_1_rests_on_the_scale_and_offset_of_its_mtl(
    shared_ndvi: NdviClient, kept: Kept
) -> None:
    reference = json.loads((kept("l8_toa_dn") / "reference.json").read_text())
    height_of_sun = math.sin(math.radians(float(reference["sun_elevation"])))
    raw = SceneSource(
        scene_id="l8",
        bands=tuple(
            Band(name=name, object=ObjectRef(key=f"l8_toa_dn/l8_B{number}.tif"), nodata=0)
            for name, number in (("red", 4), ("nir", 5))
        ),
    )
    reflectance = replace(
        raw,
        bands=tuple(
            replace(
                band,
                scale=float(reference["mult"]) / height_of_sun,
                offset=float(reference["add"]) / height_of_sun,
            )
            for band in raw.bands
        ),
    )
    bands = [IndexFormula(name=name, formula=name) for name in ("red", "nir")]
    outline = whole_scene(shared_ndvi, "l8_toa_dn/l8_B4.tif")

    found = summarized(shared_ndvi, reflectance, [NDVI, *bands], outline)
    naive = summarized(shared_ndvi, raw, [NDVI], outline)["ndvi"]

    assert found["ndvi"].effective_pixels == close(reference["valid"])
    assert found["ndvi"].mean == close(reference["ndvi_mean"])
    assert found["ndvi"].min == close(reference["ndvi_min"])
    assert found["ndvi"].max == close(reference["ndvi_max"])
    assert found["red"].mean == close(reference["toa_red_mean"])
    assert found["nir"].mean == close(reference["toa_nir_mean"])
    assert naive.mean == close(reference["ndvi_from_raw_dn_mean_wrong_without_offset"])


def test_ndvi_of_landsat_7_in_bytes_south_of_the_equator(
    shared_ndvi: NdviClient, shared_store: Path, kept: Kept
) -> None:
    whole = json.loads((kept("l7_etm_olinda") / "reference.json").read_text())
    reference = whole["ndvi_band4_band3"]
    file = ObjectRef(key="l7_etm_olinda/L7_ETMs.tif")
    scene = SceneSource(
        scene_id="l7",
        bands=tuple(
            Band(name=name, object=file, band_number=number)
            for name, number in (("red", 3), ("nir", 4))
        ),
    )
    outline = whole_scene(shared_ndvi, file.key)

    found = summarized(
        shared_ndvi, scene, [NDVI], outline, quantiles=(0.01, 0.05, 0.25, 0.75, 0.95, 0.99)
    )["ndvi"]
    written = shared_ndvi.write_index(
        scenes=(scene,),
        index=NDVI,
        key="derived/olinda/ndvi.tif",
        encoding=Encoding.FLOAT32,
        compression=Compression.ZSTD,
        timeout_s=TIMEOUT_S,
    )

    assert found.grid.epsg == 31985
    assert found.effective_pixels == close(349 * 352)
    assert found.mean == close(reference["mean"])
    assert (found.min, found.max) == (close(reference["min"]), close(reference["max"]))
    assert found.median is not None
    percentiles = [*found.quantiles[:3], found.median, *found.quantiles[3:]]
    theirs = reference["percentiles_1_5_25_50_75_95_99"]
    assert percentiles == pytest.approx(theirs, rel=0, abs=TIES)
    rows = pixels(shared_store / written.key)[0, ::50].mean(axis=1)
    assert list(rows) == close(reference["mean_of_every_50th_row"])


# --- Ready NDVI with a class layer on a shifted grid ----------------------------------------------

FERRARA = "s2_ndvi_ferrara"
# What sen2rts lets a pixel of each SCL class weigh; those not named weigh nothing. Where all pixels
# of a plot weigh nothing, it gives the plain mean. Derived from its `qa`, the mean weight.
SEN2RTS_WEIGHTS = {2: 0.33, 3: 0.17, 4: 1.0, 5: 1.0, 7: 0.33, 10: 0.33}
PLOT_PIXELS = 48
# The plot runs along pixel borders; in degrees its sides bend out of them by 0.1 mm.
EQUAL_ALONG_BORDERS = 2e-6


def test_a_ready_ndvi_gives_the_means_of_exactextract_and_of_sen2rts_on_each_date(
    shared_ndvi: NdviClient, kept: Kept
) -> None:
    folder = kept(FERRARA)
    with (folder / "reference_exactextract_roi1.csv").open() as file:
        references = list(csv.DictReader(file))
    assert len(references) == 60
    plots = json.loads((folder / "sampleroi.geojson").read_text())["features"]
    outline = bytes(shapely.to_wkb(shapely.geometry.shape(plots[0]["geometry"])))
    ready = IndexFormula(name="ndvi", formula="value")

    alike = 0
    for reference in references:
        day = reference["date"].replace("-", "")
        (values,) = (folder / "NDVI").glob(f"*_{day}_*.tif")
        (scl,) = (folder / "SCL").glob(f"*_{day}_*.tif")
        band = Band(name="value", object=ObjectRef(key=f"{FERRARA}/NDVI/{values.name}"), scale=1e-4)
        scene = SceneSource(scene_id=day, bands=(band,))

        plain = summarized(shared_ndvi, scene, [ready], outline)["ndvi"]
        weighted = weight = 0.0
        # The class layer starts 10 m further north: its pixels cut those of 20 m rows in half.
        for shown in np.unique(pixels(scl)).astype(int):
            mask = classes(f"{FERRARA}/SCL/{scl.name}", shown=[shown])
            only = summarized(shared_ndvi, replace(scene, masks=(mask,)), [ready], outline)["ndvi"]
            if only.mean is not None:
                own = SEN2RTS_WEIGHTS.get(int(shown), 0.0) * only.effective_pixels
                weighted, weight = weighted + own * only.mean, weight + own

        assert plain.covered_pixels == pytest.approx(PLOT_PIXELS, rel=1e-4)
        assert plain.mean == pytest.approx(
            float(reference["exactextract_mean_ndvi"]), rel=0, abs=EQUAL_ALONG_BORDERS
        )
        quality = float(reference["sen2rts_quality"])
        assert weight / PLOT_PIXELS == pytest.approx(quality, rel=1e-4, abs=1e-4)
        theirs = float(reference["sen2rts_weighted_mean"])
        assert (weighted / weight if quality else plain.mean) == pytest.approx(
            theirs, rel=0, abs=EQUAL_ALONG_BORDERS
        )
        alike += plain.mean == pytest.approx(theirs, rel=0, abs=EQUAL_ALONG_BORDERS)
    # Of the two plots of the data set together, weighting changes nothing on 105 of 120 rows.
    assert alike == 52
