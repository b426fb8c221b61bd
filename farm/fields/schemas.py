"""How field documents look in the OpenAPI schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
)
from rest_framework import serializers

from farm.fields.features import FieldProperties

_RING = [[4.7012, 50.8801], [4.7050, 50.8801], [4.7050, 50.8822], [4.7012, 50.8801]]


IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="`ETag` of the version that may be changed; of another one it is a 412.",
)
NOT_MODIFIED = OpenApiResponse(description="Nothing has changed since the ETag that was sent.")


class GeometrySchema(serializers.Serializer[Any]):
    """A GeoJSON Polygon or MultiPolygon, WGS 84, longitude first."""

    type = serializers.ChoiceField(choices=["Polygon", "MultiPolygon"])
    coordinates = serializers.ListField(child=serializers.ListField())


class FieldMeasures(FieldProperties):
    """What is known of a field."""

    farm = serializers.IntegerField(help_text="Id of the farm.")
    area_m2 = serializers.FloatField(help_text="Geodesic, holes subtracted.")
    area_ha = serializers.FloatField()
    perimeter_m = serializers.FloatField(help_text="Geodesic, outer rings.")
    centroid = serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)
    outline_sha256 = serializers.CharField(help_text="Changes with the outline.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class FieldFeatureSchema(serializers.Serializer[Any]):
    """A field as a GeoJSON Feature."""

    type = serializers.CharField(help_text="Always `Feature`.")
    id = serializers.IntegerField()
    bbox = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)
    geometry = GeometrySchema()
    properties = FieldMeasures()


class FieldFeatureWriteSchema(serializers.Serializer[Any]):
    """A field to store."""

    type = serializers.CharField(help_text="Always `Feature`.")
    geometry = GeometrySchema()
    properties = FieldProperties()


class FieldCollectionWriteSchema(serializers.Serializer[Any]):
    """Fields to import, 10,000 at most."""

    type = serializers.CharField(help_text="Always `FeatureCollection`.")
    features = FieldFeatureWriteSchema(many=True)


class ImportedSchema(serializers.Serializer[Any]):
    """What became of one feature."""

    index = serializers.IntegerField(help_text="In the collection, from 0.")
    id = serializers.IntegerField()
    name = serializers.CharField()
    external_id = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["created", "updated", "unchanged"])


class RejectedSchema(serializers.Serializer[Any]):
    """Why one feature was not stored."""

    index = serializers.IntegerField(help_text="In the collection, from 0.")
    detail = serializers.CharField()
    reason = serializers.CharField()


class ImportReportSchema(serializers.Serializer[Any]):
    """What became of a FeatureCollection."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = RejectedSchema(many=True)
    fields_ = ImportedSchema(many=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Call the list ``fields``, a name that a serializer keeps for itself."""
        return {
            ("fields" if name == "fields_" else name): one
            for name, one in super().get_fields().items()
        }


FEATURE_OR_COLLECTION = PolymorphicProxySerializer(
    component_name="FieldFeatureOrCollection",
    serializers=[FieldFeatureWriteSchema, FieldCollectionWriteSchema],
    resource_type_field_name=None,
)

FEATURE_EXAMPLE = OpenApiExample(
    "A field",
    value={
        "type": "Feature",
        "properties": {"name": "Long Acre", "crop": "winter wheat", "external_id": "2024-017"},
        "geometry": {"type": "Polygon", "coordinates": [_RING]},
    },
    request_only=True,
)
COLLECTION_EXAMPLE = OpenApiExample(
    "Many fields",
    value={
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "Long Acre", "external_id": "2024-017"},
                "geometry": {"type": "Polygon", "coordinates": [_RING]},
            }
        ],
    },
    request_only=True,
)
