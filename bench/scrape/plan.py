"""The matrix: which stages are set up, and what is measured in each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

SERIES = (1_000, 10_000, 50_000, 100_000)
WORKERS = (1, 2, 4)
RESTARTS = (0, 50, 200)
RATES_PER_S = (1 / 15, 1.0, 5.0)  # besides 0, which no endpoint differs in

ONE_PROCESS = "Django, one process"
MULTIPROCESS = "Django, multiprocess"
SPEEDUPS = "Django, speedups"
TEXT = "furrow-metrics, text"
OPENMETRICS = "furrow-metrics, OpenMetrics"
PROTOBUF = "furrow-metrics, protobuf"
NO_SCRAPE = "no scrape"
DJANGO = (MULTIPROCESS, SPEEDUPS)
METRICS = (TEXT, OPENMETRICS, PROTOBUF)
FORMATS = {TEXT: "text", OPENMETRICS: "openmetrics", PROTOBUF: "protobuf"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An endpoint, asked for in one way, so often."""

    endpoint: str
    scrapes_per_s: float = 0.0  # 0 under load: nobody scrapes
    gzip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A web server with its series; what is measured after each number of restarts."""

    series: int
    workers: int
    identity: str = "slot"  # of writers that end
    restarts: tuple[int, ...] = (0,)
    costs: tuple[Cell, ...] = ()
    loads: tuple[Cell, ...] = ()
    window_s: float = 7.0  # of each load
    cold: bool = False
    multiprocess: bool = True  # False: no directory, each process counts for itself

    @property
    def wants_metrics(self) -> bool:
        """Whether furrow-metrics runs beside it."""
        return any(cell.endpoint in METRICS for cell in (*self.costs, *self.loads)) or self.cold


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that is measured in a run."""

    stages: tuple[Stage, ...]
    rounds: int = 3
    cost_budget_s: float = 1.0  # of scrapes back to back in a round; one scrape at least
    load_share: float | None = 0.3  # of capacity, which a ramp finds; None: 40 requests a second
    instrumentation_batches: int = 30  # of each side; 0: not measured
    callgrind: tuple[tuple[int, int], ...] = ((10_000, 4),)  # series, files
    python_callgrind: tuple[tuple[int, int], ...] = ((1_000, 4),)
    skipped: tuple[str, ...] = field(default=())


def costs(*endpoints: str, with_gzip: bool = False) -> tuple[Cell, ...]:
    """Cells of scrapes back to back."""
    plain = [Cell(endpoint=each) for each in endpoints]
    packed = [Cell(endpoint=each, gzip=True) for each in endpoints if each in METRICS]
    return (*plain, *(packed if with_gzip else []))


def loads(rates: tuple[float, ...], *endpoints: str) -> tuple[Cell, ...]:
    """Cells under load, with the one without scrapes first."""
    return (
        Cell(endpoint=NO_SCRAPE),
        *(Cell(endpoint=each, scrapes_per_s=rate) for rate in rates for each in endpoints),
    )


def telling() -> Plan:
    """A cross through the matrix: a line along each axis, under a quarter of an hour."""
    all_costs = costs(*DJANGO, *METRICS)
    small = (MULTIPROCESS, TEXT)
    lines = [
        *(
            Stage(series=series, workers=1, multiprocess=False, costs=costs(ONE_PROCESS))
            for series in (1_000, 10_000, 100_000)
        ),
        Stage(series=1_000, workers=4, costs=all_costs),
        Stage(series=10_000, workers=1, costs=all_costs, loads=loads((1.0, 5.0), *small)),
        Stage(series=10_000, workers=2, costs=costs(*small)),
        Stage(
            series=10_000,
            workers=4,
            costs=costs(*DJANGO, *METRICS, with_gzip=True),
            loads=loads((1.0,), MULTIPROCESS, *METRICS),
        ),
        Stage(series=10_000, workers=1, loads=loads((1 / 15,), *small), window_s=15.0),
        Stage(series=50_000, workers=4, costs=costs(*small)),
        Stage(
            series=100_000,
            workers=4,
            costs=costs(*DJANGO, *METRICS, with_gzip=True),
            cold=True,
        ),
        Stage(series=10_000, workers=4, identity="pid", restarts=RESTARTS, costs=costs(*small)),
        Stage(series=10_000, workers=4, identity="slot", restarts=RESTARTS, costs=costs(*small)),
    ]
    return Plan(stages=tuple(lines))


def whole() -> Plan:
    """Every cell: most of a day."""
    stages = []
    for series in SERIES:
        stages.append(
            Stage(
                series=series,
                workers=1,
                multiprocess=False,
                costs=costs(ONE_PROCESS),
                loads=loads(RATES_PER_S, ONE_PROCESS),
                window_s=30.0,
            )
        )
        stages += [
            Stage(
                series=series,
                workers=workers,
                identity=identity,
                restarts=RESTARTS,
                costs=costs(*endpoints, with_gzip=True),
                loads=loads(RATES_PER_S, *endpoints),
                window_s=30.0,
                cold=identity == "slot",
            )
            for workers in WORKERS
            for identity, endpoints in (("pid", DJANGO), ("slot", METRICS))
        ]
    return Plan(
        stages=tuple(stages),
        callgrind=tuple((series, 4) for series in SERIES),
        skipped=(
            "one process without multiprocess files is measured with one worker and without"
            " restarts: it knows of no other process",
        ),
    )


def quick() -> Plan:
    """A few seconds of everything that is cheap, for tests."""
    stage = Stage(
        series=500,
        workers=1,
        restarts=(0, 2),
        costs=costs(MULTIPROCESS, TEXT),
        loads=loads((5.0,), MULTIPROCESS),
        window_s=1.0,
    )
    return Plan(
        stages=(stage,),
        rounds=1,
        cost_budget_s=0.2,
        load_share=None,
        instrumentation_batches=0,
        callgrind=(),
        python_callgrind=(),
    )


def without(plan: Plan, reason: str, endpoints: tuple[str, ...]) -> Plan:
    """The same where these endpoints are not there."""

    def kept(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return tuple(cell for cell in cells if cell.endpoint not in endpoints)

    stages = (
        replace(
            stage,
            costs=kept(stage.costs),
            loads=kept(stage.loads),
            cold=stage.cold and TEXT not in endpoints,
        )
        for stage in plan.stages
    )
    return replace(
        plan,
        stages=tuple(stage for stage in stages if stage.costs or stage.loads),
        skipped=(*plan.skipped, reason),
    )
