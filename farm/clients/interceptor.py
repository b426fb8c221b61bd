"""What every call carries, whether it is made at all, and how it is counted."""

from __future__ import annotations

import time
from collections import namedtuple
from typing import TYPE_CHECKING, Any

import grpc

from farm.observability.metrics import CALL_SECONDS, CALLS
from orchestrator import context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from farm.clients.breaker import Breaker


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
    """Adds the ids of the request at work, insists on a deadline, counts and times the call.

    Args:
        breakers: Name of a service → what decides whether it is asked; others always are.
    """

    def __init__(self, breakers: Mapping[str, Breaker]) -> None:
        """Guard the services of one channel."""
        self._breakers = breakers

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Wrap a call with one answer."""
        return self._call(continuation, client_call_details, request)

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Wrap a call with streamed answers; it ends when the stream does."""
        return self._call(continuation, client_call_details, request)

    def _call(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        method = _text(details.method)
        if details.timeout is None:
            msg = f"{method} was called without timeout=."
            raise MissingDeadlineError(msg)
        service, name = _names(method)
        breaker = self._breakers.get(service)
        number = breaker.begin() if breaker else 0
        started = time.perf_counter()

        def ended(call: Any) -> None:
            code = call.code()
            if breaker:
                breaker.end(number, code)
            CALLS.labels(service, name, (code or grpc.StatusCode.UNKNOWN).name).inc()
            CALL_SECONDS.labels(service, name).observe(time.perf_counter() - started)

        try:
            call = continuation(_with_ids(details), request)
        except BaseException:
            if breaker:
                breaker.end(number, None)
            raise
        call.add_done_callback(ended)
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


def _names(method: str) -> tuple[str, str]:
    # `/package.Service/Method`: both parts are names of our own protos, so as labels are bounded.
    service, _, name = method.lstrip("/").partition("/")
    return service, name


def _text(method: str | bytes) -> str:
    return method.decode() if isinstance(method, bytes) else method
