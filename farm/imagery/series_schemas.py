"""What the OpenAPI document says of time series. Nothing is validated with these."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from farm.imagery.index_schemas import FarmNamedSchema, NamedSchema
from farm.imagery.series import MAX_POINTS

SERIES_DESCRIPTION = (
    "Column-oriented: every list in `columns` has `count` entries. Cloudy looks stay in with null "
    "statistics unless `min_valid_share` leaves them out. `receipt` gives the place of each "
    f"point's receipt in `receipts`. At most {MAX_POINTS:,} points, the newest ones; "
    "`is_truncated` says that earlier ones were cut off. Numbers of an earlier outline are left "
    "out and counted in `outdated_count`."
)

FARM_SERIES_DESCRIPTION = (
    "A point a solar day: of each field the clearest look of that day, pooled by the area each "
    "number rests on. `missing_field_count` says how many fields the day lacks."
)


def _column(child: serializers.Field[Any, Any, Any, Any]) -> serializers.ListField:
    return serializers.ListField(child=child)


def _numbers(*, nullable: bool = False) -> serializers.ListField:
    return _column(serializers.FloatField(allow_null=nullable))


class FieldColumnsSchema(serializers.Serializer[Any]):
    """The columns of a field's time series, all of one length."""

    acquired_at = _column(serializers.DateTimeField())
    mean = _numbers(nullable=True)
    median = _numbers(nullable=True)
    p10 = _numbers(nullable=True)
    p90 = _numbers(nullable=True)
    min = _numbers(nullable=True)
    max = _numbers(nullable=True)
    standard_deviation = _numbers(nullable=True)
    valid_share = _numbers()
    clear_share = _numbers()
    effective_pixels = _numbers()
    covered_area_m2 = _numbers()
    scene_id = _column(serializers.IntegerField())
    scene_ids = _column(serializers.ListField(child=serializers.IntegerField()))
    is_mosaic = _column(serializers.BooleanField())
    is_simulated = _column(serializers.BooleanField())
    radiometry_verdict = _column(serializers.CharField(allow_blank=True))
    is_partial = _column(serializers.BooleanField())
    is_duplicate = _column(serializers.BooleanField())
    receipt = _column(serializers.IntegerField())


class FarmColumnsSchema(serializers.Serializer[Any]):
    """The columns of a farm's time series, all of one length."""

    day = _column(serializers.DateField())
    acquired_at = _column(serializers.DateTimeField())
    mean = _numbers(nullable=True)
    standard_deviation = _numbers(nullable=True)
    min = _numbers(nullable=True)
    max = _numbers(nullable=True)
    effective_pixels = _numbers()
    effective_area_m2 = _numbers()
    valid_share = _numbers()
    is_partial = _column(serializers.BooleanField())
    field_count = _column(serializers.IntegerField())
    missing_field_count = _column(serializers.IntegerField())
    scene_ids = _column(serializers.ListField(child=serializers.IntegerField()))
    is_mosaic = _column(serializers.BooleanField())
    is_simulated = _column(serializers.BooleanField())
    radiometry_verdicts = _column(
        serializers.ListField(child=serializers.CharField(allow_blank=True))
    )
    receipts = _column(serializers.ListField(child=serializers.IntegerField()))


class SeriesSchema(serializers.Serializer[Any]):
    """What all time series carry."""

    index = serializers.CharField()
    unit = serializers.CharField()
    time_zone = serializers.CharField()
    count = serializers.IntegerField()
    stale = serializers.BooleanField()
    stale_after_days = serializers.IntegerField()
    duplicate_count = serializers.IntegerField()
    outdated_count = serializers.IntegerField()
    is_truncated = serializers.BooleanField()
    receipts = serializers.ListField(child=serializers.DictField())


class FieldSeriesSchema(SeriesSchema):
    """A field's time series."""

    field = NamedSchema()
    columns = FieldColumnsSchema()


class FarmSeriesSchema(SeriesSchema):
    """A farm's time series."""

    farm = FarmNamedSchema()
    columns = FarmColumnsSchema()
