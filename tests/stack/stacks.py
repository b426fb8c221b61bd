"""What the tests of the stack share: free ports, a Furrow of their own, a reader for its logs."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from stack.config import StackConfig, stack_config

ROOT = Path(__file__).resolve().parents[2]
PORT_VARIABLES = (
    "FURROW_HTTP_PORT",
    "FURROW_HTTPS_PORT",
    "FURROW_WEB_PORT",
    "FURROW_NDVI_ADMIN_PORT",
    "FURROW_WEATHER_ADMIN_PORT",
    "FURROW_METRICS_ADMIN_PORT",
    "FURROW_PROMETHEUS_PORT",
    "FURROW_CADDY_ADMIN_PORT",
)
START_WITHIN_S = 240.0
STOP_WITHIN_S = 60.0

# Warnings that belong to a healthy start, each with its reason.
EXPECTED_WARNINGS = (
    # Nothing listens on port 80: there is nobody to redirect.
    "automatic HTTP->HTTPS redirects are disabled",
    # The plain HTTP site is meant so.
    "server is listening only on the HTTP port",
    # A setting of the machine's kernel that a test may not change.
    "net.ipv4.tcp_migrate_req",
    # How Prometheus and Caddy speak of a polite end.
    "Received SIGTERM, exiting gracefully...",
    "exiting; byeee!!",
)
_JSON_LEVELS = {"warn", "warning", "error", "critical", "fatal", "panic", "dpanic"}
_PLAIN_TROUBLE = re.compile(r"Traceback|panicked|\b(WARN(ING)?|ERROR|CRITICAL)\b", re.IGNORECASE)


def free_ports(count: int) -> list[int]:
    """Ports that nobody has at this moment, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """Environment of a stack of its own: nothing of the caller's Furrow, free ports."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FURROW_", "PROMETHEUS_", "DJANGO_", "DATABASE_"))
    }
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "rust_services" / "target"))
    ports = dict(zip(PORT_VARIABLES, map(str, free_ports(len(PORT_VARIABLES))), strict=True))
    own = {
        "FURROW_DATA_DIR": str(data_dir),
        "FURROW_BIN_DIR": str(target / "debug"),
        "PROMETHEUS_MULTIPROC_DIR": str(data_dir / "counters"),
        # No test asks anybody outside.
        "FURROW_WEATHER_PROVIDERS": "none",
    }
    return {**inherited, **own, **ports, **more}


def need_services(config: StackConfig) -> None:
    """Skip without the services' binaries; in CI their absence is a failure."""
    missing = [
        name
        for name in ("furrow-ndvi", "furrow-weather", "furrow-metrics")
        if not (config.binaries / name).exists()
    ]
    if not missing:
        return
    reason = f"{missing[0]} is not built in {config.binaries}; `make test` builds it"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(slots=True, kw_only=True)
class RunningStack:
    """`deploy/up.py` at work."""

    config: StackConfig
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def wait_for(self, sentence: str, *, within_s: float = START_WITHIN_S) -> None:
        """Wait until the terminal shows the sentence."""
        wait_until(
            lambda: any(sentence in line for line in self.lines) or self.process.poll() is not None,
            within_s=within_s,
            what=f"“{sentence}”",
        )
        assert any(sentence in line for line in self.lines), self.output

    @property
    def output(self) -> str:
        """All that the terminal shows."""
        return "".join(self.lines)

    def stop(self) -> int:
        """Press Ctrl-C and wait for the end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_WITHIN_S)

    def pids(self, name: str) -> list[int]:
        """Processes of this stack whose command line has the name in it."""
        return [
            pid
            for pid in processes_with(f"FURROW_DATA_DIR={self.config.data_dir}")
            if name in command_line(pid)
        ]


@contextmanager
def running_stack(
    data_dir: Path, *, wait: bool = True, demo: bool = True, **more: str
) -> Iterator[RunningStack]:
    """Start `deploy/up.py`; afterwards nothing of it is left, whatever the test did.

    Args:
        data_dir: The stack's data folder.
        wait: Whether to wait until everything is ready.
        demo: Whether the demo farm is loaded.
        more: Variables of the environment.
    """
    variables = environment(data_dir, FURROW_DEMO="on" if demo else "off", **more)
    config = stack_config(variables)
    need_services(config)
    process = subprocess.Popen(
        [sys.executable, "-u", str(ROOT / "deploy" / "up.py")],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stack = RunningStack(config=config, process=process)

    reader = threading.Thread(target=_append_lines, args=(process, stack.lines))
    reader.start()
    try:
        if wait:
            stack.wait_for("Furrow is ready")
        yield stack
    finally:
        with suppress(subprocess.TimeoutExpired):
            stack.stop()
        process.kill()
        process.wait()
        reader.join(STOP_WITHIN_S)


def _append_lines(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.append(line)


def wait_until(claim: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Wait for a claim to come true."""
    deadline = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline, f"{what} did not come within {within_s:g} s"
        time.sleep(0.05)


def processes_with(variable: str) -> list[int]:
    """Processes of this user that have the variable in their environment."""
    wanted = variable.encode()
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with suppress(OSError):
                if wanted in (process / "environ").read_bytes().split(b"\0"):
                    found.append(int(process.name))
    return found


def command_line(pid: int) -> str:
    """Command line of a process, empty when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def unexpected_lines(log_dir: Path, *, expected: tuple[str, ...] = ()) -> list[str]:
    """Lines of warning and worse that no list expects, with the name of their log."""
    allowed = EXPECTED_WARNINGS + expected
    return [
        f"{log.name}: {line}"
        for log in sorted(log_dir.glob("*.log"))
        for line in log.read_text(errors="replace").splitlines()
        if is_trouble(line) and not any(sentence in line for sentence in allowed)
    ]


def is_trouble(line: str) -> bool:
    """Whether a log line is a warning or worse."""
    try:
        entry = json.loads(line)
    except ValueError:
        return bool(_PLAIN_TROUBLE.search(line))
    if not isinstance(entry, Mapping):
        return False
    if str(entry.get("logger", "")).startswith("http.log.access"):
        # Caddy calls every 4xx an error; what a client asks wrongly is no trouble of ours.
        return int(entry.get("status", 0)) >= 500
    return str(entry.get("level", "info")).lower() in _JSON_LEVELS


def json_lines(log: Path) -> list[dict[str, object]]:
    """Entries of a log that are JSON."""
    entries = []
    for line in log.read_text().splitlines():
        with suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                entries.append(entry)
    return entries
