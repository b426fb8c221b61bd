"""A metrics service in memory, for tests: a real grpc server that keeps and answers real messages.

Tests that use it run the channel, the interceptor, the converters and the error table as they are.
"""

from __future__ import annotations

import tempfile
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from farm.clients.fakes import Failure, abort
from farm.clients.services import METRICS
from farm.rpc.metrics.v1 import metrics_pb2, metrics_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class InMemoryMetrics(metrics_pb2_grpc.MetricsServiceServicer):
    """Takes every report once and answers with the usage that a test put in.

    Attributes:
        usage: What every question of usage gets.
        refused: Name of a family → why it is not taken.
        failures: Name of a method → how it fails.
        requests: Every request that arrived, in order.
    """

    usage: metrics_pb2.QuerySloResponse = field(default_factory=metrics_pb2.QuerySloResponse)
    refused: dict[str, str] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    requests: list[Any] = field(default_factory=list)
    last_sequences: dict[str, int] = field(default_factory=dict)

    def Report(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Take a sequence once, and no family that is refused."""
        self._arrived("Report", request, context)
        is_repetition = request.sequence <= self.last_sequences.get(request.producer_id, 0)
        self.last_sequences.setdefault(request.producer_id, 0)
        if not is_repetition:
            self.last_sequences[request.producer_id] = request.sequence
        return metrics_pb2.ReportResponse(
            is_repetition=is_repetition,
            refused=[
                metrics_pb2.RefusedFamily(name=family.name, reason=self.refused[family.name])
                for family in request.families
                if family.name in self.refused
            ],
        )

    def QuerySlo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer the usage; its budget only where an objective was asked for."""
        self._arrived("QuerySlo", request, context)
        answer = metrics_pb2.QuerySloResponse()
        answer.CopyFrom(self.usage)
        if not request.HasField("objective"):
            answer.ClearField("budget")
        return answer

    def _arrived(self, method: str, request: Any, context: Any) -> None:
        self.requests.append(request)
        failure = self.failures.get(method)
        if failure is not None and failure.times != 0:
            if failure.times is not None:
                failure.times -= 1
            abort(context, failure)


@contextmanager
def serving_metrics(service: InMemoryMetrics) -> Iterator[str]:
    """Serve on a unix socket for the duration of the block.

    Yields:
        The target to connect to.
    """
    with tempfile.TemporaryDirectory(prefix="furrow-metrics-") as folder:
        target = f"unix:{Path(folder) / 'metrics.sock'}"
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        metrics_pb2_grpc.add_MetricsServiceServicer_to_server(service, server)  # type: ignore[no-untyped-call]
        state = health.HealthServicer()
        state.set(METRICS.full_name, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(state, server)
        server.add_insecure_port(target)
        server.start()
        try:
            yield target
        finally:
            server.stop(grace=None).wait()
