"""Each row of the table from gRPC status to the project's failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from farm import errors
from farm.clients.channel import channel_to, close_channels
from farm.clients.errors import farm_error_of
from farm.clients.fakes import Failure, raster
from farm.clients.ndvi import NdviClient
from farm.clients.services import WEATHER
from farm.imagery.domain import FieldOutline, IndexFormula, ObjectRef, SceneSource

if TYPE_CHECKING:
    from pathlib import Path

    from farm.clients.fakes import InMemoryNdvi

SOMEWHERE = ObjectRef(key="a.tif")
SCENE = SceneSource(scene_id="1", bands=())
ROWS = [
    (grpc.StatusCode.INVALID_ARGUMENT, "OUTLINE_INVALID", errors.InvalidInputError),
    (grpc.StatusCode.NOT_FOUND, "OBJECT_NOT_FOUND", errors.NotFoundError),
    (grpc.StatusCode.FAILED_PRECONDITION, "RASTER_CRS_MISSING", errors.UnreadableRasterError),
    (grpc.StatusCode.RESOURCE_EXHAUSTED, "SERVICE_BUSY", errors.ServiceBusyError),
    (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", errors.ServiceUnavailableError),
    (grpc.StatusCode.DEADLINE_EXCEEDED, "", errors.ServiceTimeoutError),
    (grpc.StatusCode.CANCELLED, "", errors.ServiceTimeoutError),
    (grpc.StatusCode.INTERNAL, "SERVICE_FAULT", errors.ServiceFaultError),
    (grpc.StatusCode.UNIMPLEMENTED, "", errors.ServiceFaultError),
]


@pytest.mark.parametrize(("code", "reason", "expected"), ROWS)
def test_a_status_is_one_failure_with_its_finer_reason(
    service: InMemoryNdvi,
    client: NdviClient,
    code: grpc.StatusCode,
    reason: str,
    expected: type[errors.FarmError],
) -> None:
    service.failures["DescribeRaster"] = Failure(code=code, reason=reason, detail="In words.")

    with pytest.raises(errors.FarmError) as raised:
        client.describe_raster(object=SOMEWHERE, timeout_s=5)

    assert type(raised.value) is expected
    assert raised.value.reason == reason


def test_words_of_the_service_reach_the_reader(service: InMemoryNdvi, client: NdviClient) -> None:
    service.failures["DescribeRaster"] = Failure(
        code=grpc.StatusCode.FAILED_PRECONDITION, reason="RASTER_TOO_LARGE", detail="Too large."
    )

    with pytest.raises(errors.UnreadableRasterError) as raised:
        client.describe_raster(object=SOMEWHERE, timeout_s=5)

    assert raised.value.detail == "Too large."


def test_an_internal_detail_stays_inside(service: InMemoryNdvi, client: NdviClient) -> None:
    service.failures["DescribeRaster"] = Failure(
        code=grpc.StatusCode.INTERNAL, detail="panicked at src/tiff.rs"
    )

    with pytest.raises(errors.ServiceFaultError) as raised:
        client.describe_raster(object=SOMEWHERE, timeout_s=5)

    assert "tiff.rs" not in raised.value.detail


def test_a_busy_service_says_how_long_to_wait(service: InMemoryNdvi, client: NdviClient) -> None:
    service.failures["DescribeRaster"] = Failure(
        code=grpc.StatusCode.RESOURCE_EXHAUSTED, reason="SERVICE_BUSY", retry_after_s=7
    )

    with pytest.raises(errors.ServiceBusyError) as raised:
        client.describe_raster(object=SOMEWHERE, timeout_s=5)

    assert raised.value.retry_after_s == 7


def test_a_stream_that_breaks_fails_as_a_call_does(
    service: InMemoryNdvi, client: NdviClient
) -> None:
    service.failures["SummarizeFields"] = Failure(
        code=grpc.StatusCode.INVALID_ARGUMENT, reason="FORMULA_INVALID", detail="No."
    )
    answers = client.summarize_fields(
        scenes=(SCENE,),
        indices=[IndexFormula(name="x", formula="(")],
        fields=[FieldOutline(field_id="1", outline_wkb=b"")],
        timeout_s=5,
    )

    with pytest.raises(errors.InvalidInputError) as raised:
        list(answers)

    assert raised.value.reason == "FORMULA_INVALID"


def test_a_short_outage_is_waited_for(service: InMemoryNdvi, client: NdviClient) -> None:
    service.rasters["a.tif"] = raster(["red"])
    service.failures["DescribeRaster"] = Failure(code=grpc.StatusCode.UNAVAILABLE, times=2)

    told = client.describe_raster(object=SOMEWHERE, timeout_s=5)

    assert told.bands[0].description == "red"
    assert len(service.requests) == 3


def test_bad_input_is_not_tried_again(service: InMemoryNdvi, client: NdviClient) -> None:
    service.failures["DescribeRaster"] = Failure(code=grpc.StatusCode.INVALID_ARGUMENT)

    with pytest.raises(errors.InvalidInputError):
        client.describe_raster(object=SOMEWHERE, timeout_s=5)

    assert len(service.requests) == 1


def test_a_service_that_does_not_run_is_unavailable(tmp_path: Path) -> None:
    client = NdviClient(channel_to(f"unix:{tmp_path / 'nobody.sock'}"))

    with pytest.raises(errors.ServiceUnavailableError) as raised:
        client.describe_raster(object=SOMEWHERE, timeout_s=5)

    assert "not running" in raised.value.detail
    close_channels()


def test_a_request_beyond_the_limit_is_the_callers_fault(client: NdviClient) -> None:
    outline = FieldOutline(field_id="1", outline_wkb=b"w" * (17 * 1024 * 1024))

    with pytest.raises(errors.InvalidInputError) as raised:
        list(
            client.summarize_fields(
                scenes=(SCENE,),
                indices=[IndexFormula(name="x", formula="red")],
                fields=[outline],
                timeout_s=5,
            )
        )

    assert raised.value.reason == "TOO_LARGE"


class Refused(grpc.RpcError):
    """A refusal with these words, as a channel raises it."""

    def __init__(self, words: str) -> None:
        self.words = words

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.INVALID_ARGUMENT

    def details(self) -> str:
        return self.words

    def trailing_metadata(self) -> tuple[()]:
        return ()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("hours.hours.air_temperature_c is missing.", "air temperature"),
        ("stations[0].hours.shortwave_radiation_mj_m2 is missing.", "short-wave radiation"),
    ],
)
def test_an_hourly_variable_that_is_missing_is_named_as_people_do(words: str, told: str) -> None:
    assert farm_error_of(Refused(words), WEATHER).detail == f"The {told} of this span is not known."


def test_other_words_of_the_weather_service_are_passed_on() -> None:
    assert farm_error_of(Refused("site is missing."), WEATHER).detail == "site is missing."
