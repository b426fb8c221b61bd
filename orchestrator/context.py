"""What every log line and every outgoing call knows of the request it works for.

The middleware binds it per request, the job worker per job; the gRPC client sends it on.
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Long enough for every id in use (UUIDs, ULIDs, proxies' own), short enough for a log line.
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
# https://www.w3.org/TR/trace-context/#traceparent-header, version 00; all-zero ids are invalid.
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The ids that tie log lines of all processes together."""

    request_id: str
    traceparent: str


_current: ContextVar[RequestContext | None] = ContextVar("furrow_request_context", default=None)


def current() -> RequestContext | None:
    """Return the context of the request or job at work, None outside of any."""
    return _current.get()


def request_id() -> str:
    """Return the id of the request or job at work, empty outside of any."""
    context = _current.get()
    return context.request_id if context else ""


def new_context(*, request_id: str = "", traceparent: str = "") -> RequestContext:
    """Make a context; an id that is missing or malformed is made anew."""
    if not REQUEST_ID.fullmatch(request_id):
        request_id = secrets.token_hex(16)
    if not TRACEPARENT.fullmatch(traceparent):
        # Flags 00: not sampled, since nobody upstream asked for it.
        traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    return RequestContext(request_id=request_id, traceparent=traceparent)


@contextmanager
def bound(context: RequestContext) -> Iterator[RequestContext]:
    """Make the context the current one for the duration of the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
