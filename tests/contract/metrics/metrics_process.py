"""The real furrow-metrics over a folder, to be scraped, killed and started again."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
READY_WITHIN_S = 20.0
STOP_WITHIN_S = 20.0
ANSWER_WITHIN_S = 10.0

Samples = dict[str, float]  # a line's name and labels, and its value


def binary() -> Path:
    """The newest built program; without one the test is skipped, in CI it fails."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "rust_services" / "target"))
    built = [
        path
        for kind in ("debug", "release")
        if (path := target / kind / "furrow-metrics").is_file()
    ]
    if not built:
        reason = f"furrow-metrics is not built in {target}; `make test` builds it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return max(built, key=lambda path: path.stat().st_mtime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer over HTTP."""

    code: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class MetricsProcess:
    """The program; its log and its state collect over its lives."""

    folder: Path  # of the files of Python
    home: Path  # sockets, log and state
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def target(self) -> str:
        """What to dial over gRPC."""
        return f"unix:{self.home}/metrics.sock"

    @property
    def state(self) -> Path:
        """Where the program keeps what must outlive it."""
        return Path(self.settings.get("FURROW_METRICS_STATE_DIR", self.home / "state"))

    @property
    def log(self) -> str:
        """All that it wrote."""
        return (self.home / "log").read_text()

    @property
    def pid(self) -> int:
        """Of the life that goes on."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Begin a life and wait until it is ready."""
        self.port = self.port or _free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "FURROW_METRICS_LISTEN": self.target,
            "FURROW_METRICS_ADMIN_LISTEN": f"127.0.0.1:{self.port}",
            "FURROW_METRICS_STATE_DIR": str(self.state),
            "PROMETHEUS_MULTIPROC_DIR": str(self.folder),
            **self.settings,
        }
        with (self.home / "log").open("ab") as output:
            self.process = subprocess.Popen(
                [binary()], env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            assert self.process.poll() is None, self.log
            with suppress(OSError, http.client.HTTPException):
                if self.get("/readyz").code == 200:
                    return
            assert time.monotonic() < deadline, self.log
            # The program has no other sign than its answer; the pause only spares the processor.
            time.sleep(0.01)

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_WITHIN_S)

    def stop(self) -> None:
        """End it as an operator does; it must leave in order."""
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(STOP_WITHIN_S) == 0, self.log

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        """Ask it over HTTP; header names have underscores for their dashes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_WITHIN_S)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            response = connection.getresponse()
            body = response.read()
            found = {name.lower(): value for name, value in response.getheaders()}
            if found.get("content-encoding") == "gzip" and body:
                body = gzip.decompress(body)
            return Answer(code=response.status, headers=found, body=body)
        finally:
            connection.close()

    def scrape(self, **headers: str) -> Samples:
        """Scrape the counters of Python; an answer other than 200 fails the test."""
        answer = self.get("/metrics/django", **headers)
        assert answer.code == 200, (answer, self.log)
        return samples(answer.body.decode())

    def own(self) -> Samples:
        """Scrape what the program counts about itself."""
        answer = self.get("/metrics")
        assert answer.code == 200, self.log
        return samples(answer.body.decode())

    def descriptors(self) -> int:
        """Files and sockets that it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def private_bytes(self) -> int:
        """Memory that is its own: what it maps of files is the writers' as well."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024


def samples(text: str) -> Samples:
    """The lines of a scrape that are samples."""
    found: Samples = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert name not in found, f"{name} stands there twice"
            found[name] = float(value)
    return found


def is_counter(name: str) -> bool:
    """Whether a sample may only grow."""
    base = name.partition("{")[0]
    return base.endswith(("_total", "_count", "_sum", "_bucket"))


def assert_never_less(before: Samples, after: Samples) -> None:
    """Every counter is still there, and none went down."""
    for name, value in before.items():
        if is_counter(name):
            assert name in after, f"{name} vanished"
            assert after[name] >= value, f"{name} went from {value} to {after[name]}"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def controllable(folder: Path, **settings: str) -> Iterator[MetricsProcess]:
    """Start the program; whatever became of it, nothing of it is left afterwards."""
    # A socket's path has 108 bytes at most, which pytest's own folders can exceed.
    with tempfile.TemporaryDirectory(prefix="fu-") as home:
        service = MetricsProcess(folder=folder, home=Path(home), settings=settings)
        service.start()
        try:
            yield service
            assert "panicked" not in service.log
        finally:
            service.kill()


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder in memory, where files of counters belong; where there is none, any."""
    shared = Path("/dev/shm")  # noqa: S108 - folders of its own are made in it
    with tempfile.TemporaryDirectory(prefix="fu-", dir=shared if shared.is_dir() else None) as path:
        yield Path(path)
