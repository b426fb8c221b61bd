"""What a run is meant to show, and whether it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.scrape import plan
from bench.scrape.figures import Middle, Row, brief, middle
from bench.scrape.instrumentation import Instrumentation
from bench.scrape.stages import Measured

SCRAPE_10K_MS = (4.0, 8.0)  # p50 and p99 at 10,000 series × 4
SCRAPE_100K_P99_MS = 50.0
COLD_MS = 300.0
LESS_CPU = 70.0  # times, than Django's multiprocess view
FLAT_SHARE = 0.1  # over 0 to 200 restarts
REQUEST_P99_MS, REQUEST_MAX_MS = 1.0, 10.0  # added by one scrape a second
INSTRUMENTATION_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A figure beside its target."""

    what: str
    wanted: str
    found: str
    met: bool


def at_most(what: str, found: Middle, most: float, unit: str = "ms") -> Verdict:
    """Judged by the median."""
    return Verdict(
        what=what, wanted=f"≤ {most:g} {unit}", found=f"{found} {unit}", met=found.median <= most
    )


def verdicts(measured: Measured, instrumentation: Instrumentation | None) -> list[Verdict]:
    """Of everything that was measured."""
    return [
        *scrapes(measured.rows),
        *first_scrapes(measured),
        *flatness(measured.rows),
        *neighbours(measured.rows),
        *instrumented(instrumentation),
    ]


def chosen(rows: Sequence[Row], part: str, endpoint: str, series: int, workers: int) -> list[Row]:
    """Rows of the first stage that measured this, without restarts and gzip."""
    of = [
        row for row in rows
        if (row.part, row.endpoint, row.series, row.workers) == (part, endpoint, series, workers)
        and not row.gzip and row.restarts == 0
    ]  # fmt: skip
    return [row for row in of if row.identity == of[0].identity]


def scrapes(rows: Sequence[Row]) -> Iterator[Verdict]:
    """Durations of warm scrapes, and CPU beside Django's."""
    for endpoint in plan.METRICS:
        if of := chosen(rows, "cost", endpoint, 10_000, 4):
            for name, most in zip(("p50", "p99"), SCRAPE_10K_MS, strict=True):
                what = f"{endpoint}, 10,000 × 4: {name} of a scrape"
                yield at_most(what, middle(of, f"scrape_{name}_ms"), most)
            if peer := chosen(rows, "cost", plan.MULTIPROCESS, 10_000, 4):
                theirs = middle(peer, "cpu_ms_per_scrape").median
                times = Middle.of(theirs / row.cpu_ms_per_scrape for row in of)
                yield Verdict(
                    what=f"{endpoint}, 10,000 × 4: CPU beside Django's multiprocess view",
                    wanted=f"≥ {LESS_CPU:g} times less",
                    found=f"{times} times less",
                    met=times.median >= LESS_CPU,
                )
        if of := chosen(rows, "cost", endpoint, 100_000, 4):
            what = f"{endpoint}, 100,000 × 4: p99 of a scrape"
            yield at_most(what, middle(of, "scrape_p99_ms"), SCRAPE_100K_P99_MS)


def first_scrapes(measured: Measured) -> Iterator[Verdict]:
    """Cold ones at the largest size."""
    of = [each for each in measured.colds if (each.series, each.workers) == (100_000, 4)]
    if of:
        found = Middle.of(each.from_start_ms for each in of)
        yield at_most("first scrape, 100,000 × 4, from the start of the process", found, COLD_MS)


def flatness(rows: Sequence[Row]) -> Iterator[Verdict]:
    """Highest over lowest CPU per scrape over restarts.

    Numbers of restarts follow one another in time, so the machine's moods lie between them: of each
    the lowest round is taken, which other work has disturbed least.
    """
    for endpoint in plan.METRICS:
        of = [
            row for row in rows
            if (row.part, row.endpoint, row.identity) == ("cost", endpoint, "slot") and not row.gzip
        ]  # fmt: skip
        for series, workers in sorted({(row.series, row.workers) for row in of if row.restarts}):
            # Of the stage with restarts alone, which is the last one that measured this cell.
            same = [row for row in of if (row.series, row.workers) == (series, workers)]
            first = [row for row in same if row.restarts == 0]
            rounds = len({row.round for row in same})
            numbers = sorted({row.restarts for row in same})
            lowest = [
                middle(
                    first[-rounds:] if number == 0
                    else [row for row in same if row.restarts == number],
                    "cpu_ms_per_scrape",
                ).low
                for number in numbers
            ]  # fmt: skip
            spread = max(lowest) / min(lowest) - 1
            yield Verdict(
                what=f"{endpoint}, {series:,} × {workers}: CPU of a scrape over"
                f" {', '.join(map(str, numbers))} restarts, lowest",
                wanted=f"within {FLAT_SHARE:.0%}",
                found=f"{spread:.1%} ({', '.join(map(brief, lowest))} ms)",
                met=spread <= FLAT_SHARE,
            )


def neighbours(rows: Sequence[Row]) -> Iterator[Verdict]:
    """What one scrape a second adds to the requests beside it, round by round."""
    for workers in plan.WORKERS:
        alone = {
            (row.round, row.seconds): row
            for row in chosen(rows, "load", plan.NO_SCRAPE, 10_000, workers)
        }
        for endpoint in plan.METRICS:
            of = [
                row for row in chosen(rows, "load", endpoint, 10_000, workers)
                if row.scrapes_per_s == 1
            ]  # fmt: skip
            if not of or not alone:
                continue
            for name, column, most in (
                ("p99", "request_p99_ms", REQUEST_P99_MS),
                ("maximum", "request_max_ms", REQUEST_MAX_MS),
            ):
                yield at_most(
                    f"{endpoint}, 10,000 × {workers}: added to a request's {name} by one a second",
                    added(of, alone, column),
                    most,
                )


def added(of: Iterable[Row], alone: dict[tuple[int, float], Row], column: str) -> Middle:
    """Differences to the same round without scrapes."""
    return Middle.of(
        getattr(row, column) - getattr(alone[row.round, row.seconds], column) for row in of
    )


def instrumented(found: Instrumentation | None) -> Iterator[Verdict]:
    """Share that measuring adds to a request's CPU."""
    if found:
        yield Verdict(
            what="measuring a Django request: CPU it adds",
            wanted=f"≤ {INSTRUMENTATION_SHARE:.0%}",
            found=f"{found.added_share.median:+.1%}",
            met=found.added_share.median <= INSTRUMENTATION_SHARE,
        )
