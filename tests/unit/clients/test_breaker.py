"""A service that does not answer is not asked, and one that is merely slow is."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import pytest
from prometheus_client import REGISTRY

from farm.clients import breaker as breaker_module
from farm.clients import channel
from farm.clients.breaker import OPEN_S, SILENCE_S, Breaker
from farm.clients.channel import channel_to, close_channels
from farm.clients.fakes import Failure, InMemoryNdvi, raster, serving
from farm.clients.ndvi import NdviClient
from farm.clients.services import NDVI
from farm.errors import (
    FarmError,
    ServiceBusyError,
    ServiceTimeoutError,
    ServiceUnavailableError,
)
from farm.http import exception_handler
from farm.imagery.domain import ObjectRef

if TYPE_CHECKING:
    from pathlib import Path

OK = grpc.StatusCode.OK
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
SOMEWHERE = ObjectRef(key="a.tif")


@dataclass
class Service:
    """A service that lives or does not, and a clock."""

    lives: bool = True
    now: float = 100.0
    asked: int = 0

    def is_alive(self) -> bool:
        self.asked += 1
        return self.lives

    def breaker(self) -> Breaker:
        return Breaker(NDVI, self.is_alive, lambda: self.now)


def test_without_a_doubt_nobody_is_asked() -> None:
    service = Service()
    breaker = service.breaker()

    for _ in range(100):
        service.now += 60.0
        breaker.end(breaker.begin(), OK)

    assert service.asked == 0


@pytest.mark.parametrize("code", [UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED])
def test_after_a_failure_a_living_service_goes_on_being_used(code: grpc.StatusCode) -> None:
    service = Service()
    breaker = service.breaker()
    breaker.end(breaker.begin(), code)

    breaker.begin()
    breaker.begin()

    assert service.asked == 1
    assert not breaker.is_open


def test_a_call_that_was_never_made_lays_no_doubt() -> None:
    service = Service(lives=False)
    breaker = service.breaker()
    first, second = breaker.begin(), breaker.begin()
    breaker.end(first, UNAVAILABLE)
    breaker.end(second, None)

    with pytest.raises(ServiceUnavailableError):
        breaker.begin()


def test_a_refusal_of_the_service_is_an_answer() -> None:
    service = Service(lives=False)
    breaker = service.breaker()

    breaker.end(breaker.begin(), grpc.StatusCode.RESOURCE_EXHAUSTED)
    breaker.begin()

    assert service.asked == 0


def test_a_dead_service_is_asked_once_in_a_while_and_used_as_soon_as_it_lives() -> None:
    service = Service(lives=False)
    breaker = service.breaker()
    breaker.end(breaker.begin(), UNAVAILABLE)

    for _ in range(10):
        with pytest.raises(ServiceUnavailableError) as refused:
            breaker.begin()
    assert refused.value.reason == "CIRCUIT_OPEN"
    assert service.asked == 1

    service.now += OPEN_S
    with pytest.raises(ServiceUnavailableError):
        breaker.begin()
    assert service.asked == 2

    service.lives = True
    service.now += OPEN_S
    breaker.end(breaker.begin(), OK)
    assert not breaker.is_open


def test_calls_that_wait_in_silence_raise_a_doubt() -> None:
    service = Service(lives=False)
    breaker = service.breaker()
    breaker.begin()  # and never ends
    service.now += SILENCE_S + 0.1

    with pytest.raises(ServiceUnavailableError):
        breaker.begin()


def test_a_long_call_beside_answered_ones_raises_none() -> None:
    service = Service(lives=False)
    breaker = service.breaker()
    breaker.begin()  # a whole season of fields
    for _ in range(10):
        service.now += SILENCE_S / 2
        breaker.end(breaker.begin(), OK)

    assert service.asked == 0


def test_only_one_thread_asks_and_the_others_do_not_wait_for_it() -> None:
    asking, may_answer = threading.Event(), threading.Event()

    def is_alive() -> bool:
        asking.set()
        return may_answer.wait(10)

    breaker = Breaker(NDVI, is_alive)
    breaker.end(breaker.begin(), UNAVAILABLE)
    first = threading.Thread(target=breaker.begin)
    first.start()
    assert asking.wait(10)

    breaker.begin()  # would hang if it asked too

    may_answer.set()
    first.join(10)
    assert not first.is_alive()


def test_a_service_that_goes_is_refused_at_once_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker_module, "OPEN_S", 0.2)
    target = f"unix:{tmp_path / 'ndvi.sock'}"
    service = InMemoryNdvi(rasters={"a.tif": raster(["red"])})
    client = NdviClient(channel_to(target))
    labels = {"service": NDVI.full_name}

    with pytest.raises(ServiceUnavailableError, match="not running"):
        client.describe_raster(object=SOMEWHERE, timeout_s=5)
    began = time.monotonic()
    with pytest.raises(ServiceUnavailableError) as refused:
        client.describe_raster(object=SOMEWHERE, timeout_s=5)

    assert refused.value.reason == "CIRCUIT_OPEN"
    assert time.monotonic() - began < 2.0  # the question alone; a call would have been repeated
    assert REGISTRY.get_sample_value("grpc_client_breaker_open", labels) == 1
    answer = exception_handler(refused.value, {})
    assert answer is not None
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")

    with serving(service, target=target):
        assert described_in_the_end(client)
        assert REGISTRY.get_sample_value("grpc_client_breaker_open", labels) == 0
        close_channels()


def described_in_the_end(client: NdviClient) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            client.describe_raster(object=SOMEWHERE, timeout_s=5)
        except ServiceUnavailableError:
            time.sleep(0.1)
        else:
            return True
    return False


def test_slow_work_opens_nothing(service: InMemoryNdvi, client: NdviClient) -> None:
    service.rasters["a.tif"] = raster(["red"])
    service.failures["DescribeRaster"] = Failure(code=grpc.StatusCode.DEADLINE_EXCEEDED, times=3)

    outcomes: list[type[FarmError]] = []
    for _ in range(3):
        with pytest.raises(FarmError) as raised:
            client.describe_raster(object=SOMEWHERE, timeout_s=5)
        outcomes.append(type(raised.value))

    assert outcomes == [ServiceTimeoutError] * 3
    assert client.describe_raster(object=SOMEWHERE, timeout_s=5).bands


def test_a_place_is_waited_for_and_taken_when_a_call_ends() -> None:
    breaker = Breaker(NDVI, lambda: True, most_calls=1)
    first = breaker.begin()
    ender = threading.Timer(0.2, breaker.end, (first, OK))
    ender.start()

    second = breaker.begin()

    ender.join()
    assert second != first


def test_without_a_place_the_call_is_refused_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker_module, "PLACE_WITHIN_S", 0.1)
    breaker = Breaker(NDVI, lambda: True, most_calls=2)
    breaker.begin()
    breaker.begin()

    with pytest.raises(ServiceBusyError) as refused:
        breaker.begin()

    assert (refused.value.reason, refused.value.retry_after_s) == ("SERVICE_BUSY", 2)


def test_who_waits_for_a_place_finds_a_dead_service_out() -> None:
    service = Service(lives=False)
    breaker = Breaker(NDVI, service.is_alive, lambda: service.now, most_calls=1)
    breaker.begin()  # and never ends
    service.now += SILENCE_S + 0.1

    with pytest.raises(ServiceUnavailableError) as refused:
        breaker.begin()

    assert refused.value.reason == "CIRCUIT_OPEN"


def test_a_channel_takes_the_bound_of_its_process(
    service: InMemoryNdvi, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "_most_calls", None)
    monkeypatch.setattr(breaker_module, "PLACE_WITHIN_S", 0.1)
    channel.bound_calls(1)
    client = NdviClient(channel_to(target))
    service.rasters["a.tif"] = raster(["red"])
    reached, go_on = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        reached.set()
        go_on.wait(10)

    service.on_request = hold
    first = threading.Thread(
        target=client.describe_raster, kwargs={"object": SOMEWHERE, "timeout_s": 10}
    )
    first.start()
    assert reached.wait(10)

    with pytest.raises(ServiceBusyError):
        client.describe_raster(object=SOMEWHERE, timeout_s=10)

    go_on.set()
    first.join(10)
    assert client.describe_raster(object=SOMEWHERE, timeout_s=10).bands
