"""How a server that speaks S3 is asked, and what its refusals mean."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from farm.errors import NotFoundError, ServiceFaultError, ServiceUnavailableError, StorageFullError

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("furrow.store")

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 20
ATTEMPTS = 3

FAILURES = (Boto3Error, BotoCoreError, ClientError)
MISSING = {"404", "NoSuchKey", "NotFound"}
FULL = {"XMinioStorageFull", "QuotaExceeded", "507"}
REFUSED = {"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


@lru_cache(maxsize=4)
def s3_client(endpoint: str | None, region: str) -> Any:
    """Connect, once a process: a client may be used by all threads.

    Args:
        endpoint: Address of the server; None: Amazon's.
        region: What requests are signed for.
    """
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
def told(key: str) -> Iterator[None]:
    """Raise the ``FarmError`` that stands for a failure of the server."""
    try:
        yield
    except FAILURES as error:
        raise_told(key, error)


def raise_told(key: str, error: Exception) -> NoReturn:
    """Raise the ``FarmError`` that stands for a failure."""
    code = code_of(error)
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


def code_of(error: Exception) -> str:
    """Return what the server calls its refusal; empty where it did not answer."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def note_left(key: str, error: Exception) -> None:
    """Log what could not be deleted: nobody waits for it, but somebody must learn of it."""
    log.warning(
        "A file of the store could not be deleted.", extra={"path": key, "error": str(error)}
    )
