"""A real HTTP server on this machine that answers as told, and a clock that nobody waits for."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOW = datetime(2026, 3, 28, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it goes over the wire."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"
    claims: int | None = None  # another length than the body's
    resets: bool = False  # the connection, before any answer
    stalls: bool = False  # after the body, as if there were more
    hangs: bool = False  # until the client has gone
    drips: bool = False  # a byte of the head now and then, without an end


def as_json(document: Any, **more: Any) -> Reply:
    return Reply(body=json.dumps(document).encode(), **more)


def as_csv(text: str, **more: Any) -> Reply:
    return Reply(body=text.encode(), content_type="text/csv", **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that came in."""

    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]


class ProviderServer:
    """Gives the replies it was told, the last one again and again."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._replies: deque[Reply] = deque()
        self.connections = 0
        self._gone = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: else each waits for the other's receipt

            def setup(self) -> None:
                outer.connections += 1
                super().setup()

            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def will(self, *replies: Reply) -> None:
        """Forget what was told before, and answer with these, in turn."""
        self._replies = deque(replies)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.seen.append(
            Seen(
                path=parts.path,
                parameters=dict(parse_qsl(parts.query)),
                headers=dict(handler.headers.items()),
            )
        )
        reply = self._replies.popleft() if len(self._replies) > 1 else self._replies[0]
        if reply.resets:
            linger = struct.pack("ii", 1, 0)  # a close that says RST
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.close_connection = True
            handler.connection.close()
            return
        if reply.hangs:
            self._gone.wait(10)
            handler.close_connection = True
            return
        if reply.drips:
            handler.close_connection = True
            with suppress(OSError):
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while not self._gone.wait(0.05):
                    handler.wfile.write(b"x")
                    handler.wfile.flush()
            return
        handler.send_response(reply.status)
        if reply.status != 304:
            handler.send_header("Content-Type", reply.content_type)
            length = len(reply.body) if reply.claims is None else reply.claims
            handler.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        with suppress(OSError):  # a client that has read enough goes
            handler.wfile.write(reply.body)
            handler.wfile.flush()
        if reply.stalls:
            self._gone.wait(10)
        if reply.claims is not None:
            handler.close_connection = True

    @contextmanager
    def running(self) -> Iterator[ProviderServer]:
        thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            self._gone.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@dataclass(slots=True)
class Clock:
    """Time that passes only where somebody sleeps, or is told to."""

    now: datetime = NOW
    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)
    each_look_s: float = 0.0  # what every look at the monotonic clock costs

    def clock(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        self.seconds += self.each_look_s
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds
