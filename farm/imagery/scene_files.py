"""The files of a new scene: stored as they arrive, described by furrow-ndvi, checked together."""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from farm.errors import InvalidInputError, NotFoundError, ServiceTimeoutError, UnreadableRasterError
from farm.farms.models import Farm
from farm.imagery.domain import ObjectRef
from farm.imagery.scene_identity import referenced_sha256
from farm.imagery.storage import INCOMING, safe_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from farm.clients.ndvi import NdviClient
    from farm.imagery.domain import RasterDescription
    from farm.imagery.storage import ObjectStore

MAX_FILES = 32
MAX_URL_LENGTH = 2048  # of SceneAsset.url and of ObjectRef.url in common.proto
DESCRIBE_TIMEOUT_S = 10.0
# For all files of a scene together: an upload is answered within the 30 s of an HTTP request.
DESCRIBE_ALL_WITHIN_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingFile:
    """A file that somebody sends."""

    name: str  # as the sender calls it
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencedFile:
    """A file that lies somewhere already."""

    name: str  # unique in the scene
    object: ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFiles:
    """Files that were found to be good."""

    descriptions: Mapping[str, RasterDescription]  # by file name
    objects: Mapping[str, ObjectRef]  # by file name
    contents: Mapping[str, str]  # by file name: SHA-256 of its bytes, or of where and what it is
    kept_names: Mapping[str, str]  # name as it was sent → name under which it is kept


def max_total_bytes() -> int:
    """Return how many bytes the files of one scene may have together."""
    return int(settings.UPLOAD_MAX_BYTES)


@contextmanager
def stored_files(
    files: Sequence[IncomingFile], *, store: ObjectStore, ndvi: NdviClient
) -> Iterator[tuple[str, SceneFiles]]:
    """Keep sent files in a folder of the store for as long as the block lasts.

    Yields:
        The folder's prefix, to be moved where the files belong, and what they hold. What is still
        there at the end of the block is deleted, so that nothing half-stored stays.

    Raises:
        InvalidInputError: There are none, too many, or too large files.
        UnreadableRasterError: One of them is no raster that is read; the message names it.
    """
    if not 1 <= len(files) <= MAX_FILES:
        msg = f"{len(files)} files were sent; a scene has 1 to {MAX_FILES}."
        raise InvalidInputError(msg, reason="UPLOAD_FILE_COUNT")
    prefix = f"{INCOMING}/{uuid.uuid4().hex}"
    left = max_total_bytes()
    objects: dict[str, ObjectRef] = {}
    contents: dict[str, str] = {}
    kept_names: dict[str, str] = {}
    try:
        for file in files:
            name = safe_name(file.name, taken=objects)
            kept_names.setdefault(file.name, name)
            stored = store.put(f"{prefix}/{name}", file.chunks(), max_bytes=left)
            left -= stored.size_bytes
            objects[name] = ObjectRef(key=stored.key)
            contents[name] = stored.sha256
        descriptions = describe(objects, ndvi=ndvi)
        yield (
            prefix,
            SceneFiles(
                descriptions=descriptions,
                objects=objects,
                contents=contents,
                kept_names=kept_names,
            ),
        )
    finally:
        store.delete_folder(prefix)


@contextmanager
def locked_files(farm: Farm) -> Iterator[None]:
    """Let nobody else bring or take files of a farm's scenes while the block lasts.

    Raises:
        NotFoundError: The farm was deleted meanwhile.
    """
    with transaction.atomic():
        if not Farm.objects.select_for_update().filter(pk=farm.pk).exists():
            msg = f"There is no farm {farm.pk}."
            raise NotFoundError(msg)
        yield


def referenced_files(files: Sequence[ReferencedFile], *, ndvi: NdviClient) -> SceneFiles:
    """Look at files where they lie.

    Raises:
        InvalidInputError: There are none or too many, or an address is no web address.
        UnreadableRasterError: One of them is no raster that is read, or lies on a host that the
            operator has not allowed.
    """
    if not 1 <= len(files) <= MAX_FILES:
        msg = f"{len(files)} files are named; a scene has 1 to {MAX_FILES}."
        raise InvalidInputError(msg, reason="UPLOAD_FILE_COUNT")
    for file in files:
        if file.object.url:
            _refuse_odd_address(file.object.url)
    objects = {file.name: file.object for file in files}
    descriptions = describe(objects, ndvi=ndvi)
    return SceneFiles(
        descriptions=descriptions,
        objects=objects,
        contents={
            name: referenced_sha256(place=ref.url or ref.key, description=descriptions[name])
            for name, ref in objects.items()
        },
        kept_names={name: name for name in objects},
    )


def _refuse_odd_address(url: str) -> None:
    """Refuse what is no web address, or is longer than what is kept of one.

    Raises:
        InvalidInputError: It is none; the sentence leaves out what may be a secret behind “?”.
    """
    is_plain = len(url) <= MAX_URL_LENGTH and url.isprintable()
    if not is_plain or urlsplit(url).scheme not in {"http", "https"}:
        shown = url.partition("?")[0][:160].encode(errors="replace").decode()
        msg = f"“{shown}” is no http or https address of up to {MAX_URL_LENGTH} characters."
        raise InvalidInputError(msg, reason="REFERENCE_INVALID")


def describe(
    objects: Mapping[str, ObjectRef], *, ndvi: NdviClient
) -> Mapping[str, RasterDescription]:
    """Ask furrow-ndvi what each file holds; all must be on grids of one reference system.

    Raises:
        UnreadableRasterError: In the words of the service, with the file's name before them.
        InvalidInputError: The files are in different reference systems.
        ServiceTimeoutError: There are too many slow ones.
    """
    descriptions: dict[str, RasterDescription] = {}
    ends_at = time.monotonic() + DESCRIBE_ALL_WITHIN_S
    for name, ref in objects.items():
        left_s = ends_at - time.monotonic()
        if left_s <= 0:
            msg = f"The files could not be looked at in time; {name} was next."
            raise ServiceTimeoutError(msg)
        try:
            descriptions[name] = ndvi.describe_raster(
                object=ref, timeout_s=min(left_s, DESCRIBE_TIMEOUT_S)
            )
        except UnreadableRasterError as error:
            msg = _in_words_of_sender(error.detail, name=name, ref=ref)
            raise UnreadableRasterError(msg, reason=error.reason) from error
    systems = {description.grid.epsg for description in descriptions.values()}
    if len(systems) > 1:
        listed = ", ".join(f"EPSG:{code}" for code in sorted(systems))
        msg = f"The files are in different reference systems: {listed}. A scene has one."
        raise InvalidInputError(msg, reason="RASTER_GRIDS_DISAGREE")
    return descriptions


def _in_words_of_sender(detail: str, *, name: str, ref: ObjectRef) -> str:
    """Call the file as its sender does; the service knows it by its name in the store."""
    stored = ref.url or ref.key.rsplit("/", maxsplit=1)[-1]
    return (
        f"{name}{detail.removeprefix(stored)}" if detail.startswith(stored) else f"{name}: {detail}"
    )
