"""What short-lived programs count reaches the metrics service once, and never costs the program."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from farm.clients.channel import channel_to, close_channels
from farm.clients.fakes import Failure
from farm.clients.metrics import MetricsClient
from farm.clients.metrics_fakes import InMemoryMetrics, serving_metrics
from farm.clients.services import METRICS
from farm.errors import InvalidInputError, ServiceUnavailableError
from farm.observability import job_metrics
from farm.observability.job_metrics import JobMetrics, is_reachable, reporting
from farm.observability.reports import RefusedFamily, Report, ReportOutcome
from orchestrator.manage import LONG_LIVED, REPORTED

from .conftest import Started, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = """
import signal, sys, time
# Whoever starts the tests in the background may have had it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from farm.observability import values
values.keep()
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "orchestrator.settings"
import django
django.setup()
from django.conf import settings
from farm.clients.metrics import metrics_client
from farm.observability.job_metrics import reporting
from farm.observability.metrics import JOBS
with reporting("ingest_folder", client=metrics_client):
    JOBS.labels("ingest_scene", "succeeded").inc(3)
    print("counted", flush=True)
    time.sleep(60)
"""


@dataclass
class Taker:
    """Takes reports, unless it is told to fail."""

    taken: list[Report] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    refused: tuple[RefusedFamily, ...] = ()
    timeouts_s: list[float] = field(default_factory=list)
    after: Callable[[], None] = lambda: None

    def takes(self, seconds: float, clock: Clock) -> None:
        """Let each report from now on take so long."""

        def pass_by() -> None:
            clock.now_s += seconds

        self.after = pass_by

    def report(self, *, report: Report, timeout_s: float) -> ReportOutcome:
        self.timeouts_s.append(timeout_s)
        self.after()
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(report)
        return ReportOutcome(is_repetition=False, refused=self.refused)

    def series(self, name: str) -> list[dict[str, object]]:
        return [
            {**dict(series.labels), "value": series.value}
            for report in self.taken
            for family in report.families
            if family.name == name
            for series in family.series
        ]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def taker() -> Taker:
    return Taker()


def test_only_what_has_grown_is_reported(registry: CollectorRegistry, taker: Taker) -> None:
    done = Counter("done", "Done.", ["what"], registry=registry)
    done.labels("before").inc(9)
    metrics = JobMetrics("demo", client=lambda: taker, registry=registry)

    done.labels("a").inc(2)
    metrics.flush()
    done.labels("a").inc(3)
    done.labels("b").inc()
    metrics.flush()
    metrics.flush()

    assert [report.sequence for report in taker.taken] == [1, 2]
    assert taker.series("done") == [
        {"what": "a", "value": 2.0},
        {"what": "a", "value": 3.0},
        {"what": "b", "value": 1.0},
    ]
    assert {report.program for report in taker.taken} == {"demo"}
    assert len({report.producer_id for report in taker.taken}) == 1


def test_a_histogram_is_reported_by_bucket(registry: CollectorRegistry, taker: Taker) -> None:
    took = Histogram("took", "Took.", registry=registry, buckets=(0.1, 1))
    metrics = JobMetrics("demo", client=lambda: taker, registry=registry)

    for seconds in (0.05, 0.5, 0.6, 7):
        took.observe(seconds)
    metrics.flush()
    took.observe(0.5)
    metrics.flush()

    first, second = (report.families[0] for report in taker.taken)
    assert first.bounds == (0.1, 1.0)
    assert first.series[0].bucket_counts == (1, 2, 1)
    assert first.series[0].sum == pytest.approx(8.15)
    assert second.series[0].bucket_counts == (0, 1, 0)
    assert second.series[0].sum == pytest.approx(0.5)


def test_the_state_of_the_process_and_its_own_reports_are_not_reported(
    registry: CollectorRegistry, taker: Taker
) -> None:
    metrics = JobMetrics("demo", client=lambda: taker, registry=registry)
    Counter("process_cpu_seconds", "CPU.", registry=registry).inc()
    Gauge("level", "Level.", registry=registry).set(3)
    calls = Counter("grpc_client_calls", "Calls.", ["service"], registry=registry)
    calls.labels(METRICS.full_name).inc()

    metrics.flush()

    assert taker.taken == []


def test_the_breaker_is_reported_as_it_stands(registry: CollectorRegistry, taker: Taker) -> None:
    metrics = JobMetrics("demo", client=lambda: taker, registry=registry)
    breaker = Gauge("grpc_client_breaker_open", "Open.", ["service"], registry=registry)

    breaker.labels("ndvi").set(1)
    metrics.flush()
    breaker.labels("ndvi").set(0)
    metrics.flush()

    assert [series["value"] for series in taker.series("grpc_client_breaker_open")] == [1.0, 0.0]


def test_a_report_that_was_not_taken_is_sent_again_as_it_was(
    registry: CollectorRegistry, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    done = Counter("done", "Done.", registry=registry)
    metrics = JobMetrics("demo", client=lambda: taker, registry=registry)
    taker.failures = [ServiceUnavailableError("Away."), ServiceUnavailableError("Away.")]

    for _ in range(3):
        done.inc(5)
        metrics.flush()

    assert [(report.sequence) for report in taker.taken] == [1, 2]
    assert [series["value"] for series in taker.series("done")] == [5.0, 10.0]
    assert caplog.text.count("does not reach") == 1


@pytest.mark.parametrize("failure", [RuntimeError("bug"), ValueError("text"), TimeoutError()])
def test_nothing_raises_into_the_program(
    registry: CollectorRegistry, taker: Taker, failure: Exception
) -> None:
    done = Counter("done", "Done.", registry=registry)
    taker.failures = [failure] * 9

    with reporting("demo", client=lambda: taker, registry=registry):
        done.inc()

    assert taker.taken == []


def test_a_client_that_cannot_be_made_costs_the_report_alone(registry: CollectorRegistry) -> None:
    done = Counter("done", "Done.", registry=registry)

    def client() -> Taker:
        msg = "no such module"
        raise ImportError(msg)

    with reporting("demo", client=client, registry=registry):
        done.inc()


def test_a_program_that_counted_nothing_makes_no_client(registry: CollectorRegistry) -> None:
    def client() -> Taker:
        pytest.fail("nothing is to be said")

    with reporting("demo", client=client, registry=registry):
        pass


@dataclass
class Clock:
    """A clock that only tests move."""

    now_s: float = 0.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(job_metrics, "time", clock)
    return clock


def test_a_flush_waits_for_a_second_in_all(
    registry: CollectorRegistry, taker: Taker, clock: Clock
) -> None:
    done = Counter("done", "Done.", registry=registry)
    metrics = JobMetrics("demo", client=lambda: taker, registry=registry)
    taker.takes(0.75, clock)
    taker.failures = [ServiceUnavailableError("Away.")]

    done.inc()
    metrics.flush()
    done.inc()
    metrics.flush()

    # The second time what was not taken goes first, and leaves a quarter for the rest.
    assert taker.timeouts_s == [1.0, 1.0, 0.25]


def test_the_end_waits_for_a_second_with_what_is_under_way(
    registry: CollectorRegistry, taker: Taker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SlowToEnd(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            clock.now_s += 0.75
            super().join()

    done = Counter("done", "Done.", registry=registry)
    monkeypatch.setattr(threading, "Thread", SlowToEnd)

    with reporting("demo", client=lambda: taker, registry=registry):
        done.inc()

    assert taker.timeouts_s == [0.25]


def test_a_report_that_never_will_be_taken_holds_up_no_other(
    registry: CollectorRegistry, taker: Taker, caplog: pytest.LogCaptureFixture
) -> None:
    done = Counter("done", "Done.", registry=registry)
    metrics = JobMetrics("demo", client=lambda: taker, registry=registry)
    taker.failures = [InvalidInputError("Too much of it.")]

    done.inc(5)
    metrics.flush()
    done.inc(2)
    metrics.flush()

    assert [series["value"] for series in taker.series("done")] == [2.0]
    assert "does not reach" in caplog.text


def test_what_is_counted_is_sent_now_and_then(registry: CollectorRegistry, taker: Taker) -> None:
    done = Counter("done", "Done.", registry=registry)
    is_taken = threading.Event()

    def tell(*, report: Report, timeout_s: float) -> ReportOutcome:
        is_taken.set()
        return Taker.report(taker, report=report, timeout_s=timeout_s)

    taker.report = tell  # type: ignore[method-assign]
    with reporting("demo", client=lambda: taker, registry=registry, every_s=0.01):
        done.inc()
        assert is_taken.wait(20)

    assert sum(float(str(series["value"])) for series in taker.series("done")) == 1


def test_an_error_of_the_program_is_its_own_and_what_it_counted_is_sent(
    registry: CollectorRegistry, taker: Taker
) -> None:
    done = Counter("done", "Done.", registry=registry)

    def program() -> None:
        with reporting("demo", client=lambda: taker, registry=registry):
            done.inc()
            raise KeyError

    with pytest.raises(KeyError):
        program()
    assert len(taker.taken) == 1


def test_texts_beyond_the_limits_are_cut(registry: CollectorRegistry, taker: Taker) -> None:
    metrics = JobMetrics("demo", client=lambda: taker, registry=registry)
    Counter("done", "é" * 2000, ["what"], registry=registry).labels("é" * 300).inc()

    metrics.flush()

    family = taker.taken[0].families[0]
    assert len(family.help.encode()) <= 1024
    assert len(family.series[0].labels[0][1].encode()) <= 256


def test_a_socket_that_is_not_there_is_not_tried(tmp_path: Path) -> None:
    assert not is_reachable(f"unix:{tmp_path / 'metrics.sock'}")
    assert is_reachable("metrics:9200")


def test_a_command_lives_long_or_reports() -> None:
    assert not REPORTED & LONG_LIVED.keys()
    commands = {path.stem for path in Path("farm/management/commands").glob("[a-z]*.py")}
    assert commands == REPORTED | LONG_LIVED.keys()


# --- Against a real server ---


@pytest.fixture
def service() -> Iterator[tuple[InMemoryMetrics, str]]:
    served = InMemoryMetrics()
    with serving_metrics(served) as target:
        yield served, target
    close_channels()


def test_a_report_arrives_over_grpc_and_its_repetition_is_known(
    service: tuple[InMemoryMetrics, str], registry: CollectorRegistry
) -> None:
    served, target = service
    # The deadline passes after the report was taken: the client cannot know.
    served.failures["Report"] = Failure(
        code=grpc.StatusCode.INTERNAL, reason="BUG", detail="A fault.", times=1
    )
    done = Counter("done", "Done.", ["what"], registry=registry)
    metrics = JobMetrics(
        "demo", client=lambda: MetricsClient(channel_to(target, METRICS)), registry=registry
    )

    done.labels("it").inc(4)
    metrics.flush()
    metrics.flush()

    assert [request.sequence for request in served.requests] == [1, 1]
    (family,) = served.requests[0].families
    assert (family.name, family.series[0].value) == ("done", 4.0)
    assert served.requests[0] == served.requests[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_that_is_asked_to_end_still_reports(
    service: tuple[InMemoryMetrics, str], start: Started, tmp_path: Path, number: signal.Signals
) -> None:
    served, target = service
    process = start(PROGRAM, FURROW_METRICS_TARGET=target, FURROW_DATA_DIR=str(tmp_path))
    assert said(process) == "counted"

    process.send_signal(number)
    process.wait(30)

    if number == signal.SIGTERM:
        assert process.returncode == 128 + signal.SIGTERM
    (report,) = served.requests
    families = {family.name: family.series[0].value for family in report.families}
    assert report.program == "ingest_folder"
    assert families["farm_jobs"] == 3.0


def test_a_dead_metrics_service_costs_a_second_at_most(
    registry: CollectorRegistry, tmp_path: Path
) -> None:
    done = Counter("done", "Done.", registry=registry)
    target = f"unix:{tmp_path / 'nobody.sock'}"

    began = time.monotonic()
    with reporting(
        "demo", client=lambda: MetricsClient(channel_to(target, METRICS)), registry=registry
    ):
        done.inc()
    took_s = time.monotonic() - began
    close_channels()

    assert took_s < 5  # one, and what a busy machine adds
