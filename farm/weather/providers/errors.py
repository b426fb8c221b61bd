"""What can go wrong with a provider. Each has a stable code, which a feed keeps and shows."""

from __future__ import annotations

from farm.errors import ServiceUnavailableError


class ProviderError(ServiceUnavailableError):
    """A provider gave nothing that can be used; what is stored stays good.

    Attributes:
        retry_after_s: Earliest time at which asking again makes sense, seconds from now; None where
            nobody said.
    """

    code = "provider_error"


class ProviderUnavailableError(ProviderError):
    """No answer, or an answer of its own failure: asking again later may help."""

    code = "provider_unavailable"


class ProviderTimeoutError(ProviderUnavailableError):
    """It took longer than it may."""

    code = "provider_timeout"


class ProviderBusyError(ProviderError):
    """It, or our own share of requests to it, asks for patience."""

    code = "provider_busy"


class ProviderRefusedError(ProviderError):
    """It does not want this request: asking the same again does not help."""

    code = "provider_refused"


class ProviderInvalidError(ProviderError):
    """It answered what cannot be believed: nothing of the answer is taken."""

    code = "provider_invalid"


class NoSuchDaysError(ProviderError):
    """None of the days asked for can be had of this product now; nothing was sent."""

    code = "provider_no_such_days"
