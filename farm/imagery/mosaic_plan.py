"""Which scenes of one day are put together for a field, and in which order.

A tile ends inside a field, or a cloud of one pass hides what another shows: where no scene of a
solar day shows a field whole, its number is made of several, each pixel from the first that shows
it. What would be mixed must be alike: one platform, one day, simulated or not.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import F

from farm.imagery.models import Observation, Scene, SceneState
from farm.imagery.observation_quality import WHOLE_SHARE, rank, solar_day, usable_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from django.db.models import QuerySet

    from farm.fields.models import Field
    from farm.imagery.observation_quality import Look

MOST_SCENES = 8  # of one mosaic; the contract's limit

# Scenes of one solar day are nearer to each other than this.
ONE_DAY = timedelta(days=1)

_LOOK = (
    "pk",
    "field_id",
    "scene_id",
    "index",
    "is_mosaic",
    "acquired_at",
    "covered_area_m2",
    "outline_area_m2",
    "valid_share",
    "outline_sha256",
    "scene__platform",
    "scene__is_simulated",
    "radiometry_verdict",
)

_LookT = TypeVar("_LookT", bound="Look")


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicPlan:
    """Fields whose mosaics of one day begin alike, so that one call computes them."""

    scene_ids: tuple[int, ...]  # the preferred first
    index_ids: tuple[str, ...]
    outlines: tuple[tuple[int, str], ...]  # id of a field and SHA-256 of its outline


def mosaic_order(looks: Iterable[_LookT]) -> list[_LookT]:
    """Order the looks at one field on one day that a mosaic is made of, the best first.

    Empty where one of them shows the field whole (``WHOLE_SHARE``), or fewer than two show any of
    it: then the best alone says all that is known.
    """
    usable = sorted((look for look in looks if usable_share(look) > 0.0), key=rank, reverse=True)
    if len(usable) < 2 or usable_share(usable[0]) >= WHOLE_SHARE:
        return []
    return usable[:MOST_SCENES]


def planned_mosaics(*, fields: Mapping[int, Field], near: Scene | None) -> list[MosaicPlan]:
    """Say which mosaics fields should have, by the observations that are there now.

    Args:
        fields: By id; their outlines decide which observations count.
        near: Only the mosaics of this scene's day and kind; None for all days.
    """
    days: defaultdict[tuple[object, ...], list[Any]] = defaultdict(list)
    for look in _single_looks(fields=fields, near=near):
        field = fields[look.field_id]
        if look.outline_sha256 == field.outline_sha256 and (
            near is None or of_day(look, field) == of_day(near, field)
        ):
            kind = (look.scene__platform, look.scene__is_simulated)
            days[look.field_id, look.index, of_day(look, field), kind].append(look)

    indices_of: defaultdict[tuple[int, tuple[int, ...]], list[str]] = defaultdict(list)
    for looks in days.values():
        order = tuple(look.scene_id for look in mosaic_order(looks))
        if order:
            indices_of[looks[0].field_id, order].append(looks[0].index)
    alike: defaultdict[tuple[tuple[int, ...], tuple[str, ...]], list[int]] = defaultdict(list)
    for (field_id, order), indices in indices_of.items():
        alike[order, tuple(sorted(indices))].append(field_id)
    return [
        MosaicPlan(
            scene_ids=order,
            index_ids=indices,
            outlines=tuple((pk, fields[pk].outline_sha256) for pk in sorted(field_ids)),
        )
        for (order, indices), field_ids in sorted(alike.items())
    ]


def mosaics_of(*, fields: Mapping[int, Field], near: Scene | None) -> list[int]:
    """List the ids of the mosaics that fields have, of all days or of a scene's day and kind."""
    looks = Observation.objects.filter(field__in=list(fields), is_mosaic=True)
    if near is None:
        return list(looks.values_list("pk", flat=True))
    rows = _of_kind(looks, near).values_list("pk", "field_id", "acquired_at", named=True)
    return [
        row.pk
        for row in rows
        if of_day(row, fields[row.field_id]) == of_day(near, fields[row.field_id])
    ]


def has_neighbours(scene: Scene) -> bool:
    """Say whether another scene may show the same day, or did when a mosaic was made."""
    others = scenes_around(scene).filter(state=SceneState.READY).exclude(pk=scene.pk)
    return others.exists() or Observation.objects.filter(parts__scene=scene).exists()


def of_day(seen: Any, field: Field) -> date:
    """Return the solar day of whatever was acquired at some time, at a field."""
    return solar_day(acquired_at=seen.acquired_at, longitude=field.centroid_lon)


def scenes_around(scene: Scene) -> QuerySet[Scene]:
    """Scenes of a farm that may be of one solar day and of the kind of this one, itself too."""
    return Scene.objects.filter(
        farm_id=scene.farm_id,
        platform=scene.platform,
        is_simulated=scene.is_simulated,
        acquired_at__gt=scene.acquired_at - ONE_DAY,
        acquired_at__lt=scene.acquired_at + ONE_DAY,
    )


def _single_looks(*, fields: Mapping[int, Field], near: Scene | None) -> Iterable[Any]:
    looks: Any = Observation.objects.filter(
        field__in=list(fields),
        is_mosaic=False,
        mean__isnull=False,
        scene__state=SceneState.READY,
    )
    if near is not None:
        looks = _of_kind(looks, near)
    # Named as the property of saved rows.
    named = looks.annotate(radiometry_verdict=F("scene__radiometry_verdict"))
    rows: Iterable[Any] = named.order_by("pk").values_list(*_LOOK, named=True)
    return rows


def _of_kind(looks: Any, near: Scene) -> Any:
    return looks.filter(
        acquired_at__gt=near.acquired_at - ONE_DAY,
        acquired_at__lt=near.acquired_at + ONE_DAY,
        scene__platform=near.platform,
        scene__is_simulated=near.is_simulated,
    )
