"""Real threads on a real PostgreSQL: uploads, deletions and conditional writes that meet."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from django.db import connection, connections
from rest_framework.test import APIClient

from farm.clients.channel import channel_to
from farm.clients.ndvi import NdviClient
from farm.farms.models import Farm, Membership, Role
from farm.imagery import mosaics
from farm.imagery.models import Observation, Scene
from farm.imagery.scene_services import delete_scene
from farm.jobs.models import Job
from tests.unit.imagery.observation_making import make_field
from tests.unit.imagery.scene_making import INSIDE, make_scene
from tests.unit.imagery.test_mosaics import LEFT, RIGHT, read, scene_showing

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper

    from farm.accounts.models import User
    from farm.clients.fakes import InMemoryNdvi
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


def test_a_scene_may_be_deleted_while_a_mosaic_of_it_is_written(
    hill_farm: Farm,
    service: InMemoryNdvi,
    ndvi: NdviClient,
    store: FolderStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    field = make_field(hill_farm)
    scenes = [scene_showing(hill_farm, service, pixels) for pixels in (LEFT, RIGHT)]
    read(ndvi, *scenes)
    plan, has_locked, failed = mosaics.planned_mosaics, threading.Event(), []
    plans: list[Any] = []

    def planned(**values: Any) -> Any:
        """The second plan is made under the locks; there it waits for the deletion to wait."""
        plans.append(plan(**values))
        if len(plans) == 2:
            has_locked.set()
            ends_at = time.monotonic() + 30
            while not somebody_waits() and time.monotonic() < ends_at:
                time.sleep(0.02)
        return plans[-1]

    def refresh() -> None:
        try:
            mosaics.refresh_mosaics(field_ids=[field.pk], near=scenes[0], ndvi=ndvi)
        except Exception as error:
            failed.append(error)
        finally:
            has_locked.set()
            connections.close_all()

    monkeypatch.setattr(mosaics, "planned_mosaics", planned)
    other = threading.Thread(target=refresh)
    other.start()
    try:
        assert has_locked.wait(60)
        delete_scene(scene=Scene.objects.select_related("farm").get(pk=scenes[1].pk), store=store)
    finally:
        other.join()

    assert failed == []
    assert not Observation.objects.filter(is_mosaic=True).exists()


def somebody_waits() -> bool:
    """Whether a session of the server waits for a lock of another one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return cursor.fetchone() is not None


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
