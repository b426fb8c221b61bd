"""Layers of tiles: of which scenes and what place, and kept where furrow-ndvi reads them.

A layer is an object of the store named by its content, so the same layer is written once.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import shapely
from django.db.models import Max, Min, prefetch_related_objects

from farm.clients.converters import tile_layer_bytes
from farm.errors import ConflictError, NoClearObservationError, NotFoundError
from farm.imagery.domain import Resampling, TileLayer
from farm.imagery.models import Scene, SceneState
from farm.imagery.observation_quality import solar_day, solar_zone
from farm.imagery.observation_selectors import latest_clear_per_field
from farm.imagery.scene_source import (
    bind_bands,
    computable_indices,
    require_index,
    scene_source,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from farm.farms.models import Farm
    from farm.imagery.catalogue import Index
    from farm.imagery.index_rasters import RasterSubject
    from farm.imagery.storage import ObjectStore

MAX_SCENES = 8  # of one layer, see ndvi.proto
MAX_LAYER_BYTES = 2 * 1024 * 1024  # what furrow-ndvi reads
MAX_ZOOM = 24

METRES_PER_DEGREE = 111_320.0  # along the equator
# Metres of a pixel of 256 at zoom 0 on the equator.
ZOOM_0_M = 2 * math.pi * 6_378_137.0 / 256
# A layer is worth showing from the zoom on where its longer side has so many pixels.
LEAST_PIXELS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TileSubject:
    """An index of one day over a field or a farm."""

    farm_id: int
    name: str  # of the field or farm
    index: Index
    scenes: tuple[Scene, ...]  # with their assets, the preferred first
    outline_wkb: bytes
    bounds: tuple[float, float, float, float]  # west, south, east, north, degrees

    def layer(self, resampling: Resampling) -> TileLayer:
        """Describe the layer to furrow-ndvi.

        Raises:
            InvalidInputError: A scene lacks a band or the reflectance that the index needs.
        """
        formulas = [require_index(scene=scene, index=self.index) for scene in self.scenes]
        return TileLayer(
            scenes=tuple(
                scene_source(scene=scene, bands=self.index.bands) for scene in self.scenes
            ),
            index=formulas[0],
            stops=tuple(self.index.stops),
            resampling=resampling,
            outline_wkb=self.outline_wkb,
        )

    def zooms(self) -> tuple[int, int]:
        """Return the zooms that are worth asking for.

        At the largest, a tile's pixel is at most half as wide as the index's, so that nothing more
        is to be seen beyond.
        """
        west, south, east, north = self.bounds
        narrowing = max(math.cos(math.radians((south + north) / 2)), 0.01)
        largest = math.ceil(math.log2(2 * ZOOM_0_M * narrowing / self._pixel_m()))
        side = max(east - west, (north - south) / narrowing, 1e-9)
        smallest = math.ceil(math.log2(LEAST_PIXELS / 256 * 360 / side))
        largest = min(max(largest, 0), MAX_ZOOM)
        return min(max(smallest, 0), largest), largest

    def _pixel_m(self) -> float:
        """Side of the index's pixels in metres: of the coarsest of its bands."""
        scene = self.scenes[0]
        bands = bind_bands(self.index, scene.assets.all()) or {}
        pixel = max((asset.pixel_size for asset in bands.values()), default=10.0)
        # A raster is at least a pixel wide: only a pixel in degrees is narrower than its degrees.
        has_degrees = pixel <= (scene.east or 0.0) - (scene.west or 0.0)
        return pixel * METRES_PER_DEGREE if has_degrees else pixel


def field_tiles(subject: RasterSubject) -> TileSubject:
    """Take over what a field's picture would be made of."""
    field = subject.field
    return TileSubject(
        farm_id=field.farm_id,
        name=field.name,
        index=subject.index,
        scenes=subject.scenes,
        outline_wkb=bytes(field.outline_wkb),
        bounds=(field.west, field.south, field.east, field.north),
    )


def farm_tiles(
    *,
    farm: Farm,
    index: Index,
    min_clear_share: float,
    scene_id: int | None = None,
    day: date | None = None,
) -> TileSubject:
    """Choose the scenes of a farm's layer; it shows the box around the farm's fields.

    Without a scene or day: those of the solar day of the newest clear look at any field.

    Args:
        farm: The farm.
        index: The index.
        min_clear_share: Share of a field that a look must show, 0 to 1.
        scene_id: A ready scene of the farm.
        day: By mean solar time of the middle of the fields.

    Raises:
        NotFoundError: The farm has no fields, no such scene, or none of that day.
        NoClearObservationError: No scene shows enough of any field.
        ConflictError: The scene's pixels may not be published.
    """
    bounds = _bounds_of_fields(farm)
    if scene_id is not None:
        scenes = [_scene_of(farm, scene_id)]
    elif day is not None:
        scenes = _scenes_of_day(farm, index=index, day=day, bounds=bounds)
    else:
        scenes = _scenes_of_newest_day(farm, index=index, min_clear_share=min_clear_share)
    return TileSubject(
        farm_id=farm.pk,
        name=farm.name,
        index=index,
        scenes=tuple(scenes),
        outline_wkb=shapely.to_wkb(shapely.box(*bounds)),
        bounds=bounds,
    )


def ensure_layer(*, farm_id: int, layer: TileLayer, store: ObjectStore) -> str:
    """Keep a layer where furrow-ndvi reads it, unless it is there; return its SHA-256.

    Raises:
        StorageFullError: There is no room for it.
    """
    content = tile_layer_bytes(layer)
    digest = hashlib.sha256(content).hexdigest()
    key = f"derived/{farm_id}/layers/{digest}.binpb"
    if not store.exists(key):
        store.put(key, [content], max_bytes=MAX_LAYER_BYTES)
    return digest


def _bounds_of_fields(farm: Farm) -> tuple[float, float, float, float]:
    edges = farm.fields.aggregate(
        west=Min("west"), south=Min("south"), east=Max("east"), north=Max("north")
    )
    if edges["west"] is None:
        msg = f"The farm “{farm.name}” has no fields."
        raise NotFoundError(msg, reason="NO_FIELDS")
    return edges["west"], edges["south"], edges["east"], edges["north"]


def _scene_of(farm: Farm, scene_id: int) -> Scene:
    scene = Scene.objects.filter(farm=farm, pk=scene_id).prefetch_related("assets").first()
    if scene is None:
        msg = f"The farm “{farm.name}” has no scene {scene_id}."
        raise NotFoundError(msg)
    if scene.state != SceneState.READY:
        state = SceneState(scene.state).label
        msg = (
            f"The scene “{scene.name}” is {state}; {scene.state_reason or 'nothing is shown yet.'}"
        )
        raise ConflictError(msg, reason="SCENE_NOT_READY")
    return scene


def _scenes_of_day(
    farm: Farm, *, index: Index, day: date, bounds: tuple[float, float, float, float]
) -> list[Scene]:
    west, south, east, north = bounds
    start = datetime.combine(day, time(), tzinfo=solar_zone((west + east) / 2))
    seen = (
        Scene.objects.filter(
            farm=farm,
            state=SceneState.READY,
            acquired_at__gte=start,
            acquired_at__lt=start + timedelta(days=1),
            west__lte=east,
            east__gte=west,
            south__lte=north,
            north__gte=south,
        )
        .prefetch_related("assets")
        .order_by("-acquired_at", "-pk")
    )
    scenes = _alike(seen, index=index)
    if not scenes:
        msg = f"No ready scene of {day} reaches the fields of the farm “{farm.name}”."
        raise NotFoundError(msg)
    return scenes


def _scenes_of_newest_day(farm: Farm, *, index: Index, min_clear_share: float) -> list[Scene]:
    pairs = latest_clear_per_field(farm=farm, index=index, min_clear_share=min_clear_share)
    looks = [(field, look) for field, look in pairs if look is not None]
    if not looks:
        msg = (
            f"No scene shows {min_clear_share:.0%} of any of the {len(pairs)} fields of the farm "
            f"“{farm.name}” for {index.id}."
        )
        raise NoClearObservationError(msg, reason="NO_CLEAR_OBSERVATION")
    looks.sort(key=lambda pair: pair[1].acquired_at, reverse=True)
    field, newest = looks[0]
    day = solar_day(acquired_at=newest.acquired_at, longitude=field.centroid_lon)
    scenes = {
        scene.pk: scene
        for field, look in looks
        if solar_day(acquired_at=look.acquired_at, longitude=field.centroid_lon) == day
        for scene in look.scenes
    }
    found = list(scenes.values())
    prefetch_related_objects(found, "assets")
    return _alike(found, index=index)


def _alike(scenes: Iterable[Scene], *, index: Index) -> list[Scene]:
    """Keep those that one layer can be made of: of the first one's kind and grid's system."""
    usable: Sequence[Scene] = [
        scene for scene in scenes if computable_indices(scene=scene, indices=[index])
    ]
    kinds = [(scene.platform, scene.is_simulated, scene.epsg) for scene in usable]
    return [scene for scene, kind in zip(usable, kinds, strict=True) if kind == kinds[0]][
        :MAX_SCENES
    ]
