"""An object in a bucket, read like a file."""

from __future__ import annotations

import io
from typing import Any

from farm.errors import ServiceUnavailableError
from farm.imagery.storage_s3_client import ATTEMPTS, FAILURES, raise_told


class S3File(io.RawIOBase):
    """An object as a file: each run of reads is one request, which a break continues."""

    def __init__(self, client: Any, place: dict[str, str], *, size: int, tag: str) -> None:
        """Read ``size`` bytes of what bore ``tag`` when it was looked up."""
        super().__init__()
        self._client = client
        self._place = place
        self._size = size
        self._tag = tag
        self._position = 0
        self._body: Any = None

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Read on from another place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset != self._position:
            self._drop()
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Read what comes, at most as much as fits.

        Raises:
            FarmError: The server does not answer, or the object is another one.
        """
        if self._position >= self._size:
            return 0
        for attempt in range(1, ATTEMPTS + 1):
            try:
                found = self._stream().read(len(buffer))
                if not found:
                    self._drop()
                    continue
            except FAILURES as error:
                self._drop()
                if attempt == ATTEMPTS:
                    raise_told(self._place["Key"], error)
                continue
            buffer[: len(found)] = found
            self._position += len(found)
            return len(found)
        msg = "The object store broke off while a file was read."
        raise ServiceUnavailableError(msg, reason="STORE_UNAVAILABLE")

    def close(self) -> None:
        """Hang up."""
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
