"""The rows of a new scene, unless its files are a scene already."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from farm.imagery.ingest_requests import request_ingest
from farm.imagery.models import RadiometryVerdict, Scene, SceneAsset
from farm.imagery.scene_identity import (
    file_records,
    files_identity,
    refuse_known_otherwise,
    scene_sha256,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from farm.accounts.models import User
    from farm.farms.models import Farm
    from farm.imagery.domain import ObjectRef
    from farm.imagery.scene_details import SceneDetails, SceneFacts
    from farm.imagery.scene_files import SceneFiles
    from farm.jobs.models import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedScene:
    """A scene that was asked for."""

    scene: Scene
    job: Job | None  # that reads it; None where the scene was there already
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class NewScene:
    """A scene on its way into the database, unless it is there already."""

    farm: Farm
    facts: SceneFacts
    details: SceneDetails
    files: SceneFiles

    @cached_property
    def content_sha256(self) -> str:
        """Name of the content, one in a farm."""
        return scene_sha256(identity=files_identity(self.files.contents.values()), facts=self.facts)

    def known(self) -> CreatedScene | None:
        """Return the scene that these files are already.

        Raises:
            ConflictError: It was described otherwise.
        """
        scenes = Scene.objects.filter(farm=self.farm, content_sha256=self.content_sha256)
        scene = scenes.prefetch_related("assets").first()
        # Every scene has bands; one without was deleted between the two reads.
        if scene is None or not scene.assets.all():
            return None
        refuse_known_otherwise(
            scene=scene, facts=self.facts, contents=self.files.contents, details=self.details
        )
        return CreatedScene(scene=scene, job=None, is_new=False)

    def insert(self, objects: Mapping[str, ObjectRef], requested_by: User | None) -> CreatedScene:
        """Write the rows, and ask for the job."""
        west, south, east, north = self.facts.bounds_wgs84
        is_overridden = (
            self.details.scale_override is not None or self.details.offset_override is not None
        )
        try:
            with transaction.atomic():
                scene = Scene.objects.create(
                    farm=self.farm,
                    name=self.facts.name,
                    platform=self.facts.platform,
                    acquired_at=self.facts.acquired_at,
                    is_simulated=self.facts.is_simulated,
                    processing_baseline=self.facts.radiometry.processing_baseline,
                    scale=self.facts.radiometry.scale,
                    offset=self.facts.radiometry.offset,
                    radiometry_source=self.facts.radiometry.source,
                    radiometry_verdict=RadiometryVerdict.OVERRIDDEN if is_overridden else "",
                    radiometry_reason=self.facts.radiometry.reason,
                    scale_override=self.details.scale_override,
                    offset_override=self.details.offset_override,
                    metadata={**self.facts.metadata, "files": self._records()},
                    content_sha256=self.content_sha256,
                    epsg=self.facts.epsg,
                    west=west,
                    south=south,
                    east=east,
                    north=north,
                )
                SceneAsset.objects.bulk_create(_assets(scene, self.facts, objects))
                job = request_ingest(scene=scene, requested_by=requested_by)
        except IntegrityError:  # the same files came twice at once, and the other was first
            known = self.known()
            if known is None:
                raise
            return known
        return CreatedScene(scene=scene, job=job, is_new=True)

    def _records(self) -> dict[str, dict[str, str]]:
        return file_records(
            facts=self.facts,
            contents=self.files.contents,
            descriptions=self.files.descriptions,
        )


def _assets(scene: Scene, facts: SceneFacts, objects: Mapping[str, ObjectRef]) -> list[SceneAsset]:
    assets = []
    for band in facts.bands:
        ref = objects[band.file_name]
        own = facts.radiometry.bands.get(band.name)
        assets.append(
            SceneAsset(
                scene=scene,
                role=band.role,
                name=band.name,
                object_key=ref.key,
                url=ref.url,
                band_number=band.band_number,
                pixel_size=band.pixel_size,
                data_type=band.data_type,
                # NaN is no value in any raster and needs no naming; SQLite would store a null.
                nodata=None if band.nodata is None or math.isnan(band.nodata) else band.nodata,
                scale=own.scale if own else None,
                offset=own.offset if own else None,
            )
        )
    return assets
