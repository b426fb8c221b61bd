"""Measure WSGI servers side by side: requests per second, latency, memory, uploads, reload.

Rounds are interleaved, so that a slow moment of the machine meets every server. See README.md.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from bench.machine import cpu_s, group, machine, memory_mib  # noqa: E402

PORT = 8790
UPLOAD_BYTES = 256 * 1024 * 1024
CONNECTIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server under its command line; two processes each."""

    name: str
    command: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Figures:
    """What was measured of one server, one entry per round."""

    requests_per_s: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)  # CPU of the server per request
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)  # PSS of all its processes, after load
    upload_memory_mib: list[float] = field(default_factory=list)  # highest PSS in one upload
    upload_s: list[float] = field(default_factory=list)
    failed_in_reload: list[int] = field(default_factory=list)  # of the requests during SIGHUP


def servers() -> tuple[Server, ...]:
    """What is compared."""
    folder = Path(sys.executable).parent
    address = f"127.0.0.1:{PORT}"
    gunicorn = (
        str(folder / "gunicorn"),
        "--bind",
        address,
        "--workers",
        "2",
        "--log-level",
        "warning",
    )
    granian = (
        str(folder / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(PORT),
        "--workers", "2", "--no-ws", "--log-level", "warning",
    )  # fmt: skip
    app = "application:application"
    return (
        Server(
            name="gunicorn gthread 2×4",
            command=(*gunicorn, "--worker-class", "gthread", "--threads", "4", app),
        ),
        Server(name="gunicorn sync 2", command=(*gunicorn, "--worker-class", "sync", app)),
        Server(name="granian 2×1", command=(*granian, "--blocking-threads", "1", app)),
        Server(name="granian 2×4", command=(*granian, "--blocking-threads", "4", app)),
    )


@contextmanager
def running(server: Server, *, environment: dict[str, str]) -> Iterator[int]:
    """Start the server, wait until it answers, give its process id, stop it."""
    process = subprocess.Popen(
        server.command, cwd=HERE, env=environment, start_new_session=True, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 20
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{server.name} did not start.")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def answers() -> bool:
    """Whether one GET of the list succeeds."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        connection.request("GET", "/users/", headers={"Authorization": "Key bench-key-0123456789"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def group_memory_mib(leader: int) -> float:
    """Proportional set size of the group: shared pages count once."""
    total = 0.0
    for process in group(leader):
        try:
            total += memory_mib(process, "Pss", file="smaps_rollup")
        except OSError:
            continue
    return total


def group_cpu_s(leader: int) -> float:
    """CPU time that the group has used."""
    total = 0.0
    for process in group(leader):
        try:
            total += cpu_s(process)
        except OSError:
            continue
    return total


def load(leader: int, figures: Figures, *, seconds: int) -> None:
    """Drive wrk against the list."""
    url = f"http://127.0.0.1:{PORT}/users/"
    before = group_cpu_s(leader)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency",
         "-H", "Authorization: Key bench-key-0123456789", url],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    if "Non-2xx" in output:
        raise SystemExit(output)
    used = group_cpu_s(leader) - before
    requests = int(_found(r"(\d+) requests in", output)[1])
    figures.requests_per_s.append(float(_found(r"Requests/sec:\s+([\d.]+)", output)[1]))
    figures.cpu_ms.append(1000 * used / requests)
    figures.p50_ms.append(_milliseconds(_found(r"50%\s+([\d.]+)(us|ms|s)", output)))
    figures.p99_ms.append(_milliseconds(_found(r"99%\s+([\d.]+)(us|ms|s)", output)))
    figures.memory_mib.append(group_memory_mib(leader))


def _found(pattern: str, output: str) -> re.Match[str]:
    found = re.search(pattern, output)
    if found is None:
        raise SystemExit(f"wrk printed something else:\n{output}")
    return found


def _milliseconds(found: re.Match[str]) -> float:
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def upload(leader: int, figures: Figures) -> None:
    """Send one large body and watch the memory meanwhile."""
    highest, done = group_memory_mib(leader), threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.02):
            highest = max(highest, group_memory_mib(leader))

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", PORT), timeout=60) as connection:
        head = (
            f"POST /upload/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {UPLOAD_BYTES}\r\n\r\n"
        )
        connection.sendall(head.encode())
        piece = bytes(1 << 20)
        for _ in range(UPLOAD_BYTES // len(piece)):
            connection.sendall(piece)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    figures.upload_s.append(time.monotonic() - begun)
    done.set()
    watcher.join()
    if f'"bytes":{UPLOAD_BYTES}'.encode() not in answer or b'"peer":"127.0.0.1"' not in answer:
        raise SystemExit(f"The upload was answered by {answer!r}")
    figures.upload_memory_mib.append(highest)


def reload_under_load(leader: int, figures: Figures) -> None:
    """Ask for a graceful reload while requests come in on fresh connections; count the failures."""
    failed, done = 0, threading.Event()

    def call() -> None:
        nonlocal failed
        while not done.is_set():
            failed += not answers()

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    time.sleep(1)
    os.kill(leader, signal.SIGHUP)
    time.sleep(6)
    done.set()
    for caller in callers:
        caller.join()
    figures.failed_in_reload.append(failed)


def report(all_figures: dict[str, Figures], *, rounds: int, seconds: int) -> str:
    """Medians with lowest and highest as a table."""

    def cell(values: list[float] | list[int], digits: int) -> str:
        if not values:
            return "–"
        low, middle, high = min(values), statistics.median(values), max(values)
        return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"

    packages = ", ".join(
        f"{name} {version(name)}"
        for name in ("granian", "gunicorn", "django", "djangorestframework")
    )
    lines = [
        f"# WSGI servers, {time.strftime('%Y-%m-%d', time.gmtime())}",
        "",
        f"Machine: {machine()}. Load average at the end: {os.getloadavg()[0]:.1f}.",
        f"Packages: {packages}.",
        f"{rounds} interleaved rounds of {seconds} s, wrk on the same machine, {CONNECTIONS}"
        " connections. Median (lowest–highest).",
        "",
        "| server | requests/s | CPU ms/request | p50 ms | p99 ms | memory MiB"
        f" | memory in a {UPLOAD_BYTES >> 20} MiB upload | upload s | failed in reload |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {cell(f.requests_per_s, 0)} | {cell(f.cpu_ms, 2)} | {cell(f.p50_ms, 1)}"
        f" | {cell(f.p99_ms, 1)} | {cell(f.memory_mib, 0)} | {cell(f.upload_memory_mib, 0)}"
        f" | {cell(f.upload_s, 2)} | {cell(f.failed_in_reload, 0)} |"
        for name, f in all_figures.items()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run every round and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    figures = {server.name: Figures() for server in servers()}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "WSGI_BENCH_DATABASE": str(Path(folder) / "bench.sqlite3")}
        subprocess.run([sys.executable, HERE / "fill.py"], cwd=HERE, env=environment, check=True)
        for number in range(1, options.rounds + 1):
            for server in servers():
                with running(server, environment=environment) as leader:
                    load(leader, Figures(), seconds=1)  # warm-up
                    load(leader, figures[server.name], seconds=options.seconds)
                    upload(leader, figures[server.name])
                    reload_under_load(leader, figures[server.name])
                rate = figures[server.name].requests_per_s[-1]
                print(f"round {number}: {server.name}: {rate:.0f} requests/s", flush=True)
    text = report(figures, rounds=options.rounds, seconds=options.seconds)
    target = HERE / "results" / f"{time.strftime('%Y-%m-%d', time.gmtime())}.md"
    target.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
