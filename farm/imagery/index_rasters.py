"""Pictures and files of an index over a field: which scene, what identifies the result, the result.

Identity comes first: a result is named by everything it depends on, so that an unchanged one is
answered without asking furrow-ndvi at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import prefetch_related_objects

from farm.errors import ConflictError, NotFoundError
from farm.imagery.models import Observation, Scene, SceneState
from farm.imagery.observation_quality import solar_zone, usable_share
from farm.imagery.observation_selectors import latest_clear_observation
from farm.imagery.scene_source import require_index, scene_source, source_digest

if TYPE_CHECKING:
    from datetime import date

    from django.db.models import QuerySet

    from farm.clients.ndvi import NdviClient
    from farm.fields.models import Field
    from farm.imagery.catalogue import Index
    from farm.imagery.domain import (
        Compression,
        Encoding,
        IndexFormula,
        IndexPicture,
        SceneSource,
    )
    from farm.imagery.storage import FolderStore

# Below Caddy's and Django's 30 s, so that the caller learns what was too slow.
RENDER_TIMEOUT_S = 20.0
WRITE_TIMEOUT_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterSubject:
    """An index of one scene over one field's outline."""

    field: Field
    index: Index
    scene: Scene
    source: SceneSource
    formula: IndexFormula

    def digest(self, *style: object) -> str:
        """Return a SHA-256 over all that a raster depends on, and how it is to look."""
        return source_digest(
            self.source,
            self.scene.content_sha256,
            [
                self.formula.name,
                self.formula.formula,
                dict(self.formula.constants),
                self.formula.valid_min,
                self.formula.valid_max,
            ],
            self.field.outline_sha256,
            settings.FURROW_VERSION,
            list(style),
        )


def raster_subject(*, field: Field, index: Index, scene: Scene) -> RasterSubject:
    """Gather what a raster is made of.

    Raises:
        InvalidInputError: The scene lacks a band or the reflectance that the index needs.
    """
    formula = require_index(scene=scene, index=index)
    source = scene_source(scene=scene, bands=index.bands)
    return RasterSubject(field=field, index=index, scene=scene, source=source, formula=formula)


def latest_scene(*, field: Field, index: Index, min_clear_share: float) -> Scene:
    """Return the newest scene that shows a field clearly; see ``latest_clear_observation``."""
    look = latest_clear_observation(field=field, index=index, min_clear_share=min_clear_share)
    prefetch_related_objects([look.scene], "assets")
    return look.scene


def scene_by_id(*, field: Field, scene_id: int) -> Scene:
    """Return a ready scene of the field's farm.

    Raises:
        NotFoundError: The farm has no such scene.
        ConflictError: It has, but its pixels may not be published.
    """
    scene = _scenes(field).filter(pk=scene_id).first()
    if scene is None:
        msg = f"The farm of the field “{field.name}” has no scene {scene_id}."
        raise NotFoundError(msg)
    if scene.state != SceneState.READY:
        state = SceneState(scene.state).label
        msg = (
            f"The scene “{scene.name}” is {state}; {scene.state_reason or 'nothing is shown yet.'}"
        )
        raise ConflictError(msg, reason="SCENE_NOT_READY")
    return scene


def scene_of_day(*, field: Field, index: Index, day: date) -> Scene:
    """Return the scene of a solar day that shows most of a field.

    Args:
        field: The field; its longitude says when the day begins.
        index: Whose observations say which scene is the clearest.
        day: By mean solar time.

    Raises:
        NotFoundError: No ready scene of that day reaches the field.
    """
    start = datetime.combine(day, time(), tzinfo=solar_zone(field.centroid_lon))
    scenes = list(
        _scenes(field)
        .filter(
            state=SceneState.READY,
            acquired_at__gte=start,
            acquired_at__lt=start + timedelta(days=1),
            west__lte=field.east,
            east__gte=field.west,
            south__lte=field.north,
            north__gte=field.south,
        )
        .order_by("acquired_at", "pk")
    )
    if not scenes:
        msg = f"No ready scene of {day} reaches the field “{field.name}”."
        raise NotFoundError(msg)
    shown = {
        look.scene_id: usable_share(look)
        for look in Observation.objects.filter(
            field=field,
            index=index.id,
            scene__in=scenes,
            outline_sha256=field.outline_sha256,
        )
    }
    return max(scenes, key=lambda scene: (shown.get(scene.pk, 0.0), scene.acquired_at))


def render_png(*, subject: RasterSubject, size: int, ndvi: NdviClient) -> IndexPicture:
    """Render an index over the field, masked and clipped, in the colours of its legend.

    Args:
        subject: What to render.
        size: Longer side at most, 16 to 2048 pixels.
        ndvi: Client of the NDVI service.
    """
    return ndvi.render_index(
        scenes=(subject.source,),
        index=subject.formula,
        stops=subject.index.stops,
        max_size=size,
        outline_wkb=bytes(subject.field.outline_wkb),
        timeout_s=RENDER_TIMEOUT_S,
    )


def index_file_key(*, subject: RasterSubject, encoding: Encoding, compression: Compression) -> str:
    """Return the key of a derived file: the hash of all that its bytes depend on.

    It lies in a folder of its scene, which goes when the scene goes.
    """
    digest = subject.digest("cog", encoding.value, compression.value)
    return f"derived/{subject.field.farm_id}/{subject.scene.content_sha256}/{digest}.tif"


def ensure_index_file(
    *,
    subject: RasterSubject,
    encoding: Encoding,
    compression: Compression,
    ndvi: NdviClient,
    store: FolderStore,
) -> str:
    """Return the key of the index over the field as a COG, written unless it is there already.

    Two callers may write it at once: both write the same bytes, and the object appears whole.
    """
    key = index_file_key(subject=subject, encoding=encoding, compression=compression)
    if not store.exists(key):
        ndvi.write_index(
            scenes=(subject.source,),
            index=subject.formula,
            key=key,
            encoding=encoding,
            compression=compression,
            outline_wkb=bytes(subject.field.outline_wkb),
            timeout_s=WRITE_TIMEOUT_S,
        )
    return key


def _scenes(field: Field) -> QuerySet[Scene]:
    return Scene.objects.filter(farm_id=field.farm_id).prefetch_related("assets")
