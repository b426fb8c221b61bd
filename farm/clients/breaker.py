"""Stops asking a service that does not answer, so that nobody waits for it in vain.

A service that is stopped or hangs lets every call run into its deadline: within seconds all threads
of a web server would wait for it. So a call is preceded by a short question whenever there is doubt
(a call failed, or calls wait and nothing was heard for a while). Work that merely takes long raises
the doubt too, and the answer to the question lays it: slow is not dead.

A web server keeps one thread of each process out of it: that many calls may wait at once, and the
next one waits for its place only until there is a doubt. Stored numbers are read meanwhile.

One breaker a channel, hence a process and service. Closed: calls pass. Open: calls are refused at
once, and one of them asks again every ``OPEN_S`` seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from farm.clients.health import NO_ANSWER
from farm.errors import ServiceBusyError, ServiceUnavailableError
from farm.observability.metrics import BREAKER_OPEN, REFUSED_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc

    from farm.clients.services import Service

log = logging.getLogger("furrow.clients")

# Calls that wait so long with nothing heard meanwhile raise a doubt.
SILENCE_S = 2.0
# Between two questions while the service is thought dead.
OPEN_S = 2.0
# Longest wait for a place among the calls of this process, and how often it is looked for.
PLACE_WITHIN_S = 10.0
LOOK_EVERY_S = 0.25

REASON = "CIRCUIT_OPEN"
BUSY = "SERVICE_BUSY"


class Breaker:
    """Decides whether a service is asked.

    Args:
        service: Which one.
        is_alive: Asks the service for its health and waits a second at most.
        most_calls: Calls under way at once; None: any number.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        service: Service,
        is_alive: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        *,
        most_calls: int | None = None,
    ) -> None:
        """Begin closed, without a doubt."""
        self._service = service
        self._is_alive = is_alive
        self._clock = clock
        self._most_calls = most_calls
        self._lock = threading.Condition()
        self._waiting: dict[int, float] = {}  # calls under way: when each was begun
        self._next_call = 0
        self._heard_at = clock()
        self._is_doubted = False
        self._is_asking = False
        self._asked_at = float("-inf")
        self.is_open = False
        # Shown as zero from now on, so that the first refusal is a rise.
        REFUSED_CALLS.labels(service.full_name)

    def begin(self) -> int:
        """Let a call pass.

        Returns:
            A number for ``end``.

        Raises:
            ServiceUnavailableError: The service does not answer; the reason is ``CIRCUIT_OPEN``.
            ServiceBusyError: No place came free.
        """
        gives_up_at = self._clock() + PLACE_WITHIN_S
        while True:
            if self._has_to_ask():
                self._ask()
            with self._lock:
                if self.is_open:
                    raise self._refusal()
                if self._most_calls is None or len(self._waiting) < self._most_calls:
                    self._next_call += 1
                    self._waiting[self._next_call] = self._clock()
                    return self._next_call
                if self._clock() >= gives_up_at:
                    title = self._service.title
                    msg = f"Too many requests wait for the {title}; try again in a moment."
                    raise ServiceBusyError(msg, reason=BUSY)
                self._lock.wait(LOOK_EVERY_S)

    def _refusal(self) -> ServiceUnavailableError:
        REFUSED_CALLS.labels(self._service.full_name).inc()
        remaining_s = OPEN_S - (self._clock() - self._asked_at)
        msg = f"The {self._service.title} does not answer; it is asked again every few seconds."
        return ServiceUnavailableError(msg, reason=REASON, retry_after_s=max(1, round(remaining_s)))

    def end(self, call: int, code: grpc.StatusCode | None) -> None:
        """Note how a call ended; hardly blocks, because grpc's own threads call it.

        Args:
            call: What ``begin`` returned.
            code: None where it was not made at all, which says nothing of the service.
        """
        with self._lock:
            self._waiting.pop(call, None)
            self._lock.notify()
            if code in NO_ANSWER:
                # Also when the service itself said so: whether it lives costs a millisecond to ask.
                self._is_doubted = True
            elif code is not None:
                self._is_doubted = False
                self._heard_at = self._clock()

    def _has_to_ask(self) -> bool:
        """Say whether this thread has to ask; while it does, no other one is told so."""
        with self._lock:
            now = self._clock()
            if self._is_asking:
                return False
            if self.is_open:
                has_to = now - self._asked_at >= OPEN_S
            else:
                oldest = min(self._waiting.values(), default=now)
                is_silent = now - max(oldest, self._heard_at) > SILENCE_S
                has_to = self._is_doubted or is_silent
            self._is_asking = has_to
            return has_to

    def _ask(self) -> None:
        is_alive = False
        try:
            is_alive = self._is_alive()
        finally:
            with self._lock:
                self._is_asking = False
                self._is_doubted = False
                self._asked_at = self._clock()
                if is_alive:
                    self._heard_at = self._asked_at
                has_changed = self.is_open is is_alive
                self.is_open = not is_alive
        if has_changed:
            BREAKER_OPEN.labels(self._service.full_name).set(int(not is_alive))
            words = "answers again" if is_alive else "does not answer and is not asked for now"
            log.warning("A service %s.", words, extra={"service": self._service.full_name})
