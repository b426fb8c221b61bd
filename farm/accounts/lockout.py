"""Log-in lock-out: who guesses passwords waits, who owns the account mostly does not.

Failures are counted twice: per user name and address (a low limit), and per user name from all
addresses together (a high one, against guessing from many machines). Both hold for names that do
not exist, so that an answer tells nothing about who has an account. The address is the one that our
own proxy saw (:func:`orchestrator.peers.client_address`), never one that the client wrote.
"""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.db.models import Max, Sum
from django.http import HttpResponse
from django.utils import timezone

from farm.http import problem
from farm.http_pages import API_PREFIX

if TYPE_CHECKING:
    from datetime import timedelta

    from axes.models import AccessAttempt
    from django.db.models import QuerySet
    from django.http import HttpRequest

COUNTED_NAME_LENGTH = 150  # of User.username; longer names cannot exist


class LockoutHandler(AxesDatabaseHandler):
    """Counts in the database, so that all processes and a restart know the same."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return the failures to hold against ``AXES_FAILURE_LIMIT``.

        Those of the name from all addresses count once they have reached their own, higher limit.
        """
        by_pair, by_name = (
            attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(by_pair, by_name if by_name >= settings.LOCKOUT_USERNAME_LIMIT else 0)

    def reset_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> int:
        """Forget the failures of this name from this address after a log-in.

        Those from other addresses stay: a log-in by the owner must not give a guesser a new start.
        """
        by_pair: QuerySet[AccessAttempt] = self.filter_user_attempts(request, credentials)[0]
        deleted: int = by_pair.delete()[0]
        return deleted

    def seconds_left(self, request: HttpRequest, credentials: dict[str, Any] | None) -> int:
        """Return how long the lock-out lasts at most, in whole seconds, at least 1."""
        latest = [
            attempts.aggregate(at=Max("attempt_time"))["at"]
            for attempts in self.get_user_attempts(request, credentials)
        ]
        known = [at for at in latest if at is not None]
        if not known:
            return 1
        left: timedelta = max(known) + settings.AXES_COOLOFF_TIME - timezone.now()
        return max(1, math.ceil(left.total_seconds()))


def counted_username(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """Return the name under which failures are counted: spelling variants are one name."""
    name = (credentials or {}).get("username")
    if name is None:
        name = request.POST.get("username")
    if name is None:
        return None
    folded = unicodedata.normalize("NFKC", str(name)).casefold()
    return folded.replace("\0", "")[:COUNTED_NAME_LENGTH]


def locked_out_response(
    request: HttpRequest,
    original_response: HttpResponse | None = None,
    credentials: dict[str, Any] | None = None,
) -> HttpResponse:
    """Answer a log-in that is locked out; the same for every name."""
    handler = AxesProxyHandler.get_implementation()
    wait_s = handler.seconds_left(request, credentials)
    detail = f"Too many failed log-ins; try again in {math.ceil(wait_s / 60)} minutes."
    headers = {"Retry-After": str(wait_s)}
    if request.path.startswith(API_PREFIX):
        return problem(
            status=429, code="locked_out", detail=detail, instance=request.path, headers=headers
        )
    return HttpResponse(detail, status=429, headers=headers, content_type="text/plain")
