"""What the API says of a field, what its GeoTIFF holds and what its picture shows are one thing.

The real service computes; exactextract, an implementation of its own, reads the downloaded file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from exactextract import exact_extract
from pyproj import Transformer
from rasterio.errors import NotGeoreferencedWarning

from farm.accounts.models import User
from farm.clients.channel import close_channels
from farm.fields.models import Field
from farm.geo import outline_of_geojson
from farm.imagery.models import Scene
from tests.contract.ndvi_binary import running
from tests.unit.imagery.observation_making import make_farm, make_observation, make_scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.farms.models import Farm

EPSG = 32631
WEST, NORTH = 500_000.0, 5_650_000.0  # 3° east, 50.998° north
SIDE = 120  # pixels of 10 m
TO_GRID = Transformer.from_crs(4326, EPSG, always_xy=True)
TO_DEGREES = Transformer.from_crs(EPSG, 4326, always_xy=True)

# Sums in another order, and values that the file keeps in single precision.
TOLERANCE = 1e-6
# A palette of some 250 steps over the range of the legend, and rounding.
COLOUR_TOLERANCE = 2


@pytest.fixture
def ndvi(tmp_path: Path, settings: SettingsWrapper) -> Iterator[None]:
    settings.STORE_ROOT = tmp_path / "store"
    with running(settings.STORE_ROOT) as target:
        settings.NDVI_TARGET = target
        yield
        close_channels()


@pytest.fixture
def farm(user: User) -> Farm:
    return make_farm(user)


@pytest.fixture
def scene(farm: Farm, tmp_path: Path) -> Scene:
    """Bands at 10 m and 20 m with the offset of baseline 04.00 in them, and a cloud in SCL."""
    bands = ("blue", "green", "red", "nir", "rededge1", "nir08", "swir16", "swir22")
    scene = make_scene(farm, bands=bands)
    random = np.random.default_rng(20240625)
    for asset in scene.assets.all():
        pixel = 10 if asset.name in {"blue", "green", "red", "nir"} else 20
        side = SIDE * 10 // pixel
        if asset.name == "scl":
            values = np.full((side, side), 4, dtype=np.uint8)
            values[28:33, 25:31] = 9
        else:
            level = 4_000 if asset.name.startswith("nir") else 1_500
            waves = np.sin(np.linspace(0, 7, side))[:, None] * np.cos(np.linspace(0, 5, side))
            noise = random.normal(0, 120, (side, side))
            values = (level + 500 * waves + noise + 1_000).astype(np.uint16)
        asset.pixel_size = float(pixel)
        asset.save()
        write_raster(tmp_path / "store" / asset.object_key, values, pixel=float(pixel))
    return scene


@pytest.fixture
def field(farm: Farm) -> Field:
    """A field with a hole and slanted sides, a corner for every few tens of metres."""
    around = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    centre_x, centre_y = WEST + 611.3, NORTH - 588.7
    outer = [(centre_x + 283 * np.cos(a), centre_y + 197 * np.sin(a)) for a in around]
    hole = [(centre_x + 31 * np.cos(a), centre_y + 47 * np.sin(a)) for a in around]
    rings = [[list(TO_DEGREES.transform(x, y)) for x, y in ring] for ring in (outer, hole[::-1])]
    outline = outline_of_geojson(
        {"type": "Polygon", "coordinates": [[*ring, ring[0]] for ring in rings]}
    )
    return Field.objects.create(
        farm=farm,
        name="Ring",
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


def write_raster(path: Path, values: np.ndarray[Any, Any], *, pixel: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=values.shape[1],
        height=values.shape[0],
        count=1,
        dtype=values.dtype,
        crs=EPSG,
        transform=Affine(pixel, 0.0, WEST, 0.0, -pixel, NORTH),
        nodata=0,
        compress="deflate",
        tiled=True,
        blockxsize=64,
        blockysize=64,
    ) as raster:
        raster.write(values, 1)


def outline_on_grid(field: Field) -> dict[str, Any]:
    """The outline as exactextract takes it: a GeoJSON feature on the raster's grid."""
    outline = shapely.from_wkb(bytes(field.outline_wkb))
    # Sides are curves on the grid; corners every half metre make the difference vanish.
    dense = shapely.segmentize(outline, 5e-6)
    projected = shapely.transform(
        dense, lambda corners: np.column_stack(TO_GRID.transform(*corners.T))
    )
    return {
        "type": "Feature",
        "properties": {},
        "geometry": shapely.geometry.mapping(projected),
    }


def downloaded(client: APIClient, address: str, path: Path, **query: Any) -> Path:
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content
    streamed = getattr(answer, "streaming_content", None)
    path.write_bytes(b"".join(streamed) if streamed else answer.content)
    return path


def statistics(client: APIClient, field: Field, scene: Scene, index: str) -> dict[str, Any]:
    outline = shapely.geometry.mapping(shapely.from_wkb(bytes(field.outline_wkb)))
    body = {"index": index, "scene": scene.pk, "outlines": outline}
    answer = client.post("/api/v1/statistics/", body)
    assert answer.status_code == 200, answer.content
    numbers: dict[str, Any] = answer.json()["scenes"][0]["results"][0]
    return numbers


@pytest.mark.parametrize("index", ["ndvi", "evi", "msavi", "ndwi", "ndre", "ndmi", "nbr", "cire"])
def test_a_downloaded_file_gives_the_number_that_the_api_says(
    api_client: APIClient, ndvi: None, field: Field, scene: Scene, tmp_path: Path, index: str
) -> None:
    address = f"/api/v1/fields/{field.pk}/indices/{index}/raster.tif"

    said = statistics(api_client, field, scene, index)
    file = downloaded(api_client, address, tmp_path / "index.tif", scene=scene.pk)
    operations = ["mean", "count", "stdev", "min", "max", "median"]
    read = exact_extract(str(file), [outline_on_grid(field)], operations)[0]["properties"]

    assert 0.5 < said["valid_share"] < 0.999, "the cloud should hide a part of the field"
    assert said["mean"] == pytest.approx(read["mean"], rel=TOLERANCE)
    assert said["effective_pixels"] == pytest.approx(read["count"], rel=TOLERANCE)
    assert said["standard_deviation"] == pytest.approx(read["stdev"], rel=1e-5)
    assert said["min"] == pytest.approx(read["min"], rel=TOLERANCE)
    assert said["max"] == pytest.approx(read["max"], rel=TOLERANCE)
    assert said["median"] == pytest.approx(read["median"], rel=1e-5)


def test_whole_numbers_keep_an_index_to_half_a_ten_thousandth(
    api_client: APIClient, ndvi: None, field: Field, scene: Scene, tmp_path: Path
) -> None:
    address = f"/api/v1/fields/{field.pk}/indices/ndvi/raster.tif"

    exact = downloaded(api_client, address, tmp_path / "f.tif", scene=scene.pk)
    packed = downloaded(
        api_client,
        address,
        tmp_path / "i.tif",
        scene=scene.pk,
        encoding="int16",
        compression="zstd",
    )

    with rasterio.open(exact) as floats, rasterio.open(packed) as integers:
        wanted = floats.read(1)
        stored = integers.read(1, masked=True)
        assert (integers.scales, integers.nodata) == ((0.0001,), -32_768)
        assert np.array_equal(np.isnan(wanted), np.ma.getmaskarray(stored))
        assert np.nanmax(np.abs(wanted - stored.filled(0) * 0.0001)) <= 0.5e-4 + 1e-7


def test_a_picture_shows_the_values_of_the_file_in_the_colours_of_the_legend(
    api_client: APIClient, ndvi: None, field: Field, scene: Scene, tmp_path: Path
) -> None:
    address = f"/api/v1/fields/{field.pk}/indices/ndvi"

    legend = api_client.get(f"{address}/legend.json").json()
    file = downloaded(api_client, f"{address}/raster.tif", tmp_path / "v.tif", scene=scene.pk)
    picture = downloaded(
        api_client, f"{address}/raster.png", tmp_path / "p.png", scene=scene.pk, size=256
    )

    with rasterio.open(file) as raster:
        values = raster.read(1)
    drawn = rgba(picture)
    factor = drawn.shape[0] // values.shape[0]
    assert drawn.shape[:2] == (values.shape[0] * factor, values.shape[1] * factor)
    pixels = drawn[factor // 2 :: factor, factor // 2 :: factor]
    is_drawn = pixels[..., 3] > 0
    assert np.all(np.isfinite(values[is_drawn])), "a pixel without a value must be transparent"
    assert is_drawn.sum() > 0.8 * np.isfinite(values).sum()
    wanted = np.stack(
        [
            np.interp(values[is_drawn], [s["value"] for s in legend["stops"]], channel)
            for channel in zip(*[rgb(s["colour"]) for s in legend["stops"]], strict=True)
        ],
        axis=-1,
    )
    assert np.max(np.abs(pixels[is_drawn][:, :3] - wanted)) <= COLOUR_TOLERANCE


def test_the_bounds_of_a_picture_hold_the_field(
    api_client: APIClient, ndvi: None, field: Field, scene: Scene
) -> None:
    answer = api_client.get(
        f"/api/v1/fields/{field.pk}/indices/ndvi/raster.png", {"scene": scene.pk}
    )

    west, south, east, north = map(float, answer["X-Bounds-WGS84"].split(","))
    assert west <= field.west < field.east <= east
    assert south <= field.south < field.north <= north
    assert (field.west - west, east - field.east) < (0.001, 0.001)


def test_a_file_asked_for_twice_is_the_same_file(
    api_client: APIClient, ndvi: None, field: Field, scene: Scene, tmp_path: Path
) -> None:
    make_observation(field, scene)
    address = f"/api/v1/fields/{field.pk}/indices/ndvi/raster.tif"

    first = downloaded(api_client, address, tmp_path / "1.tif").read_bytes()
    for written in (tmp_path / "store" / "derived").rglob("*.tif"):
        written.unlink()
    second = downloaded(api_client, address, tmp_path / "2.tif").read_bytes()

    assert first == second


def rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def rgba(path: Path) -> np.ndarray[Any, Any]:
    """A palette picture as (rows, columns, 4) whole numbers."""
    # A picture has no place on the ground; its bounds stand in the header.
    with pytest.warns(NotGeoreferencedWarning):
        picture = rasterio.open(path)
    with picture:
        if picture.count == 4:
            return np.moveaxis(picture.read(), 0, -1).astype(int)
        palette = picture.colormap(1)
        return np.array([palette[key] for key in range(256)])[picture.read(1)]
