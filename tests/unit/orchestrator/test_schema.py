"""The schema tells how requests are refused and how to prove who you are."""

import pytest
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema):
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", path, operation


def test_every_operation_documents_problems(schema):
    for name, path, operation in operations(schema):
        answers = operation["responses"]
        assert "default" in answers, name
        if "{" in path:
            assert "404" in answers, name
        if "requestBody" in operation:
            assert {"400", "422"} <= set(answers), name


def test_refusals_refer_to_the_problem_document(schema):
    refusal = schema["paths"]["/api/v1/keys/"]["post"]["responses"]["422"]

    assert refusal["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert "request_id" in schema["components"]["schemas"]["Problem"]["required"]


def test_log_ins_need_no_credential_and_all_else_takes_one_of_three(schema):
    token = schema["paths"]["/api/v1/auth/token/"]["post"]
    me = schema["paths"]["/api/v1/auth/me/"]["get"]

    assert "401" not in token["responses"] or token.get("security") in (None, [{}])
    assert {name for each in me["security"] for name in each} == {"apiKey", "jwt", "cookieAuth"}
    assert "401" in me["responses"]
    assert set(schema["components"]["securitySchemes"]) == {"apiKey", "jwt", "cookieAuth"}


def test_operations_are_named_as_their_routes(schema):
    assert schema["paths"]["/api/v1/keys/{key_id}/rotate/"]["post"]["operationId"] == (
        "key_rotate_post"
    )


def test_no_two_operations_share_a_name(schema):
    names = [operation["operationId"] for _, _, operation in operations(schema)]

    assert len(names) == len(set(names))
