"""Reading a scene: one observation per field, scene and index, with a receipt; or none and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from farm.clients.fakes import ENGINE_VERSION, Failure, clouded_summary, full_summary
from farm.errors import ServiceUnavailableError
from farm.fields.models import Field
from farm.imagery import scene_reading
from farm.imagery.catalogue import catalogue
from farm.imagery.ingest import ingest_scene, recompute_field_in_scene
from farm.imagery.ingest_requests import recompute_field, recompute_fields
from farm.imagery.models import Observation, RadiometryVerdict, Scene, SceneState
from farm.imagery.scene_reading import IngestStoppedError
from farm.imagery.scene_services import change_scene
from farm.jobs.models import Job, JobKind, JobState
from farm.jobs.runner import run
from farm.rpc.ndvi.v1 import ndvi_pb2
from tests.unit.imagery.observation_making import make_field
from tests.unit.imagery.scene_making import INSIDE, has_vegetation, make_scene

if TYPE_CHECKING:
    from farm.clients.fakes import InMemoryNdvi
    from farm.clients.ndvi import NdviClient
    from farm.farms.models import Farm
    from farm.imagery.storage import FolderStore

BANDS = {"blue", "green", "red", "nir"}


@pytest.fixture
def field(hill_farm: Farm) -> Field:
    return make_field(hill_farm, **INSIDE)


@pytest.fixture
def scene(hill_farm: Farm, ndvi: NdviClient, store: FolderStore) -> Scene:
    return make_scene(hill_farm, ndvi=ndvi, store=store).scene


def possible() -> set[str]:
    return {index.id for index in catalogue().indices.values() if index.formula_for(BANDS)}


def test_every_index_whose_bands_are_there_is_observed(
    field: Field, scene: Scene, ndvi: NdviClient
) -> None:
    result = ingest_scene(scene=scene, ndvi=ndvi)

    found = set(Observation.objects.values_list("field_id", "scene_id", "index"))
    assert found == {(field.pk, scene.pk, index) for index in possible()}
    assert result.state is SceneState.READY
    assert result.observation_count == len(found)
    assert result.field_count == 1
    scene.refresh_from_db()
    assert scene.state == SceneState.READY
    assert scene.radiometry_verdict == RadiometryVerdict.CONSISTENT


def test_an_observation_is_what_the_service_said(
    field: Field, scene: Scene, ndvi: NdviClient
) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)

    row = Observation.objects.get(index="ndvi")
    assert (row.mean, row.p10, row.p90) == (0.5, 0.4, 0.6)
    assert (row.covered_pixels, row.clear_share, row.edge_share) == (40.25, 1.0, 0.4)
    assert row.outline_sha256 == field.outline_sha256
    assert row.acquired_at == scene.acquired_at


def test_a_clouded_field_is_observed_without_a_mean(
    field: Field, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    service.summary = lambda field_id, index: clouded_summary()

    ingest_scene(scene=scene, ndvi=ndvi)

    row = Observation.objects.get(index="ndvi")
    assert (row.mean, row.median, row.p10, row.p90) == (None, None, None, None)
    assert (row.clear_share, row.covered_pixels) == (0.0, 40.25)


def test_a_field_beside_the_scene_is_not_asked_for(
    field: Field, hill_farm: Farm, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    make_field(hill_farm, "Far", lon=4.0)

    ingest_scene(scene=scene, ndvi=ndvi)

    (request,) = [one for one in service.requests if hasattr(one, "indices")]
    assert [outline.field_id for outline in request.fields] == [str(field.pk)]


def test_a_field_that_the_raster_does_not_reach_is_not_observed(
    field: Field, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    service.summary = lambda field_id, index: ndvi_pb2.FieldSummary(outline_area_m2=4000)

    ingest_scene(scene=scene, ndvi=ndvi)

    assert not Observation.objects.exists()
    scene.refresh_from_db()
    assert scene.state == SceneState.READY


def test_reading_again_changes_numbers_and_adds_none(
    field: Field, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)
    before = dict(Observation.objects.values_list("index", "pk"))
    service.summary = lambda field_id, index: full_summary(0.7)

    ingest_scene(scene=scene, ndvi=ndvi)

    assert dict(Observation.objects.values_list("index", "pk")) == before
    assert set(Observation.objects.values_list("mean", flat=True)) == {0.7}


def test_the_receipt_says_all_that_the_number_depends_on(
    field: Field, scene: Scene, ndvi: NdviClient
) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)
    scene.refresh_from_db()

    receipt = Observation.objects.get(index="ndvi").receipt

    assert receipt["scene"]["id"] == scene.pk
    assert set(receipt["scene"]["assets"]) == {"red", "nir", "scl"}
    assert receipt["scene"]["assets"]["red"]["band_number"] == 3
    assert receipt["radiometry"]["bands"]["red"] == {"asset": "red", "scale": 1e-4, "offset": 0.0}
    assert receipt["radiometry"]["source"] == "file_tags"
    assert receipt["radiometry"]["verdict"] == "consistent"
    assert receipt["mask"] == {"rule": "SCL classes 4, 5, 6 and 7 are kept.", "dilation_m": 0.0}
    assert receipt["index"]["formula"] == "(nir - red) / (nir + red)"
    assert receipt["index"]["catalogue_version"] == catalogue().version
    assert receipt["grid"] == {"epsg": 32631, "pixel_width": 10, "pixel_height": 10}
    assert receipt["engine"] == {"name": "furrow-ndvi", "version": ENGINE_VERSION}


def test_progress_counts_fields_to_the_end(hill_farm: Farm, scene: Scene, ndvi: NdviClient) -> None:
    for number in range(3):
        make_field(hill_farm, f"Field {number}", **INSIDE)
    told: list[tuple[int, int]] = []

    ingest_scene(
        scene=scene, ndvi=ndvi, on_progress=lambda done, total, note: told.append((done, total))
    )

    assert told[-1] == (3, 3)
    assert told == sorted(told)


# --- Contradictions -----------------------------------------------------------------------------


def test_a_contradiction_holds_the_scene_and_publishes_nothing(
    field: Field, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    has_vegetation(service, darkest=1250)

    result = ingest_scene(scene=scene, ndvi=ndvi)

    scene.refresh_from_db()
    assert result.state is SceneState.HELD
    assert (scene.state, scene.radiometry_verdict) == (SceneState.HELD, "offset_still_in")
    assert "still in the pixels" in scene.state_reason
    assert not Observation.objects.exists()


def test_numbers_of_a_scene_that_is_found_contradictory_later_are_withdrawn(
    field: Field, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)
    has_vegetation(service, darkest=1250)

    ingest_scene(scene=scene, ndvi=ndvi)

    assert not Observation.objects.exists()


def test_the_operators_word_releases_a_held_scene(
    field: Field, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    has_vegetation(service, darkest=1250)
    ingest_scene(scene=scene, ndvi=ndvi)
    scene.refresh_from_db()
    change_scene(scene=scene, offset_override=-0.1, requested_by=None)

    ingest_scene(scene=scene, ndvi=ndvi)

    scene.refresh_from_db()
    assert (scene.state, scene.radiometry_verdict) == (SceneState.READY, "overridden")
    assert scene.radiometry_source == "operator"
    receipt = Observation.objects.get(index="ndvi").receipt
    assert receipt["radiometry"]["bands"]["red"]["offset"] == -0.1
    request = service.requests[-1]
    assert {band.offset for band in request.scenes[0].bands} == {-0.1}


def test_only_plants_are_measured(scene: Scene, service: InMemoryNdvi, ndvi: NdviClient) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)

    (request,) = [one for one in service.requests if hasattr(one, "kept_classes")]
    assert list(request.kept_classes) == [4]
    assert {band.name for band in request.scene.bands} == {"blue", "red"}


# --- Files that change --------------------------------------------------------------------------


def on_the_web(scene: Scene) -> None:
    """Let the files of a scene stay at addresses with a secret in them."""
    for asset in scene.assets.all():
        name = asset.object_key.rpartition("/")[2]
        asset.object_key, asset.url = "", f"https://example.org/{name}?signature=secret"
        asset.save()


def grows(service: InMemoryNdvi) -> None:
    """Let every file be a byte longer than it was."""
    describe = service.describe

    def longer(place: str) -> ndvi_pb2.DescribeRasterResponse | None:
        answer = describe(place)
        if answer is not None:
            answer.size_bytes += 1
        return answer

    service.describe = longer


def test_a_file_that_is_another_by_now_withdraws_the_scene_in_words(
    field: Field, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)
    on_the_web(scene)
    before = Observation.objects.count()
    grows(service)

    run(job_id=Job.objects.get().pk)

    scene.refresh_from_db()
    assert scene.state == SceneState.FAILED
    assert "is not the file it was when the scene was made" in scene.state_reason
    assert "secret" not in scene.state_reason
    assert Job.objects.get().state == JobState.FAILED
    assert Observation.objects.count() == before


def test_a_new_outline_is_not_computed_from_a_file_that_is_another_by_now(
    field: Field, hill_farm: Farm, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)
    on_the_web(scene)
    late = make_field(hill_farm, "Drawn late", **INSIDE)
    job = recompute_field(field=late, requested_by=None)
    grows(service)

    assert job is not None
    assert run(job_id=job.pk) == JobState.SUCCEEDED

    scene.refresh_from_db()
    assert scene.state == SceneState.FAILED
    assert not Observation.objects.filter(field=late).exists()


def test_outlines_are_loaded_by_the_batch_and_none_to_publish(
    hill_farm: Farm, scene: Scene, ndvi: NdviClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene_reading, "FIELDS_PER_BATCH", 2)
    for number in range(3):
        make_field(hill_farm, f"Field {number}", **INSIDE)

    with CaptureQueriesContext(connection) as queries:
        ingest_scene(scene=scene, ndvi=ndvi)

    assert sum("outline_wkb" in each["sql"] for each in queries) == 2


# --- Interruptions ------------------------------------------------------------------------------


def test_a_scene_that_is_changed_while_it_is_read_waits_for_the_next_reading(
    field: Field, scene: Scene, ndvi: NdviClient
) -> None:
    def change(done: int, total: int, note: str) -> None:
        if note.startswith("asking"):
            Scene.objects.update(offset_override=-0.1, state=SceneState.NEW)

    result = ingest_scene(scene=scene, ndvi=ndvi, on_progress=change)

    scene.refresh_from_db()
    assert result.state is SceneState.NEW
    assert scene.state == SceneState.NEW
    assert not Observation.objects.exists()


def test_a_field_drawn_while_a_scene_is_read_is_observed_too(
    field: Field, hill_farm: Farm, scene: Scene, ndvi: NdviClient
) -> None:
    drawn: list[Field] = []

    def draw(done: int, total: int, note: str) -> None:
        if done and not drawn:
            drawn.append(make_field(hill_farm, "Drawn late", **INSIDE))

    ingest_scene(scene=scene, ndvi=ndvi, on_progress=draw)

    assert set(Observation.objects.values_list("field__name", flat=True)) == {
        "North",
        "Drawn late",
    }


def test_stopping_leaves_between_fields(
    hill_farm: Farm, scene: Scene, ndvi: NdviClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene_reading, "FIELDS_PER_BATCH", 1)
    for number in range(3):
        make_field(hill_farm, f"Field {number}", **INSIDE)

    with pytest.raises(IngestStoppedError):
        ingest_scene(
            scene=scene,
            ndvi=ndvi,
            is_cancelled=lambda: Observation.objects.exists(),
        )

    assert Observation.objects.values("field").distinct().count() == 1
    scene.refresh_from_db()
    assert scene.state == SceneState.INGESTING


def test_a_run_without_its_lease_writes_nothing(
    field: Field, scene: Scene, ndvi: NdviClient
) -> None:
    class LostError(Exception):
        pass

    calls = []

    def fence() -> None:
        calls.append(1)
        if len(calls) == 3:  # states were written twice; now numbers would be
            raise LostError

    with pytest.raises(LostError):
        ingest_scene(scene=scene, ndvi=ndvi, fence=fence)

    assert not Observation.objects.exists()


def test_numbers_of_deleted_fields_and_lost_indices_go(
    field: Field, hill_farm: Farm, scene: Scene, ndvi: NdviClient
) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)
    Field.objects.update(west=10, east=11)  # moved away from the scene

    ingest_scene(scene=scene, ndvi=ndvi)

    assert not Observation.objects.exists()


# --- As jobs --------------------------------------------------------------------------------------


def test_a_job_reads_a_scene(field: Field, scene: Scene, ndvi: NdviClient) -> None:
    job = Job.objects.get()

    assert run(job_id=job.pk) == JobState.SUCCEEDED

    job.refresh_from_db()
    assert (job.progress_done, job.progress_total) == (1, 1)
    assert Observation.objects.exists()


def test_a_scene_whose_file_is_corrupt_fails_with_the_reason(
    field: Field, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    service.failures["SummarizeFields"] = Failure(
        code=grpc.StatusCode.FAILED_PRECONDITION, reason="RASTER_UNREADABLE", detail="Truncated."
    )

    run(job_id=Job.objects.get().pk)

    scene.refresh_from_db()
    assert (scene.state, scene.state_reason) == (SceneState.FAILED, "Truncated.")
    assert Job.objects.get().error_code == "unreadable_raster"


def test_a_service_that_dies_in_the_middle_is_waited_for(
    field: Field, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    job = Job.objects.get()
    service.failures["SummarizeFields"] = Failure(code=grpc.StatusCode.UNAVAILABLE)
    assert run(job_id=job.pk) == JobState.QUEUED
    service.failures.clear()
    Job.objects.update(run_after=None)

    assert run(job_id=job.pk) == JobState.SUCCEEDED

    assert Observation.objects.count() == len(possible())


def test_a_failed_second_reading_keeps_the_numbers_of_the_first(
    field: Field, scene: Scene, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)
    service.failures["SummarizeFields"] = Failure(code=grpc.StatusCode.UNAVAILABLE)

    with pytest.raises(ServiceUnavailableError):
        ingest_scene(scene=scene, ndvi=ndvi)

    scene.refresh_from_db()
    assert scene.state == SceneState.READY
    assert Observation.objects.count() == len(possible())


def test_a_new_outline_is_computed_in_every_scene_that_shows_it(
    hill_farm: Farm, scene: Scene, ndvi: NdviClient
) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)
    field = make_field(hill_farm, **INSIDE)

    job = recompute_field(field=field, requested_by=None)

    assert job is not None
    assert job.kind == JobKind.RECOMPUTE_FIELD
    assert run(job_id=job.pk) == JobState.SUCCEEDED
    assert Observation.objects.filter(field=field).count() == len(possible())


def test_where_no_scene_shows_a_field_there_is_nothing_to_do(field: Field, scene: Scene) -> None:
    assert recompute_field(field=field, requested_by=None) is None


def test_many_fields_are_computed_by_reading_each_scene_once(
    hill_farm: Farm, scene: Scene, ndvi: NdviClient
) -> None:
    ingest_scene(scene=scene, ndvi=ndvi)
    Job.objects.all().delete()
    fields = [make_field(hill_farm, f"Field {number}", **INSIDE) for number in range(25)]

    jobs = recompute_fields(farm=hill_farm, fields=fields, requested_by=None)

    assert [(job.kind, job.subject_id) for job in jobs] == [("ingest_scene", scene.pk)]


def test_one_field_in_one_scene(field: Field, scene: Scene, ndvi: NdviClient) -> None:
    assert recompute_field_in_scene(field=field, scene=scene, ndvi=ndvi) == len(possible())
