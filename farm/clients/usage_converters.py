"""Between ``farm.observability.usage`` and the messages of ``metrics.proto``. Absent stays None."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.observability.usage import (
    Budget,
    BurnRate,
    Percentiles,
    RouteUsage,
    ScrapeUsage,
    ServiceUsage,
    Usage,
)
from farm.rpc.metrics.v1 import metrics_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from farm.observability.usage import Objective


def objective_to_proto(objective: Objective) -> metrics_pb2.Objective:
    """Say what was promised."""
    return metrics_pb2.Objective(
        availability=objective.availability, latency_seconds=objective.latency_s
    )


def usage_from_proto(answer: metrics_pb2.QuerySloResponse) -> Usage:
    """Read what the samples say."""
    return Usage(
        covered_s=answer.covered_seconds,
        routes=tuple(_route(route) for route in answer.routes),
        services=tuple(_service(service) for service in answer.services),
        scrapes=_scrapes(answer.scrapes) if answer.HasField("scrapes") else None,
        budget=_budget(answer.budget) if answer.HasField("budget") else None,
    )


def _route(route: metrics_pb2.RouteUsage) -> RouteUsage:
    return RouteUsage(
        runtime=route.runtime,
        service=route.service,
        route=route.route,
        method=route.method,
        requests=route.requests,
        rate=route.rate,
        error_share=route.error_share,
        duration_s=_percentiles(route, "duration_seconds"),
        cpu_s=_percentiles(route, "cpu_seconds"),
    )


def _service(service: metrics_pb2.ServiceUsage) -> ServiceUsage:
    return ServiceUsage(
        service=service.service,
        runtime=service.runtime,
        is_up=service.is_up,
        sample_age_s=service.sample_age_seconds,
        cpu_cores=service.cpu_cores if service.HasField("cpu_cores") else None,
        request_cpu_cores=service.request_cpu_cores,
        resident_bytes=service.resident_bytes if service.HasField("resident_bytes") else None,
        processes=service.processes,
    )


def _scrapes(scrapes: metrics_pb2.ScrapeUsage) -> ScrapeUsage:
    return ScrapeUsage(
        scrapes=scrapes.scrapes,
        cpu_s=_percentiles(scrapes, "cpu_seconds"),
        duration_s=_percentiles(scrapes, "duration_seconds"),
        size_bytes=scrapes.bytes,
        series=scrapes.series,
    )


def _budget(budget: metrics_pb2.Budget) -> Budget:
    return Budget(
        availability=budget.availability if budget.HasField("availability") else None,
        within_latency=budget.within_latency if budget.HasField("within_latency") else None,
        left=budget.budget_left if budget.HasField("budget_left") else None,
        burn_rates=tuple(
            BurnRate(window_s=burn.window_seconds, rate=burn.rate)
            for burn in sorted(budget.burn_rates, key=lambda burn: burn.window_seconds)
        ),
    )


def _percentiles(message: Message, name: str) -> Percentiles | None:
    if not message.HasField(name):
        return None
    found: metrics_pb2.Percentiles = getattr(message, name)
    return Percentiles(mean=found.mean, p50=found.p50, p95=found.p95, p99=found.p99)
