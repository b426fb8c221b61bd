"""Whatever comes over the wire, there is an answer or a failure with a name, and nothing else."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from farm.weather.providers.body import Kind
from farm.weather.providers.errors import ProviderError
from farm.weather.providers.exchange import Exchange, Failure
from farm.weather.providers.hosts import Host
from farm.weather.providers.queries import Query
from farm.weather.providers.reading import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTCOMES = {"http_4xx", "http_429", "http_5xx", "timeout", "connection", "invalid"}
HOST = Host(key="somebody", title="Somebody", rate_per_s=1, burst=1)


class Wire:
    """Answers every request with the same bytes and closes."""

    def __init__(self) -> None:
        self.says = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/weather"

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with suppress(OSError), client:
                    client.settimeout(5)
                    client.recv(65_536)
                    client.sendall(self.says)

    def close(self) -> None:
        # Only a shutdown wakes the thread that waits in accept.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    server = Wire()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.close()
    thread.join()


@pytest.fixture(scope="module")
def exchange() -> Iterator[Exchange]:
    made = Exchange(
        user_agent="furrow/test",
        clock=lambda: datetime(2026, 3, 28, tzinfo=UTC),
        monotonic=time.monotonic,
        connect_within_s=5,
        silent_at_most_s=5,
    )
    yield made
    made.close()


statuses = st.sampled_from([b"200", b"304", b"302", b"404", b"429", b"503", b"204", b"999", b"x"])
names = st.sampled_from(
    [
        b"Content-Length",
        b"Content-Type",
        b"Content-Encoding",
        b"Transfer-Encoding",
        b"Retry-After",
        b"Expires",
        b"Location",
        b"X",
    ]
)
values = st.sampled_from(
    [
        b"2",
        b"-1",
        b"99999999999999999999",
        b"application/json",
        b"text/html",
        b"gzip",
        b"chunked",
        b"http://[",
        b"http://127.0.0.1:99999/",
        b"//\xff",
        b"Sat, 28 Mar 2026 10:00:00 GMT",
        b"Sat, 28 Mar 0000 99:00:00 GMT",
    ]
) | st.binary(max_size=12)
heads = st.builds(
    lambda status, lines: (
        b"HTTP/1.1 "
        + status
        + b" so\r\n"
        + b"".join(b": ".join(line) + b"\r\n" for line in lines)
        + b"\r\n"
    ),
    statuses,
    st.lists(st.tuples(names, values), max_size=5),
)
bodies = st.binary(max_size=40) | st.sampled_from([b"{}", b"2\r\n{}\r\n0\r\n\r\n", b"zz\r\n{}"])
answers = st.binary(max_size=80) | st.builds(bytes.__add__, heads, bodies)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers)
@example(b"HTTP/1.1 302 so\r\nLocation: http://[\r\n\r\n")
@example(b"HTTP/1.1 302 so\r\nLocation: http://127.0.0.1:99999/\r\n\r\n")
@example(b"HTTP/1.1 200 so\r\nContent-Length: -1\r\nContent-Type: application/json\r\n\r\n{}")
@example(b"HTTP/1.1 200 so\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}")
def test_any_bytes_are_an_answer_or_a_failure_with_a_name(
    wire: Wire, exchange: Exchange, says: bytes
) -> None:
    wire.says = says
    query = Query(
        provider="somebody",
        title="Somebody",
        product="forecast",
        host=HOST,
        url=wire.url,
        parameters={},
        kind=Kind.JSON,
        is_kept=True,
    )

    try:
        exchange.send(query, read=parse_json, expires_at=time.monotonic() + 5)
    except Failure as failure:
        outcome, error = failure.outcome, failure.error
    else:
        return
    assert outcome in OUTCOMES
    assert isinstance(error, ProviderError)
    assert error.detail.startswith("Somebody")
