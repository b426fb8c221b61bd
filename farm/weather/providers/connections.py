"""Connections that a clock can cut: a server that sends a byte now and then holds nobody for ever.

A socket's own time-out begins anew with every byte, and the head of an answer is read to its end
before anybody may look at a clock.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import urllib3
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cut:
    """The end of one request's time."""

    def __init__(self) -> None:
        """Begin with no connection."""
        self.connection: urllib3.connection.HTTPConnection | None = None
        self.is_made = False

    def make(self) -> None:
        """End whatever is read from or written to the connection; called by another thread."""
        self.is_made = True
        opened = self.connection.sock if self.connection is not None else None
        if isinstance(opened, socket.socket):
            with suppress(OSError):
                # Of the socket below TLS, whose state belongs to the thread that reads.
                socket.socket.shutdown(opened, socket.SHUT_RDWR)


class _Local(threading.local):
    cut: Cut | None = None


_of_this_thread = _Local()


def _note(connection: urllib3.connection.HTTPConnection) -> None:
    if _of_this_thread.cut is not None:
        _of_this_thread.cut.connection = connection


class _Http(urllib3.connection.HTTPConnection):
    def connect(self) -> None:
        _note(self)
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        _note(self)  # a connection that is open already is not connected again
        super().request(*args, **kwargs)


class _Https(urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        _note(self)
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        _note(self)
        super().request(*args, **kwargs)


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


class CuttableAdapter(HTTPAdapter):
    """Makes connections that :func:`cut_after` can cut."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


@contextmanager
def cut_after(seconds: float) -> Iterator[Cut]:
    """Cut the connection that this thread uses within the block when so many seconds are over."""
    cut = Cut()
    timer = threading.Timer(max(seconds, 0.0), cut.make)
    timer.daemon = True
    _of_this_thread.cut = cut
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()
        _of_this_thread.cut = None
