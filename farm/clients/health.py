"""Whether the services answer, by the standard gRPC health protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
from django.conf import settings
from grpc_health.v1 import health_pb2, health_pb2_grpc

from farm.clients.channel import channel_to
from farm.clients.errors import farm_error_of

NDVI_SERVICE = "farm.rpc.ndvi.v1.NdviService"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """What a service says of itself."""

    name: str  # of the process, such as `furrow-ndvi`
    is_serving: bool
    detail: str  # one sentence; empty where it serves


def service_states(*, timeout_s: float = 1.0) -> tuple[ServiceState, ...]:
    """Ask every service once; a dead one is an answer, not a failure.

    Args:
        timeout_s: Deadline of each question in seconds.
    """
    return (_state("furrow-ndvi", settings.NDVI_TARGET, NDVI_SERVICE, timeout_s),)


def _state(name: str, target: str, service: str, timeout_s: float) -> ServiceState:
    stub: Any = health_pb2_grpc.HealthStub(channel_to(target))  # its stubs lack the methods
    try:
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=timeout_s)
    except grpc.RpcError as error:
        return ServiceState(name=name, is_serving=False, detail=farm_error_of(error).detail)
    if answer.status == health_pb2.HealthCheckResponse.SERVING:
        return ServiceState(name=name, is_serving=True, detail="")
    return ServiceState(name=name, is_serving=False, detail=f"{name} is not ready to serve.")
