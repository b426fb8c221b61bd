"""How the OpenAPI schema names its operations, their parameters and their refusals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.urls import Resolver404, resolve
from drf_spectacular.openapi import AutoSchema

from farm.http_schema import refusals_of
from farm.imagery.catalogue import catalogue
from farm.weather.models import DecisionKind
from orchestrator.filters import LARGEST_ID

if TYPE_CHECKING:
    from drf_spectacular.plumbing import ComponentRegistry

PARAMETER = re.compile(r"\{[^}]+\}")


class RouteNamedSchema(AutoSchema):
    """Operations are called as their routes are, unless the view says otherwise.

    A route with several methods adds the method: ``key-detail`` by GET is ``key_detail_get``. The
    same words stand in metrics and logs, and no two routes share one.
    """

    def get_operation(
        self,
        path: str,
        path_regex: str,
        path_prefix: str,
        method: str,
        registry: ComponentRegistry,
    ) -> dict[str, Any] | None:
        """Describe the operation with every refusal that it may answer."""
        operation: dict[str, Any] | None = super().get_operation(
            path, path_regex, path_prefix, method, registry
        )
        if operation is not None:
            refusals = refusals_of(view=self.view, method=method.lower(), operation=operation)
            operation["responses"] = {**refusals, **operation["responses"]}
        return operation

    def get_operation_id(self) -> str:
        """Name the operation by route, and by method where the route has several."""
        try:
            # Every parameter of ours is a number or a word; “1” is both.
            name = resolve(PARAMETER.sub("1", self.path)).url_name
        except Resolver404:
            name = None
        if not name:
            return str(super().get_operation_id())
        is_only = len(set(self.view.allowed_methods) - {"OPTIONS", "HEAD"}) == 1
        return (name if is_only else f"{name}-{self.method}").lower().replace("-", "_")

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        """Say which numbers and words an address may hold."""
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        for parameter in parameters:
            schema = parameter["schema"]
            if schema.get("type") == "integer":
                schema |= {"minimum": 1, "maximum": LARGEST_ID}
            elif parameter["name"] == "index":
                schema["enum"] = sorted(catalogue().indices)
                parameter["description"] = "Id of an index of the catalogue."
            elif parameter["name"] == "kind":
                schema["enum"] = list(DecisionKind.values)
                parameter["description"] = "What the windows are of."
        return parameters
