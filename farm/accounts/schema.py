"""What the OpenAPI schema says about our credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension

from farm.accounts.keys import SCHEME

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """API keys, as a header."""

    target_class = "farm.accounts.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Describe the header."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": f"`{SCHEME} fur_<prefix>_<secret>`",
        }


class JwtScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]
    """JSON web tokens, as drf-spectacular describes them."""

    target_class = "farm.accounts.authentication.JwtAuthentication"
    name = "jwt"
