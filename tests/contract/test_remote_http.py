"""Scenes on a web server: the real Caddy's file server, read by the real furrow-ndvi."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
import tifffile

from farm.clients.channel import channel_to, close_channels
from farm.clients.ndvi import NdviClient
from farm.errors import NotFoundError, ServiceUnavailableError, UnreadableRasterError
from farm.imagery.domain import ObjectRef
from tests.contract.ndvi_binary import service_over
from tests.contract.remote_scenes import TILE, TIMEOUT_S, outline, scene, summary, write_bands
from tests.contract.web_servers import FlakyProxy, caddy_over
from tests.s3_server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from farm.imagery.domain import FieldSummary, SceneSource
    from tests.contract.ndvi_binary import RunningService
    from tests.contract.web_servers import Caddy

SIDE = 4 * TILE
FIRST_READ_BYTES = 64 * 1024
GAP_BYTES = 64 * 1024
# Twenty pixels around the corner of four tiles.
FIELD = outline(col=TILE - 10, row=TILE - 10, width=20, height=20)


@pytest.fixture(scope="module")
def caddy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caddy]:
    folder = tmp_path_factory.mktemp("web")
    write_bands(folder / "files", side=SIDE)
    with caddy_over(folder) as caddy:
        yield caddy


@pytest.fixture(autouse=True)
def _no_channel_stays() -> Iterator[None]:
    yield
    close_channels()


def serving(
    tmp_path: Path, hosts: str, *, warns: str = "", **settings: str
) -> AbstractContextManager[RunningService]:
    """A service that may read from these hosts, over an empty store."""
    return service_over(
        tmp_path / "store", warns=warns, FURROW_NDVI_ALLOWED_HOSTS=hosts, **settings
    )


def at(port: int, scheme: str = "http", host: str = "127.0.0.1") -> SceneSource:
    """The scene as a port gives it."""
    red, nir = (f"{scheme}://{host}:{port}/{name}.tif" for name in ("red", "nir"))
    return scene(ObjectRef(url=red), ObjectRef(url=nir))


def client_of(service: RunningService) -> NdviClient:
    return NdviClient(channel_to(service.target))


@pytest.fixture(scope="module")
def expected(caddy: Caddy) -> Iterator[FieldSummary]:
    """The field's numbers from the same files in a folder."""
    with service_over(caddy.files) as service:
        source = scene(ObjectRef(key="red.tif"), ObjectRef(key="nir.tif"))
        yield summary(client_of(service), source, FIELD)


def metric(admin: str, name: str) -> int:
    text = requests.get(f"http://{admin}/metrics", timeout=5).text
    (line,) = (line for line in text.splitlines() if line.startswith(name))
    return int(line.split()[-1])


def wanted_bytes(file: Path) -> int:
    """What the four tiles of the field take in a file."""
    with tifffile.TiffFile(file) as tiff:
        lengths = tiff.pages[0].tags["TileByteCounts"].value
    across = SIDE // TILE
    return sum(lengths[row * across + col] for row in (0, 1) for col in (0, 1))


def test_a_field_takes_few_requests_and_few_bytes_by_both_sides_count(
    caddy: Caddy, expected: FieldSummary, tmp_path: Path
) -> None:
    admin = f"127.0.0.1:{free_port()}"
    before = len(caddy.answered())
    hosts = f"127.0.0.1:{caddy.http}"

    with serving(tmp_path, hosts, FURROW_NDVI_ADMIN_LISTEN=admin) as service:
        found = summary(client_of(service), at(caddy.http), FIELD)
        requests_counted = metric(admin, 'furrow_store_requests_total{store="http"}')
        bytes_counted = metric(admin, "furrow_store_read_bytes_total")

    assert found == expected
    answered = caddy.answered()[before:]
    assert {one["status"] for one in answered} == {206}
    # Of each file the header, and the two rows of tiles that the field touches.
    assert len(answered) == requests_counted == 2 * 3, answered
    assert sum(one["bytes"] for one in answered) == bytes_counted
    files = [caddy.files / "red.tif", caddy.files / "nir.tif"]
    needed = sum(wanted_bytes(file) + FIRST_READ_BYTES for file in files)
    whole = sum(file.stat().st_size for file in files)
    assert bytes_counted <= needed + 4 * GAP_BYTES
    assert bytes_counted < whole / 3


def test_the_whole_of_a_file_is_read_once_in_large_requests(caddy: Caddy, tmp_path: Path) -> None:
    before = len(caddy.answered())
    inside = outline(col=1, row=1, width=SIDE - 2, height=SIDE - 2)

    with serving(tmp_path, f"127.0.0.1:{caddy.http}") as service:
        found = summary(client_of(service), at(caddy.http), inside)

    assert found.valid_share == pytest.approx(1.0, abs=1e-6)
    answered = caddy.answered()[before:]
    whole = sum((caddy.files / name).stat().st_size for name in ("red.tif", "nir.tif"))
    assert sum(one["bytes"] for one in answered) <= whole + 2 * FIRST_READ_BYTES
    tiles = 2 * (SIDE // TILE) ** 2
    assert len(answered) <= 2 + tiles // 2, answered


def test_https_is_trusted_by_the_authority_that_the_operator_names(
    caddy: Caddy, expected: FieldSummary, tmp_path: Path
) -> None:
    host = f"localhost:{caddy.https}"
    source = at(caddy.https, scheme="https", host="localhost")

    with serving(tmp_path, host) as service:
        with pytest.raises(UnreadableRasterError, match="certificate is not trusted") as raised:
            summary(client_of(service), source, FIELD)
        assert raised.value.reason == "RASTER_STORE_DENIED"
    before = len(caddy.answered())
    with serving(tmp_path, host, FURROW_NDVI_CA_FILE=str(caddy.ca_file)) as service:
        assert summary(client_of(service), source, FIELD) == expected
    assert {one["proto"] for one in caddy.answered()[before:]} == {"HTTP/2.0"}


def test_redirects_are_followed_on_the_same_host_and_not_to_others(
    caddy: Caddy, tmp_path: Path
) -> None:
    with serving(tmp_path, f"127.0.0.1:{caddy.http}") as service:
        ndvi = client_of(service)
        moved = ndvi.describe_raster(
            object=ObjectRef(url=caddy.url("old.tif")), timeout_s=TIMEOUT_S
        )
        with pytest.raises(UnreadableRasterError) as away:
            ndvi.describe_raster(object=ObjectRef(url=caddy.url("away.tif")), timeout_s=TIMEOUT_S)
        with pytest.raises(NotFoundError) as none:
            ndvi.describe_raster(object=ObjectRef(url=caddy.url("none.tif")), timeout_s=TIMEOUT_S)

    assert moved.grid.width == SIDE
    assert away.value.reason == "RASTER_STORE_DENIED"
    assert none.value.reason == "OBJECT_NOT_FOUND"


def test_connections_that_break_are_made_again_for_what_is_missing(
    caddy: Caddy, expected: FieldSummary, tmp_path: Path
) -> None:
    cut_files: set[bytes] = set()

    def cut_once(head: bytes) -> int | None:
        file = head.split(b" ")[1]
        if file in cut_files:
            return None
        cut_files.add(file)
        return 20_000

    before = len(caddy.answered())
    with (
        FlakyProxy(caddy.http, cut_once) as proxy,
        serving(tmp_path, f"127.0.0.1:{proxy.port}") as service,
    ):
        found = summary(client_of(service), at(proxy.port), FIELD)

    assert found == expected
    asked = [(one["uri"], one["range"]) for one in caddy.answered()[before:]]
    assert len(set(asked)) == len(asked) == 6 + 2, asked
    continued = [span for _, span in asked if span.endswith(f"-{FIRST_READ_BYTES - 1}")]
    assert len(continued) == 4
    assert sum(span.startswith("bytes=0-") for span in continued) == 2


def test_a_server_that_goes_away_is_said_to_and_read_when_it_is_back(
    caddy: Caddy, expected: FieldSummary, tmp_path: Path
) -> None:
    warns = "A store could not be reached."
    with serving(tmp_path, f"127.0.0.1:{caddy.http}", warns=warns) as service:
        ndvi = client_of(service)
        caddy.stop()
        try:
            with pytest.raises(ServiceUnavailableError) as raised:
                summary(ndvi, at(caddy.http), FIELD)
        finally:
            caddy.start()

        assert raised.value.reason == "STORE_UNAVAILABLE"
        assert summary(ndvi, at(caddy.http), FIELD) == expected
