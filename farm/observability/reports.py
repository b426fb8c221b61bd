"""What a short-lived program has counted, as it is reported to the metrics service.

A program that ends after seconds leaves no file to be scraped; it sends what it counted since its
last report. The limits are those of ``protos/farm/rpc/metrics/v1/metrics.proto``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MOST_FAMILIES = 64
MOST_SERIES_OF_FAMILY = 1000
MOST_LABELS_OF_SERIES = 16
MOST_LABEL_VALUE_BYTES = 256
MOST_HELP_BYTES = 1024
MOST_BOUNDS = 64


class ReportedKind(Enum):
    """What a family measures."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedSeries:
    """One set of labels and what was counted for it since the last report."""

    labels: tuple[tuple[str, str], ...] = ()  # name and value, each name once, without `program`
    value: float = 0.0  # of a counter the increment, above 0; of a gauge the value
    bucket_counts: tuple[int, ...] = ()  # of a histogram; not cumulative, one more than bounds
    sum: float = 0.0  # of a histogram: of what was observed since


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFamily:
    """A metric with all its series."""

    name: str  # of a counter without `_total`
    help: str
    kind: ReportedKind
    bounds: tuple[float, ...] = ()  # of a histogram: upper bounds, ascending, finite
    series: tuple[ReportedSeries, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report of one run of a program; safe to send again."""

    producer_id: str  # of the run: a UUID in its 36-character form
    sequence: int  # from 1, ascending
    program: str  # `[a-z][a-z0-9_]{0,63}`
    ttl_s: int  # after which its gauges are gone, 1 to 86,400
    families: tuple[ReportedFamily, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFamily:
    """A family that the metrics service did not take."""

    name: str
    reason: str  # one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOutcome:
    """What became of a report."""

    is_repetition: bool  # it had been taken before; nothing was added then
    refused: tuple[RefusedFamily, ...]
