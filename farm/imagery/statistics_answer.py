"""The shape that statistics over ad-hoc outlines are answered in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from farm.imagery.index_answers import UNIT, age_answer
from farm.imagery.models import weakest_verdict
from farm.imagery.observation_quality import covered_share, is_partial, usable_share

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from farm.imagery.catalogue import Index
    from farm.imagery.domain import FieldSummary
    from farm.imagery.models import Scene
    from farm.imagery.statistics import SentOutline, Skipped
    from farm.imagery.statistics_days import SceneStatistics

STATISTICS_TABLE = (
    *("scene_id", "scene_name", "is_simulated", "acquired_at", "outline", "id", "mean", "median"),
    *("p10", "p90", "min", "max", "standard_deviation", "valid_share", "clear_share"),
    *("edge_share", "covered_share", "usable_share", "effective_pixels", "covered_area_m2"),
    *("outline_area_m2", "is_partial", "scene_ids", "is_mosaic", "radiometry_verdict"),
)


def statistics_answer(
    *,
    index: Index,
    outlines: Sequence[SentOutline],
    found: Sequence[SceneStatistics],
    skipped: Sequence[Skipped],
    left_out_count: int,
    now: datetime,
) -> dict[str, Any]:
    """Return the statistics, newest day first, outlines in the order of the request."""
    return {
        "index": index.id,
        "unit": UNIT,
        "outline_count": len(outlines),
        "scenes": [
            {
                "scene": _scene(each.scenes[0]),
                "is_mosaic": len(each.scenes) > 1,
                "scene_ids": [scene.pk for scene in each.scenes],
                "radiometry_verdict": weakest_verdict(
                    scene.radiometry_verdict for scene in each.scenes
                ),
                "acquired_at": each.scenes[0].acquired_at,
                **age_answer(each.scenes[0].acquired_at, now),
                "receipt": each.receipt,
                "results": [
                    {
                        "outline": place,
                        "id": outlines[place].id,
                        "outline_sha256": outlines[place].outline.sha256,
                        **summary_answer(summary),
                    }
                    for place, summary in each.summaries.items()
                ],
            }
            for each in found
        ],
        "skipped": [{"scene": _scene(each.scene), "reason": each.reason} for each in skipped],
        "left_out_count": left_out_count,
    }


def statistics_rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each outline and day of an answer."""
    return [
        {
            "scene_id": scene["scene"]["id"],
            "scene_name": scene["scene"]["name"],
            "is_simulated": scene["scene"]["is_simulated"],
            "scene_ids": scene["scene_ids"],
            "is_mosaic": scene["is_mosaic"],
            "radiometry_verdict": scene["radiometry_verdict"],
            "acquired_at": scene["acquired_at"],
            **result,
        }
        for scene in data["scenes"]
        for result in scene["results"]
    ]


def summary_answer(summary: FieldSummary) -> dict[str, Any]:
    """Return statistics that furrow-ndvi has just given, as those of observations are."""
    p10, p90 = summary.quantiles or (None, None)
    return {
        "mean": summary.mean,
        "median": summary.median,
        "p10": p10,
        "p90": p90,
        "min": summary.min,
        "max": summary.max,
        "standard_deviation": summary.standard_deviation,
        "valid_share": summary.valid_share,
        "clear_share": summary.clear_share,
        "edge_share": summary.edge_share,
        "covered_share": covered_share(summary),
        "usable_share": usable_share(summary),
        "effective_pixels": summary.effective_pixels,
        "covered_area_m2": summary.covered_area_m2,
        "outline_area_m2": summary.outline_area_m2,
        "is_partial": is_partial(summary),
    }


def _scene(scene: Scene) -> dict[str, Any]:
    return {
        "id": scene.pk,
        "name": scene.name,
        "platform": scene.platform,
        "is_simulated": scene.is_simulated,
        "radiometry_verdict": scene.radiometry_verdict,
    }
