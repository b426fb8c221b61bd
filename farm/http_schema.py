"""The OpenAPI schema tells which refusals each operation may answer, and how a refusal looks.

Most follow from the operation itself: what it reads, who may call it, whether it is throttled. What
only the view knows – that a service must answer, that a state may not allow it – the view says by
:func:`may_raise`. Nothing is left to “any other status”: what is not listed is not answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from rest_framework.views import APIView

from farm import errors
from farm.http import API_CODES, PROBLEM_JSON, STATUS_OF

if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = TypeVar("Handler", bound=Callable[..., Any])

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "urn:furrow:problem:<code>"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "One sentence for people."},
        "instance": {"type": "string", "description": "Path of the request."},
        "code": {"type": "string", "description": "Stable word for programs."},
        "request_id": {"type": "string", "description": "Stands in every log line of it."},
        "reason": {
            "type": "string",
            "description": "Finer reason in capitals, where there is one.",
        },
        "errors": {
            "type": "object",
            "description": "Dotted path of each refused value → sentences.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
}

WORDS = {
    400: "The request is malformed, or its body cannot be parsed.",
    401: "No credential, or one that is not valid.",
    403: "The credential does not allow this.",
    404: "It does not exist, or you may not see it.",
    406: "No form of the answer is one that `Accept` or `format` names.",
    409: "The state of the thing does not allow this now.",
    412: "It changed since the version that `If-Match` names.",
    413: "The body is too large.",
    415: "The body is of a content type that is not read here.",
    422: "What was sent can be parsed but makes no sense.",
    429: "Too many attempts; `Retry-After` says when to come back.",
    502: "A service behind the API failed by its own fault.",
    503: "A service behind the API is busy or down; `Retry-After` may say when to come back.",
    504: "A service behind the API did not answer in time.",
    507: "The server's disk is full.",
}

# What a view may answer that waits for a service, of imagery or of weather.
ASKS_SERVICE = (
    errors.ServiceBusyError,
    errors.ServiceFaultError,
    errors.ServiceTimeoutError,
    errors.ServiceUnavailableError,
)


def may_raise(*kinds: type[Exception]) -> Callable[[Handler], Handler]:
    """Say which failures a view's method may end in, beside those that its form implies."""

    def note(handler: Handler) -> Handler:
        handler.may_raise = kinds  # type: ignore[attr-defined]
        return handler

    return note


def refusals_of(*, view: APIView, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """Describe every refusal of an operation, by status.

    Args:
        view: That answers.
        method: In small letters.
        operation: As drf-spectacular describes it so far.
    """
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    statuses = {400}
    if type(view).perform_content_negotiation is APIView.perform_content_negotiation:
        statuses |= {406}
    if operation.get("security"):
        statuses |= {401, 403}
    if "path" in places or "page" in names:
        statuses |= {404}
    if places & {"query", "header"}:
        statuses |= {422}
    if "requestBody" in operation:
        statuses |= {413, 415, 422}
    if view.throttle_classes:
        statuses |= {429}
    for kind in getattr(getattr(view, method), "may_raise", ()):
        statuses.add(_status_of(kind))
    return {str(status): _refusal(WORDS[status]) for status in sorted(statuses)}


def document_problems(
    result: dict[str, Any], generator: object, request: object, public: bool
) -> dict[str, Any]:
    """Describe the problem document, which the refusals refer to (drf-spectacular hook)."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    return result


def _refusal(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _status_of(kind: type[Exception]) -> int:
    for ancestor in kind.__mro__:
        if issubclass(ancestor, errors.FarmError) and ancestor in STATUS_OF:
            return int(STATUS_OF[ancestor])
        if ancestor in API_CODES:
            return int(API_CODES[ancestor][0])
    return int(kind.status_code)  # type: ignore[attr-defined]  # of the REST framework's family
