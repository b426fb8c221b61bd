"""Processes under measurement: started on their core, waited for, their CPU and memory read."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.machine import group, memory_mib

READY_WITHIN_S = 180.0  # 100,000 series in each of four processes on one core take half a minute


def measured_cores() -> set[int]:
    """The core that all that is measured runs on; every core where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return {MEASURED_CORE} if len(cores) > 1 and MEASURED_CORE in cores else set(cores)


def other_cores() -> set[int]:
    """Cores of the generator, the scraper and the bench itself."""
    cores = set(os.sched_getaffinity(0))
    return (cores - {MEASURED_CORE}) or cores


MEASURED_CORE = 0


@contextmanager
def program(
    command: list[str], *, environment: dict[str, str], log: Path, cores: set[int], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a process group of its own on these cores; end it with the block."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    os.sched_setaffinity(process.pid, cores)  # before it has threads or children
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until_answering(port: int, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a program answers with 200."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.02)
    raise SystemExit(f"Nothing is ready at port {port}:\n{log.read_text()[-4000:]}")


def free_port() -> int:
    """A port on loopback that nobody has now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def cpu_s(leader: int) -> float:
    """CPU time of a process group since its start, threads that have ended included.

    The CPU clock of another process: its identifier is the inverted process id shifted by three
    with the number of the scheduler's clock, 2 (include/linux/posix-timers.h), in nanoseconds.
    """
    total = 0.0
    for process in group(leader):
        try:
            total += time.clock_gettime((~process << 3) | 2)
        except OSError:
            continue
    return total


def resident_mib(leader: int, *, name: str = "VmRSS") -> float:
    """Resident memory of a process group; ``VmHWM`` for the highest it was."""
    total = 0.0
    for process in group(leader):
        try:
            total += memory_mib(process, name)
        except OSError:
            continue
    return total
