"""What is written about weather, and the rows that are shown as they are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone
from rest_framework import serializers

from farm.weather.models import (
    CropProfile,
    DecisionProfile,
    FieldIrrigation,
    FieldWater,
    SoilProfile,
    WeatherPlace,
    WeatherProduct,
)
from farm.weather.parameters import DayField, FiniteField

if TYPE_CHECKING:
    from datetime import date

    from django.db.models import Model, QuerySet

# Irrigation is noted when it was given, or for the coming week.
PLANNED_AHEAD = timedelta(days=8)


class LocationSerializer(serializers.ModelSerializer[WeatherPlace]):
    """Where a farm's weather is of."""

    longitude = FiniteField(min_value=-180, max_value=180, help_text="Degrees, east positive.")
    latitude = FiniteField(min_value=-90, max_value=90, help_text="Degrees, north positive.")
    elevation_m = FiniteField(
        min_value=-450,
        max_value=6500,
        allow_null=True,
        required=False,
        help_text="Above sea level; null: the provider's, once it has said it.",
    )
    elevation_source = serializers.CharField(
        read_only=True, help_text="`user`, or the provider whose grid cell it is; may be empty."
    )
    time_zone = serializers.CharField(
        read_only=True, help_text="The farm's own, or else that of the position."
    )
    is_position_set = serializers.BooleanField(
        read_only=True, help_text="Whether a person set it; otherwise it is the fields' middle."
    )

    class Meta:
        """Fields."""

        model = WeatherPlace
        fields: ClassVar = [
            "longitude",
            "latitude",
            "elevation_m",
            "elevation_source",
            "time_zone",
            "is_position_set",
        ]


class FeedSerializer(serializers.Serializer[Any]):
    """How one product of one provider stands; read-only."""

    provider = serializers.CharField()
    title = serializers.CharField(help_text="The provider, in words.")
    product = serializers.ChoiceField(choices=WeatherProduct.choices)
    due_at = serializers.DateTimeField(allow_null=True, help_text="When it is asked next.")
    attempted_at = serializers.DateTimeField(allow_null=True)
    succeeded_at = serializers.DateTimeField(allow_null=True)
    age_s = serializers.IntegerField(
        allow_null=True, help_text="Seconds since it last brought data; null: never."
    )
    failures = serializers.IntegerField(help_text="In a row.")
    error_code = serializers.CharField(help_text="Of the last failure; empty after a success.")
    error_detail = serializers.CharField()
    is_in_flight = serializers.BooleanField(help_text="Whether it is being asked right now.")
    host_open_until = serializers.DateTimeField(
        allow_null=True, help_text="After failures its host is not asked before; null: it is."
    )
    covered_from = serializers.DateField(allow_null=True, help_text="UTC days that are stored.")
    covered_to = serializers.DateField(allow_null=True)
    attribution = serializers.CharField(help_text="Whom to name beside the numbers.")
    attribution_url = serializers.CharField()
    licence = serializers.CharField()


class ProfileSerializer(serializers.ModelSerializer[DecisionProfile]):
    """Named thresholds of a kind of decision."""

    is_of_farm = serializers.SerializerMethodField(
        help_text="Whether it is the farm's own; otherwise everybody's."
    )

    class Meta:
        """Fields."""

        model = DecisionProfile
        fields: ClassVar = [
            "kind",
            "name",
            "is_of_farm",
            "is_default",
            "min_hours",
            "thresholds",
            "source",
        ]
        read_only_fields = fields

    def get_is_of_farm(self, profile: DecisionProfile) -> bool:
        """Whether the farm may change it."""
        return profile.farm_id is not None


class NamedRowField(serializers.SlugRelatedField[Any]):
    """A row by its name; an unknown name is refused with the known ones."""

    default_error_messages: ClassVar = {
        "unknown": "There is none of the name “{value}”; known are: {known}."
    }

    def __init__(self, queryset: QuerySet[Any]) -> None:
        """Find rows by ``name``."""
        super().__init__(slug_field="name", queryset=queryset)

    def to_internal_value(self, data: Any) -> Model:
        """Find the row.

        Raises:
            ValidationError: There is none of this name.
        """
        if not isinstance(data, str):
            self.fail("invalid")
        rows = self.get_queryset()
        assert rows is not None, "given to every such field"  # noqa: S101
        row: Model | None = None if "\x00" in data else rows.filter(name=data).first()
        if row is None:
            known = ", ".join(rows.values_list("name", flat=True)[:100]) or "none"
            self.fail("unknown", value=data[:80], known=known)
        return row


def _share(**options: Any) -> FiniteField:
    return FiniteField(max_value=1, required=False, **options)


class WaterSetupSerializer(serializers.ModelSerializer[FieldWater]):
    """What a field's water balance stands on."""

    crop = NamedRowField(CropProfile.objects.all())
    soil = NamedRowField(SoilProfile.objects.all())
    planted_on = DayField()
    initial_depletion_share = _share(
        min_value=0,
        default=0.0,
        help_text="Depletion of the root zone on that day, as a share of its available water.",
    )
    uses_dual_coefficients = serializers.BooleanField(
        default=True, help_text="Kcb + Ke; otherwise one coefficient, Kc."
    )
    uses_ndvi = serializers.BooleanField(
        default=False,
        help_text="Take Kcb from the field's own NDVI, by the crop's calibration.",
    )
    wetted_share = _share(min_value=0.01, default=1.0, help_text="Of the surface, by irrigation.")
    efficiency_share = _share(
        min_value=0.01, default=1.0, help_text="Of what is given, into the root zone."
    )
    rules = serializers.DictField(
        required=False,
        default=dict,
        help_text="When to irrigate and how much, in the words of pyfao56's AutoIrrigate as "
        "docs/api.md lists them; empty: no advice.",
    )

    class Meta:
        """Fields."""

        model = FieldWater
        fields: ClassVar = [
            "crop",
            "soil",
            "planted_on",
            "initial_depletion_share",
            "uses_dual_coefficients",
            "uses_ndvi",
            "wetted_share",
            "efficiency_share",
            "rules",
            "updated_at",
        ]
        read_only_fields: ClassVar = ["updated_at"]


class IrrigationSerializer(serializers.ModelSerializer[FieldIrrigation]):
    """Water that was given to a field."""

    day = DayField(help_text="Local day.")
    depth_mm = FiniteField(min_value=0.01, max_value=500, help_text="At the outlet.")
    wetted_share = _share(min_value=0.01, help_text="Of the surface; as in the setup by default.")
    efficiency_share = _share(
        min_value=0.01, help_text="Into the root zone; as in the setup by default."
    )

    class Meta:
        """Fields."""

        model = FieldIrrigation
        fields: ClassVar = [
            "id",
            "day",
            "depth_mm",
            "wetted_share",
            "efficiency_share",
            "created_at",
        ]
        read_only_fields: ClassVar = ["id", "created_at"]

    def validate_day(self, day: date) -> date:
        """Refuse a day that is far ahead: a slip in the year would silently count for nothing."""
        if day > timezone.now().date() + PLANNED_AHEAD:
            msg = f"{day} is more than {PLANNED_AHEAD.days} days ahead."
            raise serializers.ValidationError(msg)
        return day
