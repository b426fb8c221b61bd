"""Asks for the jobs that read scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.imagery.models import Scene, SceneState
from farm.jobs.models import JobKind
from farm.jobs.services import request_job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from farm.accounts.models import User
    from farm.farms.models import Farm
    from farm.fields.models import Field
    from farm.jobs.models import Job

# From this many fields on it is cheaper to read every scene once for all of them.
MANY_FIELDS = 20


def request_ingest(
    *, scene: Scene, requested_by: User | None, idempotency_key: str | None = None
) -> Job:
    """Ask for a scene to be read; one request that still waits is enough.

    Args:
        scene: The scene.
        requested_by: Who asks.
        idempotency_key: The caller's name for this request; sent again, it gives the same job.

    Raises:
        ConflictError: The key names a job for something else.
    """
    return request_job(
        farm=scene.farm,
        kind=JobKind.INGEST_SCENE,
        subject_id=scene.pk,
        requested_by=requested_by,
        idempotency_key=idempotency_key,
    )


def recompute_field(*, field: Field, requested_by: User | None) -> Job | None:
    """Ask for the numbers of a field whose outline is new or changed.

    Returns:
        The job; None where no scene shows the field yet.
    """
    if not scenes_showing(field).exists():
        return None
    return request_job(
        farm=field.farm,
        kind=JobKind.RECOMPUTE_FIELD,
        subject_id=field.pk,
        requested_by=requested_by,
    )


def recompute_fields(
    *, farm: Farm, fields: Sequence[Field], requested_by: User | None
) -> list[Job]:
    """Ask for the numbers of several fields of a farm, by the cheaper of two ways."""
    if len(fields) < MANY_FIELDS:
        jobs = [recompute_field(field=field, requested_by=requested_by) for field in fields]
        return [job for job in jobs if job is not None]
    scenes = Scene.objects.filter(farm=farm, state=SceneState.READY).select_related("farm")
    return [request_ingest(scene=scene, requested_by=requested_by) for scene in scenes]


def scenes_showing(field: Field) -> QuerySet[Scene]:
    """Scenes of the farm, read already, whose bounding box touches that of the field."""
    return Scene.objects.filter(
        farm_id=field.farm_id,
        state=SceneState.READY,
        west__lte=field.east,
        east__gte=field.west,
        south__lte=field.north,
        north__gte=field.south,
    )
