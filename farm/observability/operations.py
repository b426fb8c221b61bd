"""The operations page of the admin: what requests, services, jobs and scrapes cost.

For people without a Prometheus: its figures come from furrow-metrics' own samples and from the rows
of the jobs. Where furrow-metrics does not answer, the page says so and shows the rest.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from farm.clients.metrics import metrics_client
from farm.clients.states import every_service_state
from farm.errors import FarmError
from farm.observability.operations_queue import job_queue
from farm.observability.usage import Objective

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import HttpRequest

    from farm.clients.states import ServiceState
    from farm.observability.usage import RouteUsage, ServiceUsage, Usage

log = logging.getLogger("furrow.operations")

# What is promised of the API, over 30 days; deploy/prometheus/rules watch over the same. 2.5 s are
# what a picture of a whole farm may take; stored numbers are there in a hundredth of it.
OBJECTIVE = Objective(availability=0.999, latency_s=2.5)
WITHIN_LATENCY_SHARE = 0.99
OBJECTIVE_WINDOW_S = 30 * 86_400

WINDOWS = {"5m": 300, "1h": 3600, "6h": 6 * 3600, "1d": 86_400, "7d": 7 * 86_400}
WINDOW_WORDS = {
    "5m": "5 minutes",
    "1h": "hour",
    "6h": "6 hours",
    "1d": "day",
    "7d": "7 days",
}
DEFAULT_WINDOW = "1h"

# Samples of less of the window are worth a word.
COVERED = 0.9
MOST_ROUTES = 100
# Everything the page asks of the services: two health questions, two of usage.
HEALTH_WITHIN_S = 1.0
USAGE_WITHIN_S = 3.0
RELOAD_EVERY_S = 15

# Of what is not measured: it comes last.
_LEAST = float("-inf")


def _core_share(route: RouteUsage) -> float:
    return _LEAST if route.core_share is None else route.core_share


def _cpu(route: RouteUsage) -> float:
    return _LEAST if route.cpu_s is None else route.cpu_s.mean


def _slowness(route: RouteUsage) -> float:
    return _LEAST if route.duration_s is None else route.duration_s.p99


# The routes' order: a word of the address → what makes a route come first.
ORDERS: dict[str, Callable[[RouteUsage], float]] = {
    "core": _core_share,
    "cpu": _cpu,
    "p99": _slowness,
    "errors": lambda route: route.error_share,
    "rate": lambda route: route.rate,
}
ORDER_WORDS = {
    "core": "CPU in all",
    "cpu": "CPU of one request",
    "p99": "p99",
    "errors": "errors",
    "rate": "requests",
}
DEFAULT_ORDER = "core"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """A service as it says of itself and as its samples tell; either may be missing."""

    name: str
    state: ServiceState | None  # None: it has no health question, as Django itself
    usage: ServiceUsage | None  # None: furrow-metrics knows nothing of it


@require_safe
def operations_page(request: HttpRequest) -> TemplateResponse:
    """Show the page to staff who may look at jobs.

    Raises:
        PermissionDenied: They may not.
    """
    if not request.user.has_perm("farm.view_job"):
        raise PermissionDenied
    window = _chosen(request, "window", WINDOWS, DEFAULT_WINDOW)
    order = _chosen(request, "order", ORDERS, DEFAULT_ORDER)
    states = every_service_state(timeout_s=HEALTH_WITHIN_S)
    usage, promise, trouble = _usage(WINDOWS[window])
    routes = sorted(usage.routes, key=ORDERS[order], reverse=True) if usage else []
    context = {
        **admin.site.each_context(request),
        "title": "Operations",
        "now": timezone.now(),
        "window": window,
        "window_words": WINDOW_WORDS[window],
        "windows": WINDOW_WORDS,
        "order": order,
        "orders": ORDER_WORDS,
        "reloads": "reload" in request.GET,
        "reload_every_s": RELOAD_EVERY_S,
        "trouble": trouble,
        "usage": usage,
        "is_short": usage is not None and usage.covered_s < COVERED * WINDOWS[window],
        "routes": routes[:MOST_ROUTES],
        "hidden_routes": max(0, len(routes) - MOST_ROUTES),
        "services": service_rows(states, usage.services if usage else ()),
        "objective": OBJECTIVE,
        "within_latency_share": WITHIN_LATENCY_SHARE,
        "promise": promise,
        "queue": job_queue(now=timezone.now()),
    }
    return TemplateResponse(request, "farm/operations.html", context)


def service_rows(
    states: Sequence[ServiceState], usages: Sequence[ServiceUsage]
) -> list[ServiceRow]:
    """Bring together what services say and what is counted of them, by name."""
    said = {state.name: state for state in states}
    counted = {usage.service: usage for usage in usages}
    return [
        ServiceRow(name=name, state=said.get(name), usage=counted.get(name))
        for name in sorted(said.keys() | counted.keys())
    ]


def _usage(window_s: int) -> tuple[Usage | None, Usage | None, str]:
    """Ask for the window and for the promise's own; where there is no answer, say why."""
    client = metrics_client()
    try:
        usage = client.query_slo(window_s=window_s, timeout_s=USAGE_WITHIN_S)
        promise = client.query_slo(
            window_s=OBJECTIVE_WINDOW_S, objective=OBJECTIVE, timeout_s=USAGE_WITHIN_S
        )
    except FarmError as error:
        log.warning("The operations page has no figures.", extra={"reason": error.detail})
        return None, None, error.detail
    return usage, promise, ""


def _chosen(request: HttpRequest, name: str, choices: dict[str, Any], default: str) -> str:
    """A word of the address, if it is one of the choices."""
    word = request.GET.get(name, default)
    return word if word in choices else default
