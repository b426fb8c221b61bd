"""More requests at once than the service has slots for: numbers, or an early word to come back."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from farm.clients.channel import channel_to, close_channels
from farm.clients.ndvi import NdviClient
from farm.errors import ServiceBusyError
from farm.http import exception_handler
from farm.imagery.catalogue import catalogue
from farm.imagery.domain import Band, FieldOutline, ObjectRef, SceneSource
from tests.contract.bad_rasters import geotiff
from tests.contract.ndvi_binary import service_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from farm.imagery.domain import FieldSummary
    from tests.contract.ndvi_binary import RunningService

AT_ONCE = 200
SIDE = 2048
ENDS_WITHIN_S = 60.0
MAX_GROWTH_BYTES = 64 * 1024 * 1024  # beyond what all slots took once, when all were taken before
REFUSED_WITHIN_S = 5.0  # without waiting for a slot; the machine itself may be busy
KEY = "scenes/1/wide.tif"
NDVI = catalogue().indices["ndvi"].as_formula()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with two threads, hence four slots, over a scene that keeps it busy for a while."""
    store: Path = tmp_path_factory.mktemp("busy") / "store"
    random = np.random.default_rng(7)
    pixels = random.integers(500, 4000, (2, SIDE, SIDE), dtype=np.uint16)
    (store / KEY).parent.mkdir(parents=True)
    (store / KEY).write_bytes(geotiff(pixels, tiled=True, blockxsize=256, blockysize=256))
    with service_over(store, FURROW_NDVI_THREADS="2") as service:
        yield service
        close_channels()


@pytest.fixture
def ndvi(service: RunningService) -> NdviClient:
    """A client of the service."""
    return NdviClient(channel_to(service.target))


def ask(ndvi: NdviClient) -> FieldSummary:
    """The mean of the whole scene."""
    file = ObjectRef(key=KEY)
    bands = tuple(
        Band(name=name, object=file, band_number=number)
        for number, name in enumerate(("red", "nir"), start=1)
    )
    outline = bytes(shapely.to_wkb(shapely.box(2.9, 50.5, 3.5, 50.9)))
    (summary,) = ndvi.summarize_fields(
        scenes=(SceneSource(scene_id="wide", bands=bands),),
        indices=[NDVI],
        fields=[FieldOutline(field_id="all", outline_wkb=outline)],
        timeout_s=ENDS_WITHIN_S,
    )
    return summary


def test_two_hundred_requests_at_once_get_numbers_or_are_told_early_to_come_back(
    ndvi: NdviClient, service: RunningService
) -> None:
    outcomes = crowd(ndvi)
    peak = service.peak_memory_bytes()
    outcomes += crowd(ndvi)

    busy = [(taken, told) for taken, told in outcomes if isinstance(told, ServiceBusyError)]
    found = [(taken, told) for taken, told in outcomes if not isinstance(told, ServiceBusyError)]
    assert len(found) >= 2
    assert len(busy) >= AT_ONCE, "four slots cannot have served most of them"
    assert max(taken for taken, _ in busy) < REFUSED_WITHIN_S
    assert max(taken for taken, _ in found) < ENDS_WITHIN_S
    assert {summary.covered_pixels for _, summary in found} == {float(SIDE * SIDE)}
    assert service.peak_memory_bytes() - peak < MAX_GROWTH_BYTES
    for _, told in busy:
        assert told.reason == "SERVICE_BUSY"
        answer = exception_handler(told, {})
        assert answer is not None
        assert answer.status_code == 503
        assert int(answer["Retry-After"]) >= 1


def crowd(ndvi: NdviClient) -> list[tuple[float, FieldSummary | ServiceBusyError]]:
    """Ask as often as the crowd is large, all at the same moment; each with the seconds it took."""
    start = threading.Barrier(AT_ONCE)

    def at_the_same_time() -> tuple[float, FieldSummary | ServiceBusyError]:
        start.wait(ENDS_WITHIN_S)
        began = time.monotonic()
        outcome: FieldSummary | ServiceBusyError
        try:
            outcome = ask(ndvi)
        except ServiceBusyError as error:
            outcome = error
        return time.monotonic() - began, outcome

    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(at_the_same_time) for _ in range(AT_ONCE)]
        return [each.result(ENDS_WITHIN_S) for each in running]


def test_who_comes_back_when_told_is_served_in_the_end(ndvi: NdviClient) -> None:
    ends_at = time.monotonic() + ENDS_WITHIN_S

    def patiently() -> float | None:
        while True:
            try:
                return ask(ndvi).mean
            except ServiceBusyError as error:
                assert time.monotonic() < ends_at
                time.sleep(error.retry_after_s)

    with ThreadPoolExecutor(8) as pool:
        means = {each.result(ENDS_WITHIN_S) for each in [pool.submit(patiently) for _ in range(8)]}

    assert len(means) == 1
    assert means == {ask(ndvi).mean}
