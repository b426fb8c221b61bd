"""Whatever is sent by the words of the schema or against them is answered as the schema says.

Requests are drawn from the OpenAPI document by schemathesis, the same ones each time, and run
through the whole WSGI application with a real furrow-ndvi and furrow-weather behind it. No answer
is a fault of the server, and status, content type, headers and body are those that the document
lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from schemathesis.config import (
    GenerationConfig,
    HealthCheck,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.specs.openapi import checks

from farm.accounts.models import Scope
from farm.accounts.principal import Principal
from farm.accounts.services import create_key
from farm.farms.models import Membership, Role
from farm.jobs.models import Job
from orchestrator.wsgi import application
from tests.contract.farm_site import square
from tests.contract.weather.weather_process import running as weather_running
from tests.unit.weather.water_making import add_water, add_weather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_django.fixtures import Settings
    from schemathesis import Case

    from farm.accounts.models import User
    from tests.contract.farm_site import Site

pytestmark = pytest.mark.django_db

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def closing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Our application, read to the end and closed, as a server does and schemathesis does not."""
    answer = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        if close := getattr(answer, "close", None):
            close()


def loaded(*, examples_of_each: int) -> Any:
    """The document, and how many requests are drawn from it at random.

    Beside these come the document's own examples, and every value at or just beyond a border.
    """
    drawn = GenerationConfig(
        max_examples=examples_of_each, deterministic=True, no_shrink=True, database="none"
    )
    schema = schemathesis.openapi.from_dict(
        SchemaGenerator().get_schema(request=None, public=True),
        config=SchemathesisConfig(
            seed=1,
            suppress_health_check=list(HealthCheck),
            projects=ProjectsConfig(default=ProjectConfig(generation=drawn)),
        ),
    )
    schema.app = closing
    return schema


of_owners = loaded(examples_of_each=10)
of_strangers = loaded(examples_of_each=2)


@pytest.fixture(scope="module")
def weather_target() -> Iterator[str]:
    """Where the weather service is."""
    with weather_running() as process:
        yield process.target


@pytest.fixture
def ids(site: Site, user: User, weather_target: str, settings: Settings) -> dict[str, int]:
    """What there is; a request that fits the schema names it instead of a number that is drawn."""
    settings.WEATHER_TARGET = weather_target
    irrigation = add_water(site.farm.fields.get())
    add_weather(site.farm, days=3)
    Membership.objects.filter(user=user).update(role=Role.OWNER)
    assert site.scene is not None
    key = create_key(principal=Principal(user=user), name="drawn", scopes=["read"]).key
    return {
        "farm_id": site.farm.pk,
        "field_id": site.farm.fields.get().pk,
        "scene_id": site.scene.pk,
        "job_id": Job.objects.latest("pk").pk,
        "key_id": key.pk,
        "user_id": user.pk,
        "irrigation_id": irrigation.pk,
    }


@pytest.fixture
def authorization(user: User) -> str:
    """Of a key that may everything."""
    new = create_key(principal=Principal(user=user), name="all", scopes=Scope.values)
    return f"Api-Key {new.text}"


def aim(case: Case, ids: dict[str, int]) -> None:
    """Let a request that fits the schema reach something, with an outline that is one."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    for name in set(ids) & set(case.path_parameters or ()):
        case.path_parameters[name] = ids[name]
    for place in (case.query, case.body):
        if not isinstance(place, dict):
            continue
        for name in {"farm", "scene"} & set(place):
            place[name] = ids[f"{name}_id"]
        for name in {"outlines", "geometry"} & set(place):
            place[name] = square()


@of_owners.parametrize()
def test_an_owner_is_answered_as_the_schema_says(
    case: Case, ids: dict[str, int], authorization: str
) -> None:
    aim(case, ids)
    # A log-in asks for its CSRF token before it looks at the method.
    is_login = case.operation.path == "/api/v1/auth/login/"

    with transaction.atomic():
        case.call_and_validate(
            headers={"Authorization": authorization},
            checks=CHECKS if is_login else [*CHECKS, checks.unsupported_method],
        )
        transaction.set_rollback(True)


@of_strangers.parametrize()
def test_a_stranger_is_answered_as_the_schema_says(case: Case) -> None:
    with transaction.atomic():
        answer = case.call_and_validate(checks=CHECKS)
        transaction.set_rollback(True)

    if case.operation.definition.raw.get("security"):
        assert answer.status_code in {400, 401, 404, 405, 406}
