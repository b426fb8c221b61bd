"""The real furrow-ndvi on a socket of its own, for tests of what passes between the languages."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 20.0
STOP_WITHIN_S = 20.0


def binary() -> Path:
    """The newest built program; without one the test is skipped, in CI it fails."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "rust_services" / "target"))
    built = [
        path for kind in ("debug", "release") if (path := target / kind / "furrow-ndvi").is_file()
    ]
    if not built:
        reason = f"furrow-ndvi is not built in {target}; `make test` builds it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return max(built, key=lambda path: path.stat().st_mtime)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A furrow-ndvi that is ready."""

    target: str  # to dial
    pid: int

    def peak_memory_bytes(self) -> int:
        """The most that it ever had in memory, as the kernel counts."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024


@contextmanager
def running(store: Path) -> Iterator[str]:
    """Run the service over a store folder; yields the target to dial once it is ready."""
    with service_over(store) as service:
        yield service.target


@contextmanager
def service_over(store: Path, *, warns: str = "", **settings: str) -> Iterator[RunningService]:
    """Run the service over a store folder, with further settings from the environment.

    Any warning or error in its log fails the test, but for lines that hold ``warns``.
    """
    store.mkdir(parents=True, exist_ok=True)
    program = binary()
    # A socket's path has 108 bytes at most, which pytest's own folders can exceed.
    with tempfile.TemporaryDirectory(prefix="fu-") as folder:
        target = f"unix:{folder}/ndvi.sock"
        log = Path(folder) / "log"
        environment = {
            "PATH": os.environ["PATH"],
            "FURROW_NDVI_LISTEN": target,
            "FURROW_NDVI_ADMIN_LISTEN": "127.0.0.1:0",
            "FURROW_STORE_URL": store.resolve().as_uri(),
            **settings,
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program], env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            wait_until_serving(process, target, log)
            yield RunningService(target=target, pid=process.pid)
        finally:
            process.terminate()
            process.wait(STOP_WITHIN_S)
        lines = log.read_text().splitlines()
        trouble = [line for line in lines if _is_trouble(line) and not (warns and warns in line)]
        assert trouble == [], "\n".join(trouble)


def wait_until_serving(process: subprocess.Popen[bytes], target: str, log: Path) -> None:
    """Wait for the program to say that it serves."""
    options = [("grpc.default_authority", "localhost"), ("grpc.initial_reconnect_backoff_ms", 50)]
    deadline = time.monotonic() + READY_WITHIN_S
    with grpc.insecure_channel(target, options=options) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # its stubs lack the methods
        request = health_pb2.HealthCheckRequest(service="farm.rpc.ndvi.v1.NdviService")
        while True:
            assert process.poll() is None, log.read_text()
            try:
                if (
                    stub.Check(request, timeout=1.0).status
                    == health_pb2.HealthCheckResponse.SERVING
                ):
                    return
            except grpc.RpcError:
                pass
            assert time.monotonic() < deadline, log.read_text()
            # The service has no other sign than its answer; the pause only spares the processor.
            time.sleep(0.05)


def _is_trouble(line: str) -> bool:
    """A warning, an error, or a line that no logger wrote, such as that of a panic."""
    try:
        return json.loads(line)["level"] not in {"DEBUG", "INFO"}
    except (ValueError, KeyError):
        return True
