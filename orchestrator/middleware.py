"""The outermost layer of each request: whom to believe, which id, one line in the log."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.functional import LazyObject

from orchestrator import context
from orchestrator.env import LOOPBACK_HOSTS
from orchestrator.peers import client_address, drop_untrusted_headers, is_trusted_proxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

access_log = logging.getLogger("furrow.access")

LOGGED_PATH_LENGTH = 200


class RequestContextMiddleware:
    """Binds the request's ids, echoes ``X-Request-Id`` and writes the access line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        started = time.perf_counter()
        drop_untrusted_headers(request)
        with context.bound(_context_of(request)) as at_work:
            response = self.get_response(request)
            response["X-Request-Id"] = at_work.request_id
            _allow_plain_cookies_on_loopback(request, response)
            _log_access(request, response, duration_s=time.perf_counter() - started)
        return response


def _context_of(request: HttpRequest) -> context.RequestContext:
    """Take the ids that our own proxy passed on; a stranger's are not taken into our log."""
    if not is_trusted_proxy(request.META.get("REMOTE_ADDR", "")):
        return context.new_context()
    return context.new_context(
        request_id=request.headers.get("X-Request-Id", ""),
        traceparent=request.headers.get("traceparent", ""),
    )


def _allow_plain_cookies_on_loopback(request: HttpRequest, response: HttpResponseBase) -> None:
    """Take Secure off our cookies when the browser is on this machine and came by plain HTTP.

    Some browsers refuse Secure cookies from http://localhost, and the log-in would seem to do
    nothing. Nothing crosses a network on loopback; any other host name keeps the flag.
    """
    if request.is_secure():
        return
    host = request.META.get("HTTP_HOST", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name not in LOOPBACK_HOSTS:
        return
    for cookie in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        if cookie in response.cookies:
            response.cookies[cookie]["secure"] = ""


def _log_access(request: HttpRequest, response: HttpResponseBase, *, duration_s: float) -> None:
    match = request.resolver_match
    access_log.info(
        "Request answered.",
        extra={
            "method": request.method,
            "route": (match.view_name if match else "") or "<unmatched>",
            "path": request.path[:LOGGED_PATH_LENGTH],
            "status": response.status_code,
            "duration_s": round(duration_s, 6),
            "user_id": _known_user_id(request),
            "client": client_address(request),
        },
    )


def _known_user_id(request: HttpRequest) -> int | None:
    """Return the user's id if somebody asked for the user; the log alone is not worth a query."""
    user = getattr(request, "_cached_user", None) or request.__dict__.get("user")
    if user is None or isinstance(user, LazyObject):
        return None
    key: int | None = user.pk
    return key
