"""The project's own client of furrow-metrics, with the real program."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from farm.clients.channel import channel_to, close_channels
from farm.clients.metrics import MetricsClient
from farm.clients.services import METRICS
from farm.clients.states import every_service_state
from farm.errors import FarmError, InvalidInputError, ServiceUnavailableError
from farm.observability.reports import Report, ReportedFamily, ReportedKind, ReportedSeries
from farm.observability.usage import Objective
from tests.contract.metrics.metrics_process import controllable, in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper

    from tests.contract.metrics.metrics_process import MetricsProcess

FOUND_AGAIN_WITHIN_S = 20.0
COUNTER = ReportedFamily(
    name="furrow_test_files",
    help="Files that were read.",
    kind=ReportedKind.COUNTER,
    series=(ReportedSeries(labels=(("kind", 'a "quoted" \\ ü'),), value=2.0),),
)
HISTOGRAM = ReportedFamily(
    name="furrow_test_seconds",
    help="One file.",
    kind=ReportedKind.HISTOGRAM,
    bounds=(0.1, 1.0),
    series=(ReportedSeries(bucket_counts=(1, 0, 4), sum=12.5),),
)


@pytest.fixture
def service() -> Iterator[MetricsProcess]:
    with in_memory() as folder, controllable(folder) as running:
        yield running
        close_channels()


@pytest.fixture
def client(service: MetricsProcess) -> MetricsClient:
    return MetricsClient(channel_to(service.target, METRICS))


def report_of(*families: ReportedFamily) -> Report:
    return Report(
        producer_id=str(uuid4()), sequence=1, program="a_test", ttl_s=600, families=families
    )


def test_what_was_reported_is_scraped_and_counts_once(
    service: MetricsProcess, client: MetricsClient
) -> None:
    report = report_of(COUNTER, HISTOGRAM)

    outcomes = [client.report(report=report, timeout_s=5) for _ in range(2)]

    assert [outcome.is_repetition for outcome in outcomes] == [False, True]
    assert outcomes[0].refused == ()
    shown = service.scrape()
    (counted,) = [value for name, value in shown.items() if "furrow_test_files_total{" in name]
    (observed,) = [value for name, value in shown.items() if "furrow_test_seconds_count" in name]
    assert (counted, observed) == (2, 5)


def test_a_family_that_contradicts_what_is_known_is_refused_by_name(client: MetricsClient) -> None:
    client.report(report=report_of(HISTOGRAM), timeout_s=5)
    series = ReportedSeries(bucket_counts=(1, 4), sum=1.0)
    other = replace(HISTOGRAM, bounds=(0.5,), series=(series,))

    outcome = client.report(report=report_of(other, COUNTER), timeout_s=5)

    assert [family.name for family in outcome.refused] == [HISTOGRAM.name]
    assert outcome.refused[0].reason.endswith(".")


def test_what_is_no_report_is_refused_in_words(client: MetricsClient) -> None:
    with pytest.raises(InvalidInputError, match="program"):
        client.report(report=replace(report_of(COUNTER), program="Not A Name"), timeout_s=5)


def test_a_young_service_answers_with_what_it_knows(client: MetricsClient) -> None:
    promise = Objective(availability=0.999, latency_s=2.5)

    usage = client.query_slo(window_s=3600, objective=promise, timeout_s=5)

    assert usage.covered_s < 60
    assert usage.budget is not None
    assert usage.budget.availability is None


@pytest.mark.parametrize("window_s", [0, 9, 2_592_001])
def test_a_window_out_of_bounds_is_refused_in_words(client: MetricsClient, window_s: int) -> None:
    with pytest.raises(InvalidInputError, match="window"):
        client.query_slo(window_s=window_s, timeout_s=5)


def test_a_service_that_died_is_named_and_found_again(
    service: MetricsProcess, client: MetricsClient, settings: SettingsWrapper
) -> None:
    settings.METRICS_TARGET = service.target
    client.report(report=report_of(COUNTER), timeout_s=5)

    service.kill()
    with pytest.raises(ServiceUnavailableError):
        client.query_slo(window_s=60, timeout_s=5)
    assert not every_service_state(timeout_s=1)[-1].is_serving
    service.start()

    assert answers_in_the_end(client)
    assert every_service_state(timeout_s=1)[-1].is_serving
    shown = service.scrape()
    assert [value for name, value in shown.items() if "furrow_test_files_total{" in name] == [2]


def answers_in_the_end(client: MetricsClient) -> bool:
    deadline = time.monotonic() + FOUND_AGAIN_WITHIN_S
    while time.monotonic() < deadline:
        try:
            client.query_slo(window_s=60, timeout_s=5)
        except FarmError:
            time.sleep(0.1)
        else:
            return True
    return False
