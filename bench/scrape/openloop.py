"""Send requests at a fixed rate and note how long after its intended start each was answered.

Open loop: a request is due at its time whether or not earlier ones were answered, and its latency
counts from that time, so a server that stands still shows in every request that was due meanwhile
(a closed loop would send none then: coordinated omission). Runs as a program of its own, because
the interpreter that sends must do nothing else. ``select`` instead of asyncio: its timeout has the
kernel's resolution, where asyncio's is rounded up to milliseconds.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

# What is still open this long after the last intended start is given up.
DRAIN_S = 20.0
RECEIVE_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When requests are due, on the system-wide monotonic clock."""

    start_s: float
    rate_per_s: float
    seconds: float

    @property
    def count(self) -> int:
        """How many requests there are."""
        return int(self.rate_per_s * self.seconds)

    def due_s(self, number: int) -> float:
        """Intended start of a request, counted from 0."""
        return self.start_s + number / self.rate_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the program is told."""

    port: int
    path: str
    headers: dict[str, str]
    schedule: Schedule
    connections: int


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of the requests, in the order of their answers."""

    latencies_s: list[float] = field(default_factory=list)  # from the intended start
    failed: int = 0  # not answered with 200


class Connection:
    """One kept connection that carries one request at a time."""

    def __init__(self, port: int, request: bytes) -> None:
        """Connect."""
        self.port, self.request = port, request
        self.received = bytearray()
        self.due_s = 0.0
        self.socket = self.connected()

    def connected(self) -> socket.socket:
        """Open the socket anew; sending a small request never has to wait."""
        fresh = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        fresh.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return fresh

    def fileno(self) -> int:
        """For ``select``."""
        return self.socket.fileno()

    def begin(self, due_s: float) -> None:
        """Send the request."""
        self.due_s = due_s
        self.received.clear()
        try:
            self.socket.sendall(self.request)
        except OSError:  # closed while it was idle: a fresh one, once
            self.reopen()
            self.socket.sendall(self.request)

    def reopen(self) -> None:
        """Replace the socket."""
        self.socket.close()
        self.socket = self.connected()

    def read(self) -> int | None:
        """Take what has arrived; the status once the answer is whole, 0 when it broke off."""
        try:
            piece = self.socket.recv(RECEIVE_BYTES)
        except OSError:
            piece = b""
        if not piece:
            self.reopen()
            return 0
        self.received += piece
        return whole_status(self.received)


def whole_status(received: bytearray) -> int | None:
    """Status of an answer that has arrived in full, None while some is missing."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    _, found, rest = head.partition(b"\r\ncontent-length:")
    length = int(rest.split(b"\r\n", 1)[0]) if found else 0
    return int(head[9:12]) if len(received) >= end + 4 + length else None


def drive(load: Load, *, clock: Callable[[], float] = time.monotonic) -> Outcome:
    """Send every request at its time over the connections, in turn."""
    lines = [f"GET {load.path} HTTP/1.1", f"Host: 127.0.0.1:{load.port}"]
    lines += [f"{name}: {value}" for name, value in load.headers.items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    idle = deque(Connection(load.port, request) for _ in range(load.connections))
    busy: dict[int, Connection] = {}
    waiting: deque[float] = deque()  # due, and no connection free: at most every request
    outcome, schedule, sent = Outcome(), load.schedule, 0
    give_up_s = schedule.start_s + schedule.seconds + DRAIN_S
    while len(outcome.latencies_s) < schedule.count:
        now = clock()
        if now > give_up_s:
            for due_s in [*(each.due_s for each in busy.values()), *waiting]:
                outcome.latencies_s.append(now - due_s)
                outcome.failed += 1
            break
        while sent < schedule.count and schedule.due_s(sent) <= now:
            waiting.append(schedule.due_s(sent))
            sent += 1
        while waiting and idle:
            connection = idle.popleft()
            connection.begin(waiting.popleft())
            busy[connection.fileno()] = connection
        pause = schedule.due_s(sent) - clock() if sent < schedule.count else 0.5
        ready, _, _ = select.select(list(busy), [], [], max(0.0, pause))
        for connection, status in answered(busy, ready):
            outcome.latencies_s.append(clock() - connection.due_s)
            outcome.failed += status != 200
            idle.append(connection)
    for connection in [*idle, *busy.values()]:
        connection.socket.close()
    return outcome


def answered(busy: dict[int, Connection], ready: list[int]) -> Iterator[tuple[Connection, int]]:
    """Connections whose answer is whole, with its status; they are busy no longer."""
    for number in ready:
        connection = busy[number]
        status = connection.read()
        if status is not None:
            del busy[number]
            yield connection, status


def main() -> None:
    """Read the load from the first argument, write the outcome to the file of the second."""
    told = json.loads(sys.argv[1])
    load = Load(**(told | {"schedule": Schedule(**told["schedule"])}))
    with suppress(PermissionError):  # before the scraper on its core, where that is allowed
        os.nice(-5)
    Path(sys.argv[2]).write_text(json.dumps(asdict(drive(load))))


if __name__ == "__main__":
    main()
