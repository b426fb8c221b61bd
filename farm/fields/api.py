"""Fields over HTTP: GeoJSON in and out, CSV for tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpResponseBase, HttpResponseNotModified, StreamingHttpResponse
from django.urls import reverse
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import generics, serializers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from farm.accounts.principal import principal_of
from farm.errors import ConflictError, InvalidInputError
from farm.farms.access import require_role
from farm.farms.models import Farm, Role
from farm.farms.selectors import visible_farm
from farm.fields import schemas, services
from farm.fields.bulk import ImportReport, OnError, Outcome, import_fields
from farm.fields.features import FieldFeature, feature_of, features_of, parse_feature
from farm.fields.filters import FieldFilter
from farm.fields.media import CSVRenderer, FeaturePagination, GeoJSONParser, GeoJSONRenderer
from farm.fields.models import Field
from farm.fields.preconditions import PreconditionFailed, etag_of, is_known, require_match
from farm.fields.selectors import fields_of, visible_field
from farm.fields.tables import csv_lines
from farm.http_schema import may_raise
from orchestrator.parsers import MAX_OUTLINES_BYTES, BoundedJSONParser

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class FieldList(generics.GenericAPIView[Field]):
    """The fields of a farm."""

    max_json_bytes = MAX_OUTLINES_BYTES
    parser_classes = (GeoJSONParser, BoundedJSONParser)
    renderer_classes = (GeoJSONRenderer, JSONRenderer, CSVRenderer)
    pagination_class = FeaturePagination
    filterset_class = FieldFilter
    serializer_class = schemas.FieldFeatureSchema

    def get_renderers(self) -> list[Any]:
        """Leave tables to the list: what was just stored is no table."""
        renderers = super().get_renderers()
        if self.request is not None and self.request.method == "POST":
            return [one for one in renderers if not isinstance(one, CSVRenderer)]
        return renderers

    def get_queryset(self) -> QuerySet[Field]:
        """Return the fields of the farm in the address."""
        if getattr(self, "swagger_fake_view", False):
            return Field.objects.none()
        return fields_of(farm=self._farm())

    @extend_schema(
        operation_id="fields_list",
        summary="Fields of a farm",
        description="A page as a GeoJSON FeatureCollection; all of them as CSV with "
        "`?format=csv` or `Accept: text/csv`.",
        tags=["fields"],
        responses={
            (200, "application/geo+json"): schemas.FieldFeatureSchema(many=True),
            (200, "application/json"): schemas.FieldFeatureSchema(many=True),
            (200, "text/csv"): str,
        },
    )
    def get(self, request: Request, farm_id: int) -> HttpResponseBase:
        """List them."""
        fields = self.filter_queryset(self.get_queryset())
        if isinstance(request.accepted_renderer, CSVRenderer):
            rows = fields.defer("outline_wkb").iterator(chunk_size=1000)
            answer = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
            answer["Content-Disposition"] = f'attachment; filename="fields-{farm_id}.csv"'
            return answer
        page = self.paginate_queryset(fields)
        return self.get_paginated_response(features_of(page or ()))

    @extend_schema(
        operation_id="fields_create",
        summary="Add one field, or many",
        description="A Feature is one new field (201). A FeatureCollection of up to 10,000 is an "
        "import (200): features of a known `external_id` update their field, and sending the same "
        "again changes nothing. By default one bad feature refuses all, and every bad one is "
        "named; `?on_error=skip` stores the good ones.",
        tags=["fields"],
        parameters=[OpenApiParameter("on_error", str, enum=[one.value for one in OnError])],
        request={
            "application/geo+json": schemas.FEATURE_OR_COLLECTION,
            "application/json": schemas.FEATURE_OR_COLLECTION,
        },
        responses={
            201: schemas.FieldFeatureSchema,
            (200, "application/json"): schemas.ImportReportSchema,
        },
        examples=[schemas.FEATURE_EXAMPLE, schemas.COLLECTION_EXAMPLE],
    )
    @may_raise(ConflictError)
    def post(self, request: Request, farm_id: int) -> Response:
        """Add a Feature, or import a FeatureCollection."""
        farm = self._farm()
        principal = principal_of(request)
        require_role(principal=principal, farm=farm, at_least=Role.MANAGER)
        document: Any = request.data
        if isinstance(document, dict) and document.get("type") == "FeatureCollection":
            on_error = _on_error(request)
            report = import_fields(
                farm=farm,
                collection=document,
                on_error=on_error,
                requested_by=principal.user,
            )
            if on_error is OnError.REFUSE:
                _refuse_rejected(report)
            # A report is no GeoJSON.
            return Response(_report_document(report), content_type="application/json")
        feature = parse_feature(document)
        name, outline = _require_whole(feature)
        field = services.create_field(
            farm=farm,
            name=name,
            outline=outline,
            crop=feature.crop or "",
            external_id=feature.external_id or "",
            requested_by=principal.user,
        )
        return Response(
            feature_of(field),
            status=status.HTTP_201_CREATED,
            headers={
                "Location": reverse("field-detail", kwargs={"field_id": field.pk}),
                "ETag": etag_of(field),
            },
        )

    def _farm(self) -> Farm:
        return visible_farm(principal=principal_of(self.request), farm_id=self.kwargs["farm_id"])


class FieldDetail(APIView):
    """One field."""

    max_json_bytes = MAX_OUTLINES_BYTES
    parser_classes = (GeoJSONParser, BoundedJSONParser)
    renderer_classes = (GeoJSONRenderer, JSONRenderer)

    @extend_schema(
        operation_id="fields_retrieve",
        summary="One field",
        tags=["fields"],
        parameters=[schemas.IF_NONE_MATCH],
        responses={200: schemas.FieldFeatureSchema, 304: schemas.NOT_MODIFIED},
    )
    def get(self, request: Request, field_id: int) -> HttpResponseBase:
        """Show it; 304 where the asker has this version."""
        field = visible_field(principal=principal_of(request), field_id=field_id)
        etag = etag_of(field)
        answer = (
            HttpResponseNotModified() if is_known(request, etag) else Response(feature_of(field))
        )
        answer["ETag"] = etag
        return answer

    @extend_schema(
        operation_id="fields_update",
        summary="Replace a field",
        description="A new outline has the farm's scenes read again for this field. With "
        "`If-Match` only the version named is replaced.",
        tags=["fields"],
        parameters=[schemas.IF_MATCH],
        request={
            "application/geo+json": schemas.FieldFeatureWriteSchema,
            "application/json": schemas.FieldFeatureWriteSchema,
        },
        responses={200: schemas.FieldFeatureSchema},
        examples=[schemas.FEATURE_EXAMPLE],
    )
    @may_raise(ConflictError, PreconditionFailed)
    @transaction.atomic
    def put(self, request: Request, field_id: int) -> Response:
        """Replace name, crop, external id and outline."""
        field = self._editable_field(request, field_id)
        feature = parse_feature(request.data)
        name, outline = _require_whole(feature)
        services.update_field(
            field=field,
            name=name,
            crop=feature.crop or "",
            external_id=feature.external_id or "",
            outline=outline,
            requested_by=principal_of(request).user,
        )
        return Response(feature_of(field), headers={"ETag": etag_of(field)})

    @extend_schema(
        operation_id="fields_partial_update",
        summary="Change a field",
        description="What the Feature leaves out stays as it is.",
        tags=["fields"],
        parameters=[schemas.IF_MATCH],
        request={
            "application/geo+json": schemas.FieldFeatureWriteSchema(partial=True),
            "application/json": schemas.FieldFeatureWriteSchema(partial=True),
        },
        responses={200: schemas.FieldFeatureSchema},
    )
    @may_raise(ConflictError, PreconditionFailed)
    @transaction.atomic
    def patch(self, request: Request, field_id: int) -> Response:
        """Change what is given."""
        field = self._editable_field(request, field_id)
        document: Any = request.data
        if isinstance(document, dict):
            document = {"type": "Feature", **document}
        feature = parse_feature(document)
        services.update_field(
            field=field,
            name=feature.name,
            crop=feature.crop,
            external_id=feature.external_id,
            outline=feature.outline,
            requested_by=principal_of(request).user,
        )
        return Response(feature_of(field), headers={"ETag": etag_of(field)})

    @extend_schema(
        operation_id="fields_destroy",
        summary="Delete a field",
        description="With its numbers. Needs a manager.",
        tags=["fields"],
        parameters=[schemas.IF_MATCH],
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    @may_raise(PreconditionFailed)
    @transaction.atomic
    def delete(self, request: Request, field_id: int) -> Response:
        """Delete it."""
        field = self._field_for(request, field_id, at_least=Role.MANAGER)
        require_match(request, etag_of(field))
        services.delete_field(field=field)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _editable_field(self, request: Request, field_id: int) -> Field:
        field = self._field_for(request, field_id, at_least=Role.AGRONOMIST)
        require_match(request, etag_of(field))
        return field

    def _field_for(self, request: Request, field_id: int, *, at_least: Role) -> Field:
        principal = principal_of(request)
        # Locked, or two writers who both name the version they saw would both go through.
        field = visible_field(principal=principal, field_id=field_id, for_update=True)
        require_role(principal=principal, farm=field.farm, at_least=at_least)
        return field


def _require_whole(feature: FieldFeature) -> tuple[str, Any]:
    if feature.name is None:
        msg = "The field needs a name, in “properties”."
        raise InvalidInputError(msg, reason="NAME_MISSING")
    if feature.outline is None:
        msg = "The field needs an outline, in “geometry”."
        raise InvalidInputError(msg, reason="OUTLINE_EMPTY")
    return feature.name, feature.outline


def _on_error(request: Request) -> OnError:
    wanted = request.query_params.get("on_error", OnError.REFUSE.value)
    try:
        return OnError(wanted)
    except ValueError as error:
        msg = "on_error is “refuse” or “skip”."
        raise InvalidInputError(msg, reason="ON_ERROR_UNKNOWN") from error


def _refuse_rejected(report: ImportReport) -> None:
    if report.rejected:
        raise serializers.ValidationError(
            {f"features.{one.index}": [one.detail] for one in report.rejected}
        )


def _report_document(report: ImportReport) -> dict[str, Any]:
    return {
        **{outcome.value: report.count(outcome) for outcome in Outcome},
        "rejected": [
            {"index": one.index, "detail": one.detail, "reason": one.reason}
            for one in report.rejected
        ],
        "fields": [
            {
                "index": one.index,
                "id": one.field.pk,
                "name": one.field.name,
                "external_id": one.field.external_id,
                "outcome": one.outcome.value,
            }
            for one in report.imported
        ],
    }
