"""The client sends what the domain says and gives back what the service answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.clients import ndvi as ndvi_module
from farm.clients.fakes import ENGINE_VERSION, clouded_summary, full_summary, raster
from farm.imagery.domain import (
    Band,
    BitRule,
    ClassRule,
    ColourStop,
    Compression,
    Encoding,
    FieldOutline,
    IndexFormula,
    MaskLayer,
    ObjectRef,
    SceneSource,
)
from farm.rpc.ndvi.v1 import ndvi_pb2

if TYPE_CHECKING:
    from farm.clients.fakes import InMemoryNdvi
    from farm.clients.ndvi import NdviClient

RED = Band(name="red", object=ObjectRef(key="a.tif"), scale=1e-4, offset=-0.1, nodata=0.0)
NIR = Band(name="nir", object=ObjectRef(url="https://example.org/b.tif"), band_number=4)
SCL = MaskLayer(object=ObjectRef(key="scl.tif"), rule=ClassRule(masked=(0, 3)), dilation_m=20)
SCENE = SceneSource(scene_id="7", bands=(RED, NIR), masks=(SCL,))
NDVI = IndexFormula(name="ndvi", formula="(nir - red) / (nir + red)", valid_min=-1, valid_max=1)


def test_what_a_file_declares_is_told_and_what_it_does_not_is_none(
    service: InMemoryNdvi, client: NdviClient
) -> None:
    service.rasters["a.tif"] = raster(["B04"], tags={"ACQUISITION": "2018-04-20"})

    told = client.describe_raster(object=ObjectRef(key="a.tif"), timeout_s=5)

    assert told.bands[0].description == "B04"
    assert told.bands[0].nodata == 0.0  # declared, and zero
    assert told.bands[0].scale is None  # not declared
    assert told.grid.geotransform == (501000, 10, 0, 5630000, 0, -10)
    assert told.tags == {"ACQUISITION": "2018-04-20"}


def test_the_engine_names_its_version(service: InMemoryNdvi, client: NdviClient) -> None:
    service.rasters["a.tif"] = raster(["B04"])

    client.describe_raster(object=ObjectRef(key="a.tif"), timeout_s=5)

    assert client.engine_version == ENGINE_VERSION


def test_a_clouded_field_has_no_mean_rather_than_zero(
    service: InMemoryNdvi, client: NdviClient
) -> None:
    service.summary = lambda field_id, index: (
        clouded_summary() if field_id == "1" else full_summary(0.6)
    )
    fields = [
        FieldOutline(field_id="1", outline_wkb=b"w"),
        FieldOutline(field_id="2", outline_wkb=b"w"),
    ]

    summaries = {
        summary.field_id: summary
        for summary in client.summarize_fields(
            scenes=(SCENE,), indices=[NDVI], fields=fields, quantiles=(0.1, 0.9), timeout_s=5
        )
    }

    assert summaries["1"].mean is None
    assert summaries["1"].quantiles == ()
    assert summaries["2"].mean == 0.6
    assert client.engine_version == ENGINE_VERSION


def test_a_scene_arrives_as_it_was_described(service: InMemoryNdvi, client: NdviClient) -> None:
    list(
        client.summarize_fields(
            scenes=(SCENE,),
            indices=[NDVI],
            fields=[FieldOutline(field_id="1", outline_wkb=b"w")],
            timeout_s=5,
        )
    )

    scene = service.requests[0].scenes[0]
    assert scene.bands[0].HasField("nodata")
    assert not scene.bands[0].HasField("max_digital_number")
    assert scene.bands[1].object.url == "https://example.org/b.tif"
    assert scene.bands[1].band_number == 4
    assert list(scene.masks[0].classes.masked) == [0, 3]
    assert scene.masks[0].dilation_m == 20


def test_a_bit_rule_without_bits_is_still_a_bit_rule(
    service: InMemoryNdvi, client: NdviClient
) -> None:
    layer = MaskLayer(object=ObjectRef(key="qa.tif"), rule=BitRule(masked=0))
    scene = SceneSource(scene_id="7", bands=(RED,), masks=(layer,))

    client.measure_digital_numbers(scene=scene, timeout_s=5)

    assert service.requests[0].scene.masks[0].WhichOneof("rule") == "bits"


def test_no_pixels_measured_means_no_quantile(service: InMemoryNdvi, client: NdviClient) -> None:
    service.digital_numbers["red"] = ndvi_pb2.DigitalNumbers(band="red", nodata_pixels=9)

    red, nir = client.measure_digital_numbers(scene=SCENE, kept_classes=(4,), timeout_s=5)

    assert (red.band, red.measured_pixels, red.quantile_01) == ("red", 0, None)
    assert nir.band == "nir"
    assert list(service.requests[0].kept_classes) == [4]


def test_more_fields_than_one_message_carries_are_sent_in_several(
    service: InMemoryNdvi, client: NdviClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndvi_module, "MAX_OUTLINE_BYTES_PER_CALL", 250)
    fields = [FieldOutline(field_id=str(n), outline_wkb=b"w" * 100) for n in range(5)]

    answered = client.summarize_fields(scenes=(SCENE,), indices=[NDVI], fields=fields, timeout_s=5)

    assert sorted(summary.field_id for summary in answered) == ["0", "1", "2", "3", "4"]
    assert [len(request.fields) for request in service.requests] == [2, 2, 1]


def test_one_large_outline_is_sent_although_it_fills_a_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ndvi_module, "MAX_OUTLINE_BYTES_PER_CALL", 50)
    large = FieldOutline(field_id="1", outline_wkb=b"w" * 100)

    assert list(ndvi_module.chunked([large, large])) == [[large], [large]]


def test_a_picture_and_a_file_come_back_with_their_grid(
    service: InMemoryNdvi, client: NdviClient
) -> None:
    stops = [ColourStop(value=0, rgb=0xFF0000), ColourStop(value=1, rgb=0x00FF00)]

    picture = client.render_index(
        scenes=(SCENE,), index=NDVI, stops=stops, max_size=256, timeout_s=5
    )
    file = client.write_index(
        scenes=(SCENE,),
        index=NDVI,
        key="derived/1/a.tif",
        encoding=Encoding.INT16,
        compression=Compression.ZSTD,
        timeout_s=5,
    )

    assert picture.png.startswith(b"\x89PNG")
    assert not service.requests[0].HasField("outline_wkb")
    assert (file.key, file.grid.epsg) == ("derived/1/a.tif", 32631)
    assert service.requests[1].encoding == ndvi_pb2.ENCODING_INT16
    assert service.requests[1].compression == ndvi_pb2.COMPRESSION_ZSTD
