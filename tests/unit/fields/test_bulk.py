"""Many fields at once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from farm.errors import InvalidInputError
from farm.farms.models import Farm
from farm.fields.bulk import MAX_FEATURES, OnError, import_fields
from farm.fields.models import Field
from farm.imagery.models import Platform, Scene, SceneState
from farm.jobs.models import Job, JobKind
from tests.unit.fields.drawings import collection, feature, square

PARCELS = Path(__file__).resolve().parents[4] / "shared" / "data" / "fields" / "parcels"
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [0, 2], [2, 2], [0, 0]]]}


@pytest.fixture
def address(farm: Farm) -> str:
    return f"/api/v1/farms/{farm.pk}/fields/"


def three(**first: Any) -> dict[str, Any]:
    return collection(
        feature(square(4.0), **({"name": "A", "external_id": "1"} | first)),
        feature(square(4.1), name="B", external_id="2"),
        feature(square(4.2), name="C"),
    )


def outcomes(answer: Any) -> list[str]:
    return [one["outcome"] for one in answer.json()["fields"]]


def test_sent_again_a_collection_changes_nothing(manager: APIClient, address: str) -> None:
    first = manager.post(address, three())
    versions = list(Field.objects.values_list("pk", "updated_at"))

    again = manager.post(address, three())

    assert outcomes(first) == ["created"] * 3
    assert first["Content-Type"] == "application/json"
    assert outcomes(again) == ["unchanged"] * 3
    assert again.json()["unchanged"] == 3
    assert list(Field.objects.values_list("pk", "updated_at")) == versions


def test_a_known_external_id_updates_its_field(manager: APIClient, address: str) -> None:
    manager.post(address, three())
    redrawn = three(name="A2")
    redrawn["features"][1]["geometry"] = square(4.1, side=0.002)

    answer = manager.post(address, redrawn)

    assert outcomes(answer) == ["updated", "updated", "unchanged"]
    assert Field.objects.count() == 3
    assert Field.objects.get(external_id="1").name == "A2"
    assert Field.objects.get(external_id="2").area_m2 == pytest.approx(31_230, rel=1e-3)


def test_the_own_list_can_be_sent_back(manager: APIClient, address: str) -> None:
    manager.post(address, three())

    answer = manager.post(address, manager.get(address).json())

    assert outcomes(answer) == ["unchanged"] * 3


def test_one_bad_feature_refuses_all_and_every_bad_one_is_named(
    manager: APIClient, address: str
) -> None:
    sent = three()
    sent["features"] += [feature(BOW_TIE, name="D"), feature(square(4.4), external_id="2"), None]

    answer = manager.post(address, sent)

    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert set(errors) == {"features.3", "features.4", "features.5"}
    assert "near 1° E, 1° N" in errors["features.3"][0]
    assert "feature 1" in errors["features.4"][0]
    assert not Field.objects.exists()


def test_on_request_the_good_ones_are_stored(manager: APIClient, address: str) -> None:
    sent = three()
    sent["features"].insert(1, feature(BOW_TIE, name="D"))

    answer = manager.post(address + "?on_error=skip", sent)

    assert answer.status_code == 200
    assert answer.json()["created"] == 3
    assert [one["index"] for one in answer.json()["rejected"]] == [1]
    assert answer.json()["rejected"][0]["reason"] == "OUTLINE_CROSSES_ITSELF"


def test_a_collection_of_only_bad_features_says_so_on_skip_too(
    manager: APIClient, address: str
) -> None:
    answer = manager.post(address + "?on_error=skip", collection(feature(BOW_TIE)))

    assert answer.status_code == 200
    assert (answer.json()["created"], len(answer.json()["rejected"])) == (0, 1)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"type": "FeatureCollection"}, "COLLECTION_TYPE"),
        ({"type": "FeatureCollection", "features": {}}, "COLLECTION_TYPE"),
        (
            {"type": "FeatureCollection", "features": [None] * (MAX_FEATURES + 1)},
            "COLLECTION_TOO_LARGE",
        ),
        (
            {**collection(), "crs": {"type": "name", "properties": {"name": "EPSG:3035"}}},
            "OUTLINE_CRS",
        ),
    ],
)
def test_a_bad_collection_is_refused(
    body: object, reason: str, manager: APIClient, address: str
) -> None:
    answer = manager.post(address, body)

    assert (answer.status_code, answer.json()["reason"]) == (422, reason)


def test_an_unknown_way_with_errors_is_refused(manager: APIClient, address: str) -> None:
    assert manager.post(address + "?on_error=hope", collection()).status_code == 422


def test_names_fall_back_to_the_id_and_then_the_number(farm: Farm) -> None:
    report = import_fields(
        farm=farm,
        collection=collection(
            feature(square(4.0), external_id="17"), feature(square(4.1), name="", crop=None)
        ),
    )

    assert [one.field.name for one in report.imported] == ["17", "Field 2"]


def test_the_same_field_twice_in_a_collection_is_one_field(farm: Farm) -> None:
    one = feature(name="A")

    import_fields(farm=farm, collection=collection(one, one))

    assert Field.objects.count() == 1


def test_what_is_no_collection_raises(farm: Farm) -> None:
    with pytest.raises(InvalidInputError, match="FeatureCollection"):
        import_fields(farm=farm, collection=[])


def test_an_import_takes_a_bounded_number_of_queries(
    farm: Farm, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    many = collection(
        *(feature(square(4.0 + number / 100), name=f"F{number}") for number in range(400))
    )

    # SQLite takes 999 values in a statement: 400 rows go in seven of them.
    with django_assert_max_num_queries(16):
        import_fields(farm=farm, collection=many)


def ready_scene(farm: Farm) -> Scene:
    return Scene.objects.create(
        farm=farm, name="S", platform=Platform.SENTINEL_2, content_sha256="0" * 64,
        acquired_at=datetime(2024, 6, 1, tzinfo=UTC), state=SceneState.READY,
        west=3.0, south=50.0, east=5.0, north=52.0,
    )  # fmt: skip


def test_new_outlines_have_the_scenes_read_and_others_do_not(farm: Farm) -> None:
    scene = ready_scene(farm)

    import_fields(farm=farm, collection=three())
    kinds = set(Job.objects.values_list("kind", flat=True))
    Job.objects.all().delete()
    import_fields(farm=farm, collection=three(crop="rye"), on_error=OnError.SKIP)

    assert kinds == {JobKind.RECOMPUTE_FIELD}
    assert not Job.objects.exists()
    many = (feature(square(4.0 + number / 100), name=f"F{number}") for number in range(30))
    import_fields(farm=farm, collection=collection(*many))
    assert list(Job.objects.values_list("kind", "subject_id")) == [(JobKind.INGEST_SCENE, scene.pk)]


def test_a_new_outline_of_one_field_has_it_read_again(field: Field, manager: APIClient) -> None:
    ready_scene(field.farm)
    address = f"/api/v1/fields/{field.pk}/"

    manager.patch(address, {"properties": {"name": "Renamed"}})
    before = Job.objects.count()
    manager.patch(address, {"geometry": square(side=0.002)})

    assert before == 0
    job = Job.objects.get()
    assert (job.kind, job.subject_id) == (JobKind.RECOMPUTE_FIELD, field.pk)
    assert job.requested_by.username == "the-manager"


@pytest.mark.parametrize("country", ["nl", "es_cat", "us_usda_cropland"])
def test_real_parcels_are_imported(country: str, farm: Farm) -> None:
    source = PARCELS / f"{country}.geojson"
    if not source.exists():
        assert not os.environ.get("CI"), "the shared data must be there in CI"
        pytest.skip("the shared data folder is absent: real parcels were not imported")

    document = json.loads(source.read_text())
    report = import_fields(farm=farm, collection=document, on_error=OnError.SKIP)

    assert len(report.imported) == (96 if country.startswith("us") else 100)
    assert {one.reason for one in report.rejected} <= {"OUTLINE_CROSSES_ITSELF"}
