"""The border between failures and HTTP: every refusal is a problem document (RFC 9457).

Views raise errors of :mod:`farm.errors`; the table below alone gives them a status. Failures
outside of any view are answered in :mod:`farm.http_pages`; :mod:`farm.http_schema` documents all.
"""

from __future__ import annotations

import errno
import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import exceptions as django_errors
from django.http import Http404, HttpResponse, UnreadablePostError
from rest_framework import exceptions as api_errors
from rest_framework.fields import get_error_detail

from farm import errors
from orchestrator import context

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

log = logging.getLogger("furrow.http")

PROBLEM_JSON = "application/problem+json"
# Challenge of a 401 where the view itself names none.
CHALLENGE = 'Bearer realm="furrow", Api-Key realm="furrow"'
# How the REST framework begins the refusal of a session without our token.
CSRF_FAILED = "CSRF Failed"
NON_FIELD = "non_field_errors"
WHOLE = {NON_FIELD, "__all__"}  # as the REST framework and Django's models call it

STATUS_OF: dict[type[errors.FarmError], HTTPStatus] = {
    errors.InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnreadableRasterError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.ForbiddenError: HTTPStatus.FORBIDDEN,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.ServiceBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ServiceTimeoutError: HTTPStatus.GATEWAY_TIMEOUT,
    errors.ServiceUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StorageFullError: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.ServiceFaultError: HTTPStatus.BAD_GATEWAY,
    errors.FarmError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

# Refusals of the REST framework: status and the stable word for programs.
API_CODES: dict[type[api_errors.APIException], tuple[HTTPStatus, str]] = {
    api_errors.ParseError: (HTTPStatus.BAD_REQUEST, "unparsable"),
    api_errors.ValidationError: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input"),
    api_errors.NotAuthenticated: (HTTPStatus.UNAUTHORIZED, "not_authenticated"),
    api_errors.AuthenticationFailed: (HTTPStatus.UNAUTHORIZED, "authentication_failed"),
    api_errors.PermissionDenied: (HTTPStatus.FORBIDDEN, "forbidden"),
    api_errors.NotFound: (HTTPStatus.NOT_FOUND, "not_found"),
    api_errors.MethodNotAllowed: (HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed"),
    api_errors.NotAcceptable: (HTTPStatus.NOT_ACCEPTABLE, "not_acceptable"),
    api_errors.UnsupportedMediaType: (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
    ),
    api_errors.Throttled: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests"),
}


def problem(
    *,
    status: int,
    code: str,
    detail: str,
    instance: str,
    reason: str = "",
    field_errors: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Build a problem document.

    Args:
        status: HTTP status, 400–599.
        code: Stable word for programs.
        detail: One sentence for people; empty where nothing may be told.
        instance: Path of the request.
        reason: Finer reason in capitals, such as ``RASTER_CRS_MISSING``.
        field_errors: Dotted path of each refused value → sentences.
        headers: Added to the answer.

    A plain Django response, because a view whose only renderer writes PNG must refuse in JSON too.
    """
    document: dict[str, Any] = {
        "type": f"urn:furrow:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "instance": instance,
        "code": code,
        "request_id": context.request_id(),
    }
    if reason:
        document["reason"] = reason
    if field_errors:
        document["errors"] = dict(field_errors)
    # Unescaped as the answers of the views; half a surrogate pair, which a request may bring and
    # UTF-8 cannot hold, becomes its JSON escape.
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    response = HttpResponse(
        text.encode(errors="backslashreplace"), status=int(status), content_type=PROBLEM_JSON
    )
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def exception_handler(exc: Exception, handler_context: dict[str, Any]) -> HttpResponse | None:
    """Answer a failure of an API view; None leaves an unexpected one to Django, which logs it."""
    request = handler_context.get("request")
    instance = request.path if request is not None else ""
    match exc:
        case errors.FarmError():
            return _farm_problem(exc, instance=instance)
        # A form's large files are written to the disk before any view sees them.
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return _farm_problem(errors.StorageFullError(), instance=instance)
        case Http404():
            exc = api_errors.NotFound("There is nothing at this address.")
        case django_errors.PermissionDenied():
            exc = api_errors.PermissionDenied()
        case django_errors.ValidationError():
            exc = api_errors.ValidationError(get_error_detail(exc))
        case django_errors.RequestDataTooBig():
            limit = getattr(exc, "limit_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
            detail = f"The body is longer than {limit} bytes."
            return problem(status=413, code="too_large", detail=detail, instance=instance)
        case django_errors.SuspiciousOperation():
            detail = "The request is malformed, or has too many parts."
            return problem(status=400, code="bad_request", detail=detail, instance=instance)
        case UnreadablePostError():
            exc = api_errors.ParseError("The body ended before all of it had arrived.")
        case api_errors.PermissionDenied() if str(exc.detail).startswith(CSRF_FAILED):
            return problem(
                status=403, code="csrf_failed", detail=str(exc.detail), instance=instance
            )
        case _:
            pass
    if isinstance(exc, api_errors.APIException):
        return _api_problem(exc, instance=instance)
    return None


def _farm_problem(exc: errors.FarmError, *, instance: str) -> HttpResponse:
    status = next(STATUS_OF[kind] for kind in type(exc).__mro__ if kind in STATUS_OF)
    headers = {}
    if isinstance(exc, (errors.ServiceBusyError, errors.ServiceUnavailableError)) and (
        exc.retry_after_s is not None
    ):
        headers["Retry-After"] = str(exc.retry_after_s)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning(
            "A request was refused because a part of the system did not answer it.",
            extra={"code": exc.code, "reason": exc.reason, "detail": exc.detail},
        )
    return problem(
        status=status,
        code=exc.code,
        detail=exc.detail,
        instance=instance,
        reason=exc.reason,
        headers=headers,
    )


def _api_problem(exc: api_errors.APIException, *, instance: str) -> HttpResponse:
    status, code = next(
        (API_CODES[kind] for kind in type(exc).__mro__ if kind in API_CODES),
        (HTTPStatus(exc.status_code), str(exc.default_code)),
    )
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = getattr(exc, "auth_header", None) or CHALLENGE
    if wait_s := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait_s))
    if isinstance(exc, api_errors.ValidationError):
        field_errors: dict[str, list[str]] = {}
        for path, sentence in _flattened(exc.detail):
            field_errors.setdefault(path or NON_FIELD, []).append(sentence)
        return problem(
            status=status,
            code=code,
            detail=_summary(field_errors),
            instance=instance,
            field_errors=field_errors,
            headers=headers,
        )
    return problem(
        status=status, code=code, detail=_detail_sentence(exc), instance=instance, headers=headers
    )


def _detail_sentence(exc: api_errors.APIException) -> str:
    """Return the sentence of an exception whose detail may be nested."""
    detail: Any = exc.detail
    if isinstance(detail, dict) and "detail" in detail:
        detail = detail["detail"]
    return " ".join(sentence for _, sentence in _flattened(detail))


def _summary(field_errors: Mapping[str, list[str]]) -> str:
    """Return the first refusal as a sentence, with the number of the others."""
    path, sentences = next(iter(field_errors.items()), ("", ["The input is not valid."]))
    first = sentences[0] if path == NON_FIELD else f"{path}: {sentences[0]}"
    others = sum(len(each) for each in field_errors.values()) - 1
    return f"{first} (and {others} more)" if others > 0 else first


def _flattened(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted path and sentence of each leaf; list items count from 0."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            inner = path if key in WHOLE else f"{path}.{key}" if path else str(key)
            yield from _flattened(value, inner)
    elif isinstance(detail, list | tuple):
        for index, value in enumerate(detail):
            if isinstance(value, dict | list | tuple):
                yield from _flattened(value, f"{path}.{index}" if path else str(index))
            else:
                yield path, str(value)
    else:
        yield path, str(detail)
