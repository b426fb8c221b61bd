"""How much a number says: shares, age and the day it belongs to, with the clock as an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from farm.imagery.observation_quality import (
    STALE_AFTER_DAYS,
    age_days,
    clearest_of_each,
    covered_share,
    is_partial,
    is_stale,
    solar_day,
    usable_share,
)

NOON = datetime(2024, 6, 25, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Seen:
    name: str = ""
    acquired_at: datetime = NOON
    covered_area_m2: float = 100.0
    outline_area_m2: float = 100.0
    valid_share: float = 1.0
    pk: int = 1
    is_mosaic: bool = False
    radiometry_verdict: str = "consistent"


def test_a_clear_look_at_a_tenth_of_a_field_is_a_tenth_of_a_look() -> None:
    corner = Seen(covered_area_m2=10.0, valid_share=1.0)

    assert covered_share(corner) == pytest.approx(0.1)
    assert usable_share(corner) == pytest.approx(0.1)


def test_an_outline_without_area_is_not_covered() -> None:
    assert covered_share(Seen(outline_area_m2=0.0)) == 0.0


def test_rounding_on_the_grid_never_covers_more_than_all() -> None:
    assert covered_share(Seen(covered_area_m2=100.0000001)) == 1.0


@pytest.mark.parametrize(
    ("look", "claim"),
    [
        (Seen(), False),
        (Seen(covered_area_m2=99.0), False),
        (Seen(covered_area_m2=98.9), True),
        (Seen(valid_share=0.99), False),
        (Seen(valid_share=0.989), True),
    ],
)
def test_a_number_is_partial_below_99_percent_of_outline_or_pixels(look: Seen, claim: bool) -> None:
    assert is_partial(look) is claim


def test_a_number_turns_stale_after_three_passes_and_not_before() -> None:
    border = NOON + timedelta(days=STALE_AFTER_DAYS)

    assert not is_stale(acquired_at=NOON, now=border)
    assert is_stale(acquired_at=NOON, now=border + timedelta(seconds=1))


def test_age_is_in_days_and_never_negative() -> None:
    assert age_days(acquired_at=NOON, now=NOON + timedelta(hours=36)) == 1.5
    assert age_days(acquired_at=NOON, now=NOON - timedelta(hours=1)) == 0.0


@pytest.mark.parametrize(
    ("longitude", "instant", "day"),
    [
        # Sentinel-2 passes at about 10:30 by the sun; in New Zealand that is the evening before
        # in UTC, in Hawaii the same day's evening.
        (175.0, datetime(2024, 6, 24, 22, 50, tzinfo=UTC), date(2024, 6, 25)),
        (-156.0, datetime(2024, 6, 25, 20, 54, tzinfo=UTC), date(2024, 6, 25)),
        (3.0, datetime(2024, 6, 25, 10, 40, tzinfo=UTC), date(2024, 6, 25)),
    ],
)
def test_a_pass_belongs_to_its_solar_day_anywhere(
    longitude: float, instant: datetime, day: date
) -> None:
    assert solar_day(acquired_at=instant, longitude=longitude) == day


def test_the_look_that_shows_most_is_kept_and_of_equals_the_later() -> None:
    cloudy = Seen(name="cloudy", valid_share=0.4)
    clear = Seen(name="clear", valid_share=0.9, acquired_at=NOON - timedelta(minutes=2))
    as_clear = Seen(name="as clear", valid_share=0.9, acquired_at=NOON - timedelta(minutes=1))

    for order in ([cloudy, clear, as_clear], [as_clear, clear, cloudy]):
        kept = clearest_of_each(order, key=lambda look: look.acquired_at.date())
        assert [look.name for look in kept.values()] == ["as clear"]


def test_of_two_scenes_of_one_moment_that_with_a_sure_offset_is_kept_then_the_last_written() -> (
    None
):
    unsure = Seen(name="unsure", pk=3, radiometry_verdict="undecided")
    sure = Seen(name="sure", pk=1)
    sure_too = Seen(name="sure too", pk=2, radiometry_verdict="overridden")

    for order in ([unsure, sure, sure_too], [sure_too, unsure, sure]):
        kept = clearest_of_each(order, key=lambda look: look.acquired_at)
        assert [look.name for look in kept.values()] == ["sure too"]
