"""furrow-ndvi killed, held still and out of disk, under the real API: nothing lost or doubled."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from farm.clients.breaker import OPEN_S, SILENCE_S
from farm.clients.channel import close_channels
from farm.clients.ndvi import ndvi_client
from farm.errors import FarmError
from farm.farms.models import Farm, Membership, Role
from farm.fields.models import Field
from farm.imagery.domain import ObjectRef
from farm.imagery.models import Observation, SceneState
from farm.jobs.models import Job, JobState
from farm.jobs.runner import NOT_DUE, run
from tests.contract.farm_site import Site, assert_refused, good_files, square
from tests.contract.ndvi_process import NdviProcess, controllable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.accounts.models import User

pytestmark = pytest.mark.django_db

BACK_WITHIN_S = 20.0


@pytest.fixture
def service(tmp_path: Path, settings: SettingsWrapper) -> Iterator[NdviProcess]:
    with controllable(tmp_path / "store") as service:
        settings.STORE_ROOT = service.store
        settings.NDVI_TARGET = service.target
        yield service
        close_channels()


@pytest.fixture
def site(service: NdviProcess, api_client: APIClient, user: User) -> Site:
    farm = Farm.objects.create(name="Hill Farm")
    Membership.objects.create(farm=farm, user=user, role=Role.MANAGER)
    site = Site(client=api_client, farm=farm, store=service.store, service=service)  # type: ignore[arg-type]
    assert site.draw(square()).status_code == 201
    site.scene = site.read_scene(site.send(good_files()))
    assert site.scene.state == SceneState.READY
    return site


def get(site: Site, name: str, **query: Any) -> Any:
    field = Field.objects.get()
    return site.client.get(reverse(name, args=[field.pk, "ndvi"]), query)


def numbers(site: Site) -> list[tuple[int, str, float]]:
    rows = Observation.objects.filter(scene__farm=site.farm).order_by("scene_id", "index")
    return list(rows.values_list("scene_id", "index", "mean"))


def come_due(job_id: int) -> None:
    Job.objects.filter(pk=job_id).update(run_after=None)


def pictures_come_back(site: Site) -> bool:
    deadline = time.monotonic() + BACK_WITHIN_S
    while time.monotonic() < deadline:
        answer = get(site, "field-index-raster-png", size=64)
        if answer.status_code == 200 and "X-Stale" not in answer:
            return True
        time.sleep(0.1)
    return False


def test_killed_while_it_reads_a_scene_the_numbers_come_once_it_is_back(
    site: Site, service: NdviProcess
) -> None:
    before = numbers(site)
    job_id = site.send(good_files(26)).json()["job"]["id"]
    service.hold_still()  # so that the job is certainly waiting for it
    killer = threading.Timer(0.5, service.kill)
    killer.start()

    assert run(job_id=job_id) == JobState.QUEUED

    killer.join()
    job = Job.objects.get(pk=job_id)
    assert job.error_code == "service_unavailable"
    assert numbers(site) == before
    assert run(job_id=job_id) == NOT_DUE, "it is not tried again and again without a pause"

    service.start()
    time.sleep(OPEN_S)
    come_due(job_id)
    assert run(job_id=job_id) == JobState.SUCCEEDED
    assert len(numbers(site)) == 2 * len(before)
    assert run(job_id=job_id) == NOT_DUE
    assert len(numbers(site)) == 2 * len(before)


def test_while_it_is_held_still_stored_numbers_are_read_and_nobody_else_waits(
    site: Site, service: NdviProcess
) -> None:
    wanted = get(site, "field-index-latest").json()
    service.hold_still()
    ended: list[FarmError | None] = []

    def wait_in_vain() -> None:
        try:
            ndvi_client().describe_raster(object=ObjectRef(key="none.tif"), timeout_s=20)
        except FarmError as error:
            ended.append(error)

    waiting = threading.Thread(target=wait_in_vain)
    waiting.start()
    time.sleep(SILENCE_S + 0.2)

    began = time.monotonic()
    refused = get(site, "field-index-raster-png", size=64)
    assert_refused(
        refused,
        status=503,
        code="service_unavailable",
        reason="CIRCUIT_OPEN",
        words="does not answer",
    )
    assert int(refused["Retry-After"]) >= 1
    for _ in range(20):
        assert get(site, "field-index-raster-png", size=64).status_code == 503
    assert time.monotonic() - began < 5.0, "twenty-one requests waited together for one question"
    read = get(site, "field-index-latest")
    assert read.status_code == 200
    assert read.json()["mean"] == wanted["mean"]

    service.go_on()
    assert pictures_come_back(site)
    waiting.join(BACK_WITHIN_S)
    # It was asked before the doubt and gets its answer: there is no such object.
    assert [type(error).__name__ for error in ended] == ["NotFoundError"]


def test_while_it_is_dead_what_was_asked_before_is_given_again_and_says_so(
    site: Site, service: NdviProcess
) -> None:
    fresh = get(site, "field-index-raster-png", size=64)
    file = b"".join(get(site, "field-index-raster-tif").streaming_content)
    numbers = site.statistics().json()
    assert "X-Stale" not in fresh
    assert numbers["stale"] is False
    service.kill()

    kept = get(site, "field-index-raster-png", size=64)
    assert (kept.status_code, kept.content) == (200, fresh.content)
    assert kept["X-Stale"] == "true"
    assert kept["X-Computed-At"].endswith("Z")
    assert kept["X-Scene-Id"] == fresh["X-Scene-Id"]
    # The file is in the store under the name of all it depends on: it is what it always was.
    assert b"".join(get(site, "field-index-raster-tif").streaming_content) == file
    again = site.statistics().json()
    assert again.pop("stale") is True
    assert again == {name: value for name, value in numbers.items() if name != "stale"}

    assert get(site, "field-index-raster-png", size=65).status_code == 503, "never asked before"
    site.client.credentials()
    site.client.logout()
    assert get(site, "field-index-raster-png", size=64).status_code in {401, 403, 404}


def test_killed_and_started_again_it_is_used_again(site: Site, service: NdviProcess) -> None:
    picture = get(site, "field-index-raster-png", size=64).content
    for _ in range(3):
        service.kill()
        assert get(site, "field-index-latest").status_code == 200

        service.start()

        assert pictures_come_back(site)
        assert get(site, "field-index-raster-png", size=64).content == picture


def test_on_a_full_disk_a_file_is_refused_and_nothing_of_it_stays(
    site: Site, service: NdviProcess
) -> None:
    service.kill()
    service.start(max_file_bytes=100)
    time.sleep(OPEN_S)
    before = site.snapshot()

    answer = get(site, "field-index-raster-tif")

    assert_refused(
        answer, status=503, code="service_unavailable", reason="STORE_UNAVAILABLE", words="store"
    )
    assert site.snapshot() == before
    assert site.statistics().status_code == 200, "what needs no disk goes on"

    service.kill()
    service.start()
    time.sleep(OPEN_S)
    written = get(site, "field-index-raster-tif")
    assert b"".join(written.streaming_content).startswith(b"II")


def test_a_store_that_goes_away_is_waited_for(site: Site, service: NdviProcess) -> None:
    before = numbers(site)
    job_id = site.send(good_files(26)).json()["job"]["id"]
    elsewhere = service.store.with_name("elsewhere")
    service.store.rename(elsewhere)

    refused = get(site, "field-index-raster-png", size=64)
    state = run(job_id=job_id)
    elsewhere.rename(service.store)

    assert_refused(
        refused,
        status=503,
        code="service_unavailable",
        reason="STORE_UNAVAILABLE",
        words="cannot be reached",
    )
    assert state == JobState.QUEUED, "a scene is not given up because of it"
    assert numbers(site) == before
    come_due(job_id)
    assert run(job_id=job_id) == JobState.SUCCEEDED
    assert len(numbers(site)) == 2 * len(before)
