"""Scenes as JSON, and what a sender may say of a new one."""

from __future__ import annotations

import json
import math
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from farm.imagery.models import Platform, RadiometryVerdict, Scene, SceneAsset
from farm.imagery.scene_details import MAX_OFFSET, MAX_SCALE, MIN_SCALE, SceneDetails
from farm.jobs.serializers import JobSerializer

MAX_BANDS = 32


class SceneAssetSerializer(serializers.ModelSerializer[SceneAsset]):
    """A band of a scene; read-only."""

    nodata = serializers.SerializerMethodField(
        help_text="Number that stands for no value; null where none is named, or an infinite one."
    )

    class Meta:
        """What is shown; where the file lies in our store is no business of the reader's."""

        model = SceneAsset
        fields: ClassVar = [
            "name",
            "role",
            "band_number",
            "pixel_size",
            "data_type",
            "nodata",
            "scale",
            "offset",
        ]
        read_only_fields = fields

    def get_nodata(self, asset: SceneAsset) -> float | None:
        """Leave out what JSON has no number for."""
        nodata = asset.nodata
        return nodata if nodata is not None and math.isfinite(nodata) else None


class SceneSerializer(serializers.ModelSerializer[Scene]):
    """A scene with how its digital numbers become reflectance, and why so; read-only."""

    assets = SceneAssetSerializer(many=True, read_only=True)
    radiometry_verdict = serializers.ChoiceField(
        choices=RadiometryVerdict.choices,
        allow_blank=True,
        read_only=True,
        help_text="Empty until the pixels have been looked at.",
    )
    bounds_wgs84 = serializers.SerializerMethodField(
        help_text="West, south, east, north in degrees."
    )

    effective_scale = serializers.SerializerMethodField(
        help_text="The override, or else the declared scale, which a band may name for itself."
    )
    effective_offset = serializers.SerializerMethodField(
        help_text="The override, or else the declared offset, which a band may name for itself."
    )

    class Meta:
        """What is shown."""

        model = Scene
        fields: ClassVar = [
            "id",
            "farm",
            "name",
            "platform",
            "acquired_at",
            "state",
            "state_reason",
            "is_simulated",
            "processing_baseline",
            "scale",
            "offset",
            "scale_override",
            "offset_override",
            "effective_scale",
            "effective_offset",
            "radiometry_source",
            "radiometry_verdict",
            "radiometry_reason",
            "metadata",
            "content_sha256",
            "epsg",
            "bounds_wgs84",
            "assets",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": {"type": "number"}, "nullable": True})
    def get_bounds_wgs84(self, scene: Scene) -> list[float] | None:
        """Bounding box, where it is known."""
        bounds = [scene.west, scene.south, scene.east, scene.north]
        known = [value for value in bounds if value is not None]
        return known if len(known) == len(bounds) else None

    def get_effective_scale(self, scene: Scene) -> float | None:
        """Scale that the scene's digital numbers are read with; null where none is known."""
        return scene.scale if scene.scale_override is None else scene.scale_override

    def get_effective_offset(self, scene: Scene) -> float | None:
        """Offset that the scene's digital numbers are read with; null where none is known."""
        return scene.offset if scene.offset_override is None else scene.offset_override


class SceneWithJobSerializer(SceneSerializer):
    """A scene and the job that reads it."""

    job = JobSerializer(read_only=True, allow_null=True)

    class Meta(SceneSerializer.Meta):
        """The scene's fields and the job."""

        fields: ClassVar = [*SceneSerializer.Meta.fields, "job"]
        read_only_fields = fields


class FiniteFloatField(serializers.FloatField):
    """A number; NaN and infinity, which JSON parsers let through, are none."""

    def to_internal_value(self, data: Any) -> float:
        """Refuse what is not finite."""
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return float(value)


class BandPlaceSerializer(serializers.Serializer[Any]):
    """Where a band is."""

    file = serializers.CharField(max_length=160, help_text="Name of the file as it was sent.")
    band = serializers.IntegerField(min_value=1, max_value=4096, default=1)


@extend_schema_field(
    {
        "type": "object",
        "description": "Name of the band → its file and its number in it.",
        "additionalProperties": {
            "type": "object",
            "properties": {"file": {"type": "string"}, "band": {"type": "integer", "minimum": 1}},
            "required": ["file"],
        },
        "example": {"red": {"file": "20180420.tif", "band": 3}},
    }
)
class BandMappingField(serializers.Field[Any, Any, Any, Any]):
    """Which band is which, as an object or, in a form, as JSON text."""

    def to_internal_value(self, data: Any) -> dict[str, tuple[str, int]]:
        """Read the mapping."""
        if isinstance(data, str):
            try:
                data = json.loads(data)
            except (ValueError, RecursionError) as error:
                msg = "This is no JSON."
                raise serializers.ValidationError(msg) from error
        if not isinstance(data, dict) or len(data) > MAX_BANDS:
            msg = f"This must be an object of at most {MAX_BANDS} bands."
            raise serializers.ValidationError(msg)
        places = {}
        for name, place in data.items():
            serializer = BandPlaceSerializer(data=place)
            serializer.is_valid(raise_exception=True)
            places[str(name)] = (
                serializer.validated_data["file"],
                serializer.validated_data["band"],
            )
        return places

    def to_representation(self, value: Any) -> Any:
        """Show it as it was given."""
        return value


class SceneDetailsSerializer(serializers.Serializer[Any]):
    """What a sender may say of a scene; the rest is looked for in metadata and files."""

    name = serializers.CharField(max_length=160, required=False)
    platform = serializers.ChoiceField(choices=Platform.choices, required=False)
    acquired_at = serializers.DateTimeField(required=False)
    scale_override = FiniteFloatField(required=False, min_value=MIN_SCALE, max_value=MAX_SCALE)
    offset_override = FiniteFloatField(required=False, min_value=-MAX_OFFSET, max_value=MAX_OFFSET)
    bands = BandMappingField(required=False)
    is_simulated = serializers.BooleanField(required=False, default=False)

    def details(self) -> SceneDetails:
        """Return what was said as a value."""
        said = self.validated_data
        return SceneDetails(**{name: said[name] for name in DETAIL_NAMES if name in said})


DETAIL_NAMES = (
    "name",
    "platform",
    "acquired_at",
    "scale_override",
    "offset_override",
    "bands",
    "is_simulated",
)


class SceneUploadSerializer(SceneDetailsSerializer):
    """A scene sent as a form."""

    files = serializers.ListField(
        child=serializers.FileField(),
        help_text="One or several GeoTIFFs; repeat the form field.",
    )
    metadata = serializers.FileField(
        required=False, help_text="MTD_MSIL2A.xml or a STAC item (JSON)."
    )


class AssetReferenceSerializer(serializers.Serializer[Any]):
    """A band that lies somewhere already."""

    name = serializers.CharField(max_length=32, help_text="Catalogue name, such as `red`.")
    url = serializers.URLField(max_length=2048, required=False)
    key = serializers.CharField(
        max_length=512, required=False, help_text="In this farm's part of the object store."
    )
    band = serializers.IntegerField(min_value=1, max_value=4096, default=1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take exactly one place."""
        if bool(attrs.get("url")) == bool(attrs.get("key")):
            msg = "Give either a url or a key."
            raise serializers.ValidationError(msg)
        return attrs


class SceneReferenceSerializer(SceneDetailsSerializer):
    """A scene whose files stay where they are: a STAC item, or a list of bands."""

    stac_item = serializers.JSONField(required=False, help_text="A STAC item as an object.")
    assets = AssetReferenceSerializer(many=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take exactly one of the two."""
        if ("stac_item" in attrs) == ("assets" in attrs):
            msg = "Give either a stac_item or assets."
            raise serializers.ValidationError(msg)
        return attrs


class SceneChangeSerializer(serializers.Serializer[Any]):
    """What may be changed; null lifts an override."""

    name = serializers.CharField(max_length=160, required=False)
    scale_override = FiniteFloatField(
        required=False, allow_null=True, min_value=MIN_SCALE, max_value=MAX_SCALE
    )
    offset_override = FiniteFloatField(
        required=False, allow_null=True, min_value=-MAX_OFFSET, max_value=MAX_OFFSET
    )


# What drf-spectacular shows for the two ways to send a scene.
UPLOAD_REQUESTS: dict[str, Any] = {
    "multipart/form-data": SceneUploadSerializer,
    "application/json": SceneReferenceSerializer,
}
