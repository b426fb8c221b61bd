"""Real threads on a real PostgreSQL: uploads, deletions and conditional writes that meet."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, TypeVar

import pytest
from django.db import connection, connections
from rest_framework.test import APIClient

from farm.clients.channel import channel_to
from farm.clients.ndvi import NdviClient
from farm.farms.models import Farm, Membership, Role
from farm.imagery.models import Scene
from farm.imagery.scene_services import delete_scene
from farm.jobs.models import Job
from tests.unit.imagery.observation_making import make_field
from tests.unit.imagery.scene_making import INSIDE, make_scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper

    from farm.accounts.models import User
    from farm.imagery.storage import FolderStore

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite in memory has one connection: no two writers"
    ),
]
WRITERS = 6

_T = TypeVar("_T")


def at_once(work: Callable[[int], _T]) -> list[_T]:
    """Do it in several threads; each failure is one of the test."""
    done: list[_T] = []
    failed: list[Exception] = []

    def one(number: int) -> None:
        try:
            done.append(work(number))
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    return done


@pytest.mark.usefixtures("ndvi")
def test_the_same_files_sent_at_once_are_one_scene_with_one_job(
    hill_farm: Farm, store: FolderStore, settings: SettingsWrapper
) -> None:
    client = NdviClient(channel_to(settings.NDVI_TARGET))

    made = at_once(lambda _: make_scene(hill_farm, ndvi=client, store=store))

    assert sum(each.is_new for each in made) == 1
    assert (Scene.objects.count(), Job.objects.count()) == (1, 1)


@pytest.mark.usefixtures("ndvi")
def test_a_scene_that_is_there_has_its_files_however_often_it_went_and_came(
    hill_farm: Farm, store: FolderStore, settings: SettingsWrapper
) -> None:
    client = NdviClient(channel_to(settings.NDVI_TARGET))

    def come_or_go(number: int) -> None:
        scene = Scene.objects.select_related("farm").first() if number % 2 else None
        if scene is not None:
            delete_scene(scene=scene, store=store)
        else:
            make_scene(hill_farm, ndvi=client, store=store)

    for _ in range(5):
        at_once(come_or_go)
        for scene in Scene.objects.all():
            assert all(store.exists(asset.object_key) for asset in scene.assets.all())


def test_of_writers_who_name_the_same_version_one_goes_through(hill_farm: Farm, user: User) -> None:
    Membership.objects.create(farm=hill_farm, user=user, role=Role.MANAGER)
    path = f"/api/v1/fields/{make_field(hill_farm, **INSIDE).pk}/"
    client = APIClient()
    client.force_authenticate(user)
    version = client.get(path)["ETag"]

    def rename(number: int) -> int:
        own = APIClient()
        own.force_authenticate(user)
        body = json.dumps({"properties": {"name": f"North {number}"}})
        answer = own.generic("PATCH", path, body, "application/json", HTTP_IF_MATCH=version)
        return int(answer.status_code)

    assert sorted(at_once(rename)) == [200] + [412] * (WRITERS - 1)
