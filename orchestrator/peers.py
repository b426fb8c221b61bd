"""Who is really at the other end, when a proxy may stand between.

A forwarded header is only as true as the peer that sent it. Our own proxy (Caddy) drops what its
clients send and appends the address it saw, so that the last entry is the only one to believe; from
any other peer the headers are a claim of the client and are dropped.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest

FORWARDED_HEADERS = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


def is_trusted_proxy(address: str) -> bool:
    """Whether the direct peer is our own proxy; a unix socket has no address and is ours."""
    if not address:
        return True
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(peer in network for network in settings.TRUSTED_PROXIES)


def drop_untrusted_headers(request: HttpRequest) -> None:
    """Remove forwarded headers that did not come from our own proxy."""
    if not is_trusted_proxy(request.META.get("REMOTE_ADDR", "")):
        for header in FORWARDED_HEADERS:
            request.META.pop(header, None)


def came_through_proxy(request: HttpRequest) -> bool:
    """Whether our own proxy passed the request on; internal callers come directly."""
    return "HTTP_X_FORWARDED_FOR" in request.META and is_trusted_proxy(
        request.META.get("REMOTE_ADDR", "")
    )


def client_address(request: HttpRequest) -> str:
    """Return the address of the client: the direct peer, or what our own proxy saw.

    Only the last entry of ``X-Forwarded-For`` is read: the proxy wrote that one, the client may
    have written those before it.
    """
    direct: str = request.META.get("REMOTE_ADDR", "")
    if not is_trusted_proxy(direct):
        return direct
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(seen))
    except ValueError:
        return direct
