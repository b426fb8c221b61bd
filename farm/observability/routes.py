"""Routes and methods as labels: few, whatever is asked."""

from __future__ import annotations

import re
from functools import cache

UNMATCHED = "<unmatched>"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "other"

_CONVERTER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")
_NAMED_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()\\]|\\.)*\)")


@cache  # as many as the URL configuration has
def plain_route(route: str) -> str:
    """Return a route of Django's as people write it: ``/api/v1/fields/{field_id}/``.

    Args:
        route: As ``ResolverMatch.route`` gives it, of paths and regular expressions.
    """
    plain = _NAMED_GROUP.sub(r"{\1}", route)
    plain = _CONVERTER.sub(r"{\1}", plain)
    return "/" + re.sub(r"\\[AZ]|[\^$]|\\(?=\W)", "", plain).lstrip("/")


def known_method(method: str) -> str:
    """Return the method, or one word for all that nobody uses: clients may invent any."""
    return method if method in METHODS else OTHER_METHOD
