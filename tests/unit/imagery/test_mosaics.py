"""Several scenes of one day: one number for a field, each pixel once, gone when a part goes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from farm.clients.fakes import FIELD_PIXELS, Failure
from farm.errors import ServiceUnavailableError
from farm.imagery.ingest import ingest_scene, recompute_field_in_scene
from farm.imagery.ingest_requests import recompute_field
from farm.imagery.models import MosaicPart, Observation, Scene, SceneState
from farm.imagery.mosaics import MosaicStoppedError, refresh_mosaics
from farm.imagery.scene_services import change_scene, delete_scene
from farm.jobs.models import Job, JobKind
from farm.jobs.runner import run
from farm.rpc.ndvi.v1 import ndvi_pb2
from tests.unit.imagery.observation_making import PASS, days, make_farm, make_field, make_scene

if TYPE_CHECKING:
    from collections.abc import Iterable

    from farm.clients.fakes import InMemoryNdvi
    from farm.clients.ndvi import NdviClient
    from farm.farms.models import Farm
    from farm.fields.models import Field
    from farm.imagery.storage import FolderStore

LEFT, RIGHT = range(25), range(20, FIELD_PIXELS)  # two tiles that overlap in five pixels


@pytest.fixture
def farm(db: None) -> Farm:
    return make_farm()


@pytest.fixture
def field(farm: Farm) -> Field:
    return make_field(farm)


def scene_showing(
    farm: Farm,
    service: InMemoryNdvi,
    pixels: Iterable[int],
    *,
    value: float = 0.5,
    minute: int = 0,
    **values: Any,
) -> Scene:
    """A scene that waits to be read and shows some pixels of every field, all of one value."""
    scene = make_scene(
        farm,
        **{"acquired_at": PASS + timedelta(minutes=minute), "offset": 0.0, "state": SceneState.NEW}
        | values,
    )
    service.shows[str(scene.pk)] = dict.fromkeys(pixels, value)
    return scene


def read(ndvi: NdviClient, *scenes: Scene) -> None:
    for scene in scenes:
        scene.refresh_from_db()
        ingest_scene(scene=scene, ndvi=ndvi)


def mosaic(index: str = "ndvi") -> Observation:
    return Observation.objects.get(index=index, is_mosaic=True)


def mosaic_calls(service: InMemoryNdvi) -> list[ndvi_pb2.SummarizeFieldsRequest]:
    return [
        request
        for request in service.requests
        if isinstance(request, ndvi_pb2.SummarizeFieldsRequest) and len(request.scenes) > 1
    ]


# --- What is put together -----------------------------------------------------------------------


def test_a_field_on_a_tile_edge_gets_one_number_in_which_each_pixel_counts_once(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    left = scene_showing(farm, service, LEFT, value=0.4)
    right = scene_showing(farm, service, RIGHT, value=0.8)

    read(ndvi, left, right)

    look = mosaic()
    assert (look.scene_id, look.acquired_at) == (left.pk, left.acquired_at)
    assert look.effective_pixels == FIELD_PIXELS
    assert look.valid_share == 1.0
    assert look.mean == pytest.approx((25 * 0.4 + 15 * 0.8) / 40)
    parts = list(look.parts.values_list("position", "scene_id", "effective_pixels"))
    assert parts == [(0, left.pk, 25.0), (1, right.pk, 15.0)]
    assert Observation.objects.filter(index="ndvi", is_mosaic=False).count() == 2


def test_the_scene_that_shows_more_goes_first_and_of_equals_the_sure_one_then_the_later(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    late_and_unsure = scene_showing(farm, service, range(10), minute=3, bands=("nir", "red"))
    early = scene_showing(farm, service, range(10, 20), bands=("red", "nir", "blue"))
    later = scene_showing(farm, service, range(20, 30), minute=2, bands=("red", "nir", "blue"))
    most = scene_showing(farm, service, range(25, 36), minute=1)

    read(ndvi, late_and_unsure, early, later, most)

    order = list(mosaic().parts.values_list("scene_id", flat=True))
    assert order == [most.pk, later.pk, early.pk, late_and_unsure.pk]
    assert mosaic().radiometry_verdict == "undecided"


def test_a_field_that_one_scene_shows_whole_has_no_mosaic(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    read(
        ndvi,
        scene_showing(farm, service, LEFT),
        scene_showing(farm, service, range(FIELD_PIXELS)),
    )

    assert not Observation.objects.filter(is_mosaic=True).exists()
    assert mosaic_calls(service) == []


def test_a_mosaic_to_which_one_scene_gave_every_pixel_is_not_kept(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    read(ndvi, scene_showing(farm, service, LEFT), scene_showing(farm, service, range(5)))

    assert not Observation.objects.filter(is_mosaic=True).exists()


@pytest.mark.parametrize(
    "other",
    [
        {"acquired_at": PASS + days(1)},
        {"acquired_at": PASS + timedelta(hours=14)},  # the same day in UTC, another by the sun
        {"is_simulated": True},
        {"platform": "landsat"},
        {"bands": ("red", "green")},
    ],
)
def test_what_is_unlike_is_never_mixed(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient, other: dict[str, Any]
) -> None:
    read(ndvi, scene_showing(farm, service, LEFT), scene_showing(farm, service, RIGHT, **other))

    assert not Observation.objects.filter(is_mosaic=True, index="ndvi").exists()


def test_fields_that_begin_alike_are_asked_for_in_one_call(
    farm: Farm, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    for number in range(7):
        make_field(farm, name=f"field {number}", lon=3.0 + number / 100)
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))

    read(ndvi, left, right)

    (call,) = mosaic_calls(service)
    assert [scene.scene_id for scene in call.scenes] == [str(left.pk), str(right.pk)]
    assert len(call.fields) == 7
    assert len(call.indices) > 1
    assert Observation.objects.filter(is_mosaic=True, index="ndvi").count() == 7


def test_at_most_eight_scenes_make_a_mosaic(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    scenes = [scene_showing(farm, service, [pixel]) for pixel in range(10)]

    read(ndvi, *scenes)

    assert mosaic().parts.count() == 8


def test_the_receipt_of_a_mosaic_names_every_scene_with_its_radiometry(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    left = scene_showing(farm, service, LEFT, processing_baseline="05.09")
    right = scene_showing(farm, service, RIGHT, processing_baseline="05.10")

    read(ndvi, left, right)

    receipt = mosaic().receipt
    assert [scene["id"] for scene in receipt["scenes"]] == [left.pk, right.pk]
    assert receipt["scene"] == receipt["scenes"][0]
    parts = receipt["radiometry"]["scenes"]
    assert [part["processing_baseline"] for part in parts] == ["05.09", "05.10"]
    assert parts[1]["bands"]["red"] == {"asset": "red", "scale": 0.0001, "offset": 0.0}
    assert receipt["mosaic"]["scene_count"] == 2


# --- Again, and when something changes ----------------------------------------------------------


def test_reading_again_changes_nothing(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    read(ndvi, left, right)
    before = (Observation.objects.count(), MosaicPart.objects.count(), mosaic().mean)

    read(ndvi, right, left, right)

    assert (Observation.objects.count(), MosaicPart.objects.count(), mosaic().mean) == before


def test_a_whole_look_that_comes_later_ends_the_mosaic(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    read(ndvi, scene_showing(farm, service, LEFT), scene_showing(farm, service, RIGHT))

    read(ndvi, scene_showing(farm, service, range(FIELD_PIXELS)))

    assert not Observation.objects.filter(is_mosaic=True).exists()


def test_a_scene_that_comes_later_and_shows_most_goes_first(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    read(ndvi, left, right)

    wide = scene_showing(farm, service, range(2, FIELD_PIXELS))
    read(ndvi, wide)

    assert mosaic().scene_id == wide.pk


def test_a_mosaic_goes_with_any_of_its_scenes(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient, store: FolderStore
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    read(ndvi, left, right)

    delete_scene(scene=right, store=store)

    assert not Observation.objects.filter(is_mosaic=True).exists()
    assert Observation.objects.filter(scene=left, index="ndvi").count() == 1


@pytest.mark.parametrize("place", [0, 1])
def test_no_broken_mosaic_stays_whoever_deletes_a_scene(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient, place: int
) -> None:
    scenes = [scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT)]
    read(ndvi, *scenes)

    Scene.objects.filter(pk=scenes[place].pk).delete()

    assert not Observation.objects.filter(is_mosaic=True).exists()
    assert not MosaicPart.objects.exists()
    assert Observation.objects.filter(scene=scenes[1 - place], index="ndvi").count() == 1


@pytest.mark.parametrize("what", ["farm", "field"])
def test_mosaics_go_with_their_field_and_farm(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient, what: str
) -> None:
    read(ndvi, *(scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT)))
    assert mosaic()

    {"farm": farm, "field": field}[what].delete()

    assert not Observation.objects.exists()
    assert not MosaicPart.objects.exists()


def test_numbers_of_a_scene_that_was_deleted_meanwhile_are_not_written(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    scene = scene_showing(farm, service, LEFT)
    read(ndvi, scene)

    def is_cancelled() -> bool:
        # Asked between the answers and the transaction that writes them.
        Scene.objects.filter(pk=scene.pk).delete()
        return False

    recompute_field_in_scene(field=field, scene=scene, ndvi=ndvi, is_cancelled=is_cancelled)

    assert not Scene.objects.exists()
    assert not Observation.objects.exists()


def test_what_is_left_of_a_day_is_put_together_anew(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient, store: FolderStore
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    middle = scene_showing(farm, service, range(1, 30))
    read(ndvi, left, right, middle)
    assert mosaic().parts.count() == 3

    delete_scene(scene=middle, store=store)
    (job,) = Job.objects.filter(kind=JobKind.INGEST_SCENE)
    run(job_id=job.pk)

    assert set(mosaic().parts.values_list("scene_id", flat=True)) == {left.pk, right.pk}


def test_an_override_withdraws_the_mosaic_until_the_scene_is_read_again(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    read(ndvi, left, right)

    job = change_scene(scene=right, offset_override=-0.1, requested_by=None)

    assert not Observation.objects.filter(is_mosaic=True).exists()
    assert job is not None
    run(job_id=job.pk)
    assert mosaic().receipt["radiometry"]["scenes"][1]["bands"]["red"]["offset"] == -0.1


def test_a_scene_that_is_held_takes_its_mosaic_with_it(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    bands = ("red", "nir", "blue")
    left, right = (scene_showing(farm, service, pixels, bands=bands) for pixels in (LEFT, RIGHT))
    read(ndvi, left, right)
    assert mosaic()

    Scene.objects.filter(pk=right.pk).update(offset=-0.1)  # the pixels have none
    read(ndvi, right)

    right.refresh_from_db()
    assert right.state == SceneState.HELD
    assert not Observation.objects.filter(is_mosaic=True).exists()


def test_a_new_outline_has_its_mosaics_computed_anew(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    read(ndvi, scene_showing(farm, service, LEFT), scene_showing(farm, service, RIGHT))
    field.outline_sha256 = "1" * 64
    field.save()

    job = recompute_field(field=field, requested_by=None)
    assert job is not None
    run(job_id=job.pk)

    assert mosaic().outline_sha256 == "1" * 64


# --- Runs that are stopped, lost, or let down ---------------------------------------------------


def test_a_run_that_lost_its_job_writes_no_mosaic(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    read(ndvi, left, right)
    Observation.objects.filter(is_mosaic=True).delete()

    def fence() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        refresh_mosaics(field_ids=[field.pk], near=left, ndvi=ndvi, fence=fence)

    assert not Observation.objects.filter(is_mosaic=True).exists()


def test_a_run_that_is_asked_to_stop_stops_before_the_next_call(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    read(ndvi, left, right)
    calls = len(mosaic_calls(service))

    with pytest.raises(MosaicStoppedError):
        refresh_mosaics(field_ids=[field.pk], near=left, ndvi=ndvi, is_cancelled=lambda: True)

    assert len(mosaic_calls(service)) == calls


def test_a_run_that_is_asked_to_stop_stops_within_a_call_too(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    read(ndvi, left, right)
    calls, before = len(mosaic_calls(service)), mosaic().pk
    answers = iter([False, True])

    with pytest.raises(MosaicStoppedError):
        refresh_mosaics(
            field_ids=[field.pk], near=left, ndvi=ndvi, is_cancelled=lambda: next(answers)
        )

    assert len(mosaic_calls(service)) == calls + 1
    assert mosaic().pk == before


def test_a_scene_that_becomes_ready_meanwhile_is_not_left_out(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    third = scene_showing(farm, service, range(5, 35))
    read(ndvi, left, third, right)
    Scene.objects.filter(pk=third.pk).update(state=SceneState.NEW)

    def is_cancelled() -> bool:
        # Asked between the plan and the call: the moment in which another run publishes.
        Scene.objects.filter(pk=third.pk).update(state=SceneState.READY)
        return False

    refresh_mosaics(field_ids=[field.pk], near=right, ndvi=ndvi, is_cancelled=is_cancelled)

    assert [len(call.scenes) for call in mosaic_calls(service)[-2:]] == [2, 3]
    assert mosaic().parts.count() == 3


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.FAILED_PRECONDITION, "RASTER_GRIDS_DISAGREE"),
        (grpc.StatusCode.NOT_FOUND, "OBJECT_NOT_FOUND"),
    ],
)
def test_a_day_that_cannot_be_put_together_keeps_each_scenes_own_numbers(
    farm: Farm,
    field: Field,
    service: InMemoryNdvi,
    ndvi: NdviClient,
    code: grpc.StatusCode,
    reason: str,
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    read(ndvi, left)

    def refuse_mosaics(request: Any) -> None:
        if isinstance(request, ndvi_pb2.SummarizeFieldsRequest) and len(request.scenes) > 1:
            service.failures["SummarizeFields"] = Failure(
                code=code, detail="It cannot be done.", reason=reason
            )

    service.on_request = refuse_mosaics
    read(ndvi, right)

    right.refresh_from_db()
    assert right.state == SceneState.READY
    assert Observation.objects.filter(index="ndvi").count() == 2


def test_a_service_that_is_down_fails_the_run_so_that_it_is_tried_again(
    farm: Farm, field: Field, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    left, right = (scene_showing(farm, service, pixels) for pixels in (LEFT, RIGHT))
    read(ndvi, left)

    def fall(request: Any) -> None:
        if isinstance(request, ndvi_pb2.SummarizeFieldsRequest) and len(request.scenes) > 1:
            service.failures["SummarizeFields"] = Failure(
                code=grpc.StatusCode.UNAVAILABLE, detail="down", reason="STORE_UNAVAILABLE"
            )

    service.on_request = fall
    with pytest.raises(ServiceUnavailableError):
        read(ndvi, right)
    service.on_request = lambda request: None
    service.failures.clear()
    read(ndvi, right)

    assert mosaic().parts.count() == 2
