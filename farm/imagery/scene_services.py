"""What is done to scenes: created from files or references, changed, deleted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from farm.errors import ConflictError, InvalidInputError, NotFoundError
from farm.imagery.ingest_requests import request_ingest
from farm.imagery.models import Scene, SceneState
from farm.imagery.mosaic_plan import scenes_around
from farm.imagery.mosaics import delete_mosaics_with, scenes_left_alone_by
from farm.imagery.scene_details import SceneDetails, read_metadata, settle_facts
from farm.imagery.scene_files import locked_files, referenced_files, stored_files
from farm.imagery.scene_rows import CreatedScene, NewScene
from farm.jobs.models import JobKind
from farm.jobs.services import cancel_open_jobs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from farm.accounts.models import User
    from farm.clients.ndvi import NdviClient
    from farm.farms.models import Farm
    from farm.imagery.metadata import SceneMetadata
    from farm.imagery.scene_files import IncomingFile, ReferencedFile
    from farm.imagery.storage import ObjectStore
    from farm.jobs.models import Job


class Unchanged:
    """Stands for a value that is not to be changed, because None means “no override”."""


UNCHANGED = Unchanged()


def create_scene(
    *,
    farm: Farm,
    files: Sequence[IncomingFile],
    metadata: bytes | None = None,
    details: SceneDetails | None = None,
    requested_by: User | None,
    ndvi: NdviClient,
    store: ObjectStore,
) -> CreatedScene:
    """Store the files of a scene, check them, and ask for a job that reads it.

    The same files of the same moment, described alike, give the same scene. Whatever is wrong,
    nothing half-stored stays.

    Args:
        farm: Where the scene belongs.
        files: One or several GeoTIFFs.
        metadata: `MTD_MSIL2A.xml` or a STAC item, where there is one.
        details: What the sender says of the scene.
        requested_by: Who sends it.
        ndvi: Client of the NDVI service.
        store: Where the files are kept.

    Raises:
        InvalidInputError: Counts, sizes, bands, times or metadata make no sense.
        UnreadableRasterError: A file is not a raster that is read; the message says why.
        ServiceUnavailableError: The NDVI service cannot be asked.
        ConflictError: The files are a scene's already, which was described otherwise.
        StorageFullError: The disk is full.
    """
    details = details or SceneDetails()
    read = read_metadata(metadata)
    with stored_files(files, store=store, ndvi=ndvi) as (incoming, found):
        bands = {
            band: (found.kept_names.get(name, name), number)
            for band, (name, number) in details.bands.items()
        }
        facts = settle_facts(
            details=replace(details, bands=bands), metadata=read, descriptions=found.descriptions
        )
        new = NewScene(farm=farm, facts=facts, details=details, files=found)
        known = new.known()
        if known is not None:
            return known
        prefix = f"scenes/{farm.pk}/{new.content_sha256}"
        objects = {
            name: type(ref)(key=ref.key.replace(incoming, prefix, 1))
            for name, ref in found.objects.items()
        }
        # Under the lock, or a deletion of the same scene could take the files of the new one.
        with locked_files(farm):
            known = new.known()
            if known is not None:
                return known
            # No scene has these files: what lies there is left over from a deletion that was killed
            # and may not be whole.
            store.delete_folder(prefix)
            store.move_folder(incoming, prefix)
            try:
                return new.insert(objects, requested_by)
            except BaseException:
                store.delete_folder(prefix)
                raise


def reference_scene(
    *,
    farm: Farm,
    files: Sequence[ReferencedFile],
    bands: Mapping[str, tuple[str, int]],
    metadata: SceneMetadata,
    details: SceneDetails | None = None,
    requested_by: User | None,
    ndvi: NdviClient,
) -> CreatedScene:
    """Make a scene of files that stay where they are.

    Args:
        farm: Where the scene belongs.
        files: Files on allowed hosts, or in the farm's own part of the object store.
        bands: Name of the band → (file name, number of the band from 1).
        metadata: What a STAC item says; an empty one where there is none.
        details: What the sender says of the scene.
        requested_by: Who asks.
        ndvi: Client of the NDVI service.

    Raises:
        InvalidInputError: A key belongs to another farm, or anything of ``create_scene``.
        UnreadableRasterError: As in ``create_scene``, or the host is not allowed.
    """
    details = details or SceneDetails()
    own = f"scenes/{farm.pk}/"
    for file in files:
        key = file.object.key
        if key and not (key.startswith(own) and key.isprintable() and ".." not in key.split("/")):
            msg = f"Keys of this farm begin with “{own}”."
            raise InvalidInputError(msg, reason="REFERENCE_INVALID")
    found = referenced_files(files, ndvi=ndvi)
    facts = settle_facts(
        details=details, metadata=metadata, descriptions=found.descriptions, bands=bands
    )
    new = NewScene(farm=farm, facts=facts, details=details, files=found)
    # Under the lock, or a deletion could take the files that a key names.
    with locked_files(farm):
        return new.known() or new.insert(found.objects, requested_by)


def change_scene(
    *,
    scene: Scene,
    name: str | None = None,
    scale_override: float | Unchanged | None = UNCHANGED,
    offset_override: float | Unchanged | None = UNCHANGED,
    requested_by: User | None,
) -> Job | None:
    """Rename a scene, or set or lift the operator's scale and offset.

    With another scale or offset its numbers are not true any more: they are withdrawn, and a job
    computes them anew.

    Returns:
        The job, where one is needed.
    """
    with transaction.atomic():
        # The row as it is now, and only what changes: a job may be writing to it meanwhile.
        now = Scene.objects.select_for_update().filter(pk=scene.pk).first()
        if now is None:
            msg = f"There is no scene {scene.pk}."
            raise NotFoundError(msg)
        before = (now.scale_override, now.offset_override)
        changed: dict[str, Any] = {} if name is None else {"name": name}
        if not isinstance(scale_override, Unchanged):
            changed["scale_override"] = scale_override
        if not isinstance(offset_override, Unchanged):
            changed["offset_override"] = offset_override
        is_changed = before != (
            changed.get("scale_override", now.scale_override),
            changed.get("offset_override", now.offset_override),
        )
        if is_changed:
            changed |= {"state": SceneState.NEW, "state_reason": "", "radiometry_verdict": ""}
            withdraw_mosaics(scene=now, requested_by=requested_by)
        Scene.objects.filter(pk=scene.pk).update(**changed, updated_at=timezone.now())
        scene.refresh_from_db()
        return request_ingest(scene=scene, requested_by=requested_by) if is_changed else None


def delete_scene(*, scene: Scene, store: ObjectStore) -> None:
    """Delete a scene with its numbers, its derived files and, where they were sent, its own.

    Raises:
        ConflictError: Another scene names its files by their keys.
    """
    folder = f"{scene.farm_id}/{scene.content_sha256}"
    with transaction.atomic():
        # First its jobs, then the row, then its numbers, as those who write them do: the other way
        # round the two would wait for each other.
        cancel_open_jobs(kind=JobKind.INGEST_SCENE, subject_id=scene.pk)
        list(Scene.objects.select_for_update().filter(pk=scene.pk).values_list("pk"))
        others = scenes_naming_files_of(scene)
        if others:
            listed = ", ".join(f"{other.pk} (“{other.name}”)" for other in others)
            msg = f"The files of this scene are named by {listed}; delete what names them first."
            raise ConflictError(msg, reason="SCENE_FILES_IN_USE")
        withdraw_mosaics(scene=scene, requested_by=None)
        neighbours = [other.content_sha256 for other in scenes_around(scene).exclude(pk=scene.pk)]
        scene.delete()
    # After the commit: a scene that is still there must not lose its files, and neither must one of
    # the same content that was sent again meanwhile.
    with suppress(NotFoundError), locked_files(scene.farm):
        is_back = Scene.objects.filter(
            farm=scene.farm, content_sha256=scene.content_sha256
        ).exists()
        if not is_back and not scenes_naming_files_of(scene):
            for kind in ("scenes", "derived"):
                store.delete_folder(f"{kind}/{folder}")
            # Files of a mosaic lie with its first scene, and may show pixels of this one. What
            # else lay there is written again when it is asked for.
            for content_sha256 in neighbours:
                store.delete_folder(f"derived/{scene.farm_id}/{content_sha256}")


def withdraw_mosaics(*, scene: Scene, requested_by: User | None) -> None:
    """Delete the mosaics of a scene, and have what is left of their days put together anew."""
    left = scenes_left_alone_by(scene)
    delete_mosaics_with(scene)
    for other in left:
        request_ingest(scene=other, requested_by=requested_by)


def scenes_naming_files_of(scene: Scene) -> list[Scene]:
    """List the other scenes of the farm whose bands lie in this scene's folder of the store."""
    folder = f"scenes/{scene.farm_id}/{scene.content_sha256}/"
    others = Scene.objects.filter(farm=scene.farm_id, assets__object_key__startswith=folder)
    return list(others.exclude(content_sha256=scene.content_sha256).distinct().order_by("pk"))
