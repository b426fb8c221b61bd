"""Measure furrow's weather and its peers in turn on the same generated hours. See ../README.md."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "deploy")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")


from stack.parts import KEPT_MEMORY  # noqa: E402

from bench.machine import machine  # noqa: E402
from bench.weather.calls import Calls  # noqa: E402
from bench.weather.generated import (  # noqa: E402
    HOURS_1_YEAR,
    HOURS_30_YEARS,
    START,
    STATION_START,
    STATIONS,
    weather,
)
from bench.weather.service import service  # noqa: E402
from bench.weather.tasks import CACHE, PEERS, REPETITIONS, Task, tasks  # noqa: E402

LOAD_TO_START = 0.7  # of one processor, over a minute
PATIENCE_S = 60.0
WAY = "way"  # as ``--only`` calls Django's part
# The peers and what they need; an environment of their own, because nothing else needs them.
PACKAGES = ("polars==2.1.0", "pandas==3.1.1", "refet==0.5.0", "xclim==0.62.0")


def settle() -> None:
    """Wait a little for a busy machine; go on whatever it does."""
    deadline = time.monotonic() + PATIENCE_S
    while os.getloadavg()[0] > LOAD_TO_START and time.monotonic() < deadline:
        time.sleep(2)


def cell(values: list[float], digits: int) -> str:
    """Median (lowest–highest)."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def report(found: list[Task], extra: list[str], *, rounds: int, load: float) -> str:
    """The tables in Markdown."""
    lines = [
        f"# Weather, {time.strftime('%Y-%m-%d', time.gmtime())}",
        "",
        f"Machine: {machine()}. Load average at the start {load:.1f}, at the end"
        f" {os.getloadavg()[0]:.1f}.",
        f"Peers: {', '.join(PACKAGES).replace('==', ' ')}.",
        f"{rounds} interleaved rounds, in each a fresh process of either side and the median of"
        f" {REPETITIONS} repetitions after a first. Median (lowest–highest); the ratio is that of"
        " each pair.",
        "",
        "| task | furrow ms | peer ms | times as fast | asked | peak MiB, ours / peer"
        " | farthest apart |",
        "|---|---|---|---|---|---|---|",
    ]
    for task in found:
        peaks = [
            statistics.median(one.peak_mib for one in side) for side in (task.ours, task.theirs)
        ]
        lines.append(
            f"| {task.name} | {cell([one.seconds * 1e3 for one in task.ours], 2)}"
            f" | {cell([one.seconds * 1e3 for one in task.theirs], 1)}"
            f" | {cell(task.ratios(), 1)} | {task.asked:g} | {peaks[0]:.0f} / {peaks[1]:.0f}"
            f" | {task.apart:.1e} |"
        )
    return "\n".join([*lines, "", *extra]) + "\n"


def prepare() -> None:
    """Build what is measured, and the peers' own environment."""
    for package, what in (("furrow-bins", "--bins"), ("furrow-agromet", "--examples")):
        command = ["cargo", "--locked", "build", "--quiet", "--release", "-p", package, what]
        subprocess.run(command, cwd=ROOT / "rust_services", check=True)
    installed = PEERS / "packages.txt"
    wanted = "\n".join(PACKAGES)
    if not installed.exists() or installed.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        pip = str(PEERS / "bin" / "pip")
        subprocess.run([pip, "install", "--quiet", *PACKAGES], check=True)
        installed.write_text(wanted)


def whole_way(program: Path) -> list[str]:
    """The table of Django's CPU, from a process with settings of its own and the stack's memory."""
    command = [sys.executable, str(HERE / "way.py"), str(program)]
    done = subprocess.run(
        command, env=os.environ | KEPT_MEMORY, stdout=subprocess.PIPE, text=True, check=True
    )
    return ["", *done.stdout.splitlines()]


def main() -> None:
    """Run the rounds, check what came out, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="tasks whose name begins so")
    parser.add_argument("--no-build", action="store_true", help="measure what is built")
    parser.add_argument("--record", action="store_true", help="keep the table in results/")
    options = parser.parse_args()
    if not options.no_build:
        prepare()
    CACHE.mkdir(parents=True, exist_ok=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "rust_services" / "target"))
    release = target / "release"
    one = weather(CACHE, stations=1, hours=HOURS_30_YEARS, start=START)
    many = weather(CACHE, stations=STATIONS, hours=HOURS_1_YEAR, start=STATION_START)
    calls = Calls(program=release / "furrow-weather", repetitions=REPETITIONS, serve=service)
    chosen = [t for t in tasks(release, calls, one, many) if t.name.startswith(options.only)]
    settle()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        ours, theirs = Path(folder, "ours.f64"), Path(folder, "theirs.f64")
        for number in range(1, options.rounds + 1):
            for task in chosen:
                task.ours.append(task.our(ours))
                task.theirs.append(task.their(theirs))
                task.apart = task.compare(ours, theirs)
                if task.apart > task.within:
                    raise SystemExit(f"{task.name}: {task.apart:.2e} apart.")
                line = f"round {number}: {task.name}: {task.ours[-1].seconds * 1e3:.2f} ms"
                print(f"{line}, peer {task.theirs[-1].seconds * 1e3:.1f} ms", flush=True)
    extra = [] if options.only else [*calls.throughput(one, many, rounds=options.rounds)]
    if WAY.startswith(options.only):
        extra += whole_way(release / "furrow-weather")
    text = report(chosen, extra, rounds=options.rounds, load=load)
    print(text)
    if options.record:
        day = time.strftime("%Y-%m-%d", time.gmtime())
        (HERE.parent / "results" / f"weather-{day}.md").write_text(text)


if __name__ == "__main__":
    main()
