"""What every call carries and how every call is counted."""

from __future__ import annotations

import time
from collections import namedtuple
from typing import TYPE_CHECKING, Any

import grpc

from farm.clients.metrics import CALL_SECONDS, CALLS
from orchestrator import context

if TYPE_CHECKING:
    from collections.abc import Callable


class MissingDeadlineError(TypeError):
    """A call was made without ``timeout=``: a fault of the caller's code."""


class _Details(  # grpc asks for an object with these attributes and offers no public class for it
    namedtuple(
        "_Details",
        ["method", "timeout", "metadata", "credentials", "wait_for_ready", "compression"],
    ),
    grpc.ClientCallDetails,
):
    __slots__ = ()


class CallInterceptor(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Adds the ids of the request at work, insists on a deadline, counts and times the call."""

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Wrap a call with one answer."""
        return _call(continuation, client_call_details, request)

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Wrap a call with streamed answers; it ends when the stream does."""
        return _call(continuation, client_call_details, request)


def _call(continuation: Callable[..., Any], details: Any, request: Any) -> Any:
    method = _text(details.method)
    if details.timeout is None:
        msg = f"{method} was called without timeout=."
        raise MissingDeadlineError(msg)
    started = time.perf_counter()
    call = continuation(_with_ids(details), request)
    call.add_done_callback(lambda ended: _count(method, ended.code(), started))
    return call


def _with_ids(details: Any) -> _Details:
    metadata = list(details.metadata or ())
    at_work = context.current()
    if at_work is not None:
        metadata.append(("x-request-id", at_work.request_id))
        metadata.append(("traceparent", at_work.traceparent))
    return _Details(
        details.method,
        details.timeout,
        metadata,
        getattr(details, "credentials", None),
        getattr(details, "wait_for_ready", None),
        getattr(details, "compression", None),
    )


def _count(method: str, code: grpc.StatusCode | None, started: float) -> None:
    # `/package.Service/Method`: both parts are names of our own protos, so the labels are bounded.
    service, _, name = method.lstrip("/").partition("/")
    CALLS.labels(service, name, (code or grpc.StatusCode.UNKNOWN).name).inc()
    CALL_SECONDS.labels(service, name).observe(time.perf_counter() - started)


def _text(method: str | bytes) -> str:
    return method.decode() if isinstance(method, bytes) else method
