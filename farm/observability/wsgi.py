"""What a request costs, measured outside Django: middleware, the body and its end included.

A web process answers one request in one thread, so the CPU time of that thread between beginning
and end is the request's. A body that is streamed is measured piece by piece, each between its own
two readings: what the thread does in between, and which thread asks for the next piece, is of no
matter.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from farm.observability.gc_time import collections
from farm.observability.increments import Observed, add, value_of
from farm.observability.metrics import (
    REQUEST_BODY_BYTES,
    REQUEST_CPU_SECONDS,
    REQUEST_SECONDS,
    REQUESTS,
    REQUESTS_IN_FLIGHT,
    RESPONSE_BODY_BYTES,
)
from farm.observability.routes import UNMATCHED, known_method, plain_route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

RUNTIME = "python"
SERVICE = "furrow-web"
# Where `MetricsMiddleware` leaves the route as Django names it.
ROUTE_KEY = "furrow.route"
# The client went away before the answer ended; nginx's number for it.
CLIENT_GONE = "499"
FAILED = "500"

_abandoned: deque[Request] = deque()
_in_flight = value_of(REQUESTS_IN_FLIGHT.labels(RUNTIME, SERVICE))


class MeasuredApplication:
    """A WSGI application of which each request is measured."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        """Measure an application."""
        self._application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        began_ns = time.thread_time_ns()
        if _abandoned:
            _end_abandoned()
        request = Request(environ)

        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            request.code = status[:3]
            return start_response(status, headers, *failure)

        try:
            body = self._application(environ, start)
            if getattr(body, "streaming", True):
                return _MeasuredBody(body, request, began_ns)
            # All of it is there: it is handed over at once, and its end measured with the rest.
            try:
                parts = list(body)
            finally:
                body.close()  # type: ignore[attr-defined]  # Django's answers have it
        except BaseException:
            request.code = FAILED
            request.end(time.thread_time_ns() - began_ns)
            raise
        request.sent_bytes = sum(map(len, parts))
        request.end(time.thread_time_ns() - began_ns)
        return parts


class Request:
    """One request from its head to its end."""

    __slots__ = ("_began_s", "_environ", "_input", "code", "cpu_ns", "has_ended", "sent_bytes")

    def __init__(self, environ: dict[str, Any]) -> None:
        """It begins."""
        self._began_s = time.perf_counter()
        self._environ = environ
        self.has_ended = False
        self._input: _CountedInput | None = None
        self.code = FAILED  # where the application never names one
        self.cpu_ns = 0
        self.sent_bytes = 0
        if environ.get("CONTENT_LENGTH") not in {None, "", "0"}:
            self._input = environ["wsgi.input"] = _CountedInput(environ["wsgi.input"])
        _in_flight.inc(1)

    def end(self, cpu_ns: int = 0) -> None:
        """It has ended, after ``cpu_ns`` more nanoseconds of CPU."""
        if self.has_ended:
            return
        self.has_ended = True
        method = self._environ["REQUEST_METHOD"]
        series = _series(self._environ.get(ROUTE_KEY), method, self.code)
        rises = [
            (_in_flight, -1),
            (series.requests, 1),
            *series.cpu.rises((self.cpu_ns + cpu_ns) / 1e9),
            *series.duration.rises(time.perf_counter() - self._began_s),
        ]
        if self._input and self._input.bytes:
            rises.append((series.received, self._input.bytes))
        if self.sent_bytes and method != "HEAD":
            rises.append((series.sent, self.sent_bytes))
        add(rises)
        collections.count()


class _MeasuredBody:
    """A body that is made while it is sent."""

    __slots__ = ("_began_ns", "_body", "_has_begun", "_iterator", "_request")

    def __init__(self, body: Iterable[bytes], request: Request, began_ns: int) -> None:
        self._body = body
        self._request = request
        self._has_begun = False
        self._iterator: Iterator[bytes] | None = iter(body)
        request.cpu_ns = time.thread_time_ns() - began_ns

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._iterator is None:
            raise StopIteration
        began_ns = time.thread_time_ns()
        self._has_begun = True
        try:
            part = next(self._iterator)
        except StopIteration:
            self._iterator = None
            raise
        except BaseException:
            self._iterator = None
            self._request.code = FAILED
            raise
        finally:
            self._request.cpu_ns += time.thread_time_ns() - began_ns
        self._request.sent_bytes += len(part)
        return part

    def close(self) -> None:
        """The server is through with it, or its client has gone."""
        began_ns = time.thread_time_ns()
        if self._iterator is not None and self._has_begun:
            self._request.code = CLIENT_GONE
        try:
            if close := getattr(self._body, "close", None):
                close()
        finally:
            self._request.end(time.thread_time_ns() - began_ns)

    def __del__(self) -> None:
        # A server that never closes it would leave it in flight for ever. Whoever collects it may
        # hold the lock of a metric, so the next request counts it.
        if not self._request.has_ended:
            _abandoned.append(self._request)


def _end_abandoned() -> None:
    with suppress(IndexError):  # another thread does the same
        while True:
            _abandoned.popleft().end()


class _CountedInput:
    """A request's body, of which it is counted how much is read: its length is only a claim."""

    __slots__ = ("_file", "bytes")

    def __init__(self, file: Any) -> None:
        self._file = file
        self.bytes = 0

    def _counted(self, part: bytes) -> bytes:
        self.bytes += len(part)
        return part

    def read(self, *size: int) -> bytes:
        return self._counted(self._file.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._counted(self._file.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        return [self._counted(line) for line in self._file.readlines(*hint)]

    def __iter__(self) -> Iterator[bytes]:
        return map(self._counted, self._file)


class _Series:
    """The metrics of one route, method and code; finding each by its labels takes longer."""

    __slots__ = ("cpu", "duration", "received", "requests", "sent")

    def __init__(self, route: str, method: str, code: str) -> None:
        labels = (RUNTIME, SERVICE, route)
        self.cpu = Observed(REQUEST_CPU_SECONDS.labels(*labels, method, f"{code[0]}xx"))
        self.duration = Observed(REQUEST_SECONDS.labels(*labels, method, f"{code[0]}xx"))
        self.requests = value_of(REQUESTS.labels(*labels, method, code))
        self.received = value_of(REQUEST_BODY_BYTES.labels(*labels))
        self.sent = value_of(RESPONSE_BODY_BYTES.labels(*labels))


# As many as there are routes × methods × codes; keyed by what is at hand without any work.
_known: dict[tuple[str | None, str, str], _Series] = {}


def _series(route: str | None, method: str, code: str) -> _Series:
    found = _known.get((route, method, code))
    if found is None:
        method = known_method(method)
        plain = UNMATCHED if route is None else plain_route(route)
        found = _known.setdefault((route, method, code), _Series(plain, method, code))
    return found
