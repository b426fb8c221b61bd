"""What measuring costs a request: two web servers, with and without it, in turn."""

from __future__ import annotations

import http.client
import statistics
from contextlib import ExitStack
from dataclasses import dataclass

from bench.scrape.figures import Middle
from bench.scrape.processes import cpu_s
from bench.scrape.stages import Bench, memory_folder, web

REQUESTS = 50  # of a batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrumentation:
    """CPU of a request with and without, milliseconds, and what it adds, pair by pair."""

    path: str
    with_ms: Middle
    without_ms: Middle
    added_share: Middle


def compare(bench: Bench, *, batches: int, path: str | None = None) -> Instrumentation:
    """Send batches to both in turn; the order changes with each pair."""
    asked = path or bench.path
    with memory_folder() as directory, ExitStack() as stack:
        sides = []
        for switch in ("on", "off"):
            extra = {"BENCH_INSTRUMENTATION": switch}
            if switch == "on":
                extra["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
            port, leader = stack.enter_context(web(bench, workers=1, series=0, **extra))
            sides.append((http.client.HTTPConnection("127.0.0.1", port, timeout=30), leader))
        for side in sides:
            batch(bench, *side, path=asked, requests=4 * REQUESTS)  # warm-up
        measured: tuple[list[float], list[float]] = ([], [])
        for number in range(batches):
            for which in (0, 1) if number % 2 else (1, 0):
                used = batch(bench, *sides[which], path=asked, requests=REQUESTS)
                measured[which].append(used)
        for connection, _ in sides:
            connection.close()
    shares = [on / off - 1 for on, off in zip(*measured, strict=True)]
    quarter = statistics.quantiles(shares, n=4) if len(shares) > 1 else [shares[0]] * 3
    return Instrumentation(
        path=asked,
        with_ms=Middle.of(measured[0]),
        without_ms=Middle.of(measured[1]),
        added_share=Middle(statistics.median(shares), quarter[0], quarter[2]),
    )


def batch(
    bench: Bench,
    connection: http.client.HTTPConnection,
    leader: int,
    *,
    path: str,
    requests: int,
) -> float:
    """CPU of the server per request, milliseconds."""
    before_s = cpu_s(leader)
    for _ in range(requests):
        connection.request("GET", path, headers=bench.headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:500]!r}")
    return 1000 * (cpu_s(leader) - before_s) / requests
