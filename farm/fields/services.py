"""What is done to single fields; :mod:`farm.fields.bulk` does it to many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from farm.errors import ConflictError
from farm.fields.models import Field
from farm.fields.selectors import neighbourhood_of
from farm.geo import Outline, refuse_swapped_axes
from farm.jobs.models import JobKind
from farm.jobs.services import cancel_open_jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from farm.accounts.models import User
    from farm.farms.models import Farm

# Columns that an outline decides.
OUTLINE_COLUMNS = (
    "outline_wkb",
    "outline_sha256",
    "area_m2",
    "perimeter_m",
    "west",
    "south",
    "east",
    "north",
    "centroid_lon",
    "centroid_lat",
)


@transaction.atomic
def create_field(
    *,
    farm: Farm,
    name: str,
    outline: Outline,
    crop: str = "",
    external_id: str = "",
    requested_by: User | None = None,
) -> Field:
    """Add a field to a farm and have the farm's scenes read for it.

    Raises:
        InvalidInputError: The outline's axes look swapped.
        ConflictError: The farm has a field of this external id.
    """
    refuse_swapped_axes(outline=outline, neighbourhood=neighbourhood_of(farm=farm))
    field = Field(farm=farm, name=name, crop=crop, external_id=external_id)
    set_outline(field, outline)
    _save(field)
    request_numbers(farm=farm, fields=[field], requested_by=requested_by)
    return field


@transaction.atomic
def update_field(
    *,
    field: Field,
    name: str | None = None,
    crop: str | None = None,
    external_id: str | None = None,
    outline: Outline | None = None,
    requested_by: User | None = None,
) -> Field:
    """Change what is given; None leaves a value as it is.

    Observations of the old outline carry its SHA-256 and so are never taken for the new one's;
    the farm's scenes are read again for the new outline.

    Raises:
        InvalidInputError: The outline's axes look swapped.
        ConflictError: Another field of the farm has this external id.
    """
    has_new_outline = outline is not None and outline.sha256 != field.outline_sha256
    # Only what changes is written: two people may change the name and the outline at once.
    columns = ["updated_at"]
    if outline is not None and has_new_outline:
        neighbourhood = neighbourhood_of(farm=field.farm, except_field=field)
        refuse_swapped_axes(outline=outline, neighbourhood=neighbourhood)
        set_outline(field, outline)
        columns += OUTLINE_COLUMNS
    for column, value in (("name", name), ("crop", crop), ("external_id", external_id)):
        if value is not None:
            setattr(field, column, value)
            columns.append(column)
    _save(field, columns=columns)
    if has_new_outline:
        request_numbers(farm=field.farm, fields=[field], requested_by=requested_by)
    return field


@transaction.atomic
def delete_field(*, field: Field) -> None:
    """Delete a field and its observations, and stop the jobs that would compute it."""
    cancel_open_jobs(kind=JobKind.RECOMPUTE_FIELD, subject_id=field.pk)
    field.delete()


def set_outline(field: Field, outline: Outline) -> None:
    """Put an outline and its measures on an unsaved or loaded field."""
    field.outline_wkb = outline.wkb
    field.outline_sha256 = outline.sha256
    for column in OUTLINE_COLUMNS[2:]:
        setattr(field, column, getattr(outline, column))


def request_numbers(*, farm: Farm, fields: Sequence[Field], requested_by: User | None) -> None:
    """Have the farm's scenes read (again) in the background, for new or changed outlines."""
    if not fields:
        return
    # Imagery stands above fields; the one call upwards is made here and nowhere else.
    from farm.imagery.ingest_requests import recompute_fields

    recompute_fields(farm=farm, fields=fields, requested_by=requested_by)


def _save(field: Field, *, columns: Sequence[str] | None = None) -> None:
    try:
        with transaction.atomic():
            field.save(update_fields=columns)
    except IntegrityError as error:
        if not field.external_id:
            raise
        msg = f"The farm has another field with the external id “{field.external_id}”."
        raise ConflictError(msg, reason="EXTERNAL_ID_TAKEN") from error
