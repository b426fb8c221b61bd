"""The stack's settings without what measures requests, queries and the cache."""

from __future__ import annotations

from typing import Any

from orchestrator.settings import *  # noqa: F403
from orchestrator.settings import CACHES, DATABASES, INSTALLED_APPS, MIDDLEWARE

MEASURING = ("django_prometheus.", "farm.observability.")

MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith(MEASURING)]
INSTALLED_APPS = [name for name in INSTALLED_APPS if name != "django_prometheus"]
_caches: dict[str, Any] = CACHES
_parts: list[tuple[dict[str, Any], str]] = [(each, "ENGINE") for each in DATABASES.values()]
_parts += [(each, "BACKEND") for each in _caches.values()]
_plain = {
    "farm.observability.databases.": "django.db.backends.",
    "farm.observability.caches.LocMem": "django.core.cache.backends.locmem.LocMem",
    "farm.observability.caches.FileBased": "django.core.cache.backends.filebased.FileBased",
}
for _settings, _key in _parts:
    for _measured, _bare in _plain.items():
        _settings[_key] = _settings[_key].replace(_measured, _bare)
