"""Bad rasters get a clear error and cost nothing, through the API and the real furrow-ndvi.

Around every test, the fixture ``unharmed`` sees that no row and no file was stored, that the
service's peak memory hardly grew, and that good requests work right after.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from rasterio.transform import Affine

from tests.contract import bad_rasters as bad
from tests.contract.bad_rasters import LAYOUTS, SOUND
from tests.contract.farm_site import assert_refused, good_files
from tests.unit.imagery.real_data import real_data

if TYPE_CHECKING:
    from tests.contract.farm_site import Site

pytestmark = pytest.mark.django_db

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
    "LERC inside": (
        bad.handmade({bad.COMPRESSION: (SHORT, [34887])}),
        "RASTER_UNSUPPORTED",
        "LERC",
    ),
    "a predictor for floats over integers": (
        bad.handmade({bad.COMPRESSION: (SHORT, [8]), bad.PREDICTOR: (SHORT, [3])}),
        "RASTER_UNREADABLE",
        "Predictor",
    ),
    "twelve bits with a sign": (
        bad.handmade({bad.BITS: (SHORT, [12]), bad.SAMPLE_FORMAT: (SHORT, [2])}),
        "RASTER_UNSUPPORTED",
        "12-bit signed",
    ),
    "a predictor for whole words over packed bits": (
        bad.handmade(
            {
                bad.BITS: (SHORT, [12]),
                bad.COMPRESSION: (SHORT, [8]),
                bad.PREDICTOR: (SHORT, [2]),
            }
        ),
        "RASTER_UNREADABLE",
        "Predictor",
    ),
    "entities that multiply": (bad.laughs(), "RASTER_UNREADABLE", "entity"),
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
