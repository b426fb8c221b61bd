"""How much a number says: what it rests on, how old it is, and which day it belongs to.

Pure functions; the clock is an argument.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from farm.imagery.models import RadiometryVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from datetime import date, datetime

# A number counts as a clear look at a field when it rests on half of it.
DEFAULT_MIN_CLEAR_SHARE = 0.5

# Below this share of the outline or of its pixels the rest of the field is worth a word.
WHOLE_SHARE = 0.99

# Three passes of Sentinel-2's five days: by then something should have been seen.
STALE_AFTER_DAYS = 15

# Shares that differ by less are equal: sums of a mosaic's pixels and of its parts' are rounded.
SHARE_DECIMALS = 9

DEGREES_PER_HOUR = 15.0

# Before the first satellite of this kind nothing was seen; the far end keeps arithmetic in range.
FIRST_YEAR, LAST_YEAR = 1970, 2200


class Footing(Protocol):
    """What a number, saved or fresh, says about its own footing."""

    @property
    def covered_area_m2(self) -> float:
        """Area of the outline over the raster's extent."""

    @property
    def outline_area_m2(self) -> float:
        """Area of the whole outline, measured on the same grid."""

    @property
    def valid_share(self) -> float:
        """Share of the covered pixels that have a value."""


class Look(Footing, Protocol):
    """A number with the time it was seen at, and what is known of its scene."""

    @property
    def pk(self) -> Any:
        """Key of the observation: of two, the later written one has the higher."""

    @property
    def is_mosaic(self) -> bool:
        """Whether it was made of several scenes of its day."""

    @property
    def radiometry_verdict(self) -> str:
        """What was found of the scene's scale and offset."""

    @property
    def acquired_at(self) -> datetime:
        """When the scene was taken."""


_LookT = TypeVar("_LookT", bound=Look)
_KeyT = TypeVar("_KeyT", bound="Hashable")


def covered_share(look: Footing) -> float:
    """Share of the outline that the raster reaches, 0 to 1."""
    if look.outline_area_m2 <= 0.0:
        return 0.0
    return min(1.0, look.covered_area_m2 / look.outline_area_m2)


def usable_share(look: Footing) -> float:
    """Share of the outline that the statistics rest on, 0 to 1.

    Covered share × valid share: a clear look at a tenth of a field is no clear look at the field.
    """
    return covered_share(look) * look.valid_share


def is_partial(look: Footing) -> bool:
    """Say whether part of the field is missing from a number.

    True where the raster reaches less than 99 % of the outline, or less than 99 % of what it
    reaches has a value.
    """
    return covered_share(look) < WHOLE_SHARE or look.valid_share < WHOLE_SHARE


def age_days(*, acquired_at: datetime, now: datetime) -> float:
    """Days since the scene was taken, to a hundredth; 0 for one dated ahead of the clock."""
    return round(max(0.0, (now - acquired_at) / timedelta(days=1)), 2)


def is_stale(*, acquired_at: datetime, now: datetime) -> bool:
    """Say whether a number is older than ``STALE_AFTER_DAYS``."""
    return now - acquired_at > timedelta(days=STALE_AFTER_DAYS)


@lru_cache(maxsize=4096)
def solar_zone(longitude: float) -> timezone:
    """Return the mean solar time of a longitude, to the minute.

    A satellite passes at one solar hour everywhere, so days cut by it never split a pass.
    """
    return timezone(timedelta(minutes=round(longitude / DEGREES_PER_HOUR * 60.0)))


def solar_day(*, acquired_at: datetime, longitude: float) -> date:
    """Return the day by mean solar time of a longitude in degrees."""
    return acquired_at.astimezone(solar_zone(longitude)).date()


def clearest_of_each(
    looks: Iterable[_LookT], *, key: Callable[[_LookT], _KeyT]
) -> dict[_KeyT, _LookT]:
    """Keep the look that shows most of its field for each key, such as a solar day.

    See ``rank``. Overlapping tiles of one pass show a field twice; counting both would weigh that
    day double.
    """
    best: dict[_KeyT, _LookT] = {}
    for look in looks:
        rival = best.setdefault(key(look), look)
        if rank(look) > rank(rival):
            best[key(look)] = look
    return best


def is_sure(verdict: str) -> bool:
    """Say whether scale and offset of a scene were found true, or set by the operator."""
    return verdict in (RadiometryVerdict.CONSISTENT, RadiometryVerdict.OVERRIDDEN)


def rank(look: Look) -> tuple[float, bool, bool, datetime, Any]:
    """Return what orders looks at one field on one day; the greatest shows it best.

    That is the look that shows most of the field; of equals a mosaic before its parts, then one
    whose scale and offset are known to be true, then the later one, then the one written last.
    """
    return (
        round(usable_share(look), SHARE_DECIMALS),
        look.is_mosaic,
        is_sure(look.radiometry_verdict),
        look.acquired_at,
        look.pk,
    )
