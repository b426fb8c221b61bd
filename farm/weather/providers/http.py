"""Asks providers politely: with patience, within a deadline, and not at all while they fail.

One session a process, made after any fork. All processes share breaker and bucket of a host
(:mod:`farm.weather.providers.hosts`); nothing is locked while a request is under way.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings

from farm.observability.metrics import WEATHER_PROVIDER_REQUESTS, WEATHER_PROVIDER_SECONDS
from farm.weather.providers import hosts
from farm.weather.providers.errors import ProviderBusyError, ProviderUnavailableError
from farm.weather.providers.exchange import Exchange, Failure
from farm.weather.providers.patience import back_off_s
from farm.weather.providers.queries import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from farm.weather.providers.queries import Query

log = logging.getLogger("furrow.weather")

T = TypeVar("T")

CONNECT_WITHIN_S = 5.0
SILENT_AT_MOST_S = 20.0  # between two pieces of an answer
ALL_WITHIN_S = 60.0  # waits and further attempts included
ATTEMPTS = 3
# A longer wait is somebody else's: the feed is due again then, and the worker is free meanwhile.
WAITS_AT_MOST_S = 15.0
# Where a provider says that it was asked too often and not for how long.
REST_AFTER_429_S = 60.0


@dataclass(slots=True, kw_only=True)
class PoliteSession:
    """Asks; tests give it other clocks, sleep and chance."""

    user_agent: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    connect_within_s: float = CONNECT_WITHIN_S
    silent_at_most_s: float = SILENT_AT_MOST_S
    all_within_s: float = ALL_WITHIN_S
    exchange: Exchange = field(init=False)

    def __post_init__(self) -> None:
        """Set up the pool of connections."""
        self.exchange = Exchange(
            user_agent=self.user_agent,
            clock=self.clock,
            monotonic=self.monotonic,
            connect_within_s=self.connect_within_s,
            silent_at_most_s=self.silent_at_most_s,
        )

    def close(self) -> None:
        """Close every connection."""
        self.exchange.close()

    def ask(self, query: Query, read: Callable[[str], T]) -> Answer[T]:
        """Ask and read the answer.

        Args:
            query: The question.
            read: Makes a value of the text; raises ProviderError where the text makes no sense.

        Raises:
            ProviderError: One of its family; the sentence names the provider.
        """
        kept = self.exchange.kept.find(query)
        if kept is not None and kept.is_fresh(self.clock()):
            return Answer(value=kept.value, expires_at=kept.expires_at)  # type: ignore[arg-type]
        expires_at = self.monotonic() + self.all_within_s
        last: Failure | None = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._wait_for_admission(query, expires_at=expires_at)
            except Failure as refusal:
                # What was found out of the host itself says more than that it is left alone now.
                raise (last or refusal).error from None
            try:
                answer = self._attempt(query, read=read, expires_at=expires_at)
            except Failure as failure:
                last = failure
                is_left_alone = self._note(query, failure)
                if is_left_alone or not self._waits_after(
                    failure, attempt=attempt, expires_at=expires_at
                ):
                    break
            else:
                hosts.note_success(query.host, now=self.clock())
                self._count(query, "ok")
                return answer
        assert last is not None  # noqa: S101 – there is at least one attempt
        # Without its cause: that of requests shows the whole address.
        raise last.error from None

    # --- Before: may it go? ---

    def _wait_for_admission(self, query: Query, *, expires_at: float) -> None:
        while True:
            admission = hosts.admission(query.host, cost=query.cost, now=self.clock())
            if admission.rests_s:
                self._count(query, "breaker_open")
                msg = f"{query.title} is not asked for now, because it failed or asked for a rest."
                error = ProviderUnavailableError(msg, retry_after_s=_whole(admission.rests_s))
                raise Failure(error, "breaker_open")
            if not admission.waits_s:
                return
            left_s = expires_at - self.monotonic()
            if admission.waits_s > min(left_s, WAITS_AT_MOST_S):
                self._count(query, "throttled")
                msg = f"{query.title} has been asked as often as it may be for now."
                busy = ProviderBusyError(msg, retry_after_s=_whole(admission.waits_s))
                raise Failure(busy, "throttled")
            self.sleep(admission.waits_s)

    # --- The request ---

    def _attempt(self, query: Query, *, read: Callable[[str], T], expires_at: float) -> Answer[T]:
        begun = self.monotonic()
        try:
            return self.exchange.send(query, read=read, expires_at=expires_at)
        finally:
            labels = (query.provider, query.product)
            WEATHER_PROVIDER_SECONDS.labels(*labels).observe(self.monotonic() - begun)

    # --- After: what it says of the host ---

    def _note(self, query: Query, failure: Failure) -> bool:
        """Note what a failure says of the host; say whether that is left alone now."""
        self._count(query, failure.outcome)
        now = self.clock()
        error = failure.error
        is_left_alone = False
        if failure.counts:
            is_left_alone = hosts.note_failure(
                query.host, code=error.code, detail=error.detail, now=now
            )
        elif failure.outcome != "http_429":
            hosts.note_success(query.host, now=now)  # it lives; it is this request it dislikes
        wants_s = failure.after_s
        if failure.outcome == "http_429" and wants_s is None:
            wants_s = REST_AFTER_429_S
        if wants_s is not None and wants_s > 0:
            # For all processes: they would be told the same, one after the other.
            until = now + timedelta(seconds=wants_s)
            hosts.note_rest(query.host, until=until, code=error.code, detail=error.detail, now=now)
            error.retry_after_s = _whole(wants_s)
        log.warning(
            "A provider of weather gave nothing.",
            extra={"provider": query.provider, "product": query.product, "error": error.detail},
        )
        return is_left_alone

    def _waits_after(self, failure: Failure, *, attempt: int, expires_at: float) -> bool:
        """Wait and say that it may be tried again, or say that it may not."""
        if not failure.may_help_again or attempt == ATTEMPTS:
            return False
        wait_s = back_off_s(attempt, jitter=self.jitter)
        if failure.outcome == "http_429" or failure.after_s is not None:
            asked_s = REST_AFTER_429_S if failure.after_s is None else failure.after_s
            wait_s += asked_s
        if wait_s > min(WAITS_AT_MOST_S, expires_at - self.monotonic()):
            return False
        self.sleep(wait_s)
        return True

    def _count(self, query: Query, outcome: str) -> None:
        WEATHER_PROVIDER_REQUESTS.labels(query.provider, query.product, outcome).inc()


def _whole(seconds: float) -> int:
    return max(1, int(-(-seconds // 1)))


_session: tuple[int, PoliteSession] | None = None
_session_lock = threading.Lock()


def polite_session() -> PoliteSession:
    """Return this process's session; a fork makes its own, because connections are not shared."""
    global _session
    with _session_lock:
        if _session is None or _session[0] != os.getpid():
            _session = (os.getpid(), PoliteSession(user_agent=user_agent()))
        return _session[1]


def user_agent() -> str:
    """Return how we call ourselves; providers who ask for it learn whom to write to."""
    contact = f" ({settings.WEATHER_CONTACT})" if settings.WEATHER_CONTACT else ""
    return f"furrow/{settings.FURROW_VERSION}{contact}"
