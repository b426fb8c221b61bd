"""Farms in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from farm.accounts.models import User
from farm.farms.models import Farm
from farm.imagery.storage import object_store

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper


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


@pytest.mark.parametrize("way", ["page", "list"])
def test_a_deleted_farm_takes_its_files_along(
    admin_site_client: Client, farm: Farm, tmp_path: Path, settings: SettingsWrapper, way: str
) -> None:
    settings.STORE_ROOT = tmp_path
    key = f"scenes/{farm.pk}/a/red.tif"
    object_store().put(key, [b"pixels"], max_bytes=10)

    if way == "page":
        url = reverse("admin:farm_farm_delete", args=[farm.pk])
        admin_site_client.post(url, {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": [farm.pk], "post": "yes"}
        admin_site_client.post(reverse("admin:farm_farm_changelist"), chosen)

    assert not Farm.objects.exists()
    assert not object_store().exists(key)


def test_a_time_zone_that_is_none_is_refused(admin_site_client: Client, db: None) -> None:
    members = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}

    refused = admin_site_client.post(
        reverse("admin:farm_farm_add"), {"name": "Moon Farm", "time_zone": "Moon/Crater", **members}
    )

    assert "is no time zone" in refused.content.decode()
    assert not Farm.objects.filter(name="Moon Farm").exists()
