"""Tokens: no more than come in, however the clock behaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.weather.models import ProviderHost
from farm.weather.providers.bucket import take
from tests.unit.weather.providers.provider_server import NOW


def taken(host: ProviderHost, at_s: float, cost: float = 1.0) -> float:
    return take(host, cost=cost, rate_per_s=0.5, burst=4, now=NOW + timedelta(seconds=at_s))


def test_a_full_bucket_gives_its_burst_and_then_one_every_two_seconds() -> None:
    host = ProviderHost(name="somebody")

    at_once = [taken(host, 0) for _ in range(5)]

    assert at_once == [0, 0, 0, 0, 2]
    assert taken(host, 1) == 1
    assert taken(host, 2) == 0


def test_it_never_holds_more_than_its_burst() -> None:
    host = ProviderHost(name="somebody")
    taken(host, 0)

    a_day_later = [taken(host, 86_400) for _ in range(5)]

    assert a_day_later == [0, 0, 0, 0, 2]


def test_what_costs_more_than_the_bucket_holds_takes_all_of_it() -> None:
    host = ProviderHost(name="somebody")

    assert taken(host, 0, cost=1000) == 0
    assert taken(host, 0) == 2


def test_a_clock_that_is_set_back_gives_nothing() -> None:
    host = ProviderHost(name="somebody")
    for _ in range(4):
        taken(host, 100)

    assert taken(host, 0) == 2


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 6)), max_size=60))
def test_never_more_is_given_than_was_there_and_came_in(steps: list[tuple[float, float]]) -> None:
    host, at_s, given_out = ProviderHost(name="somebody"), 0.0, 0.0

    for pause_s, cost in steps:
        at_s += pause_s
        if taken(host, at_s, cost) == 0:
            given_out += min(cost, 4)

    assert given_out <= 4 + 0.5 * at_s + 1e-3


@given(st.floats(0, 10), st.floats(0.1, 4))
def test_the_wait_that_is_named_is_enough(at_s: float, cost: float) -> None:
    host = ProviderHost(name="somebody")
    taken(host, 0, cost=4)

    wait_s = taken(host, at_s, cost)

    assert wait_s == 0 or taken(host, at_s + wait_s, cost) == 0
    assert wait_s == pytest.approx(max(0, (cost - 0.5 * at_s) / 0.5), abs=1e-4)
