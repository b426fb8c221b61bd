"""Request metrics whose labels stay few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_prometheus.middleware import PrometheusAfterMiddleware

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


class MetricsMiddleware(PrometheusAfterMiddleware):
    """django-prometheus' metrics, with the method label bounded in every one of them.

    Two of its histograms take the method as the client spelt it; anybody could make a new time
    series with each request.
    """

    def label_metric(
        self,
        metric: Any,
        request: HttpRequest,
        response: HttpResponseBase | None = None,
        **labels: Any,
    ) -> Any:
        """Give the metric its labels."""
        if "method" in labels:
            labels["method"] = self._method(request)
        return super().label_metric(metric, request, response, **labels)
