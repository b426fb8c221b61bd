"""What a request cost is found under its route, whatever becomes of it."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path, re_path
from prometheus_client import REGISTRY

from farm.observability import wsgi
from farm.observability.wsgi import ROUTE_KEY, MeasuredApplication

BURNT_NS = 20_000_000
_numbers = count()


@pytest.fixture
def route() -> str:
    """A route that nobody else counts under."""
    return f"of/test/{next(_numbers)}/"


def found(name: str, route: str, **labels: str) -> float | None:
    common = {"runtime": "python", "service": "furrow-web", "route": route}
    return REGISTRY.get_sample_value(name, common | labels)


def in_flight() -> float | None:
    labels = {"runtime": "python", "service": "furrow-web"}
    return REGISTRY.get_sample_value("http_requests_in_flight", labels)


def burn(nanoseconds: int = BURNT_NS) -> None:
    """Use CPU of this thread."""
    until = time.thread_time_ns() + nanoseconds
    while time.thread_time_ns() < until:
        pass


def ask(
    application: Callable[..., Iterable[bytes]],
    *,
    method: str = "GET",
    url: str = "/",
    body: bytes = b"",
    takes: int | None = None,
) -> bytes:
    """What a server does: call, take the parts (or some of them), close."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": url,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    answer = application(environ, lambda *_: None)
    try:
        return b"".join(part for _, part in zip(range(takes or 1 << 20), answer, strict=False))
    finally:
        if close := getattr(answer, "close", None):
            close()


def answering(
    route: str | None, status: str, body: Iterable[bytes] | Callable[[], Iterable[bytes]]
) -> MeasuredApplication:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if route is not None:
            environ[ROUTE_KEY] = route
        environ["wsgi.input"].read()
        start_response(status, [])
        return body() if callable(body) else body

    return MeasuredApplication(application)


def test_a_request_is_counted_under_its_route_method_and_code(route: str) -> None:
    application = answering(route, "200 OK", [b"four", b"more"])

    assert ask(application, method="POST", body=b"sent!") == b"fourmore"

    at = f"/{route}"
    labels = {"method": "POST", "code_class": "2xx"}
    assert found("http_requests_total", at, method="POST", code="200") == 1
    assert found("http_request_cpu_seconds_count", at, **labels) == 1
    assert found("http_request_duration_seconds_count", at, **labels) == 1
    assert found("http_request_body_bytes_total", at) == 5
    assert found("http_response_body_bytes_total", at) == 8
    assert in_flight() == 0


def test_cpu_is_counted_in_the_call_the_body_and_its_end(route: str) -> None:
    class Body:
        def __iter__(self) -> Iterator[bytes]:
            burn()
            yield b"one"
            burn()
            yield b"two"

        def close(self) -> None:
            burn()

    def body() -> Body:
        burn()
        return Body()

    ask(answering(route, "200 OK", body))

    cpu_s = found("http_request_cpu_seconds_sum", f"/{route}", method="GET", code_class="2xx")
    assert cpu_s is not None
    assert 4 * BURNT_NS / 1e9 <= cpu_s < 5 * BURNT_NS / 1e9


def test_waiting_is_time_and_no_cpu(route: str) -> None:
    def body() -> list[bytes]:
        time.sleep(0.05)
        return []

    ask(answering(route, "200 OK", body))

    labels = {"method": "GET", "code_class": "2xx"}
    cpu_s = found("http_request_cpu_seconds_sum", f"/{route}", **labels)
    took_s = found("http_request_duration_seconds_sum", f"/{route}", **labels)
    assert cpu_s is not None
    assert took_s is not None
    assert took_s >= 0.05
    assert cpu_s < took_s / 2


def test_what_the_server_does_between_parts_is_not_the_requests(route: str) -> None:
    answer = answering(route, "200 OK", lambda: iter([b"one", b"two"]))(
        {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), ROUTE_KEY: route}, lambda *_: None
    )
    for _ in answer:
        burn()
    answer.close()  # type: ignore[attr-defined]

    cpu_s = found("http_request_cpu_seconds_sum", f"/{route}", method="GET", code_class="2xx")
    assert cpu_s is not None
    assert cpu_s < BURNT_NS / 1e9


def test_a_body_that_another_thread_takes_is_measured_in_that_one(route: str) -> None:
    def parts() -> Iterator[bytes]:
        burn()
        yield b"one"

    answer = answering(route, "200 OK", parts)(
        {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), ROUTE_KEY: route}, lambda *_: None
    )

    def take() -> None:
        burn(5 * BURNT_NS)  # its own work, before
        list(answer)
        answer.close()  # type: ignore[attr-defined]

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()

    cpu_s = found("http_request_cpu_seconds_sum", f"/{route}", method="GET", code_class="2xx")
    assert cpu_s is not None
    assert BURNT_NS / 1e9 <= cpu_s < 2 * BURNT_NS / 1e9


@pytest.mark.parametrize("where", ["in the call", "in the body", "at its end"])
def test_a_request_that_raises_is_a_500_and_not_in_flight(route: str, where: str) -> None:
    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b"one"
            if where == "in the body":
                raise RuntimeError(where)

        def close(self) -> None:
            if where == "at its end":
                raise RuntimeError(where)

    def body() -> Body:
        if where == "in the call":
            raise RuntimeError(where)
        return Body()

    with pytest.raises(RuntimeError, match=where):
        ask(answering(route, "200 OK", body))

    code = "200" if where == "at its end" else "500"  # the answer had been given
    assert found("http_requests_total", f"/{route}", method="GET", code=code) == 1
    assert in_flight() == 0


def test_a_client_that_goes_away_is_a_499(route: str) -> None:
    ask(answering(route, "200 OK", lambda: iter([b"one", b"two", b"three"])), takes=1)

    assert found("http_requests_total", f"/{route}", method="GET", code="499") == 1
    labels = {"method": "GET", "code_class": "4xx"}
    assert found("http_request_cpu_seconds_count", f"/{route}", **labels) == 1
    assert in_flight() == 0


def test_a_body_that_was_never_closed_is_ended_with_the_next_request(route: str) -> None:
    answer = answering(route, "200 OK", lambda: iter([b"one"]))(
        {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), ROUTE_KEY: route}, lambda *_: None
    )
    list(answer)
    assert in_flight() == 1

    del answer
    ask(answering(route, "200 OK", [b"four"]))

    assert in_flight() == 0
    assert found("http_requests_total", f"/{route}", method="GET", code="200") == 2


def test_an_answer_to_head_has_no_body_bytes(route: str) -> None:
    ask(answering(route, "200 OK", [b"four"]), method="HEAD")

    assert found("http_requests_total", f"/{route}", method="HEAD", code="200") == 1
    assert not found("http_response_body_bytes_total", f"/{route}")


def test_a_length_is_a_claim_and_what_is_read_counts(route: str) -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ[ROUTE_KEY] = route
        environ["CONTENT_LENGTH"] = "10"
        file = environ["wsgi.input"]
        file.read(2)
        file.readline()
        file.readlines()
        list(file)
        start_response("200 OK", [])
        return []

    ask(MeasuredApplication(application), method="POST", body=b"ab\ncd\nef\n")

    assert found("http_request_body_bytes_total", f"/{route}") == 9


def test_methods_that_nobody_uses_are_one_word(route: str) -> None:
    application = answering(route, "405 Method Not Allowed", [])

    for number in range(50):
        ask(application, method=f"BREW{number}")

    assert found("http_requests_total", f"/{route}", method="other", code="405") == 50
    assert not [key for key in wsgi._known if key[0] == route and key[1] != "other"]


def test_what_matches_no_route_is_one_word() -> None:
    before = found("http_requests_total", "<unmatched>", method="GET", code="404") or 0

    for number in range(20):
        ask(answering(None, "404 Not Found", []), url=f"/secret/{number}")

    assert found("http_requests_total", "<unmatched>", method="GET", code="404") == before + 20


# --- Through Django ---


def plain(request: Any, number: int) -> HttpResponse:
    return HttpResponse(b"x" * number)


def streamed(request: Any) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        burn()
        yield b"streamed"

    return StreamingHttpResponse(parts())


def broken(request: Any, word: str) -> HttpResponse:
    raise RuntimeError(word)


urlpatterns = [
    path("measured/plain/<int:number>/", plain),
    path("measured/streamed/", streamed),
    re_path(r"^measured/broken/(?P<word>[a-z]+)\.txt$", broken),
]


@pytest.fixture
def django(db: None) -> Iterator[MeasuredApplication]:
    with override_settings(ROOT_URLCONF=__name__):
        yield MeasuredApplication(WSGIHandler())


def test_django_answers_in_one_piece_under_its_route(django: MeasuredApplication) -> None:
    assert ask(django, url="/measured/plain/7/") == b"x" * 7

    at = "/measured/plain/{number}/"
    assert found("http_requests_total", at, method="GET", code="200") == 1
    assert found("http_response_body_bytes_total", at) == 7


def test_a_streamed_answer_of_django_is_measured_to_its_end(django: MeasuredApplication) -> None:
    assert ask(django, url="/measured/streamed/") == b"streamed"

    labels = {"method": "GET", "code_class": "2xx"}
    cpu_s = found("http_request_cpu_seconds_sum", "/measured/streamed/", **labels)
    assert cpu_s is not None
    assert cpu_s >= BURNT_NS / 1e9


def test_a_view_that_raises_is_a_500_under_its_route(django: MeasuredApplication) -> None:
    ask(django, url="/measured/broken/word.txt")

    at = "/measured/broken/{word}.txt"
    assert found("http_requests_total", at, method="GET", code="500") == 1


def test_the_end_of_a_request_is_told_to_django_once(django: MeasuredApplication) -> None:
    from django.core.signals import request_finished

    ended = []

    def note(**_: object) -> None:
        ended.append(1)

    request_finished.connect(note)
    try:
        ask(django, url="/measured/plain/1/")
        ask(django, url="/measured/streamed/")
    finally:
        request_finished.disconnect(note)

    assert len(ended) == 2
