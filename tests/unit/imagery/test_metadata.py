"""Which scale and offset follow from what a product says of itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from farm.errors import InvalidInputError
from farm.imagery.metadata import (
    BandRadiometry,
    FileRadiometry,
    RadiometrySource,
    SceneMetadata,
    declare_radiometry,
)
from farm.imagery.metadata_safe import MAX_DEPTH, MAX_XML_BYTES, read_safe_metadata
from farm.imagery.metadata_stac import parse_stac_item, read_stac_item
from farm.imagery.models import Platform
from tests.unit.imagery.real_data import real_data

S2 = Platform.SENTINEL_2
UINT16 = (FileRadiometry(name="red", data_type="uint16", scale=None, offset=None),)


def xml(baseline: str = "05.09", offsets: str = "", quantification: str = "10000") -> bytes:
    return f"""<?xml version="1.0"?>
        <n1:Level-2A_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/">
          <n1:General_Info>
            <PRODUCT_START_TIME>2023-08-21T22:19:41.024Z</PRODUCT_START_TIME>
            <PRODUCT_URI>S2A_MSIL2A_20230821T221941_N0509_R029_T01KAB_X.SAFE</PRODUCT_URI>
            <PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE>
            <BOA_QUANTIFICATION_VALUE unit="none">{quantification}</BOA_QUANTIFICATION_VALUE>
            {offsets}
          </n1:General_Info>
        </n1:Level-2A_User_Product>""".encode()


def offset(band_id: int, value: int = -1000) -> str:
    return f'<BOA_ADD_OFFSET band_id="{band_id}">{value}</BOA_ADD_OFFSET>'


# --- Real items, row by row of the reference --------------------------------------------------

# What our reason says for each of the reference's rules. Its first row argues with the day of
# acquisition, which decides nothing here: the item's product name states baseline 02.14.
REASONS = {
    "nothing declared; processing baseline below 04.00": "nothing declared; processing baseline 02",
    "nothing declared; processing baseline below 04.00 (not stated; acquired before 25 Jan 2022, "
    "Earth Search v0 COG)": "nothing declared; processing baseline 02.14 is below 04.00",
    "earthsearch:boa_offset_applied is true: the +1000 has already been taken out of the pixels "
    "although raster:bands may still declare -0.1": "earthsearch:boa_offset_applied is true",
    "declared by the item (raster:bands / raster:offset)": "declared by the item",
}


def test_every_row_of_the_reference_is_reproduced() -> None:
    folder = real_data("stac")
    rows = json.loads((folder / "reference_scale_offset.json").read_bytes())["items"]
    checked = 0

    for row in rows:
        metadata = read_stac_item((folder / row["file"]).read_bytes())
        if row.get("note") == "not Sentinel-2":
            assert metadata.platform == Platform.LANDSAT
            continue
        declared = declare_radiometry(platform=S2, metadata=metadata, files=UINT16)
        assert declared.scale == row["effective_scale"], row["file"]
        assert declared.offset == row["effective_offset"], row["file"]
        assert declared.scale is not None
        assert declared.offset is not None
        reflectance = 2000 * declared.scale + declared.offset
        assert reflectance == pytest.approx(row["reflectance_of_DN_2000"], abs=1e-12)
        assert declared.reason.startswith(REASONS[row["reason"]]), row["file"]
        assert metadata.name == row["id"]
        assert metadata.epsg == int(str(row["epsg"]).removeprefix("EPSG:"))
        assert metadata.cloud_cover_share == pytest.approx(row["cloud_cover"] / 100)
        assert metadata.acquired_at == datetime.fromisoformat(row["datetime"])
        if row["processing_baseline"]:
            assert metadata.processing_baseline == row["processing_baseline"]
        checked += 1

    assert checked == 5


def test_a_real_landsat_item_has_the_scale_of_its_collection() -> None:
    folder = real_data("stac/landsat")
    metadata = read_stac_item(next(folder.glob("*.json")).read_bytes())

    declared = declare_radiometry(platform=metadata.platform, metadata=metadata, files=UINT16)

    assert (declared.scale, declared.offset) == (2.75e-5, -0.2)
    assert declared.source is RadiometrySource.COLLECTION
    assert {asset.name for asset in metadata.assets} >= {"red", "nir", "qa_pixel", "qa_radsat"}


@pytest.mark.parametrize(("baseline", "expected"), [("02.12", 0.0), ("05.09", -0.1)])
def test_a_real_product_xml_states_its_offset(baseline: str, expected: float) -> None:
    name = f"N{baseline.replace('.', '')}"
    (file,) = real_data("stac/esa_metadata").glob(f"*{name}*.xml")
    metadata = read_safe_metadata(file.read_bytes())

    declared = declare_radiometry(platform=S2, metadata=metadata, files=UINT16)

    assert (declared.scale, declared.offset) == (1e-4, expected)
    assert declared.source is RadiometrySource.PRODUCT_XML
    assert declared.processing_baseline == baseline
    assert declared.bands == {}
    assert metadata.acquired_at is not None
    assert metadata.acquired_at.year in {2019, 2023}


# --- The order --------------------------------------------------------------------------------


def test_the_baseline_decides_where_nothing_is_declared() -> None:
    for baseline, expected in (("03.01", 0.0), ("04.00", -0.1), ("05.11", -0.1)):
        metadata = SceneMetadata(origin=RadiometrySource.STAC, processing_baseline=baseline)

        declared = declare_radiometry(platform=S2, metadata=metadata, files=UINT16)

        assert (declared.offset, declared.source) == (expected, RadiometrySource.BASELINE)


def test_an_old_scene_of_a_late_baseline_has_the_offset() -> None:
    """Collection 1 gave baseline 05 to scenes of 2015 to 2021: the day must not decide."""
    metadata = SceneMetadata(
        origin=RadiometrySource.STAC,
        acquired_at=datetime(2018, 4, 20, tzinfo=UTC),
        processing_baseline="05.00",
    )

    assert declare_radiometry(platform=S2, metadata=metadata, files=UINT16).offset == -0.1


def test_what_an_item_declares_goes_before_its_baseline() -> None:
    metadata = SceneMetadata(
        origin=RadiometrySource.STAC,
        processing_baseline="05.09",
        bands=MappingProxyType({"red": BandRadiometry(scale=1e-4, offset=0.0)}),
    )

    declared = declare_radiometry(platform=S2, metadata=metadata, files=UINT16)

    assert (declared.offset, declared.source) == (0.0, RadiometrySource.STAC)


def test_the_baseline_goes_before_the_files_own_tags() -> None:
    tagged = (FileRadiometry(name="red", data_type="uint16", scale=1e-4, offset=0.0),)
    metadata = SceneMetadata(origin=RadiometrySource.STAC, processing_baseline="05.09")

    assert declare_radiometry(platform=S2, metadata=metadata, files=tagged).offset == -0.1


def test_tags_decide_where_nothing_else_does() -> None:
    tagged = (FileRadiometry(name="red", data_type="uint16", scale=1e-4, offset=-0.1),)

    declared = declare_radiometry(platform=S2, metadata=SceneMetadata(), files=tagged)

    assert (declared.scale, declared.offset) == (1e-4, -0.1)
    assert declared.source is RadiometrySource.FILE_TAGS


def test_a_scale_of_one_is_what_writers_put_who_know_nothing() -> None:
    tagged = (FileRadiometry(name="red", data_type="uint16", scale=1.0, offset=0.0),)

    declared = declare_radiometry(platform=S2, metadata=SceneMetadata(), files=tagged)

    assert declared.source is RadiometrySource.DEFAULT
    assert (declared.scale, declared.offset) == (1e-4, 0.0)


def test_floating_point_samples_are_reflectance_already() -> None:
    floats = (FileRadiometry(name="red", data_type="float32", scale=None, offset=None),)

    declared = declare_radiometry(platform=S2, metadata=SceneMetadata(), files=floats)

    assert (declared.scale, declared.offset) == (1.0, 0.0)


def test_numbers_of_an_unknown_instrument_are_no_reflectance() -> None:
    declared = declare_radiometry(platform=Platform.OTHER, metadata=SceneMetadata(), files=UINT16)

    assert (declared.scale, declared.offset) == (None, None)


@pytest.mark.parametrize(
    ("mask", "scale", "offset"), [("qa_pixel", 2.75e-5, -0.2), ("pixel_qa", 1e-4, 0.0)]
)
def test_landsat_collections_are_told_apart_by_their_quality_layer(
    mask: str, scale: float, offset: float
) -> None:
    declared = declare_radiometry(
        platform=Platform.LANDSAT, metadata=SceneMetadata(), files=UINT16, masks=[mask]
    )

    assert (declared.scale, declared.offset) == (scale, offset)


# --- The product's XML --------------------------------------------------------------------------


def test_a_band_with_another_offset_keeps_it() -> None:
    offsets = "".join(offset(number) for number in range(13) if number != 3) + offset(3, -900)

    metadata = read_safe_metadata(xml(offsets=offsets))
    declared = declare_radiometry(platform=S2, metadata=metadata, files=UINT16)

    assert declared.offset == -0.1
    assert declared.bands == {"red": BandRadiometry(scale=1e-4, offset=-0.09)}


def test_band_8a_is_told_from_band_9() -> None:
    metadata = read_safe_metadata(xml(offsets=offset(8, -800) + offset(9, -900)))

    assert metadata.bands["nir08"].offset == -0.08
    assert metadata.bands["nir09"].offset == -0.09


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"<a><b></a>", "not XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "not XML"),
        (b"<a/>", "no MTD_MSIL2A.xml"),
        (xml(quantification="0"), "BOA_QUANTIFICATION_VALUE"),
        (b" " * (MAX_XML_BYTES + 1), "bytes"),
        (xml(offsets="<a/>" * 500_000), "more than 20,000 elements"),
        (b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "nested"),
    ],
)
def test_a_file_that_is_no_product_metadata_is_refused(content: bytes, word: str) -> None:
    with pytest.raises(InvalidInputError, match=word):
        read_safe_metadata(content)


# --- STAC ---------------------------------------------------------------------------------------


def item(properties: dict[str, object], **assets: dict[str, object]) -> dict[str, object]:
    return {
        "type": "Feature",
        "id": "x",
        "properties": {"platform": "sentinel-2a", **properties},
        "assets": assets,
    }


@pytest.mark.parametrize(
    "red",
    [
        {"raster:bands": [{"scale": 1e-4, "offset": -0.1}]},
        {"raster:scale": 1e-4, "raster:offset": -0.1},
        {"bands": [{"name": "B04", "raster:scale": 1e-4, "raster:offset": -0.1}]},
    ],
)
def test_every_version_of_the_raster_extension_is_understood(red: dict[str, object]) -> None:
    metadata = parse_stac_item(item({}, red=red))

    assert metadata.bands == {"red": BandRadiometry(scale=1e-4, offset=-0.1)}


def test_the_older_name_of_offset_applied_is_understood() -> None:
    metadata = parse_stac_item(
        item({"sentinel:boa_offset_applied": True, "s2:processing_baseline": "04.00"})
    )

    assert declare_radiometry(platform=S2, metadata=metadata, files=UINT16).offset == 0.0


def test_the_finest_geotiff_of_a_band_is_taken() -> None:
    coarse: dict[str, object] = {"href": "https://x.example/r20.tif", "gsd": 20}
    fine: dict[str, object] = {"href": "https://x.example/r10.tif", "gsd": 10}
    picture: dict[str, object] = {"href": "https://x.example/r.jp2", "gsd": 1}

    metadata = parse_stac_item(item({}, red_20m=coarse, red=fine, blue=picture))

    assert [(one.name, one.href) for one in metadata.assets] == [("red", fine["href"])]


def test_links_are_never_followed_wherever_they_lead() -> None:
    document = item({}, red={"href": "https://x.example/r.tif", "gsd": 10})
    odd = ["https://x.example/item.json", "item.json", "file:///etc/passwd", "data:,x", "", 7, None]
    document["links"] = [{"rel": rel, "href": href} for rel in ("self", "parent") for href in odd]
    document["collection"] = document["links"]

    metadata = parse_stac_item(document)

    assert [one.href for one in metadata.assets] == ["https://x.example/r.tif"]


def test_an_item_of_thousands_of_assets_is_refused_by_their_number() -> None:
    many = {f"red_{number}": {"href": "https://x.example/r.tif"} for number in range(5_000)}

    with pytest.raises(InvalidInputError, match="5000 assets"):
        parse_stac_item(item({}, **many))


@pytest.mark.parametrize(
    "content", [b"[", b"[]", b'{"type": "Feature"}', b"[" * 100_000, b'{"type":"Collection"}']
)
def test_json_that_is_no_item_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError):
        read_stac_item(content)


def test_nan_declares_nothing() -> None:
    metadata = parse_stac_item(item({}, red={"raster:scale": float("nan")}))

    assert metadata.bands == {}
