"""The OpenAPI schema tells which problems each operation may answer."""

from __future__ import annotations

from typing import Any

from farm.http import PROBLEM_JSON

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

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def document_problems(
    result: dict[str, Any], generator: object, request: object, public: bool
) -> dict[str, Any]:
    """Add the problem responses that each operation may answer (drf-spectacular hook)."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    for path, operations in result["paths"].items():
        for method in METHODS:
            if method in operations:
                _document_operation(operations[method], path=path)
    return result


def _document_operation(operation: dict[str, Any], *, path: str) -> None:
    statuses = {"default": "Any other refusal."}
    # An empty requirement in the list means that no credential is needed.
    if operation.get("security") and {} not in operation["security"]:
        statuses["401"] = "No credential, or one that is not valid."
        statuses["403"] = "The credential does not allow this."
    if "{" in path:
        statuses["404"] = "It does not exist, or you may not see it."
    if "requestBody" in operation:
        statuses["400"] = "The body cannot be parsed."
    if "requestBody" in operation or operation.get("parameters"):
        statuses["422"] = "What was sent can be parsed but makes no sense."
    for status, description in sorted(statuses.items()):
        operation["responses"].setdefault(
            status,
            {
                "description": description,
                "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )
