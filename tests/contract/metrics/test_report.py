"""Reports of short-lived programs count once, whatever dies, and no sender can fill the service."""

from __future__ import annotations

import random
import threading
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

import grpc
import pytest

from farm.clients.metrics import MetricsClient
from farm.errors import ServiceBusyError, ServiceUnavailableError
from farm.observability.reports import (
    Report,
    ReportedFamily,
    ReportedKind,
    ReportedSeries,
    ReportOutcome,
)
from farm.rpc.metrics.v1 import metrics_pb2, metrics_pb2_grpc
from tests.contract.metrics.calls import dialled
from tests.contract.metrics.metrics_process import MetricsProcess, controllable, in_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WITHIN_S = 20.0
LIVES = 10
MIB = 1 << 20


@pytest.fixture
def service() -> Iterator[MetricsProcess]:
    with in_memory() as folder, controllable(folder) as process:
        yield process


def counter(name: str, *series: ReportedSeries) -> ReportedFamily:
    return ReportedFamily(name=name, help="Made up", kind=ReportedKind.COUNTER, series=series)


def gauge(name: str, value: float) -> ReportedFamily:
    series = (ReportedSeries(value=value),)
    return ReportedFamily(name=name, help="Made up", kind=ReportedKind.GAUGE, series=series)


def histogram(
    name: str, counts: tuple[int, ...], total: float, bounds: tuple[float, ...] = (0.5, 1.0)
) -> ReportedFamily:
    series = (ReportedSeries(labels=(("kind", "x"),), bucket_counts=counts, sum=total),)
    return ReportedFamily(
        name=name, help="Made up", kind=ReportedKind.HISTOGRAM, bounds=bounds, series=series
    )


def report(
    *families: ReportedFamily,
    producer: str | None = None,
    sequence: int = 1,
    program: str = "ingest_folder",
    ttl_s: int = 60,
) -> Report:
    return Report(
        producer_id=producer or str(uuid.uuid4()),
        sequence=sequence,
        program=program,
        ttl_s=ttl_s,
        families=families,
    )


def send(service: MetricsProcess, sent: Report, *, timeout_s: float = WITHIN_S) -> ReportOutcome:
    with dialled(service) as channel:
        return MetricsClient(channel).report(report=sent, timeout_s=timeout_s)


def refusal(service: MetricsProcess, request: metrics_pb2.ReportRequest) -> grpc.RpcError:
    """The error that a message gets that no client of ours would send."""
    with dialled(service) as channel:
        stub = metrics_pb2_grpc.MetricsServiceStub(channel)  # type: ignore[no-untyped-call]
        with pytest.raises(grpc.RpcError) as refused:
            stub.Report(request, timeout=WITHIN_S)
    return refused.value


def pushes(service: MetricsProcess, result: str) -> float:
    return service.own()[f'furrow_metrics_pushes_total{{result="{result}"}}']


def whole() -> metrics_pb2.ReportRequest:
    series = metrics_pb2.Series(labels=[metrics_pb2.Label(name="a", value="1")], value=1.0)
    family = metrics_pb2.Family(
        name="made_up", help="Made up", kind=metrics_pb2.KIND_COUNTER, series=[series]
    )
    return metrics_pb2.ReportRequest(
        producer_id=str(uuid.uuid4()),
        sequence=1,
        program="ingest_folder",
        ttl_seconds=60,
        families=[family],
    )


def test_what_is_reported_is_scraped_with_the_name_of_its_program(service: MetricsProcess) -> None:
    files = ReportedSeries(labels=(("kind", 'a "quoted"\nname'),), value=2.5)
    first = report(
        counter("pushed_files", files), gauge("pushed_left", 7), histogram("pushed_s", (1, 0, 2), 9)
    )

    assert not send(service, first).is_repetition
    assert send(service, first).is_repetition
    send(service, report(counter("pushed_files", files), program="other_program"))

    labels = 'kind="a \\"quoted\\"\\nname"'
    expected = {
        f'pushed_files_total{{{labels},program="ingest_folder"}}': 2.5,
        f'pushed_files_total{{{labels},program="other_program"}}': 2.5,
        'pushed_left{program="ingest_folder"}': 7,
        'pushed_s_bucket{kind="x",le="0.5",program="ingest_folder"}': 1,
        'pushed_s_bucket{kind="x",le="1.0",program="ingest_folder"}': 1,
        'pushed_s_bucket{kind="x",le="+Inf",program="ingest_folder"}': 3,
        'pushed_s_count{kind="x",program="ingest_folder"}': 3,
        'pushed_s_sum{kind="x",program="ingest_folder"}': 9,
    }
    found = {k: v for k, v in service.scrape().items() if k.startswith("pushed_")}
    assert found == expected
    assert pushes(service, "taken") == 2
    assert pushes(service, "repeated") == 1
    assert service.own()["furrow_metrics_pushed_series"] == 8


def test_no_report_counts_twice_or_never_when_the_service_is_killed(
    service: MetricsProcess,
) -> None:
    chance = random.Random(3)  # noqa: S311 - the same deaths each time
    producers = [str(uuid.uuid4()) for _ in range(3)]
    sent = 0.0
    for sequence in range(1, LIVES + 1):
        value = float(chance.randrange(1, 1000))
        for producer in producers:
            one = report(
                counter("pushed_files", ReportedSeries(value=value)),
                histogram("pushed_s", (1, 2, 3), value),
                producer=producer,
                sequence=sequence,
            )
            sent += value
            if producer == producers[sequence % len(producers)]:
                # It dies somewhere before, in or after the call.
                death = threading.Timer(chance.uniform(0, 0.03), service.kill)
                death.start()
                with suppress(ServiceUnavailableError):
                    send(service, one, timeout_s=1.0)
                death.join()
                service.start()
            # Sent until it is answered, as clients do; some of it for the second time.
            send(service, one)

    found = service.scrape()
    assert found['pushed_files_total{program="ingest_folder"}'] == sent
    assert found['pushed_s_sum{kind="x",program="ingest_folder"}'] == sent
    reports = LIVES * len(producers)
    assert found['pushed_s_count{kind="x",program="ingest_folder"}'] == 6 * reports


def test_gauges_vanish_with_their_program_and_counters_stay(service: MetricsProcess) -> None:
    send(
        service,
        report(counter("pushed_files", ReportedSeries(value=1)), gauge("pushed_left", 7), ttl_s=1),
    )
    deadline = time.monotonic() + WITHIN_S
    while 'pushed_left{program="ingest_folder"}' in service.scrape():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert service.scrape()['pushed_files_total{program="ingest_folder"}'] == 1


def test_families_that_contradict_are_refused_by_name(service: MetricsProcess) -> None:
    one = ReportedSeries(value=1)
    send(service, report(counter("pushed_a", one), histogram("pushed_h", (1, 1, 1), 1)))

    outcome = send(
        service,
        report(
            gauge("pushed_a", 1),
            histogram("pushed_h", (1, 1, 1), 1, bounds=(0.5, 2.0)),
            counter("pushed_b", one),
        ),
    )

    refused = {family.name: family.reason for family in outcome.refused}
    assert refused == {
        "pushed_a": "It is a counter, not a gauge.",
        "pushed_h": "Its bounds are [0.5, 1.0].",
    }
    assert service.scrape()['pushed_b_total{program="ingest_folder"}'] == 1


def _set_kind(request: metrics_pb2.ReportRequest) -> None:
    request.families[0].kind = metrics_pb2.KIND_UNSPECIFIED


def _negative(request: metrics_pb2.ReportRequest) -> None:
    request.families[0].series[0].value = -1


def _many_labels(request: metrics_pb2.ReportRequest) -> None:
    labels = [metrics_pb2.Label(name=f"l{n}", value="") for n in range(17)]
    request.families[0].series[0].labels.extend(labels)


def _program_label(request: metrics_pb2.ReportRequest) -> None:
    request.families[0].series[0].labels[0].name = "program"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("producer_id", lambda r: setattr(r, "producer_id", "me")),
        ("sequence", lambda r: setattr(r, "sequence", 0)),
        ("program", lambda r: setattr(r, "program", "../etc")),
        ("ttl_seconds", lambda r: setattr(r, "ttl_seconds", 0)),
        ("families", lambda r: r.ClearField("families")),
        ("families[0].kind", _set_kind),
        ("families[0].series[0].value", _negative),
        ("families[0].series[0].labels", _many_labels),
        ("families[0].series[0].labels[0].name", _program_label),
    ],
)
def test_a_malformed_report_is_refused_by_its_field_and_counted(
    malformed_service: MetricsProcess,
    field: str,
    change: Callable[[metrics_pb2.ReportRequest], None],
) -> None:
    before = pushes(malformed_service, "refused")
    request = whole()
    change(request)

    error = refusal(malformed_service, request)

    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert (error.details() or "").startswith(f"{field} ")
    assert pushes(malformed_service, "refused") == before + 1
    assert malformed_service.scrape() == {}


@pytest.fixture(scope="module")
def malformed_service() -> Iterator[MetricsProcess]:
    with in_memory() as folder, controllable(folder) as process:
        yield process


def test_a_report_above_a_mebibyte_is_refused_and_counted(service: MetricsProcess) -> None:
    request = whole()
    label = metrics_pb2.Label(name="a")
    for place in range(5):
        family = request.families.add()
        family.CopyFrom(request.families[0])
        family.name = f"made_up_{place}"
        del family.series[:]
        for number in range(900):
            label.value = f"{number:0256}"
            family.series.add(labels=[label], value=1.0)
    assert MIB < request.ByteSize() < 2 * MIB

    error = refusal(service, request)

    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "1048576" in (error.details() or "")
    assert pushes(service, "refused") == 1


def test_a_label_explosion_ends_at_the_limits_and_hinders_nobody(service: MetricsProcess) -> None:
    def explode(program: str, number: int) -> Report:
        series = (ReportedSeries(labels=(("id", f"{number}-{n}"),), value=1.0) for n in range(1000))
        return report(counter("pushed_explosion", *series), program=program)

    send(service, report(counter("pushed_files", ReportedSeries(value=1)), program="modest"))
    reasons = []
    for number in range(12):
        for place in range(6):
            try:
                send(service, explode(f"program_{place}", number))
            except ServiceBusyError as error:
                reasons.append(error.reason)
    modest = report(counter("pushed_files", ReportedSeries(value=1)), program="modest")

    assert not send(service, modest).is_repetition

    # 10,000 of a program, 50,000 of all: 49 reports of 1,000 fit beside the modest one.
    assert reasons == ["SERIES_EXHAUSTED"] * (12 * 6 - 49)
    assert service.own()["furrow_metrics_pushed_series"] == 49_001
    assert pushes(service, "refused") == len(reasons)
    assert service.scrape()['pushed_files_total{program="modest"}'] == 2
    assert service.private_bytes() < 150 * MIB
    before = service.scrape()
    service.kill()
    service.start()
    assert service.scrape() == before


def test_more_programs_than_are_known_are_refused(service: MetricsProcess) -> None:
    one = counter("pushed_files", ReportedSeries(value=1))
    for number in range(100):
        send(service, report(one, program=f"program_{number}"))
    request = whole()
    request.program = "one_more"

    error = refusal(service, request)

    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "100 programs" in (error.details() or "")
