"""django-prometheus' metrics of requests, with labels that stay few, at a fifth of their cost.

Names, labels and meaning are its own (``django_prometheus.middleware.Metrics``); it looks each
metric up by its labels for each request, takes the method into two of them as the client spelt it,
and counts a request twice in one that ends in an exception.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django_prometheus.middleware import Metrics

from farm.observability.increments import Observed, add, value_of
from farm.observability.routes import METHODS
from farm.observability.wsgi import ROUTE_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase
    from django.template.response import SimpleTemplateResponse

    GetResponse = Callable[[HttpRequest], HttpResponseBase]

INVALID_METHOD = "<invalid method>"
UNNAMED_VIEW = "<unnamed view>"


class OuterMetricsMiddleware:
    """Counts and times requests with all the middleware below."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next layer."""
        self._get_response = get_response
        metrics = Metrics.get_instance()
        self._requests = metrics.requests_total
        self._responses = value_of(metrics.responses_total)
        self._duration = Observed(metrics.requests_latency_before)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        began = time.perf_counter()
        self._requests.inc()
        response = self._get_response(request)
        add(((self._responses, 1), *self._duration.rises(time.perf_counter() - began)))
        return response


class MetricsMiddleware:
    """Counts and times requests by view, method, transport, code and character set.

    It also leaves the route for ``farm.observability.wsgi``, which stands outside of Django.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next layer."""
        self._get_response = get_response
        self._metrics = Metrics.get_instance()
        # As many as views × methods × codes: the others have two or three values in all.
        self._known: dict[tuple[str | None, str, str, int, str], _Series] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        began = time.perf_counter()
        response = self._get_response(request)
        took_s = time.perf_counter() - began
        match = request.resolver_match
        view = None
        if match is not None:
            request.META[ROUTE_KEY] = match.route
            view = match.view_name or UNNAMED_VIEW
        self._series(request, response, view).count(request, response, took_s)
        return response

    def process_template_response(
        self, request: HttpRequest, response: SimpleTemplateResponse
    ) -> SimpleTemplateResponse:
        """Count the template."""
        name = str(response.template_name)
        self._metrics.responses_by_templatename.labels(templatename=name).inc()
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Count an exception that nobody has expected."""
        self._metrics.exceptions_by_type.labels(type=type(exception).__name__).inc()
        match = request.resolver_match
        view = (match.view_name if match else "") or UNNAMED_VIEW
        self._metrics.exceptions_by_view.labels(view=view).inc()

    def _series(
        self, request: HttpRequest, response: HttpResponseBase, view: str | None
    ) -> _Series:
        method = request.method if request.method in METHODS else INVALID_METHOD
        transport = request.scheme or "http"
        charset = str(getattr(response, "charset", ""))
        key = (view, str(method), transport, response.status_code, charset)
        found = self._known.get(key)
        if found is None:
            found = self._known.setdefault(key, _Series(self._metrics, *key))
        return found


class _Series:
    """The metrics of one kind of answer; finding each by its labels takes longer."""

    __slots__ = ("_always", "_duration", "_metrics", "_received", "_sent")

    def __init__(
        self,
        metrics: Metrics,
        view: str | None,  # None: no view was reached
        method: str,
        transport: str,
        status: int,
        charset: str,
    ) -> None:
        code = str(status)
        reached = (
            ()
            if view is None
            else (metrics.requests_by_view_transport_method.labels(view, transport, method),)
        )
        view = view or UNNAMED_VIEW
        self._metrics = metrics
        self._duration = Observed(metrics.requests_latency_by_view_method.labels(view, method))
        self._received = Observed(metrics.requests_body_bytes)
        self._sent = Observed(metrics.responses_body_bytes)
        always = (
            metrics.requests_by_method.labels(method),
            metrics.requests_by_transport.labels(transport),
            *reached,
            metrics.responses_by_status.labels(code),
            metrics.responses_by_status_view_method.labels(code, view, method),
            metrics.responses_by_charset.labels(charset),
        )
        self._always = tuple((value_of(counter), 1) for counter in always)

    def count(self, request: HttpRequest, response: HttpResponseBase, took_s: float) -> None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        rises = [
            *self._always,
            *self._duration.rises(took_s),
            *self._received.rises(int(length) if length.isdecimal() else 0),
        ]
        if request.META.get("HTTP_X_REQUESTED_WITH") == "XMLHttpRequest":
            rises.append((value_of(self._metrics.requests_ajax), 1))
        if response.streaming:
            rises.append((value_of(self._metrics.responses_streaming), 1))
        else:
            rises += self._sent.rises(len(response.content))  # type: ignore[attr-defined]
        add(rises)
