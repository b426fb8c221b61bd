"""Stops asking a service that does not answer, so that nobody waits for it in vain.

A service that is stopped or hangs lets every call run into its deadline: within seconds all threads
of a web server would wait for it. So a call is preceded by a short question whenever there is doubt
(a call failed, or calls wait and nothing was heard for a while). Work that merely takes long raises
the doubt too, and the answer to the question lays it: slow is not dead.

One breaker a channel, hence a process and service. Closed: calls pass. Open: calls are refused at
once, and one of them asks again every ``OPEN_S`` seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from farm.clients.health import NO_ANSWER
from farm.clients.metrics import BREAKER_OPEN, REFUSED_CALLS
from farm.errors import ServiceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc

log = logging.getLogger("furrow.clients")

# Calls that wait so long with nothing heard meanwhile raise a doubt.
SILENCE_S = 2.0
# Between two questions while the service is thought dead.
OPEN_S = 2.0

REASON = "CIRCUIT_OPEN"


class Breaker:
    """Decides whether a service is asked.

    Args:
        service: Full name of the service, such as ``farm.rpc.ndvi.v1.NdviService``.
        is_alive: Asks the service for its health and waits a second at most.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        service: str,
        is_alive: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin closed, without a doubt."""
        self._service = service
        self._is_alive = is_alive
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[int, float] = {}  # calls under way: when each was begun
        self._next_call = 0
        self._heard_at = clock()
        self._is_doubted = False
        self._is_asking = False
        self._asked_at = float("-inf")
        self.is_open = False

    def begin(self) -> int:
        """Let a call pass.

        Returns:
            A number for ``end``.

        Raises:
            ServiceUnavailableError: The service does not answer; the reason is ``CIRCUIT_OPEN``.
        """
        if self._has_to_ask():
            self._ask()
        with self._lock:
            if self.is_open:
                REFUSED_CALLS.labels(self._service).inc()
                remaining_s = OPEN_S - (self._clock() - self._asked_at)
                msg = "The imagery service does not answer; it is asked again every few seconds."
                raise ServiceUnavailableError(
                    msg, reason=REASON, retry_after_s=max(1, round(remaining_s))
                )
            self._next_call += 1
            self._waiting[self._next_call] = self._clock()
            return self._next_call

    def end(self, call: int, code: grpc.StatusCode | None) -> None:
        """Note how a call ended; never blocks, because grpc's own threads call it.

        Args:
            call: What ``begin`` returned.
            code: None where it was not made at all, which says nothing of the service.
        """
        with self._lock:
            self._waiting.pop(call, None)
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
            BREAKER_OPEN.labels(self._service).set(int(not is_alive))
            words = "answers again" if is_alive else "does not answer and is not asked for now"
            log.warning("A service %s.", words, extra={"service": self._service})
