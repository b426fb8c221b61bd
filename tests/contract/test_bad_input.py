"""Bad rasters get a clear error and cost nothing, through the API and the real furrow-ndvi.

Around every test, the fixture ``unharmed`` sees that no row and no file was stored, that the
service's peak memory hardly grew, and that good requests work right after.
"""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from rasterio.transform import Affine

from farm.errors import InvalidInputError, UnreadableRasterError
from farm.imagery.domain import Band, FieldOutline, IndexFormula, ObjectRef, SceneSource
from farm.imagery.models import Observation, SceneState
from farm.jobs.models import JobKind, JobState
from tests.contract import bad_rasters as bad
from tests.contract.farm_site import MAX_GROWTH_BYTES, assert_refused, good_files
from tests.unit.imagery.real_data import real_data

if TYPE_CHECKING:
    from pathlib import Path

    from farm.clients.ndvi import NdviClient
    from tests.contract.farm_site import Site
    from tests.contract.ndvi_binary import RunningService

pytestmark = pytest.mark.django_db

SOUND = np.arange(1, 4 * 64 * 64 + 1, dtype=np.uint16).reshape(4, 64, 64)
LAYOUTS: dict[str, dict[str, Any]] = {
    "strips": {},
    "tiles": {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "zstd"},
    "cog": {"driver": "COG"},
    "big": {"BIGTIFF": "YES", "compress": "none", "interleave": "band"},
}
# A system of its own, which has no code.
LOCAL = "+proj=laea +lat_0=51 +lon_0=3 +ellps=intl +units=m +no_defs"


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("scene.tif", b"II*\0")
    return packed.getvalue()


def upload(site: Site, content: bytes, **form: Any) -> Any:
    return site.send({"20240601_B04.tif": content}, platform="sentinel-2", **form)


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_cut_off_anywhere_is_called_truncated(site: Site, layout: str) -> None:
    whole = bad.geotiff(SOUND, descriptions=("B02", "B03", "B04", "B08"), **LAYOUTS[layout])

    for eighths in range(1, 8):
        answer = upload(site, whole[: len(whole) * eighths // 8])

        assert_refused(
            answer, code="unreadable_raster", reason="RASTER_UNREADABLE", words="truncated"
        )
        assert answer.json()["detail"].startswith("20240601_B04.tif: ")


NOT_TIFFS = {
    "png": bad.picture(),
    "zip": archive(),
    "text": b"red,nir\n0.1,0.4\n",
    "html": b"<!doctype html><title>Sign in</title>",
    "three bytes": b"II*",
    "other order": b"MM\0+\0\x08\0\0",
    "zeros": bytes(1000),
}


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("kind", NOT_TIFFS)
def test_a_file_that_is_no_tiff_says_so(site: Site, kind: str) -> None:
    words = "the file" if kind in {"three bytes", "other order"} else "not a TIFF"

    assert_refused(upload(site, NOT_TIFFS[kind]), reason="RASTER_UNREADABLE", words=words)


@pytest.mark.usefixtures("unharmed")
def test_an_empty_file_says_so(site: Site) -> None:
    assert_refused(upload(site, b""), code="invalid_input", words="empty")


ODD_PLACES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no system": ({"crs": None}, "RASTER_CRS_MISSING", "where it lies"),
    "no place": ({"crs": None, "transform": None}, "RASTER_CRS_MISSING", "where it lies"),
    "a system without a code": ({"crs": LOCAL}, "RASTER_CRS_UNSUPPORTED", "EPSG"),
    "a grid of shifts that is not here": (
        {"crs": 27200},  # New Zealand Map Grid
        "RASTER_CRS_UNSUPPORTED",
        "EPSG:27200 is not supported",
    ),
    "a vertical system": ({"crs": 5703}, "RASTER_CRS_MISSING", "where it lies"),
    "turned": (
        {"transform": Affine(9, 4, bad.WEST, 4, -9, bad.NORTH)},
        "RASTER_UNSUPPORTED",
        "turned",
    ),
    "south up": (
        {"transform": Affine(10, 0, bad.WEST, 0, 10, bad.NORTH)},
        "RASTER_UNSUPPORTED",
        "north",
    ),
}


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("kind", ODD_PLACES)
def test_a_raster_whose_place_cannot_be_used_says_why(site: Site, kind: str) -> None:
    profile, reason, words = ODD_PLACES[kind]

    assert_refused(upload(site, bad.geotiff(SOUND[:1], **profile)), reason=reason, words=words)


LONG, SHORT = bad.LONG, bad.SHORT
LIES: dict[str, tuple[bytes, str, str]] = {
    "4 × 10¹² pixels": (
        bad.handmade({bad.WIDTH: (LONG, [2_000_000]), bad.HEIGHT: (LONG, [2_000_000])}),
        "RASTER_TOO_LARGE",
        "number of pixels",
    ),
    "more pixels than the service takes, in 7 kB": (
        bad.tiled(12_288, 512),
        "RASTER_TOO_LARGE",
        "pixels",
    ),
    "a width of 2³¹": (
        bad.handmade({bad.WIDTH: (LONG, [1 << 31])}),
        "RASTER_UNREADABLE",
        "ImageWidth",
    ),
    "no rows": (bad.handmade({bad.HEIGHT: (LONG, [0])}), "RASTER_UNREADABLE", "ImageLength"),
    "65,535 bands": (bad.handmade({bad.SAMPLES: (SHORT, [65_535])}), "RASTER_TOO_LARGE", "bands"),
    "a tile of 2³¹ − 1": (
        bad.handmade(
            {
                bad.TILE_WIDTH: (LONG, [0x7FFF_FFFF]),
                bad.TILE_HEIGHT: (LONG, [0x7FFF_FFFF]),
            }
        ),
        "RASTER_TOO_LARGE",
        "tile",
    ),
    "2³¹ strips": (
        bad.handmade(counts={bad.STRIP_OFFSETS: 1 << 31}),
        "RASTER_TOO_LARGE",
        "length of a tag",
    ),
    "2³¹ keys": (bad.handmade(counts={bad.GEO_KEYS: 1 << 31}), "RASTER_TOO_LARGE", "tag"),
    "strips beyond the end": (
        bad.handmade({bad.STRIP_OFFSETS: (LONG, [0xFFFF_FFF0])}),
        "RASTER_UNREADABLE",
        "truncated",
    ),
    "directories in a loop": (bad.loop_of_directories(), "RASTER_UNREADABLE", "loop"),
    "a directory in the middle of nowhere": (
        bad.handmade(next_directory=0xFFFF_FFF0),
        "RASTER_UNREADABLE",
        "truncated",
    ),
    "JPEG inside": (
        bad.handmade({bad.COMPRESSION: (SHORT, [7])}),
        "RASTER_UNSUPPORTED",
        "JPEG",
    ),
    "a predictor for floats over integers": (
        bad.handmade({bad.COMPRESSION: (SHORT, [8]), bad.PREDICTOR: (SHORT, [3])}),
        "RASTER_UNREADABLE",
        "Predictor",
    ),
    "half a bit": (
        bad.handmade({bad.BITS: (SHORT, [12])}),
        "RASTER_UNSUPPORTED",
        "12-bit",
    ),
    "a pixel of no size": (
        bad.handmade({bad.PIXEL_SCALE: (bad.DOUBLE, [0, 0, 0])}),
        "RASTER_UNSUPPORTED",
        "control points",
    ),
    "a place that is no number": (
        bad.handmade({bad.TIE_POINT: (bad.DOUBLE, [0, 0, 0, float("nan"), 0, 0])}),
        "RASTER_UNREADABLE",
        "finite",
    ),
    "a place outside of its system": (
        bad.handmade({bad.TIE_POINT: (bad.DOUBLE, [0, 0, 0, 9e12, 9e12, 0])}),
        "RASTER_CRS_UNSUPPORTED",
        "outside",
    ),
}


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies_is_refused_before_anything_is_decoded(site: Site, lie: str) -> None:
    content, reason, words = LIES[lie]
    assert len(content) < 10_000

    assert_refused(upload(site, content), code="unreadable_raster", reason=reason, words=words)


@pytest.mark.usefixtures("unharmed")
def test_files_that_others_made_to_break_readers_are_refused(site: Site) -> None:
    hostile = sorted(real_data("geotiff/corrupt").rglob("*.tif*"))
    assert len(hostile) > 5

    for file in hostile:
        answer = upload(site, file.read_bytes())
        reason = answer.json().get("reason", "")
        assert reason.startswith("RASTER_"), (file.name, answer.content)
        assert_refused(answer, code="unreadable_raster", reason=reason, words="20240601_B04.tif")


@pytest.mark.usefixtures("unharmed")
def test_one_bad_file_among_good_ones_is_named_and_takes_the_others_with_it(site: Site) -> None:
    files = {**good_files(27), "notes.tif": b"field notes"}

    answer = site.send(files)

    assert_refused(answer, reason="RASTER_UNREADABLE", words="notes.tif: ")


@pytest.mark.usefixtures("unharmed")
def test_files_that_do_not_belong_together_are_refused(site: Site) -> None:
    red = bad.geotiff(SOUND[:1], descriptions=["B04"])
    nir_elsewhere = bad.geotiff(SOUND[:1], descriptions=["B08"], crs=32632)

    elsewhere = site.send({"20240601_B04.tif": red, "20240601_B08.tif": nir_elsewhere})
    twice = site.send(
        {"20240601_B04.tif": red, "20240601_copy_B04.tif": red}, platform="sentinel-2"
    )
    many = site.send({f"20240601_{number}.tif": red for number in range(33)})
    nameless = site.send({"20240601_picture.tif": bad.geotiff(SOUND[:3])})

    assert_refused(elsewhere, reason="RASTER_GRIDS_DISAGREE", words="EPSG:32631, EPSG:32632")
    assert_refused(twice, reason="BAND_TWICE", words="comes twice")
    assert_refused(many, reason="UPLOAD_FILE_COUNT", words="33 files")
    assert_refused(nameless, reason="BANDS_UNKNOWN", words="No band was recognised")


@pytest.mark.usefixtures("unharmed")
def test_a_mapping_to_bands_that_are_not_there_is_refused(site: Site) -> None:
    red = bad.geotiff(SOUND[:1])

    for mapping, words in [
        ('{"red": {"file": "other.tif"}}', "was not sent"),
        ('{"red": {"file": "20240601_B04.tif", "band": 2}}', "has 1 bands"),
        ('{"rouge": {"file": "20240601_B04.tif"}}', "no band “rouge”"),
    ]:
        answer = upload(site, red, bands=mapping)
        assert_refused(answer, reason="BANDS_UNKNOWN", words=words)


def test_pixels_that_do_not_decode_fail_the_job_in_words_and_give_no_number(
    site: Site, peak_before: dict[str, int]
) -> None:
    # Only headers are read before the answer, so the job is the first to see the pixels.
    nir = bad.geotiff(SOUND[3:], descriptions=["B08"])
    for day, red in enumerate((bad.bomb(), bad.deflated(b"no Deflate")), start=10):
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
                        scene=scene,
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
