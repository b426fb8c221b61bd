"""What was seen of a whole farm: its fields' numbers, weighted by the area each rests on."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, TextField
from django.db.models.functions import MD5, Cast

from farm.errors import InvalidInputError
from farm.fields.models import Field
from farm.imagery.models import Observation, SceneState
from farm.imagery.observation_quality import WHOLE_SHARE, clearest_of_each, is_stale, solar_day
from farm.imagery.observation_selectors import (
    is_whole,
    latest_clear_per_field,
    within,
)
from farm.imagery.series import Series, scene_ids_of, shared_receipts, with_parts
from farm.imagery.series_pool import combine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from farm.farms.models import Farm
    from farm.imagery.catalogue import Index
    from farm.imagery.series import Parts, SeriesWindow
    from farm.imagery.series_pool import FarmNumbers

# Observations read for one series of a farm: 500 fields over four years of Sentinel-2.
MAX_FARM_ROWS = 150_000

# Fields seen within so many days of the newest look count as one state of the farm.
DEFAULT_WINDOW_DAYS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmLatest:
    """The newest clear look at each field, and the farm's number made of the recent ones."""

    numbers: FarmNumbers
    newest_at: datetime | None
    looks: list[tuple[Field, Observation | None, bool]]  # the flag: counted in the farm's number
    farm_area_m2: float  # of all fields, on the ellipsoid


def farm_latest(
    *, farm: Farm, index: Index, min_clear_share: float, window_days: int
) -> FarmLatest:
    """Return the newest clear look at each field and pool those near the newest of them.

    Args:
        farm: The farm.
        index: The index.
        min_clear_share: Share of a field that a look must show, 0 to 1.
        window_days: Looks older than the newest one by more are shown but not counted.
    """
    pairs = latest_clear_per_field(farm=farm, index=index, min_clear_share=min_clear_share)
    newest_at = max((look.acquired_at for _, look in pairs if look is not None), default=None)
    oldest_counted = None if newest_at is None else newest_at - timedelta(days=window_days)
    looks = [
        (field, look, look is not None and look.acquired_at >= (oldest_counted or look.acquired_at))
        for field, look in pairs
    ]
    return FarmLatest(
        numbers=combine(
            (field.area_m2, look)
            for field, look, is_counted in looks
            if look is not None and is_counted
        ),
        newest_at=newest_at,
        looks=looks,
        farm_area_m2=math.fsum(field.area_m2 for field, _ in pairs),
    )


def farm_series(*, farm: Farm, index: Index, window: SeriesWindow, now: datetime) -> Series:
    """Return a farm's numbers per solar day; four queries for any number of fields.

    Of each field the clearest look of the day counts. Fields without one are counted as missing.

    Raises:
        InvalidInputError: More observations than one answer may read; a shorter span helps.
    """
    fields = {field.pk: field for field in Field.objects.filter(farm=farm).defer("outline_wkb")}
    seen = within(
        Observation.objects.filter(
            is_whole(), field__farm=farm, index=index.id, scene__state=SceneState.READY
        ),
        start=window.start,
        end=window.end,
    )
    rows, parts = with_parts(
        seen.filter(valid_share__gte=window.min_valid_share, mean__isnull=False)
        .annotate(receipt_md5=MD5(Cast("receipt", TextField())))
        # Named as the property of saved rows.
        .annotate(radiometry_verdict=F("scene__radiometry_verdict"))  # type: ignore[no-redef]
        .order_by("acquired_at", "pk")
        .values_list(*_ROW, named=True)[: MAX_FARM_ROWS + 1]
    )
    if len(rows) > MAX_FARM_ROWS:
        msg = f"This span holds more than {MAX_FARM_ROWS:,} observations; ask for a shorter one."
        raise InvalidInputError(msg, reason="SPAN_TOO_LONG")
    # A field may be drawn or deleted between the two queries.
    rows = [row for row in rows if row.field_id in fields]
    current = [row for row in rows if row.outline_sha256 == fields[row.field_id].outline_sha256]
    best = clearest_of_each(
        current,
        key=lambda row: (
            row.field_id,
            solar_day(acquired_at=row.acquired_at, longitude=fields[row.field_id].centroid_lon),
        ),
    )
    days: defaultdict[date, list[Any]] = defaultdict(list)
    for (_, day), row in best.items():
        days[day].append(row)
    chosen = sorted(days, reverse=True)[: window.limit]
    newest_at = max((row.acquired_at for row in days[chosen[0]]), default=None) if chosen else None
    if not window.is_newest_first:
        chosen.reverse()
    columns, receipts = _columns(days, chosen, fields=fields, parts=parts)
    return Series(
        columns=columns,
        receipts=receipts,
        duplicate_count=len(current) - len(best),
        outdated_count=sum(not row.is_mosaic for row in rows)
        - sum(not row.is_mosaic for row in current),
        is_truncated=len(days) > len(chosen),
        stale=newest_at is None or is_stale(acquired_at=newest_at, now=now),
    )


FARM_COLUMNS = (
    "day",
    "acquired_at",
    "mean",
    "standard_deviation",
    "min",
    "max",
    "effective_pixels",
    "effective_area_m2",
    "valid_share",
    "is_partial",
    "field_count",
    "missing_field_count",
    "scene_ids",
    "is_mosaic",
    "is_simulated",
    "radiometry_verdicts",
    "receipts",
)

_ROW = (
    "pk",
    "field_id",
    "scene_id",
    "is_mosaic",
    "scene__is_simulated",
    "acquired_at",
    "outline_sha256",
    "outline_area_m2",
    "covered_area_m2",
    "valid_share",
    "effective_pixels",
    "mean",
    "standard_deviation",
    "minimum",
    "maximum",
    "receipt_md5",
    "radiometry_verdict",
)


def _columns(
    days: dict[date, list[Any]],
    chosen: Sequence[date],
    *,
    fields: Mapping[int, Field],
    parts: Parts,
) -> tuple[dict[str, list[Any]], list[dict[str, Any]]]:
    """Build one row a day, and the receipts that its looks share."""
    different = _different_receipts([row for day in chosen for row in days[day]])
    receipts, places = shared_receipts(different.values())
    place_of = dict(zip(different, places, strict=True))
    columns: dict[str, list[Any]] = {name: [] for name in FARM_COLUMNS}
    farm_area_m2 = math.fsum(field.area_m2 for field in fields.values())
    for day in chosen:
        looks = days[day]
        numbers = combine((fields[row.field_id].area_m2, row) for row in looks)
        share = min(1.0, numbers.effective_area_m2 / farm_area_m2) if farm_area_m2 else 0.0
        scene_ids = sorted({pk for row in looks for pk in scene_ids_of(row, parts)})
        point = {
            "day": day,
            "acquired_at": max(row.acquired_at for row in looks),
            "mean": numbers.mean,
            "standard_deviation": numbers.standard_deviation,
            "min": numbers.min,
            "max": numbers.max,
            "effective_pixels": numbers.effective_pixels,
            "effective_area_m2": numbers.effective_area_m2,
            "valid_share": share,
            "is_partial": share < WHOLE_SHARE,
            "field_count": numbers.field_count,
            "missing_field_count": len(fields) - numbers.field_count,
            "scene_ids": scene_ids,
            "is_mosaic": any(row.is_mosaic for row in looks),
            "is_simulated": any(row.scene__is_simulated for row in looks),
            "radiometry_verdicts": sorted({row.radiometry_verdict for row in looks}),
            "receipts": sorted({place_of[row.receipt_md5] for row in looks}),
        }
        for name, column in columns.items():
            column.append(point[name])
    return columns, receipts


def _different_receipts(rows: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Read each receipt once, by its MD5, in the order of first mention.

    Fields of a scene that were computed together have one; a field computed later, by another
    version or with another mask, has its own.
    """
    sample = {row.receipt_md5: row.pk for row in rows}
    found = dict(Observation.objects.filter(pk__in=sample.values()).values_list("pk", "receipt"))
    return {md5: found.get(pk, {}) for md5, pk in sample.items()}
