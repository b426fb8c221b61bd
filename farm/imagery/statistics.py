"""Numbers for outlines that are no fields: computed when asked for, never saved as observations.

The scene source, mask and formula are those of the ingest, so an outline equal to a field's gives
the field's numbers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from farm.errors import ConflictError, InvalidInputError, NotFoundError
from farm.farms.selectors import visible_farms
from farm.geo import Outline, outline_of_geojson
from farm.imagery.models import Scene, SceneState
from farm.imagery.mosaic_plan import MOST_SCENES
from farm.imagery.observation_quality import solar_day
from farm.imagery.scene_source import require_index
from farm.imagery.statistics_days import BUDGET_S, SceneStatistics, summarize_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from farm.accounts.principal import Principal
    from farm.clients.ndvi import NdviClient
    from farm.farms.models import Farm
    from farm.imagery.catalogue import Index

MAX_OUTLINES = 100
MAX_SCENES = 10
MAX_ID_LENGTH = 256  # of a feature: answers, which repeat it, are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class SentOutline:
    """An outline as it came."""

    id: str | int | None  # of the GeoJSON feature, where it has one
    outline: Outline


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A scene that could not be used, and why."""

    scene: Scene
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenScenes:
    """The scenes to compute on."""

    days: list[list[Scene]]  # the newest first; those of one day and kind together
    left_out_count: int  # further scenes of the span


def outlines_of(geojson: object) -> list[SentOutline]:
    """Read a FeatureCollection, a Feature, or a bare Polygon or MultiPolygon.

    Raises:
        InvalidInputError: There are none or too many, or one is no valid outline; the sentence
            says which, counted from 1.
    """
    features = _features(geojson)
    if not 1 <= len(features) <= MAX_OUTLINES:
        msg = f"{len(features)} outlines were sent; 1 to {MAX_OUTLINES} are accepted."
        raise InvalidInputError(msg, reason="OUTLINE_COUNT")
    outlines = []
    for number, (feature_id, geometry) in enumerate(features, start=1):
        try:
            outlines.append(SentOutline(id=feature_id, outline=outline_of_geojson(geometry)))
        except InvalidInputError as error:
            if len(features) == 1:
                raise
            msg = f"Outline {number}: {error.detail}"
            raise InvalidInputError(msg, reason=error.reason) from error
    return outlines


def scene_of(*, principal: Principal, scene_id: int) -> Scene:
    """Return a ready scene of any farm that the principal may see.

    Raises:
        NotFoundError: There is none, or the principal may not see it.
        ConflictError: Its pixels may not be published.
    """
    scene = (
        Scene.objects.filter(farm__in=visible_farms(principal=principal), pk=scene_id)
        .prefetch_related("assets")
        .first()
    )
    if scene is None:
        msg = f"There is no scene {scene_id}."
        raise NotFoundError(msg)
    if scene.state != SceneState.READY:
        msg = f"The scene “{scene.name}” is {SceneState(scene.state).label}: {scene.state_reason}"
        raise ConflictError(msg, reason="SCENE_NOT_READY")
    return scene


def scenes_of_farm(
    *,
    farm: Farm,
    outlines: Sequence[SentOutline],
    start: datetime | None,
    end: datetime | None,
    max_scenes: int,
) -> ChosenScenes:
    """Return the newest ready scenes of a farm that reach any of the outlines, by days.

    A day is a solar day at the middle of the outlines; two platforms on it count as two.

    Args:
        farm: From ``visible_farm``.
        outlines: What is to be reached, by bounding boxes.
        start: Inclusive.
        end: Exclusive.
        max_scenes: 1 to ``MAX_SCENES``; scenes of one day count as one.
    """
    reach = Q()
    for sent in outlines:
        box = sent.outline
        reach |= Q(
            west__lte=box.east, east__gte=box.west, south__lte=box.north, north__gte=box.south
        )
    scenes = Scene.objects.filter(reach, farm=farm, state=SceneState.READY)
    if start is not None:
        scenes = scenes.filter(acquired_at__gte=start)
    if end is not None:
        scenes = scenes.filter(acquired_at__lt=end)
    longitude = sum(sent.outline.centroid_lon for sent in outlines) / len(outlines)
    days: dict[tuple[object, ...], list[int]] = {}
    newest = scenes.order_by("-acquired_at", "-pk").values_list(
        "pk", "acquired_at", "platform", "is_simulated"
    )
    # Days of several platforms lie between each other, so one day more is looked through.
    for pk, acquired_at, *kind in newest[: (max_scenes + 1) * MOST_SCENES]:
        day = (solar_day(acquired_at=acquired_at, longitude=longitude), *kind)
        if day in days or len(days) < max_scenes:
            days.setdefault(day, []).append(pk)
    found = scenes.prefetch_related("assets").in_bulk([pk for pks in days.values() for pk in pks])
    return ChosenScenes(
        days=[[found[pk] for pk in pks[:MOST_SCENES] if pk in found] for pks in days.values()],
        left_out_count=scenes.count() - len(found),
    )


def summarize_scenes(
    *,
    days: Sequence[Sequence[Scene]],
    index: Index,
    outlines: Sequence[SentOutline],
    ndvi: NdviClient,
) -> tuple[list[SceneStatistics], list[Skipped]]:
    """Summarize an index over outlines on several days; each outline once a day.

    Returns:
        The statistics, and the scenes that lack what the index needs. A single scene that lacks
        it is an error instead, because nothing would be left to answer.
    """
    ends_at = time.monotonic() + BUDGET_S
    found: list[SceneStatistics] = []
    skipped: list[Skipped] = []
    for scenes in days:
        able = []
        for scene in scenes:
            try:
                require_index(scene=scene, index=index)
            except InvalidInputError as error:
                if len(days) == len(scenes) == 1:
                    raise
                skipped.append(Skipped(scene=scene, reason=error.detail))
            else:
                able.append(scene)
        if able:
            found += summarize_day(
                scenes=able,
                index=index,
                outlines=[sent.outline for sent in outlines],
                ndvi=ndvi,
                ends_at=ends_at,
            )
    return found, skipped


def is_encodable(text: str) -> bool:
    """Say whether a text is whole: JSON may hold one half of a pair of surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _features(geojson: object) -> list[tuple[str | int | None, Any]]:
    if not isinstance(geojson, dict):
        msg = "The outlines must be a GeoJSON object."
        raise InvalidInputError(msg, reason="OUTLINE_INVALID")
    match geojson.get("type"):
        case "FeatureCollection":
            members = geojson.get("features")
            if not isinstance(members, list):
                msg = "The FeatureCollection has no list of features."
                raise InvalidInputError(msg, reason="OUTLINE_INVALID")
            return [_feature(member) for member in members]
        case "Feature":
            return [_feature(geojson)]
        case _:
            return [(None, geojson)]


def _feature(member: object) -> tuple[str | int | None, Any]:
    if not isinstance(member, dict) or member.get("type") != "Feature":
        msg = "Each member of a FeatureCollection must be a Feature."
        raise InvalidInputError(msg, reason="OUTLINE_INVALID")
    fields: Mapping[str, Any] = member
    feature_id = fields.get("id")
    if isinstance(feature_id, str) and not is_encodable(feature_id):
        msg = "The id of a Feature holds half a character, which no answer could repeat."
        raise InvalidInputError(msg, reason="OUTLINE_INVALID")
    if isinstance(feature_id, str) and len(feature_id) > MAX_ID_LENGTH:
        msg = f"The id of a Feature has more than {MAX_ID_LENGTH} characters."
        raise InvalidInputError(msg, reason="OUTLINE_INVALID")
    is_usable = isinstance(feature_id, str | int) and not isinstance(feature_id, bool)
    return (feature_id if is_usable else None), fields.get("geometry")
