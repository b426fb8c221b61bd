"""Pictures and files of an index over a field: of which scenes, known by what, and themselves.

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
from farm.imagery.index_tags import file_tags
from farm.imagery.models import Scene, SceneState
from farm.imagery.observation_quality import rank, solar_zone
from farm.imagery.observation_selectors import (
    latest_clear_observation,
    load_scenes,
    observations_of,
    within,
)
from farm.imagery.scene_source import require_index, scene_source, source_digest

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    from farm.imagery.storage import ObjectStore

# Below Caddy's and Django's 30 s, so that the caller learns what was too slow.
RENDER_TIMEOUT_S = 20.0
WRITE_TIMEOUT_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterSubject:
    """An index over one field's outline, of a scene or of several of one day."""

    field: Field
    index: Index
    scenes: tuple[Scene, ...]  # the preferred first
    sources: tuple[SceneSource, ...]  # of the scenes, in their order
    formula: IndexFormula

    @property
    def scene(self) -> Scene:
        """The scene that is shown, of several the preferred."""
        return self.scenes[0]

    def digest(self, *style: object) -> str:
        """Return a SHA-256 over all that a raster depends on, and how it is to look."""
        return source_digest(
            self.sources,
            [scene.content_sha256 for scene in self.scenes],
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


def raster_subject(*, field: Field, index: Index, scenes: Sequence[Scene]) -> RasterSubject:
    """Gather what a raster is made of.

    Args:
        field: The field.
        index: The index.
        scenes: With their assets; several of one day, the preferred first, make a mosaic.

    Raises:
        InvalidInputError: A scene lacks a band or the reflectance that the index needs.
    """
    formulas = [require_index(scene=scene, index=index) for scene in scenes]
    sources = tuple(scene_source(scene=scene, bands=index.bands) for scene in scenes)
    return RasterSubject(
        field=field, index=index, scenes=tuple(scenes), sources=sources, formula=formulas[0]
    )


def latest_scenes(*, field: Field, index: Index, min_clear_share: float) -> list[Scene]:
    """Return what the newest clear number of a field was made of, the preferred scene first.

    See ``latest_clear_observation``.
    """
    look = latest_clear_observation(field=field, index=index, min_clear_share=min_clear_share)
    return _with_assets(look.scenes)


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


def scenes_of_day(*, field: Field, index: Index, day: date) -> list[Scene]:
    """Return what the number of a field on a solar day was made of, the preferred scene first.

    Where no number has been computed, the newest scene of the day that reaches the field.

    Args:
        field: The field; its longitude says when the day begins.
        index: Whose observations say which look shows most.
        day: By mean solar time.

    Raises:
        NotFoundError: No ready scene of that day reaches the field.
    """
    start = datetime.combine(day, time(), tzinfo=solar_zone(field.centroid_lon))
    end = start + timedelta(days=1)
    looks = list(
        within(observations_of(field=field, index=index), start=start, end=end)
        .filter(outline_sha256=field.outline_sha256)
        .select_related("scene")
        .defer("histogram", "receipt")
    )
    if looks:
        load_scenes(looks)
        return _with_assets(max(looks, key=rank).scenes)
    scenes = (
        _scenes(field)
        .filter(
            state=SceneState.READY,
            acquired_at__gte=start,
            acquired_at__lt=end,
            west__lte=field.east,
            east__gte=field.west,
            south__lte=field.north,
            north__gte=field.south,
        )
        .order_by("-acquired_at", "-pk")
    )
    scene = scenes.first()
    if scene is None:
        msg = f"No ready scene of {day} reaches the field “{field.name}”."
        raise NotFoundError(msg)
    return [scene]


def render_png(*, subject: RasterSubject, size: int, ndvi: NdviClient) -> IndexPicture:
    """Render an index over the field, masked and clipped, in the colours of its legend.

    Args:
        subject: What to render.
        size: Longer side at most, 16 to 2048 pixels.
        ndvi: Client of the NDVI service.
    """
    return ndvi.render_index(
        scenes=subject.sources,
        index=subject.formula,
        stops=subject.index.stops,
        max_size=size,
        outline_wkb=bytes(subject.field.outline_wkb),
        timeout_s=RENDER_TIMEOUT_S,
    )


def index_file_digest(
    *, subject: RasterSubject, encoding: Encoding, compression: Compression
) -> str:
    """Return the hash of all that the bytes of a derived file depend on, its tags among them."""
    return subject.digest("cog", encoding.value, compression.value, tags_of(subject))


def index_file_key(*, subject: RasterSubject, encoding: Encoding, compression: Compression) -> str:
    """Return the key of a derived file, named by ``index_file_digest``.

    It lies in a folder of its first scene, and goes when any of its scenes goes.
    """
    digest = index_file_digest(subject=subject, encoding=encoding, compression=compression)
    return f"derived/{subject.field.farm_id}/{subject.scene.content_sha256}/{digest}.tif"


def ensure_index_file(
    *,
    subject: RasterSubject,
    encoding: Encoding,
    compression: Compression,
    ndvi: NdviClient,
    store: ObjectStore,
) -> str:
    """Return the key of the index over the field as a COG, written unless it is there already.

    Two callers may write it at once: both write the same bytes, and the object appears whole.
    """
    key = index_file_key(subject=subject, encoding=encoding, compression=compression)
    if not store.exists(key):
        ndvi.write_index(
            scenes=subject.sources,
            index=subject.formula,
            key=key,
            encoding=encoding,
            compression=compression,
            outline_wkb=bytes(subject.field.outline_wkb),
            tags=tags_of(subject),
            timeout_s=WRITE_TIMEOUT_S,
        )
    return key


def tags_of(subject: RasterSubject) -> dict[str, str]:
    """Return what a file of the index says of itself."""
    return file_tags(scenes=subject.scenes, index=subject.index)


def _with_assets(scenes: list[Scene]) -> list[Scene]:
    prefetch_related_objects(scenes, "assets")
    return scenes


def _scenes(field: Field) -> QuerySet[Scene]:
    return Scene.objects.filter(farm_id=field.farm_id).prefetch_related("assets")
