"""A scene is there with all its files and rows, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grpc
import pytest

from farm.clients.fakes import Failure, raster
from farm.errors import (
    ConflictError,
    InvalidInputError,
    ServiceUnavailableError,
    UnreadableRasterError,
)
from farm.farms.models import Farm
from farm.imagery.domain import ObjectRef
from farm.imagery.metadata import SceneMetadata
from farm.imagery.models import Scene, SceneAsset, SceneState
from farm.imagery.scene_details import SceneDetails
from farm.imagery.scene_files import ReferencedFile
from farm.imagery.scene_services import change_scene, delete_scene, reference_scene
from farm.jobs.models import Job, JobState
from tests.unit.imagery.scene_making import (
    BOUNDS_WGS84,
    TAGS,
    TEN_METRES,
    knows_sentinel_2,
    make_scene,
    sent,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper

    from farm.clients.fakes import InMemoryNdvi
    from farm.clients.ndvi import NdviClient
    from farm.imagery.storage import FolderStore


def stored(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "store").rglob("*") if path.is_file())


def nothing_is_left(tmp_path: Path) -> bool:
    return not stored(tmp_path) and not Scene.objects.exists() and not Job.objects.exists()


def test_a_scene_has_its_files_bands_place_time_and_job(
    hill_farm: Farm, ndvi: NdviClient, store: FolderStore
) -> None:
    created = make_scene(hill_farm, ndvi=ndvi, store=store)
    scene = created.scene

    assert created.is_new
    assert created.job is not None
    assert created.job.subject_id == scene.pk
    assert scene.state == SceneState.NEW
    assert scene.platform == "sentinel-2"
    assert scene.acquired_at == datetime(2018, 4, 20, 10, 56, 19, tzinfo=UTC)
    assert (scene.west, scene.south, scene.east, scene.north) == BOUNDS_WGS84
    assert scene.epsg == 32631
    assert (scene.scale, scene.offset, scene.radiometry_source) == (1e-4, 0.0, "file_tags")
    assert {asset.name for asset in scene.assets.all()} == {"blue", "green", "red", "nir", "scl"}


def test_files_lie_under_the_farm_and_their_content(
    hill_farm: Farm, ndvi: NdviClient, store: FolderStore
) -> None:
    scene = make_scene(hill_farm, ndvi=ndvi, store=store).scene
    red = scene.assets.get(name="red")

    assert red.object_key == f"scenes/{hill_farm.pk}/{scene.content_sha256}/10m.tif"
    with store.open(red.object_key) as file:
        assert file.read() == b"pixels"


def test_the_same_files_again_are_the_same_scene(
    hill_farm: Farm, ndvi: NdviClient, store: FolderStore, tmp_path: Path
) -> None:
    first = make_scene(hill_farm, ndvi=ndvi, store=store)
    renamed = [sent("scl_other.tif", b"pixels!"), sent("other.tif", b"pixels")]

    again = make_scene(hill_farm, ndvi=ndvi, store=store, files=renamed)

    assert again.scene == first.scene
    assert not again.is_new
    assert again.job is None
    assert stored(tmp_path) == ["10m.tif", "scl.tif"]
    assert Job.objects.count() == 1


def said_otherwise(change: str) -> SceneDetails:
    bands = {
        "blue": ("10m.tif", 1),
        "green": ("10m.tif", 2),
        "red": ("10m.tif", 3),
        "nir": ("10m.tif", 4),
        "scl": ("scl.tif", 1),
    }
    match change:
        case "platform":
            return SceneDetails(platform="other", bands=bands)
        case "number":
            return SceneDetails(bands=bands | {"red": ("10m.tif", 4), "nir": ("10m.tif", 3)})
        case "fewer":
            return SceneDetails(bands={name: bands[name] for name in ("red", "nir", "scl")})
        case "file":
            return SceneDetails(bands=bands | {"blue": ("scl.tif", 1)})
        case "override":
            return SceneDetails(bands=bands, offset_override=-0.1)
        case _:
            return SceneDetails(bands=bands)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("platform", "its platform is sentinel-2, not other"),
        ("number", "its nir is band 4, not 3; its red is band 3, not 4"),
        ("fewer", "blue is a band of it, and not now; green is a band of it, and not now"),
        ("file", "its blue is in another file than scl.tif"),
        ("override", "its offset override is not set, not -0.1"),
    ],
)
def test_the_same_files_described_otherwise_are_refused_with_what_differs(
    hill_farm: Farm,
    ndvi: NdviClient,
    store: FolderStore,
    tmp_path: Path,
    change: str,
    words: str,
) -> None:
    scene = make_scene(hill_farm, ndvi=ndvi, store=store).scene

    with pytest.raises(ConflictError) as raised:
        make_scene(hill_farm, ndvi=ndvi, store=store, details=said_otherwise(change))

    assert raised.value.reason == "SCENE_KNOWN_OTHERWISE"
    assert f"are the scene {scene.pk}, “{scene.name}”" in raised.value.detail
    assert words in raised.value.detail
    assert "Change that scene, or delete it and send the files again." in raised.value.detail
    assert stored(tmp_path) == ["10m.tif", "scl.tif"]
    assert not make_scene(hill_farm, ndvi=ndvi, store=store, details=said_otherwise("")).is_new


def test_the_same_files_with_another_scale_are_refused(
    hill_farm: Farm, service: InMemoryNdvi, ndvi: NdviClient, store: FolderStore
) -> None:
    make_scene(hill_farm, ndvi=ndvi, store=store)
    knows_sentinel_2(service, offset=-0.1)

    with pytest.raises(ConflictError, match=r"scale and offset are 0\.0001 and 0, not"):
        make_scene(hill_farm, ndvi=ndvi, store=store)


def test_the_same_pixels_on_another_day_are_another_scene(
    hill_farm: Farm, ndvi: NdviClient, store: FolderStore
) -> None:
    make_scene(hill_farm, ndvi=ndvi, store=store)
    later = SceneDetails(acquired_at=datetime(2019, 4, 20, tzinfo=UTC))

    assert make_scene(hill_farm, ndvi=ndvi, store=store, details=later).is_new


def test_farms_do_not_share_scenes(hill_farm: Farm, ndvi: NdviClient, store: FolderStore) -> None:
    other = Farm.objects.create(name="Valley Farm")
    make_scene(hill_farm, ndvi=ndvi, store=store)

    assert make_scene(other, ndvi=ndvi, store=store).is_new


@pytest.mark.parametrize(
    "reason", ["RASTER_CRS_MISSING", "RASTER_CRS_UNSUPPORTED", "RASTER_TOO_LARGE"]
)
def test_a_file_that_is_not_read_is_named_with_the_reason_and_nothing_stays(
    hill_farm: Farm,
    service: InMemoryNdvi,
    ndvi: NdviClient,
    store: FolderStore,
    tmp_path: Path,
    reason: str,
) -> None:
    service.failures["DescribeRaster"] = Failure(
        code=grpc.StatusCode.FAILED_PRECONDITION, reason=reason, detail="Not this one."
    )

    with pytest.raises(UnreadableRasterError) as raised:
        make_scene(hill_farm, ndvi=ndvi, store=store)

    assert raised.value.reason == reason
    assert raised.value.detail == "10m.tif: Not this one."
    assert nothing_is_left(tmp_path)


def test_a_service_that_is_down_leaves_nothing(
    hill_farm: Farm,
    service: InMemoryNdvi,
    ndvi: NdviClient,
    store: FolderStore,
    tmp_path: Path,
) -> None:
    service.failures["DescribeRaster"] = Failure(code=grpc.StatusCode.UNAVAILABLE)

    with pytest.raises(ServiceUnavailableError):
        make_scene(hill_farm, ndvi=ndvi, store=store)

    assert nothing_is_left(tmp_path)


def test_files_of_two_reference_systems_are_no_scene(
    hill_farm: Farm, service: InMemoryNdvi, ndvi: NdviClient, store: FolderStore, tmp_path: Path
) -> None:
    service.describe = lambda place: raster(
        ["B04"], epsg=32632 if "scl" in place else 32631, tags=TAGS
    )

    with pytest.raises(InvalidInputError, match="EPSG:32631, EPSG:32632"):
        make_scene(hill_farm, ndvi=ndvi, store=store)

    assert nothing_is_left(tmp_path)


def test_too_many_bytes_in_all_are_refused(
    hill_farm: Farm,
    ndvi: NdviClient,
    store: FolderStore,
    settings: SettingsWrapper,
    tmp_path: Path,
) -> None:
    settings.UPLOAD_MAX_BYTES = 10  # the two files have 6 and 7

    with pytest.raises(InvalidInputError) as raised:
        make_scene(hill_farm, ndvi=ndvi, store=store)

    assert raised.value.reason == "UPLOAD_TOO_LARGE"
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("count", [0, 33])
def test_no_files_and_too_many_files_are_refused(
    hill_farm: Farm, ndvi: NdviClient, store: FolderStore, count: int
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        make_scene(hill_farm, ndvi=ndvi, store=store, files=[sent("a.tif")] * count)

    assert raised.value.reason == "UPLOAD_FILE_COUNT"


def test_nobody_knowing_the_time_is_a_question_to_the_sender(
    hill_farm: Farm, service: InMemoryNdvi, ndvi: NdviClient, store: FolderStore, tmp_path: Path
) -> None:
    service.describe = lambda place: raster(["B04", "B08"])

    with pytest.raises(InvalidInputError) as raised:
        make_scene(hill_farm, ndvi=ndvi, store=store, files=[sent("a.tif")])

    assert raised.value.reason == "ACQUIRED_AT_MISSING"
    assert nothing_is_left(tmp_path)


def test_the_time_is_read_from_a_name(
    hill_farm: Farm, service: InMemoryNdvi, ndvi: NdviClient, store: FolderStore
) -> None:
    service.describe = lambda place: raster(["B04", "B08"])
    files = [sent("T31UES_20180420T105619_10m.tif")]

    scene = make_scene(
        hill_farm,
        ndvi=ndvi,
        store=store,
        files=files,
        details=SceneDetails(platform="sentinel-2"),
    ).scene

    assert scene.acquired_at == datetime(2018, 4, 20, 10, 56, 19, tzinfo=UTC)


def test_two_files_of_one_name_are_both_kept(
    hill_farm: Farm, service: InMemoryNdvi, ndvi: NdviClient, store: FolderStore, tmp_path: Path
) -> None:
    def describe(place: str) -> object:
        return raster(["SCL"] if place.endswith("-2.tif") else ["B04"], tags=TAGS)

    service.describe = describe  # type: ignore[assignment]
    files = [sent("20180420.tif", b"10m"), sent("20180420.tif", b"scl")]

    make_scene(hill_farm, ndvi=ndvi, store=store, files=files)

    assert stored(tmp_path) == ["20180420-2.tif", "20180420.tif"]


# --- References -----------------------------------------------------------------------------------


def refer(farm: Farm, ndvi: NdviClient, ref: ObjectRef) -> Scene:
    return reference_scene(
        farm=farm,
        files=[ReferencedFile(name="10m.tif", object=ref)],
        bands={"red": ("10m.tif", 3), "nir": ("10m.tif", 4)},
        metadata=SceneMetadata(),
        details=SceneDetails(platform="sentinel-2"),
        requested_by=None,
        ndvi=ndvi,
    ).scene


def test_a_scene_may_stay_where_it_is(hill_farm: Farm, ndvi: NdviClient) -> None:
    scene = refer(hill_farm, ndvi, ObjectRef(url="https://example.org/10m.tif"))

    red = scene.assets.get(name="red")
    assert (red.url, red.object_key, red.band_number) == ("https://example.org/10m.tif", "", 3)


def test_another_file_at_the_same_address_is_another_scene(
    hill_farm: Farm, service: InMemoryNdvi, ndvi: NdviClient
) -> None:
    there = ObjectRef(url="https://example.org/10m.tif")
    first, again = (refer(hill_farm, ndvi, there) for _ in range(2))
    file = raster(["B02", "B03", "B04", "B08"], tags=TAGS)
    file.size_bytes += 1
    service.describe = lambda place: file

    assert first == again
    assert refer(hill_farm, ndvi, there) != first


def test_files_that_another_scene_names_are_not_deleted_under_it(
    hill_farm: Farm, ndvi: NdviClient, store: FolderStore, tmp_path: Path
) -> None:
    scene = make_scene(hill_farm, ndvi=ndvi, store=store).scene
    key = scene.assets.get(name="red").object_key
    other = refer(hill_farm, ndvi, ObjectRef(key=key))

    with pytest.raises(ConflictError) as raised:
        delete_scene(scene=scene, store=store)

    assert raised.value.reason == "SCENE_FILES_IN_USE"
    assert f"{other.pk} (“{other.name}”)" in raised.value.detail
    assert Scene.objects.filter(pk=scene.pk).exists()
    assert Job.objects.get(subject_id=scene.pk).state == JobState.QUEUED
    delete_scene(scene=other, store=store)
    assert stored(tmp_path) == ["10m.tif", "scl.tif"]
    delete_scene(scene=scene, store=store)
    assert stored(tmp_path) == []


@pytest.mark.parametrize(
    "ref",
    [
        ObjectRef(url="file:///etc/passwd"),
        ObjectRef(url="ftp://example.org/a.tif"),
        ObjectRef(key="scenes/999999/abc/10m.tif"),
        ObjectRef(key="derived/1/a.tif"),
    ],
)
def test_what_is_not_on_the_web_or_not_of_this_farm_is_refused(
    hill_farm: Farm, service: InMemoryNdvi, ndvi: NdviClient, ref: ObjectRef
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        refer(hill_farm, ndvi, ref)

    assert raised.value.reason == "REFERENCE_INVALID"
    assert service.requests == []


# --- Changes --------------------------------------------------------------------------------------


def test_an_override_withdraws_the_numbers_and_asks_for_new_ones(
    hill_farm: Farm, ndvi: NdviClient, store: FolderStore
) -> None:
    scene = make_scene(hill_farm, ndvi=ndvi, store=store).scene
    Scene.objects.update(state=SceneState.HELD)
    Job.objects.update(state=JobState.SUCCEEDED)

    job = change_scene(scene=scene, offset_override=-0.1, requested_by=None)

    scene.refresh_from_db()
    assert job is not None
    assert (scene.state, scene.offset_override) == (SceneState.NEW, -0.1)


def test_a_new_name_computes_nothing(hill_farm: Farm, ndvi: NdviClient, store: FolderStore) -> None:
    scene = make_scene(hill_farm, ndvi=ndvi, store=store).scene

    assert change_scene(scene=scene, name="April", requested_by=None) is None
    assert Job.objects.count() == 1


def test_a_deleted_scene_takes_its_files_and_open_jobs_along(
    hill_farm: Farm, ndvi: NdviClient, store: FolderStore, tmp_path: Path
) -> None:
    scene = make_scene(hill_farm, ndvi=ndvi, store=store).scene

    delete_scene(scene=scene, store=store)

    assert stored(tmp_path) == []
    assert not SceneAsset.objects.exists()
    assert Job.objects.get().state == JobState.CANCELLED


@pytest.mark.parametrize(
    ("tags", "name", "is_simulated"),
    [
        ({"SIMULATED": "YES"}, "", True),
        ({}, "SIM_20180420", True),
        ({"SIMULATED": "NO"}, "", False),
        ({}, "", False),
    ],
)
def test_a_scene_whose_tags_or_name_say_so_is_simulated(
    hill_farm: Farm,
    service: InMemoryNdvi,
    ndvi: NdviClient,
    store: FolderStore,
    tags: dict[str, str],
    name: str,
    is_simulated: bool,
) -> None:
    service.describe = lambda _: raster(TEN_METRES, scale=1e-4, offset=0.0, tags=TAGS | tags)

    made = make_scene(
        hill_farm,
        ndvi=ndvi,
        store=store,
        files=[sent("10m.tif")],
        details=SceneDetails(name=name),
    )

    assert made.scene.is_simulated is is_simulated
