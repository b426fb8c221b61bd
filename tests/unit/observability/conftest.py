"""Python processes of their own: they hold slots, count, fork and die."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Started]:
    """Start Python on a piece of code; its arguments follow. All are ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(code: str, *arguments: object, **variables: str) -> subprocess.Popen[str]:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FURROW_", "PROMETHEUS_", "DATABASE_URL"))
        }
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
            cwd=ROOT,
            env=clean | {"PYTHONPATH": str(ROOT)} | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where counters lie."""
    return tmp_path / "metrics"


def said(process: subprocess.Popen[str]) -> str:
    """The next line of a process; what it complained of where it has died instead."""
    assert process.stdout is not None
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    line = process.stdout.readline()
    watchdog.cancel()
    if not line:
        assert process.stderr is not None
        pytest.fail(process.stderr.read())
    return line.strip()


def tell(process: subprocess.Popen[str], line: str = "") -> None:
    """Let a process that waits on its input go on."""
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
