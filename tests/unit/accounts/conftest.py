"""Farms, keys and log-ins for the tests of accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from farm.accounts.models import ApiKey, Scope, User
from farm.accounts.principal import Principal
from farm.accounts.services import NewKey, create_key
from farm.farms.models import Farm, Membership, Role


@pytest.fixture
def farm(user: User) -> Farm:
    """A farm that ``user`` owns."""
    farm = Farm.objects.create(name="Hazel Farm")
    Membership.objects.create(farm=farm, user=user, role=Role.OWNER)
    return farm


@pytest.fixture
def second_farm(user: User) -> Farm:
    """Another farm that ``user`` owns."""
    farm = Farm.objects.create(name="Oak Farm")
    Membership.objects.create(farm=farm, user=user, role=Role.OWNER)
    return farm


@pytest.fixture
def make_key(user: User) -> Callable[..., NewKey]:
    """Make a key of ``user``."""

    def make(*, scopes: tuple[str, ...] = (Scope.READ,), **wanted: Any) -> NewKey:
        principal = Principal(user=user)
        return create_key(principal=principal, name="weather mast", scopes=scopes, **wanted)

    return make


@pytest.fixture
def client_with() -> Callable[[NewKey | str], APIClient]:
    """A client that sends a key."""

    def client(key: NewKey | str) -> APIClient:
        text = key if isinstance(key, str) else key.text
        made = APIClient()
        made.credentials(HTTP_AUTHORIZATION=f"Api-Key {text}")
        return made

    return client


@pytest.fixture
def admin_key(make_key: Callable[..., NewKey]) -> NewKey:
    """A key with every scope."""
    return make_key(scopes=tuple(Scope.values))


@pytest.fixture
def fresh() -> Callable[[ApiKey], ApiKey]:
    """Read a key again."""
    return lambda key: ApiKey.objects.get(pk=key.pk)
