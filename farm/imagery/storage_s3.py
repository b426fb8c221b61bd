"""The object store in a bucket, as :class:`farm.imagery.storage.FolderStore` is one in a folder.

Whatever serves S3 will do; furrow-ndvi opens the same bucket by the same keys. A folder of objects
cannot be renamed there, so it is copied and then deleted: content names the target, so a copy that
was cut short is completed by the next one.
"""

from __future__ import annotations

import hashlib
import io
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from farm.errors import NotFoundError
from farm.imagery.storage import INCOMING, StoredFile, checked_key, limited
from farm.imagery.storage_s3_client import (
    FAILURES,
    MISSING,
    code_of,
    note_left,
    s3_client,
    told,
)
from farm.imagery.storage_s3_file import S3File

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# S3 takes 10,000 parts of 5 MiB at least; one waits in memory for each upload at work.
PART_BYTES = 8 * 1024 * 1024
READ_BYTES = 1024 * 1024


class S3Store:
    """Objects in a bucket, under a prefix."""

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str,
        endpoint: str | None,
        region: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep objects in ``bucket``, with keys that begin with ``prefix``.

        Args:
            bucket: Its name; it exists.
            prefix: Without slashes at its ends; may be empty.
            endpoint: Address of the server; None: Amazon's.
            region: What requests are signed for.
            clock: Seconds since 1970.
        """
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = s3_client(endpoint, region)
        self._clock = clock

    def put(self, key: str, chunks: Iterable[bytes], *, max_bytes: int) -> StoredFile:
        """Store an object; it appears whole or not at all. As ``FolderStore.put``."""
        target = self._place(key)
        name = key.rpartition("/")[2]
        digest, size = hashlib.sha256(), 0
        waiting = bytearray()
        with told(key):
            upload = _Upload(self._client, target)
            try:
                for chunk in limited(chunks, name=name, max_bytes=max_bytes):
                    digest.update(chunk)
                    size += len(chunk)
                    waiting += chunk
                    while len(waiting) > PART_BYTES:
                        upload.add(bytes(waiting[:PART_BYTES]))
                        del waiting[:PART_BYTES]
                upload.finish(bytes(waiting))
            except BaseException:
                upload.abort()
                raise
        return StoredFile(key=key, size_bytes=size, sha256=digest.hexdigest())

    def move_folder(self, source: str, target: str) -> None:
        """Move every object below one prefix to another; may be repeated until it is done.

        An object that is in the target already holds the same content, because content names the
        target; it is kept.

        Raises:
            NotFoundError: There is nothing at the source, nor at the target.
        """
        origin, goal = f"{checked_key(source)}/", f"{checked_key(target)}/"
        with told(source):
            keys = [item["Key"] for item in self._list(origin)]
            there = {item["Key"] for item in self._list(goal)}
            if not keys and not there:
                msg = f"There is no folder “{source}” in the store."
                raise NotFoundError(msg, reason="OBJECT_NOT_FOUND")
            start = len(self._prefix + origin)
            for key in keys:
                copy = f"{self._prefix}{goal}{key[start:]}"
                if copy not in there:
                    self._client.copy({"Bucket": self._bucket, "Key": key}, self._bucket, copy)
            for key in keys:
                self._client.delete_object(Bucket=self._bucket, Key=key)

    def delete_folder(self, prefix: str) -> None:
        """Delete every object below a prefix; none is not an error, what stays is logged."""
        path = f"{checked_key(prefix)}/"
        try:
            keys = [item["Key"] for item in self._list(path)]
        except FAILURES as error:
            keys = []
            note_left(path, error)
        # One by one: not every server that speaks S3 deletes many at once.
        for key in keys:
            try:
                self._client.delete_object(Bucket=self._bucket, Key=key)
            except FAILURES as error:
                note_left(key, error)

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading; it is streamed.

        Raises:
            NotFoundError: There is none.
            ServiceUnavailableError: The server does not answer.
        """
        place = self._place(key)
        with told(key):
            head = self._client.head_object(**place)
        file = S3File(self._client, place, size=head["ContentLength"], tag=head["ETag"])
        return io.BufferedReader(file, READ_BYTES)

    def exists(self, key: str) -> bool:
        """Say whether there is an object or a prefix of this name."""
        place = self._place(key)
        with told(key):
            try:
                self._client.head_object(**place)
            except FAILURES as error:
                if code_of(error) not in MISSING:
                    raise
                return next(iter(self._list(f"{key}/", at_most=1)), None) is not None
        return True

    def sweep_incoming(self, *, older_than_s: float) -> int:
        """Delete uploads that a killed process left half-way, and parts that nobody joins.

        Args:
            older_than_s: Age in seconds from which nobody can still be sending.

        Returns:
            Number of uploads deleted.
        """
        border = datetime.fromtimestamp(self._clock() - older_than_s, tz=UTC)
        with told(INCOMING):
            newest: dict[str, datetime] = {}
            for item in self._list(f"{INCOMING}/"):
                name = item["Key"][len(self._prefix) :].split("/")[1]
                newest[name] = max(newest.get(name, item["LastModified"]), item["LastModified"])
            old = [name for name, changed in newest.items() if changed < border]
            for name in old:
                self.delete_folder(f"{INCOMING}/{name}")
            self._abort_uploads(border)
        return len(old)

    def _abort_uploads(self, border: datetime) -> None:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        for page in pages:
            for upload in page.get("Uploads", ()):
                if upload["Initiated"] < border:
                    self._client.abort_multipart_upload(
                        Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )

    def _place(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked_key(key)}

    def _list(self, prefix: str, *, at_most: int = 1000) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket,
            Prefix=self._prefix + prefix,
            PaginationConfig={"PageSize": at_most},
        )
        for page in pages:
            yield from page.get("Contents", ())


class _Upload:
    """One object on its way: in one request where it is small, else in parts."""

    def __init__(self, client: Any, target: dict[str, str]) -> None:
        self._client = client
        self._target = target
        self._id: str | None = None
        self._parts: list[dict[str, Any]] = []

    def add(self, part: bytes) -> None:
        if self._id is None:
            self._id = self._client.create_multipart_upload(**self._target)["UploadId"]
        number = len(self._parts) + 1
        sent = self._client.upload_part(
            **self._target, UploadId=self._id, PartNumber=number, Body=part
        )
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})

    def finish(self, rest: bytes) -> None:
        if self._id is None:
            self._client.put_object(**self._target, Body=rest)
            return
        self.add(rest)
        self._client.complete_multipart_upload(
            **self._target, UploadId=self._id, MultipartUpload={"Parts": self._parts}
        )

    def abort(self) -> None:
        if self._id is None:
            return
        try:
            self._client.abort_multipart_upload(**self._target, UploadId=self._id)
        except FAILURES as error:
            note_left(self._target["Key"], error)
