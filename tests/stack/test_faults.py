"""The whole stack under a crowd, and with a furrow-ndvi that hangs."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from stacks import RunningStack, running_stack, wait_until
from visitor import Visitor

from farm.demo.logins import OWNER

CROWD = 200
MAX_GROWTH_BYTES = 48 * 1024 * 1024
ANSWERED_WITHIN_S = 30.0  # the budget of a request at the edge


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    """A stack of its own: what is done to it stands in its logs."""
    with (
        tempfile.TemporaryDirectory(prefix="fu-", dir="/tmp") as folder,
        running_stack(Path(folder)) as running,
    ):
        yield running


def first_field(visitor: Visitor) -> int:
    (farm,) = visitor.get("/api/v1/farms/")["results"]
    return int(visitor.get(f"/api/v1/farms/{farm['id']}/fields/")["features"][0]["id"])


def memory_bytes(stack: RunningStack, name: str) -> int:
    """What the processes of a part hold themselves, shared pages counted once."""
    total = 0
    for pid in stack.pids(name):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def test_two_hundred_at_once_get_pictures_or_are_told_early_to_come_back(
    stack: RunningStack,
) -> None:
    owner = Visitor(stack, OWNER)
    field = first_field(owner)

    def ask(number: int) -> tuple[int, dict[str, str], float]:
        began = time.monotonic()
        path = f"/api/v1/fields/{field}/indices/ndvi/raster.png?size={256 + number % 512}"
        status, headers, _ = owner.ask("GET", path)
        return status, headers, time.monotonic() - began

    def crowd() -> Counter[int]:
        with ThreadPoolExecutor(CROWD) as pool:
            outcomes = list(pool.map(ask, range(CROWD)))
        assert {status for status, _, _ in outcomes} <= {200, 503}
        assert all(int(told["retry-after"]) >= 1 for status, told, _ in outcomes if status == 503)
        assert max(took for _, _, took in outcomes) < ANSWERED_WITHIN_S
        return Counter(status for status, _, _ in outcomes)

    assert crowd()[200] >= 1
    before = {name: memory_bytes(stack, name) for name in ("furrow-ndvi", "orchestrator.web")}
    for _ in range(2):
        crowd()

    for name, bytes_before in before.items():
        growth = memory_bytes(stack, name) - bytes_before
        assert growth < MAX_GROWTH_BYTES, f"{name} grew by {growth >> 20} MiB"
    assert ask(0)[0] == 200


def test_a_service_that_hangs_takes_no_other_answer_with_it(stack: RunningStack) -> None:
    owner = Visitor(stack, OWNER)
    field = first_field(owner)
    series = f"/api/v1/fields/{field}/indices/ndvi/timeseries"
    pictures = f"/api/v1/fields/{field}/indices/ndvi/raster.png?size="
    known, picture = f"{pictures}1000", f"{pictures}1001"
    status, _, content = owner.ask("GET", known)
    assert status == 200
    (pid,) = stack.pids("furrow-ndvi")
    wanted = owner.get(series)["columns"]["mean"]

    def refused_early(_: object = None) -> bool:
        began = time.monotonic()
        status, headers, _ = owner.ask("GET", picture)
        return status == 503 and "retry-after" in headers and time.monotonic() - began < 5.0

    os.kill(pid, signal.SIGSTOP)
    try:
        # Each of the web server's processes has to find out for itself.
        with ThreadPoolExecutor(8) as pool:
            first: list[Any] = [pool.submit(owner.ask, "GET", picture) for _ in range(8)]
            time.sleep(3.0)
            for _ in range(5):
                began = time.monotonic()
                assert owner.get(series)["columns"]["mean"] == wanted
                assert time.monotonic() - began < 5.0
            wait_until(refused_early, within_s=20, what="an early refusal")
            status, headers, again = owner.ask("GET", known)
            assert (status, headers.get("x-stale"), again) == (200, "true", content)
            os.kill(pid, signal.SIGCONT)
            statuses = {answer.result(40)[0] for answer in first}
        # Whoever asked before the doubt gets a picture, whoever came later was told to come back.
        assert statuses <= {200, 503}
    finally:
        os.kill(pid, signal.SIGCONT)

    wait_until(
        lambda: owner.ask("GET", picture)[0] == 200, within_s=20, what="a picture after the pause"
    )
