"""An outline as a small picture, drawn on the spot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html
from django.utils.safestring import mark_safe

from farm.geo import geojson_of_wkb

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

_SIDE_PX = 220
_MARGIN_PX = 6


def outline_svg(wkb: bytes | memoryview) -> SafeString:
    """Draw an outline as inline SVG, holes left open, north up."""
    geometry = geojson_of_wkb(wkb)
    parts: list[Any] = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        parts = [parts]
    rings = [ring for part in parts for ring in part]
    lons = [lon for ring in rings for lon, _ in ring]
    lats = [lat for ring in rings for _, lat in ring]
    west, north = min(lons), max(lats)
    # Near an outline a degree of longitude is shorter by the cosine of the latitude.
    squeeze = max(math.cos(math.radians((north + min(lats)) / 2)), 0.01)
    extent = max((max(lons) - west) * squeeze, north - min(lats), 1e-9)
    scale = (_SIDE_PX - 2 * _MARGIN_PX) / extent
    path = " ".join(
        "M"
        + " L".join(
            f"{_MARGIN_PX + (lon - west) * squeeze * scale:.1f},"
            f"{_MARGIN_PX + (north - lat) * scale:.1f}"
            for lon, lat in ring
        )
        + " Z"
        for ring in rings
    )
    return format_html(
        '<svg width="{0}" height="{0}" viewBox="0 0 {0} {0}" role="img" aria-label="outline">'
        '<path d="{1}" fill="#7fb069" fill-rule="evenodd" stroke="#33691e" '
        'stroke-width="1.5"/></svg>',
        _SIDE_PX,
        mark_safe(path),  # noqa: S308 - numbers and letters made here
    )
