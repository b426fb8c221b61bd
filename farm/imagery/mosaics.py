"""Computes and writes the mosaics of a day, and takes them back when a part of them goes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from farm.errors import InvalidInputError, NotFoundError, UnreadableRasterError
from farm.fields.models import Field
from farm.imagery.catalogue import catalogue
from farm.imagery.domain import FieldOutline
from farm.imagery.models import MosaicPart, Observation, Scene
from farm.imagery.mosaic_plan import has_neighbours, mosaics_of, planned_mosaics
from farm.imagery.observation_writes import ROWS_PER_STATEMENT, observations_of
from farm.imagery.scene_source import formula_bands, scene_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from farm.clients.ndvi import NdviClient
    from farm.imagery.domain import FieldSummary
    from farm.imagery.mosaic_plan import MosaicPlan

log = logging.getLogger("furrow.imagery")

QUANTILES = (0.1, 0.9)
HISTOGRAM_BINS = 40
# One call reads up to eight scenes for a batch of fields.
MOSAIC_TIMEOUT_S = 600.0
FIELDS_PER_BATCH = 500
# Scenes may become ready, or outlines change, while pixels are read; then it is planned anew. Who
# changed something refreshes too, so the last of all has the last word.
MAX_ROUNDS = 3

# A mosaic with the effective pixels that each of its scenes gave.
Computed = tuple[Observation, tuple[Scene, ...], tuple[float, ...]]


class MosaicStoppedError(Exception):
    """The caller asked to stop before the mosaics were done."""


def refresh_mosaics(
    *,
    field_ids: Sequence[int],
    near: Scene | None,
    ndvi: NdviClient,
    is_cancelled: Callable[[], bool] = lambda: False,
    fence: Callable[[], None] = lambda: None,
) -> int:
    """Make the mosaics of some fields what the observations of their days ask for.

    May be called again at any time: the same observations give the same mosaics, and one that is
    not wanted any more goes.

    Args:
        field_ids: Fields of one farm.
        near: Only the mosaics of this scene's day and kind; None for all days.
        ndvi: Client of the NDVI service.
        is_cancelled: Asked before each call of the service, and at each of its answers.
        fence: Called first in each transaction that writes; raises when nothing may be written.

    Returns:
        Number of mosaics written.

    Raises:
        MosaicStoppedError: ``is_cancelled`` said so.
        ServiceUnavailableError: The NDVI service does not answer.
    """
    if near is not None and not has_neighbours(near):
        return 0
    return sum(
        _refresh_batch(
            field_ids[start : start + FIELDS_PER_BATCH],
            near=near,
            ndvi=ndvi,
            is_cancelled=is_cancelled,
            fence=fence,
        )
        for start in range(0, len(field_ids), FIELDS_PER_BATCH)
    )


def delete_mosaics_with(scene: Scene) -> None:
    """Delete every mosaic that a scene is part of."""
    Observation.objects.filter(is_mosaic=True, parts__scene=scene).delete()


def scenes_left_alone_by(scene: Scene) -> list[Scene]:
    """Name a scene of each mosaic that several others are left of when a scene goes.

    Read again, it has what is left of its day put together anew.
    """
    parts = MosaicPart.objects.filter(observation__parts__scene=scene).exclude(scene=scene)
    shared: dict[int, set[int]] = {}
    for observation_id, scene_id in parts.values_list("observation_id", "scene_id").distinct():
        shared.setdefault(observation_id, set()).add(scene_id)
    chosen = {min(left) for left in shared.values() if len(left) > 1}
    return list(Scene.objects.filter(pk__in=chosen).select_related("farm").order_by("pk"))


def _refresh_batch(
    field_ids: Sequence[int],
    *,
    near: Scene | None,
    ndvi: NdviClient,
    is_cancelled: Callable[[], bool],
    fence: Callable[[], None],
) -> int:
    for _ in range(MAX_ROUNDS):
        fields = _fields(field_ids)
        plans = planned_mosaics(fields=fields, near=near)
        if not plans and not mosaics_of(fields=fields, near=near):
            return 0
        computed: list[Computed] = []
        for plan in plans:
            if is_cancelled():
                raise MosaicStoppedError
            computed += _computed(plan, ndvi=ndvi, is_cancelled=is_cancelled)
        with transaction.atomic():
            fence()
            # Locked, so that nothing they rest on changes before the end of the transaction.
            list(Field.objects.select_for_update().filter(pk__in=field_ids).values_list("pk"))
            used = {pk for plan in plans for pk in plan.scene_ids}
            list(Scene.objects.select_for_update().filter(pk__in=used).order_by("pk").values("pk"))
            now = _fields(field_ids)
            if planned_mosaics(fields=now, near=near) != plans:
                continue
            Observation.objects.filter(pk__in=mosaics_of(fields=now, near=near)).delete()
            _write(computed)
        return len(computed)
    return 0


def _fields(field_ids: Iterable[int]) -> dict[int, Field]:
    fields = Field.objects.filter(pk__in=list(field_ids))
    return {field.pk: field for field in fields.only("outline_sha256", "centroid_lon")}


def _computed(
    plan: MosaicPlan, *, ndvi: NdviClient, is_cancelled: Callable[[], bool]
) -> list[Computed]:
    """Compute what a plan says; nothing of mosaics that one scene alone gave pixels to."""
    found = Scene.objects.prefetch_related("assets").in_bulk(plan.scene_ids)
    fields = list(Field.objects.filter(pk__in=[pk for pk, _ in plan.outlines]))
    if len(found) < len(plan.scene_ids) or not fields:
        return []  # deleted meanwhile
    scenes = tuple(found[pk] for pk in plan.scene_ids)
    indices = [catalogue().indices[index] for index in plan.index_ids]
    shared: list[FieldSummary] = []
    try:
        for summary in ndvi.summarize_fields(
            scenes=[scene_source(scene=each, bands=formula_bands(indices)) for each in scenes],
            indices=[index.as_formula() for index in indices],
            fields=[
                FieldOutline(field_id=str(field.pk), outline_wkb=bytes(field.outline_wkb))
                for field in fields
            ],
            quantiles=QUANTILES,
            histogram_bins=HISTOGRAM_BINS,
            timeout_s=MOSAIC_TIMEOUT_S,
        ):
            if is_cancelled():
                raise MosaicStoppedError
            if _giving_scenes(summary) > 1:
                shared.append(summary)
    except (InvalidInputError, NotFoundError, UnreadableRasterError) as error:
        # Each scene's own numbers stand; the day shows the best of them. Where a scene was deleted
        # meanwhile, with its files, it is planned anew.
        log.warning(
            "Scenes of one day could not be put together.",
            extra={"scene_ids": list(plan.scene_ids), "error": error.detail},
        )
        return []
    rows = observations_of(
        scenes=scenes,
        fields=fields,
        indices=indices,
        summaries=shared,
        engine_version=ndvi.engine_version,
        computed_at=timezone.now(),
    )
    pixels = {(summary.field_id, summary.index): summary.scene_pixels for summary in shared}
    return [(row, scenes, pixels[str(row.field_id), row.index]) for row in rows]


def _giving_scenes(summary: FieldSummary) -> int:
    return sum(pixels > 0.0 for pixels in summary.scene_pixels)


def _write(computed: Sequence[Computed]) -> None:
    Observation.objects.bulk_create([row for row, _, _ in computed], batch_size=ROWS_PER_STATEMENT)
    MosaicPart.objects.bulk_create(
        [
            MosaicPart(observation=row, scene=scene, position=place, effective_pixels=share)
            for row, scenes, pixels in computed
            for place, (scene, share) in enumerate(zip(scenes, pixels, strict=True))
        ],
        batch_size=ROWS_PER_STATEMENT,
    )
