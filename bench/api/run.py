"""Measure the CPU that Django spends on a request: the real server over a filled database.

One process of the stack's own web server, one connection that stays open, batches of requests in
turn; CPU time is read from the kernel's nanosecond counters of the process, so it holds the HTTP
server's own work too. See README.md.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from bench.machine import machine  # noqa: E402

READY_WITHIN_S = 30.0
BUDGET_MS = 2.5  # of a field's latest number, at the median


@dataclass(slots=True, kw_only=True)
class Route:
    """A request under measurement."""

    name: str
    path: str
    credential: str
    cpu_ms: list[float] = field(default_factory=list)  # per request, one entry a batch
    wall_ms: list[float] = field(default_factory=list)
    body_bytes: int = 0


def environment(folder: Path) -> dict[str, str]:
    """What the stack gives its web server, in a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FURROW_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
        "FURROW_DATA_DIR": str(folder / "data"),
        "FURROW_NDVI_TARGET": f"unix:{folder / 'nobody.sock'}",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def web(folder: Path, port: int) -> Iterator[int]:
    """Run the web server with one process; yields that process's id."""
    command = [
        sys.executable, "-m", "orchestrator.web_server",
        "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    with (folder / "web.log").open("wb") as log:
        leader = subprocess.Popen(
            command, cwd=ROOT, env=environment(folder), stderr=log, start_new_session=True
        )
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while not is_ready(port):
            if leader.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((folder / "web.log").read_text())
            time.sleep(0.1)
        (worker,) = children(leader.pid)
        yield worker
    finally:
        leader.terminate()
        try:
            leader.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(leader.pid, signal.SIGKILL)
            leader.wait()


def is_ready(port: int) -> bool:
    """Whether the process answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def children(leader: int) -> list[int]:
    """Processes whose parent is the leader and that run Python."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                columns = (process / "stat").read_text().rpartition(")")[2].split()
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if int(columns[1]) == leader and b"resource_tracker" not in command:
                found.append(int(process.name))
    return found


def cpu_ns(process: int) -> int:
    """CPU time of all threads of a process, nanoseconds."""
    total = 0
    for task in Path(f"/proc/{process}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


def batch(
    route: Route, *, connection: http.client.HTTPConnection, worker: int, requests: int
) -> None:
    """Send a batch and note CPU and time per request."""
    headers = {"Authorization": route.credential} if route.credential else {}
    before, begun = cpu_ns(worker), time.perf_counter()
    for _ in range(requests):
        connection.request("GET", route.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{route.path}: {answer.status} {body[:500]!r}")
        route.body_bytes = len(body)
    route.wall_ms.append((time.perf_counter() - begun) * 1000 / requests)
    route.cpu_ms.append((cpu_ns(worker) - before) / 1e6 / requests)


def routes(known: dict[str, Any]) -> list[Route]:
    """What is measured."""
    key, token = f"Api-Key {known['key']}", f"Bearer {known['token']}"
    field_base = f"/api/v1/fields/{known['field']}/indices/ndvi"
    farm_base = f"/api/v1/farms/{known['farm']}/ndvi"
    return [
        Route(name="the server and its health page", path="/healthz", credential=""),
        Route(name="a field's latest, API key", path=f"{field_base}/latest", credential=key),
        Route(name="a field's latest, JWT", path=f"{field_base}/latest", credential=token),
        Route(name="a field's series, API key", path=f"{field_base}/timeseries", credential=key),
        Route(name="a farm's latest, API key", path=f"{farm_base}/latest", credential=key),
    ]


def report(measured: list[Route], *, observations: int, batches: int, requests: int) -> str:
    """A table of medians with the lowest and highest batch."""
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("granian", "django", "djangorestframework")
    )
    latest = next(route for route in measured if "latest, API key" in route.name)
    median = statistics.median(latest.cpu_ms)
    verdict = "within" if median <= BUDGET_MS else "beyond"
    lines = [
        f"# CPU of a request in Django, {time.strftime('%Y-%m-%d', time.gmtime())}",
        "",
        f"Machine: {machine()}. Load average at the end: {os.getloadavg()[0]:.1f}.",
        f"Packages: {packages}. SQLite with {observations:,} observations; metrics and access log"
        " as in the stack.",
        f"{batches} batches of {requests} requests each, routes in turn, one kept connection. CPU"
        " of the whole worker process, user and system. Median (lowest–highest batch).",
        "",
        "| request | CPU ms | time ms | answer bytes |",
        "|---|---|---|---|",
    ]
    for route in measured:
        cells = [
            f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"
            for values in (route.cpu_ms, route.wall_ms)
        ]
        lines.append(f"| {route.name} | {cells[0]} | {cells[1]} | {route.body_bytes} |")
    lines += [
        "",
        f"A field's latest is {verdict} its budget of {BUDGET_MS} ms: {median:.2f} ms.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fill, serve, measure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=25)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--quick", action="store_true", help="few batches, no table kept")
    options = parser.parse_args()
    batches = 3 if options.quick else options.batches
    with tempfile.TemporaryDirectory(prefix="furrow-bench-") as name:
        folder = Path(name)
        filled = subprocess.run(
            [sys.executable, HERE / "fill.py"],
            cwd=ROOT, env=environment(folder), check=True, capture_output=True, text=True,
        )  # fmt: skip
        known = json.loads(filled.stdout.splitlines()[-1])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        measured = routes(known)
        with web(folder, port) as worker:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            for route in measured:  # warm-up
                batch(route, connection=connection, worker=worker, requests=options.requests)
                route.cpu_ms.clear()
                route.wall_ms.clear()
            for _ in range(batches):
                for route in measured:
                    batch(route, connection=connection, worker=worker, requests=options.requests)
            connection.close()
    text = report(
        measured,
        observations=known["observations"],
        batches=batches,
        requests=options.requests,
    )
    if not options.quick:
        target = ROOT / "bench" / "results" / f"api-{time.strftime('%Y-%m-%d', time.gmtime())}.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
