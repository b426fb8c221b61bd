"""The kinds of job that imagery knows; ``farm.jobs.runner`` finds them by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.clients.ndvi import ndvi_client
from farm.errors import NotFoundError
from farm.fields.models import Field
from farm.imagery.ingest import (
    ingest_scene,
    mark_failed,
    mark_waiting,
    recompute_field_in_scene,
    recompute_mosaics_of_field,
)
from farm.imagery.ingest_requests import scenes_showing
from farm.imagery.models import Scene
from farm.imagery.scene_reading import IngestStoppedError
from farm.imagery.scene_recheck import FileChangedError
from farm.jobs.lease import JobStoppedError

if TYPE_CHECKING:
    from farm.clients.ndvi import NdviClient
    from farm.jobs.lease import JobRun
    from farm.jobs.models import Job


class IngestScene:
    """Reads a scene for all fields of its farm."""

    def __init__(self, ndvi: NdviClient | None = None) -> None:
        """Use the configured service unless told otherwise."""
        self._ndvi = ndvi or ndvi_client()

    def run(self, run: JobRun) -> None:
        """Read it.

        Raises:
            NotFoundError: The scene was deleted.
            JobStoppedError: The run was asked to stop.
        """
        scene = Scene.objects.filter(pk=run.job.subject_id).first()
        if scene is None:
            msg = f"The scene {run.job.subject_id} was deleted."
            raise NotFoundError(msg, reason="SCENE_DELETED")
        try:
            ingest_scene(
                scene=scene,
                ndvi=self._ndvi,
                on_progress=run.progress,
                is_cancelled=run.should_stop,
                fence=run.fence,
            )
        except IngestStoppedError as error:
            if not run.is_lost:  # whoever took the job over reads the scene
                mark_waiting(scene_id=scene.pk)
            raise JobStoppedError from error

    def give_up(self, job: Job, detail: str) -> None:
        """Mark the scene as failed."""
        mark_failed(scene_id=job.subject_id, reason=detail)


class RecomputeField:
    """Computes one field anew in all scenes that show it."""

    def __init__(self, ndvi: NdviClient | None = None) -> None:
        """Use the configured service unless told otherwise."""
        self._ndvi = ndvi or ndvi_client()

    def run(self, run: JobRun) -> None:
        """Go through the scenes, latest first.

        Raises:
            NotFoundError: The field was deleted.
            JobStoppedError: The run was asked to stop.
        """
        field = Field.objects.filter(pk=run.job.subject_id).first()
        if field is None:
            msg = f"The field {run.job.subject_id} was deleted."
            raise NotFoundError(msg, reason="FIELD_DELETED")
        scenes = list(scenes_showing(field))
        for done, scene in enumerate(scenes):
            run.checkpoint()
            run.progress(done, len(scenes), f"computing {scene.name}")
            try:
                recompute_field_in_scene(
                    field=field,
                    scene=scene,
                    ndvi=self._ndvi,
                    is_cancelled=run.should_stop,
                    fence=run.fence,
                )
            except FileChangedError:
                continue  # the scene says so itself, and shows nothing any more
            except IngestStoppedError as error:
                raise JobStoppedError from error
        try:
            recompute_mosaics_of_field(
                field=field, ndvi=self._ndvi, is_cancelled=run.should_stop, fence=run.fence
            )
        except IngestStoppedError as error:
            raise JobStoppedError from error
        run.progress(len(scenes), len(scenes), "done")

    def give_up(self, job: Job, detail: str) -> None:
        """Leave the field as it is; its numbers show the outline they belong to."""
        del job, detail
