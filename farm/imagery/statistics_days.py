"""Statistics over outlines on one day: of the scene that shows most, or of several together.

The rule is that of the fields' observations (:mod:`farm.imagery.mosaic_plan`), so an outline equal
to a field's gives the field's number.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from farm.errors import InvalidInputError, ServiceTimeoutError, UnreadableRasterError
from farm.imagery.domain import FieldOutline
from farm.imagery.mosaic_plan import MOST_SCENES, mosaic_order
from farm.imagery.observation_quality import covered_share, rank
from farm.imagery.receipts import receipt
from farm.imagery.scene_source import require_index, scene_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from farm.clients.ndvi import NdviClient
    from farm.geo import Outline
    from farm.imagery.catalogue import Index
    from farm.imagery.domain import FieldSummary
    from farm.imagery.models import Scene

QUANTILES = (0.1, 0.9)  # p10 and p90, as observations have

# For all scenes of a request together; below the 30 s of the proxy.
BUDGET_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneStatistics:
    """What one scene, or several of one day together, says of outlines."""

    scenes: tuple[Scene, ...]  # the preferred first
    summaries: dict[int, FieldSummary]  # by the place of the outline in the request
    receipt: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneLook:
    """How one scene shows one outline; a ``Look``."""

    scene: Scene
    summary: FieldSummary
    is_mosaic: bool = False

    @property
    def covered_area_m2(self) -> float:
        """See ``Look``."""
        return self.summary.covered_area_m2

    @property
    def outline_area_m2(self) -> float:
        """See ``Look``."""
        return self.summary.outline_area_m2

    @property
    def valid_share(self) -> float:
        """See ``Look``."""
        return self.summary.valid_share

    @property
    def acquired_at(self) -> datetime:
        """See ``Look``."""
        return self.scene.acquired_at

    @property
    def radiometry_verdict(self) -> str:
        """See ``Look``."""
        return self.scene.radiometry_verdict

    @property
    def pk(self) -> int:
        """Of two scenes, the later sent one has the higher."""
        return self.scene.pk


def summarize_day(
    *,
    scenes: Sequence[Scene],
    index: Index,
    outlines: Sequence[Outline],
    ndvi: NdviClient,
    ends_at: float,
) -> list[SceneStatistics]:
    """Summarize an index over outlines on one day; each outline is in one of the results.

    Args:
        scenes: One, or several of one day, platform and kind, with their assets; each has the bands
            of the index.
        index: The index.
        outlines: At least one.
        ndvi: Client of the NDVI service.
        ends_at: When the whole request must be done, by ``time.monotonic``.

    Raises:
        ServiceTimeoutError: Earlier scenes used the time up.
    """
    every = dict(enumerate(outlines))
    looks: defaultdict[int, list[SceneLook]] = defaultdict(list)
    for scene in scenes[:MOST_SCENES]:
        found = _summaries([scene], index=index, outlines=every, ndvi=ndvi, ends_at=ends_at)
        for place, summary in found.items():
            looks[place].append(SceneLook(scene=scene, summary=summary))

    chosen: defaultdict[tuple[Scene, ...], dict[int, FieldSummary]] = defaultdict(dict)
    shared: defaultdict[tuple[Scene, ...], dict[int, SceneLook]] = defaultdict(dict)
    for place in every:
        best = max(looks[place], key=lambda look: (rank(look)[0], covered_share(look), rank(look)))
        order = tuple(look.scene for look in mosaic_order(looks[place]))
        if order:
            shared[order][place] = best
        else:
            chosen[best.scene,][place] = best.summary
    for order, best_of in shared.items():
        wanted = {place: every[place] for place in best_of}
        try:
            found = _summaries(order, index=index, outlines=wanted, ndvi=ndvi, ends_at=ends_at)
        except (InvalidInputError, UnreadableRasterError):
            # They do not go together, but each of them has just been read.
            found = {}
        for place, best in best_of.items():
            shown = found.get(place)
            if shown is not None and sum(pixels > 0.0 for pixels in shown.scene_pixels) > 1:
                chosen[order][place] = shown
            else:
                chosen[best.scene,][place] = best.summary
    return [
        SceneStatistics(
            scenes=order,
            summaries=summaries,
            receipt=receipt(
                scenes=order,
                index=index,
                grid=next(iter(summaries.values())).grid,
                engine_version=ndvi.engine_version,
                computed_at=datetime.now(UTC),
            ),
        )
        for order, summaries in sorted(chosen.items(), key=lambda item: min(item[1]))
    ]


def _summaries(
    scenes: Sequence[Scene],
    *,
    index: Index,
    outlines: Mapping[int, Outline],
    ndvi: NdviClient,
    ends_at: float,
) -> dict[int, FieldSummary]:
    remaining_s = ends_at - time.monotonic()
    if remaining_s <= 0.0:
        msg = f"The statistics took longer than {BUDGET_S:g} s; ask for fewer scenes or outlines."
        raise ServiceTimeoutError(msg, reason="TOO_MUCH_WORK")
    answers = {
        int(summary.field_id): summary
        for summary in ndvi.summarize_fields(
            scenes=[scene_source(scene=scene, bands=index.bands) for scene in scenes],
            indices=[require_index(scene=scenes[0], index=index)],
            fields=[
                FieldOutline(field_id=str(place), outline_wkb=outline.wkb)
                for place, outline in outlines.items()
            ],
            quantiles=QUANTILES,
            timeout_s=remaining_s,
        )
    }
    return {place: answers[place] for place in sorted(answers)}
