"""Django's caches with django-prometheus' metrics: gets, hits and misses by backend.

Its own classes take a kept value that is falsy for one that is missing.
"""

from __future__ import annotations

from typing import Any

from django.core.cache.backends import filebased, locmem
from django_prometheus.cache.metrics import (
    django_cache_get_total,
    django_cache_hits_total,
    django_cache_misses_total,
)

_MISSING = object()


class _Counted:
    """Counts gets of one backend."""

    backend: str

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._gets = django_cache_get_total.labels(self.backend)
        self._hits = django_cache_hits_total.labels(self.backend)
        self._misses = django_cache_misses_total.labels(self.backend)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return what is kept under a key, or the default."""
        self._gets.inc()
        kept = super().get(key, default=_MISSING, version=version)  # type: ignore[misc]
        if kept is _MISSING:
            self._misses.inc()
            return default
        self._hits.inc()
        return kept


class LocMemCache(_Counted, locmem.LocMemCache):
    """In the memory of a process, counted."""

    backend = "locmem"


class FileBasedCache(_Counted, filebased.FileBasedCache):
    """In files, counted."""

    backend = "filebased"
