"""A farm with one member of each role, clients of each, and a field."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from farm.accounts.models import User
from farm.farms.models import Farm, Membership, Role
from farm.fields.models import Field
from farm.fields.services import create_field
from farm.geo import outline_of_geojson
from tests.unit.fields.drawings import square


@pytest.fixture
def farm(db: None) -> Farm:
    return Farm.objects.create(name="Hill Farm", time_zone="Europe/Brussels")


@pytest.fixture
def field(farm: Farm) -> Field:
    outline = outline_of_geojson(square())
    return create_field(farm=farm, name="Long Acre", crop="wheat", outline=outline)


@pytest.fixture
def client_of(farm: Farm, user: User) -> Callable[[str], APIClient]:
    """A client by role; ``foreign`` has an account and no membership, ``anonymous`` nothing."""

    def make(who: str) -> APIClient:
        client = APIClient()
        if who == "foreign":
            client.force_authenticate(user)
        elif who != "anonymous":
            person, _ = User.objects.get_or_create(username=f"the-{who}")
            Membership.objects.get_or_create(farm=farm, user=person, defaults={"role": Role(who)})
            client.force_authenticate(person)
        return client

    return make


@pytest.fixture
def manager(client_of: Callable[[str], APIClient]) -> APIClient:
    return client_of("manager")
