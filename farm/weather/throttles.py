"""A brake on asking for the weather of everywhere."""

from __future__ import annotations

from rest_framework.throttling import UserRateThrottle


class PositionThrottle(UserRateThrottle):
    """Counts by person; each new coordinate is a request to a provider, who has other guests."""

    rate = "60/min"
    scope = "weather"
