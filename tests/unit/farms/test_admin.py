"""Farms in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from farm.accounts.models import User
from farm.farms.models import Farm


@pytest.fixture
def admin_site_client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(username="root"))
    return client


@pytest.mark.parametrize("model", ["farm", "membership"])
def test_lists_and_forms_open(model: str, admin_site_client: Client, farm: Farm) -> None:
    listed = admin_site_client.get(reverse(f"admin:farm_{model}_changelist"), {"q": "Hill"})
    added = admin_site_client.get(reverse(f"admin:farm_{model}_add"))

    assert (listed.status_code, added.status_code) == (200, 200)


def test_a_farm_shows_its_members(admin_site_client: Client, farm: Farm) -> None:
    answer = admin_site_client.get(reverse("admin:farm_farm_change", args=[farm.pk]))

    assert b"memberships-TOTAL_FORMS" in answer.content
