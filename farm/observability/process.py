"""What a long-lived process tells about itself from its beginning."""

from __future__ import annotations

from django.conf import settings

from farm.observability.gc_time import collections
from farm.observability.metrics import BUILD_INFO


def begin(*, service: str) -> None:
    """Name the version that runs, and note what garbage collections cost from now on.

    Args:
        service: ``furrow-web`` or ``furrow-worker``.
    """
    BUILD_INFO.labels(service, settings.FURROW_VERSION).set(1)
    collections.begin()
