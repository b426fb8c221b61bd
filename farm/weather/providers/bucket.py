"""A token bucket in a row of ``ProviderHost``, so that all processes together stay polite."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from farm.weather.models import ProviderHost

_SHORT = 1e-5  # tokens


def take(
    host: ProviderHost, *, cost: float, rate_per_s: float, burst: float, now: datetime
) -> float:
    """Take tokens, or say how long it lasts until they are there. The caller saves the row.

    Args:
        host: The row, locked by the caller.
        cost: Tokens the request is worth; more than ``burst`` counts as ``burst``.
        rate_per_s: Tokens that come in a second.
        burst: Most tokens that gather.
        now: With zone.

    Returns:
        0 where they were taken, else seconds to wait before asking again; nothing is taken then.
    """
    wanted = min(cost, burst)
    if host.refilled_at is None:
        tokens = burst
    else:
        # A clock that was set back must neither add nor take.
        passed_s = max(0.0, (now - host.refilled_at).total_seconds())
        tokens = min(burst, host.tokens + passed_s * rate_per_s)
    is_there = tokens >= wanted - _SHORT  # what a wait has brought may be short by a rounding
    host.tokens = max(0.0, tokens - wanted) if is_there else tokens
    host.refilled_at = now
    return 0.0 if is_there else (wanted - tokens) / rate_per_s
