"""The object store on this side: files that people send are kept for furrow-ndvi to read.

Behind it is a folder, or a bucket (:mod:`farm.imagery.storage_s3`); furrow-ndvi opens the same one
by the same keys.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import shutil
import tempfile
import time
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Protocol

from django.conf import settings

from farm.errors import InvalidInputError, NotFoundError, StorageFullError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

log = logging.getLogger("furrow.store")

CHUNK_BYTES = 1024 * 1024
MAX_KEY_BYTES = 512  # of ObjectRef.key in common.proto
MAX_NAME_BYTES = 120

# Uploads wait here until every file of a scene was found to be good.
INCOMING = "incoming"

# No space on the device, none within the owner's quota, or none within the process's limit.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that was put into the store."""

    key: str
    size_bytes: int
    sha256: str  # hexadecimal


class ObjectStore(Protocol):
    """What views and services ask of a store; ``FolderStore`` says what each means."""

    def put(self, key: str, chunks: Iterable[bytes], *, max_bytes: int) -> StoredFile:
        """Store an object; it appears whole or not at all."""

    def move_folder(self, source: str, target: str) -> None:
        """Move every object below one prefix to another."""

    def delete_folder(self, prefix: str) -> None:
        """Delete every object below a prefix."""

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading."""

    def exists(self, key: str) -> bool:
        """Say whether there is an object or a prefix of this name."""

    def sweep_incoming(self, *, older_than_s: float) -> int:
        """Delete uploads that a killed process left half-way."""


class FolderStore:
    """Objects as files below a folder."""

    def __init__(self, root: Path) -> None:
        """Keep objects below ``root``, which is made on first use."""
        self._root = root

    def put(self, key: str, chunks: Iterable[bytes], *, max_bytes: int) -> StoredFile:
        """Store an object; it appears whole or not at all.

        Args:
            key: Where; an object that is there already is replaced.
            chunks: The content, piece by piece; it is never held in memory as a whole.
            max_bytes: Longest content that is taken.

        Raises:
            InvalidInputError: The content is longer, or empty.
            StorageFullError: The disk is full; nothing of the object stays.
        """
        with _said_when_full():
            return self._put(self._path(key), key, chunks, max_bytes)

    def _put(self, path: Path, key: str, chunks: Iterable[bytes], max_bytes: int) -> StoredFile:
        path.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in limited(chunks, name=path.name, max_bytes=max_bytes):
                    size += len(chunk)
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o640)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return StoredFile(key=key, size_bytes=size, sha256=digest.hexdigest())

    def move_folder(self, source: str, target: str) -> None:
        """Move every object below one prefix to another in one step.

        A target that exists holds the same content, because content names it; it is kept.

        Raises:
            StorageFullError: There is no space even for a name.
        """
        with _said_when_full():
            self._move(source, target)

    def _move(self, source: str, target: str) -> None:
        origin, goal = self._path(source), self._path(target)
        goal.parent.mkdir(parents=True, exist_ok=True)
        try:
            origin.rename(goal)
        except OSError:
            if not goal.is_dir():
                raise
            shutil.rmtree(origin)
        _sync_folder(goal.parent)

    def delete_folder(self, prefix: str) -> None:
        """Delete every object below a prefix; none is not an error, what stays is logged."""
        _delete(self._path(prefix))

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading.

        Raises:
            NotFoundError: There is none.
        """
        try:
            return self._path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError) as error:
            msg = f"There is no object “{key}” in the store."
            raise NotFoundError(msg, reason="OBJECT_NOT_FOUND") from error

    def exists(self, key: str) -> bool:
        """Say whether there is an object or a prefix of this name."""
        return self._path(key).exists()

    def sweep_incoming(self, *, older_than_s: float) -> int:
        """Delete uploads that a killed process left half-way.

        Args:
            older_than_s: Age in seconds from which nobody can still be sending.

        Returns:
            Number of uploads deleted.
        """
        incoming = self._path(INCOMING)
        if not incoming.is_dir():
            return 0
        border = time.time() - older_than_s
        old = [folder for folder in incoming.iterdir() if folder.stat().st_mtime < border]
        for folder in old:
            _delete(folder)
        return len(old)

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*PurePosixPath(checked_key(key)).parts)


def object_store() -> ObjectStore:
    """Return the configured store: the default collaborator of views and services."""
    if settings.STORE_S3 is None:
        return FolderStore(Path(settings.STORE_ROOT))
    # Here, because the package behind it is loaded by few.
    from farm.imagery.storage_s3 import S3Store

    return S3Store(**settings.STORE_S3)


def checked_key(key: str) -> str:
    """Return a key that stays within the store.

    Raises:
        InvalidInputError: It does not.
    """
    is_relative = bool(PurePosixPath(key).parts) and not key.startswith("/") and "\\" not in key
    if not is_relative or {".", ".."} & set(key.split("/")) or len(key.encode()) > MAX_KEY_BYTES:
        msg = f"“{key[:80]}” is not a key of the object store."
        raise InvalidInputError(msg, reason="KEY_INVALID")
    return key


def limited(chunks: Iterable[bytes], *, name: str, max_bytes: int) -> Iterator[bytes]:
    """Pass content on, as long as there is not too much of it.

    Raises:
        InvalidInputError: The content is longer than ``max_bytes``, or empty.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            msg = f"“{name}” is larger than the {max_bytes} bytes that are left."
            raise InvalidInputError(msg, reason="UPLOAD_TOO_LARGE")
        yield chunk
    if size == 0:
        msg = f"“{name}” is empty."
        raise InvalidInputError(msg, reason="UPLOAD_EMPTY")


def safe_name(name: str, *, taken: Iterable[str] = ()) -> str:
    """Reduce a sent file name to what is safe as the last part of a key, unlike any taken.

    The extension stays, letters lose their accents, whatever else is odd becomes `_`.
    """
    plain = unicodedata.normalize("NFKD", PurePosixPath(name.replace("\\", "/")).name)
    plain = _UNSAFE.sub("_", plain.encode("ascii", "ignore").decode()).lstrip("._-") or "file"
    stem, dot, extension = plain.rpartition(".")
    if not dot:
        stem, extension = plain, ""
    ending = f".{extension[:10]}" if extension else ""
    stem = stem[: MAX_NAME_BYTES - len(ending) - 4]
    candidate, number = f"{stem}{ending}", 1
    used = set(taken)
    while candidate in used:
        number += 1
        candidate = f"{stem}-{number}{ending}"
    return candidate


@contextmanager
def _said_when_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise StorageFullError from error


def _delete(folder: Path) -> None:
    """Delete as much as can be; nobody waits for the rest, but somebody must learn of it."""

    def note(_: object, path: object, failure: tuple[object, BaseException, object]) -> None:
        error = failure[1]
        # A folder that is not empty is none of its own fault: what is left in it was noted before.
        if getattr(error, "errno", None) not in {errno.ENOENT, errno.ENOTEMPTY}:
            log.warning(
                "A file of the store could not be deleted.",
                extra={"path": str(path), "error": str(error)},
            )

    shutil.rmtree(folder, onerror=note)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
