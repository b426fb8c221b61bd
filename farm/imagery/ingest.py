"""Reads a scene: checks its files, asks the pixels about the offset, computes all fields.

The order of the steps; each of them is in :mod:`farm.imagery.scene_reading`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.imagery.models import Scene, SceneState
from farm.imagery.mosaics import MosaicStoppedError, refresh_mosaics
from farm.imagery.scene_reading import (
    IngestResult,
    IngestStoppedError,
    SceneChangedError,
    SceneReading,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from farm.clients.ndvi import NdviClient
    from farm.fields.models import Field


def ingest_scene(
    *,
    scene: Scene,
    ndvi: NdviClient,
    on_progress: Callable[[int, int, str], None] = lambda done, total, note: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    fence: Callable[[], None] = lambda: None,
) -> IngestResult:
    """Read a scene and write the numbers of all fields that it shows.

    May be called again at any time: the same (field, scene, index) is the same row.

    Args:
        scene: The scene.
        ndvi: Client of the NDVI service.
        on_progress: Told fields done, fields in all, and what is being done.
        is_cancelled: Asked between fields.
        fence: Called first in each transaction that writes; raises when nothing may be written.

    Returns:
        READY with the numbers, or HELD with none because the pixels contradict the metadata.

    Raises:
        IngestStoppedError: ``is_cancelled`` said so.
        UnreadableRasterError: A file of the scene cannot be read, or is another by now.
        ServiceUnavailableError: The NDVI service does not answer.
    """
    run = SceneReading(scene, ndvi, on_progress, is_cancelled, fence)
    try:
        run.begin()
        judgement = run.judge()
        return run.hold(judgement) if judgement.is_contradiction else run.summarize_all()
    except SceneChangedError:
        # Whoever changed it has asked for the next reading.
        return IngestResult(state=SceneState.NEW, field_count=0, observation_count=0)


def recompute_field_in_scene(
    *,
    field: Field,
    scene: Scene,
    ndvi: NdviClient,
    is_cancelled: Callable[[], bool] = lambda: False,
    fence: Callable[[], None] = lambda: None,
) -> int:
    """Write the numbers of one field in a scene that was read before.

    Returns:
        Number of observations written.

    Raises:
        FileChangedError: A file on the web is another by now; the scene is withdrawn.
    """
    run = SceneReading(scene, ndvi, lambda done, total, note: None, is_cancelled, fence)
    if any(asset.url for asset in scene.assets.all()):
        run.check_files()
    return run.summarize([field])


def recompute_mosaics_of_field(
    *,
    field: Field,
    ndvi: NdviClient,
    is_cancelled: Callable[[], bool] = lambda: False,
    fence: Callable[[], None] = lambda: None,
) -> int:
    """Put the scenes of each day together anew that show a field in parts.

    Returns:
        Number of mosaics written.

    Raises:
        IngestStoppedError: ``is_cancelled`` said so.
    """
    try:
        return refresh_mosaics(
            field_ids=[field.pk], near=None, ndvi=ndvi, is_cancelled=is_cancelled, fence=fence
        )
    except MosaicStoppedError as error:
        raise IngestStoppedError from error


def mark_failed(*, scene_id: int, reason: str) -> None:
    """Note that a scene could not be read. Numbers of an earlier reading stay published."""
    Scene.objects.filter(pk=scene_id).exclude(state=SceneState.READY).update(
        state=SceneState.FAILED, state_reason=reason
    )


def mark_waiting(*, scene_id: int) -> None:
    """Note that nobody reads a scene any more, where somebody had begun to."""
    Scene.objects.filter(pk=scene_id, state=SceneState.INGESTING).update(state=SceneState.NEW)
