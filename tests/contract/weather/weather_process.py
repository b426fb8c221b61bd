"""The real furrow-weather, to be asked, killed and started again on the same socket."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from farm.clients.services import WEATHER

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
READY_WITHIN_S = 20.0
STOP_WITHIN_S = 20.0


def binary() -> Path:
    """The newest built program; without one the test is skipped, in CI it fails."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "rust_services" / "target"))
    built = [
        path for kind in ("debug", "release") if (path := target / kind / WEATHER.program).is_file()
    ]
    if not built:
        reason = f"{WEATHER.program} is not built in {target}; `make test` builds it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return max(built, key=lambda path: path.stat().st_mtime)


@dataclass(slots=True, kw_only=True)
class WeatherProcess:
    """The program; its log collects over its lives."""

    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def target(self) -> str:
        """What to dial."""
        return f"unix:{self.folder}/weather.sock"

    @property
    def pid(self) -> int:
        """Of the life that goes on."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Begin a life and wait until it serves."""
        environment = {
            "PATH": os.environ["PATH"],
            "FURROW_WEATHER_LISTEN": self.target,
            "FURROW_WEATHER_ADMIN_LISTEN": "127.0.0.1:0",
        }
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [binary()], env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        _wait_until_serving(self.process, self.target, log)

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_WITHIN_S)

    def stop(self) -> None:
        """Ask it to end; nothing happens to one that has ended."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(STOP_WITHIN_S)

    def peak_memory_bytes(self) -> int:
        """The most that this life ever had in memory, as the kernel counts."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024


@contextmanager
def running() -> Iterator[WeatherProcess]:
    """Run the program; a warning or error in its log, or a panic, fails the test."""
    # A socket's path has 108 bytes at most, which pytest's own folders can exceed.
    with tempfile.TemporaryDirectory(prefix="fu-") as folder:
        service = WeatherProcess(folder=Path(folder))
        service.start()
        try:
            yield service
        finally:
            service.stop()
        lines = (service.folder / "log").read_text().splitlines()
        trouble = [line for line in lines if _is_trouble(line)]
        assert trouble == [], "\n".join(trouble)


def _wait_until_serving(process: subprocess.Popen[bytes], target: str, log: Path) -> None:
    options = [("grpc.default_authority", "localhost"), ("grpc.initial_reconnect_backoff_ms", 50)]
    deadline = time.monotonic() + READY_WITHIN_S
    with grpc.insecure_channel(target, options=options) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # its stubs lack the methods
        request = health_pb2.HealthCheckRequest(service=WEATHER.full_name)
        while True:
            assert process.poll() is None, log.read_text()
            try:
                answer = stub.Check(request, timeout=1.0)
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return
            except grpc.RpcError:
                pass
            assert time.monotonic() < deadline, log.read_text()
            # The service has no other sign than its answer; the pause only spares the processor.
            time.sleep(0.05)


def _is_trouble(line: str) -> bool:
    try:
        return json.loads(line)["level"] not in {"DEBUG", "INFO"}
    except (ValueError, KeyError):
        return True
