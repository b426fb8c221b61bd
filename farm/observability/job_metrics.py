"""Reports of programs that end before anybody could scrape them.

A management command counts in its own memory; what has grown since the last time is sent to
furrow-metrics every 15 seconds and at the end, also after SIGTERM. Nothing of it raises into the
command, and a metrics service that is away costs it a second at most.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

from prometheus_client import REGISTRY

from farm.errors import InvalidInputError
from farm.observability.reports import (
    MOST_FAMILIES,
    MOST_HELP_BYTES,
    MOST_LABEL_VALUE_BYTES,
    MOST_SERIES_OF_FAMILY,
    Report,
    ReportedFamily,
    ReportedKind,
    ReportedSeries,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from prometheus_client import CollectorRegistry, Metric

    from farm.observability.reports import ReportOutcome

    Labels = tuple[tuple[str, str], ...]
    Signal = signal.Handlers | Callable[[int, FrameType | None], object] | int | None

log = logging.getLogger("furrow.metrics")

FLUSH_EVERY_S = 15.0
MOST_WAIT_S = 1.0  # for the metrics service, in one flush
TTL_S = 3600  # of gauges: an hour after a program's end nobody asks how it stood

# Of gauges only ours that say something of a program that ends.
GAUGES = frozenset({"grpc_client_breaker_open"})
# furrow-metrics knows the processes better, and reports are not counted by themselves.
NOT_REPORTED = ("process_", "python_")
OWN_SERVICE = ("service", "farm.rpc.metrics.v1.MetricsService")


class Reporter(Protocol):
    """Takes reports: ``farm.clients.metrics.MetricsClient``."""

    def report(self, *, report: Report, timeout_s: float) -> ReportOutcome:
        """Send a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How a series stands: a counter's or gauge's value, or a histogram's buckets and sum."""

    value: float = 0.0
    buckets: tuple[float, ...] = ()  # not cumulative
    sum: float = 0.0

    def since(self, before: Counted | None) -> Counted:
        """What has been added."""
        if before is None:
            return self
        return Counted(
            value=self.value - before.value,
            buckets=tuple(
                now - then for now, then in zip(self.buckets, before.buckets, strict=True)
            ),
            sum=self.sum - before.sum,
        )

    @property
    def is_nothing(self) -> bool:
        """Whether nothing has been added."""
        return not self.value and not any(self.buckets)


class JobMetrics:
    """What one run of a program counts, sent in pieces that are safe to repeat.

    Args:
        program: Such as ``ingest_folder``.
        client: Makes the client; only asked once something was counted, because it loads gRPC.
        registry: What is reported from.
    """

    def __init__(
        self,
        program: str,
        *,
        client: Callable[[], Reporter],
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """What was counted before this is not the program's."""
        self._program = program
        self._make_client = client
        self._client: Reporter | None = None
        self._registry = registry
        self._producer_id = str(uuid.uuid4())
        self._sequence = 0
        self._unsent: Report | None = None
        self._reported = {
            (family.name, labels): counted
            for family in registry.collect()
            for labels, counted in series_of(family).items()
        }
        self._lock = threading.Lock()
        self._has_complained = False

    def flush(self, *, most_wait_s: float = MOST_WAIT_S) -> None:
        """Send what was counted since the last time; a report that was not taken goes first."""
        with self._lock:
            gives_up_at = time.monotonic() + most_wait_s
            try:
                for _ in range(2):
                    self._unsent = self._unsent or self._next_report()
                    if self._unsent is None:
                        return
                    self._send(self._unsent, timeout_s=gives_up_at - time.monotonic())
                    self._unsent = None
            except InvalidInputError as error:
                self._unsent = None  # it never will be taken; what comes after it may
                self._complain(error)
            except Exception as error:  # a border: the command goes on whatever this is
                self._complain(error)

    def _send(self, report: Report, *, timeout_s: float) -> None:
        if timeout_s <= 0:
            msg = "the metrics service took too long"
            raise TimeoutError(msg)
        if self._client is None:
            self._client = self._make_client()
        outcome = self._client.report(report=report, timeout_s=timeout_s)
        for family in outcome.refused:
            log.warning(
                "The metrics service refused a metric of this program.",
                extra={"metric": family.name, "reason": family.reason},
            )

    def _next_report(self) -> Report | None:
        families = []
        standing = dict(self._reported)
        for family in self._registry.collect():
            reported = self._growth(family, standing)
            if reported is not None:
                families.append(reported)
        if not families:
            return None
        self._reported = standing
        self._sequence += 1
        return Report(
            producer_id=self._producer_id,
            sequence=self._sequence,
            program=self._program,
            ttl_s=TTL_S,
            families=tuple(families[:MOST_FAMILIES]),
        )

    def _growth(
        self, family: Metric, standing: dict[tuple[str, Labels], Counted]
    ) -> ReportedFamily | None:
        series = []
        for labels, counted in series_of(family).items():
            before = standing.get((family.name, labels))
            growth = counted.since(before)
            if growth.is_nothing:
                continue
            standing[family.name, labels] = counted
            series.append(
                ReportedSeries(
                    labels=_within_limits(labels),
                    value=counted.value if family.type == "gauge" else growth.value,
                    bucket_counts=tuple(int(count) for count in growth.buckets),
                    sum=growth.sum,
                )
            )
        if not series:
            return None
        return ReportedFamily(
            name=family.name,
            help=_cut(family.documentation, MOST_HELP_BYTES),
            kind=ReportedKind(family.type),
            bounds=bounds_of(family),
            series=tuple(series[:MOST_SERIES_OF_FAMILY]),
        )

    def _complain(self, error: Exception) -> None:
        if not self._has_complained:
            self._has_complained = True
            log.warning(
                "What this program counts does not reach the metrics service.",
                extra={"error": str(error)},
            )


def series_of(family: Metric) -> dict[Labels, Counted]:
    """Return how each series of a family stands; none of a family that is not reported."""
    is_ours = family.type in {"counter", "histogram"} or family.name in GAUGES
    if not is_ours or family.name.startswith(NOT_REPORTED):
        return {}
    found: dict[Labels, Counted] = {}
    cumulated: dict[Labels, list[float]] = {}
    sums: dict[Labels, float] = {}
    for sample in family.samples:
        labels = tuple(sorted(it for it in sample.labels.items() if it[0] != "le"))
        if OWN_SERVICE in labels:
            continue
        if family.type != "histogram":
            if sample.name in {family.name, f"{family.name}_total"}:
                found[labels] = Counted(value=sample.value)
        elif sample.name.endswith("_bucket"):
            cumulated.setdefault(labels, []).append(sample.value)
        elif sample.name.endswith("_sum"):
            sums[labels] = sample.value
    for labels, totals in cumulated.items():
        below = [0.0, *totals[:-1]]
        buckets = tuple(total - under for total, under in zip(totals, below, strict=True))
        found[labels] = Counted(buckets=buckets, sum=sums.get(labels, 0.0))
    return found


def bounds_of(family: Metric) -> tuple[float, ...]:
    """Return the finite bounds of a histogram, ascending; nothing of other families."""
    bounds = {float(sample.labels["le"]) for sample in family.samples if "le" in sample.labels}
    return tuple(sorted(bounds - {float("inf")}))


def _within_limits(labels: Labels) -> Labels:
    return tuple((name, _cut(value, MOST_LABEL_VALUE_BYTES)) for name, value in labels)


def _cut(text: str, most_bytes: int) -> str:
    return text.encode(errors="replace")[:most_bytes].decode(errors="ignore")


@contextmanager
def reporting(
    program: str,
    *,
    client: Callable[[], Reporter],
    every_s: float = FLUSH_EVERY_S,
    registry: CollectorRegistry = REGISTRY,
) -> Iterator[JobMetrics]:
    """Report what is counted within the block, every so often and at its end.

    SIGTERM ends the block like an exception, where nobody else handles it: flushing in the handler
    itself could wait for the lock of a metric that the same thread holds.
    """
    metrics = JobMetrics(program, client=client, registry=registry)
    has_ended = threading.Event()

    def flush_now_and_then() -> None:
        while not has_ended.wait(every_s):
            metrics.flush()

    flusher = threading.Thread(target=flush_now_and_then, name="job-metrics", daemon=True)
    handler_before = _end_on_sigterm()
    flusher.start()
    try:
        yield metrics
    finally:
        has_ended.set()
        gives_up_at = time.monotonic() + MOST_WAIT_S
        flusher.join(MOST_WAIT_S)
        if not flusher.is_alive():  # else the service is being waited for already
            metrics.flush(most_wait_s=gives_up_at - time.monotonic())
        if handler_before is not None:
            signal.signal(signal.SIGTERM, handler_before)


def _end_on_sigterm() -> Signal:
    """Make SIGTERM unwind the program; return what stood before, None where it was left alone."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return None

    def end(number: int, frame: FrameType | None) -> NoReturn:
        del frame
        raise SystemExit(128 + number)

    return signal.signal(signal.SIGTERM, end)


def is_reachable(target: str) -> bool:
    """Whether there is any use in trying: a socket that is not there answers nobody."""
    path = target.removeprefix("unix:")
    return path == target or Path(path).is_socket()
