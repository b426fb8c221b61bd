"""The report of a run: what was to be reached, tables of medians, plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from bench.scrape import charts, plan, targets
from bench.scrape.callgrind import Count
from bench.scrape.figures import Middle, Row, brief, by_cell, middle
from bench.scrape.instrumentation import Instrumentation
from bench.scrape.stages import CONNECTIONS, Measured

PACKAGES = ("prometheus_client", "django", "django-prometheus", "granian")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The run itself."""

    machine: str
    hz: float
    load_before: float
    busy_share: float
    stolen_share: float
    took_s: float
    rounds: int
    path: str


def markdown(
    measured: Measured,
    *,
    day: str,
    about: About,
    instrumentation: Instrumentation | None,
    counts: Sequence[Count],
    skipped: Sequence[str],
    plots: Sequence[str],
) -> str:
    """The whole report."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    lines = [
        f"# What a scrape costs, {day}",
        "",
        f"Machine: {about.machine}. Reference clock {about.hz / 1e6:,.0f} MHz. Load average before:"
        f" {about.load_before:.1f}; over the run all cores were busy {about.busy_share:.0%} and"
        f" {about.stolen_share:.2%} of their time was stolen by the hypervisor.",
        f"Packages: {packages}. SQLite. The run took {about.took_s / 60:.0f} minutes,"
        f" {about.rounds} rounds a stage, interleaved. A cell is the median of the rounds with the"
        " lowest and the highest.",
        f"Load: `GET {about.path}` with an API key, at a fixed rate over {CONNECTIONS} connections;"
        " latencies count from the intended start. Series: lines of the synthetic families, in"
        " each worker; those of the application come on top.",
        "",
    ]
    verdicts = targets.verdicts(measured, instrumentation)
    if verdicts:
        lines += [
            "## To reach",
            "",
            "| what | at most or at least | measured | |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {each.what} | {each.wanted} | {each.found} | {'yes' if each.met else '**NO**'} |"
            for each in verdicts
        ]
        lines.append("")
    lines += costs(measured.rows)
    lines += restarts(measured.rows)
    lines += loads(measured)
    lines += rest(measured, instrumentation, counts)
    if skipped:
        lines += ["## Not measured", "", *(f"- {each}" for each in skipped), ""]
    if plots:
        lines += ["## Plots", "", *(f"![{name}]({name})" for name in plots), ""]
    return "\n".join(lines).rstrip() + "\n"


def costs(rows: Sequence[Row]) -> list[str]:
    """Scrapes back to back, no restarts."""
    lines = [
        "## One scrape, without load",
        "",
        "| series × workers | endpoint | CPU ms | reference cycles, millions | p50 ms | p99 ms"
        " | max ms | bytes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    wanted = [row for row in rows if row.part == "cost" and row.restarts == 0]
    wanted.sort(key=lambda row: (row.series, row.workers))  # stable: endpoints as measured
    for cell in by_cell(without_repeats(wanted)).values():
        first = cell[0]
        cycles = middle(cell, "cycles_per_scrape")
        lines.append(
            f"| {first.series:,} × {first.workers} | {shown(first)}"
            f" | {middle(cell, 'cpu_ms_per_scrape')}"
            f" | {Middle(*(each / 1e6 for each in (cycles.median, cycles.low, cycles.high)))}"
            f" | {middle(cell, 'scrape_p50_ms')} | {middle(cell, 'scrape_p99_ms')}"
            f" | {middle(cell, 'scrape_max_ms')} | {brief(middle(cell, 'scrape_bytes').median)} |"
        )
    return [*lines, ""]


def without_repeats(rows: Sequence[Row]) -> list[Row]:
    """Of stages that measure the same without restarts only the first."""
    identities: dict[tuple[int, int, str], str] = {}
    for row in rows:
        identities.setdefault((row.series, row.workers, row.endpoint), row.identity)
    seen, kept = set(), []
    for row in rows:
        key = (row.cell(), row.round)
        if row.identity == identities[row.series, row.workers, row.endpoint] and key not in seen:
            seen.add(key)
            kept.append(row)
    return kept


def shown(row: Row) -> str:
    """An endpoint as it was asked."""
    return row.endpoint + (", gzip" if row.gzip else "")


def restarts(rows: Sequence[Row]) -> list[str]:
    """CPU of a scrape after writers were started and ended."""
    wanted = [row for row in rows if row.part == "cost" and not row.gzip]
    stages = {(row.series, row.workers, row.identity) for row in wanted if row.restarts}
    wanted = [row for row in wanted if (row.series, row.workers, row.identity) in stages]
    if not wanted:
        return []
    numbers = sorted({row.restarts for row in wanted})
    lines = [
        "## After restarts",
        "",
        "Processes that were started, wrote every series and ended; `pid` names their files by"
        " process id, as prometheus_client does unless told otherwise, `slot` leases slots, as"
        " our processes do. CPU ms of a scrape.",
        "",
        "| series × workers | files by | endpoint | "
        + " | ".join(f"{number} restarts" for number in numbers) + " |",
        "|---|---|---|" + "---|" * len(numbers),
    ]  # fmt: skip
    table: dict[tuple[int, int, str, str], dict[int, list[Row]]] = {}
    for row in wanted:
        key = (row.series, row.workers, row.identity, row.endpoint)
        if (row.series, row.workers, row.identity) in stages:
            table.setdefault(key, {}).setdefault(row.restarts, []).append(row)
    for (series, workers, identity, endpoint), cells in table.items():
        if set(cells) == {0}:
            continue
        figures = " | ".join(
            str(middle(cells.get(number, []), "cpu_ms_per_scrape")) for number in numbers
        )
        lines.append(f"| {series:,} × {workers} | {identity} | {endpoint} | {figures} |")
    return [*lines, ""]


def loads(measured: Measured) -> list[str]:
    """Requests under open-loop load."""
    rows = [row for row in measured.rows if row.part == "load"]
    if not rows:
        return []
    lines = [
        "## Requests beside it",
        "",
        "CPU of a request is that of everything on the measured core divided by the requests, so it"
        " holds the scrapes as well.",
        "",
        "| series × workers, restarts | requests/s | endpoint | scrapes/s | p50 ms | p99 ms"
        " | p99.9 ms | max ms | CPU ms/request | reference cycles/request, millions"
        " | scrape p50 ms | missed | failed |",
        "|" + "---|" * 13,
    ]
    for cell in by_cell(rows).values():
        first, cycles = cell[0], middle(cell, "cycles_per_request")
        lines.append(
            f"| {first.series:,} × {first.workers}, {first.restarts}"
            f" | {middle(cell, 'requests_per_s').median:.0f} | {shown(first)}"
            f" | {first.scrapes_per_s:.2g} | {middle(cell, 'request_p50_ms')}"
            f" | {middle(cell, 'request_p99_ms')} | {middle(cell, 'request_p999_ms')}"
            f" | {middle(cell, 'request_max_ms')} | {middle(cell, 'cpu_ms_per_request')}"
            f" | {Middle(*(each / 1e6 for each in (cycles.median, cycles.low, cycles.high)))}"
            f" | {middle(cell, 'scrape_p50_ms')} | {sum(row.scrapes_missed for row in cell)}"
            f" | {sum(row.failed for row in cell)} |"
        )
    found = ", ".join(
        f"{rate:.0f}/s with {workers} worker{'s' if workers > 1 else ''} ({series:,} series)"
        for (series, workers), rate in measured.capacities.items()
    )
    return [*lines, "", *([f"Capacity by the ramp: {found}.", ""] if found else [])]


def rest(
    measured: Measured, instrumentation: Instrumentation | None, counts: Sequence[Count]
) -> list[str]:
    """First scrapes, memory, instrumentation, instructions."""
    lines: list[str] = []
    if measured.colds:
        lines += [
            "## First scrape", "",
            "| series × workers | from the start of the process ms | the answer alone ms"
            " | CPU ms of the process until then |",
            "|---|---|---|---|",
        ]  # fmt: skip
        sizes = dict.fromkeys((each.series, each.workers) for each in measured.colds)
        for series, workers in sizes:
            of = [
                each for each in measured.colds if (each.series, each.workers) == (series, workers)
            ]
            lines.append(
                f"| {series:,} × {workers} | {Middle.of(each.from_start_ms for each in of)}"
                f" | {Middle.of(each.scrape_ms for each in of)}"
                f" | {Middle.of(each.cpu_ms for each in of)} |"
            )
        lines.append("")
    if measured.memories:
        lines += [
            "## Memory at the end of a stage, MiB", "",
            "| series × workers, restarts | furrow-metrics | at most | web processes |",
            "|---|---|---|---|",
        ]  # fmt: skip
        lines += [
            f"| {each.series:,} × {each.workers}, {each.restarts} {each.identity}"
            f" | {Middle.of([each.metrics_mib])} | {Middle.of([each.metrics_peak_mib])}"
            f" | {brief(each.web_mib)} |".replace(" (–)", "")
            for each in measured.memories
        ]
        lines.append("")
    if instrumentation:
        share = instrumentation.added_share
        lines += [
            "## What measuring costs a request", "",
            f"CPU of the web process: {instrumentation.with_ms} ms with,"
            f" {instrumentation.without_ms} ms without middlewares, WSGI wrapper and the counting"
            f" database and cache. Pair by pair {share.median:+.1%} (quartiles {share.low:+.1%} to"
            f" {share.high:+.1%}).", "",
        ]  # fmt: skip
    if counts:
        lines += [
            "## Instructions of a warm scrape (callgrind)", "",
            "| what | series | files | instructions | against the record |",
            "|---|---|---|---|---|",
        ]  # fmt: skip
        lines += [
            f"| {each.what} | {each.series:,} | {each.files} | {each.instructions:,.0f}"
            f" | {each.verdict} |"
            for each in counts
        ]
        lines.append("")
    return lines


def plots(rows: Sequence[Row]) -> dict[str, str]:
    """Pictures by name; only those there are figures for."""
    made: dict[str, str] = {}
    plain = [row for row in rows if row.part == "cost" and not row.gzip]
    most = max((row.workers for row in plain), default=0)
    by_series = [
        row for row in plain
        if row.restarts == 0 and (row.workers == most or row.endpoint == plan.ONE_PROCESS)
    ]  # fmt: skip
    if by_series:
        made["series"] = charts.lines(
            f"CPU of one scrape, {most} workers",
            x_name="series", y_name="CPU ms", of=drawn(by_series, "series"),
            x_labels=sorted({row.series for row in by_series}),
        )  # fmt: skip
    ended = {(row.series, row.workers, row.identity) for row in plain if row.restarts}
    by_restarts = [row for row in plain if (row.series, row.workers, row.identity) in ended]
    for series, workers in sorted({(row.series, row.workers) for row in by_restarts})[:1]:
        of = [row for row in by_restarts if (row.series, row.workers) == (series, workers)]
        made["restarts"] = charts.lines(
            f"CPU of one scrape after restarts, {series:,} series × {workers}",
            x_name="restarts", y_name="CPU ms", of=drawn(of, "restarts"),
            x_labels=sorted({row.restarts for row in of}),
        )  # fmt: skip
    under_load = [row for row in rows if row.part == "load" and row.restarts == 0]
    for workers in sorted({row.workers for row in under_load}):
        of = [row for row in under_load if row.workers == workers and row.series == 10_000]
        of = of or [row for row in under_load if row.workers == workers]
        made[f"requests-{workers}"] = charts.bars(
            f"p99 of a request by scrapes a second, {of[0].series:,} series × {workers}",
            y_name="ms from the intended start",
            groups=[
                (
                    f"{rate:.2g}/s" if rate else "none",
                    [
                        (shown(cell[0]), middle(cell, "request_p99_ms"))
                        for cell in by_cell(r for r in of if r.scrapes_per_s == rate).values()
                    ],
                )
                for rate in sorted({row.scrapes_per_s for row in of})
            ],
        )
    return made


def drawn(rows: Sequence[Row], axis: str) -> list[charts.Line]:
    """A line per endpoint, and per naming of files where restarts are the axis."""
    names: dict[str, dict[float, list[Row]]] = {}
    for row in rows:
        name = f"{row.endpoint}, {row.identity}" if axis == "restarts" else row.endpoint
        names.setdefault(name, {}).setdefault(float(getattr(row, axis)), []).append(row)
    return [
        charts.Line(
            name=name,
            points=[(x, middle(of, "cpu_ms_per_scrape")) for x, of in sorted(cells.items())],
        )
        for name, cells in names.items()
    ]
