"""One request and its answer: what may come back, and what everything else is called."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from farm.observability.metrics import WEATHER_PROVIDER_BYTES
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
from farm.weather.providers.patience import http_date, retry_after_s
from farm.weather.providers.queries import Answer, Kept, KeptAnswers, Query

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

T = TypeVar("T")

MOST_REDIRECTS = 2
_REDIRECTS = {301, 302, 303, 307, 308}
_TRY_AGAIN = {500, 502, 503, 504}


class Failure(Exception):  # noqa: N818 – it never leaves providers.http
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


class _Session(requests.Session):
    """Sees no redirects: requests reads their whole bodies, even where it is not to follow them."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that there is none; the exchange looks for itself."""
        del resp


@dataclass(slots=True, kw_only=True)
class Exchange:
    """Sends requests over one pool of connections and reads their answers, each within bounds."""

    user_agent: str
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    connect_within_s: float
    silent_at_most_s: float
    kept: KeptAnswers = field(default_factory=KeptAnswers)
    _requests: requests.Session = field(default_factory=_Session)

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

    def send(self, query: Query, *, read: Callable[[str], T], expires_at: float) -> Answer[T]:
        """Make one request.

        Args:
            query: The question.
            read: Makes a value of the text.
            expires_at: On the clock ``monotonic``.

        Raises:
            Failure: It brought nothing.
        """
        with cut_after(expires_at - self.monotonic()) as cut:
            try:
                answer = self._named_attempt(query, read=read, expires_at=expires_at)
            except Failure as failure:
                # What was cut may look like a broken connection, or like a short answer.
                raise (_too_slow(query) if cut.is_made else failure) from failure.__cause__
            else:
                if cut.is_made:
                    raise _too_slow(query)
                return answer

    def _named_attempt(
        self, query: Query, *, read: Callable[[str], T], expires_at: float
    ) -> Answer[T]:
        """Make one request; what can go wrong gets a name."""
        try:
            return self._request(query, read=read, expires_at=expires_at)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise _too_slow(query) from error
        except requests.exceptions.SSLError as error:
            msg = (
                f"No connection that can be trusted leads to {query.title}: its certificate is"
                " another's, or something stands between."
            )
            raise Failure(ProviderUnavailableError(msg), "connection", counts=True) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            msg = f"{query.title} cannot be reached, or the connection broke."
            raise Failure(
                ProviderUnavailableError(msg), "connection", may_help_again=True, counts=True
            ) from error
        except ProviderTimeoutError as error:
            raise _too_slow(query) from error
        except ProviderRefusedError as error:
            raise Failure(_named(query, error), "http_4xx") from error
        except ProviderInvalidError as error:
            raise Failure(_named(query, error), "invalid") from error

    def _request(self, query: Query, *, read: Callable[[str], T], expires_at: float) -> Answer[T]:
        kept = self.kept.find(query)
        response = self._answer(query, kept=kept, expires_at=expires_at)
        with response:
            fresh_until = http_date(response.headers.get("Expires"))
            if response.status_code == HTTPStatus.NOT_MODIFIED and kept is not None:
                self.kept.keep(query, replace(kept, expires_at=fresh_until))
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
                raise Failure(_named(query, error), "invalid", counts=True) from error
            value = read(text)
            modified = response.headers.get("Last-Modified", "")
            now_kept = Kept(value=value, last_modified=modified, expires_at=fresh_until)
            self.kept.keep(query, now_kept)
            return Answer(value=value, expires_at=fresh_until)

    def _answer(self, query: Query, *, kept: Kept | None, expires_at: float) -> requests.Response:
        headers = {"Accept": "application/json" if query.kind is Kind.JSON else "text/csv"}
        if kept is not None and kept.last_modified:
            headers["If-Modified-Since"] = kept.last_modified
        url, parameters = query.url, dict(query.parameters)
        for _ in range(MOST_REDIRECTS + 1):
            left_s = expires_at - self.monotonic()
            if left_s <= 0:
                raise _too_slow(query)
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
        target = _target(response.url, response.headers.get("Location", ""))
        if target is None or _origin(target) != _origin(url):
            # The parameters may hold a key, and whoever answers there was not chosen by anybody.
            msg = "It sends the request to another host, which is not followed."
            raise Failure(_named(query, ProviderInvalidError(msg)), "invalid", counts=True)
        return target

    def _refusal(self, query: Query, response: requests.Response) -> Failure:
        status = response.status_code
        after_s = retry_after_s(response.headers.get("Retry-After"), now=self.clock())
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            busy = ProviderBusyError(f"{query.title} was asked too often.")
            return Failure(busy, "http_429", may_help_again=True, after_s=after_s)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            down = ProviderUnavailableError(f"{query.title} failed ({status}).")
            may_help = status in _TRY_AGAIN
            return Failure(down, "http_5xx", may_help_again=may_help, after_s=after_s, counts=True)
        if status >= HTTPStatus.BAD_REQUEST:
            said = quoted(response.raw.read1(MOST_REASON_BYTES, decode_content=False))
            said = said.replace(query.secret, "…") if query.secret else said
            if "<" in said[:1] or response.headers.get("Content-Encoding"):
                said = ""
            msg = f"{query.title} refuses the request ({status}){': ' + said if said else '.'}"
            return Failure(ProviderRefusedError(msg), "http_4xx")
        odd = ProviderInvalidError(f"{query.title} answered {status}, which nobody asked for.")
        return Failure(odd, "invalid")


def _too_slow(query: Query) -> Failure:
    error = ProviderTimeoutError(f"{query.title} did not answer in time.")
    return Failure(error, "timeout", may_help_again=True, counts=True)


def _target(url: str, location: str) -> str | None:
    try:
        return urljoin(url, location)
    except ValueError:  # brackets that do not close
        return None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


def _named(query: Query, error: ProviderError) -> ProviderError:
    """Put the provider's name before what was found, which may be in the provider's own words."""
    said = error.detail.replace(query.secret, "…") if query.secret else error.detail
    return type(error)(f"{query.title}: {said}", retry_after_s=error.retry_after_s)
