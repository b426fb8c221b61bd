"""Measure what scrapes cost, and what they cost the requests beside them. See README.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # started as a program
    sys.path.insert(0, str(ROOT))

from bench.machine import machine as this_machine  # noqa: E402
from bench.scrape import callgrind, instrumentation, machine, plan, report, stages  # noqa: E402
from bench.scrape.figures import write_csv  # noqa: E402
from bench.scrape.processes import other_cores  # noqa: E402

SPEEDUPS = "prometheus_client_python_speedups==0.1.0"
WHOLE_SCENES, QUICK_SCENES = 146, 3


def main() -> None:
    """Fill, measure stage by stage, write rows, report and plots."""
    parser = argparse.ArgumentParser(prog="make bench-scrape", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--whole", action="store_true", help="every cell of the matrix; hours")
    size.add_argument("--quick", action="store_true", help="seconds; says nothing about speed")
    parser.add_argument("--rounds", type=int, help="rounds of each stage (3)")
    parser.add_argument("--stages", help="numbers of stages to run alone, with commas")
    parser.add_argument(
        "--into", type=Path, help="folder for the results (bench/results; var/bench for --quick)"
    )
    parser.add_argument("--record", action="store_true", help="keep the counts of instructions")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "rust_services" / "target"))
    parser.add_argument("--program", type=Path, default=target / "release" / "furrow-metrics")
    options = parser.parse_args()
    chosen = plan.whole() if options.whole else plan.quick() if options.quick else plan.telling()
    if options.rounds:
        chosen = replace(chosen, rounds=options.rounds)
    if options.stages:
        numbers = [int(each) for each in options.stages.split(",")]
        chosen = replace(chosen, stages=tuple(chosen.stages[number] for number in numbers))
    default = ROOT / "var" / "bench" if options.quick else ROOT / "bench" / "results"
    into = options.into or default
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="furrow-bench-") as name:
        text = run(chosen, options=options, folder=Path(name), into=into)
    print(text)


def run(chosen: plan.Plan, *, options: argparse.Namespace, folder: Path, into: Path) -> str:
    """Measure the plan and write everything; the report."""
    begun, ticks = time.monotonic(), machine.Ticks.now()
    load_before = os.getloadavg()[0]
    metrics_program = options.program if options.program.is_file() else None
    if metrics_program is None:
        reason = (
            f"furrow-metrics was not measured: there is no {options.program.name}, `make setup`"
        )
        chosen = plan.without(chosen, f"{reason} builds it", plan.METRICS)
    speedups = None
    if any(cell.endpoint == plan.SPEEDUPS for stage in chosen.stages for cell in stage.costs):
        speedups, reason = installed_speedups(folder / "speedups")
        if speedups is None:
            chosen = plan.without(chosen, reason, (plan.SPEEDUPS,))
    known = stages.fill(folder, scenes=QUICK_SCENES if options.quick else WHOLE_SCENES)
    bench = stages.Bench(
        folder=folder, metrics_program=metrics_program, speedups=speedups, known=known
    )
    os.sched_setaffinity(0, other_cores())
    measured = stages.Measured(rows=[], colds=[], memories=[], capacities={})
    for number, stage in enumerate(chosen.stages, start=1):
        said = f"stage {number} of {len(chosen.stages)}: {stage.series:,} series × {stage.workers}"
        print(f"{time.monotonic() - begun:5.0f} s  {said}", file=sys.stderr, flush=True)
        stages.measure(bench, stage, chosen, measured)
    added = None
    if chosen.instrumentation_batches:
        added = instrumentation.compare(bench, batches=chosen.instrumentation_batches)
    counts, skipped = callgrind.count(bench, rust=chosen.callgrind, python=chosen.python_callgrind)
    if options.record:
        callgrind.record(counts)
    busy, stolen = machine.Ticks.now().shares_since(ticks)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    write_csv(measured.rows, into / f"scrape-{day}.csv")
    plots = report.plots(measured.rows)
    for title, picture in plots.items():
        (into / f"scrape-{day}-{title}.svg").write_text(picture)
    text = report.markdown(
        measured,
        day=day,
        about=report.About(
            machine=this_machine(),
            hz=machine.reference_hz(),
            load_before=load_before,
            busy_share=busy,
            stolen_share=stolen,
            took_s=time.monotonic() - begun,
            rounds=chosen.rounds,
            path=bench.path.replace(f"/{known['field']}/", "/{id}/"),
        ),
        instrumentation=added,
        counts=counts,
        skipped=[*chosen.skipped, *skipped],
        plots=[f"scrape-{day}-{title}.svg" for title in plots],
    )
    (into / f"scrape-{day}.md").write_text(text)
    return text


def installed_speedups(folder: Path) -> tuple[Path | None, str]:
    """Install the peer into a folder that goes with the run; the folder, or why not."""
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--target", str(folder), SPEEDUPS,
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        return None, f"{SPEEDUPS} was not measured: its installation took too long"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word from pip"])[-1]
        return None, f"{SPEEDUPS} was not measured: {json.dumps(last)}"
    return folder, ""


if __name__ == "__main__":
    main()
