"""REST views of what a field's water balance stands on, and of the water it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.response import Response
from rest_framework.views import APIView

from farm.accounts.principal import principal_of
from farm.errors import InvalidInputError, NotFoundError
from farm.farms.access import require_role
from farm.farms.models import Role
from farm.fields.selectors import visible_field
from farm.http_schema import may_raise
from farm.weather.models import FieldIrrigation, FieldWater
from farm.weather.parameters import NoQuery, parsed
from farm.weather.serializers import IrrigationSerializer, WaterSetupSerializer
from farm.weather.thresholds import rules_of

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from farm.fields.models import Field

SETUP = OpenApiExample(
    "Maize on silt loam, irrigated at half of what it may use",
    value={
        "crop": "maize",
        "soil": "silt loam",
        "planted_on": "2026-04-20",
        "rules": {
            "allowed_depletion_share": 0.5,
            "target_depletion_mm": 0,
            "min_mm": 10,
            "max_mm": 40,
        },
    },
    request_only=True,
)
IRRIGATION = OpenApiExample(
    "A night's drip", value={"day": "2026-06-14", "depth_mm": 12.5}, request_only=True
)


class FieldWaterSetupView(APIView):
    """What a field's water balance stands on."""

    @extend_schema(
        tags=["field water"],
        summary="What a field's water balance stands on",
        description="404 until somebody has said it.",
        responses=WaterSetupSerializer,
    )
    @may_raise(InvalidInputError)
    def get(self, request: Request, field_id: int) -> Response:
        """Show it."""
        field = visible_field(principal=principal_of(request), field_id=field_id)
        parsed(NoQuery, request)
        return Response(WaterSetupSerializer(known_setup(field)).data)

    @extend_schema(
        tags=["field water"],
        summary="Say what a field's water balance stands on",
        description="Crop and soil are named as the admin lists them; an unknown name is refused "
        "with the known ones. What is left out takes its default. Needs an agronomist.",
        request=WaterSetupSerializer,
        responses=WaterSetupSerializer,
        examples=[SETUP],
    )
    @transaction.atomic
    def put(self, request: Request, field_id: int) -> Response:
        """Replace it, or say it for the first time."""
        field = _field_to_change(request, field_id)
        serializer = WaterSetupSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        rules_of(serializer.validated_data["rules"])
        setup, _ = FieldWater.objects.update_or_create(
            field=field, defaults=serializer.validated_data
        )
        return Response(WaterSetupSerializer(setup).data)

    @extend_schema(
        tags=["field water"],
        summary="End a field's water balance",
        description="The irrigations that were noted stay. Needs an agronomist.",
        responses={204: OpenApiResponse(description="Deleted, or there was none.")},
    )
    def delete(self, request: Request, field_id: int) -> Response:
        """Delete it."""
        field = _field_to_change(request, field_id)
        FieldWater.objects.filter(field=field).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class FieldIrrigationList(generics.GenericAPIView[FieldIrrigation]):
    """Water that was given to a field."""

    serializer_class = IrrigationSerializer

    def get_queryset(self) -> QuerySet[FieldIrrigation]:
        """Return the irrigations of the field in the address, the newest first."""
        if getattr(self, "swagger_fake_view", False):
            return FieldIrrigation.objects.none()
        principal = principal_of(self.request)
        field = visible_field(principal=principal, field_id=self.kwargs["field_id"])
        return FieldIrrigation.objects.filter(field=field).order_by("-day", "-pk")

    @extend_schema(
        operation_id="field_irrigation_list_get",
        tags=["field water"],
        summary="Water that a field was given",
        responses=IrrigationSerializer(many=True),
    )
    def get(self, request: Request, field_id: int) -> Response:
        """List it, the newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(IrrigationSerializer(page, many=True).data)

    @extend_schema(
        operation_id="field_irrigation_list_post",
        tags=["field water"],
        summary="Note water that a field was given",
        description="Shares that are left out are those of the field's setup. Needs an agronomist.",
        request=IrrigationSerializer,
        responses={201: IrrigationSerializer},
        examples=[IRRIGATION],
    )
    def post(self, request: Request, field_id: int) -> Response:
        """Note it."""
        field = _field_to_change(request, field_id)
        serializer = IrrigationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        setup = FieldWater.objects.filter(field=field).first()
        usual: dict[str, Any] = (
            {"wetted_share": setup.wetted_share, "efficiency_share": setup.efficiency_share}
            if setup
            else {}
        )
        irrigation = serializer.save(field=field, **{**usual, **serializer.validated_data})
        return Response(IrrigationSerializer(irrigation).data, status=status.HTTP_201_CREATED)


class FieldIrrigationDetail(APIView):
    """One irrigation of a field."""

    @extend_schema(
        operation_id="field_irrigation_detail",
        tags=["field water"],
        summary="Strike out water that a field was not given",
        description="Needs an agronomist.",
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    def delete(self, request: Request, field_id: int, irrigation_id: int) -> Response:
        """Delete it."""
        field = _field_to_change(request, field_id)
        deleted, _ = FieldIrrigation.objects.filter(field=field, pk=irrigation_id).delete()
        if not deleted:
            msg = f"The field “{field.name}” has no irrigation {irrigation_id}."
            raise NotFoundError(msg)
        return Response(status=status.HTTP_204_NO_CONTENT)


def known_setup(field: Field) -> FieldWater:
    """Return what a field's balance stands on.

    Raises:
        NotFoundError: Nobody has said it.
    """
    setup = FieldWater.objects.select_related("crop", "soil").filter(field=field).first()
    if setup is None:
        msg = (
            f"Nobody has said which crop and soil the field “{field.name}” has; put them to "
            "water-balance/setup/."
        )
        raise NotFoundError(msg, reason="WATER_SETUP_MISSING")
    return setup


def _field_to_change(request: Request, field_id: int) -> Field:
    principal = principal_of(request)
    field = visible_field(principal=principal, field_id=field_id)
    require_role(principal=principal, farm=field.farm, at_least=Role.AGRONOMIST)
    return field
