"""The client sends reports as they were counted and gives back what the service knows of usage."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import grpc
import pytest
from prometheus_client import REGISTRY

from farm import errors
from farm.clients.channel import channel_to, close_channels
from farm.clients.fakes import Failure
from farm.clients.metrics import MetricsClient
from farm.clients.metrics_fakes import InMemoryMetrics, serving_metrics
from farm.clients.services import METRICS
from farm.observability.reports import Report, ReportedFamily, ReportedKind, ReportedSeries
from farm.observability.usage import BurnRate, Objective, Percentiles
from farm.rpc.metrics.v1 import metrics_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPORT = Report(
    producer_id=str(uuid4()),
    sequence=3,
    program="ingest_folder",
    ttl_s=600,
    families=(
        ReportedFamily(
            name="files_read",
            help="Files that were read.",
            kind=ReportedKind.COUNTER,
            series=(ReportedSeries(labels=(("kind", "tiff"),), value=2.0),),
        ),
        ReportedFamily(
            name="read_seconds",
            help="One file.",
            kind=ReportedKind.HISTOGRAM,
            bounds=(0.1, 1.0),
            series=(ReportedSeries(bucket_counts=(1, 0, 4), sum=12.5),),
        ),
    ),
)
PROMISE = Objective(availability=0.999, latency_s=0.5)


@pytest.fixture
def service() -> InMemoryMetrics:
    return InMemoryMetrics()


@pytest.fixture
def client(service: InMemoryMetrics) -> Iterator[MetricsClient]:
    with serving_metrics(service) as target:
        yield MetricsClient(channel_to(target, METRICS))
        close_channels()


def test_a_report_arrives_as_it_was_counted(
    service: InMemoryMetrics, client: MetricsClient
) -> None:
    outcome = client.report(report=REPORT, timeout_s=5)

    (request,) = service.requests
    counter, histogram = request.families
    assert (request.producer_id, request.sequence) == (REPORT.producer_id, 3)
    assert (request.program, request.ttl_seconds) == ("ingest_folder", 600)
    assert (counter.name, counter.kind) == ("files_read", metrics_pb2.KIND_COUNTER)
    assert [(label.name, label.value) for label in counter.series[0].labels] == [("kind", "tiff")]
    assert counter.series[0].value == 2.0
    assert histogram.kind == metrics_pb2.KIND_HISTOGRAM
    assert list(histogram.bounds) == [0.1, 1.0]
    assert list(histogram.series[0].bucket_counts) == [1, 0, 4]
    assert histogram.series[0].sum == 12.5
    assert not outcome.is_repetition


def test_what_was_refused_comes_back_by_name(
    service: InMemoryMetrics, client: MetricsClient
) -> None:
    service.refused["read_seconds"] = "Its bounds differ from those of the first report."

    outcome = client.report(report=REPORT, timeout_s=5)

    assert [(one.name, one.reason) for one in outcome.refused] == [
        ("read_seconds", "Its bounds differ from those of the first report.")
    ]


def test_a_report_that_was_not_answered_is_sent_again_and_counts_once(
    service: InMemoryMetrics, client: MetricsClient
) -> None:
    service.failures["Report"] = Failure(code=grpc.StatusCode.UNAVAILABLE, times=1)

    first = client.report(report=REPORT, timeout_s=5)
    second = client.report(report=REPORT, timeout_s=5)

    assert len(service.requests) == 3
    assert (first.is_repetition, second.is_repetition) == (False, True)


def test_usage_comes_back_with_what_is_absent_as_none(
    service: InMemoryMetrics, client: MetricsClient
) -> None:
    shape = metrics_pb2.Percentiles(mean=0.02, p50=0.01, p95=0.05, p99=0.1)
    service.usage = metrics_pb2.QuerySloResponse(
        covered_seconds=250,
        routes=[
            metrics_pb2.RouteUsage(
                runtime="python",
                service="furrow-web",
                route="/api/v1/farms/",
                method="GET",
                requests=500,
                rate=2,
                error_share=0.25,
                duration_seconds=shape,
                cpu_seconds=shape,
            ),
            metrics_pb2.RouteUsage(runtime="rust", service="furrow-ndvi", route="/tiles"),
        ],
        services=[
            metrics_pb2.ServiceUsage(
                service="furrow-web",
                runtime="python",
                is_up=True,
                sample_age_seconds=4,
                cpu_cores=0.5,
                request_cpu_cores=0.125,
                resident_bytes=1 << 30,
                processes=2,
            ),
            metrics_pb2.ServiceUsage(service="furrow-ndvi", runtime="rust", request_cpu_cores=1),
        ],
        scrapes=metrics_pb2.ScrapeUsage(scrapes=20, cpu_seconds=shape, bytes=1000, series=90),
    )

    usage = client.query_slo(window_s=300, timeout_s=5)

    python, rust = usage.routes
    web, ndvi = usage.services
    assert service.requests[0].window_seconds == 300
    assert usage.covered_s == 250
    assert python.duration_s == Percentiles(mean=0.02, p50=0.01, p95=0.05, p99=0.1)
    assert python.core_share == pytest.approx(0.04)
    assert (rust.duration_s, rust.cpu_s, rust.core_share) == (None, None, None)
    assert (web.unattributed_cores, web.resident_bytes) == (0.375, 1 << 30)
    assert (ndvi.cpu_cores, ndvi.unattributed_cores, ndvi.resident_bytes) == (None, None, None)
    assert usage.scrapes is not None
    assert (usage.scrapes.series, usage.scrapes.duration_s) == (90, None)
    assert usage.budget is None


def test_a_promise_is_sent_and_its_budget_read(
    service: InMemoryMetrics, client: MetricsClient
) -> None:
    burn_rates = [
        metrics_pb2.BurnRate(window_seconds=3600, rate=2),
        metrics_pb2.BurnRate(window_seconds=300, rate=14.4),
    ]
    service.usage.budget.CopyFrom(
        metrics_pb2.Budget(availability=0.998, budget_left=-1, burn_rates=burn_rates)
    )

    usage = client.query_slo(window_s=300, objective=PROMISE, timeout_s=5)

    sent = service.requests[0].objective
    assert (sent.availability, sent.latency_seconds) == (0.999, 0.5)
    assert usage.budget is not None
    assert (usage.budget.availability, usage.budget.within_latency) == (0.998, None)
    assert usage.budget.left == -1
    assert usage.budget.burn_rates == (
        BurnRate(window_s=300, rate=14.4),
        BurnRate(window_s=3600, rate=2),
    )


def test_an_empty_service_knows_nothing_and_that_is_an_answer(client: MetricsClient) -> None:
    usage = client.query_slo(window_s=300, timeout_s=5)

    assert (usage.covered_s, usage.routes, usage.services, usage.scrapes) == (0, (), (), None)


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "REPORT_INVALID", errors.InvalidInputError),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "SERVICE_BUSY", errors.ServiceBusyError),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "SERIES_EXHAUSTED", errors.ServiceBusyError),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "REPORT_TOO_LARGE", errors.InvalidInputError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", errors.ServiceTimeoutError),
        (grpc.StatusCode.INTERNAL, "", errors.ServiceFaultError),
    ],
)
def test_a_failure_is_one_of_the_projects_own(
    service: InMemoryMetrics,
    client: MetricsClient,
    code: grpc.StatusCode,
    reason: str,
    expected: type[errors.FarmError],
) -> None:
    service.failures["QuerySlo"] = Failure(code=code, reason=reason, detail="In words.")

    with pytest.raises(errors.FarmError) as raised:
        client.query_slo(window_s=300, timeout_s=5)

    assert type(raised.value) is expected
    assert "imagery" not in raised.value.detail


@pytest.mark.parametrize("reason", ["PROGRAMS_EXHAUSTED", "REPORT_TOO_LARGE"])
def test_a_limit_that_waiting_does_not_mend_is_told_in_the_services_words(
    service: InMemoryMetrics, client: MetricsClient, reason: str
) -> None:
    service.failures["Report"] = Failure(
        code=grpc.StatusCode.RESOURCE_EXHAUSTED, reason=reason, detail="Too much of it."
    )

    with pytest.raises(errors.FarmError) as raised:
        client.report(report=REPORT, timeout_s=5)

    assert raised.value.detail == "Too much of it."


def test_a_dead_service_is_named_and_then_not_asked_again(tmp_path: Path) -> None:
    client = MetricsClient(channel_to(f"unix:{tmp_path / 'nobody.sock'}", METRICS))
    labels = {"service": METRICS.full_name}

    with pytest.raises(errors.ServiceUnavailableError, match="metrics service is not running"):
        client.query_slo(window_s=300, timeout_s=5)
    with pytest.raises(errors.ServiceUnavailableError, match="metrics service does not") as refused:
        client.query_slo(window_s=300, timeout_s=5)

    assert refused.value.reason == "CIRCUIT_OPEN"
    assert REGISTRY.get_sample_value("grpc_client_breaker_open", labels) == 1
    close_channels()
