"""A brake on floods of log-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.throttling import SimpleRateThrottle

from orchestrator.peers import client_address

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class AuthThrottle(SimpleRateThrottle):
    """Counts by the address that our own proxy saw; the framework reads a forgeable header."""

    scope = "auth"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Name the counter."""
        return f"throttle-auth-{client_address(request._request)}"
