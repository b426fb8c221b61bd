"""How the OpenAPI schema names its operations."""

from __future__ import annotations

import re

from django.urls import Resolver404, resolve
from drf_spectacular.openapi import AutoSchema

PARAMETER = re.compile(r"\{[^}]+\}")


class RouteNamedSchema(AutoSchema):
    """Operations are called as their routes are: ``key-rotate`` by POST is ``key_rotate_post``.

    The same words stand in metrics and logs, and no two routes share one.
    """

    def get_operation_id(self) -> str:
        """Name the operation by route and method."""
        try:
            # Every parameter of ours is a number or a word; “1” is both.
            name = resolve(PARAMETER.sub("1", self.path)).url_name
        except Resolver404:
            name = None
        if not name:
            return str(super().get_operation_id())
        return f"{name}-{self.method}".lower().replace("-", "_")
