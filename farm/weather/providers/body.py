"""Reads the body of an answer within bounds of size and time, and unpacks it within bounds too."""

from __future__ import annotations

import zlib
from enum import Enum
from typing import TYPE_CHECKING

from farm.weather.providers.errors import ProviderInvalidError, ProviderTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

MOST_BYTES = 8 * 1024 * 1024  # as sent, and again unpacked; a year of hours is below one
MOST_REASON_BYTES = 4096  # of a refusal, to quote from
_PIECE = 64 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS  # zlib finds out which
_PACKED = {"gzip", "x-gzip", "deflate"}


class Kind(Enum):
    """What an answer is expected to be."""

    JSON = "JSON"
    CSV = "CSV"

    def accepts(self, content_type: str) -> bool:
        """Say whether an answer that calls itself so may be one."""
        name = content_type.partition(";")[0].strip().lower()
        if self is Kind.JSON:
            return name in {"application/json", "text/json"} or name.endswith("+json")
        return name in {"text/csv", "text/plain", "application/csv", "application/octet-stream"}


def read_body(
    response: requests.Response, *, expires_at: float, monotonic: Callable[[], float]
) -> bytes:
    """Read an answer's body.

    Args:
        response: Opened with ``stream=True``, of which nothing was read.
        expires_at: On the clock ``monotonic``.
        monotonic: Seconds that only grow.

    Raises:
        ProviderInvalidError: It is larger than it may be, or packed as nobody asked for.
        ProviderTimeoutError: It comes too slowly.
        urllib3.exceptions.HTTPError: The connection broke.
    """
    pieces: list[bytes] = []
    size = 0
    # One piece as it comes, never a wait for a full one: else a byte a second would last for ever.
    while piece := response.raw.read1(_PIECE, decode_content=False):
        size += len(piece)
        if size > MOST_BYTES:
            raise _too_large()
        if monotonic() > expires_at:
            msg = "The answer came too slowly and was given up."
            raise ProviderTimeoutError(msg)
        pieces.append(piece)
    return unpack(b"".join(pieces), response.headers.get("Content-Encoding", ""))


def unpack(packed: bytes, encoding: str) -> bytes:
    """Return the bytes that were packed, at most ``MOST_BYTES``."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return packed
    if encoding not in _PACKED:
        msg = "The answer is packed in a way that nobody asked for."
        raise ProviderInvalidError(msg)
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = unpacker.decompress(packed, MOST_BYTES + 1)
    except zlib.error as error:
        msg = "The answer says that it is packed and is not."
        raise ProviderInvalidError(msg) from error
    if len(plain) > MOST_BYTES:
        raise _too_large()
    if not unpacker.eof:
        msg = "The answer is only the beginning of one."
        raise ProviderInvalidError(msg)
    return plain


def _too_large() -> ProviderInvalidError:
    return ProviderInvalidError(f"The answer is larger than {MOST_BYTES // 1024**2} MiB.")


def decoded(body: bytes, *, kind: Kind, content_type: str) -> str:
    """Return the text of an answer of the expected kind.

    Raises:
        ProviderInvalidError: It is something else, such as the page of a firewall.
    """
    begins_as_page = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    if begins_as_page or "html" in content_type.lower():
        msg = (
            f"A web page came instead of {kind.value}; a firewall or a sign-in page of the network"
            " may stand between."
        )
        raise ProviderInvalidError(msg)
    if not kind.accepts(content_type):
        shown = quoted(content_type.encode("ascii", "replace"), most=60)
        msg = f"The answer calls itself {shown or 'nothing'}, where {kind.value} was asked for."
        raise ProviderInvalidError(msg)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = "The answer is not in UTF-8."
        raise ProviderInvalidError(msg) from error


def quoted(body: bytes, *, most: int = 200) -> str:
    """Return the beginning of what somebody else wrote, fit for a sentence in a log."""
    letters = body[: most * 4].decode("utf-8", "replace")[:most]
    return "".join(letter if letter.isprintable() else " " for letter in letters).strip()
