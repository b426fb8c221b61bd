"""Whether the services answer, by the standard gRPC health protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

# A health question needs no pixel: whoever lives answers it in a few milliseconds.
PATIENCE_S = 1.0

# What a service that is not there, or hangs, is known by. Every other code is an answer.
NO_ANSWER = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What came back when a service was asked once."""

    is_serving: bool
    failure: grpc.RpcError | None = None  # why nothing did


def health_of(channel: grpc.Channel, *, service: str, timeout_s: float) -> Health:
    """Ask a service once; a dead one is an answer, not a failure.

    Args:
        channel: To the service.
        service: Its full name.
        timeout_s: Deadline in seconds.
    """
    stub: Any = health_pb2_grpc.HealthStub(channel)  # its stubs lack the methods
    try:
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=timeout_s)
    except grpc.RpcError as error:
        return Health(is_serving=False, failure=error)
    return Health(is_serving=answer.status == health_pb2.HealthCheckResponse.SERVING)


def is_alive(channel: grpc.Channel, *, service: str) -> bool:
    """Say whether a service would answer calls; one that knows no health question lives too."""
    health = health_of(channel, service=service, timeout_s=PATIENCE_S)
    failure = health.failure
    return health.is_serving or (failure is not None and failure.code() not in NO_ANSWER)
