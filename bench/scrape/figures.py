"""What is measured: percentiles, one row a measurement, raw CSV, medians with their range."""

from __future__ import annotations

import csv
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed (nearest rank).

    Args:
        values: Measurements, in any order.
        share: 0 < share <= 1.

    Returns:
        One of the values, NaN when there are none; never one that was interpolated.
    """
    if not values:
        return math.nan
    rank = max(1, math.ceil(share * len(values) - 1e-9))
    return sorted(values)[rank - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement: a cell of the matrix in one round. Absent figures are NaN."""

    part: str  # cost: scrapes back to back without load; load: under open-loop load
    series: int
    workers: int
    restarts: int
    identity: str  # of the writers that ended: pid or slot
    endpoint: str
    gzip: bool
    scrapes_per_s: float  # as planned; 0 in a part of its own: no scrape
    round: int
    requests_per_s: float  # as planned
    seconds: float
    requests: int = 0
    failed: int = 0
    request_p50_ms: float = math.nan  # from the intended start
    request_p99_ms: float = math.nan
    request_p999_ms: float = math.nan
    request_max_ms: float = math.nan
    scrapes: int = 0
    scrapes_missed: int = 0
    scrape_p50_ms: float = math.nan
    scrape_p99_ms: float = math.nan
    scrape_max_ms: float = math.nan
    scrape_bytes: float = math.nan
    cpu_ms_per_request: float = math.nan  # of everything on the measured core, scrapes included
    cycles_per_request: float = math.nan  # reference cycles
    cpu_ms_per_scrape: float = math.nan  # of the processes that answer the scrape
    cycles_per_scrape: float = math.nan
    stolen_share: float = math.nan  # of all cores' time, by the hypervisor

    def cell(self) -> tuple[object, ...]:
        """What the rounds of one cell have in common."""
        window_s = self.seconds if self.part == "load" else 0.0
        return (
            window_s,
            self.part, self.series, self.workers, self.restarts, self.identity, self.endpoint,
            self.gzip, self.scrapes_per_s,
        )  # fmt: skip


def write_csv(rows: Iterable[Row], path: Path) -> None:
    """One line a row, in the order of measuring; NaN as nothing."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(Row)], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: shown(value) for name, value in asdict(row).items()})


def shown(value: object) -> object:
    """A number with six digits at most."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value


@dataclass(frozen=True, slots=True)
class Middle:
    """Median of the rounds with the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Middle:
        """Of the values that are there."""
        there = [value for value in values if not math.isnan(value)]
        if not there:
            return cls(math.nan, math.nan, math.nan)
        return cls(statistics.median(there), min(there), max(there))

    def __str__(self) -> str:
        """As a cell of a table."""
        if math.isnan(self.median):
            return brief(self.median)
        return f"{brief(self.median)} ({brief(self.low)}–{brief(self.high)})"


def brief(value: float) -> str:
    """Three digits that count; whole numbers in full; a dash for NaN."""
    if math.isnan(value):
        return "–"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def by_cell(rows: Iterable[Row]) -> dict[tuple[object, ...], list[Row]]:
    """Rounds of each cell, cells in the order they were first measured."""
    cells: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        cells.setdefault(row.cell(), []).append(row)
    return cells


def middle(rows: Iterable[Row], name: str) -> Middle:
    """One figure over the rounds."""
    return Middle.of(float(getattr(row, name)) for row in rows)
