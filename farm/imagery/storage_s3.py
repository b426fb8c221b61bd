"""The object store in a bucket, as :class:`farm.imagery.storage.FolderStore` is one in a folder.

Whatever serves S3 will do; furrow-ndvi opens the same bucket by the same keys. A folder of objects
cannot be renamed there, so it is copied and then deleted: content names the target, so a copy that
was cut short is completed by the next one.
"""

from __future__ import annotations

import hashlib
import io
import logging
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from farm.errors import NotFoundError, ServiceFaultError, ServiceUnavailableError, StorageFullError
from farm.imagery.storage import INCOMING, StoredFile, checked_key, limited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

log = logging.getLogger("furrow.store")

# S3 takes 10,000 parts of 5 MiB at least; one waits in memory for each upload at work.
PART_BYTES = 8 * 1024 * 1024
READ_BYTES = 1024 * 1024
CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 20
ATTEMPTS = 3

MISSING = {"404", "NoSuchKey", "NotFound"}
FULL = {"XMinioStorageFull", "QuotaExceeded", "507"}
REFUSED = {"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


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

        Raises:
            ServiceFaultError: The package that speaks S3 is not installed.
        """
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = _client(endpoint, region)
        self._clock = clock

    def put(self, key: str, chunks: Iterable[bytes], *, max_bytes: int) -> StoredFile:
        """Store an object; it appears whole or not at all. As ``FolderStore.put``."""
        target = self._place(key)
        name = key.rpartition("/")[2]
        digest, size = hashlib.sha256(), 0
        waiting = bytearray()
        with _told(key):
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
        with _told(source):
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
        from botocore.exceptions import BotoCoreError, ClientError

        path = f"{checked_key(prefix)}/"
        try:
            keys = [item["Key"] for item in self._list(path)]
        except (BotoCoreError, ClientError) as error:
            keys = []
            _note_left(path, error)
        # One by one: not every server that speaks S3 deletes many at once.
        for key in keys:
            try:
                self._client.delete_object(Bucket=self._bucket, Key=key)
            except (BotoCoreError, ClientError) as error:
                _note_left(key, error)

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading; it is streamed.

        Raises:
            NotFoundError: There is none.
            ServiceUnavailableError: The server does not answer.
        """
        place = self._place(key)
        with _told(key):
            head = self._client.head_object(**place)
        file = _S3File(self._client, place, size=head["ContentLength"], tag=head["ETag"])
        return io.BufferedReader(file, READ_BYTES)

    def exists(self, key: str) -> bool:
        """Say whether there is an object or a prefix of this name."""
        place = self._place(key)
        with _told(key):
            try:
                self._client.head_object(**place)
            except self._client.exceptions.ClientError as error:
                if _code(error) not in MISSING:
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
        with _told(INCOMING):
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
        from botocore.exceptions import BotoCoreError, ClientError

        if self._id is None:
            return
        try:
            self._client.abort_multipart_upload(**self._target, UploadId=self._id)
        except (BotoCoreError, ClientError) as error:
            _note_left(self._target["Key"], error)


class _S3File(io.RawIOBase):
    """An object as a file: each run of reads is one request, which a break continues."""

    def __init__(self, client: Any, place: dict[str, str], *, size: int, tag: str) -> None:
        super().__init__()
        self._client = client
        self._place = place
        self._size = size
        self._tag = tag
        self._position = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset != self._position:
            self._drop()
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        from botocore.exceptions import BotoCoreError, ClientError

        if self._position >= self._size:
            return 0
        for attempt in range(1, ATTEMPTS + 1):
            try:
                found = self._stream().read(len(buffer))
                if not found:
                    self._drop()
                    continue
            except (BotoCoreError, ClientError) as error:
                self._drop()
                if attempt == ATTEMPTS:
                    _raise_told(self._place["Key"], error)
                continue
            buffer[: len(found)] = found
            self._position += len(found)
            return len(found)
        msg = "The object store broke off while a file was read."
        raise ServiceUnavailableError(msg, reason="STORE_UNAVAILABLE")

    def close(self) -> None:
        self._drop()
        super().close()

    def _stream(self) -> Any:
        if self._body is None:
            answer = self._client.get_object(
                **self._place, Range=f"bytes={self._position}-", IfMatch=self._tag
            )
            self._body = answer["Body"]
        return self._body

    def _drop(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()


@lru_cache(maxsize=4)
def _client(endpoint: str | None, region: str) -> Any:
    """Connect, once a process: a client may be used by all threads."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        msg = "FURROW_STORE_URL names a bucket; that needs boto3: pip install 'furrow[s3]'."
        raise ServiceFaultError(msg, reason="STORE_PACKAGE_MISSING") from error
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            signature_version="s3v4",
            # One's own server has one name for all buckets; Amazon has one for each.
            s3={"addressing_style": "path" if endpoint else "virtual"},
            # Newer checksums are not known to every server that speaks S3.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextmanager
def _told(key: str) -> Iterator[None]:
    """Raise the ``FarmError`` that stands for a failure of the server."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        _raise_told(key, error)


def _raise_told(key: str, error: Exception) -> NoReturn:
    code = _code(error)
    if code in MISSING:
        msg = f"There is no object “{key}” in the store."
        raise NotFoundError(msg, reason="OBJECT_NOT_FOUND") from error
    if code in FULL:
        raise StorageFullError from error
    log.warning("The object store failed.", extra={"key": key, "error": str(error)})
    if code in REFUSED:
        msg = "The object store does not accept this server's key."
        raise ServiceFaultError(msg, reason="STORE_DENIED") from error
    msg = "The object store cannot be reached at the moment."
    raise ServiceUnavailableError(msg, reason="STORE_UNAVAILABLE") from error


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _note_left(key: str, error: Exception) -> None:
    log.warning(
        "A file of the store could not be deleted.", extra={"path": key, "error": str(error)}
    )
