"""What the Caddyfile promises, with the real Caddy before a server that tells what reached it."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from stack import parts
from stack.config import StackConfig, stack_config
from stack.preflight import make_folders
from stacks import environment, json_lines, unexpected_lines, wait_until

MIB = 1024 * 1024
UPLOAD = "/api/v1/farms/7/scenes/"


class Upstream(BaseHTTPRequestHandler):
    """Answers with the headers that reached it and the length of the body."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        """Tell what came."""
        if self.path in {"/slow", "/rude"}:
            # Hangs up in the end; the slow one after everybody's patience.
            time.sleep(3 if self.path == "/slow" else 0)
            self.close_connection = True
            return
        length = sum(len(piece) for piece in self.pieces())
        headers = [[name, value] for name, value in self.headers.items()]
        body = json.dumps({"headers": headers, "bytes": length, "fill": "x" * 2000}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-Id", "from-upstream")
        self.send_header("X-Frame-Options", "SAMEORIGIN")
        self.end_headers()
        self.wfile.write(body)

    def pieces(self) -> Iterator[bytes]:
        """Read the body, of announced length or in chunks (RFC 9112, section 7.1)."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline() or b"0", 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", 0))
        while left and (piece := self.rfile.read(min(MIB, left))):
            left -= len(piece)
            yield piece

    do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A running Caddy."""

    config: StackConfig

    def plain(self, method: str, path: str, **options: object) -> Answer:
        """Ask over plain HTTP on loopback."""
        port = self.config.ports.http.number
        return _ask(HTTPConnection("localhost", port, timeout=20), method, path, **options)

    def secure(self, method: str, path: str, **options: object) -> Answer:
        """Ask over HTTPS, trusting Caddy's own root and nothing else."""
        trust = ssl.create_default_context(cafile=str(self.config.root_certificate))
        port = self.config.ports.https.number
        connection = HTTPSConnection("localhost", port, timeout=20, context=trust)
        return _ask(connection, method, path, **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, headers, body."""

    status: int
    headers: dict[str, list[str]]  # names in lower case
    body: bytes

    def json(self) -> dict[str, object]:
        """The body as an object."""
        parsed = json.loads(self.body)
        assert isinstance(parsed, dict)
        return parsed

    def seen(self, name: str) -> list[str]:
        """Values of a header as the upstream saw it."""
        headers = self.json()["headers"]
        assert isinstance(headers, list)
        return [value for key, value in headers if key.lower() == name.lower()]


def _ask(connection: HTTPConnection, method: str, path: str, **options: object) -> Answer:
    with closing(connection):
        # Who refuses a body may answer and hang up before all of it was sent.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, **options)  # type: ignore[arg-type]
        got: HTTPResponse = connection.getresponse()
        headers: dict[str, list[str]] = {}
        for name, value in got.getheaders():
            headers.setdefault(name.lower(), []).append(value)
        return Answer(status=got.status, headers=headers, body=got.read())


@contextmanager
def running_edge(folder: Path, *, web: str, **more: str) -> Iterator[Edge]:
    config = stack_config(environment(folder, **more))
    make_folders(config)
    part = parts.caddy(config)
    with (config.log_dir / "caddy.log").open("w") as log:
        process = subprocess.Popen(
            part.command, env={**part.environment, "FURROW_WEB": web}, stdout=log, stderr=log
        )
    try:
        wait_until(
            lambda: _listens(config.ports.https.number) and config.root_certificate.exists(),
            within_s=20,
            what="Caddy",
        )
        yield Edge(config=config)
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def upstream_server() -> Iterator[str]:
    """The address of an upstream of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    web = f"127.0.0.1:{upstream.server_port}"
    try:
        with running_edge(
            folder, web=web, FURROW_UPLOAD_MAX_BYTES=str(20 * MIB), FURROW_HTTP_BUDGET="1s"
        ) as running:
            statics = running.config.static_dir
            (statics / "app.0123456789ab.css").write_text("body { color: green }\n" * 100)
            (statics / "app.0123456789ab.css.gz").write_bytes(gzip.compress(b"body {}" * 100))
            (statics / "plain.txt").write_text("plain")
            (statics / ".hidden").write_text("secret")
            yield running
        # What the tests provoke: a body too long, a server that hangs up, one that is slow.
        provoked = ("http.log.error", '"status":413', '"status":502', '"status":504')
        assert unexpected_lines(running.config.log_dir, expected=provoked) == []
    finally:
        upstream.shutdown()
        upstream.server_close()


def test_https_is_signed_by_the_root_that_caddy_made(edge: Edge) -> None:
    assert edge.secure("GET", "/").status == 200


def test_hsts_is_sent_over_https_only(edge: Edge) -> None:
    secure, plain = edge.secure("GET", "/"), edge.plain("GET", "/")

    assert secure.headers["strict-transport-security"] == ["max-age=60"]
    assert "strict-transport-security" not in plain.headers


def test_a_named_site_keeps_hsts_for_a_year(short_folder: Path) -> None:
    environment_of_site = environment(short_folder, FURROW_SITE="farm.example")

    part = parts.caddy(stack_config(environment_of_site))

    assert "FURROW_HSTS_S" not in part.environment
    assert "https://farm.example:" in part.environment["FURROW_HTTPS_SITES"]


def test_plain_http_listens_on_loopback_only(edge: Edge) -> None:
    table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    port = f"{edge.config.ports.http.number:04X}"
    listening = [
        line.split()[1]
        for line in table.splitlines()
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port}")
    ]

    assert listening == [f"0100007F:{port}"]


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/metrics/",
        "/metrics/django",
        "/metrics/%64jango",
        "/METRICS",
        "//metrics",
        "/%6detrics",
        "/./metrics",
        "/x/../metrics",
        "/metrics?name[]=x",
        "/readyz",
        "/healthz",
        "/livez",
    ],
)
def test_internal_routes_do_not_exist_from_outside(edge: Edge, path: str) -> None:
    for answer in (edge.plain("GET", path), edge.secure("GET", path)):
        assert answer.status == 404
        assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For",
        "X_Forwarded_For",
        "x-forwarded_for",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
        "Forwarded",
        "X-Real-IP",
        "X_Request_Id",
        "X-Request-Id",
        "X-Accel-Redirect",
        "Remote_User",
    ],
)
def test_what_a_client_says_of_its_own_way_is_dropped(edge: Edge, header: str) -> None:
    answer = edge.plain("GET", "/", headers={header: "6.6.6.6"})

    assert "6.6.6.6" not in json.dumps(answer.json())


def test_the_upstream_learns_what_caddy_saw(edge: Edge) -> None:
    answer = edge.secure("GET", "/", headers={"X-Forwarded-For": "6.6.6.6"})

    assert answer.seen("X-Forwarded-For") in (["127.0.0.1"], ["::1"])
    assert answer.seen("X-Forwarded-Proto") == ["https"]
    assert answer.seen("X-Forwarded-Host") == [f"localhost:{edge.config.ports.https.number}"]


def test_one_request_id_stands_in_request_answer_and_log(edge: Edge) -> None:
    answer = edge.plain("GET", "/")

    (request_id,) = answer.headers["x-request-id"]
    assert answer.seen("X-Request-Id") == [request_id]
    log = edge.config.log_dir / "access.log"
    wait_until(lambda: request_id in log.read_text(), within_s=5, what="the log line")


def test_trace_context_passes(edge: Edge) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    assert edge.plain("GET", "/", headers={"traceparent": trace}).seen("traceparent") == [trace]


def test_a_body_beyond_the_limit_is_a_413_as_a_problem_document(edge: Edge) -> None:
    answer = edge.plain("POST", "/api/v1/farms/", body=bytes(17 * MIB))

    assert answer.status == 413
    assert answer.headers["content-type"] == ["application/problem+json"]
    assert answer.json()["code"] == "too_large"
    assert answer.json()["type"] == "urn:furrow:problem:too_large"
    assert answer.json()["instance"] == "/api/v1/farms/"
    assert answer.json()["request_id"] == answer.headers["x-request-id"][0]


def test_no_path_breaks_the_edges_problem_document(edge: Edge) -> None:
    answer = edge.plain("POST", "/api/%22%7D%0A%7Bpath%7D", body=bytes(17 * MIB))

    assert answer.json()["instance"] == "/"


def test_a_body_of_unknown_length_is_cut_at_the_limit(edge: Edge) -> None:
    pieces = iter([bytes(MIB)] * 17)

    answer = edge.plain("POST", "/api/v1/farms/", body=pieces)

    assert answer.status == 413
    assert answer.json()["code"] == "too_large"


def test_a_body_below_the_limit_passes(edge: Edge) -> None:
    assert edge.plain("POST", "/api/v1/farms/", body=bytes(15 * MIB)).json()["bytes"] == 15 * MIB


def test_a_scene_may_be_larger_than_other_bodies(edge: Edge) -> None:
    assert edge.plain("POST", UPLOAD, body=bytes(19 * MIB)).json()["bytes"] == 19 * MIB
    assert edge.plain("POST", UPLOAD, body=bytes(21 * MIB)).status == 413
    assert edge.plain("PUT", UPLOAD, body=bytes(19 * MIB)).status == 413


def test_security_headers_are_there_and_the_upstream_may_be_stricter(edge: Edge) -> None:
    headers = edge.plain("GET", "/").headers

    assert headers["x-content-type-options"] == ["nosniff"]
    assert headers["referrer-policy"] == ["same-origin"]
    assert headers["x-frame-options"] == ["SAMEORIGIN"]
    assert "server" not in headers
    assert "via" not in headers


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_json_is_compressed_when_asked(edge: Edge, coding: str) -> None:
    answer = edge.plain("GET", "/", headers={"Accept-Encoding": coding})

    assert answer.headers["content-encoding"] == [coding]
    assert len(answer.body) < 1000


def test_static_files_with_a_digest_are_kept_for_ever(edge: Edge) -> None:
    answer = edge.plain("GET", "/static/app.0123456789ab.css", headers={"Accept-Encoding": "gzip"})

    assert answer.status == 200
    assert answer.headers["cache-control"] == ["public, max-age=31536000, immutable"]
    assert gzip.decompress(answer.body) == b"body {}" * 100


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/.hidden",
        "/static/none.css",
        "/static/../caddy/pki/authorities/local/root.key",
        "/static/%2e%2e/caddy/pki/authorities/local/root.key",
    ],
)
def test_the_static_folder_shows_nothing_else(edge: Edge, path: str) -> None:
    answer = edge.plain("GET", path)

    assert b"PRIVATE" not in answer.body
    assert answer.status == 404 or b"headers" in answer.body  # left the folder: an ordinary path


def test_credentials_stay_out_of_the_access_log(edge: Edge) -> None:
    secrets = {"Authorization": "Api-Key s3cret-a", "Cookie": "sessionid=s3cret-b"}

    answer = edge.plain("GET", "/", headers={**secrets, "X-Api-Key": "s3cret-c"})

    log = edge.config.log_dir / "access.log"
    request_id = answer.headers["x-request-id"][0]
    wait_until(lambda: request_id in log.read_text(), within_s=5, what="the log line")
    assert "s3cret" not in log.read_text()
    assert json_lines(log)[-1]["status"] == 200


def test_a_server_that_takes_too_long_is_a_504(edge: Edge) -> None:
    answer = edge.plain("GET", "/slow")

    assert answer.status == 504
    assert answer.json()["code"] == "http_504"
    assert answer.headers["retry-after"] == ["5"]


def test_a_server_that_hangs_up_is_a_502_without_its_details(edge: Edge) -> None:
    answer = edge.plain("GET", "/rude")

    assert answer.status == 502
    assert b"127.0.0.1" not in answer.body


def test_the_admin_interface_is_not_reached_through_the_sites(edge: Edge) -> None:
    assert b"apps" not in edge.plain("GET", "/config/").body.replace(b"maps", b"")


def test_tiles_go_to_furrow_ndvi_without_credentials_and_their_signatures_not_into_the_log(
    short_folder: Path,
) -> None:
    secret = {"Authorization": "Bearer secret", "Cookie": "sessionid=secret", "X-Api-Key": "secret"}
    with upstream_server() as web, upstream_server() as tiles:
        port = tiles.rpartition(":")[2]
        with running_edge(short_folder, web=web, FURROW_NDVI_ADMIN_PORT=port) as edge:
            signed = "/tiles/7/9f86d0/1800000000/c2lnbmF0dXJl/14/8329/5498.png"
            tile = edge.plain("GET", signed, headers=secret)
            page = edge.plain("GET", "/tile", headers=secret)
            climbing = [
                edge.plain("GET", path)
                for path in ("/tiles/../metrics", "/tiles/%2e%2e/metrics", "//tiles/../readyz")
            ]
            log = edge.config.log_dir / "access.log"
            wait_until(lambda: signed[:20] in log.read_text(), within_s=10, what="the log")

            assert tile.status == 200
            assert tile.seen("Host") == [f"localhost:{edge.config.ports.http.number}"]
            assert all(tile.seen(name) == [] for name in secret)
            assert page.seen("X-Api-Key") == ["secret"]
            assert all(answer.status in {400, 404} for answer in climbing)
            logged = log.read_text()
            assert "/tiles/7/9f86d0/1800000000/-/14/8329/5498.png" in logged
            assert "c2lnbmF0dXJl" not in logged
