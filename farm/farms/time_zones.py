"""Names of time zones."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache

from django.core.exceptions import ValidationError


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def check_time_zone(name: str) -> None:
    """Refuse what is no name of the IANA database; the empty name stands for "not known".

    Raises:
        ValidationError: There is no such zone.
    """
    if name and name not in _zone_names():
        msg = f"“{name}” is no time zone of the IANA database, such as “Europe/Brussels”."
        raise ValidationError(msg)
