"""Fields as CSV rows."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from farm.fields.models import Field

COLUMNS = (
    "id",
    "name",
    "crop",
    "external_id",
    "area_m2",
    "area_ha",
    "perimeter_m",
    "centroid_lon",
    "centroid_lat",
    "updated_at",
)
# A spreadsheet takes a cell that begins so for a formula, and a name may come from a stranger.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(fields: Iterable[Field]) -> Iterator[str]:
    """Write the head and one line per field (RFC 4180), as they come."""
    yield _line(COLUMNS)
    for field in fields:
        yield _line(
            (
                field.pk,
                as_text_cell(field.name),
                as_text_cell(field.crop),
                as_text_cell(field.external_id),
                f"{field.area_m2:.3f}",
                f"{field.area_m2 / 10_000.0:.6f}",
                f"{field.perimeter_m:.3f}",
                f"{field.centroid_lon:.8f}",
                f"{field.centroid_lat:.8f}",
                field.updated_at.isoformat(timespec="seconds"),
            )
        )


def as_text_cell(text: str) -> str:
    """Mark text that a spreadsheet would run as a formula with an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _line(cells: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
