"""A field across two tiles of one pass in two UTM zones: one number, each pixel once, everywhere.

The real service puts the tiles together; the merged raster that it is compared with is made here,
by NumPy and PROJ, and summarized by exactextract.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from exactextract import exact_extract
from pyproj import Transformer

from farm.accounts.models import User
from farm.clients.channel import channel_to, close_channels
from farm.clients.ndvi import NdviClient
from farm.fields.models import Field
from farm.geo import outline_of_geojson
from farm.imagery.ingest import ingest_scene
from farm.imagery.models import MosaicPart, Observation, Scene, SceneState
from tests.contract.ndvi_binary import running
from tests.unit.imagery.observation_making import PASS, make_farm, make_scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.farms.models import Farm

# The border between zones 31 and 32 is 6° east; tiles of both overlap there.
EDGE_LON, LAT = 6.0, 50.7
PIXEL = 10.0
SIDE = 160  # pixels
# Sums in another order, and values that a file keeps in single precision.
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """Pixels of one tile on its own grid."""

    epsg: int
    west: float
    north: float
    red: NDArray[np.uint16]
    nir: NDArray[np.uint16]
    scl: NDArray[np.uint8]  # at 20 m

    @property
    def ndvi(self) -> NDArray[np.float64]:
        """(rows, cols) float64; NaN where the classes hide the ground."""
        red, nir = self.red.astype(float) * 1e-4, self.nir.astype(float) * 1e-4
        hidden = np.kron(self.scl, np.ones((2, 2))) == 9
        return np.where(hidden, np.nan, (nir - red) / (nir + red))


def tile(epsg: int, *, west_of_edge_m: float, seed: int) -> Tile:
    """A tile on a grid of its own whose eastern or western part lies over the edge."""
    x, y = Transformer.from_crs(4326, epsg, always_xy=True).transform(EDGE_LON, LAT)
    west = round((x - west_of_edge_m) / 20) * 20.0
    north = round((y + SIDE * PIXEL / 2) / 20) * 20.0
    random = np.random.default_rng(seed)
    waves = np.sin(np.linspace(0, 5, SIDE))[:, None] * np.cos(np.linspace(0, 7, SIDE))
    noise = random.normal(0, 150, (2, SIDE, SIDE))
    scl = np.full((SIDE // 2, SIDE // 2), 4, dtype=np.uint8)
    return Tile(
        epsg=epsg,
        west=west,
        north=north,
        red=(900 + 200 * waves + noise[0]).astype(np.uint16),
        nir=(3600 + 900 * waves + noise[1]).astype(np.uint16),
        scl=scl,
    )


@pytest.fixture
def tiles() -> tuple[Tile, Tile]:
    """The first shows most of the field, with a cloud in it; the second begins inside the field."""
    first = tile(32631, west_of_edge_m=SIDE * PIXEL - 120, seed=31)
    second = tile(32632, west_of_edge_m=20, seed=32)
    rows, columns = slice(36, 42), slice(72, 78)  # where the tiles overlap
    first.scl[rows, columns] = 9
    return first, second


@pytest.fixture
def farm(user: User) -> Farm:
    return make_farm(user)


@pytest.fixture
def field(farm: Farm) -> Field:
    """A slanted field of some 27 ha, a fifth of it east of the first tile's edge.

    A corner each twenty metres: so short, a side is the same line in degrees and on a grid.
    """
    corners = [(-420, -180), (260, -230), (300, 150), (-100, 240), (-400, 120)]
    x, y = Transformer.from_crs(4326, 32631, always_xy=True).transform(EDGE_LON, LAT)
    back = Transformer.from_crs(32631, 4326, always_xy=True)
    shape = shapely.segmentize(
        shapely.Polygon([(x + dx + 3.3, y + dy + 1.7) for dx, dy in corners]), 20.0
    )
    ring = [list(back.transform(*corner)) for corner in shape.exterior.coords[:-1]]
    outline = outline_of_geojson({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})
    return Field.objects.create(
        farm=farm,
        name="Border",
        outline_wkb=outline.wkb,
        outline_sha256=outline.sha256,
        area_m2=outline.area_m2,
        perimeter_m=outline.perimeter_m,
        west=outline.west,
        south=outline.south,
        east=outline.east,
        north=outline.north,
        centroid_lon=outline.centroid_lon,
        centroid_lat=outline.centroid_lat,
    )


@pytest.fixture
def ndvi(tmp_path: Path, settings: SettingsWrapper) -> Iterator[NdviClient]:
    settings.STORE_ROOT = tmp_path / "store"
    with running(settings.STORE_ROOT) as target:
        settings.NDVI_TARGET = target
        yield NdviClient(channel_to(target))
        close_channels()


@pytest.fixture
def scenes(
    farm: Farm, field: Field, tiles: tuple[Tile, Tile], ndvi: NdviClient, tmp_path: Path
) -> list[Scene]:
    """The tiles as scenes that were read, the lesser one first."""
    made = []
    for number, part in enumerate(tiles):
        scene = make_scene(
            farm,
            acquired_at=PASS + timedelta(seconds=14 * number),
            state=SceneState.NEW,
            offset=0.0,
            epsg=part.epsg,
            west=5.9,
            east=6.1,
            south=50.6,
            north=50.8,
        )
        for asset in scene.assets.all():
            path = tmp_path / "store" / asset.object_key
            write_raster(path, getattr(part, asset.name), part)
        made.append(scene)
    for scene in reversed(made):
        ingest_scene(scene=scene, ndvi=ndvi)
    return made


def write_raster(path: Path, values: NDArray[Any], part: Tile) -> None:
    pixel = PIXEL * SIDE / values.shape[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=values.shape[1],
        height=values.shape[0],
        count=1,
        dtype=values.dtype,
        crs=f"EPSG:{part.epsg}",
        transform=Affine(pixel, 0, part.west, 0, -pixel, part.north),
        tiled=True,
        blockxsize=64,
        blockysize=64,
        compress="deflate",
    ) as raster:
        raster.write(values, 1)


def merged(first: Tile, second: Tile) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The first tile's grid carried on to the east, its gaps filled by the nearest of the second.

    Returns:
        (rows, cols) float64 NDVI, NaN where neither shows the ground; and which pixels are the
        first tile's.
    """
    width = SIDE + 60
    values = np.full((SIDE, width), np.nan)
    values[:, :SIDE] = first.ndvi
    own = np.isfinite(values)
    columns, rows = np.meshgrid(np.arange(width), np.arange(SIDE))
    x = first.west + (columns + 0.5) * PIXEL
    y = first.north - (rows + 0.5) * PIXEL
    there = Transformer.from_crs(first.epsg, second.epsg, always_xy=True)
    other_x, other_y = there.transform(x, y)
    column = np.floor((other_x - second.west) / PIXEL).astype(int)
    row = np.floor((second.north - other_y) / PIXEL).astype(int)
    inside = (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
    filled = ~own & inside
    values[filled] = second.ndvi[row[filled], column[filled]]
    return values, own


def summarized(path: Path, outline: dict[str, Any]) -> dict[str, float]:
    operations = ["mean", "count", "stdev", "min", "max"]
    numbers: dict[str, float] = exact_extract(str(path), [outline], operations)[0]["properties"]
    return numbers


def outline_on(epsg: int, field: Field) -> dict[str, Any]:
    """The outline as exactextract takes it: a GeoJSON feature on a grid."""
    to_grid = Transformer.from_crs(4326, epsg, always_xy=True)
    # Sides are curves on the grid; corners every half metre make the difference vanish.
    dense = shapely.segmentize(shapely.from_wkb(bytes(field.outline_wkb)), 5e-6)
    projected = shapely.transform(
        dense, lambda corners: np.column_stack(to_grid.transform(*corners.T))
    )
    geometry = shapely.geometry.mapping(projected)
    return {"type": "Feature", "properties": {}, "geometry": geometry}


def write_merged(path: Path, values: NDArray[np.float64], part: Tile) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=values.shape[1],
        height=values.shape[0],
        count=1,
        dtype="float64",
        nodata=np.nan,
        crs=f"EPSG:{part.epsg}",
        transform=Affine(PIXEL, 0, part.west, 0, -PIXEL, part.north),
    ) as raster:
        raster.write(values, 1)
    return path


def test_the_number_is_that_of_the_merged_raster(
    field: Field, tiles: tuple[Tile, Tile], scenes: list[Scene], tmp_path: Path
) -> None:
    values, own = merged(*tiles)
    outline = outline_on(32631, field)
    wanted = summarized(write_merged(tmp_path / "merged.tif", values, tiles[0]), outline)
    of_first = summarized(
        write_merged(tmp_path / "own.tif", np.where(own, values, np.nan), tiles[0]), outline
    )

    look = Observation.objects.get(field=field, index="ndvi", is_mosaic=True)
    parts = dict(
        MosaicPart.objects.filter(observation=look).values_list("scene", "effective_pixels")
    )

    assert wanted["count"] > of_first["count"] + 100, "the second tile should matter"
    assert look.scene == scenes[0]
    assert look.mean == pytest.approx(wanted["mean"], rel=TOLERANCE)
    assert look.standard_deviation == pytest.approx(wanted["stdev"], rel=1e-5)
    assert look.effective_pixels == pytest.approx(wanted["count"], rel=TOLERANCE)
    assert (look.minimum, look.maximum) == pytest.approx((wanted["min"], wanted["max"]), rel=1e-6)
    assert parts[scenes[0].pk] == pytest.approx(of_first["count"], rel=TOLERANCE)
    assert sum(parts.values()) == pytest.approx(look.effective_pixels, rel=1e-9)
    assert look.covered_area_m2 == pytest.approx(look.outline_area_m2, rel=1e-6)


def test_every_route_gives_that_number_once(
    api_client: APIClient, field: Field, scenes: list[Scene], tmp_path: Path
) -> None:
    look = Observation.objects.get(field=field, index="ndvi", is_mosaic=True)
    base = f"/api/v1/fields/{field.pk}/indices/ndvi"
    shape = shapely.geometry.mapping(shapely.from_wkb(bytes(field.outline_wkb)))

    latest = api_client.get(f"{base}/latest").json()
    series = api_client.get(f"{base}/timeseries").json()["columns"]
    farm = api_client.get(f"/api/v1/farms/{field.farm_id}/ndvi/latest").json()
    asked = {"index": "ndvi", "farm": field.farm_id, "outlines": shape}
    (day,) = api_client.post("/api/v1/statistics/", asked, format="json").json()["scenes"]
    picture = api_client.get(f"{base}/raster.png")
    file = api_client.get(f"{base}/raster.tif")
    path = tmp_path / "index.tif"
    path.write_bytes(b"".join(file.streaming_content))
    read = summarized(path, outline_on(32631, field))

    ids = [scene.pk for scene in scenes]
    assert (series["mean"], series["scene_ids"]) == ([look.mean], [ids])
    assert (latest["mean"], latest["scene_ids"]) == (look.mean, ids)
    assert farm["mean"] == pytest.approx(look.mean, rel=1e-12)
    assert day["scene_ids"] == ids
    assert day["results"][0]["mean"] == pytest.approx(look.mean, rel=1e-12)
    assert day["results"][0]["effective_pixels"] == pytest.approx(look.effective_pixels, rel=1e-12)
    assert picture["X-Scene-Ids"] == file["X-Scene-Ids"] == " ".join(map(str, ids))
    assert read["mean"] == pytest.approx(look.mean, rel=TOLERANCE)
    assert read["count"] == pytest.approx(look.effective_pixels, rel=TOLERANCE)


def test_the_file_says_of_itself_what_it_was_made_of(
    api_client: APIClient, field: Field, scenes: list[Scene], tmp_path: Path
) -> None:
    answer = api_client.get(f"/api/v1/fields/{field.pk}/indices/ndvi/raster.tif")
    path = tmp_path / "index.tif"
    path.write_bytes(b"".join(answer.streaming_content))

    with rasterio.open(path) as raster:
        tags = raster.tags()

    assert tags["SCENES"] == "; ".join(scene.name for scene in scenes)
    assert tags["RADIOMETRY_VERDICT"] == "undecided"
    assert tags["MASK"] == "SCL classes 4, 5, 6 and 7 are kept."
    assert tags["INDEX"] == "ndvi"
    assert "nir" in tags["FORMULA"]
    assert "IS_SIMULATED" not in tags


def test_one_tile_alone_shows_the_field_in_part(
    field: Field, scenes: list[Scene], api_client: APIClient
) -> None:
    first = Observation.objects.get(scene=scenes[0], index="ndvi", is_mosaic=False)

    scenes[1].delete()
    latest = api_client.get(f"/api/v1/fields/{field.pk}/indices/ndvi/latest").json()

    assert (latest["is_mosaic"], latest["is_partial"]) == (False, True)
    assert latest["mean"] == first.mean
