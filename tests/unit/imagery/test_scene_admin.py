"""Scenes in the admin: the same use cases and bounds as in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from farm.imagery.models import Scene, SceneState
from tests.unit.imagery.scene_making import make_scene

if TYPE_CHECKING:
    from django.test import Client

    from farm.clients.ndvi import NdviClient
    from farm.farms.models import Farm
    from farm.imagery.storage import FolderStore


@pytest.fixture
def scene(hill_farm: Farm, ndvi: NdviClient, store: FolderStore) -> Scene:
    return make_scene(hill_farm, ndvi=ndvi, store=store).scene


def set_override(client: Client, scene: Scene, **typed: str) -> str:
    form = {
        "name": scene.name,
        "scale_override": "",
        "offset_override": "",
        "assets-TOTAL_FORMS": "0",
        "assets-INITIAL_FORMS": "0",
    }
    answer = client.post(reverse("admin:farm_scene_change", args=[scene.pk]), form | typed)
    return "" if answer.status_code == 302 else answer.content.decode()


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("scale_override", "0"),
        ("scale_override", "1.5"),
        ("scale_override", "nan"),
        ("offset_override", "-1.1"),
        ("offset_override", "1e300"),
    ],
)
def test_an_override_is_bounded_as_in_the_api(
    admin_client: Client, scene: Scene, name: str, number: str
) -> None:
    assert "errorlist" in set_override(admin_client, scene, **{name: number})

    scene.refresh_from_db()
    assert (scene.scale_override, scene.offset_override) == (None, None)


def test_an_override_has_the_scene_read_again(admin_client: Client, scene: Scene) -> None:
    Scene.objects.update(state=SceneState.HELD)

    assert set_override(admin_client, scene, offset_override="-0.1") == ""

    scene.refresh_from_db()
    assert (scene.state, scene.offset_override) == (SceneState.NEW, -0.1)


@pytest.fixture
def borrower(scene: Scene) -> Scene:
    """A scene whose bands lie in the folder of the first."""
    other = Scene.objects.create(
        farm=scene.farm,
        name="borrower",
        platform=scene.platform,
        acquired_at=scene.acquired_at,
        content_sha256="0" * 64,
    )
    red = scene.assets.get(name="red")
    red.pk, red.scene = None, other
    red.save()
    return other


def delete(client: Client, *scenes: Scene) -> None:
    chosen = [scene.pk for scene in scenes]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    client.post(reverse("admin:farm_scene_changelist"), form)


def test_files_that_another_scene_names_are_protected(
    admin_client: Client, scene: Scene, borrower: Scene
) -> None:
    delete(admin_client, scene)

    assert Scene.objects.count() == 2


def test_both_scenes_of_the_same_files_go_together(
    admin_client: Client, scene: Scene, borrower: Scene, store: FolderStore
) -> None:
    delete(admin_client, scene, borrower)

    assert not Scene.objects.exists()
    assert not store.exists(f"scenes/{scene.farm_id}/{scene.content_sha256}")
