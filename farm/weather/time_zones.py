"""The time zone of a position."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

DEGREES_AN_HOUR = 15.0


@lru_cache(maxsize=4096)
def time_zone_at(*, longitude: float, latitude: float) -> str:
    """Return the IANA name of the zone at a position.

    On land by the borders of timezone-boundary-builder, which tzfpy holds; at sea the nautical
    zone, such as ``Etc/GMT+3``, whose sign is that of POSIX: three hours *behind* UTC.

    Args:
        longitude: Degrees, -180 to 180.
        latitude: Degrees, -90 to 90.
    """
    import tzfpy  # 33 MB and 70 ms, which a process that asks for no position does not pay

    name = tzfpy.get_tz(longitude, latitude)
    return name if name in available_timezones() else nautical_zone(longitude=longitude)


def nautical_zone(*, longitude: float) -> str:
    """Return the zone of the open sea: whole hours, 7.5° to either side of each meridian."""
    hours_ahead = round(longitude / DEGREES_AN_HOUR)
    # The names count westward.
    return f"Etc/GMT{-hours_ahead:+d}" if hours_ahead else "Etc/GMT"
