"""Half a minute of everything that a dashboard shows, failures included."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

from stack.parts import environment
from stacks import ROOT, RunningStack, wait_until
from visitor import Visitor

from farm.demo.logins import OWNER, VIEWER

JSON = {"Content-Type": "application/json"}
EDGE = "furrow-test-boundary"


def drive(stack: RunningStack, *, for_s: float) -> None:
    """Use the stack in every way that leaves a trace in its metrics.

    Args:
        stack: The stack, with its demo farm.
        for_s: How long the ordinary requests go on, seconds.
    """
    owner, viewer = Visitor(stack, OWNER), Visitor(stack, VIEWER)
    (farm,) = owner.get("/api/v1/farms/")["results"]
    fields = owner.get(f"/api/v1/farms/{farm['id']}/fields/")["features"]
    field = fields[0]["id"]

    report_from_a_command(stack)
    lay_down_a_damaged_file(stack)
    fail_a_job(stack, owner, farm=farm["id"])
    hold_furrow_ndvi(stack, owner, field=field)
    rounds = round_of_requests(stack, owner=owner, viewer=viewer, farm=farm["id"], field=field)
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        rounds()


def round_of_requests(
    stack: RunningStack, *, owner: Visitor, viewer: Visitor, farm: int, field: int
) -> Callable[[], None]:
    """Requests of every kind: good ones, and each sort of mistake."""
    tile = tile_address(owner, field)
    number = iter(range(256, 100_000))
    ndvi = f"/api/v1/fields/{field}/indices/ndvi"
    stranger = Visitor(stack)

    def once() -> None:
        expected = {
            (200, "GET", f"{ndvi}/timeseries"): owner.ask("GET", f"{ndvi}/timeseries"),
            (200, "GET", "picture"): owner.ask("GET", f"{ndvi}/raster.png?size={next(number)}"),
            (404, "GET", "farm"): owner.ask("GET", "/api/v1/farms/0/"),
            (404, "GET", "nothing"): owner.ask("GET", "/nothing/at/all"),
            (403, "PATCH", "farm"): viewer.ask("PATCH", f"/api/v1/farms/{farm}/", b"{}", JSON),
            (401, "GET", "farms"): stranger.ask("GET", "/api/v1/farms/"),
            (422, "POST", "scene"): send_no_raster(owner, farm),
            (403, "GET", "tile"): stranger.ask("GET", tile.replace("/tiles/", "/tiles/x")),
        }
        for (status, method, what), (found, _, body) in expected.items():
            assert found == status, (method, what, found, body)
        assert stranger.ask("GET", tile)[0] in {200, 204}
        read_django_s_own_view(stack)

    return once


def tile_address(owner: Visitor, field: int) -> str:
    """Address of the tile in the middle of a field."""
    found = owner.get(f"/api/v1/fields/{field}/indices/ndvi/tiles")
    west, south, east, north = found["bounds"]
    zoom = found["maxzoom"]
    column = int(((west + east) / 2 + 180) / 360 * 2**zoom)
    latitude = math.radians((south + north) / 2)
    row = int((1 - math.asinh(math.tan(latitude)) / math.pi) / 2 * 2**zoom)
    address: str = urlsplit(found["tiles"][0]).path
    for name, number in {"{z}": zoom, "{x}": column, "{y}": row}.items():
        address = address.replace(name, str(number))
    return address


def send_no_raster(owner: Visitor, farm: int) -> tuple[int, dict[str, str], bytes]:
    """Upload a text that calls itself a TIFF."""
    body = (
        f"--{EDGE}\r\n"
        'Content-Disposition: form-data; name="files"; filename="B04.tif"\r\n'
        "Content-Type: image/tiff\r\n\r\nnot a raster at all\r\n"
        f"--{EDGE}--\r\n"
    ).encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={EDGE}"}
    return owner.ask("POST", f"/api/v1/farms/{farm}/scenes/", body, kind)


def read_django_s_own_view(stack: RunningStack) -> None:
    """As an old scrape configuration does."""
    connection = HTTPConnection("127.0.0.1", stack.config.ports.web.number, timeout=20)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    finally:
        connection.close()


def report_from_a_command(stack: RunningStack) -> None:
    """Run a management command, which reports what it counted when it ends."""
    subprocess.run(
        [sys.executable, ROOT / "manage.py", "load_demo"],
        env=environment(stack.config),
        check=True,
        capture_output=True,
        timeout=60,
    )


def lay_down_a_damaged_file(stack: RunningStack) -> None:
    """Put garbage among the files of the Python processes."""
    (stack.config.metrics_dir / "counter_garbage.db").write_bytes(b"\xff" * 4096)


def fail_a_job(stack: RunningStack, owner: Visitor, *, farm: int) -> None:
    """Read a scene anew whose file is no longer what it was."""
    scene = owner.get(f"/api/v1/farms/{farm}/scenes/")["results"][-1]
    day = scene["acquired_at"][:10].replace("-", "")
    for path in stack.config.store_dir.rglob(f"*{day}*.tif"):
        path.chmod(0o600)
        path.write_bytes(b"not what it was")
    status, _, body = owner.ask("POST", f"/api/v1/scenes/{scene['id']}/ingest/", b"{}", JSON)
    assert status in {200, 201, 202}, body
    job = json.loads(body)

    def has_failed() -> bool:
        state: str = owner.get(f"/api/v1/jobs/{job['id']}/")["state"]
        return state == "failed"

    wait_until(has_failed, within_s=20, what="the job's failure")


def hold_furrow_ndvi(stack: RunningStack, owner: Visitor, *, field: int) -> None:
    """Hold the service still until calls to it are refused at once, then let it go on."""
    (pid,) = stack.pids("furrow-ndvi")
    sizes = iter(range(500, 1000))

    def picture() -> int:
        size = next(sizes)
        return owner.ask("GET", f"/api/v1/fields/{field}/indices/ndvi/raster.png?size={size}")[0]

    os.kill(pid, signal.SIGSTOP)
    try:
        # Each of the web server's processes has to find out for itself.
        with ThreadPoolExecutor(4) as pool:
            first = [pool.submit(picture) for _ in range(4)]
            wait_until(lambda: picture() == 503, within_s=20, what="an early refusal")
            assert {picture() for _ in range(4)} <= {503, 504}
            os.kill(pid, signal.SIGCONT)
            assert {answer.result(40) for answer in first} <= {200, 503, 504}
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(
        lambda: all(picture() == 200 for _ in range(8)),
        within_s=20,
        what="pictures from every process",
    )
