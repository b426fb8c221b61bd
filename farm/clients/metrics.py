"""Client of furrow-metrics: what programs counted goes in, what requests cost comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from farm.clients import report_converters, usage_converters
from farm.clients.channel import channel_to
from farm.clients.errors import translated
from farm.clients.services import METRICS
from farm.rpc.metrics.v1 import metrics_pb2, metrics_pb2_grpc

if TYPE_CHECKING:
    import grpc

    from farm.observability.reports import Report, ReportOutcome
    from farm.observability.usage import Objective, Usage


class MetricsClient:
    """Calls of the metrics service; each may be repeated, each has a deadline."""

    def __init__(self, channel: grpc.Channel) -> None:
        """Speak over a channel that ``farm.clients.channel`` opened."""
        self._stub = metrics_pb2_grpc.MetricsServiceStub(channel)  # type: ignore[no-untyped-call]

    def report(self, *, report: Report, timeout_s: float) -> ReportOutcome:
        """Send what a short-lived program counted; the same report again adds nothing.

        Args:
            report: What was counted since the last one.
            timeout_s: Deadline in seconds.

        Raises:
            InvalidInputError: It is not a report, or beyond the limits of one.
            ServiceUnavailableError: The service is not there; the report may be sent again.
        """
        with translated(METRICS):
            answer = self._stub.Report(report_converters.report_to_proto(report), timeout=timeout_s)
        return report_converters.outcome_from_proto(answer)

    def query_slo(
        self, *, window_s: int, objective: Objective | None = None, timeout_s: float
    ) -> Usage:
        """Ask what requests and services cost.

        Args:
            window_s: Seconds back from now, 10 to 2,592,000.
            objective: What was promised of the API; None: no budget is worked out.
            timeout_s: Deadline in seconds.

        Raises:
            ServiceUnavailableError: The service is not there; nothing but its own figures is lost.
        """
        request = metrics_pb2.QuerySloRequest(window_seconds=window_s)
        if objective is not None:
            request.objective.CopyFrom(usage_converters.objective_to_proto(objective))
        with translated(METRICS):
            answer = self._stub.QuerySlo(request, timeout=timeout_s)
        return usage_converters.usage_from_proto(answer)


def metrics_client() -> MetricsClient:
    """Return a client of the configured service: the default collaborator of views and reports."""
    return MetricsClient(channel_to(settings.METRICS_TARGET, METRICS))
