"""The real web server: its processes hold slots, and no count is lost when they are replaced."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from .conftest import ROOT

WITHIN_S = 120.0


class Web:
    """furrow-web with two processes, over an empty folder."""

    def __init__(self, folder: Path, log: IO[bytes]) -> None:
        self.metrics = folder / "metrics"
        self._log = Path(log.name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("FURROW_")
        }
        command = ["-m", "orchestrator.web_server", "--port", str(self.port), "--workers", "2"]
        self.leader = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=clean
            | {
                "FURROW_DATA_DIR": str(folder / "data"),
                "PROMETHEUS_MULTIPROC_DIR": str(self.metrics),
                "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def ask(self, method: str = "GET", path: str = "/healthz") -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WITHIN_S)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ask_patiently(self, times: int) -> None:
        """Get so many answers; while processes are replaced a connection may find nobody."""
        for _ in range(times):
            wait_for(self.answers)

    def started(self) -> int:
        """How many processes have begun to serve: one that still loads would not end quickly."""
        return self._log.read_text().count("Started worker")

    def holders(self) -> dict[int, int]:
        """Slot → process id, of the slots that a living process has signed."""
        found = {}
        for path in self.metrics.glob("slot*.lock"):
            text = path.read_text()
            if text:
                pid = json.loads(text)["pid"]
                if Path(f"/proc/{pid}").exists():
                    found[int(path.stem.removeprefix("slot"))] = pid
        return found

    def counted(self, **labels: str) -> float:
        """Requests of healthz in all files."""
        wanted = {"route": "/healthz", "code": "200"} | labels
        collector = MultiProcessCollector(CollectorRegistry(), path=str(self.metrics))  # type: ignore[no-untyped-call]
        return sum(
            sample.value
            for family in collector.collect()
            if family.name == "http_requests"
            for sample in family.samples
            if wanted.items() <= sample.labels.items()
        )

    def answers(self) -> bool:
        """Whether it serves."""
        try:
            return self.ask()[0] == 200
        except OSError:
            return False


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    with (folder / "web.log").open("wb") as log:
        served = Web(folder, log)
        try:
            wait_for(served.answers)
            wait_for(lambda: served.started() == 2)
            yield served
        finally:
            os.killpg(served.leader.pid, signal.SIGKILL)
            served.leader.wait()


def test_a_streamed_file_is_whole_and_measured(web: Web) -> None:
    status, body = web.ask(path="/static/admin/css/base.css")

    assert status == 200
    assert len(body) > 10_000
    wait_for(lambda: web.counted(route="<unmatched>") == 1)


def test_processes_hold_slots_and_their_next_ones_count_on(web: Web) -> None:
    before = web.counted(method="GET")
    first = web.holders()
    assert set(first) == {0, 1}

    for _ in range(20):
        assert web.ask() == (200, b"ok\n")
    assert web.ask("HEAD") == (200, b"")
    assert web.counted(method="GET") == before + 20
    assert web.counted(method="HEAD") == 1

    # Killed: another process takes the slot over and goes on.
    os.kill(first[1], signal.SIGKILL)
    wait_for(lambda: len(web.holders()) == 2 and web.holders()[1] != first[1])
    wait_for(lambda: web.started() == 3)
    web.ask_patiently(10)
    assert web.counted(method="GET") >= before + 30

    # Reloaded: old and new processes overlap, none of their slots is shared.
    second = set(web.holders().values())
    os.kill(web.leader.pid, signal.SIGHUP)
    wait_for(lambda: len(web.holders()) == 2 and not set(web.holders().values()) & second)
    held = web.counted(method="GET")
    web.ask_patiently(10)
    assert web.counted(method="GET") >= held + 10
    assert len(list(web.metrics.glob("counter_*.db"))) <= 4
