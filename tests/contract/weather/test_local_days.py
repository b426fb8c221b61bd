"""Local days of sixty years in every zone, held against Python's reader of the same database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.contract.rust_examples import run_example

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_S = 86_400
QUARTER_S = 900
# Clocks are put back by three hours at most, but for whole days at the date line.
AFTER_A_CHANGE = 16
# Days that are compared although nothing happens near them.
EVERY = 20
PACKAGE_EDITION = import_module("tzdata").IANA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneDays:
    """A zone's days as the crate cuts them."""

    name: str
    first_day: date
    # Instants at which the days begin and the last one ends, Unix seconds: (days + 1).
    bounds_s: NDArray[np.int64]
    # Whole hours UTC in each day: (days).
    hours: NDArray[np.int64]


@pytest.fixture(scope="module")
def printed() -> list[str]:
    """What the crate says of all zones: its edition of the database, then a line each."""
    return run_example("zone_days", b"", package="furrow-agromet").decode().splitlines()


@pytest.fixture(scope="module")
def zones(printed: list[str]) -> list[ZoneDays]:
    """All zones of the crate."""
    return [_zone(line) for line in printed[1:]]


def _zone(line: str) -> ZoneDays:
    said = json.loads(line)
    seconds, hours, days = np.array(said["runs"], np.int64).T
    lengths_s = np.repeat(seconds, days)
    return ZoneDays(
        name=said["name"],
        first_day=date.fromisoformat(said["first_day"]),
        bounds_s=said["begins_s"] + np.concatenate([[0], np.cumsum(lengths_s)]),
        hours=np.repeat(hours, days),
    )


def _package_zone(name: str) -> ZoneInfo:
    """The zone of the package, whatever the system has."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as compiled:
        return ZoneInfo.from_file(compiled, key=name)


def _wrong_days(zone: ZoneDays) -> list[str]:
    """Days that begin or end elsewhere by Python's reader."""
    clock = _package_zone(zone.name)

    def local_day(at_s: int) -> date:
        return datetime.fromtimestamp(at_s, clock).date()

    lengths_s = np.diff(zone.bounds_s)
    near = np.flatnonzero(lengths_s != DAY_S)
    asked = {
        *range(0, len(lengths_s), EVERY),
        *(day for change in near.tolist() for day in range(change - 1, change + 2)),
    }
    wrong = []
    for day in sorted(asked & set(range(len(lengths_s)))):
        on, begin_s = zone.first_day + timedelta(days=day), int(zone.bounds_s[day])
        end_s = int(zone.bounds_s[day + 1])
        changes = lengths_s[day] != DAY_S
        # A date without hours lies between the days around it.
        shown = [local_day(begin_s), local_day(end_s - 1)] if end_s > begin_s else [on]
        later = [local_day(begin_s + QUARTER_S * n) for n in range(AFTER_A_CHANGE) if changes]
        if set(shown) != {on} or local_day(begin_s - 1) >= on or min([on, *later]) < on:
            wrong.append(f"{zone.name} {on}")
    return wrong


def test_the_crate_and_the_package_know_the_same_zones(
    printed: list[str], zones: list[ZoneDays]
) -> None:
    package = set(files("tzdata").joinpath("zones").read_text().split())

    difference = package ^ {zone.name for zone in zones}

    editions = f"crate {printed[0]}, package {PACKAGE_EDITION}"
    assert not difference, f"{sorted(difference)} ({editions})"


def test_days_of_all_zones_begin_where_python_sees_the_date_change(
    printed: list[str], zones: list[ZoneDays]
) -> None:
    wrong = [day for zone in zones for day in _wrong_days(zone)]

    editions = f"crate {printed[0]}, package {PACKAGE_EDITION}"
    assert not wrong, f"{len(wrong)} days differ, such as {wrong[:10]} ({editions})"


def test_hours_of_the_days_are_those_between_their_bounds_and_sum_to_the_span(
    zones: list[ZoneDays],
) -> None:
    for zone in zones:
        hours_before = -(-zone.bounds_s // 3600)

        assert (np.diff(hours_before) == zone.hours).all(), zone.name
        assert zone.hours.sum() == hours_before[-1] - hours_before[0], zone.name


def test_named_days_have_the_hours_that_their_clocks_gave_them(zones: list[ZoneDays]) -> None:
    by_name = {zone.name: zone for zone in zones}

    def hours_of(name: str, on: date) -> float:
        zone = by_name[name]
        day = (on - zone.first_day).days
        return float(zone.bounds_s[day + 1] - zone.bounds_s[day]) / 3600

    assert hours_of("Europe/Brussels", date(2026, 3, 29)) == 23
    assert hours_of("Europe/Brussels", date(2026, 10, 25)) == 25
    assert hours_of("Australia/Lord_Howe", date(2026, 10, 4)) == 23.5
    assert hours_of("Pacific/Apia", date(2011, 12, 30)) == 0
    assert hours_of("America/St_Johns", date(2006, 10, 28)) == 25
    assert hours_of("Asia/Kathmandu", date(1986, 1, 1)) == 23.75


def test_the_span_is_sixty_years(zones: list[ZoneDays]) -> None:
    begin = datetime(1970, 1, 1, tzinfo=UTC).timestamp()
    end = datetime(2030, 1, 1, tzinfo=UTC).timestamp()

    for zone in zones:
        assert zone.bounds_s[0] <= begin
        assert zone.bounds_s[-1] >= end - 3600
