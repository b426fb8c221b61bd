"""Points of reference systems against PROJ, over each system's area of use.

``tests/golden/projections.json`` holds a point of every system that is supported; here the ones
that farms meet, and some of the others, are drawn anew. The operation is the one that
``proj_operations.best_operation`` chooses: of those without a grid file whose area holds the
system's, the one of the best stated accuracy.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pyproj import CRS, network

from tests.contract.proj_operations import (
    base_code,
    best_operation,
    distances_m,
    points_inside,
    projected,
    unprojected,
)
from tests.contract.rust_examples import run_example

# Grid files are left out on purpose; PROJ warns of it.
pytestmark = pytest.mark.filterwarnings("ignore:Best transformation is not available:UserWarning")

GOLDEN = Path(__file__).parents[1] / "golden/projections.json"
POINTS = 24
THERE_M = 1e-3
# The way back, of tiles and never of outlines: a series for equal-area systems leaves 1.6 mm.
BACK_M = 2e-3

# Systems that farms' rasters come in.
FARM_SYSTEMS = {
    "WGS 84, Web Mercator, poles": [4326, 3857, 3413, 3031, 6933],
    "UTM of WGS 84": [32601, 32619, 32631, 32660, 32701, 32721, 32733, 32756, 32760],
    "ETRS89": [4258, *range(25828, 25838), 3034, 3035],
    "France": [2154, *range(3942, 3951)],
    "Belgium, Netherlands, Luxembourg": [31370, 3812, 28992, 2169],
    "Germany": [31466, 31467, 31468, 31469, 5676],
    "Great Britain and Ireland": [27700, 2157, 29902, 29903],
    "Alps": [2056, 21781, 31254, 31255, 31256, 31287],
    "Iberia": [3763, 27493, 23029, 23030, 23031],
    "Italy, Greece, Turkey": [3003, 3004, 6707, 7791, 2100, 5254],
    "Nordic and Baltic": [3006, 3021, 3067, 2393, 5110, 3301, 3059, 3346, 3057],
    "Poland, Czechia, Slovakia": [2180, 2176, 2177, 2178, 2179, 5514],
    "South-east of Europe": [23700, 3844, 3765, 3794, 3909, 6316, 7801, 6384],
    "North America": [26910, 26917, 2227, 2263, 2264, 2276, 2913, 5070, 3347, 3978, 2959, 6372],
    "South America": [4674, 31982, 31983, 5880, 5347, 22185, 5361, 9377, 3116],
    "Australia and New Zealand": [28350, 28355, 7850, 7855, 3577, 2193],
    "Asia": [2443, 2451, 6669, 6677, 4490, 4526, 4549, 7755, 5179, 5186, 2039],
    "Africa": [26191, 22992, 32630, 32736, 4148],
}


def worst_m(codes: list[int]) -> dict[int, tuple[float, float]]:
    """Return the largest distance to PROJ of each system, there and back, metres."""
    drawn = {}
    for code in codes:
        crs = CRS.from_epsg(code)
        points = points_inside(crs.area_of_use, seed=2 * code + 1, count=POINTS)
        operation = best_operation(base_code(crs), crs.area_of_use)
        wanted = projected(crs, operation, points)
        known = np.isfinite(wanted).all(axis=1)
        assert known.sum() > POINTS / 2, code
        returned = unprojected(crs, operation, wanted)
        drawn[code] = (crs, points[known], wanted[known], returned[known])
    task = [[code, points.tolist()] for code, (_, points, *_) in drawn.items()]
    answers = json.loads(run_example("project", json.dumps(task).encode()))
    worst = {}
    for (code, (crs, _, wanted, returned)), answer in zip(drawn.items(), answers, strict=True):
        assert not isinstance(answer, str), answer
        assert all(answer), f"EPSG:{code} refuses a point of its own area"
        found = np.array(answer)
        there = distances_m(crs, found[:, :2], wanted).max()
        back = distances_m(CRS.from_epsg(4326), found[:, 2:], returned).max()
        worst[code] = (float(there), float(back))
    return worst


def too_far(worst: dict[int, tuple[float, float]]) -> dict[int, tuple[float, float]]:
    return {
        code: (there, back)
        for code, (there, back) in worst.items()
        if there > THERE_M or back > BACK_M
    }


@pytest.fixture(autouse=True)
def _no_grids() -> None:
    network.set_network_enabled(active=False)


@pytest.mark.parametrize("place", FARM_SYSTEMS)
def test_a_system_of_farms_agrees_with_proj_to_a_millimetre(place: str) -> None:
    worst = worst_m(FARM_SYSTEMS[place])

    assert too_far(worst) == {}


def test_a_draw_of_all_supported_systems_agrees_with_proj_to_a_millimetre() -> None:
    supported = [system[0] for system in json.loads(GOLDEN.read_text())["points"]]
    drawn = sorted(
        int(code) for code in np.random.default_rng(7).choice(supported, 500, replace=False)
    )

    worst = worst_m(drawn)

    assert too_far(worst) == {}
