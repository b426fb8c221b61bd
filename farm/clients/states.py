"""What the services say of themselves, for the readiness route and the operations page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from farm.clients.channel import channel_to
from farm.clients.errors import farm_error_of
from farm.clients.health import health_of
from farm.clients.services import METRICS, NDVI, WEATHER

if TYPE_CHECKING:
    from farm.clients.services import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """What a service says of itself."""

    name: str  # of the process, such as `furrow-ndvi`
    is_serving: bool
    detail: str  # one sentence; empty where it serves


def service_states(*, timeout_s: float = 1.0) -> tuple[ServiceState, ...]:
    """Ask every service that a request may need; a dead one is an answer, not a failure.

    furrow-metrics is not among them: no request of a farm needs it, so the site stays ready
    without it.

    Args:
        timeout_s: Deadline of each question in seconds.
    """
    return (
        _state(NDVI, settings.NDVI_TARGET, timeout_s),
        _state(WEATHER, settings.WEATHER_TARGET, timeout_s),
    )


def every_service_state(*, timeout_s: float = 1.0) -> tuple[ServiceState, ...]:
    """Ask every service there is, for people's eyes.

    Args:
        timeout_s: Deadline of each question in seconds.
    """
    watcher = _state(METRICS, settings.METRICS_TARGET, timeout_s)
    return (*service_states(timeout_s=timeout_s), watcher)


def _state(service: Service, target: str, timeout_s: float) -> ServiceState:
    health = health_of(channel_to(target, service), service=service.full_name, timeout_s=timeout_s)
    if health.is_serving:
        detail = ""
    elif health.failure is not None:
        detail = farm_error_of(health.failure, service).detail
    else:
        detail = f"{service.program} is not ready to serve."
    return ServiceState(name=service.program, is_serving=health.is_serving, detail=detail)
