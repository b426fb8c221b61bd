"""GeoJSON and CSV as content types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.pagination import PageNumberPagination
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response

from orchestrator.pagination import PagePagination
from orchestrator.parsers import BoundedJSONParser

if TYPE_CHECKING:
    from collections.abc import Mapping


class GeoJSONParser(BoundedJSONParser):
    """``application/geo+json`` within the same bounds as JSON."""

    media_type = "application/geo+json"


class GeoJSONRenderer(JSONRenderer):
    """``application/geo+json`` (RFC 7946)."""

    media_type = "application/geo+json"
    format = "geojson"


class CSVRenderer(BaseRenderer):
    """``text/csv``; the view streams the lines itself, this only takes part in the negotiation."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Pass text through."""
        return data


class FeaturePagination(PagePagination):
    """A page as a FeatureCollection with the counters of every list."""

    def get_paginated_response(self, data: Any) -> Response:
        """Wrap the features of a page."""
        assert self.page is not None, "called after paginate_queryset"  # noqa: S101
        return Response(
            {
                "type": "FeatureCollection",
                "count": self.page.paginator.count,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
                "features": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the page."""
        listed = PageNumberPagination.get_paginated_response_schema(self, schema)
        properties = listed["properties"]
        properties["features"] = properties.pop("results")
        properties["type"] = {"type": "string", "enum": ["FeatureCollection"]}
        return {**listed, "required": ["type", "count", "features"]}
