"""Turns summaries into rows, and writes them so that doing it twice changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.fields.models import Field
from farm.imagery.models import Observation, Scene
from farm.imagery.receipts import receipt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from farm.imagery.catalogue import Index
    from farm.imagery.domain import FieldSummary

_IDENTITY = ["field", "scene", "index", "is_mosaic"]
_MEASURED = [
    "acquired_at",
    "mean",
    "standard_deviation",
    "minimum",
    "maximum",
    "median",
    "p10",
    "p90",
    "histogram",
    "covered_pixels",
    "covered_area_m2",
    "outline_area_m2",
    "effective_pixels",
    "valid_share",
    "clear_share",
    "edge_share",
    "outline_sha256",
    "receipt",
    "computed_at",
]
ROWS_PER_STATEMENT = 200


def observations_of(
    *,
    scenes: Sequence[Scene],
    fields: Sequence[Field],
    indices: Sequence[Index],
    summaries: Iterable[FieldSummary],
    engine_version: str,
    computed_at: datetime,
) -> list[Observation]:
    """Make unsaved rows; fields that the raster does not reach have none.

    Args:
        scenes: The scene; several make mosaics, the preferred first.
        fields: As they were when their outlines were sent.
        indices: What was computed.
        summaries: Quantiles 0.1 and 0.9, in this order.
        engine_version: Version of furrow-ndvi.
        computed_at: When.
    """
    by_id = {str(field.pk): field for field in fields}
    by_name = {index.id: index for index in indices}
    receipts: dict[str, dict[str, object]] = {}
    rows = []
    for summary in summaries:
        if summary.covered_pixels <= 0:
            continue
        if summary.index not in receipts:
            receipts[summary.index] = receipt(
                scenes=scenes,
                index=by_name[summary.index],
                grid=summary.grid,
                engine_version=engine_version,
                computed_at=computed_at,
            )
        field = by_id[summary.field_id]
        p10, p90 = summary.quantiles if summary.quantiles else (None, None)
        rows.append(
            Observation(
                field=field,
                scene=scenes[0],
                index=summary.index,
                is_mosaic=len(scenes) > 1,
                acquired_at=scenes[0].acquired_at,
                mean=summary.mean,
                standard_deviation=summary.standard_deviation,
                minimum=summary.min,
                maximum=summary.max,
                median=summary.median,
                p10=p10,
                p90=p90,
                histogram=list(summary.histogram),
                covered_pixels=summary.covered_pixels,
                covered_area_m2=summary.covered_area_m2,
                outline_area_m2=summary.outline_area_m2,
                effective_pixels=summary.effective_pixels,
                valid_share=summary.valid_share,
                clear_share=summary.clear_share,
                edge_share=summary.edge_share,
                outline_sha256=field.outline_sha256,
                receipt=receipts[summary.index],
                computed_at=computed_at,
            )
        )
    return rows


def write_observations(
    *, scene: Scene, fields: Sequence[Field], rows: Sequence[Observation]
) -> int:
    """Write a scene's rows over what was there for the same (field, index), in a transaction.

    Rows of these fields that were not computed again go, and so do rows of fields that were
    deleted meanwhile. Of a scene that was deleted nothing is written.

    Returns:
        Number of rows written.
    """
    ids = [field.pk for field in fields]
    # Locked, the fields before the scene, so that none of them is deleted between this look and the
    # end of the transaction.
    alive = set(Field.objects.select_for_update().filter(pk__in=ids).values_list("pk", flat=True))
    if not Scene.objects.select_for_update().filter(pk=scene.pk).exists():
        return 0
    kept = [row for row in rows if row.field_id in alive]
    covered = {row.field_id for row in kept}
    Observation.objects.filter(scene=scene, is_mosaic=False, field__in=alive - covered).delete()
    Observation.objects.bulk_create(
        kept,
        batch_size=ROWS_PER_STATEMENT,
        update_conflicts=True,
        unique_fields=_IDENTITY,
        update_fields=_MEASURED,
    )
    return len(kept)
