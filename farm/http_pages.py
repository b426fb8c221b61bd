"""Answers to what goes wrong outside of any API view: problems below ``/api/``, pages elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import RequestDataTooBig
from django.views import csrf as django_csrf
from django.views import defaults as django_defaults

from farm.http import problem

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

API_PREFIX = "/api/"


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIX)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer ``handler400``: a malformed request, an unknown host, a body too large."""
    too_big = isinstance(exception, RequestDataTooBig)
    if _is_api(request):
        return problem(
            status=413 if too_big else 400,
            code="too_large" if too_big else "bad_request",
            detail="The body is too large." if too_big else "The request is malformed.",
            instance=request.path,
        )
    response = django_defaults.bad_request(request, exception)
    if too_big:
        response.status_code = 413
    return response


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer ``handler403``."""
    if _is_api(request):
        return problem(
            status=403, code="forbidden", detail="This is not allowed.", instance=request.path
        )
    return django_defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer ``handler404``."""
    if _is_api(request):
        return problem(
            status=404,
            code="not_found",
            detail="There is nothing at this address.",
            instance=request.path,
        )
    return django_defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer ``handler500``: nothing of the cause goes out; the log has it under the request id."""
    if _is_api(request):
        return problem(
            status=500,
            code="internal",
            detail="Something went wrong on our side; the log has it under this request id.",
            instance=request.path,
        )
    return django_defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer ``CSRF_FAILURE_VIEW``: a state-changing request of a browser without our token."""
    if _is_api(request):
        return problem(
            status=403,
            code="csrf_failed",
            detail=f"The request did not prove that it comes from our own pages: {reason}",
            instance=request.path,
        )
    return django_csrf.csrf_failure(request, reason=reason)
