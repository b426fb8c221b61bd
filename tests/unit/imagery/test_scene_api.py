"""Scenes over HTTP: sent as a form or named in JSON, listed, corrected, read again, deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from farm.accounts.models import User
from farm.clients.fakes import Failure
from farm.farms.models import Farm, Membership, Role
from farm.imagery.models import Scene, SceneState
from farm.jobs.models import Job, JobState
from tests.unit.imagery.scene_making import make_scene

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import SettingsWrapper
    from rest_framework.test import APIClient

    from farm.clients.fakes import InMemoryNdvi
    from farm.clients.ndvi import NdviClient
    from farm.imagery.storage import FolderStore


@pytest.fixture
def farm(hill_farm: Farm, user: User, other_user: User) -> Farm:
    """``user`` is manager, ``other_user`` has nothing to do with it."""
    Membership.objects.create(farm=hill_farm, user=user, role=Role.MANAGER)
    return hill_farm


@pytest.fixture
def scene(farm: Farm, ndvi: NdviClient, store: FolderStore) -> Scene:
    return make_scene(farm, ndvi=ndvi, store=store).scene


def files(content: bytes = b"pixels") -> list[SimpleUploadedFile]:
    return [
        SimpleUploadedFile("10m.tif", content),
        SimpleUploadedFile("scl.tif", content + b"!"),
    ]


def send(client: APIClient, farm: Farm, **form: Any) -> Any:
    data = {"files": files(), **form}
    return client.post(reverse("scene-list", args=[farm.pk]), data, format="multipart")


# --- Sending --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("ndvi", "store")
def test_a_sent_scene_comes_back_with_the_job_to_watch(api_client: APIClient, farm: Farm) -> None:
    answer = send(api_client, farm, name="April")

    scene = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"/api/v1/scenes/{scene['id']}/"
    assert (scene["name"], scene["platform"], scene["state"]) == ("April", "sentinel-2", "new")
    assert scene["acquired_at"] == "2018-04-20T10:56:19Z"
    assert scene["job"]["state"] == "queued"
    assert {asset["name"] for asset in scene["assets"]} >= {"red", "nir", "scl"}


@pytest.mark.usefixtures("ndvi", "store")
def test_the_same_form_again_is_a_200_with_the_same_scene(
    api_client: APIClient, farm: Farm
) -> None:
    first = send(api_client, farm).json()

    again = send(api_client, farm)

    assert again.status_code == 200
    assert (again.json()["id"], again.json()["job"]) == (first["id"], None)


@pytest.mark.usefixtures("ndvi", "store")
def test_a_mapping_in_a_form_is_json_text(api_client: APIClient, farm: Farm) -> None:
    mapping = {"red": {"file": "10m.tif", "band": 1}, "nir": {"file": "10m.tif", "band": 2}}

    answer = send(api_client, farm, bands=json.dumps(mapping))

    assert {asset["name"]: asset["band_number"] for asset in answer.json()["assets"]} == {
        "red": 1,
        "nir": 2,
    }


@pytest.mark.usefixtures("ndvi", "store")
def test_a_mapping_names_files_as_they_were_sent(api_client: APIClient, farm: Farm) -> None:
    sent = SimpleUploadedFile("my drone flight (10m).tif", b"pixels")
    mapping = {"red": {"file": sent.name, "band": 2}}

    answer = send(api_client, farm, files=[sent], bands=json.dumps(mapping))

    assert answer.status_code == 201, answer.json()
    assert answer.json()["assets"][0]["band_number"] == 2


@pytest.mark.usefixtures("ndvi", "store")
def test_product_metadata_goes_before_the_files_tags(api_client: APIClient, farm: Farm) -> None:
    xml = b"""<n1:Level-2A_User_Product xmlns:n1="x"><n1:General_Info>
        <PROCESSING_BASELINE>05.09</PROCESSING_BASELINE>
        <PRODUCT_URI>S2A_MSIL2A_X.SAFE</PRODUCT_URI>
        <PRODUCT_START_TIME>2023-08-21T22:19:41.024Z</PRODUCT_START_TIME>
        <BOA_QUANTIFICATION_VALUE>10000</BOA_QUANTIFICATION_VALUE>
        <BOA_ADD_OFFSET band_id="3">-1000</BOA_ADD_OFFSET></n1:General_Info>
        </n1:Level-2A_User_Product>"""

    scene = send(api_client, farm, metadata=SimpleUploadedFile("MTD_MSIL2A.xml", xml)).json()

    assert scene["name"] == "S2A_MSIL2A_X"
    assert scene["radiometry_source"] == "product_xml"
    assert scene["processing_baseline"] == "05.09"
    assert {asset["name"]: asset["offset"] for asset in scene["assets"]}["red"] == -0.1


@pytest.mark.usefixtures("ndvi", "store")
@pytest.mark.parametrize(
    ("form", "where"),
    [
        ({"platform": "spot"}, "platform"),
        ({"acquired_at": "yesterday"}, "acquired_at"),
        ({"bands": "{"}, "bands"),
        ({"bands": '{"red": 3}'}, "bands"),
        ({"scale_override": "nan"}, "scale_override"),
        ({"offset_override": "-1000"}, "offset_override"),  # digital numbers, not reflectance
        ({"files": []}, "files"),
    ],
)
def test_a_form_that_makes_no_sense_is_a_422_that_names_the_field(
    api_client: APIClient, farm: Farm, form: dict[str, Any], where: str
) -> None:
    answer = send(api_client, farm, **form)

    assert answer.status_code == 422
    assert any(path.startswith(where) for path in answer.json()["errors"])
    assert not Scene.objects.exists()


@pytest.mark.usefixtures("ndvi")
def test_a_file_that_is_not_read_is_a_422_in_the_words_of_the_service(
    api_client: APIClient, farm: Farm, service: InMemoryNdvi, store: FolderStore, tmp_path: Path
) -> None:
    service.failures["DescribeRaster"] = Failure(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason="RASTER_CRS_MISSING",
        detail="The file does not say where on Earth it lies.",
    )

    answer = send(api_client, farm)

    assert answer.status_code == 422
    assert answer.json()["reason"] == "RASTER_CRS_MISSING"
    assert answer.json()["detail"].endswith("The file does not say where on Earth it lies.")
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert not Scene.objects.exists()


@pytest.mark.usefixtures("store")
def test_a_service_that_is_down_is_a_503(
    api_client: APIClient, farm: Farm, settings: SettingsWrapper, tmp_path: Path
) -> None:
    settings.NDVI_TARGET = f"unix:{tmp_path / 'nobody.sock'}"

    assert send(api_client, farm).status_code == 503


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(
    api_client: APIClient, farm: Farm, settings: SettingsWrapper
) -> None:
    settings.UPLOAD_MAX_BYTES = 100
    answer = api_client.generic(
        "POST",
        reverse("scene-list", args=[farm.pk]),
        b"x" * (5 * 1024 * 1024),
        content_type="multipart/form-data; boundary=x",
    )

    assert answer.status_code == 413


# --- Naming ---------------------------------------------------------------------------------------


def name(client: APIClient, farm: Farm, document: dict[str, Any]) -> Any:
    return client.post(reverse("scene-list", args=[farm.pk]), document, format="json")


def stac(**properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": "S2A_31UES_20180420_0_L2A",
        "properties": {"datetime": "2018-04-20T10:56:19Z", "platform": "sentinel-2a", **properties},
        "assets": {
            band: {"href": f"https://example.org/{band}.tif"} for band in ("red", "nir", "scl")
        },
    }


@pytest.mark.usefixtures("ndvi")
def test_a_stac_item_names_a_scene(api_client: APIClient, farm: Farm) -> None:
    answer = name(api_client, farm, {"stac_item": stac(**{"s2:processing_baseline": "05.09"})})

    scene = answer.json()
    assert answer.status_code == 201
    assert scene["name"] == "S2A_31UES_20180420_0_L2A"
    assert (scene["offset"], scene["radiometry_source"]) == (-0.1, "processing_baseline")
    assert {asset["name"] for asset in scene["assets"]} == {"red", "nir", "scl"}


@pytest.mark.usefixtures("ndvi")
def test_a_list_of_bands_names_a_scene(api_client: APIClient, farm: Farm) -> None:
    document = {
        "platform": "sentinel-2",
        "acquired_at": "2018-04-20T10:56:19Z",
        "assets": [
            {"name": "red", "url": "https://example.org/10m.tif", "band": 3},
            {"name": "nir", "url": "https://example.org/10m.tif", "band": 4},
        ],
    }

    answer = name(api_client, farm, document)

    assert answer.status_code == 201
    assert len(answer.json()["assets"]) == 2


@pytest.mark.usefixtures("ndvi")
@pytest.mark.parametrize(
    "document",
    [
        {},
        {"stac_item": {"type": "Collection"}},
        {"stac_item": stac(), "assets": []},
        {"assets": [{"name": "red"}]},
        {"assets": [{"name": "red", "url": "https://a.example/r.tif", "key": "scenes/1/r.tif"}]},
        {"assets": [{"name": "red", "url": "file:///etc/passwd"}]},
        {"assets": [{"name": "red", "key": "scenes/0/x/r.tif"}]},
    ],
)
def test_a_reference_that_makes_no_sense_is_a_422(
    api_client: APIClient, farm: Farm, document: dict[str, Any]
) -> None:
    assert name(api_client, farm, document).status_code == 422


# --- Looking --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("state=new", 1),
        ("state=ready&state=held", 0),
        ("platform=landsat", 0),
        ("acquired_from=2018-04-20T00:00:00Z&acquired_to=2018-04-21T00:00:00Z", 1),
        ("acquired_to=2018-04-20T10:56:19Z", 0),  # the end is not part of it
    ],
)
def test_a_list_can_be_narrowed(
    api_client: APIClient, farm: Farm, scene: Scene, query: str, count: int
) -> None:
    answer = api_client.get(f"{reverse('scene-list', args=[farm.pk])}?{query}")

    assert answer.json()["count"] == count


def test_where_a_file_lies_in_our_store_is_not_told(api_client: APIClient, scene: Scene) -> None:
    answer = api_client.get(reverse("scene-detail", args=[scene.pk]))

    assert "object_key" not in answer.content.decode()


def test_a_foreign_scene_is_a_404_for_everything(
    other_client: APIClient, farm: Farm, scene: Scene
) -> None:
    detail = reverse("scene-detail", args=[scene.pk])
    answers = [
        other_client.get(detail),
        other_client.patch(detail, {"name": "mine"}, format="json"),
        other_client.delete(detail),
        other_client.post(reverse("scene-ingest", args=[scene.pk])),
        other_client.get(reverse("scene-list", args=[farm.pk])),
        send(other_client, farm),
    ]

    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize(
    ("role", "sends", "overrides", "deletes"),
    [("viewer", 403, 403, 403), ("agronomist", 201, 403, 403), ("manager", 201, 200, 204)],
)
def test_roles(
    other_client: APIClient,
    other_user: User,
    farm: Farm,
    scene: Scene,
    role: str,
    sends: int,
    overrides: int,
    deletes: int,
) -> None:
    Membership.objects.create(farm=farm, user=other_user, role=role)
    detail = reverse("scene-detail", args=[scene.pk])

    sent = other_client.post(
        reverse("scene-list", args=[farm.pk]), {"files": files(b"other")}, format="multipart"
    )
    changed = other_client.patch(detail, {"offset_override": -0.1}, format="json")
    deleted = other_client.delete(detail)

    assert (sent.status_code, changed.status_code, deleted.status_code) == (
        sends,
        overrides,
        deletes,
    )


# --- Changing ------------------------------------------------------------------------------------


def test_an_override_answers_with_the_job_that_reads_again(
    api_client: APIClient, scene: Scene
) -> None:
    Scene.objects.update(state=SceneState.HELD)

    answer = api_client.patch(
        reverse("scene-detail", args=[scene.pk]), {"offset_override": -0.1}, format="json"
    )

    assert answer.json()["offset_override"] == -0.1
    assert answer.json()["offset"] == scene.offset
    assert answer.json()["effective_offset"] == -0.1
    assert answer.json()["effective_scale"] == scene.scale
    assert answer.json()["state"] == "new"
    assert answer.json()["job"]["state"] == "queued"


def test_null_lifts_an_override(api_client: APIClient, scene: Scene) -> None:
    Scene.objects.update(offset_override=-0.1)

    answer = api_client.patch(
        reverse("scene-detail", args=[scene.pk]), {"offset_override": None}, format="json"
    )

    assert answer.json()["offset_override"] is None
    assert answer.json()["job"] is not None


def test_reading_again_is_a_202_with_the_job(api_client: APIClient, scene: Scene) -> None:
    Job.objects.update(state=JobState.SUCCEEDED)

    answer = api_client.post(reverse("scene-ingest", args=[scene.pk]))

    assert answer.status_code == 202
    assert Job.objects.count() == 2


def test_an_idempotency_key_gives_the_same_job(api_client: APIClient, scene: Scene) -> None:
    address = reverse("scene-ingest", args=[scene.pk])

    first = api_client.post(address, headers={"Idempotency-Key": "monday"}).json()
    Job.objects.update(state=JobState.SUCCEEDED)
    again = api_client.post(address, headers={"Idempotency-Key": "monday"}).json()

    assert again["id"] == first["id"]


def test_a_deleted_scene_is_gone_with_its_files(
    api_client: APIClient, scene: Scene, tmp_path: Path
) -> None:
    assert api_client.delete(reverse("scene-detail", args=[scene.pk])).status_code == 204

    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert api_client.get(reverse("scene-detail", args=[scene.pk])).status_code == 404


# --- Admin ----------------------------------------------------------------------------------------


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser(username="root", password="x" * 12))
    return client


def test_the_admin_lists_and_shows_scenes(admin: Client, scene: Scene) -> None:
    listed = admin.get(reverse("admin:farm_scene_changelist") + "?state=new")
    shown = admin.get(reverse("admin:farm_scene_change", args=[scene.pk]))

    assert scene.name in listed.content.decode()
    assert 'name="offset_override"' in shown.content.decode()
    assert 'name="state"' not in shown.content.decode()


def test_an_override_in_the_admin_has_the_scene_read_again(admin: Client, scene: Scene) -> None:
    Job.objects.update(state=JobState.SUCCEEDED)
    form = {
        "name": scene.name,
        "scale_override": "",
        "offset_override": "-0.1",
        "assets-TOTAL_FORMS": "0",
        "assets-INITIAL_FORMS": "0",
    }

    answer = admin.post(reverse("admin:farm_scene_change", args=[scene.pk]), form)

    scene.refresh_from_db()
    assert answer.status_code == 302
    assert scene.offset_override == -0.1
    assert Job.objects.filter(state=JobState.QUEUED).count() == 1


def test_the_admin_reads_again_and_deletes_files(
    admin: Client, scene: Scene, tmp_path: Path
) -> None:
    Job.objects.update(state=JobState.SUCCEEDED)
    for action, extra in (("read_again", {}), ("delete_selected", {"post": "yes"})):
        admin.post(
            reverse("admin:farm_scene_changelist"),
            {"action": action, "_selected_action": [scene.pk], **extra},
        )

    assert Job.objects.count() == 2
    assert not Scene.objects.exists()
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
