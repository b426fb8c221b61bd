"""Several metrics counted at once: one lock for all, and no search for labels or buckets."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prometheus_client import Counter, Gauge, Histogram

# A value of one of prometheus_client's metrics, and what it rises by.
Increment = tuple[Any, float]


def value_of(metric: Counter | Gauge) -> Any:
    """Return the value of a metric that has no labels left to be given."""
    return metric._value


class Observed:
    """A histogram that has no labels left to be given."""

    __slots__ = ("_bounds", "_buckets", "_sum")

    def __init__(self, histogram: Histogram) -> None:
        """Keep its values."""
        self._bounds = histogram._upper_bounds  # the last is infinite
        self._buckets = histogram._buckets
        self._sum = histogram._sum

    def rises(self, amount: float) -> tuple[Increment, Increment]:
        """Return what observing an amount, which is a number, adds."""
        bucket = self._buckets[bisect_left(self._bounds, amount)]
        return (self._sum, amount), (bucket, 1)


def add(increments: Sequence[Increment]) -> None:
    """Add to values, under one lock where they are kept in files."""
    first = increments[0][0]
    if first._multiprocess:
        first.add_all(increments)
    else:
        for value, amount in increments:
            value.inc(amount)
