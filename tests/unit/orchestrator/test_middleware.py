"""Whom to believe, which id, one line in the log."""

import logging

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from orchestrator import context
from orchestrator.middleware import RequestContextMiddleware
from orchestrator.peers import client_address, is_trusted_proxy

PROXY = "127.0.0.1"
STRANGER = "203.0.113.7"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def through_middleware(view=None, **meta):
    seen = {}

    def inner(request):
        seen["request"] = request
        seen["context"] = context.current()
        return view(request) if view else HttpResponse("ok")

    request = RequestFactory().get("/somewhere", **meta)
    seen["response"] = RequestContextMiddleware(inner)(request)
    return seen


# --- Ids --------------------------------------------------------------------------------------


def test_a_request_without_an_id_gets_one_and_it_is_echoed():
    seen = through_middleware()

    assert len(seen["context"].request_id) == 32
    assert seen["response"]["X-Request-Id"] == seen["context"].request_id


def test_two_requests_get_two_ids():
    first, second = through_middleware(), through_middleware()

    assert first["context"] != second["context"]


def test_the_proxys_id_and_trace_are_kept():
    seen = through_middleware(HTTP_X_REQUEST_ID="caddy-0001-abcd", HTTP_TRACEPARENT=TRACEPARENT)

    assert seen["context"].request_id == "caddy-0001-abcd"
    assert seen["context"].traceparent == TRACEPARENT
    assert seen["response"]["X-Request-Id"] == "caddy-0001-abcd"


@pytest.mark.parametrize(
    "bad", ["short", "x" * 65, "has blanks in it", 'quote"quote"', "ünicode-id"]
)
def test_a_malformed_id_is_replaced(bad):
    assert through_middleware(HTTP_X_REQUEST_ID=bad)["context"].request_id != bad


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "01" + TRACEPARENT[2:],
        TRACEPARENT.upper(),
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        TRACEPARENT + "-extra",
    ],
)
def test_a_malformed_trace_is_replaced_by_a_valid_one(bad):
    made = through_middleware(HTTP_TRACEPARENT=bad)["context"].traceparent

    assert made != bad
    assert context.TRACEPARENT.fullmatch(made)


def test_a_strangers_ids_are_not_taken_into_our_log():
    seen = through_middleware(
        REMOTE_ADDR=STRANGER, HTTP_X_REQUEST_ID="caddy-0001-abcd", HTTP_TRACEPARENT=TRACEPARENT
    )

    assert seen["context"].request_id != "caddy-0001-abcd"
    assert seen["context"].traceparent != TRACEPARENT


def test_nothing_is_bound_after_the_request():
    through_middleware()

    assert context.current() is None
    assert context.request_id() == ""


def test_a_job_can_bind_its_own_ids():
    with context.bound(context.new_context(request_id="job-00000042")):
        assert context.request_id() == "job-00000042"

    assert context.current() is None


# --- Peers ------------------------------------------------------------------------------------


def test_forwarded_headers_of_a_stranger_are_dropped():
    seen = through_middleware(
        REMOTE_ADDR=STRANGER,
        HTTP_X_FORWARDED_FOR="198.51.100.1",
        HTTP_X_FORWARDED_PROTO="https",
        HTTP_X_FORWARDED_HOST="evil.example",
        HTTP_FORWARDED="for=198.51.100.1",
    )

    request = seen["request"]
    assert not request.is_secure()
    assert not [name for name in request.META if "FORWARDED" in name]
    assert client_address(request) == STRANGER


def test_our_proxy_is_believed():
    seen = through_middleware(HTTP_X_FORWARDED_FOR=STRANGER, HTTP_X_FORWARDED_PROTO="https")

    assert seen["request"].is_secure()
    assert client_address(seen["request"]) == STRANGER


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("203.0.113.7, nonsense", PROXY),
        ("", PROXY),
    ],
)
def test_the_last_forwarded_entry_is_the_client(forwarded, client):
    seen = through_middleware(HTTP_X_FORWARDED_FOR=forwarded)

    assert client_address(seen["request"]) == client


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [("127.0.0.1", True), ("::1", True), ("", True), (STRANGER, False), ("junk", False)],
)
def test_loopback_and_unix_sockets_are_our_proxy(address, is_ours):
    assert is_trusted_proxy(address) is is_ours


# --- Access line ------------------------------------------------------------------------------


def lines(caplog):
    return [record for record in caplog.records if record.name == "furrow.access"]


def test_one_line_names_route_status_duration_and_user(caplog, client, user):
    client.force_login(user)
    with caplog.at_level(logging.INFO, logger="furrow.access"):
        client.get("/api/v1/auth/me/?secret=1")

    (line,) = lines(caplog)
    assert (line.route, line.method, line.status) == ("auth-me", "GET", 200)
    assert line.user_id == user.pk
    assert 0 < line.duration_s < 60
    assert "secret" not in str(line.__dict__)


def test_an_unknown_address_has_no_route_of_its_own(caplog, client, db):
    with caplog.at_level(logging.INFO, logger="furrow.access"):
        client.get("/nowhere/4711")

    (line,) = lines(caplog)
    assert line.route == "<unmatched>"
    assert line.status == 404


def test_the_line_costs_no_query(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        client.get("/healthz")


# --- Headers and cookies ----------------------------------------------------------------------


def test_every_answer_carries_the_security_headers(client, db):
    for url in ("/", "/healthz", "/api/v1/auth/me/", "/nowhere", "/admin/login/"):
        answer = client.get(url)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["X-Request-Id"]


@pytest.mark.parametrize(
    ("meta", "is_secure"),
    [
        ({"HTTP_HOST": "furrow.example"}, True),
        ({"HTTP_HOST": "localhost:8080"}, False),
        ({"HTTP_HOST": "127.0.0.1:8080"}, False),
        ({"HTTP_HOST": "[::1]:8080"}, False),
        ({"HTTP_HOST": "localhost"}, False),
        ({"HTTP_HOST": "localhost.evil.example"}, True),
        ({"HTTP_HOST": "localhost:8443", "HTTP_X_FORWARDED_PROTO": "https"}, True),
    ],
)
def test_cookies_go_without_secure_to_plain_http_on_loopback_only(
    client, settings, meta, is_secure
):
    settings.CSRF_COOKIE_SECURE = True
    settings.ALLOWED_HOSTS = ["*"]

    cookie = client.get("/api/v1/auth/login/", **meta).cookies["csrftoken"]

    assert bool(cookie["secure"]) is is_secure
    assert cookie["samesite"] == "Lax"
