"""A host that fails is left alone, tried by one, and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from farm.weather.models import ProviderHost
from farm.weather.providers import breaker
from farm.weather.providers.breaker import State
from tests.unit.weather.providers.provider_server import NOW


def fail(host: ProviderHost, at_s: float = 0, times: int = 1) -> None:
    for _ in range(times):
        now = NOW + timedelta(seconds=at_s)
        breaker.failed(host, code="provider_unavailable", detail="It is down.", now=now)


def admitted(host: ProviderHost, at_s: float) -> float:
    return breaker.admit(host, now=NOW + timedelta(seconds=at_s))


def state(host: ProviderHost, at_s: float) -> State:
    return breaker.state(host, now=NOW + timedelta(seconds=at_s))


def test_four_failures_in_a_row_are_endured_and_the_fifth_is_not() -> None:
    host = ProviderHost(name="somebody")

    fail(host, times=4)
    after_four = state(host, 0)
    fail(host)

    assert after_four is State.CLOSED
    assert state(host, 0) is State.OPEN
    assert admitted(host, 20) == 40
    assert (host.error_code, host.error_detail) == ("provider_unavailable", "It is down.")


def test_a_success_between_begins_the_row_anew() -> None:
    host = ProviderHost(name="somebody")

    fail(host, times=4)
    breaker.succeeded(host, now=NOW)
    fail(host, times=4)

    assert state(host, 0) is State.CLOSED


def test_one_request_tries_a_host_that_has_rested() -> None:
    host = ProviderHost(name="somebody")
    fail(host, times=5)

    first, second = admitted(host, 60), admitted(host, 61)

    assert (first, second) == (0, 119)
    assert state(host, 61) is State.HALF_OPEN


def test_a_probe_that_never_came_back_frees_its_place() -> None:
    host = ProviderHost(name="somebody")
    fail(host, times=5)
    admitted(host, 60)

    assert admitted(host, 180) == 0


def test_the_success_of_a_probe_closes_it() -> None:
    host = ProviderHost(name="somebody")
    fail(host, times=5)
    admitted(host, 60)

    breaker.succeeded(host, now=NOW + timedelta(seconds=61))

    assert state(host, 61) is State.CLOSED
    assert (host.failures, host.error_code, host.error_detail) == (0, "", "")


def test_each_failed_probe_doubles_the_rest_up_to_a_quarter_of_an_hour() -> None:
    host = ProviderHost(name="somebody")
    fail(host, times=5)
    at_s, rests = 0.0, []

    for _ in range(7):
        at_s += admitted(host, at_s)
        assert admitted(host, at_s) == 0
        fail(host, at_s)
        rests.append(admitted(host, at_s))

    assert rests == [120, 240, 480, 900, 900, 900, 900]


def test_a_late_answer_changes_nothing_while_it_is_open() -> None:
    host = ProviderHost(name="somebody")
    fail(host, times=5)

    fail(host, 30)
    breaker.succeeded(host, now=NOW + timedelta(seconds=31))

    assert admitted(host, 31) == pytest.approx(29)


def test_a_rest_that_was_asked_for_is_no_failure() -> None:
    host = ProviderHost(name="somebody")

    breaker.rest(
        host, until=NOW + timedelta(seconds=600), code="provider_busy", detail="Wait.", now=NOW
    )

    assert (state(host, 0), host.failures) == (State.OPEN, 0)
    assert admitted(host, 600) == 0


def test_a_shorter_rest_does_not_shorten_a_longer_one() -> None:
    host = ProviderHost(name="somebody")
    for seconds in (600, 60):
        until = NOW + timedelta(seconds=seconds)
        breaker.rest(host, until=until, code="provider_busy", detail="Wait.", now=NOW)

    assert admitted(host, 0) == 600
