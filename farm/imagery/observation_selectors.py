"""Reads of observations: what was seen of fields, from scenes that are ready.

The field or farm comes from ``visible_field`` or ``visible_farm``, so nothing here asks again who
may see it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    prefetch_related_objects,
)

from farm.errors import NoClearObservationError
from farm.fields.models import Field
from farm.imagery.models import MosaicPart, Observation, SceneState
from farm.imagery.observation_quality import clearest_of_each, solar_day
from farm.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet
    from django.db.models.expressions import CombinedExpression

    from farm.farms.models import Farm
    from farm.imagery.catalogue import Index

# At one field: overlapping tiles of a pass, a second satellite, and what is put together of each.
MOST_LOOKS_OF_A_DAY = 16
MOST_SPANS = 50  # of days in one query; beyond, one span holds them all
LEAST_SHARE = 1e-9  # of an outline: below it, any value at all will do
HALF_A_DAY = timedelta(hours=12)  # the most that solar time is away from UTC
# A mosaic that is put together anew while it is read is another row afterwards.
MOST_READS = 3


_RANKED = (
    "pk",
    "is_mosaic",
    "acquired_at",
    "covered_area_m2",
    "outline_area_m2",
    "valid_share",
    "radiometry_verdict",
)


def observations_of(*, field: Field, index: Index) -> QuerySet[Observation]:
    """Observations of a field from ready scenes, also those of an earlier outline."""
    return Observation.objects.filter(
        is_whole(), field=field, index=index.id, scene__state=SceneState.READY
    )


def is_whole() -> Q:
    """Condition: all scenes that the number was made of are ready, where it is a mosaic."""
    missing = MosaicPart.objects.filter(observation=OuterRef("pk")).exclude(
        scene__state=SceneState.READY
    )
    return Q(is_mosaic=False) | Q(~Exists(missing))


def parts_of(mosaic_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """Return id and verdict of the scenes of mosaics, the preferred first; no query for none."""
    parts: dict[int, list[tuple[int, str]]] = {}
    if mosaic_ids:
        rows = MosaicPart.objects.filter(observation__in=mosaic_ids).order_by("position")
        for mosaic, scene_id, verdict in rows.values_list(
            "observation_id", "scene_id", "scene__radiometry_verdict"
        ):
            parts.setdefault(mosaic, []).append((scene_id, verdict))
    return parts


def load_scenes(looks: Iterable[Observation]) -> None:
    """Load the scenes of those looks that are mosaics; at most one query."""
    mosaics = [look for look in looks if look.is_mosaic]
    parts = MosaicPart.objects.select_related("scene").order_by("position")
    prefetch_related_objects(mosaics, Prefetch("parts", queryset=parts))


def within(
    observations: QuerySet[Observation], *, start: datetime | None, end: datetime | None
) -> QuerySet[Observation]:
    """Keep those acquired from ``start`` on and before ``end``; None leaves that side open."""
    if start is not None:
        observations = observations.filter(acquired_at__gte=start)
    if end is not None:
        observations = observations.filter(acquired_at__lt=end)
    return observations


def shows_at_least(share: float) -> Q:
    """Condition: the statistics rest on this share of the outline, and there are any.

    The same as ``observation_quality.usable_share(…) >= share``.
    """
    usable_m2 = F("valid_share") * F("covered_area_m2")
    return Q(mean__isnull=False) & Q(outline_area_m2__gt=0) & _at_least(usable_m2, share)


def _newest(
    asks_for_any: bool, *, field_id: int, index: str, outline_sha256: str, share: float = 0.0
) -> Any:
    if asks_for_any != (share == 0.0):
        msg = "The share that a look must show was lost."
        raise ValueError(msg)
    clear = Observation.objects.filter(
        is_whole(),
        shows_at_least(share),
        field=field_id,
        index=index,
        scene__state=SceneState.READY,
        outline_sha256=outline_sha256,
    )
    return (
        # Named as the property of saved rows.
        clear.annotate(radiometry_verdict=F("scene__radiometry_verdict"))  # type: ignore[no-redef]
        .order_by("-acquired_at", "-pk")
        .values_list(*_RANKED, named=True)[:MOST_LOOKS_OF_A_DAY]
    )


_NEWEST: Prepared[Any] = Prepared(_newest)
_LOOKS: Prepared[Observation] = Prepared(
    lambda *, pk: Observation.objects.select_related("scene").filter(pk=pk)
)


def latest_clear_observation(*, field: Field, index: Index, min_clear_share: float) -> Observation:
    """Return the newest observation that shows enough of a field.

    Of several looks of one solar day the one that shows most of the field is taken.

    Args:
        field: The field; only numbers of its current outline count.
        index: The index.
        min_clear_share: Share of the outline that must have a value, 0 to 1.

    Raises:
        NoClearObservationError: There is none; the sentence says how many were looked at and why
            not one of them counts.
    """
    asks_for_any = min_clear_share <= LEAST_SHARE
    for _ in range(MOST_READS):
        newest = _NEWEST.rows(
            asks_for_any,
            field_id=field.pk,
            index=index.id,
            outline_sha256=field.outline_sha256,
            **({} if asks_for_any else {"share": float(min_clear_share)}),
        )
        days = clearest_of_each(newest, key=lambda look: _day(look, field))
        if not days:
            break
        look = next(iter(_LOOKS.rows(pk=days[max(days)].pk)), None)
        if look is None:
            continue
        load_scenes([look])
        if look.is_mosaic and not look.parts.all():
            continue
        return look
    msg = _why_none(field=field, index=index, min_clear_share=min_clear_share)
    raise NoClearObservationError(msg, reason="NO_CLEAR_OBSERVATION")


def latest_clear_per_field(
    *, farm: Farm, index: Index, min_clear_share: float
) -> list[tuple[Field, Observation | None]]:
    """Return each field of a farm, by name, with its latest clear observation or None.

    The rule is that of ``latest_clear_observation``. Three queries for any number of fields.
    """
    clear = Observation.objects.filter(
        shows_at_least(min_clear_share),
        is_whole(),
        index=index.id,
        scene__state=SceneState.READY,
    )
    newest = (
        clear.filter(field=OuterRef("pk"), outline_sha256=OuterRef("outline_sha256"))
        .order_by("-acquired_at", "-pk")
        .values("acquired_at")[:1]
    )
    fields = list(
        Field.objects.filter(farm=farm)
        .defer("outline_wkb")
        .annotate(newest_at=Subquery(newest))
        .order_by("name", "pk")
    )
    by_key = {field.pk: field for field in fields}
    days = {
        field.pk: solar_day(acquired_at=newest_at, longitude=field.centroid_lon)
        for field in fields
        if (newest_at := _newest_at(field)) is not None
    }
    rivals = [
        look
        for look in clear.filter(_on_days(set(days.values())), field__in=list(days))
        .select_related("scene")
        .defer("histogram")
        if look.outline_sha256 == by_key[look.field_id].outline_sha256
        and _day(look, by_key[look.field_id]) == days[look.field_id]
    ]
    load_scenes(rivals)
    found = clearest_of_each(rivals, key=lambda look: look.field_id)
    return [(field, found.get(field.pk)) for field in fields]


def _newest_at(field: Field) -> datetime | None:
    newest_at: datetime | None = getattr(field, "newest_at", None)
    return newest_at


def _day(look: Any, field: Field) -> date:
    return solar_day(acquired_at=look.acquired_at, longitude=field.centroid_lon)


def _on_days(days: set[date]) -> Q:
    """Condition that lets through at least these solar days of any longitude."""
    if not days:
        return Q(pk__in=[])
    spans = [(day, day) for day in sorted(days)]
    if len(spans) > MOST_SPANS:
        spans = [(min(days), max(days))]
    condition = Q()
    for first, last in spans:
        start = datetime.combine(first, time(), tzinfo=UTC) - HALF_A_DAY
        end = datetime.combine(last, time(), tzinfo=UTC) + 3 * HALF_A_DAY
        condition |= Q(acquired_at__gte=start, acquired_at__lt=end)
    return condition


def _at_least(usable_m2: CombinedExpression, share: float) -> Q:
    # Shares nearer to zero ask for nothing, and PostgreSQL refuses a quotient out of range.
    return Q(outline_area_m2__lte=usable_m2 / share) if share > LEAST_SHARE else Q()


def _why_none(*, field: Field, index: Index, min_clear_share: float) -> str:
    counts = (
        observations_of(field=field, index=index)
        .filter(is_mosaic=False)
        .aggregate(
            all=Count("pk"),
            outdated=Count("pk", filter=~Q(outline_sha256=field.outline_sha256)),
            empty=Count("pk", filter=Q(outline_sha256=field.outline_sha256, mean__isnull=True)),
        )
    )
    scenes = counts["all"]
    if not scenes:
        return f"No scene of the farm has been computed for {index.id} of the field “{field.name}”."
    too_little = scenes - counts["outdated"] - counts["empty"]
    reasons = [
        f"{count} {words}"
        for count, words in (
            (counts["empty"], "without a single clear pixel"),
            (too_little, f"showing less than {min_clear_share:.0%} of it"),
            (counts["outdated"], "computed for an earlier outline"),
        )
        if count
    ]
    return (
        f"{scenes} {'scene was' if scenes == 1 else 'scenes were'} looked at, and none shows the "
        f"field “{field.name}” clearly enough: {', '.join(reasons)}."
    )
