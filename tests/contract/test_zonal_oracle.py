"""Coverage and zonal statistics against exactextract and GEOS, on 2,400 random outlines.

The outlines are drawn on a raster of degrees whose pixel size is a power of two, so that outlines
meant to run along pixel borders do so to the last bit.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from pyproj import Geod
from shapely.geometry import MultiPolygon, Polygon, box, mapping, shape

from tests.contract.field_data import FIELDS, field_data
from tests.contract.rust_examples import run_example

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapely.geometry.base import BaseGeometry

WIDTH, HEIGHT = 61, 47
PIXEL = 1 / 1024
WEST, NORTH = 3.5, 0.25
EAST, SOUTH = WEST + WIDTH * PIXEL, NORTH - HEIGHT * PIXEL
OUTLINES_PER_KIND = 300
RELATIVE = 1e-6
NO_INDEX_IS_FINER = 1e-9
OPERATIONS = {
    "effective_pixels": "count",
    "mean": "mean",
    "standard_deviation": "stdev",
    "min": "min",
    "max": "max",
    "median": "median",
    "p10": "quantile(q=0.1)",
    "p90": "quantile(q=0.9)",
}
COLUMNS = {"p10": "quantile_10", "p90": "quantile_90"}


def on_map(pixels: np.ndarray) -> np.ndarray:
    """Columns and rows, which may be fractions, as degrees."""
    return np.column_stack((WEST + pixels[:, 0] * PIXEL, NORTH - pixels[:, 1] * PIXEL))


def star(rng: np.random.Generator, centre: np.ndarray, radius: float) -> np.ndarray:
    corners = int(rng.integers(3, 40))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = radius * rng.uniform(0.25, 1, corners)
    return centre + radii[:, None] * np.column_stack((np.cos(angles), np.sin(angles)))


def anywhere(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform((0, 0), (WIDTH, HEIGHT))


def a_star(rng: np.random.Generator) -> BaseGeometry:
    return Polygon(on_map(star(rng, anywhere(rng), rng.uniform(1, 20))))


def a_donut(rng: np.random.Generator) -> BaseGeometry:
    centre = anywhere(rng)
    outer = star(rng, centre, rng.uniform(2, 20))
    hole = centre + rng.uniform(0.1, 0.95) * (outer - centre)
    return Polygon(on_map(outer), [on_map(hole)])


def several_parts(rng: np.random.Generator) -> BaseGeometry:
    parts = [a_star(rng) for _ in range(int(rng.integers(2, 5)))]
    apart: list[BaseGeometry] = []
    for part in parts:
        if part.is_valid and all(part.disjoint(other) for other in apart):
            apart.append(part)
    return MultiPolygon(apart)


def a_sliver(rng: np.random.Generator) -> BaseGeometry:
    start, end = anywhere(rng), anywhere(rng)
    along = (end - start) / np.linalg.norm(end - start)
    width = 10.0 ** rng.uniform(-3, -0.5)
    across = np.array((-along[1], along[0])) * width
    return Polygon(on_map(np.array((start, end, end + across, start + across))))


def below_a_pixel(rng: np.random.Generator) -> BaseGeometry:
    return Polygon(on_map(star(rng, anywhere(rng), rng.uniform(0.01, 0.6))))


def over_the_edge(rng: np.random.Generator) -> BaseGeometry:
    corners = np.array(((0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)), float)
    first = int(rng.integers(4))
    at = corners[first] + rng.uniform() * (corners[(first + 1) % 4] - corners[first])
    return Polygon(on_map(star(rng, at, rng.uniform(1, 30))))


def with_doubled_vertices(rng: np.random.Generator) -> BaseGeometry:
    points = star(rng, anywhere(rng), rng.uniform(1, 12))
    return Polygon(on_map(np.repeat(points, rng.integers(1, 4, len(points)), axis=0)))


def along_the_borders(rng: np.random.Generator) -> BaseGeometry:
    """Steps whose edges lie on whole or half columns and rows."""
    col, row = rng.integers(-2, WIDTH - 4), rng.integers(-2, HEIGHT - 4)
    heights = np.maximum.accumulate(rng.integers(1, 8, 4)) / rng.choice((1, 2))
    steps = [(col, row + 12)]
    for step, height in enumerate(heights):
        steps += [(col + step, row + 12 - height), (col + step + 1, row + 12 - height)]
    steps.append((col + len(heights), row + 12))
    return Polygon(on_map(np.array(steps, float)))


def oriented(outline: BaseGeometry) -> BaseGeometry:
    """The outline with outer rings counter-clockwise, as pyproj wants holes to be subtracted."""
    parts = [shapely.geometry.polygon.orient(part) for part in shapely.get_parts(outline)]
    return MultiPolygon(parts)


KINDS: tuple[Callable[[np.random.Generator], BaseGeometry], ...] = (
    a_star,
    a_donut,
    several_parts,
    a_sliver,
    below_a_pixel,
    over_the_edge,
    with_doubled_vertices,
    along_the_borders,
)


def outlines(rng: np.random.Generator) -> Iterator[BaseGeometry]:
    for kind in KINDS:
        found = 0
        while found < OUTLINES_PER_KIND:
            outline = kind(rng)
            if outline.is_valid and not outline.is_empty and outline.area > 0:
                found += 1
                yield outline


@pytest.fixture(scope="module")
def drawn() -> list[BaseGeometry]:
    return list(outlines(np.random.default_rng(20250401)))


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    rng = np.random.default_rng(7)
    values = rng.uniform(-0.2, 0.95, (HEIGHT, WIDTH)).astype(np.float32)
    values[rng.uniform(size=values.shape) < 0.1] = np.nan
    return values


def summarized(values: np.ndarray, outlines: list[BaseGeometry], **grid: Any) -> list[dict]:
    task = {
        "epsg": 4326,
        "origin": [WEST, NORTH],
        "pixel_size": PIXEL,
        "width": values.shape[1],
        "height": values.shape[0],
        "values": [None if math.isnan(value) else value for value in values.ravel().tolist()],
        "outlines": [shapely.to_wkb(outline, hex=True) for outline in outlines],
        "quantiles": [0.1, 0.9],
        "block": 16,
        **grid,
    }
    answers = json.loads(run_example("zonal", json.dumps(task).encode()))
    for answer in answers:
        answer["p10"], answer["p90"] = answer["quantiles"] or (None, None)
    return answers


@pytest.fixture(scope="module")
def ours(drawn: list[BaseGeometry], values: np.ndarray) -> list[dict]:
    return summarized(values, drawn)


@pytest.fixture(scope="module")
def theirs(drawn: list[BaseGeometry], values: np.ndarray) -> list[dict]:
    source = NumPyRasterSource(values, WEST, SOUTH, EAST, NORTH, nodata=math.nan)
    features = [
        {"type": "Feature", "properties": {}, "geometry": mapping(outline)} for outline in drawn
    ]
    answers = exact_extract(source, features, list(OPERATIONS.values()))
    return [answer["properties"] for answer in answers]


def by_definition(outline: BaseGeometry, values: np.ndarray) -> dict[str, float]:
    """The statistics from 64-bit areas by GEOS and exactextract's documented definitions."""
    rows, cols = np.mgrid[0:HEIGHT, 0:WIDTH]
    left, top = WEST + cols * PIXEL, NORTH - rows * PIXEL
    pixels = shapely.box(left, top - PIXEL, left + PIXEL, top)
    shares = shapely.area(shapely.intersection(outline, pixels)) / PIXEL**2
    inside = (shares > 1e-11) & ~np.isnan(values)
    order = np.argsort(values[inside])
    value, weight = values[inside][order].astype(float), shares[inside][order]

    count = len(value)
    before = np.concatenate(([0], np.cumsum(weight)[:-1]))
    position = np.arange(count) * weight + (count - 1) * before
    end = (count - 1) * weight.sum()
    mean = np.average(value, weights=weight)
    return {
        "effective_pixels": weight.sum(),
        "mean": mean,
        "standard_deviation": math.sqrt(np.average((value - mean) ** 2, weights=weight)),
        "min": value[0],
        "max": value[-1],
        "median": np.interp(0.5 * end, position, value),
        "p10": np.interp(0.1 * end, position, value),
        "p90": np.interp(0.9 * end, position, value),
    }


@pytest.mark.parametrize("statistic", OPERATIONS)
def test_statistics_agree_with_exactextract(
    drawn: list[BaseGeometry],
    values: np.ndarray,
    ours: list[dict],
    theirs: list[dict],
    statistic: str,
) -> None:
    assert len(ours) >= 2000
    column = COLUMNS.get(statistic, OPERATIONS[statistic])

    disputed = []
    for outline, our, their in zip(drawn, ours, theirs, strict=True):
        found, expected = our[statistic], their[column]
        if expected is None or math.isnan(expected):
            assert found is None
        elif found is None or not math.isclose(
            found, expected, rel_tol=RELATIVE, abs_tol=NO_INDEX_IS_FINER
        ):
            disputed.append((outline, found, expected))

    # exactextract keeps and subtracts coverage in 32-bit floats: a pixel that a hole leaves a
    # millionth of is lost there, and a quantile near 0 has few digits. GEOS has 64 bits.
    assert len(disputed) <= 0.005 * len(ours), disputed[:5]
    for outline, found, expected in disputed:
        settled = by_definition(outline, values)[statistic]
        assert found == pytest.approx(settled, rel=1e-9, abs=1e-11), (found, expected, outline.wkt)


def test_covered_pixels_are_the_area_within_the_raster(
    drawn: list[BaseGeometry], ours: list[dict]
) -> None:
    raster = box(WEST, SOUTH, EAST, NORTH)

    areas = np.array([outline.intersection(raster).area for outline in drawn]) / PIXEL**2

    # GEOS computes in degrees, which near 3.5 have steps of 4.5e-13 of a pixel.
    covered = np.array([answer["covered_pixels"] for answer in ours])
    np.testing.assert_allclose(covered, areas, rtol=1e-9, atol=1e-9)


def test_square_metres_are_those_of_the_ellipsoid(
    drawn: list[BaseGeometry], ours: list[dict]
) -> None:
    geod = Geod(ellps="WGS84")
    raster = box(WEST, SOUTH, EAST, NORTH)
    inside = [index for index, outline in enumerate(drawn) if raster.contains(outline)]
    assert len(inside) > 1000

    for index in inside:
        metres = abs(geod.geometry_area_perimeter(oriented(drawn[index]))[0])
        # Geodesics and straight lines in degrees part by a hand's breadth over 6 km.
        assert ours[index]["outline_area_m2"] == pytest.approx(metres, rel=1e-5, abs=1)
        assert ours[index]["covered_area_m2"] == pytest.approx(
            ours[index]["outline_area_m2"], rel=1e-6, abs=1e-3
        )


def test_the_published_example_of_rasterstats_is_reproduced_with_exact_coverage() -> None:
    reference = field_data("zonal/rasterstats/reference.json")["polygons.shp x slope.tif"]
    collection = field_data("zonal/rasterstats/featurecollection.geojson")
    with rasterio.open(FIELDS / "zonal/rasterstats/slope.tif") as source:
        values = source.read(1, masked=True).astype(np.float32).filled(np.nan)
        transform = source.transform
    # The polygons are in the raster's plane. Coverage knows no unit, so both are shrunk into
    # degrees by one power of two, which changes no share.
    shrink = 2.0**-20
    grid = {
        "origin": [transform.c * shrink, transform.f * shrink],
        "pixel_size": transform.a * shrink,
    }
    outlines = [
        shapely.transform(shape(feature["geometry"]), lambda points: points * shrink)
        for feature in collection["features"]
    ]

    answers = summarized(values, outlines, **grid)

    exact = reference["exactextract_coverage_weighted"]
    for answer, expected in zip(answers, exact, strict=True):
        assert answer["effective_pixels"] == pytest.approx(expected["count"], rel=1e-6)
        assert answer["mean"] == pytest.approx(expected["mean"], rel=1e-6)
        assert answer["standard_deviation"] == pytest.approx(expected["stdev"], rel=1e-6)
        assert answer["median"] == pytest.approx(expected["median"], rel=1e-6)
        assert answer["min"] == pytest.approx(expected["min"], rel=1e-7)
        assert answer["max"] == pytest.approx(expected["max"], rel=1e-7)
    # The other two definitions weigh pixels by centre or by touch; exact coverage is neither.
    for name in ("rasterstats_pixel_centre", "rasterstats_all_touched"):
        for answer, other in zip(answers, reference[name], strict=True):
            assert answer["mean"] != pytest.approx(other["mean"], rel=1e-3)
