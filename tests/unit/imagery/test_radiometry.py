"""Vegetation says whether an offset is still in the pixels, or would be taken out twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio

from farm.imagery.domain import DigitalNumbers
from farm.imagery.metadata import DeclaredRadiometry, RadiometrySource
from farm.imagery.models import Platform, RadiometryVerdict
from farm.imagery.radiometry import MIN_VEGETATION_PIXELS, RadiometryJudgement, judge_radiometry
from tests.unit.imagery.real_data import real_data

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CONSISTENT = RadiometryVerdict.CONSISTENT
UNDECIDED = RadiometryVerdict.UNDECIDED
STILL_IN = RadiometryVerdict.OFFSET_STILL_IN
TWICE = RadiometryVerdict.APPLIED_TWICE


def declared(offset: float = 0.0, scale: float | None = 1e-4) -> DeclaredRadiometry:
    return DeclaredRadiometry(
        scale=scale, offset=offset, source=RadiometrySource.STAC, reason="declared"
    )


def numbers(band: str, quantile_01: float, pixels: int = 5000) -> DigitalNumbers:
    return DigitalNumbers(
        band=band,
        measured_pixels=pixels,
        nodata_pixels=0,
        min=None,
        quantile_01=quantile_01,
        median=None,
        quantile_99=None,
        max=None,
    )


def judge(
    vegetation: Sequence[DigitalNumbers], offset: float = 0.0, platform: str = Platform.SENTINEL_2
) -> RadiometryJudgement:
    return judge_radiometry(
        platform=platform, declared=declared(offset), vegetation=vegetation, has_classes=True
    )


@pytest.mark.parametrize(
    ("blue", "red", "offset", "expected"),
    [
        (200, 250, 0.0, CONSISTENT),  # meadow
        (1200, 1250, -0.1, CONSISTENT),  # the same, stored with the offset and declared so
        (1200, 1250, 0.0, STILL_IN),  # the same, and nobody says so
        (200, 250, -0.1, TWICE),  # taken out already, and declared to be in
        (950, 960, -0.1, CONSISTENT),  # deep shade: correction overshoots by 0.005
        (950, 300, 0.0, CONSISTENT),  # haze is bright in blue, not in red
        (750, 760, 0.0, UNDECIDED),  # thick haze
        (780, 650, -0.1, TWICE),  # thick haze, taken out already
        (700, 1100, -0.1, CONSISTENT),  # odd in blue only: no shift makes that
    ],
)
def test_plants_are_dark_in_blue_and_red(
    blue: float, red: float, offset: float, expected: RadiometryVerdict
) -> None:
    assert judge([numbers("blue", blue), numbers("red", red)], offset).verdict is expected


def test_a_contradiction_names_what_was_found_and_what_is_declared() -> None:
    judgement = judge([numbers("blue", 1200), numbers("red", 1300)])

    assert judgement.is_contradiction
    assert "0.120 in blue and 0.130 in red with the offset 0" in judgement.reason


@pytest.mark.parametrize(
    ("vegetation", "word"),
    [
        ([], "needs the blue and the red band"),
        ([numbers("red", 1300)], "needs the blue and the red band"),
        ([numbers("blue", 1300, 3), numbers("red", 1300, 3)], "3 pixels are vegetation"),
    ],
)
def test_too_little_to_go_by_decides_nothing(vegetation: list[DigitalNumbers], word: str) -> None:
    judgement = judge(vegetation)

    assert judgement.verdict is UNDECIDED
    assert word in judgement.reason


def test_other_instruments_are_not_judged() -> None:
    dark = [numbers("blue", 8000), numbers("red", 8000)]

    assert judge(dark, platform=Platform.LANDSAT).verdict is UNDECIDED


def test_without_classes_nobody_knows_which_pixels_are_plants() -> None:
    judgement = judge_radiometry(
        platform=Platform.SENTINEL_2, declared=declared(), vegetation=(), has_classes=False
    )

    assert judgement.verdict is UNDECIDED
    assert "SCL" in judgement.reason


def test_the_operator_has_the_last_word() -> None:
    judgement = judge_radiometry(
        platform=Platform.SENTINEL_2,
        declared=declared(0.0),
        vegetation=[numbers("blue", 1200), numbers("red", 1250)],
        has_classes=True,
        offset_override=-0.1,
    )

    assert judgement.verdict is RadiometryVerdict.OVERRIDDEN
    assert (judgement.scale, judgement.offset) == (1e-4, -0.1)
    assert not judgement.is_contradiction


# --- 118 real dates -------------------------------------------------------------------------------


def measured(folder: Path, added: float = 0.0) -> dict[str, list[DigitalNumbers]]:
    """Blue and red of the pixels that SCL calls vegetation, per date, nearest-rank quantiles."""
    dates = {}
    for file in sorted((folder / "10m").glob("*.tif")):
        with rasterio.open(file) as raster:
            bands = dict(zip(raster.descriptions, raster.read().astype(float), strict=True))
        with rasterio.open(folder / "scl" / file.name) as raster:
            classes = np.kron(raster.read(1), np.ones((2, 2)))
        dates[file.stem] = [
            _distribution(name, bands[key][(classes == 4) & (bands[key] > 0)] + added)
            for key, name in (("B02", "blue"), ("B04", "red"))
        ]
    return dates


def _distribution(name: str, values: np.ndarray) -> DigitalNumbers:
    quantile = float(np.quantile(values, 0.01, method="inverted_cdf")) if values.size else None
    return DigitalNumbers(
        band=name,
        measured_pixels=int(values.size),
        nodata_pixels=0,
        min=None,
        quantile_01=quantile,
        median=None,
        quantile_99=None,
        max=None,
    )


@pytest.mark.parametrize(
    ("added", "offset", "expected"),
    [
        (0.0, 0.0, {CONSISTENT, UNDECIDED}),  # as they are: below baseline 04.00, no offset
        (1000.0, -0.1, {CONSISTENT, UNDECIDED}),  # as baseline 04.00 would have stored them
        (1000.0, 0.0, {STILL_IN, UNDECIDED}),
        (0.0, -0.1, {TWICE, UNDECIDED}),
    ],
)
def test_no_real_date_is_judged_wrongly(
    added: float, offset: float, expected: set[RadiometryVerdict]
) -> None:
    dates = measured(real_data("imagery/s2_l2a_flanders_a"), added)

    verdicts = {date: judge(found, offset).verdict for date, found in dates.items()}
    enough = {
        date for date, found in dates.items() if found[0].measured_pixels >= MIN_VEGETATION_PIXELS
    }

    assert len(dates) == 118
    assert set(verdicts.values()) == expected
    assert {verdicts[date] for date in enough} == expected - {UNDECIDED}
    assert {verdicts[date] for date in dates.keys() - enough} == {UNDECIDED}
    assert len(enough) == 60
