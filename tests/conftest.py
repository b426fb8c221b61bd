"""Settings and people for every test.

The environment is set before Django reads it: the tests never touch the data folder of a checkout.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

_folder = tempfile.TemporaryDirectory(prefix="furrow-tests-")
for _name in [name for name in os.environ if name.startswith("FURROW_")]:
    del os.environ[_name]
os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
os.environ["FURROW_DATA_DIR"] = _folder.name
os.environ["FURROW_TILE_KEY"] = "4a" * 32  # so that the routes of tiles answer
os.environ["FURROW_WEATHER_PROVIDERS"] = "none"  # no test goes out by itself
os.environ["DJANGO_SETTINGS_MODULE"] = "orchestrator.settings"

import django  # noqa: E402

django.setup()

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.accounts.models import User

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _quick_and_separate(settings: SettingsWrapper) -> Iterator[None]:
    """Hash passwords fast, and let no throttle count from one test into the next."""
    from django.core.cache import caches

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for cache in caches.all():
        cache.clear()
    yield
    for cache in caches.all():
        cache.clear()


@pytest.fixture
def password() -> str:
    """The password of ``user`` and ``other_user``."""
    return PASSWORD


@pytest.fixture
def user(db: None) -> User:
    """A person without any farm."""
    from farm.accounts.models import User

    return User.objects.create_user(username="ada", password=PASSWORD, email="ada@example.org")


@pytest.fixture
def other_user(db: None) -> User:
    """Another person, who shares nothing with ``user``."""
    from farm.accounts.models import User

    return User.objects.create_user(username="berta", password=PASSWORD)


@pytest.fixture
def anonymous_client() -> APIClient:
    """A client without a credential."""
    from rest_framework.test import APIClient

    return APIClient()


@pytest.fixture
def api_client(user: User) -> APIClient:
    """A client that acts as ``user`` with every scope."""
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def other_client(other_user: User) -> APIClient:
    """A client that acts as ``other_user``."""
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_authenticate(other_user)
    return client


@pytest.fixture
def data_dir() -> Path:
    """The data folder of this test run."""
    return Path(_folder.name)
