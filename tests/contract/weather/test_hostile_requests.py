"""Whatever is asked, the service answers with numbers or names what is wrong, and lives on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
import pytest

from farm.rpc.weather.v1 import weather_pb2_grpc
from tests.contract.weather.hostile_requests import METHODS, messages_in, spoil

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.weather.weather_process import WeatherProcess

REQUESTS = 200
# A sentence with one number in it; the least double is written with 326 characters.
MOST_SENTENCE = 600
MOST_MEMORY_BYTES = 200_000_000


@pytest.fixture(scope="module")
def stub(weather_process: WeatherProcess) -> Iterator[Any]:
    """Without breaker and retries, which would hide what went wrong."""
    options = [("grpc.default_authority", "localhost")]
    with grpc.insecure_channel(weather_process.target, options=options) as channel:
        yield weather_pb2_grpc.WeatherServiceStub(channel)


def infinite_in(answer: Any) -> list[str]:
    """Names of fields and columns that hold infinity; NaN says that a value is absent."""
    found = []
    for message in messages_in(answer):
        for field, value in message.ListFields():
            if field.type == field.TYPE_DOUBLE:
                is_bad = not np.isfinite(value).all()
            elif field.type == field.TYPE_BYTES and len(value) % 8 == 0:
                # No flag is 0xF0, which every infinite double has a byte of.
                is_bad = bool(np.isinf(np.frombuffer(value, "<f8")).any())
            else:
                is_bad = False
            if is_bad:
                found.append(field.full_name)
    return found


def asked(stub: Any, method: str, request: Any) -> tuple[Any, tuple[grpc.StatusCode, str] | None]:
    """The answer, or the code and the sentence of the refusal."""
    try:
        return getattr(stub, method)(request, timeout=20.0), None
    except grpc.RpcError as error:
        return None, (error.code(), error.details())


@pytest.mark.parametrize("method", METHODS)
def test_right_requests_are_answered_and_spoilt_ones_refused_by_name(
    stub: Any, weather_process: WeatherProcess, method: str
) -> None:
    random = np.random.default_rng(list(method.encode()))
    answered = refused = 0
    for number in range(REQUESTS):
        request = METHODS[method](random)
        for _ in range(number % 4):
            spoil(random, request)
        answer, refusal = asked(stub, method, request)
        if refusal is None:
            assert infinite_in(answer) == [], number
            answered += 1
        else:
            code, sentence = refusal
            assert code == grpc.StatusCode.INVALID_ARGUMENT, (number, sentence)
            assert 0 < len(sentence) < MOST_SENTENCE, (number, sentence)
            assert number % 4 > 0, (number, sentence)
            refused += 1
    assert answered >= REQUESTS // 4
    assert refused >= REQUESTS // 8
    assert weather_process.peak_memory_bytes() < MOST_MEMORY_BYTES
