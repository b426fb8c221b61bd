"""GeoJSON Features of fields: what is read from them, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from farm.errors import InvalidInputError
from farm.geo import Outline, geojson_of_wkb, outline_of_geojson, refuse_foreign_crs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from farm.fields.models import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFeature:
    """What a sent Feature says of a field; None: it says nothing of it."""

    name: str | None
    crop: str | None
    external_id: str | None
    outline: Outline | None


class FieldProperties(serializers.Serializer[Any]):
    """The properties of a Feature that can be written; all others are passed over."""

    name = serializers.CharField(max_length=120, required=False)
    crop = serializers.CharField(max_length=80, allow_blank=True, required=False)
    external_id = serializers.CharField(max_length=120, allow_blank=True, required=False)


_WRITABLE = ("name", "crop", "external_id")


def parse_feature(document: object) -> FieldFeature:
    """Read a Feature.

    Raises:
        InvalidInputError: It is no Feature, a property does not fit, or the outline is not valid.
    """
    if not isinstance(document, dict) or document.get("type") != "Feature":
        msg = "A field is a GeoJSON Feature: an object with “type”, “geometry” and “properties”."
        raise InvalidInputError(msg, reason="FEATURE_TYPE")
    refuse_foreign_crs(document)
    properties = document.get("properties")
    if not isinstance(properties, dict | None):
        msg = "The properties of a Feature are an object."
        raise InvalidInputError(msg, reason="FEATURE_PROPERTIES")
    given = {key: (properties or {}).get(key) for key in _WRITABLE}
    # A null in a Feature is an empty cell of the table it was exported from; so is an empty name.
    written = FieldProperties(
        data={
            key: value
            for key, value in given.items()
            if value is not None and (key, value) != ("name", "")
        }
    )
    if not written.is_valid():
        msg = " ".join(
            f"properties.{key}: {sentence}"
            for key, sentences in written.errors.items()
            for sentence in sentences
        )
        raise InvalidInputError(msg, reason="FEATURE_PROPERTIES")
    geometry = document.get("geometry")
    return FieldFeature(
        name=written.validated_data.get("name"),
        crop=written.validated_data.get("crop"),
        external_id=written.validated_data.get("external_id"),
        outline=None if geometry is None else outline_of_geojson(geometry),
    )


def feature_of(field: Field) -> dict[str, Any]:
    """Write a field as a Feature, with what was measured."""
    return {
        "type": "Feature",
        "id": field.pk,
        "bbox": [field.west, field.south, field.east, field.north],
        "geometry": geojson_of_wkb(field.outline_wkb),
        "properties": {
            "name": field.name,
            "crop": field.crop,
            "external_id": field.external_id,
            "farm": field.farm_id,
            "area_m2": round(field.area_m2, 3),
            "area_ha": round(field.area_m2 / 10_000.0, 6),
            "perimeter_m": round(field.perimeter_m, 3),
            "centroid": [field.centroid_lon, field.centroid_lat],
            "outline_sha256": field.outline_sha256,
            "created_at": field.created_at,
            "updated_at": field.updated_at,
        },
    }


def features_of(fields: Iterable[Field]) -> list[dict[str, Any]]:
    """Write fields as Features."""
    return [feature_of(field) for field in fields]
