"""Two who work on one scene at once: nothing is lost, nothing is left in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from farm.errors import NotFoundError
from farm.farms.models import Farm, Membership, Role
from farm.imagery import scene_services
from farm.imagery.ingest_jobs import IngestScene
from farm.imagery.models import Scene, SceneState
from farm.imagery.scene_services import change_scene, delete_scene
from farm.jobs import runner
from farm.jobs.models import Job, JobState
from farm.jobs.services import cancel_job
from tests.unit.imagery.observation_making import make_field
from tests.unit.imagery.scene_making import INSIDE, make_scene

if TYPE_CHECKING:
    from rest_framework.test import APIClient

    from farm.accounts.models import User
    from farm.clients.ndvi import NdviClient
    from farm.imagery.storage import FolderStore


@pytest.fixture
def scene(hill_farm: Farm, ndvi: NdviClient, store: FolderStore) -> Scene:
    return make_scene(hill_farm, ndvi=ndvi, store=store).scene


def test_a_new_name_leaves_what_a_job_has_written_meanwhile(scene: Scene) -> None:
    Scene.objects.filter(pk=scene.pk).update(state=SceneState.READY, radiometry_reason="measured")

    change_scene(scene=scene, name="April", requested_by=None)

    row = Scene.objects.get(pk=scene.pk)
    assert (row.name, row.state, row.radiometry_reason) == ("April", SceneState.READY, "measured")
    assert (scene.name, scene.state) == ("April", SceneState.READY)


def test_two_overrides_at_once_both_hold(scene: Scene) -> None:
    other = Scene.objects.get(pk=scene.pk)

    change_scene(scene=scene, scale_override=0.0002, requested_by=None)
    change_scene(scene=other, offset_override=-0.1, requested_by=None)

    row = Scene.objects.get(pk=scene.pk)
    assert (row.scale_override, row.offset_override) == (0.0002, -0.1)


def test_a_scene_that_was_deleted_meanwhile_is_not_there_to_be_changed(scene: Scene) -> None:
    Scene.objects.filter(pk=scene.pk).delete()

    with pytest.raises(NotFoundError):
        change_scene(scene=scene, name="April", requested_by=None)


def test_a_scene_sent_again_while_it_is_deleted_keeps_its_files(
    scene: Scene,
    hill_farm: Farm,
    ndvi: NdviClient,
    store: FolderStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files_of, again = scene_services.locked_files, []

    def meanwhile(farm: Farm) -> Any:
        """The other one comes when the row is gone and the files are not."""
        monkeypatch.setattr(scene_services, "locked_files", files_of)
        again.append(make_scene(hill_farm, ndvi=ndvi, store=store))
        return files_of(farm)

    monkeypatch.setattr(scene_services, "locked_files", meanwhile)
    delete_scene(scene=scene, store=store)

    new = again[0].scene
    assert again[0].is_new
    assert all(store.exists(asset.object_key) for asset in new.assets.all())


def test_what_a_killed_deletion_left_is_not_taken_for_the_scene(
    hill_farm: Farm, ndvi: NdviClient, store: FolderStore
) -> None:
    first = make_scene(hill_farm, ndvi=ndvi, store=store).scene
    keys = [asset.object_key for asset in first.assets.all()]
    folder = keys[0].rpartition("/")[0]
    first.delete()  # the row is gone, and so are some of the files
    store.delete_folder(folder)
    store.put(f"{folder}/scl.tif", [b"half"], max_bytes=10)

    again = make_scene(hill_farm, ndvi=ndvi, store=store)

    assert again.is_new
    assert all(store.exists(key) for key in keys)
    with store.open(f"{folder}/scl.tif") as file:
        assert file.read() == b"pixels!"


def test_the_files_of_a_scene_go_when_its_farm_went_while_they_were_sent(
    hill_farm: Farm, ndvi: NdviClient, store: FolderStore
) -> None:
    gone = Farm(pk=hill_farm.pk + 1, name="Gone")

    with pytest.raises(NotFoundError):
        make_scene(gone, ndvi=ndvi, store=store)

    assert not store.exists(f"scenes/{gone.pk}")
    assert Scene.objects.count() == 0


def test_a_cancelled_reading_leaves_the_scene_waiting(
    scene: Scene, hill_farm: Farm, ndvi: NdviClient
) -> None:
    make_field(hill_farm, **INSIDE)
    job = Job.objects.get()
    handler = IngestScene(ndvi)
    run = handler.run

    def cancelled_meanwhile(job_run: Any) -> None:
        cancel_job(job=job)
        job_run.beat()
        run(job_run)

    handler.run = cancelled_meanwhile  # type: ignore[method-assign]
    state = runner.run(job_id=job.pk, handler=handler)

    assert state == JobState.CANCELLED
    assert Scene.objects.get(pk=scene.pk).state == SceneState.NEW


@pytest.mark.usefixtures("ndvi", "store")
@pytest.mark.parametrize("override", ["scale_override", "offset_override"])
def test_an_override_needs_a_manager_also_with_a_new_scene(
    api_client: APIClient, user: User, hill_farm: Farm, override: str
) -> None:
    member = Membership.objects.create(farm=hill_farm, user=user, role=Role.AGRONOMIST)

    def send() -> int:
        form = {"files": [SimpleUploadedFile("10m.tif", b"pixels")], override: "0.001"}
        url = reverse("scene-list", args=[hill_farm.pk])
        return int(api_client.post(url, form, format="multipart").status_code)

    assert send() == 403
    assert not Scene.objects.exists()
    member.role = Role.MANAGER
    member.save()
    assert send() == 201
