"""ETags of fields, and writes that only go through on the version one has seen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.utils.http import parse_etags, quote_etag
from rest_framework.exceptions import APIException

if TYPE_CHECKING:
    from rest_framework.request import Request

    from farm.fields.models import Field


class PreconditionFailed(APIException):
    """The field changed since the version named by If-Match."""

    status_code = 412
    default_code = "precondition_failed"
    default_detail = "The field was changed in the meantime; fetch it again."


def etag_of(field: Field) -> str:
    """Name this version of a field."""
    version = f"{field.pk} {field.updated_at.isoformat()} {field.outline_sha256}"
    return quote_etag(hashlib.sha256(version.encode()).hexdigest()[:32])


def is_known(request: Request, etag: str) -> bool:
    """Whether the asker already has this version (If-None-Match)."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return any(one in ("*", etag) or one == f"W/{etag}" for one in known)


def require_match(request: Request, etag: str) -> None:
    """Refuse a write to another version than the one named, if one is named.

    Raises:
        PreconditionFailed: If-Match names other versions.
    """
    wanted = parse_etags(request.headers.get("If-Match", ""))
    if wanted and not {"*", etag} & set(wanted):
        raise PreconditionFailed
