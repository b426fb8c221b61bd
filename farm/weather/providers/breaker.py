"""A circuit breaker in a row of ``ProviderHost``: a host that fails is left alone for a while.

Closed: requests pass. Open: none does until ``open_until``. Half open: from then on one request at
a time tries it; its success closes the breaker, its failure opens it for twice as long.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from farm.weather.models import ProviderHost

OPENS_AFTER = 5  # failures in a row
FIRST_REST = timedelta(seconds=60)
LONGEST_REST = timedelta(minutes=15)
# A probe whose process died frees its place after this; longer than any request may last.
PROBE_LASTS = timedelta(seconds=120)


class State(StrEnum):
    """How a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


def state(host: ProviderHost, *, now: datetime) -> State:
    """Return how the breaker of a host stands now."""
    if host.open_until is None:
        return State.CLOSED
    return State.OPEN if now < host.open_until else State.HALF_OPEN


def admit(host: ProviderHost, *, now: datetime) -> float:
    """Let a request pass, or say for how long none does. The caller saves the row.

    Returns:
        0 where it may go, else seconds until one may.
    """
    match state(host, now=now):
        case State.CLOSED:
            return 0.0
        case State.OPEN:
            assert host.open_until is not None  # noqa: S101 – what being open means
            return (host.open_until - now).total_seconds()
        case State.HALF_OPEN:
            if host.probed_until is not None and now < host.probed_until:
                return (host.probed_until - now).total_seconds()
            host.probed_until = now + PROBE_LASTS
            return 0.0


def succeeded(host: ProviderHost, *, now: datetime) -> None:
    """Note an answer: the breaker closes, unless the host is to be left alone still."""
    host.succeeded_at = now
    if state(host, now=now) is State.OPEN:
        return  # a late answer of a request that began before
    host.failures = 0
    host.open_until = host.probed_until = None
    host.error_code = host.error_detail = ""


def failed(host: ProviderHost, *, code: str, detail: str, now: datetime) -> None:
    """Note a failure: in a row they open the breaker, and a failed probe opens it again."""
    was = state(host, now=now)
    host.failures = min(host.failures + 1, 1_000_000)
    host.failed_at = now
    host.error_code, host.error_detail = code, detail
    if was is State.OPEN:
        return  # a late answer of a request that began before; the rest is under way
    if was is State.HALF_OPEN or host.failures >= OPENS_AFTER:
        doublings = min(max(0, host.failures - OPENS_AFTER), 10)
        host.open_until = now + min(LONGEST_REST, FIRST_REST * 2**doublings)
        host.probed_until = None


def rest(host: ProviderHost, *, until: datetime, code: str, detail: str, now: datetime) -> None:
    """Leave a host alone until it wants to be asked again; that it asked so is no failure."""
    host.open_until = until if host.open_until is None else max(until, host.open_until)
    host.probed_until = None
    host.failed_at = now
    host.error_code, host.error_detail = code, detail
