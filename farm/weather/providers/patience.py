"""How long to wait before asking again: back-off with jitter, and what the provider itself says."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_BACK_OFF_S = 1.0
LONGEST_BACK_OFF_S = 20.0
LONGEST_RETRY_AFTER_S = 6 * 3600.0


def back_off_s(attempt: int, *, jitter: Callable[[], float]) -> float:
    """Return a random wait, from nothing to twice as much as might have been before.

    Args:
        attempt: How many requests have failed, from 1.
        jitter: Random numbers from 0 to 1. Full jitter, so that many that failed at the same moment
            do not come back at the same moment.
    """
    return jitter() * min(LONGEST_BACK_OFF_S, FIRST_BACK_OFF_S * 2.0**attempt)


def retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """Return how long a provider asks for patience, seconds; None where it says nothing sensible.

    Args:
        value: The header ``Retry-After``: seconds, or a date (RFC 9110, section 10.2.3).
        now: With zone.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        seconds = float(value[:12])
    elif (moment := http_date(value)) is not None:
        seconds = (moment - now).total_seconds()
    else:
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)


def http_date(value: str | None) -> datetime | None:
    """Return a date of a header in UTC, or None where it is none."""
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
