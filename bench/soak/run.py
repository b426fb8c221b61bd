"""Soak the stack: a repeated pattern of reads, statistics and pictures, with memory watched.

The web server and furrow-ndvi run as in the stack, over a farm of simulated scenes that is read
through the API first. Memory (PSS: shared pages count once, and RSS) is sampled between batches;
the table says whether it was flat after the first tenth. See README.md.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from bench.machine import group, machine, memory_mib  # noqa: E402

REQUESTS = 3000
BATCH = 50  # requests between two samples
MOST_S = 240.0
READY_WITHIN_S = 60.0
# Flat: the straight line through the samples after the first tenth rises by less over the rest.
FLAT_GROWTH = 0.05


@dataclass(slots=True, kw_only=True)
class Watched:
    """A part of the stack and what its processes had in memory, one entry a sample."""

    name: str
    leader: int
    pss_mib: list[float] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)

    def sample(self) -> None:
        """Add up the processes of the part."""
        pss = rss = 0.0
        for process in group(self.leader):
            try:
                pss += memory_mib(process, "Pss", file="smaps_rollup")
                rss += memory_mib(process, "Rss", file="smaps_rollup")
            except OSError:
                continue
        self.pss_mib.append(pss)
        self.rss_mib.append(rss)


def environment(folder: Path, *, admin_port: int) -> dict[str, str]:
    """What the stack gives its parts, in a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FURROW_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
        "FURROW_DATA_DIR": str(folder / "data"),
        "FURROW_STORE_URL": (folder / "data" / "store").as_uri(),
        "FURROW_NDVI_TARGET": f"unix:{folder / 'ndvi.sock'}",
        "FURROW_NDVI_LISTEN": f"unix:{folder / 'ndvi.sock'}",
        "FURROW_NDVI_ADMIN_LISTEN": f"127.0.0.1:{admin_port}",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def part(command: list[str], *, settings: dict[str, str], log: Path) -> Iterator[int]:
    """Run a part of the stack in a process group of its own; yields the leader's id."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=settings,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process.pid
        if process.poll() is not None:
            raise SystemExit(f"{command[0]} ended:\n{log.read_text()[-4000:]}")
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(port: int, path: str, log: Path) -> None:
    """Wait until a part says that it is ready."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise SystemExit(f"Nothing is ready at port {port}:\n{log.read_text()[-4000:]}")


def free_port() -> int:
    """A port on loopback that nobody has now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def pattern(known: dict[str, Any]) -> list[tuple[str, str, bytes]]:
    """What is asked again and again: method, path and body, for each field of the farm."""
    asked: list[tuple[str, str, bytes]] = []
    for place, pk in enumerate(known["fields"]):
        base = f"/api/v1/fields/{pk}/indices/ndvi"
        size = (128, 256, 384, 512)[place % 4]
        statistics_body = json.dumps(
            {"index": "ndvi", "farm": known["farm"], "outlines": known["outlines"][place]}
        ).encode()
        asked += [
            ("GET", f"{base}/latest", b""),
            ("GET", f"{base}/timeseries", b""),
            ("POST", "/api/v1/statistics/", statistics_body),
            ("GET", f"{base}/raster.png?size={size}", b""),
            ("GET", f"/api/v1/fields/{pk}/", b""),
            ("GET", f"{base}/raster.tif", b""),
            ("GET", f"/api/v1/farms/{known['farm']}/ndvi/latest", b""),
        ]
    return asked


def soak(
    parts: list[Watched], *, port: int, known: dict[str, Any], requests: int
) -> tuple[int, float]:
    """Ask the pattern over and over; returns how many were answered, in how many seconds."""
    asked = pattern(known)
    headers = {"Authorization": f"Api-Key {known['key']}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    begun, done = time.monotonic(), 0
    while done < requests and time.monotonic() - begun < MOST_S:
        method, path, body = asked[done % len(asked)]
        connection.request(method, path, body=body or None, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:500]!r}")
        done += 1
        if done % BATCH == 0:
            for each in parts:
                each.sample()
    connection.close()
    return done, time.monotonic() - begun


def growth(samples: list[float]) -> tuple[float, float]:
    """Rise of the straight line and largest over median, of what came after the first tenth."""
    rest = samples[len(samples) // 10 :]
    slope = statistics.linear_regression(range(len(rest)), rest).slope
    middle = statistics.median(rest)
    return slope * (len(rest) - 1) / middle, max(rest) / middle


def tenths(samples: list[float]) -> str:
    """The median of each tenth of the run."""
    cuts = [round(part * len(samples) / 10) for part in range(11)]
    return " ".join(
        f"{statistics.median(samples[start:end]):.1f}"
        for start, end in itertools.pairwise(cuts)
        if end > start
    )


def report(parts: list[Watched], *, done: int, took_s: float) -> str:
    """A table of memory at the beginning and after the first tenth."""
    lines = [
        f"# Soak, {time.strftime('%Y-%m-%d', time.gmtime())}",
        "",
        f"Machine: {machine()}. Load average at the end: {os.getloadavg()[0]:.1f}.",
        f"{done} requests in {took_s:.0f} s over one connection: latest, series, statistics over"
        " an outline, picture, field, GeoTIFF, the farm's latest, of each field in turn. Memory of"
        f" all processes of a part, MiB, sampled each {BATCH} requests.",
        "",
        "| part | first PSS | medians of the tenths | rise of the line after the first | max/median"
        " | RSS median | flat |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in parts:
        rise, peak = growth(each.pss_mib)
        rest = each.pss_mib[len(each.pss_mib) // 10 :]
        lines.append(
            f"| {each.name} | {each.pss_mib[0]:.1f} | {tenths(each.pss_mib)}"
            f" | {rise:+.1%}, {rise * statistics.median(rest):+.1f} MiB | {peak:.3f}"
            f" | {statistics.median(each.rss_mib):.1f}"
            f" | {'yes' if rise < FLAT_GROWTH else 'NO'} |"
        )
    lines += ["", f"Flat: the line rises by less than {FLAT_GROWTH:.0%} over the rest of the run."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Start the parts, fill them, soak, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--quick", action="store_true", help="few requests, no table kept")
    default = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "rust_services" / "target"))
    parser.add_argument("--program", type=Path, default=default / "release" / "furrow-ndvi")
    options = parser.parse_args()
    requests = 600 if options.quick else options.requests
    if not options.program.is_file():
        raise SystemExit(f"There is no {options.program}; `make setup` builds it.")
    with tempfile.TemporaryDirectory(prefix="fu-soak-") as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "data" / "store").mkdir(parents=True)
        admin, port = free_port(), free_port()
        settings = environment(folder, admin_port=admin)
        ndvi_log, web_log = folder / "ndvi.log", folder / "web.log"
        ndvi = stack.enter_context(part([str(options.program)], settings=settings, log=ndvi_log))
        wait_for(admin, "/readyz", ndvi_log)
        filled = subprocess.run(
            [sys.executable, HERE / "fill.py"],
            cwd=ROOT, env=settings, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        known = json.loads(filled.stdout.splitlines()[-1])
        command = [
            sys.executable, "-m", "orchestrator.web_server", "--port", str(port), "--workers", "2",
        ]  # fmt: skip
        web = stack.enter_context(part(command, settings=settings, log=web_log))
        wait_for(port, "/readyz", web_log)
        parts = [Watched(name="web", leader=web), Watched(name="furrow-ndvi", leader=ndvi)]
        done, took_s = soak(parts, port=port, known=known, requests=requests)
        text = report(parts, done=done, took_s=took_s)
    if not options.quick:
        target = ROOT / "bench" / "results" / f"soak-{time.strftime('%Y-%m-%d', time.gmtime())}.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
