"""What is made, changed and deleted is counted by model, at no further query."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.models.deletion import Collector
from django.db.models.signals import post_delete
from prometheus_client import REGISTRY

from farm.farms.models import Farm
from farm.fields.models import Field
from farm.observability.model_operations import DELETED


def counted(operation: str, model: str) -> float:
    return REGISTRY.get_sample_value(f"django_model_{operation}_total", {"model": model}) or 0.0


@pytest.mark.django_db
def test_operations_are_counted_by_model() -> None:
    before = {it: counted(it, "farm") for it in ("inserts", "updates", "deletes")}

    farm = Farm.objects.create(name="Hill Farm")
    farm.name = "Dale Farm"
    farm.save()
    farm.save()
    farm.delete()

    grown = {it: counted(it, "farm") - before[it] for it in before}
    assert grown == {"inserts": 1, "updates": 2, "deletes": 1}


@pytest.mark.django_db
def test_what_cascades_is_counted_too() -> None:
    farm = Farm.objects.create(name="Hill Farm")
    Field.objects.create(
        farm=farm,
        name="Field",
        outline_wkb=b"",
        outline_sha256="",
        area_m2=1,
        perimeter_m=1,
        west=0,
        south=0,
        east=1,
        north=1,
        centroid_lon=0,
        centroid_lat=0,
    )
    before = counted("deletes", "field")

    farm.delete()

    assert counted("deletes", "field") == before + 1


@pytest.mark.parametrize("name", DELETED)
def test_no_model_is_read_for_its_count_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = apps.get_model("farm", name)

    monkeypatch.setattr(post_delete, "has_listeners", lambda *_: False)

    # Without a listener Django reads its rows all the same, since others cascade from them.
    assert not Collector(using="default").can_fast_delete(model.objects.all())
