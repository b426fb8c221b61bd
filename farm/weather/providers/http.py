"""Asks providers politely: pooled connections, bounded answers, patience, and rests when they fail.

One session a process, made after any fork. All processes share breaker and bucket of a host
(:mod:`farm.weather.providers.hosts`); nothing is locked while a request is under way.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from django.conf import settings

from farm.observability.metrics import (
    WEATHER_PROVIDER_BYTES,
    WEATHER_PROVIDER_REQUESTS,
    WEATHER_PROVIDER_SECONDS,
)
from farm.weather.providers import hosts
from farm.weather.providers.body import MOST_REASON_BYTES, Kind, decoded, quoted, read_body
from farm.weather.providers.connections import CuttableAdapter, cut_after
from farm.weather.providers.errors import (
    ProviderBusyError,
    ProviderError,
    ProviderInvalidError,
    ProviderRefusedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from farm.weather.providers.patience import back_off_s, http_date, retry_after_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from farm.weather.providers.hosts import Host

log = logging.getLogger("furrow.weather")

T = TypeVar("T")

CONNECT_WITHIN_S = 5.0
SILENT_AT_MOST_S = 20.0  # between two pieces of an answer
ALL_WITHIN_S = 60.0  # waits and further attempts included
ATTEMPTS = 3
MOST_REDIRECTS = 2
# A longer wait is somebody else's: the feed is due again then, and the worker is free meanwhile.
WAITS_AT_MOST_S = 15.0
# Where a provider says that it was asked too often and not for how long.
REST_AFTER_429_S = 60.0
MOST_KEPT = 64  # answers that are asked for again with their date

_REDIRECTS = {301, 302, 303, 307, 308}
_TRY_AGAIN = {500, 502, 503, 504}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question to a provider."""

    provider: str  # its key, for metrics
    title: str  # its name, for sentences
    product: str
    host: Host
    url: str  # without parameters
    parameters: Mapping[str, str]  # may hold a key: never shown
    kind: Kind
    cost: float = 1.0  # tokens
    is_kept: bool = False  # asked for again with its date only, and not before it expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """What a reader made of an answer."""

    value: T
    expires_at: datetime | None  # nothing new before


@dataclass(slots=True, kw_only=True)
class _Kept:
    value: object
    last_modified: str
    expires_at: datetime | None


class _Failure(Exception):  # noqa: N818 – it never leaves this module
    """One attempt that brought nothing."""

    def __init__(
        self,
        error: ProviderError,
        outcome: str,
        *,
        may_help_again: bool = False,
        after_s: float | None = None,
        counts: bool = False,
    ) -> None:
        """Keep what is raised in the end and counted; ``after_s`` is what the provider asked for.

        ``counts``: it is a failure for the breaker.
        """
        super().__init__(outcome)
        self.error = error
        self.outcome = outcome
        self.may_help_again = may_help_again
        self.after_s = after_s
        self.counts = counts


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
    _kept: OrderedDict[str, _Kept] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _requests: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        """Set up the pool of connections."""
        adapter = CuttableAdapter(pool_connections=8, pool_maxsize=4, max_retries=0)
        self._requests.mount("https://", adapter)
        self._requests.mount("http://", adapter)
        # Neither proxies nor passwords that the environment or a .netrc happens to name.
        self._requests.trust_env = False
        self._requests.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._requests.headers.clear()
        self._requests.headers.update(
            {"User-Agent": self.user_agent, "Accept-Encoding": "gzip", "Connection": "keep-alive"}
        )
        # It writes whole addresses, and those may hold a key.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

    def close(self) -> None:
        """Close every connection."""
        self._requests.close()

    def ask(self, query: Query, read: Callable[[str], T]) -> Answer[T]:
        """Ask and read the answer.

        Args:
            query: The question.
            read: Makes a value of the text; raises ProviderError where the text makes no sense.

        Raises:
            ProviderError: One of its family; the sentence names the provider.
        """
        key = self._key(query)
        if query.is_kept and (kept := self._fresh(key)) is not None:
            return Answer(value=kept.value, expires_at=kept.expires_at)  # type: ignore[arg-type]
        expires_at = self.monotonic() + self.all_within_s
        last: _Failure | None = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._wait_for_admission(query, expires_at=expires_at)
            except _Failure as refusal:
                # What was found out of the host itself says more than that it is left alone now.
                raise (last or refusal).error from None
            try:
                answer = self._attempt(query, key=key, read=read, expires_at=expires_at)
            except _Failure as failure:
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
                raise _Failure(error, "breaker_open")
            if not admission.waits_s:
                return
            left_s = expires_at - self.monotonic()
            if admission.waits_s > min(left_s, WAITS_AT_MOST_S):
                self._count(query, "throttled")
                msg = f"{query.title} has been asked as often as it may be for now."
                busy = ProviderBusyError(msg, retry_after_s=_whole(admission.waits_s))
                raise _Failure(busy, "throttled")
            self.sleep(admission.waits_s)

    # --- The request ---

    def _attempt(
        self, query: Query, *, key: str, read: Callable[[str], T], expires_at: float
    ) -> Answer[T]:
        begun = self.monotonic()
        with cut_after(expires_at - begun) as cut:
            try:
                answer = self._named_attempt(query, key=key, read=read, expires_at=expires_at)
            except _Failure as failure:
                # What was cut may look like a broken connection, or like a short answer.
                raise (self._too_slow(query) if cut.is_made else failure) from failure.__cause__
            else:
                if cut.is_made:
                    raise self._too_slow(query)
                return answer
            finally:
                labels = (query.provider, query.product)
                WEATHER_PROVIDER_SECONDS.labels(*labels).observe(self.monotonic() - begun)

    def _named_attempt(
        self, query: Query, *, key: str, read: Callable[[str], T], expires_at: float
    ) -> Answer[T]:
        """Make one request; what can go wrong gets a name."""
        try:
            return self._request(query, key=key, read=read, expires_at=expires_at)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise self._too_slow(query) from error
        except requests.exceptions.SSLError as error:
            msg = (
                f"No connection that can be trusted leads to {query.title}: its certificate is"
                " another's, or something stands between."
            )
            raise _Failure(ProviderUnavailableError(msg), "connection", counts=True) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            msg = f"{query.title} cannot be reached, or the connection broke."
            raise _Failure(
                ProviderUnavailableError(msg), "connection", may_help_again=True, counts=True
            ) from error
        except ProviderTimeoutError as error:
            raise self._too_slow(query) from error
        except ProviderRefusedError as error:
            raise _Failure(_named(query, error), "http_4xx") from error
        except ProviderInvalidError as error:
            raise _Failure(_named(query, error), "invalid") from error

    def _too_slow(self, query: Query) -> _Failure:
        error = ProviderTimeoutError(f"{query.title} did not answer in time.")
        return _Failure(error, "timeout", may_help_again=True, counts=True)

    def _request(
        self, query: Query, *, key: str, read: Callable[[str], T], expires_at: float
    ) -> Answer[T]:
        kept = self._kept.get(key) if query.is_kept else None
        response = self._send(query, kept=kept, expires_at=expires_at)
        with response:
            fresh_until = http_date(response.headers.get("Expires"))
            if response.status_code == HTTPStatus.NOT_MODIFIED and kept is not None:
                self._keep(key, kept.value, kept.last_modified, fresh_until)
                return Answer(value=kept.value, expires_at=fresh_until)  # type: ignore[arg-type]
            if response.status_code != HTTPStatus.OK:
                raise self._refusal(query, response)
            body = read_body(response, expires_at=expires_at, monotonic=self.monotonic)
            WEATHER_PROVIDER_BYTES.labels(query.provider).inc(len(body))
            content_type = response.headers.get("Content-Type", "")
            try:
                text = decoded(body, kind=query.kind, content_type=content_type)
            except ProviderInvalidError as error:
                # Whoever stands between is asked in vain for every place, so it counts.
                raise _Failure(_named(query, error), "invalid", counts=True) from error
            value = read(text)
            if query.is_kept:
                modified = response.headers.get("Last-Modified", "")
                self._keep(key, value, modified, fresh_until)
            return Answer(value=value, expires_at=fresh_until)

    def _send(self, query: Query, *, kept: _Kept | None, expires_at: float) -> requests.Response:
        headers = {"Accept": "application/json" if query.kind is Kind.JSON else "text/csv"}
        if kept is not None and kept.last_modified:
            headers["If-Modified-Since"] = kept.last_modified
        url, parameters = query.url, dict(query.parameters)
        for _ in range(MOST_REDIRECTS + 1):
            left_s = expires_at - self.monotonic()
            if left_s <= 0:
                raise self._too_slow(query)
            response = self._requests.get(
                url,
                params=parameters,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(min(self.connect_within_s, left_s), min(self.silent_at_most_s, left_s)),
            )
            if response.status_code not in _REDIRECTS:
                return response
            with response:
                url, parameters = self._redirected(query, response, url), {}
        msg = "It sends every request elsewhere."
        raise ProviderInvalidError(msg)

    def _redirected(self, query: Query, response: requests.Response, url: str) -> str:
        target = urljoin(response.url, response.headers.get("Location", ""))
        if _origin(target) != _origin(url):
            # The parameters may hold a key, and whoever answers there was not chosen by anybody.
            msg = "It sends the request to another host, which is not followed."
            raise _Failure(_named(query, ProviderInvalidError(msg)), "invalid", counts=True)
        return target

    def _refusal(self, query: Query, response: requests.Response) -> _Failure:
        status = response.status_code
        after_s = retry_after_s(response.headers.get("Retry-After"), now=self.clock())
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            busy = ProviderBusyError(f"{query.title} was asked too often.")
            return _Failure(busy, "http_429", may_help_again=True, after_s=after_s)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            down = ProviderUnavailableError(f"{query.title} failed ({status}).")
            may_help = status in _TRY_AGAIN
            return _Failure(down, "http_5xx", may_help_again=may_help, after_s=after_s, counts=True)
        if status >= HTTPStatus.BAD_REQUEST:
            said = quoted(response.raw.read1(MOST_REASON_BYTES, decode_content=False))
            if "<" in said[:1] or response.headers.get("Content-Encoding"):
                said = ""
            msg = f"{query.title} refuses the request ({status}){': ' + said if said else '.'}"
            return _Failure(ProviderRefusedError(msg), "http_4xx")
        odd = ProviderInvalidError(f"{query.title} answered {status}, which nobody asked for.")
        return _Failure(odd, "invalid")

    # --- After: what it says of the host ---

    def _note(self, query: Query, failure: _Failure) -> bool:
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

    def _waits_after(self, failure: _Failure, *, attempt: int, expires_at: float) -> bool:
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

    # --- Answers that are kept ---

    def _key(self, query: Query) -> str:
        return requests.Request("GET", query.url, params=dict(query.parameters)).prepare().url or ""

    def _fresh(self, key: str) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is None or kept.expires_at is None or self.clock() >= kept.expires_at:
            return None
        return kept

    def _keep(
        self, key: str, value: object, last_modified: str, expires_at: datetime | None
    ) -> None:
        with self._lock:
            self._kept[key] = _Kept(value=value, last_modified=last_modified, expires_at=expires_at)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


def _whole(seconds: float) -> int:
    return max(1, int(-(-seconds // 1)))


def _named(query: Query, error: ProviderError) -> ProviderError:
    """Put the provider's name before what was found."""
    return type(error)(f"{query.title}: {error.detail}", retry_after_s=error.retry_after_s)


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
