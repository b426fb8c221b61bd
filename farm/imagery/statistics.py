"""Numbers for outlines that are no fields: computed when asked for, kept nowhere.

The scene source, mask and formula are those of the ingest, so an outline equal to a field's gives
the field's numbers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from farm.errors import ConflictError, InvalidInputError, NotFoundError, ServiceTimeoutError
from farm.farms.selectors import visible_farms
from farm.geo import Outline, outline_of_geojson
from farm.imagery.domain import FieldOutline
from farm.imagery.models import Scene, SceneState
from farm.imagery.receipts import receipt
from farm.imagery.scene_source import require_index, scene_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from farm.accounts.principal import Principal
    from farm.clients.ndvi import NdviClient
    from farm.farms.models import Farm
    from farm.imagery.catalogue import Index
    from farm.imagery.domain import FieldSummary

MAX_OUTLINES = 100
MAX_SCENES = 10
QUANTILES = (0.1, 0.9)  # p10 and p90, as observations have

# For all scenes of a request together; below the 30 s of the proxy.
BUDGET_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SentOutline:
    """An outline as it came."""

    id: str | int | None  # of the GeoJSON feature, where it has one
    outline: Outline


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneStatistics:
    """What one scene says of the outlines, in their order."""

    scene: Scene
    summaries: list[FieldSummary]
    receipt: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A scene that could not be used, and why."""

    scene: Scene
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenScenes:
    """The scenes to compute on."""

    scenes: list[Scene]
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
    """Return the newest ready scenes of a farm that reach any of the outlines.

    Args:
        farm: From ``visible_farm``.
        outlines: What is to be reached, by bounding boxes.
        start: Inclusive.
        end: Exclusive.
        max_scenes: 1 to ``MAX_SCENES``.
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
    chosen = list(scenes.prefetch_related("assets").order_by("-acquired_at", "-pk")[:max_scenes])
    return ChosenScenes(scenes=chosen, left_out_count=scenes.count() - len(chosen))


def summarize_outlines(
    *, scene: Scene, index: Index, outlines: Sequence[SentOutline], ndvi: NdviClient, ends_at: float
) -> SceneStatistics:
    """Summarize an index over outlines in one scene.

    Args:
        scene: With its assets.
        index: The index.
        outlines: 1 to ``MAX_OUTLINES``.
        ndvi: Client of the NDVI service.
        ends_at: When the whole request must be done, by ``time.monotonic``.

    Raises:
        InvalidInputError: The scene lacks a band or the reflectance that the index needs.
        ServiceTimeoutError: Earlier scenes used the time up.
    """
    formula = require_index(scene=scene, index=index)
    remaining_s = ends_at - time.monotonic()
    if remaining_s <= 0.0:
        msg = f"The statistics took longer than {BUDGET_S:g} s; ask for fewer scenes or outlines."
        raise ServiceTimeoutError(msg, reason="TOO_MUCH_WORK")
    answers = {
        summary.field_id: summary
        for summary in ndvi.summarize_fields(
            scenes=(scene_source(scene=scene, bands=index.bands),),
            indices=[formula],
            fields=[
                FieldOutline(field_id=str(place), outline_wkb=sent.outline.wkb)
                for place, sent in enumerate(outlines)
            ],
            quantiles=QUANTILES,
            timeout_s=remaining_s,
        )
    }
    summaries = [answers[str(place)] for place in range(len(outlines))]
    return SceneStatistics(
        scene=scene,
        summaries=summaries,
        receipt=receipt(
            scene=scene,
            index=index,
            grid=summaries[0].grid,
            engine_version=ndvi.engine_version,
            computed_at=datetime.now(UTC),
        ),
    )


def summarize_scenes(
    *,
    scenes: Sequence[Scene],
    index: Index,
    outlines: Sequence[SentOutline],
    ndvi: NdviClient,
) -> tuple[list[SceneStatistics], list[Skipped]]:
    """Summarize an index over outlines in several scenes.

    Returns:
        The statistics, and the scenes that lack what the index needs. A single scene that lacks
        it is an error instead, because nothing would be left to answer.
    """
    ends_at = time.monotonic() + BUDGET_S
    found, skipped = [], []
    for scene in scenes:
        try:
            found.append(
                summarize_outlines(
                    scene=scene, index=index, outlines=outlines, ndvi=ndvi, ends_at=ends_at
                )
            )
        except InvalidInputError as error:
            if len(scenes) == 1:
                raise
            skipped.append(Skipped(scene=scene, reason=error.detail))
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
    is_usable = isinstance(feature_id, str | int) and not isinstance(feature_id, bool)
    return (feature_id if is_usable else None), fields.get("geometry")
