"""Fields in the admin."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from farm.accounts.models import User
from farm.farms.models import Farm
from farm.fields.models import Field
from farm.jobs.models import Job, JobKind, JobState
from tests.unit.fields.drawings import square


@pytest.fixture
def admin_site_client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(username="root"))
    return client


def test_a_field_shows_its_outline_as_a_picture(admin_site_client: Client, field: Field) -> None:
    listed = admin_site_client.get(reverse("admin:farm_field_changelist"), {"q": "Acre"})
    shown = admin_site_client.get(reverse("admin:farm_field_change", args=[field.pk]))

    assert "12.4" in listed.content.decode()
    assert "<svg" in shown.content.decode()
    assert 'fill-rule="evenodd"' in shown.content.decode()


def test_a_field_is_made_and_redrawn_from_geojson(admin_site_client: Client, farm: Farm) -> None:
    form = {"farm": farm.pk, "name": "A", "crop": "", "external_id": ""}

    add = reverse("admin:farm_field_add")
    made = admin_site_client.post(add, {**form, "outline": json.dumps(square())})
    field = Field.objects.get()
    change = reverse("admin:farm_field_change", args=[field.pk])
    admin_site_client.post(change, {**form, "outline": json.dumps(square(side=0.002))})

    assert made.status_code == 302
    assert Field.objects.get().area_m2 == pytest.approx(field.area_m2 / 4, rel=1e-3)


@pytest.mark.parametrize("outline", ['{"type": "Point"}', "{", "null"])
def test_a_bad_outline_is_told_at_the_form(
    outline: str, admin_site_client: Client, farm: Farm
) -> None:
    form = {"farm": farm.pk, "name": "A", "outline": outline}

    answer = admin_site_client.post(reverse("admin:farm_field_add"), form)

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Field.objects.exists()


def test_a_field_stays_on_its_farm(admin_site_client: Client, field: Field) -> None:
    other = Farm.objects.create(name="Other Farm")
    form = {"farm": other.pk, "name": "B", "crop": "", "external_id": ""}

    change = reverse("admin:farm_field_change", args=[field.pk])
    answer = admin_site_client.post(change, {**form, "outline": json.dumps(square())})

    was = field.farm_id
    field.refresh_from_db()
    assert answer.status_code == 302
    assert (field.name, field.farm_id) == ("B", was)


def test_a_field_deleted_in_the_admin_has_no_open_job(
    admin_site_client: Client, field: Field
) -> None:
    job = Job.objects.create(
        farm=field.farm,
        kind=JobKind.RECOMPUTE_FIELD,
        subject_id=field.pk,
        idempotency_key="1",
    )

    admin_site_client.post(
        reverse("admin:farm_field_changelist"),
        {"action": "delete_selected", "_selected_action": [field.pk], "post": "yes"},
    )

    job.refresh_from_db()
    assert not Field.objects.exists()
    assert job.state == JobState.CANCELLED
