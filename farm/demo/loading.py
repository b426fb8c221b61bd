"""A folder of fields and scenes into a farm, through the same services as the REST API."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from farm.errors import InvalidInputError, UnreadableRasterError
from farm.fields.bulk import import_fields
from farm.imagery.scene_details import SceneDetails
from farm.imagery.scene_files import IncomingFile
from farm.imagery.scene_services import create_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from farm.accounts.models import User
    from farm.clients.ndvi import NdviClient
    from farm.demo.folder import FolderContents, SceneFiles
    from farm.farms.models import Farm
    from farm.imagery.models import Scene
    from farm.imagery.storage import ObjectStore

CHUNK_BYTES = 1024 * 1024
# A sentence per bad outline helps; a thousand of them do not.
MAX_NAMED_REJECTIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFolder:
    """What became of a folder."""

    field_count: int
    scenes: tuple[Scene, ...]  # in the order of the folder; jobs that read the new ones are queued
    refused: tuple[tuple[str, str], ...]  # (scene name, why)


def load_folder(
    *,
    farm: Farm,
    contents: FolderContents,
    requested_by: User,
    ndvi: NdviClient,
    store: ObjectStore,
    on_scene: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> LoadedFolder:
    """Make fields and scenes of what a folder holds; loaded again, it changes nothing.

    A scene that cannot be read is reported, and the others go on.

    Args:
        farm: Where they belong.
        contents: From ``farm.demo.folder.read_folder``.
        requested_by: Who loads them.
        ndvi: Client of the NDVI service.
        store: Where the files are kept.
        on_scene: Told scenes done, scenes in all, and the name of the one that was just done.

    Raises:
        InvalidInputError: An outline makes no sense; none of the fields is stored then.
        ServiceUnavailableError: The NDVI service does not answer.
    """
    field_count = _load_fields(farm=farm, contents=contents, requested_by=requested_by)
    scenes: list[Scene] = []
    refused: list[tuple[str, str]] = []
    for done, files in enumerate(contents.scenes, start=1):
        try:
            created = create_scene(
                farm=farm,
                files=[
                    IncomingFile(name=file.name, chunks=partial(_chunks, file.path))
                    for file in files.files
                ],
                metadata=_metadata(files),
                details=SceneDetails(
                    name=files.name,
                    acquired_at=files.acquired_at,
                    is_simulated=files.is_simulated,
                ),
                requested_by=requested_by,
                ndvi=ndvi,
                store=store,
            )
            scenes.append(created.scene)
        except (InvalidInputError, UnreadableRasterError) as error:
            refused.append((files.name, error.detail))
        on_scene(done, len(contents.scenes), files.name)
    return LoadedFolder(field_count=field_count, scenes=tuple(scenes), refused=tuple(refused))


def _load_fields(*, farm: Farm, contents: FolderContents, requested_by: User) -> int:
    if contents.fields is None:
        return 0
    report = import_fields(farm=farm, collection=contents.fields, requested_by=requested_by)
    if report.rejected:
        named = " ".join(
            f"Feature {one.index}: {one.detail}" for one in report.rejected[:MAX_NAMED_REJECTIONS]
        )
        more = len(report.rejected) - MAX_NAMED_REJECTIONS
        rest = f" And {more} more." if more > 0 else ""
        msg = f"{len(report.rejected)} outlines cannot be used. {named}{rest}"
        raise InvalidInputError(msg, reason="OUTLINE_INVALID")
    return len(report.imported)


def _metadata(files: SceneFiles) -> bytes | None:
    return files.metadata_files[0].read_bytes() if files.metadata_files else None


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
