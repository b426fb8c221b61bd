"""What was seen of one field over time, column by column."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import F

from farm.imagery.models import Observation, weakest_verdict
from farm.imagery.observation_quality import clearest_of_each, is_partial, is_stale, solar_day
from farm.imagery.observation_selectors import observations_of, parts_of, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from farm.fields.models import Field
    from farm.imagery.catalogue import Index

MAX_POINTS = 5_000  # of one answer
# Rows looked at before duplicates are dropped: two satellites on overlapping tiles see a field
# four times on its best day.
MAX_ROWS = 4 * MAX_POINTS

# Columns that are copied from an observation: name in the answer → name of the attribute.
COPIED = {
    "acquired_at": "acquired_at",
    "mean": "mean",
    "median": "median",
    "p10": "p10",
    "p90": "p90",
    "min": "minimum",
    "max": "maximum",
    "standard_deviation": "standard_deviation",
    "valid_share": "valid_share",
    "clear_share": "clear_share",
    "effective_pixels": "effective_pixels",
    "covered_area_m2": "covered_area_m2",
    "scene_id": "scene_id",
    "is_mosaic": "is_mosaic",
    "is_simulated": "scene__is_simulated",
    "radiometry_verdict": "radiometry_verdict",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesWindow:
    """Which part of a series is wanted."""

    start: datetime | None = None  # inclusive
    end: datetime | None = None  # exclusive
    min_valid_share: float = 0.0  # 0: cloudy scenes stay in, with null statistics
    keeps_duplicates: bool = False  # also the less clear scenes of one solar day
    is_newest_first: bool = False
    limit: int = MAX_POINTS  # the newest so many


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A time series; all columns have one length."""

    columns: dict[str, list[Any]]
    receipts: list[dict[str, Any]]  # the column ``receipt`` points into it
    duplicate_count: int  # scenes of a solar day that a clearer one of the same day outdoes
    outdated_count: int  # observations of an earlier outline, left out
    is_truncated: bool  # earlier points were cut off by the limit
    stale: bool  # the newest point with a value is old, or there is none


def field_series(*, field: Field, index: Index, window: SeriesWindow, now: datetime) -> Series:
    """Return the observations of a field's current outline; at most four queries.

    Args:
        field: The field.
        index: The index.
        window: What part of the series.
        now: What ``stale`` is measured against.
    """
    seen = within(observations_of(field=field, index=index), start=window.start, end=window.end)
    current = seen.filter(outline_sha256=field.outline_sha256)
    rows, parts = with_parts(
        current.filter(valid_share__gte=window.min_valid_share)
        # Named as the property of saved rows.
        .annotate(radiometry_verdict=F("scene__radiometry_verdict"))  # type: ignore[no-redef]
        .order_by("-acquired_at", "-pk")
        .values_list("pk", "outline_area_m2", *COPIED.values(), named=True)[:MAX_ROWS]
    )
    clearest = clearest_of_each(
        rows,
        key=lambda row: solar_day(acquired_at=row.acquired_at, longitude=field.centroid_lon),
    )
    primary = {row.pk for row in clearest.values()}
    kept = rows if window.keeps_duplicates else [row for row in rows if row.pk in primary]
    points = kept[: window.limit]
    newest_at = next((row.acquired_at for row in points if row.mean is not None), None)
    if not window.is_newest_first:
        points.reverse()

    columns = {name: [getattr(row, source) for row in points] for name, source in COPIED.items()}
    columns["scene_ids"] = [scene_ids_of(row, parts) for row in points]
    columns["is_partial"] = [is_partial(row) for row in points]
    columns["is_duplicate"] = [row.pk not in primary for row in points]
    receipts, columns["receipt"] = shared_receipts(_receipts_of([row.pk for row in points]))
    return Series(
        columns=columns,
        receipts=[each | {"outline_sha256": field.outline_sha256} for each in receipts],
        duplicate_count=len(rows) - len(primary),
        outdated_count=seen.filter(is_mosaic=False)
        .exclude(outline_sha256=field.outline_sha256)
        .count(),
        is_truncated=len(kept) > len(points) or len(rows) == MAX_ROWS,
        stale=newest_at is None or is_stale(acquired_at=newest_at, now=now),
    )


Parts = dict[int, list[tuple[int, str]]]


def with_parts(found: Iterable[Any]) -> tuple[list[Any], Parts]:
    """Give rows of mosaics the weakest verdict of their parts; one more query where there are any.

    Args:
        found: Named tuples with ``pk``, ``is_mosaic`` and ``radiometry_verdict``.

    Returns:
        The rows, and id and verdict of the scenes of each mosaic among them.
    """
    rows = list(found)
    parts = parts_of([row.pk for row in rows if row.is_mosaic])
    whole = []
    for row in rows:
        if not row.is_mosaic:
            whole.append(row)
        elif row.pk in parts:  # else it has been deleted since
            weakest = weakest_verdict(verdict for _, verdict in parts[row.pk])
            whole.append(row._replace(radiometry_verdict=weakest))
    return whole, parts


def scene_ids_of(row: Any, parts: Parts) -> list[int]:
    """List the scenes that a row was made of, the preferred first."""
    return [pk for pk, _ in parts[row.pk]] if row.is_mosaic else [row.scene_id]


def shared_receipts(
    receipts: Iterable[Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], list[int]]:
    """Return each different receipt once, and for each given one its place in that list.

    What tells scenes apart stays in the columns, so that a season of one product has few receipts.
    """
    places: dict[str, int] = {}
    unique: list[dict[str, Any]] = []
    column = []
    for receipt in receipts:
        general = general_part(receipt)
        key = json.dumps(general, sort_keys=True)
        if key not in places:
            places[key] = len(unique)
            unique.append(general)
        column.append(places[key])
    return unique, column


def general_part(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Return a receipt without what names its scenes; see ``farm.imagery.receipts``."""
    return {key: value for key, value in receipt.items() if key not in ("scene", "scenes")}


def _receipts_of(keys: Sequence[int]) -> list[dict[str, Any]]:
    found = dict(Observation.objects.filter(pk__in=keys).values_list("pk", "receipt"))
    return [found.get(key, {}) for key in keys]
