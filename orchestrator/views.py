"""The front page and what machines ask: alive, ready, metrics."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from farm.farms.models import Farm
from farm.observability.page import UnreadableMetricsError, python_page
from orchestrator.health import part_states
from orchestrator.peers import came_through_proxy

if TYPE_CHECKING:
    from django.http import HttpRequest

log = logging.getLogger("furrow.metrics")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where to go."""
    about = {
        "version": settings.FURROW_VERSION,
        "has_demo": Farm.objects.filter(is_demo=True).exists(),
    }
    return render(request, "orchestrator/home.html", about)


# Three furrows; an SVG is a picture under any name.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<rect width="16" height="16" rx="3" fill="#2b6a34"/>'
    '<path d="M4 14C4 8 5 5 7 2M8 14V2M12 14c0-6-1-9-3-12" stroke="#fbfcf8" fill="none"/></svg>'
)


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Give browsers the icon that they ask for unasked."""
    headers = {"Cache-Control": "public, max-age=86400"}
    return HttpResponse(ICON, content_type="image/svg+xml", headers=headers)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer while the process lives; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part that a request may need is there, 503 with the reasons if not."""
    parts = part_states()
    is_ready = all(part.is_ready for part in parts)
    body = {
        "ready": is_ready,
        "parts": [
            {"name": part.name, "ready": part.is_ready, "detail": part.detail} for part in parts
        ],
    }
    return JsonResponse(body, status=200 if is_ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Give the counters of all Python processes, as Python reads them; not through the proxy."""
    if came_through_proxy(request):
        msg = "Metrics are for the inside."
        raise Http404(msg)
    try:
        return HttpResponse(python_page(), content_type=CONTENT_TYPE_LATEST)
    except UnreadableMetricsError as error:
        log.warning("A file of counters cannot be read.", extra={"error": str(error)})
        sentence = (
            "A file of counters cannot be read by Python; furrow-metrics serves the others.\n"
        )
        return HttpResponse(sentence, status=503, content_type="text/plain; charset=utf-8")
