"""Providers' hosts as all processes see them: short transactions on ``ProviderHost``, no network.

Every transaction here is durable, so none of them can be part of one that spans a request.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from farm.weather.models import ProviderHost
from farm.weather.providers import breaker, bucket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A provider's host and how much it is asked for at most."""

    key: str  # of the ``ProviderHost``
    title: str  # for people
    rate_per_s: float  # tokens a second, over all processes
    burst: float  # tokens at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whether a request may go now; both 0 where it may."""

    rests_s: float  # how long the breaker lets none through
    waits_s: float  # how long until there are tokens


@contextmanager
def _locked(key: str) -> Iterator[ProviderHost]:
    # Made outside, because of two that make it the slower one would find its transaction broken.
    ProviderHost.objects.get_or_create(name=key)
    with transaction.atomic(durable=True):
        row = ProviderHost.objects.select_for_update().get(name=key)
        yield row
        row.save()


def admission(host: Host, *, cost: float, now: datetime) -> Admission:
    """Ask breaker and bucket whether a request may go now, and take its tokens if so."""
    with _locked(host.key) as row:
        was_probed_until = row.probed_until
        rests_s = breaker.admit(row, now=now)
        if rests_s:
            return Admission(rests_s=rests_s, waits_s=0)
        waits_s = bucket.take(row, cost=cost, rate_per_s=host.rate_per_s, burst=host.burst, now=now)
        if waits_s:
            row.probed_until = was_probed_until  # it does not go, so it is no probe either
        return Admission(rests_s=0, waits_s=waits_s)


def note_success(host: Host, *, now: datetime) -> None:
    """Note that a host answered."""
    with _locked(host.key) as row:
        breaker.succeeded(row, now=now)


def note_failure(host: Host, *, code: str, detail: str, now: datetime) -> bool:
    """Note that a host did not answer, or with a failure of its own.

    Returns:
        Whether it is left alone now.
    """
    with _locked(host.key) as row:
        breaker.failed(row, code=code, detail=detail, now=now)
        return breaker.state(row, now=now) is breaker.State.OPEN


def note_rest(host: Host, *, until: datetime, code: str, detail: str, now: datetime) -> None:
    """Note that a host wants to be left alone."""
    with _locked(host.key) as row:
        breaker.rest(row, until=until, code=code, detail=detail, now=now)


def hosts_left_alone(*, now: datetime) -> set[str]:
    """Return the keys of hosts that are not asked now, or were not well when last asked."""
    return {
        row.name
        for row in ProviderHost.objects.exclude(open_until=None)
        # A rest that was asked for ends by itself; a failure ends by an answer.
        if row.failures or breaker.state(row, now=now) is breaker.State.OPEN
    }
