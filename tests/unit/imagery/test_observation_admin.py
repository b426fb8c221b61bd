"""The admin shows observations with readable receipts and lets nobody edit a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from farm.imagery.models import Observation
from tests.unit.imagery.observation_making import (
    make_farm,
    make_field,
    make_observation,
    make_scene,
)

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries


@pytest.fixture
def look(db: None) -> Observation:
    farm = make_farm()
    receipt = {"engine": {"name": "furrow-ndvi", "version": "0.1.0"}, "note": "<script>"}
    return make_observation(make_field(farm), make_scene(farm), receipt=receipt)


def test_the_list_shows_field_index_mean_and_what_it_rests_on(
    admin_client: Client, look: Observation
) -> None:
    page = admin_client.get(reverse("admin:farm_observation_changelist")).content.decode()

    assert "North" in page
    assert "100%" in page


def test_the_list_costs_the_same_queries_for_any_length(
    admin_client: Client, look: Observation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make_observation(
            make_field(look.field.farm, name=f"F{number}"), look.scene, receipt={"number": number}
        )

    with django_assert_max_num_queries(12):
        admin_client.get(reverse("admin:farm_observation_changelist"))


def test_a_receipt_is_shown_readably_and_escaped(admin_client: Client, look: Observation) -> None:
    page = admin_client.get(
        reverse("admin:farm_observation_change", args=[look.pk])
    ).content.decode()

    assert "&quot;name&quot;: &quot;furrow-ndvi&quot;" in page
    assert "&lt;script&gt;" in page
    assert "bins 2 to 2 of 3: 100.0" in page


def test_a_number_can_be_neither_added_nor_changed(admin_client: Client, look: Observation) -> None:
    address = reverse("admin:farm_observation_change", args=[look.pk])

    added = admin_client.get(reverse("admin:farm_observation_add"))
    changed = admin_client.post(address, {"mean": "0.99"})

    look.refresh_from_db()
    assert (added.status_code, changed.status_code) == (403, 403)
    assert look.mean == 0.6
