"""A store in a bucket: the real furrow-ndvi and Django over a real S3 server."""

from __future__ import annotations

import hashlib
import io
import time
from typing import TYPE_CHECKING

import pytest
import rasterio

from farm.accounts.models import User
from farm.clients.channel import channel_to, close_channels
from farm.clients.ndvi import NdviClient
from farm.errors import NotFoundError, ServiceTimeoutError, ServiceUnavailableError
from farm.farms.models import Farm, Membership, Role
from farm.imagery.domain import Compression, Encoding, ObjectRef
from farm.imagery.models import SceneState
from tests.contract.farm_site import Site, good_files, square
from tests.contract.ndvi_binary import service_over
from tests.contract.remote_scenes import NDVI, TIMEOUT_S, outline, scene, summary, write_bands
from tests.contract.web_servers import HOLD, FlakyProxy
from tests.s3_server import BUCKET, KEYS, REGION, S3Server, s3_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.imagery.domain import IndexFile
    from tests.contract.ndvi_binary import RunningService

SIDE = 2048
FIELD = outline(col=500, row=500, width=20, height=20)
SOURCE = scene(ObjectRef(key="scenes/red.tif"), ObjectRef(key="scenes/nir.tif"))
UNREACHABLE = "A store could not be reached."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same objects in a folder."""
    folder = tmp_path_factory.mktemp("bands")
    write_bands(folder / "scenes", side=SIDE)
    return folder


@pytest.fixture(scope="module")
def bucket(folder: Path) -> Iterator[S3Server]:
    with s3_server() as server:
        fill(server, folder)
        yield server


@pytest.fixture(autouse=True)
def _no_channel_stays() -> Iterator[None]:
    yield
    close_channels()


def fill(server: S3Server, folder: Path) -> None:
    """Put the bands into the bucket, below the prefix that the service has."""
    for name in ("red", "nir"):
        content = (folder / f"scenes/{name}.tif").read_bytes()
        server.client().put_object(Bucket=BUCKET, Key=f"one/scenes/{name}.tif", Body=content)


def serving(
    tmp_path: Path, endpoint: str, *, warns: str = "", bucket: str = BUCKET
) -> AbstractContextManager[RunningService]:
    """A service over the bucket."""
    address = {"FURROW_STORE_URL": f"s3://{bucket}/one", "FURROW_S3_ENDPOINT": endpoint}
    return service_over(tmp_path, warns=warns, **KEYS, **address)


def client_of(service: RunningService) -> NdviClient:
    return NdviClient(channel_to(service.target))


def write(
    ndvi: NdviClient, key: str, *, outline_wkb: bytes | None = None, timeout_s: float = 60.0
) -> IndexFile:
    return ndvi.write_index(
        scenes=[SOURCE],
        index=NDVI,
        key=key,
        encoding=Encoding.FLOAT32,
        compression=Compression.DEFLATE,
        outline_wkb=outline_wkb,
        timeout_s=timeout_s,
    )


def test_a_bucket_gives_the_numbers_of_a_folder(
    bucket: S3Server, folder: Path, tmp_path: Path
) -> None:
    with service_over(folder) as service:
        expected = summary(client_of(service), SOURCE, FIELD)

    with serving(tmp_path, bucket.endpoint) as service:
        assert summary(client_of(service), SOURCE, FIELD) == expected
        with pytest.raises(NotFoundError) as raised:
            client_of(service).describe_raster(
                object=ObjectRef(key="scenes/none.tif"), timeout_s=TIMEOUT_S
            )
    assert raised.value.reason == "OBJECT_NOT_FOUND"


def test_a_file_is_written_in_parts_and_is_the_one_that_a_folder_gets(
    bucket: S3Server, folder: Path, tmp_path: Path
) -> None:
    with service_over(folder) as service:
        in_folder = write(client_of(service), "derived/a.tif")
    with serving(tmp_path, bucket.endpoint) as service:
        in_bucket = write(client_of(service), "derived/a.tif")

    found = bucket.client().get_object(Bucket=BUCKET, Key="one/derived/a.tif")
    content = found["Body"].read()
    assert in_bucket == in_folder
    assert content == (folder / "derived/a.tif").read_bytes()
    assert hashlib.sha256(content).hexdigest() == in_bucket.sha256
    # Its tag counts the parts, of which the last alone may be short of 5 MiB.
    assert int(found["ETag"].strip('"').partition("-")[2]) == -(-len(content) // (8 << 20)) >= 2
    with rasterio.open(io.BytesIO(content)) as file:
        assert file.shape == (SIDE, SIDE)


@pytest.mark.parametrize(
    ("happens", "error"), [(0, ServiceUnavailableError), (HOLD, ServiceTimeoutError)]
)
def test_a_file_that_could_not_be_written_leaves_nothing(
    bucket: S3Server, tmp_path: Path, happens: int, error: type[Exception]
) -> None:
    asked: list[bytes] = []

    def to_parts(head: bytes) -> int | None:
        asked.append(head)
        return happens if head.startswith(b"PUT ") and b"partNumber=" in head else None

    before = bucket.keys()
    with (
        FlakyProxy(bucket.port, to_parts) as proxy,
        serving(tmp_path, f"http://127.0.0.1:{proxy.port}", warns=UNREACHABLE) as service,
    ):
        with pytest.raises(error):
            write(client_of(service), "derived/cut.tif", outline_wkb=FIELD, timeout_s=5.0)
        deadline = time.monotonic() + TIMEOUT_S
        while bucket.keys() != before:  # parts are given up after the answer
            assert time.monotonic() < deadline, bucket.keys()
            time.sleep(0.05)
    if happens != HOLD:  # a deadline may come before the first part
        assert any(head.startswith(b"DELETE ") and b"uploadId=" in head for head in asked)


def test_connections_that_break_are_made_again(
    bucket: S3Server, folder: Path, tmp_path: Path
) -> None:
    cut: set[bytes] = set()

    def cut_once(head: bytes) -> int | None:
        # What is asked for again begins later and ends at the same byte.
        (span,) = (line for line in head.lower().split(b"\r\n") if line.startswith(b"range:"))
        wanted = head.split(b" ")[1] + span.rpartition(b"-")[2]
        if wanted in cut:
            return None
        cut.add(wanted)
        return 5_000

    with service_over(folder) as service:
        expected = summary(client_of(service), SOURCE, FIELD)
    with (
        FlakyProxy(bucket.port, cut_once) as proxy,
        serving(tmp_path, f"http://127.0.0.1:{proxy.port}") as service,
    ):
        assert summary(client_of(service), SOURCE, FIELD) == expected
    assert len(cut) == 2 * 3


def test_a_scene_goes_from_the_api_into_the_bucket_and_back_as_a_download(
    bucket: S3Server,
    tmp_path: Path,
    api_client: APIClient,
    user: User,
    settings: SettingsWrapper,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    settings.STORE_S3 = {
        "bucket": BUCKET,
        "prefix": "one",
        "endpoint": bucket.endpoint,
        "region": REGION,
    }
    farm = Farm.objects.create(name="Hill Farm")
    Membership.objects.create(farm=farm, user=user, role=Role.MANAGER)
    with serving(tmp_path / "unused", bucket.endpoint) as service:
        settings.NDVI_TARGET = service.target
        site = Site(client=api_client, farm=farm, store=tmp_path, service=service)
        field_id = site.draw(square()).json()["id"]

        scene = site.read_scene(site.send(good_files()))
        answer = api_client.get(f"/api/v1/fields/{field_id}/indices/ndvi/raster.tif")
        content = b"".join(answer.streaming_content)

        assert scene.state == SceneState.READY
        assert answer.status_code == 200
        assert int(answer["Content-Length"]) == len(content)
        with rasterio.open(io.BytesIO(content)) as file:
            assert file.count == 1
        keys = bucket.keys("one/")
        assert [key for key in keys if key.startswith("one/incoming/")] == []
        assert len([key for key in keys if key.startswith(f"one/scenes/{farm.pk}/")]) == 2
        assert len([key for key in keys if key.startswith(f"one/derived/{farm.pk}/")]) == 1

        assert api_client.delete(f"/api/v1/scenes/{scene.pk}/").status_code == 204
        gone = (f"one/scenes/{farm.pk}/", f"one/derived/{farm.pk}/")
        assert [key for key in bucket.keys("one/") if key.startswith(gone)] == []


def test_a_store_that_goes_away_is_said_to_and_used_when_it_is_back(
    bucket: S3Server, folder: Path, tmp_path: Path
) -> None:
    with serving(tmp_path, bucket.endpoint, warns=UNREACHABLE) as service:
        ndvi = client_of(service)
        before = summary(ndvi, SOURCE, FIELD)
        bucket.kill()
        try:
            with pytest.raises(ServiceUnavailableError) as raised:
                summary(ndvi, SOURCE, FIELD)
        finally:
            bucket.start()
        fill(bucket, folder)

        assert raised.value.reason == "STORE_UNAVAILABLE"
        assert summary(ndvi, SOURCE, FIELD) == before


def test_a_bucket_that_is_not_there_is_no_missing_object(bucket: S3Server, tmp_path: Path) -> None:
    with (
        serving(tmp_path, bucket.endpoint, warns=UNREACHABLE, bucket="no-such-bucket") as service,
        pytest.raises(ServiceUnavailableError) as raised,
    ):
        summary(client_of(service), SOURCE, FIELD)
    assert raised.value.reason == "STORE_UNAVAILABLE"
