"""The legend of an index, made of the same colour stops as its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from farm.imagery.catalogue import Index


def legend_of(index: Index) -> dict[str, Any]:
    """Return the legend as JSON data.

    Colours between two stops are interpolated linearly in sRGB; values beyond the ends take the
    colour of the end; pixels without a value are transparent.
    """
    return {
        "index": index.id,
        "name": index.name,
        "unit": "1",
        "ramp": index.ramp,
        "display_min": index.display_min,
        "display_max": index.display_max,
        "interpolation": "linear-srgb",
        "no_value": "transparent",
        "stops": [{"value": stop.value, "colour": css_colour(stop.rgb)} for stop in index.stops],
    }


def css_colour(rgb: int) -> str:
    """Write 0xRRGGBB as ``#rrggbb``."""
    return f"#{rgb:06x}"
