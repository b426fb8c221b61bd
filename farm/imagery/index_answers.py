"""The shapes that the index routes answer with: values in, JSON data out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from farm.imagery.legend import css_colour
from farm.imagery.observation_quality import (
    STALE_AFTER_DAYS,
    WHOLE_SHARE,
    age_days,
    covered_share,
    is_partial,
    is_stale,
    usable_share,
)
from farm.imagery.series import shared_receipts

if TYPE_CHECKING:
    from datetime import datetime

    from farm.farms.models import Farm
    from farm.fields.models import Field
    from farm.imagery.catalogue import Index
    from farm.imagery.models import Observation
    from farm.imagery.series import Series
    from farm.imagery.series_of_farm import FarmLatest

UNIT = "1"  # every index of the catalogue is a pure number

FARM_TABLE = (
    *("field_id", "field_name", "acquired_at", "age_days", "stale", "is_counted", "mean"),
    *("median", "p10", "p90", "min", "max", "standard_deviation", "valid_share", "clear_share"),
    *("usable_share", "effective_pixels", "covered_area_m2", "is_partial", "scene_id"),
    *("scene_ids", "is_mosaic", "is_simulated", "radiometry_verdict", "missing_reason"),
)


def index_answer(index: Index) -> dict[str, Any]:
    """Describe an index of the catalogue."""
    reference = index.reference
    return {
        "id": index.id,
        "name": index.name,
        "description": index.description,
        "unit": UNIT,
        "formula": index.formula,
        "bands": list(index.bands),
        "constants": dict(index.constants),
        "valid_min": index.valid_min,
        "valid_max": index.valid_max,
        "needs_reflectance": index.needs_reflectance,
        "reference": {
            "title": reference.title,
            "year": reference.year,
            "doi": reference.doi or None,
            "url": reference.url,
        },
        "ramp": index.ramp,
        "display_min": index.display_min,
        "display_max": index.display_max,
        "stops": [{"value": stop.value, "colour": css_colour(stop.rgb)} for stop in index.stops],
    }


def numbers_answer(look: Observation) -> dict[str, Any]:
    """Return the statistics of an observation and what they rest on."""
    return {
        "mean": look.mean,
        "median": look.median,
        "p10": look.p10,
        "p90": look.p90,
        "min": look.minimum,
        "max": look.maximum,
        "standard_deviation": look.standard_deviation,
        "valid_share": look.valid_share,
        "clear_share": look.clear_share,
        "edge_share": look.edge_share,
        "covered_share": covered_share(look),
        "usable_share": usable_share(look),
        "effective_pixels": look.effective_pixels,
        "covered_area_m2": look.covered_area_m2,
        "outline_area_m2": look.outline_area_m2,
        "is_partial": is_partial(look),
    }


def latest_answer(
    *, look: Observation, field: Field, index: Index, min_clear_share: float, now: datetime
) -> dict[str, Any]:
    """Return the latest clear look at a field."""
    scene = look.scene
    return {
        "field": {"id": field.pk, "name": field.name},
        "index": index.id,
        "unit": UNIT,
        "acquired_at": look.acquired_at,
        **age_answer(look.acquired_at, now),
        "stale_after_days": STALE_AFTER_DAYS,
        "min_clear_share": min_clear_share,
        **numbers_answer(look),
        "histogram": {
            "min": index.valid_min,
            "max": index.valid_max,
            "effective_pixels": look.histogram,
        },
        "scene": {
            "id": scene.pk,
            "name": scene.name,
            "platform": scene.platform,
            "is_simulated": scene.is_simulated,
            "radiometry_verdict": scene.radiometry_verdict,
        },
        "is_mosaic": look.is_mosaic,
        "scene_ids": [each.pk for each in look.scenes],
        "radiometry_verdict": look.radiometry_verdict,
        "computed_at": look.computed_at,
        "receipt": look.receipt
        | {"outline_sha256": look.outline_sha256, "computed_at": look.computed_at},
    }


def series_answer(
    *, series: Series, index: Index, zone_name: str, **subject: Any
) -> dict[str, Any]:
    """Return a time series; ``subject`` names the field or the farm."""
    return {
        **subject,
        "index": index.id,
        "unit": UNIT,
        "time_zone": zone_name,
        "count": len(series.columns["acquired_at"]),
        "stale": series.stale,
        "stale_after_days": STALE_AFTER_DAYS,
        "duplicate_count": series.duplicate_count,
        "outdated_count": series.outdated_count,
        "is_truncated": series.is_truncated,
        "columns": series.columns,
        "receipts": series.receipts,
    }


def farm_latest_answer(
    *,
    latest: FarmLatest,
    newest_at: datetime,
    farm: Farm,
    index: Index,
    window_days: int,
    min_clear_share: float,
    now: datetime,
) -> dict[str, Any]:
    """Return a farm's number and the looks at each field that it is made of."""
    numbers, area = latest.numbers, latest.farm_area_m2
    receipts, places = shared_receipts(
        look.receipt for _, look, _ in latest.looks if look is not None
    )
    place = iter(places)
    fields = [
        _field_row(field, look, is_counted, next(place), now)
        for field, look, is_counted in latest.looks
        if look is not None
    ]
    missing = [
        {"field_id": field.pk, "field_name": field.name, "missing_reason": "no clear look"}
        if look is None
        else {
            "field_id": field.pk,
            "field_name": field.name,
            "missing_reason": f"last seen more than {window_days} days before the newest look",
        }
        for field, look, is_counted in latest.looks
        if not is_counted
    ]
    share = min(1.0, numbers.effective_area_m2 / area) if area else 0.0
    return {
        "farm": {"id": farm.pk, "name": farm.name, "is_demo": farm.is_demo},
        "index": index.id,
        "unit": UNIT,
        "acquired_at": newest_at,
        **age_answer(newest_at, now),
        "stale_after_days": STALE_AFTER_DAYS,
        "min_clear_share": min_clear_share,
        "window_days": window_days,
        "mean": numbers.mean,
        "standard_deviation": numbers.standard_deviation,
        "min": numbers.min,
        "max": numbers.max,
        "effective_pixels": numbers.effective_pixels,
        "effective_area_m2": numbers.effective_area_m2,
        "farm_area_m2": area,
        "valid_share": share,
        "is_partial": share < WHOLE_SHARE,
        "field_count": numbers.field_count,
        "scene_ids": sorted(
            {
                scene.pk
                for _, look, is_counted in latest.looks
                if look and is_counted
                for scene in look.scenes
            }
        ),
        "fields": fields,
        "missing": missing,
        "receipts": receipts,
    }


def farm_latest_rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each field of a farm's latest answer, also for those not seen."""
    reasons = {row["field_id"]: row["missing_reason"] for row in data["missing"]}
    rows = [row | {"missing_reason": reasons.get(row["field_id"])} for row in data["fields"]]
    shown = {row["field_id"] for row in rows}
    return rows + [row for row in data["missing"] if row["field_id"] not in shown]


def _field_row(
    field: Field, look: Observation, is_counted: bool, receipt: int, now: datetime
) -> dict[str, Any]:
    return {
        "field_id": field.pk,
        "field_name": field.name,
        "acquired_at": look.acquired_at,
        **age_answer(look.acquired_at, now),
        "is_counted": is_counted,
        **numbers_answer(look),
        "outline_sha256": look.outline_sha256,
        "scene_id": look.scene_id,
        "scene_ids": [scene.pk for scene in look.scenes],
        "is_mosaic": look.is_mosaic,
        "is_simulated": look.scene.is_simulated,
        "radiometry_verdict": look.radiometry_verdict,
        "receipt": receipt,
    }


def age_answer(acquired_at: datetime, now: datetime) -> dict[str, Any]:
    """Return how old a look is, and whether that is too old."""
    return {
        "age_days": age_days(acquired_at=acquired_at, now=now),
        "stale": is_stale(acquired_at=acquired_at, now=now),
    }
