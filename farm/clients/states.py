"""What the services say of themselves, for the readiness route."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from farm.clients.channel import channel_to
from farm.clients.errors import farm_error_of
from farm.clients.health import NDVI_SERVICE, health_of


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
    health = health_of(channel_to(target), service=service, timeout_s=timeout_s)
    if health.is_serving:
        detail = ""
    elif health.failure is not None:
        detail = farm_error_of(health.failure).detail
    else:
        detail = f"{name} is not ready to serve."
    return ServiceState(name=name, is_serving=health.is_serving, detail=detail)
