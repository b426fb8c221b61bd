"""Instructions of a warm scrape, counted by callgrind: the same on any day and any machine.

Two runs that differ only in the number of scrapes; their difference is scrapes alone. The last
recorded counts lie beside the results; a run says how far it is from them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.scrape.stages import ROOT, Bench, memory_folder

RECORD = ROOT / "bench" / "results" / "scrape-instructions.json"
LIKE_BEFORE = 0.05  # share by which a count may differ from the recorded one
SCRAPES = 10
WITHIN_S = 240
# Collects and writes so often; prometheus_client as the Django view calls it.
PYTHON = """
import sys
from prometheus_client import CollectorRegistry, generate_latest, multiprocess
for _ in range(int(sys.argv[1])):
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    generate_latest(registry)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Instructions of one scrape."""

    what: str
    series: int
    files: int
    instructions: float
    recorded: float | None

    @property
    def key(self) -> str:
        """Its name in the record."""
        return f"{self.what}, {self.series} series, {self.files} files"

    @property
    def verdict(self) -> str:
        """Compared with the record."""
        if self.recorded is None:
            return "not recorded before"
        change = self.instructions / self.recorded - 1
        word = "as recorded" if abs(change) <= LIKE_BEFORE else "CHANGED"
        return f"{change:+.1%} ({word})"


def instructions(command: list[str], environment: dict[str, str]) -> int:
    """Instructions of a whole run."""
    output = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
        env=environment, cwd=ROOT, check=True, capture_output=True, text=True, timeout=WITHIN_S,
    ).stderr  # fmt: skip
    found = re.search(r"Collected : (\d+)", output)
    if found is None:
        raise SystemExit(f"callgrind printed something else:\n{output[-2000:]}")
    return int(found[1])


def per_scrape(command: list[str], scrapes: int, environment: dict[str, str]) -> float:
    """The difference of two runs, divided by the scrapes it holds."""
    once, twice = (
        instructions([*command, str(number)], environment) for number in (scrapes, 2 * scrapes)
    )
    return (twice - once) / scrapes


def example() -> Path | None:
    """The program that holds nothing but warm scrapes, where it was built."""
    default = ROOT / "rust_services" / "target"
    target = Path(os.environ.get("CARGO_TARGET_DIR", default))
    program = target / "release" / "examples" / "warm_scrape"
    return program if program.is_file() else None


def count(
    bench: Bench, *, rust: tuple[tuple[int, int], ...], python: tuple[tuple[int, int], ...]
) -> tuple[list[Count], list[str]]:
    """Count what can be counted here; the counts, and a line for each that could not."""
    if not (rust or python):
        return [], []
    if shutil.which("valgrind") is None:
        return [], ["instructions were not counted: there is no valgrind (Debian: valgrind)"]
    recorded = json.loads(RECORD.read_text()) if RECORD.is_file() else {}
    counts, skipped = [], []
    program = example()
    if rust and program is None:
        skipped.append(
            "instructions of furrow-metrics were not counted: `cargo build --release"
            " -p furrow-exposition --example warm_scrape` was not run"
        )
    for series, files in rust if program else ():
        command = [str(program), str(series), str(files)]
        figure = per_scrape(command, SCRAPES, bench.environment())
        counts.append(counted("furrow-exposition", series, files, figure, recorded))
    for series, files in python:
        with memory_folder() as directory:
            environment = bench.environment(PROMETHEUS_MULTIPROC_DIR=str(directory))
            subprocess.run(
                [sys.executable, "-m", "bench.scrape.writers", "--identity", "pid",
                 "--series", str(series), "--count", str(files)],
                cwd=ROOT, env=environment, check=True,
            )  # fmt: skip
            figure = per_scrape([sys.executable, "-c", PYTHON], 3, environment)
        counts.append(counted("prometheus_client", series, files, figure, recorded))
    return counts, skipped


def counted(what: str, series: int, files: int, figure: float, recorded: dict[str, float]) -> Count:
    """A count beside its record."""
    fresh = Count(what=what, series=series, files=files, instructions=figure, recorded=None)
    return Count(
        what=what, series=series, files=files, instructions=figure,
        recorded=recorded.get(fresh.key),
    )  # fmt: skip


def record(counts: list[Count]) -> None:
    """Keep the counts for the next run to compare with."""
    kept = json.loads(RECORD.read_text()) if RECORD.is_file() else {}
    kept |= {each.key: round(each.instructions) for each in counts}
    RECORD.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")
