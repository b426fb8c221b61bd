"""A farm with one member of each role, and clients of each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from farm.accounts.models import User
from farm.farms.models import Farm, Membership, Role


@pytest.fixture
def farm(db: None) -> Farm:
    return Farm.objects.create(name="Hill Farm", time_zone="Europe/Brussels")


@pytest.fixture
def member(farm: Farm) -> Callable[[Role], User]:
    def make(role: Role) -> User:
        user, _ = User.objects.get_or_create(username=f"the-{role.value}")
        Membership.objects.get_or_create(farm=farm, user=user, defaults={"role": role})
        return user

    return make


@pytest.fixture
def client_of(member: Callable[[Role], User], user: User) -> Callable[[str], APIClient]:
    """A client by role; ``foreign`` has an account and no membership, ``anonymous`` nothing."""

    def make(who: str) -> APIClient:
        client = APIClient()
        if who == "foreign":
            client.force_authenticate(user)
        elif who != "anonymous":
            client.force_authenticate(member(Role(who)))
        return client

    return make
