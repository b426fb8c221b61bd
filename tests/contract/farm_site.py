"""A farm behind the real API and the real furrow-ndvi, and how to see that nothing harmed it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from rasterio.transform import Affine

from farm.fields.models import Field
from farm.imagery.models import Observation, Scene, SceneAsset, SceneState
from farm.jobs.models import Job, JobKind, JobState
from farm.jobs.runner import run
from tests.contract.bad_rasters import geotiff

if TYPE_CHECKING:
    from rest_framework.test import APIClient

    from farm.farms.models import Farm
    from tests.contract.ndvi_binary import RunningService

PROBLEM = "application/problem+json"
MAX_GROWTH_BYTES = 64 * 1024 * 1024
TEN_METRES = ("B02", "B03", "B04", "B08")


def good_files(day: int = 25) -> dict[str, bytes]:
    """A clear Sentinel-2 scene of 64 × 64 pixels; other days have other pixels."""
    random = np.random.default_rng(day)
    levels = np.array([500, 800, 600, 3500])[:, None, None]
    bands = (levels + random.normal(0, 60, (4, 64, 64))).astype(np.uint16)
    scl = np.full((1, 32, 32), 4, dtype=np.uint8)
    return {
        f"202406{day}T104000_10m.tif": geotiff(bands, descriptions=TEN_METRES),
        f"202406{day}T104000_scl.tif": geotiff(
            scl,
            descriptions=["SCL"],
            transform=Affine(20, 0, 501_360, 0, -20, 5_629_680),
        ),
    }


def square(lon: float = 3.0225, lat: float = 50.815, side: float = 0.002) -> dict[str, Any]:
    """A GeoJSON square inside the good scene, unless moved."""
    east, north = lon + side, lat + side
    ring = [[lon, lat], [east, lat], [east, north], [lon, north], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What would show that something was stored."""

    files: dict[str, tuple[int, int]]
    rows: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Site:
    """A farm with a field and a scene that was read."""

    client: APIClient
    farm: Farm
    store: Path
    service: RunningService
    scene: Scene | None = None

    def send(self, files: dict[str, bytes], **form: Any) -> Any:
        """Upload a scene."""
        parts = [SimpleUploadedFile(name, content) for name, content in files.items()]
        data = {"files": parts, **form}
        return self.client.post(self.scenes_url, data, format="multipart")

    def name(self, document: Any) -> Any:
        """Name a scene whose files lie somewhere."""
        return self.client.post(self.scenes_url, document, format="json")

    def statistics(self, **document: Any) -> Any:
        """Ask for numbers; of NDVI, the good scene and the good square unless told otherwise."""
        assert self.scene is not None
        usual = {"index": "ndvi", "scene": self.scene.pk, "outlines": square()}
        return self.client.post("/api/v1/statistics/", {**usual, **document}, format="json")

    def draw(self, geometry: Any) -> Any:
        """Add a field."""
        feature = {"type": "Feature", "properties": {"name": "New"}, "geometry": geometry}
        url = reverse("field-list", args=[self.farm.pk])
        return self.client.post(url, feature, format="json")

    def read_scene(self, answer: Any) -> Scene:
        """Run the job of an accepted scene to its end."""
        assert answer.status_code == 201, answer.content
        run(job_id=answer.json()["job"]["id"])
        return Scene.objects.get(pk=answer.json()["id"])

    def snapshot(self) -> Snapshot:
        """See what is stored now."""
        folders = [self.store, Path(settings.UPLOAD_TEMP_DIR)]
        files = {
            str(path): ((found := path.stat()).st_size, found.st_mtime_ns)
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file()
        }
        kinds = (Scene, SceneAsset, Observation, Field, Job)
        return Snapshot(files=files, rows=tuple(kind.objects.count() for kind in kinds))

    def assert_serving(self, day: int) -> None:
        """Good requests work."""
        answer = self.statistics()
        assert answer.status_code == 200, answer.content
        assert 0.6 < answer.json()["scenes"][0]["results"][0]["mean"] < 0.8
        scene = self.read_scene(self.send(good_files(day)))
        assert scene.state == SceneState.READY
        assert (
            scene.farm.jobs.get(kind=JobKind.INGEST_SCENE, subject_id=scene.pk).state
            == JobState.SUCCEEDED
        )

    @property
    def scenes_url(self) -> str:
        """Where scenes are sent."""
        return reverse("scene-list", args=[self.farm.pk])


def assert_refused(
    answer: Any, *, words: str, reason: str = "", status: int = 422, code: str = ""
) -> None:
    """A problem document that a person and a program understand."""
    assert answer.status_code == status, (answer.status_code, answer.content[:600])
    assert answer["Content-Type"].startswith(PROBLEM)
    document = answer.json()
    assert document["request_id"]
    assert document["request_id"] == answer["X-Request-Id"]
    assert document["status"] == status
    assert document["code"]
    if code:
        assert document["code"] == code
    assert document.get("reason", "") == reason, document
    assert words.lower() in document["detail"].lower(), document["detail"]
    assert len(document["detail"]) < 1000
    for secret in ("Traceback", "/tmp/", "/root/"):  # noqa: S108 - looked for, not used
        assert secret not in answer.content.decode()
