"""`make up` as a newcomer meets it: the whole stack, the real programs, the demo's log-ins."""

from __future__ import annotations

import json
import math
import re
import ssl
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from stacks import RunningStack, json_lines, wait_until
from visitor import Visitor

from farm.demo.logins import ADMIN, OWNER, VIEWER


@pytest.fixture(scope="module")
def owner(stack: RunningStack) -> Visitor:
    return Visitor(stack, OWNER)


@pytest.fixture(scope="module")
def farm_id(owner: Visitor) -> int:
    (farm,) = owner.get("/api/v1/farms/")["results"]
    return int(farm["id"])


@pytest.fixture(scope="module")
def field_id(owner: Visitor, farm_id: int) -> int:
    return int(owner.get(f"/api/v1/farms/{farm_id}/fields/")["features"][0]["id"])


def wait_until_logged(log: Path, request_id: str) -> None:
    wait_until(lambda: request_id in log.read_text(), within_s=5, what=f"a line in {log.name}")


def test_addresses_and_log_ins_are_printed(stack: RunningStack) -> None:
    assert stack.config.http_url in stack.output
    assert stack.config.https_url in stack.output
    for username in (OWNER, VIEWER, ADMIN):
        assert re.search(rf"{username}\s+\S{{12}}", stack.output)


def test_log_ins_are_readable_by_their_owner_alone(stack: RunningStack) -> None:
    kept = stack.config.data_dir / "demo-logins.txt"

    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("path", ["/", "/api/docs/", "/api/schema/", "/admin/login/"])
def test_pages_answer(stack: RunningStack, path: str) -> None:
    status, _, body = Visitor(stack).ask("GET", path)

    assert status == 200
    assert body


def test_static_files_carry_a_digest_and_are_served_by_caddy(stack: RunningStack) -> None:
    _, _, page = Visitor(stack).ask("GET", "/admin/login/")
    found = re.search(rb'href="(/static/admin/css/base\.[0-9a-f]{12}\.css)"', page)
    assert found

    status, headers, _ = Visitor(stack).ask("GET", found[1].decode())

    assert status == 200
    assert "immutable" in headers["cache-control"]


def test_https_is_verified_by_caddys_own_root(stack: RunningStack) -> None:
    trust = ssl.create_default_context(cafile=str(stack.config.root_certificate))
    for host in ("localhost", "127.0.0.1"):
        connection = HTTPSConnection(host, stack.config.ports.https.number, context=trust)
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        assert answer.getheader("Strict-Transport-Security")
        connection.close()


@pytest.mark.parametrize("path", ["/metrics", "/metrics/django", "/readyz", "/healthz"])
def test_internal_routes_are_closed_from_outside(stack: RunningStack, path: str) -> None:
    assert Visitor(stack).ask("GET", path)[0] == 404


def test_the_demo_has_numbers_for_every_field(owner: Visitor, farm_id: int) -> None:
    fields = owner.get(f"/api/v1/farms/{farm_id}/fields/")["features"]

    assert len(fields) >= 3
    for field in fields:
        series = owner.get(f"/api/v1/fields/{field['id']}/indices/ndvi/timeseries")
        means = series["columns"]["mean"]
        assert len(means) >= 3
        assert all(mean is None or -1 <= mean <= 1 for mean in means)


def test_a_picture_comes_through_all_parts_and_is_kept_by_its_etag(
    owner: Visitor, field_id: int
) -> None:
    path = f"/api/v1/fields/{field_id}/indices/ndvi/raster.png"

    status, headers, picture = owner.ask("GET", path)

    assert status == 200, picture
    assert picture.startswith(b"\x89PNG")
    again, _, nothing = owner.ask("GET", path, headers={"If-None-Match": headers["etag"]})
    assert (again, nothing) == (304, b"")


def test_a_map_gets_tiles_by_signed_addresses_and_nobody_else_does(
    stack: RunningStack, owner: Visitor, field_id: int
) -> None:
    found = owner.get(f"/api/v1/fields/{field_id}/indices/ndvi/tiles")
    west, south, east, north = found["bounds"]
    zoom = found["maxzoom"]
    column = int(((west + east) / 2 + 180) / 360 * 2**zoom)
    latitude = math.radians((south + north) / 2)
    row = int((1 - math.asinh(math.tan(latitude)) / math.pi) / 2 * 2**zoom)
    place = {"{z}": str(zoom), "{x}": str(column), "{y}": str(row)}
    address = urlsplit(found["tiles"][0]).path
    for name, number in place.items():
        address = address.replace(name, number)
    stranger = Visitor(stack)

    status, headers, picture = stranger.ask("GET", address)

    assert status in {200, 204}, picture
    assert headers["cache-control"].startswith("private, max-age=")
    assert "x-request-id" in headers
    again = stranger.ask("GET", address, headers={"If-None-Match": headers["etag"]})
    assert again[0] == 304
    other = address.replace(f"/{zoom}/", f"x/{zoom}/")
    assert stranger.ask("GET", other)[0] == 403


def test_one_request_id_stands_in_the_logs_of_both_languages(
    stack: RunningStack, owner: Visitor, field_id: int
) -> None:
    _, headers, _ = owner.ask("GET", f"/api/v1/fields/{field_id}/indices/evi2/raster.png")

    request_id = headers["x-request-id"]
    for part in ("web", "furrow-ndvi", "access"):
        wait_until_logged(stack.config.log_dir / f"{part}.log", request_id)


def test_a_client_cannot_lie_about_its_address(stack: RunningStack) -> None:
    _, headers, _ = Visitor(stack).ask(
        "GET",
        "/api/v1/indices/",
        headers={"X-Forwarded-For": "6.6.6.6", "X_Forwarded_For": "6.6.6.6"},
    )

    request_id = headers["x-request-id"]
    log = stack.config.log_dir / "web.log"
    wait_until_logged(log, request_id)
    (line,) = [e for e in json_lines(log) if e.get("request_id") == request_id]
    assert line["client"] == "127.0.0.1"


def test_a_viewer_sees_and_does_not_write(stack: RunningStack, farm_id: int) -> None:
    viewer = Visitor(stack, VIEWER)

    assert viewer.get(f"/api/v1/farms/{farm_id}/")["id"] == farm_id
    status, _, body = viewer.ask(
        "PATCH",
        f"/api/v1/farms/{farm_id}/",
        b'{"name": "mine"}',
        headers={"Content-Type": "application/json"},
    )
    assert status == 403, body


def test_an_upload_that_is_no_raster_is_refused_in_words(owner: Visitor, farm_id: int) -> None:
    edge = "furrow-test-boundary"
    body = (
        f"--{edge}\r\n"
        'Content-Disposition: form-data; name="files"; filename="B04.tif"\r\n'
        "Content-Type: image/tiff\r\n\r\nnot a raster at all\r\n"
        f"--{edge}--\r\n"
    ).encode()

    status, headers, answer = owner.ask(
        "POST",
        f"/api/v1/farms/{farm_id}/scenes/",
        body,
        headers={"Content-Type": f"multipart/form-data; boundary={edge}"},
    )

    assert 400 <= status < 500, answer
    assert headers["content-type"] == "application/problem+json"


def prometheus(stack: RunningStack, path: str) -> Any:
    connection = HTTPConnection("127.0.0.1", stack.config.ports.prometheus.number, timeout=10)
    try:
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read())
        assert answer["status"] == "success", answer
        return answer["data"]
    finally:
        connection.close()


def test_prometheus_finds_every_part_up(stack: RunningStack) -> None:
    def health() -> dict[str, str]:
        targets = prometheus(stack, "/api/v1/targets")["activeTargets"]
        return {target["labels"]["job"]: target["health"] for target in targets}

    everything_up = dict.fromkeys(
        ("django", "furrow-metrics", "furrow-ndvi", "furrow-weather", "caddy", "prometheus"), "up"
    )
    wait_until(lambda: health() == everything_up, within_s=45, what=f"{everything_up}")


def test_the_start_prints_nothing_of_the_way_it_came(stack: RunningStack) -> None:
    assert "Traceback" not in stack.output


def test_data_folder_is_closed_to_others(stack: RunningStack) -> None:
    for name in ("secret_key", "demo-logins.txt"):
        mode = (stack.config.data_dir / name).stat().st_mode & 0o777
        assert mode == 0o600, Path(name)
