"""Every route against every kind of caller; the resolver's routes, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from farm.accounts.models import Scope, User
from farm.accounts.principal import Principal
from farm.accounts.services import create_key
from farm.farms.access import RANK
from farm.farms.models import Farm, Membership, Role
from farm.jobs.models import JobKind
from farm.jobs.services import request_job
from tests.unit.imagery.observation_making import make_field, make_scene

MISSING = 987_654_321
READ, WRITE, ADMIN = frozenset({"read"}), frozenset({"write"}), frozenset({"admin"})
OWNERS = WRITE | ADMIN


@dataclass(frozen=True)
class Rule:
    """Who may call a route."""

    scopes: frozenset[str] = READ
    role: Role | None = None  # on the farm of the thing in the address
    is_own: bool = False  # the thing in the address is a person's, not a farm's
    is_open: bool = False  # nobody needs a credential


OPEN = Rule(is_open=True)
VIEWER = Rule(role=Role.VIEWER)
AGRONOMIST = Rule(WRITE, Role.AGRONOMIST)
MANAGER = Rule(WRITE, Role.MANAGER)
OWNER = Rule(OWNERS, Role.OWNER)

RULES: dict[tuple[str, str], Rule] = {
    ("auth-login", "get"): OPEN,
    ("auth-login", "post"): OPEN,
    ("auth-token", "post"): OPEN,
    ("auth-token-refresh", "post"): OPEN,
    ("auth-token-revoke", "post"): OPEN,
    ("auth-logout", "post"): Rule(READ),
    ("auth-me", "get"): Rule(READ),
    ("auth-password", "post"): Rule(WRITE),
    ("key-list", "get"): Rule(ADMIN),
    ("key-list", "post"): Rule(ADMIN),
    ("key-detail", "get"): Rule(ADMIN, is_own=True),
    ("key-rotate", "post"): Rule(ADMIN, is_own=True),
    ("key-revoke", "post"): Rule(ADMIN, is_own=True),
    ("farm-list", "get"): Rule(READ),
    ("farm-list", "post"): Rule(WRITE),
    ("farm-detail", "get"): VIEWER,
    ("farm-detail", "put"): MANAGER,
    ("farm-detail", "patch"): MANAGER,
    ("farm-detail", "delete"): OWNER,
    ("farm-member-list", "get"): VIEWER,
    ("farm-member-list", "post"): OWNER,
    ("farm-member-detail", "get"): VIEWER,
    ("farm-member-detail", "patch"): OWNER,
    ("farm-member-detail", "delete"): OWNER,
    ("field-list", "get"): VIEWER,
    ("field-list", "post"): MANAGER,
    ("field-detail", "get"): VIEWER,
    ("field-detail", "put"): AGRONOMIST,
    ("field-detail", "patch"): AGRONOMIST,
    ("field-detail", "delete"): MANAGER,
    ("index-list", "get"): Rule(READ),
    ("index-detail", "get"): Rule(READ),
    ("field-index-latest", "get"): VIEWER,
    ("field-index-timeseries", "get"): VIEWER,
    ("field-index-raster-png", "get"): VIEWER,
    ("field-index-raster-tif", "get"): VIEWER,
    ("field-index-legend", "get"): VIEWER,
    ("farm-index-latest", "get"): VIEWER,
    ("farm-index-timeseries", "get"): VIEWER,
    ("statistics", "post"): Rule(READ),
    ("scene-list", "get"): VIEWER,
    ("scene-list", "post"): AGRONOMIST,
    ("scene-detail", "get"): VIEWER,
    ("scene-detail", "patch"): AGRONOMIST,
    ("scene-detail", "delete"): MANAGER,
    ("scene-ingest", "post"): AGRONOMIST,
    ("job-list", "get"): Rule(READ),
    ("job-detail", "get"): VIEWER,
    ("job-cancel", "post"): AGRONOMIST,
    ("job-retry", "post"): AGRONOMIST,
}
PAGES = {"home", "favicon", "healthz", "readyz", "metrics", "api-schema", "api-docs"}
ON_A_FARM = sorted(key for key, rule in RULES.items() if rule.role)
CLOSED = sorted(key for key, rule in RULES.items() if not rule.is_open)
UNSAFE = sorted(key for key in CLOSED if key[1] != "get")


def routes(resolver: URLResolver, above: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield path and pattern of each route but the admin's."""
    for entry in resolver.url_patterns:
        path = f"{above}{entry.pattern}"
        if isinstance(entry, URLPattern):
            yield path, entry
        elif entry.app_name != "admin":
            yield from routes(entry, path)


def methods(pattern: URLPattern) -> list[str]:
    """What a view of the API answers to, but HEAD and OPTIONS."""
    view = pattern.callback.view_class  # type: ignore[union-attr]
    return [
        name
        for name in view.http_method_names
        if name not in {"head", "options", "trace"} and hasattr(view, name)
    ]


@dataclass(frozen=True)
class World:
    """A farm with one thing of each kind, and a stranger's farm without any."""

    farm: Farm
    owner: User
    stranger: User
    strange_farm: Farm
    ids: dict[str, int]

    def path(self, route: str, *, is_missing: bool = False) -> str:
        """The address of the thing of this farm, or of one that does not exist."""
        names = next(
            pattern.pattern.converters
            for _, pattern in routes(get_resolver())
            if pattern.name == route
        )
        ids: dict[str, Any] = {**self.ids, "index": "ndvi"}
        if is_missing:
            ids |= dict.fromkeys(self.ids, MISSING)
        return reverse(route, kwargs={name: ids[name] for name in names})


@pytest.fixture
def world(user: User, other_user: User) -> World:
    # Ids that no sentence holds by chance.
    farm = Farm.objects.create(pk=700_001, name="Hill Farm")
    strange_farm = Farm.objects.create(pk=700_002, name="Far Farm")
    Membership.objects.create(farm=farm, user=user, role=Role.OWNER)
    Membership.objects.create(farm=strange_farm, user=other_user, role=Role.OWNER)
    scene = make_scene(farm, pk=700_003)
    job = request_job(farm=farm, kind=JobKind.INGEST_SCENE, subject_id=scene.pk, requested_by=None)
    key = create_key(principal=Principal(user=user), name="mast", scopes=["read"]).key
    return World(
        farm=farm,
        owner=user,
        stranger=other_user,
        strange_farm=strange_farm,
        ids={
            "farm_id": farm.pk,
            "field_id": make_field(farm).pk,
            "scene_id": scene.pk,
            "job_id": job.pk,
            "key_id": key.pk,
            "user_id": user.pk,
        },
    )


def as_user(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def as_key(owner: User, *, scopes: frozenset[str], farm: Farm | None = None) -> APIClient:
    new = create_key(
        principal=Principal(user=owner), name="n", scopes=sorted(scopes) or ["read"], farm=farm
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {new.text}")
    return client


def call(client: APIClient, method: str, path: str) -> Any:
    """Call, and take back what it did."""
    with transaction.atomic():
        answer = getattr(client, method)(path)
        transaction.set_rollback(True)
    return answer


def problem_of(answer: Any) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    return document


def test_the_table_lists_every_route_and_method_of_the_resolver() -> None:
    found = {
        (str(pattern.name), method)
        for path, pattern in routes(get_resolver())
        if path.startswith("api/v1/")
        for method in methods(pattern)
    }
    pages = {p.name for path, p in routes(get_resolver()) if not path.startswith("api/v1/")}

    assert found == set(RULES)
    assert pages == PAGES


@pytest.mark.parametrize(("route", "method"), CLOSED)
def test_nobody_without_a_credential_gets_in(world: World, route: str, method: str) -> None:
    answer = call(APIClient(), method, world.path(route))

    assert answer.status_code == 401
    assert "Api-Key" in answer["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("route", "method"), [key for key in CLOSED if RULES[key].role or RULES[key].is_own]
)
def test_what_is_foreign_looks_like_what_is_not_there(
    world: World, route: str, method: str
) -> None:
    client = as_user(world.stranger)

    foreign = problem_of(call(client, method, world.path(route)))
    missing = problem_of(call(client, method, world.path(route, is_missing=True)))

    for document in (foreign, missing):
        del document["request_id"], document["instance"]
    assert foreign["status"] == 404
    # “There is no farm 700001.”: the words, without the number that was asked for.
    assert foreign.pop("detail").rpartition(" ")[0] == missing.pop("detail").rpartition(" ")[0]
    assert foreign == missing


@pytest.mark.parametrize(("route", "method"), ON_A_FARM)
def test_each_role_may_what_the_table_says(world: World, route: str, method: str) -> None:
    least = RULES[route, method].role
    assert least is not None
    allowed = {}
    for role in Role:
        person = User.objects.create_user(username=f"the-{role.value}")
        Membership.objects.create(farm=world.farm, user=person, role=role)
        answer = call(as_user(person), method, world.path(route))
        allowed[role] = answer.status_code != 403
        if allowed[role]:
            assert answer.status_code < 500
            assert answer.status_code != 404 or problem_of(answer)["code"] != "not_found"
        else:
            assert problem_of(answer)["reason"] == "ROLE_MISSING"

    assert allowed == {role: RANK[role] >= RANK[least] for role in Role}


@pytest.mark.parametrize(("route", "method"), CLOSED)
def test_a_key_without_the_scope_is_refused(world: World, route: str, method: str) -> None:
    needed = RULES[route, method].scopes
    for scope in needed:
        client = as_key(world.owner, scopes=frozenset(Scope.values) - {scope})
        answer = call(client, method, world.path(route))
        assert answer.status_code == 403
        assert problem_of(answer)["reason"] == "SCOPE_MISSING"

    just_enough = call(as_key(world.owner, scopes=needed), method, world.path(route))
    # A key changes no password, and renews no key that may more than itself.
    if (route, method) not in {("auth-password", "post"), ("key-rotate", "post")}:
        assert just_enough.status_code != 403


@pytest.mark.parametrize(("route", "method"), ON_A_FARM)
def test_a_key_bound_to_another_farm_sees_nothing_of_this_one(
    world: World, route: str, method: str
) -> None:
    Membership.objects.create(farm=world.strange_farm, user=world.owner, role=Role.OWNER)
    bound = as_key(world.owner, scopes=frozenset(Scope.values), farm=world.strange_farm)

    assert call(bound, method, world.path(route)).status_code == 404


@pytest.mark.parametrize(("route", "method"), UNSAFE)
def test_a_session_changes_nothing_without_its_csrf_token(
    world: World, route: str, method: str
) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(world.owner, backend="django.contrib.auth.backends.ModelBackend")

    answer = call(client, method, world.path(route))

    assert answer.status_code == 403
    assert problem_of(answer)["code"] == "csrf_failed"


@pytest.mark.parametrize("body", [{"farm": 700_001}, {"scene": 700_003}], ids=["farm", "scene"])
def test_statistics_of_a_foreign_farm_are_of_none(world: World, body: dict[str, int]) -> None:
    asked = {"index": "ndvi", "outlines": {"type": "Polygon", "coordinates": []}, **body}
    name, number = next(iter(body.items()))

    for client in (
        as_user(world.stranger),
        as_key(world.stranger, scopes=READ, farm=world.strange_farm),
    ):
        answer = client.post(reverse("statistics"), asked)
        assert answer.status_code == 404
        assert problem_of(answer)["detail"] == f"There is no {name} {number}."


@pytest.mark.parametrize("route", ["key-list", "job-list"])
def test_filtering_by_a_foreign_farm_is_like_filtering_by_none(world: World, route: str) -> None:
    client = as_user(world.stranger)

    foreign, missing = (
        client.get(reverse(route), {"farm": number}) for number in (world.farm.pk, MISSING)
    )

    assert (foreign.status_code, foreign.json()) == (200, missing.json())
    assert foreign.json()["count"] == 0


def test_the_admin_is_for_staff_alone(world: World) -> None:
    client = APIClient()
    client.force_login(world.owner, backend="django.contrib.auth.backends.ModelBackend")

    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        for asking in (APIClient(), client):
            answer = asking.get(reverse(name))
            assert answer.status_code == 302
            assert answer["Location"].startswith(reverse("admin:login"))
