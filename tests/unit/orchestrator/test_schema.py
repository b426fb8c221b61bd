"""The schema says what each operation is for, how it refuses, and how to prove who you are."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from farm.http import API_CODES, STATUS_OF
from farm.http_schema import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", path, operation


def test_the_document_is_valid_openapi_and_nothing_in_it_was_guessed() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_every_operation_has_a_summary_one_tag_and_a_name_of_plain_words(
    schema: dict[str, Any],
) -> None:
    for name, _, operation in operations(schema):
        assert operation.get("summary"), name
        assert not operation["summary"].endswith("."), name
        assert len(operation["tags"]) == 1, name
        assert operation["operationId"].replace("_", "").isalpha(), name


def test_every_operation_lists_the_refusals_that_its_form_implies(schema: dict[str, Any]) -> None:
    for name, path, operation in operations(schema):
        answers = set(operation["responses"])
        assert "400" in answers, name
        assert "default" not in answers, f"{name} leaves open what it answers"
        if "{" in path:
            assert "404" in answers, name
        if "requestBody" in operation:
            assert {"413", "415", "422"} <= answers, name
        if operation.get("security"):
            assert {"401", "403"} <= answers, name


def test_every_status_that_an_error_can_have_is_described() -> None:
    statuses = {int(status) for status in STATUS_OF.values()}
    statuses |= {int(status) for status, _ in API_CODES.values()}

    # 405 belongs to methods that are not there, 500 to none on purpose.
    assert statuses - {405, 500} <= set(WORDS)


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        ("/api/v1/fields/{field_id}/", "put", {"409", "412"}),
        ("/api/v1/jobs/{job_id}/retry/", "post", {"409"}),
        ("/api/v1/auth/token/", "post", {"401", "429"}),
        ("/api/v1/statistics/", "post", {"404", "409", "502", "503", "504"}),
        ("/api/v1/farms/{farm_id}/scenes/", "post", {"409", "503", "507"}),
        ("/api/v1/farms/{farm_id}/{index}/tiles", "get", {"409", "502", "503", "507"}),
        ("/api/v1/fields/{field_id}/indices/{index}/tiles", "get", {"409", "502", "503", "507"}),
    ],
)
def test_what_only_the_view_knows_is_listed_too(
    schema: dict[str, Any], path: str, method: str, statuses: set[str]
) -> None:
    assert statuses <= set(schema["paths"][path][method]["responses"])


def test_refusals_refer_to_the_problem_document(schema: dict[str, Any]) -> None:
    refusal = schema["paths"]["/api/v1/keys/"]["post"]["responses"]["422"]

    assert refusal["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert "request_id" in schema["components"]["schemas"]["Problem"]["required"]


def test_log_ins_need_no_credential_and_all_else_takes_one_of_three(schema: dict[str, Any]) -> None:
    token = schema["paths"]["/api/v1/auth/token/"]["post"]
    me = schema["paths"]["/api/v1/auth/me/"]["get"]

    assert token.get("security") in (None, [{}])
    assert {name for each in me["security"] for name in each} == {"apiKey", "jwt", "cookieAuth"}
    assert set(schema["components"]["securitySchemes"]) == {"apiKey", "jwt", "cookieAuth"}


def test_a_route_with_one_method_gives_its_name_to_the_operation(schema: dict[str, Any]) -> None:
    path = "/api/v1/fields/{field_id}/indices/{index}/latest"

    assert schema["paths"][path]["get"]["operationId"] == "field_index_latest"


def test_addresses_hold_numbers_of_rows_and_ids_of_the_catalogue(schema: dict[str, Any]) -> None:
    path = "/api/v1/fields/{field_id}/indices/{index}/latest"
    named = {one["name"]: one["schema"] for one in schema["paths"][path]["get"]["parameters"]}

    assert (named["field_id"]["minimum"], named["field_id"]["maximum"]) == (1, 2**63 - 1)
    assert "ndvi" in named["index"]["enum"]


def test_no_two_operations_share_a_name(schema: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(schema)]

    assert len(names) == len(set(names))
