"""Files whose headers are sound and whose pixels are not: found by whoever reads them first.

Only headers are read before an upload is answered. ``test_bad_input.py`` has the headers.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from rasterio.transform import Affine

from farm.errors import InvalidInputError, UnreadableRasterError
from farm.imagery.domain import Band, FieldOutline, IndexFormula, ObjectRef, SceneSource
from farm.imagery.models import Observation, SceneState
from farm.jobs.models import JobKind, JobState
from tests.contract import bad_rasters as bad
from tests.contract.bad_rasters import LAYOUTS, SOUND
from tests.contract.farm_site import MAX_GROWTH_BYTES, assert_refused

if TYPE_CHECKING:
    from pathlib import Path

    from farm.clients.ndvi import NdviClient
    from tests.contract.farm_site import Site
    from tests.contract.ndvi_binary import RunningService

pytestmark = pytest.mark.django_db


def test_pixels_that_do_not_decode_fail_the_job_in_words_and_give_no_number(
    site: Site, peak_before: dict[str, int]
) -> None:
    nir = bad.geotiff(SOUND[3:], descriptions=["B08"])
    broken = (bad.bomb(), bad.deflated(b"no Deflate"), bad.vast_picture())
    for day, red in enumerate(broken, start=10):
        name = f"202406{day}_B04.tif"
        sent = site.send({name: red, f"202406{day}_B08.tif": nir}, platform="sentinel-2")
        scene = site.read_scene(sent)

        job = scene.farm.jobs.get(kind=JobKind.INGEST_SCENE, subject_id=scene.pk)
        assert (scene.state, job.state) == (SceneState.FAILED, JobState.FAILED)
        assert (job.error_code, job.attempts) == ("unreadable_raster", 1)
        assert "cannot be decoded" in scene.state_reason
        assert name in scene.state_reason
        assert not Observation.objects.filter(scene=scene).exists()
        asked = site.statistics(scene=scene.pk)
        assert_refused(asked, status=409, reason="SCENE_NOT_READY", words="cannot be decoded")
    assert site.service.peak_memory_bytes() - peak_before["bytes"] < MAX_GROWTH_BYTES
    site.assert_serving(day=26)


def test_bands_whose_pixels_do_not_meet_fail_the_job_in_words(site: Site) -> None:
    red = bad.geotiff(SOUND[2:3], descriptions=["B04"])
    beside = Affine(10, 0, bad.WEST + 3, 0, -10, bad.NORTH)
    nir = bad.geotiff(SOUND[3:], descriptions=["B08"], transform=beside)

    sent = site.send({"20240612_B04.tif": red, "20240612_B08.tif": nir}, platform="sentinel-2")
    scene = site.read_scene(sent)

    assert scene.state == SceneState.FAILED
    assert "shifted against each other by 0.3" in scene.state_reason
    assert not Observation.objects.filter(scene=scene).exists()
    site.assert_serving(day=26)


@pytest.mark.usefixtures("unharmed")
def test_a_file_that_breaks_after_it_was_read_is_a_422_for_whoever_asks(site: Site) -> None:
    assert site.scene is not None
    asset = site.scene.assets.get(name="nir")
    path = site.store / asset.object_key
    good = path.read_bytes()
    middle = len(good) // 2
    status = path.stat()
    field = site.farm.fields.get()

    for broken, reason, words in [
        (good[:middle], "RASTER_UNREADABLE", "truncated"),
        (good[:middle] + bytes(900) + good[middle + 900 :], "RASTER_UNREADABLE", "decoded"),
        (b"changed by hand", "RASTER_UNREADABLE", "TIFF"),
    ]:
        path.write_bytes(broken)
        address = f"/api/v1/fields/{field.pk}/indices/ndvi/raster"
        answers = [
            site.statistics(),
            site.client.get(f"{address}.png", {"scene": site.scene.pk}),
            site.client.get(f"{address}.tif", {"scene": site.scene.pk}),
        ]
        for answer in answers:
            assert_refused(answer, code="unreadable_raster", reason=reason, words=words)
    path.unlink()
    gone = site.statistics()
    assert_refused(gone, status=404, reason="OBJECT_NOT_FOUND", words="does not exist")

    path.write_bytes(good)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_no_change_of_a_few_bytes_makes_the_service_fail(
    shared_ndvi: NdviClient, shared_store: Path, shared_service: RunningService
) -> None:
    # Sound or unsound, each answer is numbers or a refusal; a fault or a hang would be an error.
    random = np.random.default_rng(20240625)
    outline = bytes(shapely.to_wkb(shapely.box(3.01, 50.81, 3.03, 50.82)))
    formula = IndexFormula(name="value", formula="red")
    before = shared_service.peak_memory_bytes()
    outcomes = set()
    for layout in LAYOUTS.values():
        whole = np.frombuffer(bad.geotiff(SOUND[:1], **layout), dtype=np.uint8)
        for number in range(60):
            changed = whole.copy()
            reach = len(changed) if number % 2 else min(600, len(changed))
            changed[random.integers(0, reach, 4)] = random.integers(0, 256, 4)
            path = shared_store / "scenes" / "changed.tif"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(changed.tobytes())
            object_ref = ObjectRef(key="scenes/changed.tif")
            scene = SceneSource(scene_id="changed", bands=(Band(name="red", object=object_ref),))
            try:
                shared_ndvi.describe_raster(object=object_ref, timeout_s=5)
                list(
                    shared_ndvi.summarize_fields(
                        scenes=(scene,),
                        indices=[formula],
                        fields=[FieldOutline(field_id="1", outline_wkb=outline)],
                        timeout_s=5,
                    )
                )
                outcomes.add("numbers")
            except (UnreadableRasterError, InvalidInputError) as error:
                outcomes.add(error.reason)
    path.unlink()
    assert {"numbers", "RASTER_UNREADABLE"} <= outcomes
    assert shared_service.peak_memory_bytes() - before < MAX_GROWTH_BYTES
