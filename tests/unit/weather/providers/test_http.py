"""How a provider is asked, and what is made of whatever it answers."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from farm.observability.metrics import WEATHER_PROVIDER_REQUESTS
from farm.weather.models import ProviderHost
from farm.weather.providers import reading
from farm.weather.providers.body import MOST_BYTES, Kind
from farm.weather.providers.errors import (
    ProviderBusyError,
    ProviderError,
    ProviderInvalidError,
    ProviderRefusedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from farm.weather.providers.hosts import Host
from farm.weather.providers.http import polite_session, user_agent
from farm.weather.providers.queries import Query
from tests.unit.weather.providers.provider_server import NOW, Reply, as_json

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from farm.weather.providers.http import PoliteSession
    from tests.unit.weather.providers.provider_server import Clock, ProviderServer

pytestmark = pytest.mark.django_db

HOST = Host(key="somebody", title="Somebody", rate_per_s=1, burst=20)
GOOD = as_json({"value": 7})


def query(server: ProviderServer, **changes: Any) -> Query:
    given = {
        "provider": "somebody",
        "title": "Somebody",
        "product": "forecast",
        "host": HOST,
        "url": f"{server.url}/weather",
        "parameters": {"latitude": "51.25", "apikey": "se cret"},
        "kind": Kind.JSON,
    }
    return Query(**(given | changes))


def value(text: str) -> float:
    return reading.number(reading.mapping(reading.parse_json(text), "document").get("value"), "v")


def counted(outcome: str) -> float:
    labels = WEATHER_PROVIDER_REQUESTS.labels("somebody", "forecast", outcome)
    return float(labels._value.get())


def test_a_good_answer_is_read_and_counted(server: ProviderServer, session: PoliteSession) -> None:
    server.will(GOOD)
    before = counted("ok")

    answer = session.ask(query(server), value)

    assert answer.value == 7
    assert counted("ok") == before + 1
    assert server.seen[0].parameters == {"latitude": "51.25", "apikey": "se cret"}
    assert server.seen[0].headers["User-Agent"] == "furrow/test (farm@example.org)"


def test_one_connection_serves_many_questions(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(GOOD)
    before = server.connections

    for _ in range(5):
        session.ask(query(server), value)

    assert server.connections == before + 1


def test_a_packed_answer_is_unpacked(server: ProviderServer, session: PoliteSession) -> None:
    body = gzip.compress(GOOD.body)
    server.will(Reply(body=body, headers={"Content-Encoding": "gzip"}))

    assert session.ask(query(server), value).value == 7
    assert server.seen[0].headers["Accept-Encoding"] == "gzip"


def test_a_server_that_fails_once_is_asked_again_after_a_while(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    server.will(Reply(status=503), GOOD)

    assert session.ask(query(server), value).value == 7
    assert clock.slept == [1.0]  # half of two seconds: chance is 0.5 here
    assert ProviderHost.objects.get().failures == 0


def test_a_server_that_goes_on_failing_is_asked_three_times(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    server.will(Reply(status=500))
    before = counted("http_5xx")

    with pytest.raises(ProviderUnavailableError, match=r"^Somebody failed \(500\)\.$"):
        session.ask(query(server), value)

    assert len(server.seen) == 3
    assert clock.slept == [1.0, 2.0]
    assert counted("http_5xx") == before + 3
    assert ProviderHost.objects.get().failures == 3


@pytest.mark.parametrize(
    "asks_for", ["4", (NOW + timedelta(seconds=4)).strftime("%a, %d %b %Y %H:%M:%S GMT")]
)
def test_retry_after_is_honoured_in_seconds_and_as_a_date(
    asks_for: str, server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    server.will(Reply(status=429, headers={"Retry-After": asks_for}), GOOD)

    assert session.ask(query(server), value).value == 7
    assert clock.slept == [5.0]  # what it asks for, and then the jitter


def test_a_long_rest_is_left_to_the_next_time_and_holds_for_everybody(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    server.will(Reply(status=429, headers={"Retry-After": "600"}))

    with pytest.raises(ProviderBusyError) as busy:
        session.ask(query(server), value)
    with pytest.raises(ProviderUnavailableError) as again:
        session.ask(query(server), value)

    assert busy.value.retry_after_s == again.value.retry_after_s == 600
    assert len(server.seen) == 1
    assert clock.slept == []
    server.will(GOOD)
    clock.pass_by(600)
    assert session.ask(query(server), value).value == 7


def test_a_429_without_a_word_is_a_rest_of_a_minute(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(Reply(status=429))

    with pytest.raises(ProviderBusyError) as busy:
        session.ask(query(server), value)

    assert busy.value.retry_after_s == 60
    assert len(server.seen) == 1


def test_retry_after_is_capped_at_six_hours(server: ProviderServer, session: PoliteSession) -> None:
    server.will(Reply(status=503, headers={"Retry-After": "99999999999999999999"}))

    with pytest.raises(ProviderUnavailableError) as down:
        session.ask(query(server), value)

    assert down.value.retry_after_s == 6 * 3600


def test_a_refusal_is_quoted_and_not_repeated(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(as_json({"error": True, "reason": "Latitude\nis odd"}, status=400))

    with pytest.raises(ProviderRefusedError, match=r"refuses the request \(400\): .*Latitude"):
        session.ask(query(server), value)

    assert len(server.seen) == 1
    assert ProviderHost.objects.get().failures == 0  # it lives


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            Reply(body=b"<!doctype html><title>Sign in</title>", content_type="text/html"),
            "A web page came instead of JSON",
        ),
        (Reply(body=b" \n<html>blocked", content_type="application/json"), "A web page came"),
        (Reply(body=b"{}", content_type="image/png"), "calls itself image/png"),
        (Reply(body=b'{"value": 7, "more', content_type="application/json"), "only the beginning"),
        (Reply(body=b'{"value": NaN}'), "holds NaN"),
        (Reply(body=b'{"value": "7"}'), "is str, not a number"),
        (Reply(body=b'{"value": 1e999}'), "not a finite number"),
        (Reply(body=b'{"value": ' + b"9" * 400 + b"}"), "not a finite number"),
        (Reply(body=b"[" * 200_000), "is not JSON"),
        (Reply(body=b'{"value": "\xff"}'), "not in UTF-8"),
        (Reply(body=b"{}", headers={"Content-Encoding": "br"}), "packed in a way"),
        (Reply(body=b"{}", headers={"Content-Encoding": "gzip"}), "says that it is packed"),
        (
            Reply(body=gzip.compress(b'{"value": 7}')[:-9], headers={"Content-Encoding": "gzip"}),
            "only the beginning",
        ),
        (Reply(status=204), "204"),
    ],
)
def test_what_cannot_be_believed_is_refused_with_a_sentence(
    reply: Reply, said: str, server: ProviderServer, session: PoliteSession
) -> None:
    server.will(reply)
    before = counted("invalid")

    with pytest.raises(ProviderInvalidError, match=said) as refused:
        session.ask(query(server), value)

    assert refused.value.code == "provider_invalid"
    assert refused.value.detail.startswith("Somebody")
    assert counted("invalid") == before + 1
    assert len(server.seen) == 1


def test_an_endless_answer_is_cut_off(server: ProviderServer, session: PoliteSession) -> None:
    server.will(Reply(body=b" " * (MOST_BYTES + 1)))

    with pytest.raises(ProviderInvalidError, match="larger than 8 MiB"):
        session.ask(query(server), value)


def test_a_bomb_does_not_go_off(server: ProviderServer, session: PoliteSession) -> None:
    bomb = gzip.compress(b" " * (4 * MOST_BYTES))
    assert len(bomb) < 100_000
    server.will(Reply(body=bomb, headers={"Content-Encoding": "gzip"}))

    with pytest.raises(ProviderInvalidError, match="larger than 8 MiB"):
        session.ask(query(server), value)


def test_a_broken_connection_is_tried_again(server: ProviderServer, session: PoliteSession) -> None:
    server.will(Reply(resets=True), Reply(body=b'{"value"', claims=5000), GOOD)
    before = counted("connection")

    assert session.ask(query(server), value).value == 7
    assert counted("connection") == before + 2


def test_nobody_at_home_is_unavailable(server: ProviderServer, session: PoliteSession) -> None:
    with pytest.raises(ProviderUnavailableError, match="cannot be reached"):
        session.ask(query(server, url="http://127.0.0.1:1/weather"), value)


def test_a_connection_that_cannot_be_trusted_is_not_tried_again(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    secure = server.url.replace("http:", "https:")  # where nothing secure answers

    with pytest.raises(ProviderUnavailableError, match="can be trusted"):
        session.ask(query(server, url=f"{secure}/weather"), value)

    assert clock.slept == []


def test_a_silent_server_is_a_timeout(server: ProviderServer, session: PoliteSession) -> None:
    server.will(Reply(hangs=True))
    before = counted("timeout")

    with pytest.raises(ProviderTimeoutError, match="did not answer in time"):
        session.ask(query(server), value)

    assert counted("timeout") == before + 3


def test_an_answer_that_drips_is_given_up_at_the_deadline(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    server.will(Reply(body=b" " * (MOST_BYTES - 1)))
    clock.each_look_s = 10.0  # each piece takes so long: the whole may take a minute

    with pytest.raises(ProviderTimeoutError):
        session.ask(query(server), value)

    assert len(server.seen) == 1


def test_a_head_that_drips_is_cut_off_at_the_deadline(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(Reply(drips=True))
    session.all_within_s = 0.4
    session.jitter = lambda: 1.0  # so that no second attempt begins within the deadline

    with pytest.raises(ProviderTimeoutError):
        session.ask(query(server), value)

    assert len(server.seen) == 1


def test_the_waits_of_all_attempts_stay_within_the_deadline(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    server.will(Reply(status=503, headers={"Retry-After": "14"}))
    session.all_within_s = 20.0

    with pytest.raises(ProviderUnavailableError):
        session.ask(query(server), value)

    assert sum(clock.slept) <= 20


def test_a_redirect_on_the_same_host_is_followed(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(Reply(status=302, headers={"Location": "/moved?latitude=51.25"}), GOOD)

    assert session.ask(query(server), value).value == 7
    assert [seen.path for seen in server.seen] == ["/weather", "/moved"]


def test_what_a_redirect_says_besides_is_not_read(
    server: ProviderServer, session: PoliteSession
) -> None:
    endless = Reply(
        status=302, headers={"Location": "/moved"}, body=b"x", claims=10**12, stalls=True
    )
    server.will(endless, GOOD)
    before = counted("timeout") + counted("connection")

    assert session.ask(query(server), value).value == 7
    assert counted("timeout") + counted("connection") == before


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:1/x",
        "https://127.0.0.1/",
        "//elsewhere.example/x",
        "file:///etc",
        "http://[",
    ],
)
def test_a_redirect_to_another_host_is_not(
    target: str, server: ProviderServer, session: PoliteSession
) -> None:
    server.will(Reply(status=302, headers={"Location": target}))

    with pytest.raises(ProviderInvalidError, match="another host"):
        session.ask(query(server), value)

    assert len(server.seen) == 1


def test_redirects_in_a_circle_end(server: ProviderServer, session: PoliteSession) -> None:
    server.will(Reply(status=307, headers={"Location": "/weather"}))

    with pytest.raises(ProviderInvalidError, match="elsewhere"):
        session.ask(query(server), value)

    assert len(server.seen) == 3


def test_no_proxy_password_or_cookie_of_the_surroundings_is_used(
    server: ProviderServer, session: PoliteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.will(Reply(body=GOOD.body, headers={"Set-Cookie": "who=me"}), Reply(body=GOOD.body))

    for _ in range(2):
        assert session.ask(query(server), value).value == 7
    assert "Cookie" not in server.seen[1].headers
    assert "Authorization" not in server.seen[1].headers


def test_a_key_that_is_quoted_back_is_blotted_out(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(as_json({"reason": "The key se cret is unknown."}, status=403))

    with pytest.raises(ProviderRefusedError, match="The key … is unknown"):
        session.ask(query(server, secret="se cret"), value)


def test_a_key_that_a_good_answer_quotes_is_blotted_out_too(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(as_json({"error": True}))

    def refuses(text: str) -> int:
        raise ProviderRefusedError("It refuses: se cret is spent.")

    with pytest.raises(ProviderRefusedError, match="It refuses: … is spent"):
        session.ask(query(server, secret="se cret"), refuses)


def test_no_key_shows_in_a_failure(server: ProviderServer, session: PoliteSession) -> None:
    server.will(Reply(resets=True))

    with pytest.raises(ProviderError) as failure:
        session.ask(query(server), value)

    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__
    assert "cret" not in str(failure.value) + ProviderHost.objects.get().error_detail


def test_after_five_failures_in_a_row_nobody_is_asked_until_one_tries(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    server.will(Reply(status=500))
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError, match=r"failed \(500\)"):
            session.ask(query(server), value)
    asked, before = len(server.seen), counted("breaker_open")

    with pytest.raises(ProviderUnavailableError, match="is not asked for now") as refused:
        session.ask(query(server), value)

    assert asked == 5
    assert len(server.seen) == 5
    assert refused.value.retry_after_s == 60
    assert counted("breaker_open") >= before + 1
    clock.pass_by(60)
    with pytest.raises(ProviderUnavailableError, match=r"failed \(500\)"):
        session.ask(query(server), value)
    assert len(server.seen) == 6  # one probe, no second attempt
    server.will(GOOD)
    clock.pass_by(120)
    assert session.ask(query(server), value).value == 7
    assert ProviderHost.objects.get().open_until is None


def test_pages_of_a_firewall_open_the_breaker_too(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(Reply(body=b"<html>", content_type="text/html"))

    for _ in range(5):
        with pytest.raises(ProviderInvalidError):
            session.ask(query(server), value)

    with pytest.raises(ProviderUnavailableError, match="is not asked"):
        session.ask(query(server), value)
    assert ProviderHost.objects.get().error_code == "provider_invalid"


def test_an_empty_bucket_is_waited_for_where_it_is_short(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    server.will(GOOD)

    session.ask(query(server, cost=20), value)
    session.ask(query(server, cost=3), value)

    assert clock.slept == [3.0]


def test_an_empty_bucket_is_a_busy_provider_where_it_is_long(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    server.will(GOOD)
    before = counted("throttled")
    session.ask(query(server, cost=20), value)

    with pytest.raises(ProviderBusyError, match="as often as it may") as busy:
        session.ask(query(server, cost=19), value)

    assert (busy.value.retry_after_s, busy.value.code) == (19, "provider_busy")
    assert len(server.seen) == 1
    assert counted("throttled") == before + 1
    assert clock.slept == []


def test_a_kept_answer_is_asked_for_again_only_after_it_expired_and_by_its_date(
    server: ProviderServer, session: PoliteSession, clock: Clock
) -> None:
    dates = {"Last-Modified": "Sat, 28 Mar 2026 09:00:00 GMT"}
    first = {**dates, "Expires": "Sat, 28 Mar 2026 10:00:00 GMT"}
    later = {"Expires": "Sat, 28 Mar 2026 11:00:00 GMT"}
    server.will(Reply(body=GOOD.body, headers=first), Reply(status=304, headers=later))
    kept = query(server, is_kept=True)

    first_answer = session.ask(kept, value)
    at_once = session.ask(kept, value)
    clock.pass_by(1800)
    after = session.ask(kept, value)
    before_it_expires = session.ask(kept, value)

    assert [a.value for a in (first_answer, at_once, after, before_it_expires)] == [7, 7, 7, 7]
    assert len(server.seen) == 2
    assert "If-Modified-Since" not in server.seen[0].headers
    assert server.seen[1].headers["If-Modified-Since"] == dates["Last-Modified"]
    assert after.expires_at is not None
    assert after.expires_at.hour == 11


def test_another_place_is_another_answer(server: ProviderServer, session: PoliteSession) -> None:
    headers = {"Expires": "Sat, 28 Mar 2026 10:00:00 GMT"}
    server.will(
        Reply(body=b'{"value": 1}', headers=headers), Reply(body=b'{"value": 2}', headers=headers)
    )

    here = session.ask(query(server, is_kept=True), value)
    there = session.ask(query(server, is_kept=True, parameters={"latitude": "9"}), value)

    assert (here.value, there.value) == (1, 2)


def test_few_answers_are_kept(server: ProviderServer, session: PoliteSession) -> None:
    server.will(Reply(body=GOOD.body, headers={"Expires": "Sat, 28 Mar 2026 10:00:00 GMT"}))
    wide = Host(key="wide", title="Somebody", rate_per_s=1, burst=1000)

    for place in range(70):
        asked = query(server, is_kept=True, host=wide, parameters={"latitude": str(place)})
        session.ask(asked, value)

    assert len(session.exchange.kept) == 64


def test_a_process_has_one_session_and_says_whom_to_write_to(settings: SettingsWrapper) -> None:
    settings.WEATHER_CONTACT = ""
    plain = user_agent()
    settings.WEATHER_CONTACT = "farm@example.org"

    assert polite_session() is polite_session()
    assert plain == f"furrow/{settings.FURROW_VERSION}"
    assert user_agent() == f"{plain} (farm@example.org)"


def test_the_refusal_of_a_reader_is_no_failure_of_the_host(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(Reply(body=json.dumps({"value": None}).encode()))

    for _ in range(6):
        with pytest.raises(ProviderInvalidError, match="is nothing, not a number"):
            session.ask(query(server), value)
