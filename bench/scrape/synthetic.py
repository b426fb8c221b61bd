"""Series beside those of the application, so that a scrape has a size of our choosing.

Half of the lines are histograms, a tenth gauges, the rest counters, in families of at most five
hundred label sets with labels as long as those of real routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LINES_PER_HISTOGRAM = len(BUCKETS) + 3  # +Inf, sum and count
FAMILY_SETS = 500
TOUCHED_PER_REQUEST = 10
LABELS = ["route", "method", "code"]


class Series:
    """Synthetic series of one process, every one written once."""

    def __init__(self, lines: int, registry: CollectorRegistry = REGISTRY) -> None:
        """Make series that come out as ``lines`` lines of samples."""
        histograms = lines // 2 // LINES_PER_HISTOGRAM
        gauges = lines // 10
        counters = lines - histograms * LINES_PER_HISTOGRAM - gauges
        self.steps: list[Callable[[], None]] = []
        for name, sets in families("bench_events", counters):
            counter = Counter(name, "Events of the bench.", LABELS, registry=registry)
            self.steps += [bound(counter.labels(*each).inc, 1.0 + n % 7) for n, each in sets]
        for name, sets in families("bench_level", gauges):
            gauge = Gauge(
                name, "Level of the bench.", LABELS, multiprocess_mode="max", registry=registry
            )
            self.steps += [bound(gauge.labels(*each).set, n * 0.37) for n, each in sets]
        for name, sets in families("bench_step_seconds", histograms):
            histogram = Histogram(
                name, "A step of the bench.", LABELS, buckets=BUCKETS, registry=registry
            )
            self.steps += [
                bound(histogram.labels(*each).observe, 0.0007 * (1 + n % 9000)) for n, each in sets
            ]
        for step in self.steps:
            step()
        self.next_steps = cycle(self.steps) if self.steps else iter(())

    def touch(self) -> None:
        """Change a few series, as a request does."""
        for _, step in zip(range(TOUCHED_PER_REQUEST), self.next_steps, strict=False):
            step()


def bound(write: Callable[[float], None], value: float) -> Callable[[], None]:
    """A write with its value."""
    return lambda: write(value)


def families(name: str, sets: int) -> Iterator[tuple[str, list[tuple[int, tuple[str, str, str]]]]]:
    """Names of families with their numbered label sets."""
    for family, start in enumerate(range(0, sets, FAMILY_SETS)):
        numbers = range(start, min(start + FAMILY_SETS, sets))
        yield (
            f"{name}_{family}",
            [(n, (f"/api/v1/bench/{{id}}/parts/{n}", "GET", "200")) for n in numbers],
        )
