"""Set up a stage and measure its cells: a web server, furrow-metrics, writers that end."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.scrape import machine, plan
from bench.scrape.figures import Row, percentile
from bench.scrape.openloop import Load, Schedule
from bench.scrape.processes import (
    READY_WITHIN_S,
    cpu_s,
    free_port,
    measured_cores,
    other_cores,
    program,
    resident_mib,
    wait_until_answering,
)
from bench.scrape.scraper import Beat, Scraper, Source

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = 16
MOST_SCRAPES = 300
BEHIND_S = 0.05
RAMP = (100.0, 1.2, 16)  # requests a second at first, factor of a step, most steps
RAMP_STEP_S = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all stages share."""

    folder: Path  # logs and the database
    metrics_program: Path | None
    speedups: Path | None  # folder that holds the peer's package
    known: dict[str, Any]  # what bench/api/fill.py printed

    def environment(self, **extra: str) -> dict[str, str]:
        """What the stack gives its processes, in a folder of its own."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FURROW_", "BENCH_", "PROMETHEUS_"))
        }
        paths = [str(ROOT), *([str(self.speedups)] if self.speedups else [])]
        return kept | {
            "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
            "FURROW_DATA_DIR": str(self.folder / "data"),
            "FURROW_NDVI_TARGET": f"unix:{self.folder / 'nobody.sock'}",
            "PYTHONPATH": os.pathsep.join(paths),
            **extra,
        }

    @property
    def path(self) -> str:
        """An ordinary request: an API key, a permission, four queries, a body of 2 kB."""
        return f"/api/v1/fields/{self.known['field']}/indices/ndvi/latest"

    @property
    def headers(self) -> dict[str, str]:
        """With the key."""
        return {"Authorization": f"Api-Key {self.known['key']}"}


def fill(folder: Path, *, scenes: int) -> dict[str, Any]:
    """Make the database that requests read."""
    bench = Bench(folder=folder, metrics_program=None, speedups=None, known={})
    filled = subprocess.run(
        [sys.executable, ROOT / "bench" / "api" / "fill.py", str(scenes)],
        cwd=ROOT, env=bench.environment(), check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    known: dict[str, Any] = json.loads(filled.stdout.splitlines()[-1])
    return known


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder for the files of counters: in memory where the machine has that, as in the stack."""
    shared = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(
        prefix="furrow-bench-", dir=shared if os.access(shared, os.W_OK) else None
    ) as name:
        yield Path(name)


@contextmanager
def web(bench: Bench, *, workers: int, series: int, **extra: str) -> Iterator[tuple[int, int]]:
    """Run the web server on the measured core; yields its port and process group."""
    port = free_port()
    log = bench.folder / f"web-{port}.log"
    ready = bench.folder / f"ready-{port}"
    ready.mkdir()
    command = [
        sys.executable, "-m", "bench.scrape.serve",
        "--port", str(port), "--workers", str(workers),
    ]  # fmt: skip
    environment = bench.environment(BENCH_SERIES=str(series), BENCH_READY_DIR=str(ready), **extra)
    with program(
        command, environment=environment, log=log, cores=measured_cores(), folder=ROOT
    ) as process:
        deadline = time.monotonic() + READY_WITHIN_S
        while len(list(ready.iterdir())) < workers:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The web server did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.05)
        wait_until_answering(port, "/healthz", process, log)
        yield port, process.pid
    log.unlink()


@contextmanager
def metrics_service(bench: Bench, directory: Path) -> Iterator[tuple[int, int]]:
    """Run furrow-metrics on the measured core; yields its port and process group."""
    port = free_port()
    with started_metrics_service(bench, directory, port) as (process, log):
        wait_until_answering(port, "/readyz", process, log)
        yield port, process.pid


@contextmanager
def started_metrics_service(
    bench: Bench, directory: Path, port: int
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Start furrow-metrics over a directory, with a state of its own, and do not wait."""
    assert bench.metrics_program is not None  # noqa: S101
    log = bench.folder / f"metrics-{port}.log"
    state = bench.folder / f"state-{port}"
    state.mkdir()
    environment = bench.environment(
        PROMETHEUS_MULTIPROC_DIR=str(directory),
        FURROW_METRICS_LISTEN=f"unix:{bench.folder / f'metrics-{port}.sock'}",
        FURROW_METRICS_ADMIN_LISTEN=f"127.0.0.1:{port}",
        FURROW_METRICS_STATE_DIR=str(state),
    )
    with program(
        [str(bench.metrics_program)],
        environment=environment, log=log, cores=measured_cores(), folder=ROOT,
    ) as process:  # fmt: skip
        yield process, log
    shutil.rmtree(state)


@dataclass(slots=True, kw_only=True)
class Running:
    """A stage that is up."""

    bench: Bench
    stage: plan.Stage
    directory: Path
    web_port: int
    web_group: int
    metrics_port: int = 0
    metrics_group: int = 0
    requests_per_s: float = 0.0
    hz: float = 0.0

    def source(self, cell: plan.Cell) -> Source:
        """Where a cell's scrapes go."""
        if cell.endpoint in plan.METRICS:
            kind = plan.FORMATS[cell.endpoint]
            return Source(
                port=self.metrics_port, path="/metrics/django", format=kind, gzip=cell.gzip
            )
        path = "/bench/speedups" if cell.endpoint == plan.SPEEDUPS else "/metrics"
        return Source(port=self.web_port, path=path)

    def answering_group(self, cell: plan.Cell) -> int:
        """Whose CPU a scrape is."""
        return self.metrics_group if cell.endpoint in plan.METRICS else self.web_group

    def cpu_s(self) -> float:
        """CPU of all that runs on the measured core."""
        return cpu_s(self.web_group) + (cpu_s(self.metrics_group) if self.metrics_group else 0.0)

    def row(self, part: str, cell: plan.Cell, *, restarts: int, number: int, **figures: Any) -> Row:
        """A row of this stage."""
        return Row(
            part=part, series=self.stage.series, workers=self.stage.workers, restarts=restarts,
            identity=self.stage.identity, endpoint=cell.endpoint, gzip=cell.gzip,
            scrapes_per_s=cell.scrapes_per_s, round=number, **figures,
        )  # fmt: skip

    def cost(self, cell: plan.Cell, *, restarts: int, number: int, budget_s: float) -> Row:
        """Scrape back to back for about the budget; CPU of the process that answers."""
        scraper = Scraper(self.source(cell))
        scraper.scrape()  # takes in what is new, and says how long one lasts
        if scraper.scrapes.failed:
            raise SystemExit(f"{cell.endpoint} did not answer a scrape.")
        lasts_s = scraper.scrapes.durations_s.pop()
        count = max(1, min(MOST_SCRAPES, int(budget_s / lasts_s)))
        ticks, begun = machine.Ticks.now(), time.monotonic()
        before_s = cpu_s(self.answering_group(cell))
        for _ in range(count):
            scraper.scrape()
        used_s = cpu_s(self.answering_group(cell)) - before_s
        scraper.connection.close()
        _, stolen = machine.Ticks.now().shares_since(ticks)
        return self.row(
            "cost", cell, restarts=restarts, number=number, requests_per_s=0.0,
            seconds=time.monotonic() - begun, stolen_share=stolen,
            **scrape_figures(asdict(scraper.scrapes)),
            cpu_ms_per_scrape=1000 * used_s / count, cycles_per_scrape=self.hz * used_s / count,
        )  # fmt: skip

    def load(self, cell: plan.Cell, *, restarts: int, number: int) -> Row:
        """Requests at a fixed rate for the window, scraped on the beat meanwhile."""
        window_s, start_s = self.stage.window_s, time.monotonic() + 0.6
        schedule = Schedule(start_s=start_s, rate_per_s=self.requests_per_s, seconds=window_s)
        ticks, before_s = machine.Ticks.now(), self.cpu_s()
        answers_before_s = cpu_s(self.answering_group(cell)) if cell.scrapes_per_s else 0.0
        with ExitStack() as stack:
            scraping = None
            if cell.scrapes_per_s:
                beat = Beat(start_s=start_s, rate_per_s=cell.scrapes_per_s, seconds=window_s)
                told = {"source": asdict(self.source(cell)), "beat": asdict(beat)}
                scraping = stack.enter_context(outcome_of(self.bench, "scraper", told))
            outcome = drive(self.bench, self.web_port, schedule)
            scraped = finished(*scraping) if scraping else {}
        used_s = self.cpu_s() - before_s
        _, stolen = machine.Ticks.now().shares_since(ticks)
        scrapes = len(scraped.get("durations_s", []))
        own_s = math.nan
        if scrapes and cell.endpoint in plan.METRICS:
            own_s = (cpu_s(self.metrics_group) - answers_before_s) / scrapes
        requests = len(outcome["latencies_s"])
        return self.row(
            "load", cell, restarts=restarts, number=number, seconds=window_s,
            requests_per_s=self.requests_per_s, stolen_share=stolen,
            **request_figures(outcome), **scrape_figures(scraped),
            cpu_ms_per_request=1000 * used_s / requests,
            cycles_per_request=self.hz * used_s / requests,
            cpu_ms_per_scrape=1000 * own_s, cycles_per_scrape=self.hz * own_s,
        )  # fmt: skip


def request_figures(outcome: dict[str, Any]) -> dict[str, Any]:
    """Columns of a row on requests."""
    latencies_ms = [1000 * each for each in outcome["latencies_s"]]
    return {
        "requests": len(latencies_ms),
        "failed": outcome["failed"],
        "request_p50_ms": percentile(latencies_ms, 0.5),
        "request_p99_ms": percentile(latencies_ms, 0.99),
        "request_p999_ms": percentile(latencies_ms, 0.999),
        "request_max_ms": percentile(latencies_ms, 1.0),
    }


def scrape_figures(scraped: dict[str, Any]) -> dict[str, Any]:
    """Columns of a row on scrapes."""
    if not scraped:
        return {}
    durations_ms = [1000 * each for each in scraped["durations_s"]]
    return {
        "scrapes": len(durations_ms),
        "scrapes_missed": scraped["missed"] + scraped["failed"],
        "scrape_p50_ms": percentile(durations_ms, 0.5),
        "scrape_p99_ms": percentile(durations_ms, 0.99),
        "scrape_max_ms": percentile(durations_ms, 1.0),
        "scrape_bytes": percentile(scraped["bytes_each"], 0.5),
    }


@contextmanager
def outcome_of(
    bench: Bench, name: str, told: dict[str, Any]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run the generator or the scraper beside the measured core; yields it and its outcome."""
    target = bench.folder / f"{name}-{time.monotonic_ns()}.json"
    command = [sys.executable, "-m", f"bench.scrape.{name}", json.dumps(told), str(target)]
    log = bench.folder / f"{name}.log"
    with program(
        command, environment=bench.environment(), log=log, cores=other_cores(), folder=ROOT
    ) as process:
        yield process, target


def finished(process: subprocess.Popen[bytes], target: Path) -> dict[str, Any]:
    """Wait for a generator or scraper; what it measured."""
    if process.wait(300):
        raise SystemExit(f"The program of {target.name} failed; its log lies beside it.")
    outcome: dict[str, Any] = json.loads(target.read_text())
    target.unlink()
    return outcome


def drive(bench: Bench, port: int, schedule: Schedule) -> dict[str, Any]:
    """Send requests by the schedule."""
    load = Load(
        port=port, path=bench.path, headers=bench.headers, schedule=schedule,
        connections=CONNECTIONS,
    )  # fmt: skip
    with outcome_of(bench, "openloop", asdict(load)) as generator:
        return finished(*generator)


def capacity_per_s(bench: Bench, port: int) -> float:
    """Highest rate of a ramp that the server keeps up with: no backlog at the end of the step.

    Returns:
        Requests a second of the last step that held; the first step at least.
    """
    rate, factor, steps = RAMP
    held = rate
    for _ in range(steps):
        schedule = Schedule(start_s=time.monotonic() + 0.5, rate_per_s=rate, seconds=RAMP_STEP_S)
        outcome = drive(bench, port, schedule)
        last = outcome["latencies_s"][-schedule.count // 4 :]
        if outcome["failed"] or percentile(last, 0.5) > BEHIND_S:
            break
        held, rate = rate, rate * factor
    return held


@contextmanager
def running(bench: Bench, stage: plan.Stage) -> Iterator[Running]:
    """Bring a stage up."""
    with memory_folder() as directory, ExitStack() as stack:
        extra = {"PROMETHEUS_MULTIPROC_DIR": str(directory)} if stage.multiprocess else {}
        port, leader = stack.enter_context(
            web(bench, workers=stage.workers, series=stage.series, **extra)
        )
        up = Running(
            bench=bench, stage=stage, directory=directory, web_port=port, web_group=leader,
            hz=machine.reference_hz(),
        )  # fmt: skip
        if stage.wants_metrics:
            up.metrics_port, up.metrics_group = stack.enter_context(
                metrics_service(bench, directory)
            )
            up.hz = machine.reference_hz(machine.page(up.metrics_port))
        yield up


def restart(up: Running, *, count: int) -> None:
    """Start and end so many writers."""
    command = [
        sys.executable, "-m", "bench.scrape.writers", "--identity", up.stage.identity,
        "--series", str(up.stage.series), "--count", str(count),
    ]  # fmt: skip
    environment = up.bench.environment(PROMETHEUS_MULTIPROC_DIR=str(up.directory))
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cold:
    """A first scrape of furrow-metrics over files that were there before it, milliseconds."""

    series: int
    workers: int
    from_start_ms: float  # from starting the process to the last byte of its first answer
    scrape_ms: float  # that answer alone
    cpu_ms: float  # of the process until then


def cold_scrape(up: Running) -> Cold:
    """Start another furrow-metrics over the stage's files and ask until it answers in full.

    Until it has read every file it refuses, so that nobody takes a part for the whole.
    """
    port = free_port()
    begun = time.monotonic()
    with started_metrics_service(up.bench, up.directory, port) as (process, log):
        while True:
            scraper = Scraper(Source(port=port, path="/metrics/django"))
            scraper.scrape()
            scraper.connection.close()
            if scraper.scrapes.durations_s and not scraper.scrapes.failed:
                break
            if process.poll() is not None or time.monotonic() > begun + READY_WITHIN_S:
                raise SystemExit(f"furrow-metrics did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.001)
        return Cold(
            series=up.stage.series,
            workers=up.stage.workers,
            from_start_ms=1000 * (time.monotonic() - begun),
            scrape_ms=1000 * scraper.scrapes.durations_s[0],
            cpu_ms=1000 * cpu_s(process.pid),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident memory at the end of a stage, MiB."""

    series: int
    workers: int
    restarts: int
    identity: str
    metrics_mib: float
    metrics_peak_mib: float
    web_mib: float


@dataclass(slots=True, kw_only=True)
class Measured:
    """What stages gave."""

    rows: list[Row]
    colds: list[Cold]
    memories: list[Memory]
    capacities: dict[tuple[int, int], float]  # by series and workers


def measure(bench: Bench, stage: plan.Stage, the_plan: plan.Plan, into: Measured) -> None:
    """Bring a stage up and measure its cells, rounds interleaved."""
    with running(bench, stage) as up:
        if stage.loads:
            share, up.requests_per_s = the_plan.load_share, 40.0
            if share is not None:
                capacity = capacity_per_s(bench, up.web_port)
                into.capacities[stage.series, stage.workers] = capacity
                up.requests_per_s = capacity * share
        ended = 0
        if any(stage.restarts):
            restart(up, count=1)  # the process that is restarted: its files are there from 0 on
        for restarts in stage.restarts:
            if restarts > ended:
                restart(up, count=restarts - ended)
                ended = restarts
            for number in range(1, the_plan.rounds + 1):
                for cell in stage.costs:
                    budget_s = the_plan.cost_budget_s
                    row = up.cost(cell, restarts=restarts, number=number, budget_s=budget_s)
                    into.rows.append(row)
                for cell in stage.loads:
                    into.rows.append(up.load(cell, restarts=restarts, number=number))
                if stage.cold and restarts == 0:
                    into.colds.append(cold_scrape(up))
            into.memories.append(memory(up, restarts=restarts))


def memory(up: Running, *, restarts: int) -> Memory:
    """What the stage's processes hold now."""
    there = bool(up.metrics_group)
    return Memory(
        series=up.stage.series, workers=up.stage.workers, restarts=restarts,
        identity=up.stage.identity,
        metrics_mib=resident_mib(up.metrics_group) if there else math.nan,
        metrics_peak_mib=resident_mib(up.metrics_group, name="VmHWM") if there else math.nan,
        web_mib=resident_mib(up.web_group),
    )  # fmt: skip
