"""Scenes over HTTP: list, send, look, change, delete, read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import django_filters
from django.core.exceptions import ValidationError
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from farm.accounts.principal import principal_of
from farm.clients.ndvi import ndvi_client
from farm.errors import ConflictError, StorageFullError
from farm.farms.access import require_role
from farm.farms.models import Role
from farm.farms.selectors import visible_farm
from farm.http_schema import ASKS_SERVICE, may_raise
from farm.imagery.ingest_requests import request_ingest
from farm.imagery.models import Platform, Scene, SceneState
from farm.imagery.observation_quality import FIRST_YEAR, LAST_YEAR
from farm.imagery.scene_details import MAX_METADATA_BYTES
from farm.imagery.scene_files import IncomingFile, max_total_bytes
from farm.imagery.scene_references import reference_from_list, reference_from_stac
from farm.imagery.scene_selectors import scenes_of, visible_scene
from farm.imagery.scene_serializers import (
    UPLOAD_REQUESTS,
    SceneChangeSerializer,
    SceneReferenceSerializer,
    SceneSerializer,
    SceneUploadSerializer,
    SceneWithJobSerializer,
)
from farm.imagery.scene_services import (
    change_scene,
    create_scene,
    delete_scene,
    reference_scene,
)
from farm.imagery.storage import object_store
from farm.jobs.serializers import JobSerializer
from orchestrator.parsers import BodyTooLongError, BoundedJSONParser

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet
    from rest_framework.request import Request

    from farm.farms.models import Farm
    from farm.imagery.scene_details import SceneDetails
    from farm.imagery.scene_rows import CreatedScene
    from farm.jobs.models import Job

# Form fields and part headers beside the files.
FORM_OVERHEAD_BYTES = 4 * 1024 * 1024


def refuse_odd_moment(value: datetime) -> None:
    """Refuse moments at the ends of the calendar, which no other time zone can express."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        msg = f"The year {value.year} is outside {FIRST_YEAR} to {LAST_YEAR}."
        raise ValidationError(msg)


class SceneFilter(django_filters.FilterSet):
    """Which scenes to list."""

    acquired_from = django_filters.IsoDateTimeFilter(
        field_name="acquired_at",
        lookup_expr="gte",
        help_text="Acquired at or after this instant.",
        validators=[refuse_odd_moment],
    )
    acquired_to = django_filters.IsoDateTimeFilter(
        field_name="acquired_at",
        lookup_expr="lt",
        help_text="Acquired before this instant.",
        validators=[refuse_odd_moment],
    )
    state = django_filters.MultipleChoiceFilter(choices=SceneState.choices)
    platform = django_filters.ChoiceFilter(choices=Platform.choices)

    class Meta:
        """All filters are declared above."""

        model = Scene
        fields: ClassVar[list[str]] = []


class SceneList(generics.GenericAPIView[Scene]):
    """The scenes of a farm."""

    # A STAC item, of which 2 MB are read, and what is said beside it.
    max_json_bytes = 4 * 1024 * 1024
    parser_classes = (MultiPartParser, BoundedJSONParser)
    serializer_class = SceneSerializer
    filterset_class = SceneFilter

    def get_queryset(self) -> QuerySet[Scene]:
        """Return the scenes of the farm in the address."""
        if getattr(self, "swagger_fake_view", False):
            return Scene.objects.none()
        return scenes_of(farm=self._farm())

    @extend_schema(
        operation_id="scenes_list",
        summary="Scenes of a farm",
        tags=["scenes"],
        responses={200: SceneSerializer(many=True)},
    )
    def get(self, request: Request, farm_id: int) -> Response:
        """List them, latest first."""
        del request, farm_id
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(SceneSerializer(page or (), many=True).data)

    @extend_schema(
        operation_id="scenes_create",
        summary="Send a scene, or name one",
        description="A form with up to 32 GeoTIFFs and, where there is one, the product's "
        "metadata; or JSON that names files on allowed hosts. Every file is checked before the "
        "answer; a job then computes the numbers (201, with the job to watch). The same files sent "
        "again give the same scene (200). An override needs a manager.",
        tags=["scenes"],
        request=UPLOAD_REQUESTS,
        responses={201: SceneWithJobSerializer, 200: SceneWithJobSerializer},
    )
    @may_raise(ConflictError, StorageFullError, *ASKS_SERVICE)
    def post(self, request: Request, farm_id: int) -> Response:
        """Take a scene."""
        del farm_id
        farm = self._farm()
        principal = principal_of(request)
        require_role(principal=principal, farm=farm, at_least=Role.AGRONOMIST)
        _refuse_too_large(request)
        if request.content_type.startswith("multipart/"):
            created = _uploaded(request, farm)
        else:
            created = _referenced(request, farm)
        return Response(
            _with_job(created.scene, created.job),
            status=status.HTTP_201_CREATED if created.is_new else status.HTTP_200_OK,
            headers={"Location": reverse("scene-detail", args=[created.scene.pk])},
        )

    def _farm(self) -> Farm:
        return visible_farm(principal=principal_of(self.request), farm_id=self.kwargs["farm_id"])


class SceneDetail(APIView):
    """One scene."""

    @extend_schema(
        operation_id="scenes_retrieve",
        summary="One scene",
        tags=["scenes"],
        responses={200: SceneSerializer},
    )
    def get(self, request: Request, scene_id: int) -> Response:
        """Show it."""
        scene = visible_scene(principal=principal_of(request), scene_id=scene_id)
        return Response(SceneSerializer(scene).data)

    @extend_schema(
        operation_id="scenes_partial_update",
        summary="Rename a scene, or say which scale and offset are true",
        description="An override answers a scene that is held because its pixels contradict its "
        "metadata; null lifts it. The numbers are then computed anew.",
        tags=["scenes"],
        request=SceneChangeSerializer,
        responses={200: SceneWithJobSerializer},
    )
    def patch(self, request: Request, scene_id: int) -> Response:
        """Change what is given."""
        principal = principal_of(request)
        scene = visible_scene(principal=principal, scene_id=scene_id)
        serializer = SceneChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        is_override = {"scale_override", "offset_override"} & set(said)
        role = Role.MANAGER if is_override else Role.AGRONOMIST
        require_role(principal=principal, farm=scene.farm, at_least=role)
        job = change_scene(scene=scene, requested_by=principal.user, **said)
        return Response(_with_job(scene, job))

    @extend_schema(
        operation_id="scenes_destroy",
        summary="Delete a scene",
        description="With its numbers and the files that were sent.",
        tags=["scenes"],
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    @may_raise(ConflictError)
    def delete(self, request: Request, scene_id: int) -> Response:
        """Delete it."""
        principal = principal_of(request)
        scene = visible_scene(principal=principal, scene_id=scene_id)
        require_role(principal=principal, farm=scene.farm, at_least=Role.MANAGER)
        delete_scene(scene=scene, store=object_store())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SceneIngest(APIView):
    """Reads a scene again."""

    @extend_schema(
        operation_id="scenes_ingest",
        summary="Read a scene again",
        description="Gives the job to watch. With `Idempotency-Key` the same request sent again "
        "gives the same job.",
        tags=["scenes"],
        request=None,
        parameters=[
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)
        ],
        responses={202: JobSerializer},
    )
    @may_raise(ConflictError)
    def post(self, request: Request, scene_id: int) -> Response:
        """Ask for the job."""
        principal = principal_of(request)
        scene = visible_scene(principal=principal, scene_id=scene_id)
        require_role(principal=principal, farm=scene.farm, at_least=Role.AGRONOMIST)
        job = request_ingest(
            scene=scene,
            requested_by=principal.user,
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


def _uploaded(request: Request, farm: Farm) -> CreatedScene:
    serializer = SceneUploadSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    _require_override_role(request, farm, serializer.details())
    metadata = serializer.validated_data.get("metadata")
    return create_scene(
        farm=farm,
        files=[
            IncomingFile(name=file.name, chunks=file.chunks)
            for file in serializer.validated_data["files"]
        ],
        metadata=metadata.read(MAX_METADATA_BYTES + 1) if metadata else None,
        details=serializer.details(),
        requested_by=principal_of(request).user,
        ndvi=ndvi_client(),
        store=object_store(),
    )


def _referenced(request: Request, farm: Farm) -> CreatedScene:
    serializer = SceneReferenceSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    _require_override_role(request, farm, serializer.details())
    said = serializer.validated_data
    if "stac_item" in said:
        reference = reference_from_stac(said["stac_item"])
    else:
        reference = reference_from_list(said["assets"])
    return reference_scene(
        farm=farm,
        files=reference.files,
        bands=reference.bands,
        metadata=reference.metadata,
        details=serializer.details(),
        requested_by=principal_of(request).user,
        ndvi=ndvi_client(),
    )


def _require_override_role(request: Request, farm: Farm, details: SceneDetails) -> None:
    """Ask for the same role as for an override that is set later."""
    if details.scale_override is not None or details.offset_override is not None:
        require_role(principal=principal_of(request), farm=farm, at_least=Role.MANAGER)


def _refuse_too_large(request: Request) -> None:
    """Refuse by the announced length, before anything is read."""
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    limit = max_total_bytes() + FORM_OVERHEAD_BYTES
    if announced > limit:
        raise BodyTooLongError(limit)


def _with_job(scene: Scene, job: Job | None) -> dict[str, Any]:
    return {
        **SceneSerializer(scene).data,
        "job": None if job is None else JobSerializer(job).data,
    }
