"""The one table from gRPC status to ``farm.errors``."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import grpc
from google.rpc import error_details_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status

from farm.clients.services import NDVI, WEATHER
from farm.errors import (
    FarmError,
    InvalidInputError,
    NotFoundError,
    ServiceBusyError,
    ServiceFaultError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    UnreadableRasterError,
)
from farm.weather.variables import HOURLY_BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.rpc import status_pb2

    from farm.clients.services import Service

ERROR_DOMAIN = "furrow"
_MISSING = re.compile(r"(?:[\w\[\]]+\.)*(?P<name>\w+) is missing(?:, and so is \w+)?\.?")

# The message of these is written for people by the service and is passed on.
_TOLD_IN_WORDS: dict[grpc.StatusCode, type[FarmError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidInputError,
    grpc.StatusCode.OUT_OF_RANGE: InvalidInputError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.FAILED_PRECONDITION: UnreadableRasterError,
}

# Limits of furrow-metrics that only its operator, or time, can do something about.
_FULL = frozenset({"PROGRAMS_EXHAUSTED", "SERIES_EXHAUSTED"})

DEFAULT_RETRY_AFTER_S = 2


@contextmanager
def translated(service: Service = NDVI) -> Iterator[None]:
    """Raise the ``FarmError`` that stands for a failed call.

    Args:
        service: Who was called, for the sentence.

    Raises:
        FarmError: As in the table of ``docs/architecture.md``.
    """
    try:
        yield
    except grpc.RpcError as error:
        raise farm_error_of(error, service) from error


def _in_words(detail: str) -> str:
    """Name an hourly variable that is missing as people do, not by its place in a message."""
    found = _MISSING.fullmatch(detail)
    variable = HOURLY_BY_NAME.get(found["name"]) if found else None
    return detail if variable is None else f"The {variable.title} of this span is not known."


def farm_error_of(error: grpc.RpcError, service: Service = NDVI) -> FarmError:
    """Find the failure that a status stands for."""
    code = error.code()
    detail = error.details() or ""
    status = _rich_status(error)
    reason = _reason(status)
    told = _TOLD_IN_WORDS.get(code)
    if told is not None:
        detail = _in_words(detail) if service is WEATHER else detail
        return told(detail or f"The {service.title} refused this without a reason.", reason=reason)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        if not reason:
            # grpc itself answers this when a message is larger than either side takes.
            return InvalidInputError(
                f"This is too much for one call: {detail}.", reason="TOO_LARGE"
            )
        if reason == "REPORT_TOO_LARGE":
            return InvalidInputError(detail, reason=reason)
        msg = f"The {service.title} has no free slot; try again in a moment."
        if reason in _FULL:
            msg = detail  # a slot that comes free would not help
        return ServiceBusyError(msg, reason=reason, retry_after_s=_retry_after_s(status))
    if code is grpc.StatusCode.UNAVAILABLE:
        msg = detail if reason else f"The {service.title} is not running or cannot be reached."
        return ServiceUnavailableError(msg, reason=reason)
    # tonic reports its own timeout as CANCELLED; nobody here cancels a call and then waits for it.
    if code in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED):
        return ServiceTimeoutError(f"The {service.title} did not answer in time.", reason=reason)
    msg = f"The {service.title} failed by its own fault; its log has the detail."
    return ServiceFaultError(msg, reason=reason)


def _rich_status(error: grpc.RpcError) -> status_pb2.Status | None:
    try:
        return rpc_status.from_call(cast("grpc.Call", error))
    except ValueError:  # the details contradict the status line, so they are not trusted
        return None


def _reason(status: status_pb2.Status | None) -> str:
    info = error_details_pb2.ErrorInfo()
    for detail in status.details if status else ():
        if detail.Unpack(info) and info.domain == ERROR_DOMAIN:
            return str(info.reason)
    return ""


def _retry_after_s(status: status_pb2.Status | None) -> int:
    retry = error_details_pb2.RetryInfo()
    for detail in status.details if status else ():
        if detail.Unpack(retry):
            delay = retry.retry_delay
            return max(1, int(delay.seconds) + (1 if delay.nanos else 0))
    return DEFAULT_RETRY_AFTER_S
