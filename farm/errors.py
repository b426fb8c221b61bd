"""The one family of failures. No HTTP here: ``farm.http`` gives each a status and a document."""

from __future__ import annotations

from typing import ClassVar


class FarmError(Exception):
    """A failure that a person can read about.

    Attributes:
        code: Stable word for programs, in the problem document.
        detail: One sentence for a farmer's administrator.
        reason: The finer reason a service gave, such as ``RASTER_CRS_MISSING``; may be empty.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, detail: str, *, reason: str = "") -> None:
        """Keep the sentence and the finer reason."""
        super().__init__(detail)
        self.detail = detail
        self.reason = reason


class InvalidInputError(FarmError):
    """What was sent can be parsed but makes no sense."""

    code = "invalid_input"


class NotFoundError(FarmError):
    """It does not exist, or this user may not know that it does."""

    code = "not_found"


class NoClearObservationError(NotFoundError):
    """No scene showed enough of a field to say anything of it."""

    code = "no_clear_observation"


class NoWeatherError(NotFoundError):
    """No value of weather is known of the hours that were asked for."""

    code = "no_weather"


class ForbiddenError(FarmError):
    """It may be seen but not done by this user or with this key."""

    code = "forbidden"


class ConflictError(FarmError):
    """The state of the thing does not allow this now."""

    code = "conflict"


class UnreadableRasterError(FarmError):
    """A raster is corrupt, oversized or of a kind that is not read."""

    code = "unreadable_raster"


class ServiceBusyError(FarmError):
    """A service has no free slot; trying again later helps."""

    code = "service_busy"

    def __init__(self, detail: str, *, reason: str = "", retry_after_s: int = 2) -> None:
        """Keep how long to wait, in whole seconds."""
        super().__init__(detail, reason=reason)
        self.retry_after_s = retry_after_s


class ServiceUnavailableError(FarmError):
    """A service is down."""

    code = "service_unavailable"

    def __init__(self, detail: str, *, reason: str = "", retry_after_s: int | None = None) -> None:
        """Keep how long to wait, in whole seconds, where that is known."""
        super().__init__(detail, reason=reason)
        self.retry_after_s = retry_after_s


class ServiceTimeoutError(ServiceUnavailableError):
    """A service did not answer before the deadline."""

    code = "service_timeout"


class StorageFullError(FarmError):
    """The disk of the object store, or the one that uploads pass through, is full."""

    code = "storage_full"

    def __init__(self) -> None:
        """Say it in the one sentence."""
        super().__init__(
            "The server's disk is full, so nothing was stored; its operator must make room."
        )


class ServiceFaultError(FarmError):
    """A service failed by its own fault; the detail is in its log."""

    code = "service_fault"
