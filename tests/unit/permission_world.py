"""A farm with one thing of each kind, everybody who might ask for it, and a sound request each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from rest_framework.test import APIClient

from farm.accounts.models import ApiKey, Scope, User
from farm.accounts.principal import Principal
from farm.accounts.services import create_key
from farm.accounts.tokens import issue_tokens
from farm.farms.models import Farm, Membership, Role
from farm.jobs.models import Job, JobKind, JobState
from farm.jobs.services import request_job
from farm.weather.places import shared_place
from tests.unit.imagery.observation_making import (
    make_field,
    make_observation,
    make_scene,
    square,
)
from tests.unit.weather.water_making import (
    HOURS_OF_STATION,
    MAPPING,
    SETUP,
    add_hours,
    add_water,
    add_weather,
)

if TYPE_CHECKING:
    from tests.unit.permission_table import Rule

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
MISSING = 987_654_321
HERE = {"lon": 3.0, "lat": 51.0}
BELOW = "/api/v1/"


@dataclass(kw_only=True)
class World:
    """Two farms and their people."""

    farm: Farm
    strange_farm: Farm
    owner: User
    stranger: User  # owner of the other farm
    viewer: User  # the member in addresses of members
    ids: dict[str, Any]
    failed_job: Job
    headers: dict[str, dict[str, str]] = field(default_factory=dict)  # by actor

    def path(self, rule: Rule, *, is_missing: bool = False) -> str:
        """The address of this farm's thing, or of one that does not exist."""
        ids = dict(self.ids)
        if rule.path.endswith("/retry/"):
            ids["job_id"] = self.failed_job.pk
        if is_missing:
            ids = {
                name: MISSING if isinstance(value, int) else value for name, value in ids.items()
            }
        return BELOW + rule.path.format(**ids)

    def body(self, rule: Rule) -> dict[str, Any]:
        """What to send, so that only who asks decides about the answer."""
        feature = {
            "type": "Feature",
            "properties": {"name": "New"},
            "geometry": square(**HERE),
        }
        match f"{rule.method} {rule.path}":
            case "POST auth/login/" | "POST auth/token/":
                return {"username": self.owner.username, "password": PASSWORD}
            case "POST auth/token/refresh/" | "POST auth/token/revoke/":
                return {"refresh": issue_tokens(user=self.owner).refresh}
            case "POST auth/password/":
                return {"current_password": PASSWORD, "new_password": "a brand new horse, stapled"}
            case "POST keys/":
                return {"name": "new", "scopes": ["admin"]}
            case "POST farms/" | "PUT farms/{farm_id}/":
                return {"name": "New Farm", "time_zone": "Europe/Brussels"}
            case "PATCH farms/{farm_id}/" | "PATCH scenes/{scene_id}/":
                return {"name": "Renamed"}
            case "POST farms/{farm_id}/members/":
                return {"username": self.stranger.username, "role": "viewer"}
            case "PATCH farms/{farm_id}/members/{user_id}/":
                return {"role": "agronomist"}
            case "POST farms/{farm_id}/fields/" | "PUT fields/{field_id}/":
                return feature
            case "PATCH fields/{field_id}/":
                return {"properties": {"name": "Renamed"}}
            case "PUT farms/{farm_id}/weather/location/":
                return {"longitude": 3.0, "latitude": 51.0}
            case "PATCH farms/{farm_id}/weather/location/":
                return {"elevation_m": 12.0}
            case "PUT fields/{field_id}/water-balance/setup/":
                return SETUP
            case "POST fields/{field_id}/irrigations/":
                return {"day": "2026-06-14", "depth_mm": 12.5}
            case name if name.startswith("GET weather/"):
                return {"latitude": 51.0, "longitude": 3.0}
            case "POST statistics/":
                return {"index": "ndvi", "farm": self.farm.pk, "outlines": square(**HERE)}
        return {}

    def ask(self, actor: str, rule: Rule, *, is_missing: bool = False, **query: Any) -> Any:
        """Send the sound request as somebody, and take back what it did."""
        client = APIClient(raise_request_exception=False)
        client.credentials(**self.headers[actor])
        path, kind = self.path(rule, is_missing=is_missing), "json"
        body: Any = query or self.body(rule)
        if f"{rule.method} {rule.path}" == "POST farms/{farm_id}/scenes/":
            parts = {"10m.tif": f"10m of {actor}", "scl.tif": f"scl of {actor}"}
            files = [SimpleUploadedFile(name, text.encode()) for name, text in parts.items()]
            body, kind = {"files": files}, "multipart"
        if f"{rule.method} {rule.path}" == "POST farms/{farm_id}/weather/observations/":
            file = SimpleUploadedFile("station.csv", HOURS_OF_STATION)
            body, kind = {"file": file, "mapping": json.dumps(MAPPING)}, "multipart"
        with transaction.atomic():
            options = {} if rule.method == "GET" else {"format": kind}
            answer = getattr(client, rule.method.lower())(path, body, **options)
            answer.close()
            transaction.set_rollback(True)
        return answer


def new_world() -> World:
    """Make it; ids are such as no sentence holds by chance."""
    farm = Farm.objects.create(pk=700_001, name="Hill Farm")
    strange_farm = Farm.objects.create(pk=700_002, name="Far Farm")
    people = {
        name: User.objects.create_user(username=name, password=PASSWORD)
        for name in ("viewer", "agronomist", "manager", "owner", "stranger", "inactive", "member")
    }
    for role in Role:
        Membership.objects.create(farm=farm, user=people[role.value], role=role)
    Membership.objects.create(farm=farm, user=people["inactive"], role=Role.OWNER)
    Membership.objects.create(farm=farm, user=people["member"], role=Role.VIEWER)
    for name in ("stranger", "owner"):
        Membership.objects.create(farm=strange_farm, user=people[name], role=Role.OWNER)
    scene = make_scene(farm, pk=700_003)
    parcel = make_field(farm, **HERE)
    make_observation(parcel, scene)
    job = request_job(farm=farm, kind=JobKind.INGEST_SCENE, subject_id=scene.pk, requested_by=None)
    failed = request_job(
        farm=farm, kind=JobKind.RECOMPUTE_FIELD, subject_id=parcel.pk, requested_by=None
    )
    Job.objects.filter(pk=failed.pk).update(state=JobState.FAILED)
    irrigation = add_water(parcel)
    # Of a place without any weather every answer would be that there is none.
    add_weather(farm, days=8)
    add_hours(shared_place(longitude=3.0, latitude=51.0), days=8)
    owner = Principal(user=people["owner"])
    key = create_key(principal=owner, name="mast", scopes=["admin"]).key
    world = World(
        farm=farm,
        strange_farm=strange_farm,
        owner=people["owner"],
        stranger=people["stranger"],
        viewer=people["viewer"],
        failed_job=failed,
        ids={
            "farm_id": farm.pk,
            "field_id": parcel.pk,
            "scene_id": scene.pk,
            "job_id": job.pk,
            "key_id": key.pk,
            "user_id": people["member"].pk,
            "index": "ndvi",
            "kind": "spray",
            "irrigation_id": irrigation.pk,
        },
    )
    world.headers = {"nobody": {}} | {
        name: {"HTTP_AUTHORIZATION": f"Bearer {issue_tokens(user=user).access}"}
        for name, user in people.items()
    }
    _add_keys(world)
    User.objects.filter(pk=people["inactive"].pk).update(is_active=False)
    return world


def _add_keys(world: World) -> None:
    owner = Principal(user=world.owner)
    every = frozenset(Scope.values)

    def add(actor: str, scopes: frozenset[str], **values: Any) -> ApiKey:
        new = create_key(principal=owner, name=actor, scopes=sorted(scopes), **values)
        world.headers[actor] = {"HTTP_AUTHORIZATION": f"Api-Key {new.text}"}
        return new.key

    for scopes in (every - {scope} for scope in every):
        add(key_with(scopes), scopes)
    for scopes in ({"read"}, {"write"}, {"admin"}, {"write", "admin"}):
        add(key_with(frozenset(scopes)), frozenset(scopes))
    add("key of this farm", every, farm=world.farm)
    add("key of another farm", every, farm=world.strange_farm)
    expired = add("expired key", every)
    revoked = add("revoked key", every)
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=LONG_AGO + timedelta(days=1))
    ApiKey.objects.filter(pk=revoked.pk).update(revoked_at=LONG_AGO)
    world.headers["no such key"] = {"HTTP_AUTHORIZATION": "Api-Key fur_00000000_" + "A" * 43}


def key_with(scopes: frozenset[str]) -> str:
    """The actor who holds a key with these scopes."""
    return f"key that may {'+'.join(sorted(scopes))}"
