"""What the OpenAPI document says of the index routes' answers. Nothing is validated with these."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from farm.imagery.observation_quality import STALE_AFTER_DAYS

FORMAT = OpenApiParameter(
    "format",
    str,
    enum=["json", "csv"],
    description="`csv` gives a table; so does `Accept: text/csv`.",
)
TEXT = OpenApiTypes.STR
BINARY = OpenApiTypes.BINARY

LATEST_DESCRIPTION = (
    "The newest ready scene whose statistics rest on at least `min_clear_share` of the outline "
    "(share the raster covers × share of that with a value). Of several scenes of one solar day "
    "the clearest is taken; where none shows the field whole, they are put together, each pixel "
    "from the first that shows it (`is_mosaic`, `scene_ids`). "
    f"`stale`: older than {STALE_AFTER_DAYS} days. `is_partial`: less than "
    "99 % of the outline is covered, or less than 99 % of what is covered has a value. Where no "
    "scene shows enough: 404 with the code `no_clear_observation` and the reasons in words."
)
FARM_LATEST_DESCRIPTION = (
    "The latest clear look at each field, pooled by the area each number rests on. Fields seen "
    "more than `window_days` before the newest look are shown but not counted; `missing` says "
    "which fields the farm's number lacks, and why. Medians and percentiles of fields do not "
    "combine, so the farm has none."
)
RASTER_DESCRIPTION = (
    "Masked, clipped to the outline, in fixed colours. Without `date` and `scene`: the latest "
    "clear scene. The `ETag` names everything the raster depends on; send it as `If-None-Match` "
    "to get a 304 while nothing has changed. While the imagery service does not answer, the raster "
    "that was last given for the same question comes with `X-Stale: true` and `X-Computed-At`."
)


class ReferenceSchema(serializers.Serializer[Any]):
    """Where an index was published."""

    title = serializers.CharField()
    year = serializers.IntegerField()
    doi = serializers.CharField(allow_null=True)
    url = serializers.URLField()


class StopSchema(serializers.Serializer[Any]):
    """A colour at a value."""

    value = serializers.FloatField()
    colour = serializers.CharField(help_text="#rrggbb")


class IndexSchema(serializers.Serializer[Any]):
    """An index of the catalogue."""

    id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    unit = serializers.CharField()
    formula = serializers.CharField()
    bands = serializers.ListField(child=serializers.CharField())
    constants = serializers.DictField(child=serializers.FloatField())
    valid_min = serializers.FloatField()
    valid_max = serializers.FloatField()
    needs_reflectance = serializers.BooleanField()
    reference = ReferenceSchema()
    ramp = serializers.CharField()
    display_min = serializers.FloatField()
    display_max = serializers.FloatField()
    stops = StopSchema(many=True)


class CatalogueSchema(serializers.Serializer[Any]):
    """All indices."""

    version = serializers.CharField()
    indices = IndexSchema(many=True)


class LegendSchema(serializers.Serializer[Any]):
    """The legend of an index's pictures."""

    index = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    ramp = serializers.CharField()
    display_min = serializers.FloatField()
    display_max = serializers.FloatField()
    interpolation = serializers.CharField()
    no_value = serializers.CharField()
    stops = StopSchema(many=True)


class NamedSchema(serializers.Serializer[Any]):
    """Id and name of a field or farm."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class FarmNamedSchema(NamedSchema):
    """A farm, and whether its data are simulated."""

    is_demo = serializers.BooleanField()


class SceneNamedSchema(NamedSchema):
    """A scene."""

    platform = serializers.CharField()
    is_simulated = serializers.BooleanField()
    radiometry_verdict = serializers.CharField(allow_blank=True)


class SpreadSchema(serializers.Serializer[Any]):
    """Mean and spread; null where nothing has a value."""

    mean = serializers.FloatField(allow_null=True)
    standard_deviation = serializers.FloatField(allow_null=True)
    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)


class NumbersSchema(SpreadSchema):
    """Statistics over an outline and what they rest on; shares are 0 to 1."""

    median = serializers.FloatField(allow_null=True)
    p10 = serializers.FloatField(allow_null=True)
    p90 = serializers.FloatField(allow_null=True)
    valid_share = serializers.FloatField()
    clear_share = serializers.FloatField()
    edge_share = serializers.FloatField()
    covered_share = serializers.FloatField()
    usable_share = serializers.FloatField()
    effective_pixels = serializers.FloatField()
    covered_area_m2 = serializers.FloatField()
    outline_area_m2 = serializers.FloatField()
    is_partial = serializers.BooleanField()


class AgeSchema(serializers.Serializer[Any]):
    """When, and how long ago."""

    acquired_at = serializers.DateTimeField()
    age_days = serializers.FloatField()
    stale = serializers.BooleanField()


class HistogramSchema(serializers.Serializer[Any]):
    """Effective pixels per bin of equal width."""

    min = serializers.FloatField()
    max = serializers.FloatField()
    effective_pixels = serializers.ListField(child=serializers.FloatField())


class FieldLatestSchema(NumbersSchema, AgeSchema):
    """The latest clear look at a field."""

    field = NamedSchema()
    index = serializers.CharField()
    unit = serializers.CharField()
    stale_after_days = serializers.IntegerField()
    min_clear_share = serializers.FloatField()
    histogram = HistogramSchema()
    scene = SceneNamedSchema()
    is_mosaic = serializers.BooleanField()
    scene_ids = serializers.ListField(child=serializers.IntegerField())
    radiometry_verdict = serializers.CharField(allow_blank=True)
    computed_at = serializers.DateTimeField()
    receipt = serializers.DictField()


class FarmFieldSchema(NumbersSchema, AgeSchema):
    """The latest clear look at one field of a farm."""

    field_id = serializers.IntegerField()
    field_name = serializers.CharField()  # type: ignore[assignment]  # taken out of the class by DRF
    is_counted = serializers.BooleanField()
    outline_sha256 = serializers.CharField()
    scene_id = serializers.IntegerField()
    scene_ids = serializers.ListField(child=serializers.IntegerField())
    is_mosaic = serializers.BooleanField()
    is_simulated = serializers.BooleanField()
    radiometry_verdict = serializers.CharField(allow_blank=True)
    receipt = serializers.IntegerField()


class MissingSchema(serializers.Serializer[Any]):
    """A field that the farm's number lacks."""

    field_id = serializers.IntegerField()
    field_name = serializers.CharField()  # type: ignore[assignment]  # taken out of the class by DRF
    missing_reason = serializers.CharField()


class FarmLatestSchema(SpreadSchema, AgeSchema):
    """A farm's latest number."""

    farm = FarmNamedSchema()
    index = serializers.CharField()
    unit = serializers.CharField()
    stale_after_days = serializers.IntegerField()
    min_clear_share = serializers.FloatField()
    window_days = serializers.IntegerField()
    effective_pixels = serializers.FloatField()
    effective_area_m2 = serializers.FloatField()
    farm_area_m2 = serializers.FloatField()
    valid_share = serializers.FloatField()
    is_partial = serializers.BooleanField()
    field_count = serializers.IntegerField()
    scene_ids = serializers.ListField(child=serializers.IntegerField())
    fields_ = FarmFieldSchema(many=True)
    missing = MissingSchema(many=True)
    receipts = serializers.ListField(child=serializers.DictField())

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Name the list of fields `fields`, a word that serializers keep for themselves."""
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class OutlineStatisticsSchema(NumbersSchema):
    """Statistics of one outline in one scene."""

    outline = serializers.IntegerField(help_text="Place in the request, from 0.")
    id = serializers.JSONField(help_text="Id of the GeoJSON feature, null where it has none.")
    outline_sha256 = serializers.CharField()


class SceneStatisticsSchema(AgeSchema):
    """Statistics of one scene, or of several of one day together."""

    scene = SceneNamedSchema()
    is_mosaic = serializers.BooleanField()
    scene_ids = serializers.ListField(
        child=serializers.IntegerField(), help_text="The preferred first."
    )
    radiometry_verdict = serializers.CharField(allow_blank=True)
    receipt = serializers.DictField()
    results = OutlineStatisticsSchema(many=True)


class SkippedSchema(serializers.Serializer[Any]):
    """A scene that could not be used."""

    scene = SceneNamedSchema()
    reason = serializers.CharField()


class StatisticsSchema(serializers.Serializer[Any]):
    """Statistics over ad-hoc outlines."""

    index = serializers.CharField()
    unit = serializers.CharField()
    outline_count = serializers.IntegerField()
    scenes = SceneStatisticsSchema(many=True)
    skipped = SkippedSchema(many=True)
    left_out_count = serializers.IntegerField(help_text="Further scenes of the span.")
    computed_at = serializers.DateTimeField()
    stale = serializers.BooleanField(
        help_text="An earlier answer is given again, because the imagery service does not answer."
    )


def binary(description: str) -> OpenApiResponse:
    """Describe an answer that is a file."""
    return OpenApiResponse(response=BINARY, description=description)


NOT_MODIFIED = OpenApiResponse(description="Nothing has changed since the ETag that was sent.")
