"""Many fields at once, from a FeatureCollection; sent again, it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from django.db import transaction

from farm.errors import InvalidInputError
from farm.farms.models import Farm
from farm.fields.features import FieldFeature, parse_feature
from farm.fields.models import Field
from farm.fields.selectors import neighbourhood_of
from farm.fields.services import OUTLINE_COLUMNS, request_numbers, set_outline
from farm.geo import Outline, refuse_foreign_crs, refuse_swapped_axes

if TYPE_CHECKING:
    from farm.accounts.models import User

MAX_FEATURES = 10_000
# Outlines are long; one statement must stay below what a database takes.
_ROWS = 500


class OnError(Enum):
    """What a feature that cannot be read does to the others."""

    REFUSE = "refuse"  # nothing is stored
    SKIP = "skip"  # the others are stored


class Outcome(Enum):
    """What became of a feature."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedFeature:
    """A feature that was not stored."""

    index: int  # in the collection, from 0
    detail: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedField:
    """A feature that is a field now."""

    index: int
    outcome: Outcome
    field: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of a collection; with ``REFUSE`` one rejected feature leaves no imported."""

    imported: tuple[ImportedField, ...]
    rejected: tuple[RejectedFeature, ...]

    def count(self, outcome: Outcome) -> int:
        """Count the features with this outcome."""
        return sum(one.outcome is outcome for one in self.imported)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    index: int
    name: str
    feature: FieldFeature
    outline: Outline


def import_fields(
    *,
    farm: Farm,
    collection: object,
    on_error: OnError = OnError.REFUSE,
    requested_by: User | None = None,
) -> ImportReport:
    """Create or update fields from a FeatureCollection.

    A feature is the same field as one of the same ``external_id``; without such an id, as one of
    the same name and outline. A feature without a name is called by its external id, or by its
    number.

    Args:
        farm: Where the fields belong.
        collection: Parsed JSON; at most 10,000 features.
        on_error: Whether one bad feature refuses all.
        requested_by: Who asked.

    Raises:
        InvalidInputError: It is no FeatureCollection, or too large.
    """
    features = _features(collection)
    read, rejected = _read_all(features, farm=farm)
    if rejected and on_error is OnError.REFUSE:
        return ImportReport(imported=(), rejected=tuple(rejected))
    imported = _store(read, farm=farm, requested_by=requested_by)
    return ImportReport(imported=tuple(imported), rejected=tuple(rejected))


def _features(collection: object) -> list[object]:
    if not isinstance(collection, dict) or collection.get("type") != "FeatureCollection":
        msg = "Many fields come as a GeoJSON FeatureCollection."
        raise InvalidInputError(msg, reason="COLLECTION_TYPE")
    refuse_foreign_crs(collection)
    features = collection.get("features")
    if not isinstance(features, list):
        msg = "The features of a FeatureCollection are a list."
        raise InvalidInputError(msg, reason="COLLECTION_TYPE")
    if len(features) > MAX_FEATURES:
        msg = f"The collection has {len(features):,} features; at most {MAX_FEATURES:,} at once."
        raise InvalidInputError(msg, reason="COLLECTION_TOO_LARGE")
    return features


def _read_all(features: list[object], *, farm: Farm) -> tuple[list[_Read], list[RejectedFeature]]:
    neighbourhood = neighbourhood_of(farm=farm)
    read: list[_Read] = []
    rejected: list[RejectedFeature] = []
    index_of_id: dict[str, int] = {}
    for index, document in enumerate(features):
        try:
            feature = parse_feature(document)
            if feature.outline is None:
                msg = "The feature has no geometry."
                raise InvalidInputError(msg, reason="OUTLINE_EMPTY")
            refuse_swapped_axes(outline=feature.outline, neighbourhood=neighbourhood)
            if feature.external_id:
                first = index_of_id.setdefault(feature.external_id, index)
                if first != index:
                    msg = f"The external id “{feature.external_id}” is that of feature {first} too."
                    raise InvalidInputError(msg, reason="EXTERNAL_ID_TWICE")
        except InvalidInputError as error:
            rejected.append(RejectedFeature(index=index, detail=error.detail, reason=error.reason))
            continue
        name = feature.name or feature.external_id or f"Field {index + 1}"
        read.append(_Read(index=index, name=name, feature=feature, outline=feature.outline))
    return read, rejected


@transaction.atomic
def _store(read: list[_Read], *, farm: Farm, requested_by: User | None) -> list[ImportedField]:
    # One import of a farm at a time, or two would each create what both bring.
    Farm.objects.select_for_update().get(pk=farm.pk)
    known = list(Field.objects.filter(farm=farm))
    by_id = {field.external_id: field for field in known if field.external_id}
    by_shape = {(field.name, field.outline_sha256): field for field in reversed(known)}
    imported: list[ImportedField] = []
    with_new_outline: list[Field] = []
    for one in read:
        field = (
            by_id.get(one.feature.external_id)
            if one.feature.external_id
            else by_shape.get((one.name, one.outline.sha256))
        )
        is_new = field is None
        if field is None:
            field = Field(farm=farm, external_id=one.feature.external_id or "")
            # The same field twice in one collection is one field.
            by_shape.setdefault((one.name, one.outline.sha256), field)
        before = (field.name, field.crop, field.outline_sha256)
        if field.outline_sha256 != one.outline.sha256:
            set_outline(field, one.outline)
            with_new_outline.append(field)
        field.name = one.name
        if one.feature.crop is not None:
            field.crop = one.feature.crop
        is_same = before == (field.name, field.crop, field.outline_sha256)
        outcome = Outcome.CREATED if is_new else Outcome.UNCHANGED if is_same else Outcome.UPDATED
        imported.append(ImportedField(index=one.index, outcome=outcome, field=field))
    _write(imported)
    request_numbers(farm=farm, fields=with_new_outline, requested_by=requested_by)
    return imported


def _write(imported: list[ImportedField]) -> None:
    created = [one.field for one in imported if one.outcome is Outcome.CREATED]
    # A field that comes twice in one collection and differs is created with its last values.
    updated = [one.field for one in imported if one.outcome is Outcome.UPDATED and one.field.pk]
    Field.objects.bulk_create(created, batch_size=_ROWS)
    # An upsert by primary key: five times as fast as one long CASE per column.
    Field.objects.bulk_create(
        updated,
        batch_size=_ROWS,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name", "crop", "updated_at", *OUTLINE_COLUMNS],
    )
