"""How long to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from farm.weather.providers.patience import back_off_s, http_date, retry_after_s
from tests.unit.weather.providers.provider_server import NOW


def test_a_back_off_is_anything_up_to_twice_the_one_before_and_never_too_long() -> None:
    longest = [back_off_s(attempt, jitter=lambda: 1.0) for attempt in range(1, 8)]
    shortest = [back_off_s(attempt, jitter=lambda: 0.0) for attempt in range(1, 8)]

    assert longest == [2, 4, 8, 16, 20, 20, 20]
    assert shortest == [0] * 7


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sat, 28 Mar 2026 09:31:00 GMT", 60),
        ("Sat, 28 Mar 2026 09:00:00 GMT", 0),  # gone by
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0),  # an old form that RFC 9110 still allows
        ("9" * 50, 6 * 3600),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 6 * 3600),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Sat, 99 Mar 2026 09:31:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_the_standard_has_it(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after_s(value, now=NOW) == seconds


def test_a_date_without_a_zone_is_utc() -> None:
    assert http_date("Sat, 28 Mar 2026 09:31:00 -0000") == datetime(2026, 3, 28, 9, 31, tzinfo=UTC)
