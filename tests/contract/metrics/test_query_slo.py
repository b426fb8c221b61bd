"""What furrow-metrics says of requests is what the processes counted, worked out by hand."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from farm.clients.metrics import MetricsClient
from farm.errors import InvalidInputError
from farm.observability.usage import Objective, Percentiles, Usage
from tests.contract.metrics.calls import dialled
from tests.contract.metrics.metrics_process import MetricsProcess, controllable, in_memory
from tests.contract.metrics.requests_writer import CPU_BOUNDS, DURATION_BOUNDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

WITHIN_S = 20.0
WINDOW_S = 600

Request = tuple[str, str, float, float]  # route, code, seconds, CPU seconds


def ask(
    service: MetricsProcess, *, window_s: int = WINDOW_S, objective: Objective | None = None
) -> Usage:
    with dialled(service) as channel:
        return MetricsClient(channel).query_slo(
            window_s=window_s, objective=objective, timeout_s=WITHIN_S
        )


def wait_for(service: MetricsProcess, is_there: Callable[[Usage], bool], **question: Any) -> Usage:
    """Ask until an answer is as expected: samples are taken a second apart at least."""
    deadline = time.monotonic() + WITHIN_S
    while not is_there(usage := ask(service, **question)):
        assert time.monotonic() < deadline, (usage, service.log)
        time.sleep(0.1)
    return usage


def requests(usage: Usage) -> float:
    return sum(route.requests for route in usage.routes if route.runtime == "python")


class Web:
    """A process that counts the requests it is told of."""

    def __init__(self, folder: Path) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("requests_writer.py"), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def count(self, counted: Sequence[Request]) -> None:
        """Count; it is in the files when this returns."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(counted) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "counted\n"

    def end(self) -> None:
        """Let it end."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(WITHIN_S)


@contextmanager
def web(folder: Path) -> Iterator[Web]:
    process = Web(folder)
    try:
        process.count([])
        yield process
    finally:
        process.end()


def quantile(observed: Sequence[float], bounds: Sequence[float], share: float) -> float:
    """As Prometheus' ``histogram_quantile`` works it out of buckets."""
    counts = [sum(value <= bound for value in observed) for bound in bounds]
    rank = share * len(observed)
    if rank > counts[-1]:
        return bounds[-1]
    edges = list(pairwise([(0.0, 0), *zip(bounds, counts, strict=True)]))
    for (low, below), (high, up_to) in edges:
        if up_to >= rank and up_to > below:
            return low + (high - low) * (rank - below) / (up_to - below)
    raise AssertionError("a rank lies in some bucket")


def assert_is(
    found: Percentiles | None, observed: Sequence[float], bounds: Sequence[float]
) -> None:
    assert found is not None
    assert math.isclose(found.mean, sum(observed) / len(observed), rel_tol=1e-9)
    for share, value in ((0.5, found.p50), (0.95, found.p95), (0.99, found.p99)):
        assert math.isclose(value, quantile(observed, bounds, share), rel_tol=1e-9), share


def scripted() -> list[Request]:
    chance = random.Random(11)  # noqa: S311 - the same requests each time
    routes = ("/api/v1/fields/{field_id}", "/api/v1/farms", "/admin/")
    codes = ("200",) * 17 + ("404", "500", "503")
    return [
        (
            chance.choice(routes),
            chance.choice(codes),
            10 ** chance.uniform(-3.5, 1.7),
            10 ** chance.uniform(-5, 1.2),
        )
        for _ in range(500)
    ]


def test_an_answer_is_what_the_processes_counted() -> None:
    script = scripted()
    objective = Objective(availability=0.9, latency_s=0.3)
    with in_memory() as folder, web(folder) as process, controllable(folder) as service:
        wait_for(service, lambda usage: bool(usage.services) and usage.covered_s > 0)
        process.count(script[:200])
        process.count(script[200:])
        usage = wait_for(service, lambda usage: requests(usage) == len(script), objective=objective)
        routes = [route for route in usage.routes if route.runtime == "python"]
        services = {found.service: found for found in usage.services}

    assert 0 < usage.covered_s <= WINDOW_S
    spent = {route.route: sum(r[3] for r in script if r[0] == route.route) for route in routes}
    assert [route.route for route in routes] == sorted(spent, key=lambda r: -spent[r])
    for route in routes:
        mine = [request for request in script if request[0] == route.route]
        assert (route.service, route.method, route.requests) == ("furrow-web", "GET", len(mine))
        assert math.isclose(route.rate, len(mine) / usage.covered_s, rel_tol=1e-3)
        failed = sum(code.startswith("5") for _, code, _, _ in mine)
        assert math.isclose(route.error_share, failed / len(mine), rel_tol=1e-9)
        assert_is(route.duration_s, [seconds for _, _, seconds, _ in mine], DURATION_BOUNDS)
        assert_is(route.cpu_s, [cpu for _, _, _, cpu in mine], CPU_BOUNDS)

    promised = [request for request in script if request[0].startswith("/api/")]
    failed_share = sum(code.startswith("5") for _, code, _, _ in promised) / len(promised)
    assert usage.budget is not None
    assert usage.budget.availability is not None
    assert usage.budget.within_latency is not None
    assert usage.budget.left is not None
    assert math.isclose(usage.budget.availability, 1 - failed_share)
    # 0.25 is the bound below 0.3.
    within = sum(seconds <= 0.25 for _, _, seconds, _ in promised) / len(promised)
    assert math.isclose(usage.budget.within_latency, within)
    assert math.isclose(usage.budget.left, 1 - failed_share / 0.1)
    assert usage.budget.burn_rates == ()

    found = services["furrow-web"]
    assert (found.runtime, found.is_up, found.processes) == ("python", True, 1)
    assert found.resident_bytes is not None
    assert found.resident_bytes > 1 << 20
    assert math.isclose(
        found.request_cpu_cores * usage.covered_s, sum(r[3] for r in script), rel_tol=1e-3
    )
    assert services["furrow-metrics"].is_up


def test_what_is_known_outlives_the_service_and_what_came_meanwhile_counts() -> None:
    first = [("/api/a", "200", 0.01, 0.001)] * 30
    meanwhile = [("/api/a", "500", 0.2, 0.002)] * 10
    with in_memory() as folder, web(folder) as process, controllable(folder) as service:
        wait_for(service, lambda usage: bool(usage.services))
        process.count(first)
        wait_for(service, lambda usage: requests(usage) == len(first))
        service.stop()
        process.count(meanwhile)
        service.start()

        usage = wait_for(service, lambda usage: requests(usage) == len(first) + len(meanwhile))

        [route] = [route for route in usage.routes if route.runtime == "python"]
        assert route.error_share == 0.25

        service.stop()
        kept = service.state / "ring"
        kept.write_bytes(kept.read_bytes()[:-1])
        service.start()
        wait_for(service, lambda usage: bool(usage.services))
        assert kept.with_name("ring.bad").is_file()
        assert requests(ask(service)) == 0


def test_a_process_that_is_gone_leaves_a_service_that_is_down() -> None:
    with in_memory() as folder, controllable(folder) as service:
        with web(folder):
            wait_for(service, lambda usage: "furrow-web" in {s.service for s in usage.services})

        def is_down(usage: Usage) -> bool:
            return any(s.service == "furrow-web" and not s.is_up for s in usage.services)

        usage = wait_for(service, is_down)
        [gone] = [found for found in usage.services if found.service == "furrow-web"]
        assert (gone.processes, gone.resident_bytes) == (0, None)


def test_scrapes_are_said_to_cost_what_they_cost() -> None:
    with in_memory() as folder, web(folder), controllable(folder) as service:
        wait_for(service, lambda usage: usage.covered_s > 0)
        sizes = [len(service.get("/metrics/django").body) for _ in range(5)]

        def is_there(usage: Usage) -> bool:
            return usage.scrapes is not None and usage.scrapes.scrapes == len(sizes)

        usage = wait_for(service, is_there)
        own = service.own()

    assert usage.scrapes is not None
    assert math.isclose(usage.scrapes.size_bytes, sum(sizes) / len(sizes), rel_tol=0.01)
    assert usage.scrapes.series > 0
    spent = sum(v for k, v in own.items() if k.startswith("furrow_metrics_scrape_cpu_seconds"))
    assert usage.scrapes.cpu_s is not None
    assert math.isclose(usage.scrapes.cpu_s.mean, spent / len(sizes), rel_tol=1e-6)


class Pages(ThreadingHTTPServer):
    """Another service's metrics."""

    daemon_threads = True
    calls = 0
    kind = "text/plain; version=0.0.4"

    def text(self) -> str:
        labels = 'runtime="rust",service="furrow-ndvi",route="NdviService/RenderTile",method="POST"'
        calls = self.calls
        return (
            f'http_requests_total{{{labels},code="OK"}} {calls}\n'
            f'http_requests_total{{{labels},code="UNAVAILABLE"}} {calls}\n'
            f"process_cpu_seconds_total {calls / 10}\n"
            "process_resident_memory_bytes 4096\n"
        )


class Page(BaseHTTPRequestHandler):
    """Answers every path."""

    server: Pages

    def do_GET(self) -> None:
        body = self.server.text().encode()
        self.send_response(200)
        self.send_header("Content-Type", self.server.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep silent."""


def test_another_service_is_read_and_missed() -> None:
    with in_memory() as folder, Pages(("127.0.0.1", 0), Page) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        source = f"furrow-ndvi=http://127.0.0.1:{pages.server_port}/metrics"
        with controllable(folder, FURROW_METRICS_SOURCES=source) as service:

            def ndvi(usage: Usage) -> Any:
                return next(s for s in usage.services if s.service == "furrow-ndvi")

            wait_for(service, lambda usage: ndvi(usage).is_up)
            pages.calls = 40
            usage = wait_for(service, lambda usage: bool(usage.routes))
            [route] = [route for route in usage.routes if route.service == "furrow-ndvi"]
            assert (route.requests, route.error_share, route.cpu_s) == (80, 0.5, None)
            assert ndvi(usage).resident_bytes == 4096
            assert math.isclose(ndvi(usage).cpu_cores * usage.covered_s, 4.0, rel_tol=1e-3)
            # It began anew: what it counts since is what rose.
            pages.calls = 3

            def has_risen(usage: Usage) -> bool:
                return any(r.requests == 86 for r in usage.routes)

            wait_for(service, has_risen)
            pages.shutdown()
            pages.server_close()
            down = wait_for(service, lambda usage: not ndvi(usage).is_up)
            assert ndvi(down).sample_age_s > 0
            assert service.own()['furrow_metrics_source_up{source="furrow-ndvi"}'] == 0


@pytest.mark.parametrize(
    ("window_s", "objective"),
    [
        (9, None),
        (2_592_001, None),
        (60, Objective(availability=1.0, latency_s=1.0)),
        (60, Objective(availability=0.9, latency_s=0.0)),
    ],
)
def test_questions_beyond_the_contract_are_refused(
    asked_service: MetricsProcess, window_s: int, objective: Objective | None
) -> None:
    with pytest.raises(InvalidInputError):
        ask(asked_service, window_s=window_s, objective=objective)


@pytest.fixture(scope="module")
def asked_service() -> Iterator[MetricsProcess]:
    with in_memory() as folder, controllable(folder) as service:
        yield service
