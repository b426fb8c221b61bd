"""Numbers as people read them."""

from __future__ import annotations

import pytest

from farm.templatetags import figures


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.00000043, "0.43 µs"),
        (0.00043, "430 µs"),
        (0.0009996, "1 ms"),
        (0.0123, "12.3 ms"),
        (0.25, "250 ms"),
        (0.99996, "1 s"),
        (1.25, "1.25 s"),
        (7200, "7,200 s"),
        (None, "–"),
        ("", "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_short_times_have_the_unit_that_fits(value: object, shown: str) -> None:
    assert figures.seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 s"),
        (-1, "0 s"),
        (40, "40 s"),
        (90, "90 s"),
        (720, "12 min"),
        (5400, "90 min"),
        (10_800, "3 h"),
        (2_592_000, "30 d"),
        (None, "–"),
    ],
)
def test_long_times_have_one_unit(value: object, shown: str) -> None:
    assert figures.age(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 %"),
        (0.0002, "0.02 %"),
        (0.000001, "< 0.001 %"),
        (0.125, "12.5 %"),
        (0.9995, "99.95 %"),
        (0.999, "99.9 %"),
        (1, "100 %"),
        (2.5, "250 %"),
        (-0.5, "-50 %"),
        (None, "–"),
    ],
)
def test_shares_keep_the_nines_that_count(value: object, shown: str) -> None:
    assert figures.percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.5, "0.5"), (12.345, "12.3"), (99.97, "100"), (4096, "4,096"), (True, "–")],
)
def test_plain_numbers_have_three_digits(value: object, shown: str) -> None:
    assert figures.figure(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0 B"), (512, "512 B"), (12_800, "12.5 KiB"), (300 << 20, "300 MiB"), (None, "–")],
)
def test_bytes_have_the_unit_that_fits(value: object, shown: str) -> None:
    assert figures.size(value) == shown
