"""Half a minute of everything that a dashboard shows, failures included."""

from __future__ import annotations

import json
import math
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlsplit

import grpc
import pytest
from stack.parts import environment
from stacks import ROOT, RunningStack, wait_until
from visitor import Visitor
from weather_provider import BROKEN, FIREWALL, IMPOSSIBLE

from farm.clients.channel import channel_to, close_channels
from farm.clients.services import WEATHER
from farm.demo.logins import OWNER, VIEWER
from farm.rpc.weather.v1.weather_pb2 import AggregateDaysRequest
from farm.rpc.weather.v1.weather_pb2_grpc import WeatherServiceStub

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
    end_jobs(stack, owner, farm=farm["id"])
    hold_furrow_ndvi(stack, owner, field=field)
    fetch_weather(owner)
    ask_for_a_zone_that_is_none(stack)
    rounds = round_of_requests(stack, owner=owner, viewer=viewer, farm=farm["id"], field=field)
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        rounds()
    lay_down_a_damaged_file(stack)


def round_of_requests(
    stack: RunningStack, *, owner: Visitor, viewer: Visitor, farm: int, field: int
) -> Callable[[], None]:
    """Requests of every kind: good ones, and each sort of mistake."""
    tile = tile_address(owner, field)
    number = iter(range(256, 100_000))
    ndvi = f"/api/v1/fields/{field}/indices/ndvi"
    stranger = Visitor(stack)

    def once() -> None:
        # On a busy machine a process may doubt furrow-ndvi for a moment; that is an answer too.
        busy = 503
        answers = (
            ({200}, owner.ask("GET", f"{ndvi}/timeseries")),
            ({200, busy}, owner.ask("GET", f"/api/v1/farms/{farm}/weather/daily/")),
            ({200, busy}, owner.ask("GET", f"/api/v1/farms/{farm}/weather/windows/spray/")),
            ({200, busy}, owner.ask("GET", f"/api/v1/fields/{field}/water-balance/")),
            ({200, busy}, owner.ask("GET", f"{ndvi}/raster.png?size={next(number)}")),
            ({404}, owner.ask("GET", "/api/v1/farms/0/")),
            ({404}, owner.ask("GET", "/nothing/at/all")),
            ({403}, viewer.ask("PATCH", f"/api/v1/farms/{farm}/", b"{}", JSON)),
            ({401}, stranger.ask("GET", "/api/v1/farms/")),
            ({422, busy}, send_no_raster(owner, farm)),
            ({403}, stranger.ask("GET", with_another_signature(tile))),
            ({200, 204, busy}, stranger.ask("GET", tile)),
        )
        for allowed, (status, _, body) in answers:
            assert status in allowed, (allowed, status, body)
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


def with_another_signature(tile: str) -> str:
    """An address that nobody signed."""
    signed, zoom, column, row = tile.rsplit("/", 3)
    return f"{signed}x/{zoom}/{column}/{row}"


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


def fetch_weather(owner: Visitor) -> None:
    """Ask for the weather of places with and without any, in the ways that reach a provider."""
    for latitude in (FIREWALL, BROKEN, IMPOSSIBLE, 50):
        # A page of a firewall is no weather, and neither is a failure.
        path = f"/api/v1/weather/hourly/?latitude={latitude}.5&longitude=4.5"
        status, _, body = owner.ask("GET", path)
        assert status in {200, 404, 503}, body
    farm = owner.post("/api/v1/farms/", {"name": "Fetched", "time_zone": "Europe/Brussels"})["id"]
    place = {"longitude": 4.7, "latitude": 50.9}
    path = f"/api/v1/farms/{farm}/weather/location/"
    status, _, body = owner.ask("PUT", path, json.dumps(place).encode(), JSON)
    assert status == 200, body
    status, _, body = owner.ask("POST", f"/api/v1/farms/{farm}/weather/refresh/", b"{}", JSON)
    assert status == 202, body
    job = f"/api/v1/jobs/{json.loads(body)['id']}/"
    wait_until(partial(_has_ended, owner, job, "succeeded"), within_s=60, what="fetched weather")


def ask_for_a_zone_that_is_none(stack: RunningStack) -> None:
    """Send furrow-weather what Django would not."""
    channel = channel_to(f"unix:{stack.config.run_dir / 'weather.sock'}", WEATHER)
    stub = WeatherServiceStub(channel)  # type: ignore[no-untyped-call]
    with pytest.raises(grpc.RpcError):
        stub.AggregateDays(AggregateDaysRequest(time_zone="Nowhere/Here"), timeout=10)
    close_channels()


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
    """Put among the files of the Python processes one whose only entry ends beyond its end.

    Django's own view answers nothing any more then, so this comes last.
    """
    used, key_length = struct.pack("<ii", 24, 0), struct.pack("<i", 1 << 20)
    (stack.config.metrics_dir / "counter_63.db").write_bytes(used + key_length + b"\0" * 4084)


def end_jobs(stack: RunningStack, owner: Visitor, *, farm: int) -> None:
    """Read two scenes anew: one as it is, and one whose files are no longer what they were."""
    *_, good, bad = owner.get(f"/api/v1/farms/{farm}/scenes/")["results"]
    day = bad["acquired_at"][:10].replace("-", "")
    for path in stack.config.store_dir.rglob(f"*{day}*.tif"):
        path.chmod(0o600)
        path.write_bytes(b"not what it was")
    for scene, end in ((bad, "failed"), (good, "succeeded")):
        status, _, body = owner.ask("POST", f"/api/v1/scenes/{scene['id']}/ingest/", b"{}", JSON)
        assert status == 202, body
        job = f"/api/v1/jobs/{json.loads(body)['id']}/"
        wait_until(partial(_has_ended, owner, job, end), within_s=30, what=f"a job that {end}")


def _has_ended(owner: Visitor, job: str, end: str) -> bool:
    state: str = owner.get(job)["state"]
    return state == end


def hold_furrow_ndvi(stack: RunningStack, owner: Visitor, *, field: int) -> None:
    """Hold the service still until calls to it are refused at once, then let it go on."""
    (pid,) = stack.pids("furrow-ndvi")
    sizes = iter(range(500, 1000))

    def picture() -> int:
        return ask_for_picture()[0]

    def ask_for_picture() -> tuple[int, bytes]:
        path = f"/api/v1/fields/{field}/indices/ndvi/raster.png?size={next(sizes)}"
        status, _, body = owner.ask("GET", path)
        return status, body

    os.kill(pid, signal.SIGSTOP)
    try:
        # Each of the web server's processes has to find out for itself.
        with ThreadPoolExecutor(4) as pool:
            first = [pool.submit(picture) for _ in range(4)]
            wait_until(
                lambda: b"CIRCUIT_OPEN" in ask_for_picture()[1],
                within_s=45,
                what="an early refusal",
            )
            os.kill(pid, signal.SIGCONT)
            assert {answer.result(40) for answer in first} <= {200, 503, 504}
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(
        lambda: all(picture() == 200 for _ in range(8)),
        within_s=20,
        what="pictures from every process",
    )
