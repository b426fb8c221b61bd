"""Bad files sent to the API with the real furrow-ndvi behind it: a reason, and no trace."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from rasterio import Affine

from farm.clients.channel import close_channels
from farm.farms.models import Farm, Membership, Role
from farm.imagery.models import Scene
from farm.jobs.models import Job
from tests.contract.ndvi_binary import running
from tests.unit.imagery.real_data import real_data

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.accounts.models import User

HERE = Affine(10, 0, 501_000, 0, -10, 5_630_000)


@pytest.fixture
def store(tmp_path: Path, settings: SettingsWrapper) -> Iterator[Path]:
    settings.STORE_ROOT = tmp_path / "store"
    with running(settings.STORE_ROOT) as target:
        settings.NDVI_TARGET = target
        yield settings.STORE_ROOT
        close_channels()


@pytest.fixture
def farm(user: User) -> Farm:
    farm = Farm.objects.create(name="Hill Farm")
    Membership.objects.create(farm=farm, user=user, role=Role.AGRONOMIST)
    return farm


def geotiff(**profile: Any) -> bytes:
    """A Sentinel-2-like file of two bands; ``profile`` changes what is written."""
    values = {
        "driver": "GTiff",
        "dtype": "uint16",
        "count": 2,
        "width": 64,
        "height": 64,
        "crs": "EPSG:32631",
        "transform": HERE,
        "nodata": 0,
        "compress": "deflate",
        **profile,
    }
    pixels = np.full((values["count"], values["height"], values["width"]), 1000, values["dtype"])
    with rasterio.MemoryFile() as memory:
        with memory.open(**values) as raster:
            raster.write(pixels)
            raster.descriptions = ("B04", "B08")[: values["count"]]
        return bytes(memory.read())


def send(client: APIClient, farm: Farm, content: bytes) -> Any:
    form = {
        "files": [SimpleUploadedFile("scene.tif", content)],
        "platform": "sentinel-2",
        "acquired_at": "2018-04-20T10:56:19Z",
    }
    return client.post(reverse("scene-list", args=[farm.pk]), form, format="multipart")


def nothing_is_left(store: Path) -> bool:
    files = [path for path in store.rglob("*") if path.is_file()]
    return not files and not Scene.objects.exists() and not Job.objects.exists()


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: b"GIF89a" + b"\0" * 100, "RASTER_UNREADABLE"),
        (lambda: b"II*\0", "RASTER_UNREADABLE"),
        (lambda: geotiff()[:300], "RASTER_UNREADABLE"),
        (lambda: geotiff(crs=None), "RASTER_CRS_MISSING"),
        (lambda: geotiff(crs="EPSG:27200"), "RASTER_CRS_UNSUPPORTED"),  # New Zealand Map Grid
    ],
    ids=["not a TIFF", "a header alone", "truncated", "no CRS", "unsupported CRS"],
)
def test_a_bad_file_is_refused_with_its_reason_and_leaves_nothing(
    api_client: APIClient, farm: Farm, store: Path, content: Any, reason: str
) -> None:
    answer = send(api_client, farm, content())

    problem = answer.json()
    assert (answer.status_code, problem["reason"]) == (422, reason), problem
    assert problem["detail"].startswith("scene.tif: ")
    assert nothing_is_left(store)


def test_a_good_file_after_all_of_that_is_taken(
    api_client: APIClient, farm: Farm, store: Path
) -> None:
    send(api_client, farm, b"GIF89a")

    assert send(api_client, farm, geotiff()).status_code == 201


def test_dimensions_beyond_the_budget_are_refused_before_any_pixel_is_read(
    api_client: APIClient, farm: Farm, store: Path
) -> None:
    """A sparse file of a few kilobytes claims ten thousand million pixels."""
    sparse = io.BytesIO()
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            dtype="uint16",
            count=1,
            width=100_000,
            height=100_000,
            crs="EPSG:32631",
            transform=HERE,
            sparse_ok=True,
            tiled=True,
            blockxsize=4096,
            blockysize=4096,
        ):
            pass
        sparse.write(memory.read())

    answer = send(api_client, farm, sparse.getvalue())

    assert (answer.status_code, answer.json()["reason"]) == (422, "RASTER_TOO_LARGE")
    assert nothing_is_left(store)


def test_no_hostile_file_is_taken_and_the_service_lives_on(
    api_client: APIClient, farm: Farm, store: Path
) -> None:
    hostile = sorted(
        path for path in real_data("geotiff/corrupt").rglob("*.tif*") if path.is_file()
    )
    assert len(hostile) > 5

    for file in hostile:
        answer = send(api_client, farm, file.read_bytes())
        assert answer.status_code == 422, f"{file.name}: {answer.content!r}"

    assert nothing_is_left(store)
    assert send(api_client, farm, geotiff()).status_code == 201
