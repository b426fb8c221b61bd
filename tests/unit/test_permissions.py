"""Every operation of the schema against everybody who might ask, by real requests.

What is expected stands in :mod:`tests.unit.permission_table`; an operation that is not listed
there, or a route that the schema does not show, fails.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from farm.accounts.models import Scope
from farm.clients.channel import close_channels
from farm.clients.fakes import serving
from farm.clients.weather_fakes import InMemoryWeather, serving_weather
from farm.farms.access import RANK
from farm.farms.models import Role
from farm.fields.models import Field
from farm.imagery.models import Scene
from tests.unit.imagery.ndvi_server import WritingNdvi
from tests.unit.imagery.observation_making import make_scene, square
from tests.unit.imagery.scene_making import has_vegetation, knows_sentinel_2
from tests.unit.permission_table import RULES, Rule
from tests.unit.permission_world import HERE, MISSING, World, key_with, new_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper

PAGES = {"home", "favicon", "healthz", "readyz", "metrics", "api-schema", "api-docs"} | {
    "operations"
}
CLOSED = [name for name, rule in RULES.items() if rule.least != "open"]
UNSAFE = [name for name in CLOSED if not name.startswith("GET ")]
SOMEBODYS = [name for name, rule in RULES.items() if rule.is_of_somebody and "{" in rule.path]
DEAD_CREDENTIALS = ("inactive", "expired key", "revoked key", "no such key")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, str]]:
    """Services in memory: one of NDVI that takes every file, and one of weather."""
    store = tmp_path_factory.mktemp("permissions") / "store"
    ndvi = WritingNdvi(store)
    knows_sentinel_2(ndvi)
    has_vegetation(ndvi)
    with serving(ndvi) as target, serving_weather(InMemoryWeather()) as weather_target:
        yield target, store, weather_target
        close_channels()


@pytest.fixture
def world(db: None, service: tuple[str, Path, str], settings: SettingsWrapper) -> World:
    settings.NDVI_TARGET, settings.STORE_ROOT, settings.WEATHER_TARGET = service
    return new_world()


# --- The table is whole ---------------------------------------------------------------------------


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
        name.upper()
        for name in view.http_method_names
        if name not in {"head", "options", "trace"} and hasattr(view, name)
    ]


def as_schema(path: str) -> str:
    """Write an address of the resolver as the schema does: ``farms/{farm_id}/``."""
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", path).removeprefix("api/v1/")


def test_the_schema_shows_every_route_and_method_and_the_table_lists_them() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    shown = {
        f"{method.upper()} {path.removeprefix('/api/v1/')}"
        for path, operations in schema["paths"].items()
        for method in operations
    }
    routed = {
        f"{method} {as_schema(path)}"
        for path, pattern in routes(get_resolver())
        if path.startswith("api/v1/")
        for method in methods(pattern)
    }

    assert shown == routed
    assert shown == set(RULES)


def test_beside_the_api_there_are_only_the_pages_that_are_known() -> None:
    pages = {p.name for path, p in routes(get_resolver()) if not path.startswith("api/v1/")}

    assert pages == PAGES


# --- Everybody at every operation -----------------------------------------------------------------


def expected(rule: Rule) -> dict[str, tuple[int, str]]:
    """Status and finer reason for each actor; the reason only of what is forbidden."""
    granted = (rule.granted, "")
    if rule.least == "open":
        return {"nobody": granted, "stranger": granted, "key of another farm": granted}
    answers = dict.fromkeys(("nobody", *DEAD_CREDENTIALS), (401, ""))
    if rule.least in {"anybody", "person"}:
        answers |= dict.fromkeys([*(role.value for role in Role), "stranger"], granted)
    elif rule.least == "self":
        answers |= dict.fromkeys([*(role.value for role in Role), "stranger"], (404, ""))
        answers["owner"] = granted  # of the farm, and of the key in the address
    else:
        least = RANK[Role(rule.least)]
        answers |= {
            role.value: granted if RANK[role] >= least else (403, "ROLE_MISSING") for role in Role
        }
        answers["stranger"] = (404, "")
    for scope in rule.scopes:
        answers[key_with(frozenset(Scope.values) - {scope})] = (403, "SCOPE_MISSING")
    answers[key_with(rule.scopes)] = granted
    answers["key of another farm"] = (rule.bound, "")
    if rule.least == "person":
        answers[key_with(rule.scopes)] = (403, "PERSON_REQUIRED")
        answers["key of another farm"] = (403, "PERSON_REQUIRED")
    return answers


@pytest.mark.parametrize("name", RULES)
def test_everybody_gets_what_the_table_says(world: World, name: str) -> None:
    rule = RULES[name]
    wanted = expected(rule)

    found = {}
    for actor in wanted:
        answer = world.ask(actor, rule)
        reason = answer.json().get("reason", "") if answer.status_code == 403 else ""
        # Which reason a bound key is told depends on what it asked for.
        is_told = wanted[actor][1] or wanted[actor][0] != 403
        found[actor] = (answer.status_code, reason if is_told else "")
        if answer.status_code == 401:
            assert "Api-Key" in answer["WWW-Authenticate"]

    assert found == wanted


@pytest.mark.parametrize("name", SOMEBODYS)
def test_what_is_foreign_looks_like_what_is_not_there(world: World, name: str) -> None:
    for actor in ("stranger", "key of another farm"):
        foreign = world.ask(actor, RULES[name]).json()
        missing = world.ask(actor, RULES[name], is_missing=True).json()

        for document in (foreign, missing):
            del document["request_id"], document["instance"]
        assert foreign["status"] == 404
        # “There is no farm 700001.”: the words, without the number that was asked for.
        assert foreign.pop("detail").rpartition(" ")[0] == missing.pop("detail").rpartition(" ")[0]
        assert foreign == missing


@pytest.mark.parametrize("name", UNSAFE)
def test_a_session_changes_nothing_without_its_csrf_token(world: World, name: str) -> None:
    rule = RULES[name]
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(world.owner, backend="django.contrib.auth.backends.ModelBackend")

    answer = getattr(client, rule.method.lower())(world.path(rule), world.body(rule), format="json")

    assert answer.status_code == 403
    assert answer.json()["code"] == "csrf_failed"


# --- Things of others in bodies and query strings -------------------------------------------------


@pytest.mark.parametrize("actor", ["stranger", "key of another farm"])
@pytest.mark.parametrize(("what", "number"), [("farm", 700_001), ("scene", 700_003)])
def test_statistics_of_what_is_foreign_are_of_nothing(
    world: World, actor: str, what: str, number: int
) -> None:
    asked = {"index": "ndvi", "outlines": square(**HERE)}

    foreign = world.ask(actor, RULES["POST statistics/"], **asked, **{what: number})
    missing = world.ask(actor, RULES["POST statistics/"], **asked, **{what: MISSING})

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"] == f"There is no {what} {number}."
    assert missing.json()["detail"] == f"There is no {what} {MISSING}."


@pytest.mark.parametrize("form", ["png", "tif"])
def test_no_raster_shows_a_field_in_the_scene_of_another_farm(world: World, form: str) -> None:
    # The owner may see both farms; the scene is still none of this field's farm.
    scene = make_scene(world.strange_farm, pk=700_009)
    rule = RULES[f"GET fields/{{field_id}}/indices/{{index}}/raster.{form}"]

    foreign = world.ask("owner", rule, scene=scene.pk)
    missing = world.ask("owner", rule, scene=MISSING)

    assert foreign.status_code == missing.status_code == 404
    assert (
        foreign.json()["detail"].replace(str(scene.pk), str(MISSING)) == (missing.json()["detail"])
    )


def test_no_key_is_bound_to_a_farm_that_one_does_not_see(world: World) -> None:
    rule = RULES["POST keys/"]

    foreign = world.ask("stranger", rule, name="n", scopes=["read"], farm=world.farm.pk)
    missing = world.ask("stranger", rule, name="n", scopes=["read"], farm=MISSING)

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"] == f"There is no farm {world.farm.pk}."
    assert missing.json()["detail"] == f"There is no farm {MISSING}."


@pytest.mark.parametrize("place", ["scenes/700001/0/red.tif", "scenes/987654321/0/red.tif"])
def test_no_scene_is_made_of_files_in_the_store_of_another_farm(world: World, place: str) -> None:
    client = APIClient()
    client.credentials(**world.headers["stranger"])
    document = {
        "platform": "sentinel-2",
        "acquired_at": "2024-06-25T10:40:00Z",
        "assets": [{"name": "red", "key": place}],
    }

    answer = client.post(
        reverse("scene-list", args=[world.strange_farm.pk]), document, format="json"
    )

    assert (answer.status_code, answer.json()["reason"]) == (422, "REFERENCE_INVALID")
    assert not Scene.objects.filter(farm=world.strange_farm).exists()


@pytest.mark.parametrize("name", ["PUT fields/{field_id}/", "PATCH fields/{field_id}/"])
def test_a_body_moves_nothing_to_another_farm(world: World, name: str) -> None:
    rule = RULES[name]
    feature = {
        "type": "Feature",
        "id": MISSING,
        "properties": {"name": "Moved", "farm": world.strange_farm.pk},
        "geometry": square(**HERE),
    }
    client = APIClient()
    client.credentials(**world.headers["owner"])

    answer = getattr(client, rule.method.lower())(world.path(rule), feature, format="json")

    assert answer.status_code == 200, answer.content
    field = Field.objects.get(pk=world.ids["field_id"])
    assert (field.name, field.farm_id) == ("Moved", world.farm.pk)


@pytest.mark.parametrize("body", [{"id": 1}, {"farm": 700_002}, {"state": "ready"}])
def test_what_a_scene_is_cannot_be_written(world: World, body: dict[str, Any]) -> None:
    client = APIClient()
    client.credentials(**world.headers["owner"])
    rule = RULES["PATCH scenes/{scene_id}/"]
    before = Scene.objects.values().get(pk=world.ids["scene_id"])

    client.patch(world.path(rule), {"name": before["name"], **body}, format="json")

    after = Scene.objects.values().get(pk=world.ids["scene_id"])
    assert {k: v for k, v in after.items() if k != "updated_at"} == {
        k: v for k, v in before.items() if k != "updated_at"
    }


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("GET keys/", {"farm": 700_001}),
        ("GET jobs/", {"farm": 700_001}),
        ("GET jobs/", {"subject_id": 700_003}),
    ],
)
def test_filtering_by_what_is_foreign_is_like_filtering_by_nothing(
    world: World, name: str, query: dict[str, int]
) -> None:
    for actor in ("stranger", "key of another farm"):
        foreign = world.ask(actor, RULES[name], **query)
        missing = world.ask(actor, RULES[name], **dict.fromkeys(query, MISSING))

        assert (foreign.status_code, foreign.json()) == (200, missing.json())
        assert foreign.json()["count"] == 0


def test_lists_hold_nothing_of_others(world: World) -> None:
    for name in ("GET farms/", "GET jobs/", "GET keys/"):
        shown = world.ask("stranger", RULES[name]).json()["results"]
        assert {one.get("farm", one["id"]) for one in shown} <= {world.strange_farm.pk}, name
    about = world.ask("key of another farm", RULES["GET auth/me/"]).json()
    assert [one["farm"] for one in about["farms"]] == [world.strange_farm.pk]


def test_the_admin_is_for_staff_alone(world: World) -> None:
    client = APIClient()
    client.force_login(world.owner, backend="django.contrib.auth.backends.ModelBackend")

    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        for asking in (APIClient(), client):
            answer = asking.get(reverse(name))
            assert answer.status_code == 302
            assert answer["Location"].startswith(reverse("admin:login"))
