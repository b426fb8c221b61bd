"""What the demo's picture shows: which scenes, which outline, and its legend as a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import shapely
from django.db.models import F, Sum

from farm.fields.models import Field
from farm.imagery.legend import css_colour
from farm.imagery.models import MosaicPart, Observation, Scene, SceneState
from farm.imagery.mosaic_plan import MOST_SCENES
from farm.imagery.observation_quality import is_sure
from farm.imagery.observation_selectors import is_whole

if TYPE_CHECKING:
    from farm.farms.models import Farm
    from farm.imagery.catalogue import Index

LEGEND_WIDTH_PX, BAR_HEIGHT_PX, LEGEND_HEIGHT_PX = 640, 24, 64
MARGIN_PX = 24


def scenes_of_picture(*, farm: Farm, index: Index) -> list[Scene]:
    """Return what the farm's picture is made of, the preferred scene first; nothing for nothing.

    It begins with the scene that shows most of the farm (of equals one whose scale and offset are
    known to be true, then the newest). Where fields lack pixels in it, the other scenes that
    mosaics of that day were made of fill the gaps, by what they show of the farm.
    """
    shown = (
        Observation.objects.filter(
            field__farm=farm,
            index=index.id,
            is_mosaic=False,
            scene__state=SceneState.READY,
            mean__isnull=False,
        )
        .values("scene_id", "scene__acquired_at", "scene__radiometry_verdict")
        .annotate(seen=Sum(F("covered_area_m2") * F("valid_share")))
        .order_by()
    )
    if not shown:
        return []
    ranked = sorted(
        shown,
        key=lambda row: (
            row["seen"],
            is_sure(row["scene__radiometry_verdict"]),
            row["scene__acquired_at"],
            row["scene_id"],
        ),
        reverse=True,
    )
    best = ranked[0]["scene_id"]
    mosaics = Observation.objects.filter(
        is_whole(), field__farm=farm, index=index.id, is_mosaic=True, parts__scene=best
    )
    partners = set(
        MosaicPart.objects.filter(observation__in=mosaics).values_list("scene_id", flat=True)
    )
    order = [row["scene_id"] for row in ranked if row["scene_id"] in partners | {best}]
    scenes = Scene.objects.prefetch_related("assets").in_bulk(order[:MOST_SCENES])
    return [scenes[pk] for pk in order[:MOST_SCENES]]


def outline_of_farm(farm: Farm) -> bytes:
    """Return all fields of a farm as one MultiPolygon, WKB in WGS 84."""
    shapes = [
        shapely.from_wkb(bytes(wkb))
        for wkb in Field.objects.filter(farm=farm).values_list("outline_wkb", flat=True)
    ]
    union = shapely.union_all(shapes)
    return bytes(shapely.to_wkb(union, byte_order=1, output_dimension=2))


def legend_svg(index: Index, *, is_simulated: bool) -> str:
    """Draw the colour stops as a bar with their values below, and say what was simulated."""
    note = "; simulated scenes" if is_simulated else ""
    low, high = index.stops[0].value, index.stops[-1].value
    width = LEGEND_WIDTH_PX - 2 * MARGIN_PX
    stops, marks = [], []
    for stop in index.stops:
        share = (stop.value - low) / (high - low)
        stops.append(f'<stop offset="{share:.4f}" stop-color="{css_colour(stop.rgb)}"/>')
        x = MARGIN_PX + share * width
        marks.append(
            f'<text x="{x:.1f}" y="{BAR_HEIGHT_PX + 16}" text-anchor="middle">{stop.value:g}</text>'
        )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEGEND_WIDTH_PX}" '
            f'height="{LEGEND_HEIGHT_PX}" font-family="sans-serif" font-size="11">',
            f"<title>{escape(index.name)}</title>",
            f'<defs><linearGradient id="ramp">{"".join(stops)}</linearGradient></defs>',
            f'<rect x="{MARGIN_PX}" width="{width}" height="{BAR_HEIGHT_PX}" fill="url(#ramp)"/>',
            *marks,
            f'<text x="{MARGIN_PX}" y="{LEGEND_HEIGHT_PX - 4}">{escape(index.name)}; '
            f"transparent: no value{note}</text>",
            "</svg>",
            "",
        ]
    )
