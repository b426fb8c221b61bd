"""Measure furrow-ndvi and its peers in turn on one generated full-size scene. See ../README.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import rasterio  # noqa: E402
from rasterio.windows import Window  # noqa: E402

from bench.machine import machine  # noqa: E402
from bench.scene.generated import FULL_SIDE, Scene, scene  # noqa: E402
from bench.scene.service import fields_request, service, summarize, write_cog  # noqa: E402

CACHE = ROOT / "var" / "bench"
MEAN_WITHIN = 1e-6
LOAD_TO_START = 0.7  # of one processor, over a minute
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one side took once."""

    seconds: float
    cpu_s: float
    peak_mib: float


@dataclass(slots=True, kw_only=True)
class Task:
    """A task and what both sides took, round by round."""

    name: str
    our: Callable[[], Round]
    their: Callable[[], Round]
    check: Callable[[], str]
    ours: list[Round] = field(default_factory=list)
    theirs: list[Round] = field(default_factory=list)
    checked: str = ""

    def ratios(self) -> list[float]:
        """How many times as fast ours was, pair by pair."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return [their.seconds / our.seconds for our, their in pairs]


class Bench:
    """The scene, the programs, and what both sides made of it."""

    def __init__(self, found: Scene, work: Path) -> None:
        self.scene, self.work = found, work
        target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "rust_services" / "target"))
        self.release = target / "release"
        self.ready = CACHE / f"{found.folder.name}-ready.tif"
        self.means: dict[int, dict[int, float]] = {}

    def peer(self, task: str, *arguments: str, target: Path | None = None) -> Round:
        """A fresh process of the peer."""
        command = [
            sys.executable, "-m", "bench.scene.peers", task, str(self.scene.folder),
            str(self.scene.side), str(target or self.work / "peer.json"), *arguments,
        ]  # fmt: skip
        printed = subprocess.run(
            command, cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        return Round(**json.loads(printed))

    def compute(self) -> Round:
        """Ours without writing: every block computed by the service's own code, and summed up."""
        command = [self.release / "examples" / "whole_scene", self.scene.folder]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        taken = json.loads(printed)
        return Round(taken["seconds"], taken["cpu_s"], taken["peak_mib"])

    def cog(self, encoding: str, compression: str) -> Round:
        """Ours into a file, in a fresh process of the service."""
        with service(self.release / "furrow-ndvi", self.scene.folder) as running:
            begun, cpu = time.perf_counter(), running.cpu_s()
            write_cog(running, self.scene, encoding=encoding, compression=compression)
            seconds = time.perf_counter() - begun
            return Round(seconds, running.cpu_s() - cpu, running.peak_mib())

    def fields(self, count: int) -> Round:
        """Ours over fields, in a fresh process of the service; the request is ready made."""
        request = fields_request(self.scene, count)
        with service(self.release / "furrow-ndvi", self.scene.folder) as running:
            begun, cpu = time.perf_counter(), running.cpu_s()
            self.means[count] = summarize(running, request)
            seconds = time.perf_counter() - begun
            return Round(seconds, running.cpu_s() - cpu, running.peak_mib())

    def check_cog(self, encoding: str, compression: str) -> str:
        """Sizes, and how many pixels of both files differ."""
        ours = self.scene.folder / "derived" / f"ours-{encoding}-{compression}.tif"
        theirs = self.work / f"{encoding}-{compression}.tif"
        size, peer_size = ours.stat().st_size, theirs.stat().st_size
        differing, largest, pixels = 0, 0.0, 0
        with rasterio.open(ours) as our_file, rasterio.open(theirs) as their_file:
            for row in range(0, self.scene.side, 512):
                rows = min(512, self.scene.side - row)
                window = Window(0, row, self.scene.side, rows)
                our = our_file.read(1, window=window).astype(np.float64)
                their = their_file.read(1, window=window).astype(np.float64)
                apart = ~((our == their) | (np.isnan(our) & np.isnan(their)))
                differing += int(apart.sum())
                pixels += our.size
                if apart.any():
                    largest = max(largest, float(np.abs(our[apart] - their[apart]).max()))
        text = f"{size / 1e6:.1f} MB, peer {peer_size / 1e6:.1f} MB ({size / peer_size - 1:+.1%});"
        if not differing:
            return f"{text} all {pixels:,} pixels equal"
        return f"{text} {differing:,} of {pixels:,} pixels differ, by {largest:.3g} at most"

    def check_fields(self, count: int) -> str:
        """The largest difference of a mean from exactextract's."""
        answers = json.loads((self.work / f"{count}.json").read_text())
        theirs = {int(number): mean for number, mean in answers.items()}
        ours = self.means[count]
        if ours.keys() != theirs.keys():
            raise SystemExit(f"{len(ours.keys() ^ theirs.keys())} fields have a mean on one side.")
        apart = max(abs(ours[number] - theirs[number]) for number in ours)
        if apart > MEAN_WITHIN:
            raise SystemExit(f"A mean differs by {apart:.2e}.")
        return f"{len(ours):,} means, the farthest apart by {apart:.1e}"

    def tasks(self) -> list[Task]:
        """Everything that can be measured."""
        found = [
            Task(
                name="compute: decode, mask, NDVI, nothing written",
                our=self.compute,
                their=partial(self.peer, "compute"),
                check=str,
            )
        ]
        for encoding, compression, level in (
            ("int16", "deflate", ()),
            ("int16", "zstd", ("1",)),
            ("float32", "deflate", ()),
        ):
            target = self.work / f"{encoding}-{compression}.tif"
            named = f"cog: {encoding}, {compression}" + "".join(f" level {one}" for one in level)
            found.append(
                Task(
                    name=named,
                    our=partial(self.cog, encoding, compression),
                    their=partial(self.peer, "cog", encoding, compression, *level, target=target),
                    check=partial(self.check_cog, encoding, compression),
                )
            )
        found += [
            Task(
                name=f"fields: {count:,} polygons",
                our=partial(self.fields, count),
                their=partial(
                    self.peer,
                    "fields",
                    str(self.ready),
                    str(count),
                    target=self.work / f"{count}.json",
                ),
                check=partial(self.check_fields, count),
            )
            for count in (10_000, 1_000)
        ]
        return found


def settle() -> None:
    """Wait a little for a busy machine; go on whatever it does."""
    deadline = time.monotonic() + PATIENCE_S
    while os.getloadavg()[0] > LOAD_TO_START and time.monotonic() < deadline:
        time.sleep(2)


def warm(found: Scene) -> None:
    """Bring the files into the page cache."""
    for path in (found.red, found.nir, found.classes):
        path.read_bytes()


def versions() -> str:
    """What the peers are."""
    names = ("rasterio", "numpy", "exactextract")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Python {platform.python_version()}, {packages}, GDAL {rasterio.__gdal_version__}"


def cell(values: list[float], digits: int) -> str:
    """Median (lowest–highest)."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def report(tasks: list[Task], *, rounds: int, side: int, load: float) -> str:
    """The table in Markdown."""
    lines = [
        f"# A scene, {time.strftime('%Y-%m-%d', time.gmtime())}",
        "",
        f"Machine: {machine()}. Load average at the start {load:.1f}, at the end"
        f" {os.getloadavg()[0]:.1f}.",
        f"Peers: {versions()}.",
        f"Scene: {side} × {side}; {rounds} interleaved rounds. Median (lowest–highest); the ratio"
        " is that of each pair.",
        "",
        "| task | furrow-ndvi s | peer s | times as fast | CPU s, ours / peer"
        " | peak MiB, ours / peer | result |",
        "|---|---|---|---|---|---|---|",
    ]
    for task in tasks:
        cpu, peak = (
            [
                statistics.median(getattr(one, what) for one in side)
                for side in (task.ours, task.theirs)
            ]
            for what in ("cpu_s", "peak_mib")
        )
        lines.append(
            f"| {task.name} | {cell([one.seconds for one in task.ours], 2)}"
            f" | {cell([one.seconds for one in task.theirs], 2)} | {cell(task.ratios(), 2)}"
            f" | {cpu[0]:.2f} / {cpu[1]:.2f} | {peak[0]:.0f} / {peak[1]:.0f} | {task.checked} |"
        )
    return "\n".join(lines) + "\n"


def build() -> None:
    """The programs that are measured."""
    for package, what in (("furrow-bins", "--bins"), ("furrow-ndvi", "--example=whole_scene")):
        command = ["cargo", "--locked", "build", "--quiet", "--release", "-p", package, what]
        subprocess.run(command, cwd=ROOT / "rust_services", check=True)


def main() -> None:
    """Run the rounds, check what came out, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="tasks whose name begins so")
    parser.add_argument("--quick", action="store_true", help="a small scene, once, nothing kept")
    parser.add_argument("--no-build", action="store_true", help="measure what is built")
    options = parser.parse_args()
    if not options.no_build:
        build()
    side, count = (2_048, 10_000) if options.quick else (FULL_SIDE, 10_000)
    rounds = 1 if options.quick else options.rounds
    found = scene(CACHE, side=side, fields=count)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        bench = Bench(found, Path(folder))
        tasks = [task for task in bench.tasks() if task.name.startswith(options.only)]
        if not bench.ready.exists():
            bench.peer("ready", target=bench.ready)
        warm(found)
        if not options.quick:
            settle()
        load = os.getloadavg()[0]
        for number in range(1, rounds + 1):
            for task in tasks:
                task.ours.append(task.our())
                task.theirs.append(task.their())
                line = f"round {number}: {task.name}: {task.ours[-1].seconds:.2f} s"
                print(f"{line}, peer {task.theirs[-1].seconds:.2f} s", flush=True)
        for task in tasks:
            task.checked = task.check()
    text = report(tasks, rounds=rounds, side=side, load=load)
    print(text)
    if not options.quick:
        results = HERE.parent / "results"
        results.mkdir(exist_ok=True)
        day = time.strftime("%Y-%m-%d", time.gmtime())
        (results / f"scene-{day}.md").write_text(text)
        kept = [
            {"task": t.name, "ours": [asdict(r) for r in t.ours],
             "peer": [asdict(r) for r in t.theirs], "ratios": t.ratios(), "result": t.checked}
            for t in tasks
        ]  # fmt: skip
        described = {"machine": machine(), "peers": versions(), "load": load, "tasks": kept}
        (results / f"scene-{day}.json").write_text(json.dumps(described, indent=1) + "\n")


if __name__ == "__main__":
    main()
